"""The shape of a policy file as pydantic models, and every mistake of a file in plain words, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from auditnn.core.nearest import closest, nearest
from auditnn.core.subject import Task
from auditnn.policy.finding import Demand, Severity

SCHEMA = "auditnn.policy/1"
LIMITS = ("at_most", "at_least", "between")


class Mistake(NamedTuple):
    """One thing wrong with a policy file, and where."""

    where: str
    expected: str
    got: str
    advice: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, got {self.got}. {self.advice}".rstrip()


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


_TEXT = "text in quotes"
_SLICE = 'pairs of texts, as {attribute = "sex"}'


class RulePart(_Part):
    """A `[[rule]]`. The descriptions are what a mistake message says was expected."""

    code: str = Field(pattern=r"^[A-Z]+[0-9]{3}$", description="capital letters and three digits, as FAIR001")
    measurement: str = Field(
        pattern=r"^[\w-]+(\.[\w-]+)+/[\w.-]+$",
        description="the id of a measurement, as fairness.disparity/demographic_parity_difference",
    )
    slice: dict[str, str | dict[str, str]] = Field(default={}, description=_SLICE)
    tasks: list[Task] | None = Field(default=None, description="a list of binary, multiclass, regression, anomaly")
    at_most: float | None = Field(default=None, description="a finite number")
    at_least: float | None = Field(default=None, description="a finite number")
    between: list[float] | None = Field(
        default=None, min_length=2, max_length=2, description="two finite numbers, as [-0.05, 0.05]"
    )
    demand: Demand = Field(default="not_surely_beyond", description="not_surely_beyond or surely_within")
    required: bool = Field(default=True, description="true or false")
    gate: bool = Field(default=True, description="true or false")
    margin: float | None = Field(default=None, ge=0, description="a finite number that is not negative")
    severity: Severity = Field(default="major", description="critical, major, minor or info")
    family: str | None = Field(default=None, min_length=1, description=_TEXT)
    title: str | None = Field(default=None, min_length=1, description=_TEXT)
    source: str = Field(default="", description=_TEXT)
    why: str | None = Field(default=None, description=_TEXT)
    remedy: str | None = Field(default=None, description=_TEXT)
    references: list[str] | None = Field(default=None, description="a list of texts")


class WaiverPart(_Part):
    """A `[[waiver]]`."""

    code: str = Field(description="the code of a rule in this file")
    slice: dict[str, str | dict[str, str]] = Field(default={}, description=_SLICE)
    reason: str = Field(min_length=1, description="the reason, in quotes")
    owner: str = Field(min_length=1, description="who answers for it, in quotes")
    expires: date = Field(description="a day without quotes, as 2027-01-31")


class PolicyPart(_Part):
    """The whole file."""

    file_schema: Literal["auditnn.policy/1"] = Field(
        default="auditnn.policy/1", alias="schema", description=repr(SCHEMA)
    )
    name: str | None = Field(default=None, min_length=1, description=_TEXT)
    rule: list[RulePart] = Field(min_length=1, description="one [[rule]] at least")
    waiver: list[WaiverPart] = Field(default=[], description="[[waiver]] tables")


_PARTS: dict[str, type[_Part]] = {"rule": RulePart, "waiver": WaiverPart}


def check(data: Mapping[str, Any]) -> PolicyPart | list[Mistake]:
    """The parsed file as a record, or everything that is wrong with it, in the order of the file."""
    mistakes = list(_rules_that_clash(data))
    try:
        part = PolicyPart.model_validate(data)
    except ValidationError as error:
        mistakes = [_mistake(data, one["loc"], one["type"], one["input"]) for one in error.errors()] + mistakes
    else:
        if not mistakes:
            return part
    return sorted(dict.fromkeys(mistakes), key=_place)


def newer_schema(data: Mapping[str, Any]) -> bool:
    """Whether the file says that it was written for a later auditnn."""
    schema = data.get("schema")
    version = schema.removeprefix("auditnn.policy/") if isinstance(schema, str) else ""
    return version.isdecimal() and int(version) > 1


def _place(mistake: Mistake) -> tuple[int, int]:
    kind, _, rest = mistake.where.partition(" ")
    number = rest.split(" ", 1)[0].rstrip(",")
    return ({"rule": 1, "waiver": 2}.get(kind, 0), int(number) if number.isdecimal() else 0)


def _where(data: Mapping[str, Any], kind: str, position: int) -> str:
    """Which table, counted from one as people count, with its code where it has one."""
    entry = data[kind][position]
    code = entry.get("code") if isinstance(entry, Mapping) else None
    return f"{kind} {position + 1} ({code})" if isinstance(code, str) else f"{kind} {position + 1}"


def _mistake(data: Mapping[str, Any], location: Sequence[int | str], kind: str, given: Any) -> Mistake:
    """What pydantic complained about, in our words: the description of the field is what was expected."""
    inside = len(location) > 1 and isinstance(location[1], int) and location[0] in _PARTS
    model: type[_Part] = _PARTS[str(location[0])] if inside else PolicyPart
    where = _where(data, str(location[0]), int(location[1])) if inside else "the file"
    names = location[2:] if inside else location
    if not names:
        return Mistake(where, f"a table [[{location[0]}]]", repr(given), "")
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    name = str(names[0])
    if kind == "extra_forbidden" and name not in fields:
        return Mistake(where, "a known key", repr(name), nearest(name, fields))
    expected = f"{name} to be {fields[name].description}"
    if kind == "missing":
        return Mistake(where, expected, "nothing", f"Add {name}.")
    entry = data[str(location[0])][location[1]] if inside else data
    given = entry.get(name, given)
    choices = get_args(fields[name].annotation)
    options = [choice for choice in choices if isinstance(choice, str)]
    return Mistake(where, expected, _shown(given), nearest(given, options, "") if isinstance(given, str) else "")


def _shown(given: Any) -> str:
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, date):
        return given.isoformat()
    return repr(given)


def _rules_that_clash(data: Mapping[str, Any]) -> Iterator[Mistake]:
    """What no single field shows: limits that contradict each other, codes used twice, waivers of no rule."""
    rules, waivers = (_tables(data, kind) for kind in _PARTS)
    first: dict[str, int] = {}
    for position, rule in rules:
        where = _where(data, "rule", position)
        yield from _limit_mistakes(where, rule)
        code = rule.get("code")
        if not isinstance(code, str):
            continue
        if code in first:
            yield Mistake(where, "a code of its own", f"the code of rule {first[code] + 1}", "One code, one rule.")
        first.setdefault(code, position)
    for position, waiver in waivers:
        code = waiver.get("code")
        if isinstance(code, str) and code not in first:
            where = _where(data, "waiver", position)
            advice = nearest(code, first, "A waiver excuses a rule of its own file.")
            yield Mistake(where, "the code of a rule in this file", repr(code), advice)


def _limit_mistakes(where: str, rule: Mapping[str, Any]) -> Iterator[Mistake]:
    given = [name for name in LIMITS if name in rule]
    misspelled = not given and any(closest(key, LIMITS) for key in rule)
    if len(given) != 1 and not misspelled:
        got = "none" if not given else " and ".join(given)
        advice = "" if not given else "For two limits write between = [lowest, highest]."
        yield Mistake(where, "one of at_most, at_least and between", got, advice)
    limits = rule.get("between")
    if isinstance(limits, list) and len(limits) == 2 and all(isinstance(x, (int, float)) for x in limits):
        low, high = limits
        if low > high:
            yield Mistake(where, "between to be [lowest, highest]", str(limits), f"Did you mean [{high}, {low}]?")


def _tables(data: Mapping[str, Any], kind: str) -> list[tuple[int, Mapping[str, Any]]]:
    entries = data.get(kind)
    if not isinstance(entries, list):
        return []
    return [(position, entry) for position, entry in enumerate(entries) if isinstance(entry, Mapping)]
