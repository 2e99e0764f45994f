"""How to get the same numbers again: the command, the settings, the versions."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from auditnn.core.audit import Audit


def command(audit: Audit) -> str:
    """The command line that repeats the run, as far as the audit knows it."""
    settings = audit.settings
    parts = ["auditnn", "run", shlex.quote(str(audit.subject.get("source") or "SUBJECT"))]
    for name in ("effort", "seed", "rows"):
        if settings.get(name) is not None:
            parts += [f"--{name}", shlex.quote(str(settings[name]))]
    if settings.get("budget") is not None:
        parts += ["--budget", f"{settings['budget']:g}s"]
    if settings.get("analyzers"):
        parts += ["--analyzers", shlex.quote(",".join(map(str, settings["analyzers"])))]
    for flag in ("trust_pickle",):
        if settings.get(flag):
            parts.append("--" + flag.replace("_", "-"))
    return " ".join(parts)


def setting_rows(audit: Audit) -> list[tuple[str, str]]:
    """Every setting of the run and of each analyzer, as name and plain text."""
    rows = [(str(name), _text(value)) for name, value in audit.settings.items()]
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


def _text(value: Any) -> str:
    if value is None:
        return "not set"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
