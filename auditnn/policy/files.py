"""Policies and findings as files: a preset by its name, a team's own by its path, findings as JSON."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from auditnn.core.errors import PolicyError
from auditnn.core.nearest import nearest
from auditnn.policy.finding import Finding, Findings
from auditnn.policy.findings_file import findings_to_json, json_schema, read_findings
from auditnn.policy.names import quantity_name
from auditnn.policy.policy_file import SCHEMA, PolicyPart, RulePart, check, newer_schema
from auditnn.policy.rule import Operator, Policy, Rule, Threshold, Waiver

__all__ = ["findings_from_json", "findings_to_json", "json_schema", "load_policy", "preset_names"]

DEFAULT = "default"


def preset_names() -> tuple[str, ...]:
    """The policies that come with auditnn."""
    folder = resources.files("auditnn.policy") / "presets"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_policy(source: str | Path = DEFAULT) -> Policy:
    """The policy of this preset name, or of the file at this path (a preset's name wins; write ./name for a file).

    PolicyError names every mistake of the file at once: what was expected, what came, what to do.
    """
    if isinstance(source, str) and source in preset_names():
        return _preset(source)
    path = Path(source)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _no_such_policy(source, error) from error
    return parse_policy(content, path.name, path.stem, _preset(DEFAULT))


@cache
def _preset(name: str) -> Policy:
    file = resources.files("auditnn.policy") / "presets" / f"{name}.toml"
    known = None if name == DEFAULT else _preset(DEFAULT)
    return parse_policy(file.read_bytes(), f"the preset {name}", name, known)


def parse_policy(content: bytes, label: str, name: str, known: Policy | None = None) -> Policy:
    """The policy in the bytes of a TOML file; `label` is how errors call the file, `name` the policy unless it says.

    A code never changes its meaning: where a rule leaves out its words (title, why, remedy, references, family,
    tasks), the rule of `known` with the same code and measurement says them. Thresholds are never taken over.
    """
    try:
        part = _part(content, label)
    except RecursionError as error:
        got = "lists or tables in one another, too deep to read"
        raise PolicyError(f"{label} to be a policy", got, "Write each rule as its own table [[rule]].") from error
    return _policy(part, name, known)


def _part(content: bytes, label: str) -> PolicyPart:
    """What the file says, checked; PolicyError for what it may not say."""
    try:
        data = tomllib.loads(content.decode("utf-8-sig"))  # with or without the byte order mark that some editors write
    except UnicodeDecodeError as error:
        got = f"byte {error.start} that is not"
        raise PolicyError(f"{label} to be UTF-8 text", got, "Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{label} to be TOML", str(error), "See https://toml.io for how it is written.") from error
    if newer_schema(data):
        advice = "Upgrade auditnn, or write the policy in the older format."
        raise PolicyError(f"{label} with schema {SCHEMA!r}", f"the newer {data['schema']!r}", advice)
    part = check(data)
    if isinstance(part, list):
        count, them = ("1 mistake", "it") if len(part) == 1 else (f"{len(part)} mistakes", "them")
        lines = "".join(f"\n  {mistake}" for mistake in part)
        raise PolicyError(f"{label} to be a policy", count, f"Correct {them}; nothing was judged:{lines}")
    return part


def findings_from_json(data: Any, policy: Policy | None = None) -> Findings:
    """The findings in parsed `findings.json`, each with why its rule matters and where its threshold comes from.

    These two are in the policy, not in the file: `policy` is the one it was judged by; without it, the preset of the
    name in the file, else the default one. A rule of another meaning, or with another threshold, leaves them empty.
    StoreError for anything that is not findings.json.
    """
    findings = read_findings(data)
    if policy is None:
        policy = _preset(findings.policy if findings.policy in preset_names() else DEFAULT)
    return replace(findings, findings=tuple(_with_reasons(one, policy.rule(one.code)) for one in findings.findings))


def _with_reasons(finding: Finding, rule: Rule | None) -> Finding:
    if rule is None or (finding.measurement, finding.title) != (rule.measurement, rule.title):
        return finding
    same = (finding.op, finding.threshold) == (rule.op, rule.threshold)
    return replace(finding, why=rule.why, source=rule.source if same else "")


def _no_such_policy(source: str | Path, error: OSError) -> PolicyError:
    presets = preset_names()
    advice = nearest(str(source), presets, "Give the path of a TOML file, or the name of a preset.")
    reason = error.strerror or type(error).__name__
    return PolicyError(f"a policy: {', '.join(presets)}, or a file", f"{str(source)!r} ({reason})", advice)


def _policy(part: PolicyPart, name: str, known: Policy | None) -> Policy:
    waivers = tuple(
        Waiver(code=one.code, slice=one.slice, reason=one.reason, owner=one.owner, expires=one.expires)
        for one in part.waiver
    )
    rules = tuple(_rule(one, None if known is None else known.rule(one.code)) for one in part.rule)
    return Policy(name=part.name or name, rules=rules, waivers=waivers)


def _rule(part: RulePart, known: Rule | None) -> Rule:
    op, threshold = _comparison(part)
    area, quantity = part.measurement.split(".", 1)[0], part.measurement.split("/", 1)[1]
    if known is None or known.measurement != part.measurement:
        title = quantity_name(quantity)
        known = Rule(code=part.code, measurement=part.measurement, op=op, threshold=threshold, family=area, title=title)
    return Rule(
        code=part.code,
        measurement=part.measurement,
        op=op,
        threshold=threshold,
        slice=part.slice,
        tasks=known.tasks if part.tasks is None else tuple(part.tasks),
        demand=part.demand,
        required=part.required,
        gate=part.gate,
        margin=part.margin,
        severity=part.severity,
        family=part.family or known.family,
        title=part.title or known.title,
        source=part.source,
        why=known.why if part.why is None else part.why,
        remedy=known.remedy if part.remedy is None else part.remedy,
        references=known.references if part.references is None else tuple(part.references),
    )


def _comparison(part: RulePart) -> tuple[Operator, Threshold]:
    """The one limit that `check` made sure of."""
    if part.between is not None:
        return "between", (float(part.between[0]), float(part.between[1]))
    if part.at_most is not None:
        return "at_most", float(part.at_most)
    assert part.at_least is not None
    return "at_least", float(part.at_least)
