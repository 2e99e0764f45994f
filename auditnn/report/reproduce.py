"""How to get the same numbers again: the command or the code, the settings, the versions."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditnn.core.audit import Audit
from auditnn.policy.files import preset_names
from auditnn.policy.finding import Findings
from auditnn.report.verdict import short_digest

SAMPLE = "sample:"
CONSTRUCTORS = ("torch", "sklearn", "function", "predictions")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to type, in which language, and what has to be known beside it."""

    code: str
    notes: tuple[str, ...]


def recipe(audit: Audit, findings: Findings) -> Recipe:
    """The command line that repeats the run; the Python where the subject was built in memory and no command could."""
    preset = findings.policy in preset_names()
    source = audit.subject.get("source")
    code = command(audit, findings) if source else python(audit, findings)
    notes = []
    if source and not str(source).startswith((SAMPLE, "/")):
        notes.append("Paths are relative to the folder in which the run was started.")
    if not source:
        notes.append("The subject was built in memory: build it as before. The digests tell whether it is the same.")
    if not preset:
        notes.append(f"The policy {findings.policy} is a file of its own: put its path in the place of POLICY_FILE.")
    if audit.settings.get("budget") is not None:
        notes.append("What fits into a budget of time depends on the machine.")
    return Recipe(code, tuple(notes))


def command(audit: Audit, findings: Findings) -> str:
    """The command line that repeats the run of a subject that was loaded from a name or a path."""
    settings = audit.settings
    parts = ["auditnn", "run", str(audit.subject["source"])]
    for name in ("effort", "seed", "rows"):
        if settings.get(name) is not None:
            parts += [f"--{name}", str(settings[name])]
    if settings.get("budget") is not None:
        parts += ["--budget", f"{settings['budget']:g}s"]
    if settings.get("analyzers"):
        parts += ["--analyzers", ",".join(_names(settings["analyzers"]))]
    for name, value in (settings.get("set") or {}).items():
        parts += ["--set", f"{name}={_typed(value)}"]
    opened = audit.subject.get("opened_with") or {}
    for folder in opened.get("allow_code") or ():
        parts += ["--allow-code", str(folder)]
    if opened.get("trust_pickle"):
        parts.append("--trust-pickle")
    parts += ["--policy", findings.policy if findings.policy in preset_names() else "POLICY_FILE"]
    return shlex.join(parts)


def python(audit: Audit, findings: Findings) -> str:
    """The calls that repeat the run of a subject that was built in memory."""
    settings, subject = audit.settings, audit.subject
    kind = subject.get("kind")
    built = f"auditnn.Subject.from_{kind}(...)" if kind in CONSTRUCTORS else "..."
    digests = {name: short_digest(digest) for name, digest in (subject.get("digests") or {}).items() if digest}
    known = ", ".join(f"{name} {digest}" for name, digest in digests.items())
    given: list[tuple[str, Any]] = []
    if settings.get("analyzers"):
        given.append(("analyzers", _names(settings["analyzers"])))
    if settings.get("set"):
        given.append(("settings", dict(settings["set"])))
    given += [(name, settings[name]) for name in ("seed", "effort", "rows", "budget") if settings.get(name) is not None]
    policy = findings.policy if findings.policy in preset_names() else "POLICY_FILE"
    lines = [
        "import auditnn",
        "",
        f"subject = {built}" + (f"  # {known}" if known else ""),
        f"audit = auditnn.run({', '.join(['subject', *(f'{name}={value!r}' for name, value in given)])})",
        f"findings = auditnn.judge(audit, policy={policy!r})",
    ]
    return "\n".join(lines)


def setting_rows(audit: Audit) -> list[tuple[str, str]]:
    """Every setting of the run and of each analyzer, as name and plain text."""
    rows = [(str(name), _text(value)) for name, value in audit.settings.items() if name != "set"]
    for record in audit.analyzers:
        rows += [(f"{record.id}.{name}", _text(value)) for name, value in record.settings.items()]
    return rows


def environment_rows(audit: Audit) -> list[tuple[str, str]]:
    """Versions and machine, as name and plain text."""
    rows = [("auditnn", audit.auditnn)]
    for name, value in audit.environment.items():
        if isinstance(value, Mapping):
            rows += [(str(key), _text(part)) for key, part in value.items()]
        else:
            rows.append((str(name), _text(value)))
    return rows


def _names(analyzers: str | Sequence[Any]) -> list[str]:
    return [analyzers] if isinstance(analyzers, str) else list(map(str, analyzers))


def _typed(value: Any) -> str:
    """A setting as one types it: several with commas between, none, true, false."""
    if isinstance(value, (list, tuple)):
        return ",".join(map(_typed, value))
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _text(value: Any) -> str:
    if value is None:
        return "not set"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
