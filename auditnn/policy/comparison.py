"""One rule meets one measurement: where the interval lies, and how surprising that is if all is well."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from auditnn.core.audit import Audit
from auditnn.core.measurement import Measurement, Status
from auditnn.core.nearest import closest
from auditnn.kernels.inference import interval, p_value
from auditnn.policy.rule import Rule, contains

CONFIDENCE = 0.95
Place = Literal["within", "beyond", "across"]
Absent = Literal["not_measured", "not_applicable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A rule and what it met.

    `absent` says that there is no value to compare, and `reason` why. Otherwise `place` is where the interval lies:
    wholly within the limits, wholly beyond one of them, or across. `p` is one-sided against "the true value is
    within the limits"; None where there is nothing to test (exact values, bounds that cannot fail).
    """

    rule: Rule
    measurement: Measurement | None = None
    absent: Absent | None = None
    reason: str | None = None
    place: Place | None = None
    p: float | None = None

    @property
    def exact(self) -> bool:
        """Whether the value has no sampling error, so that it is compared directly."""
        return self.measurement is not None and self.measurement.interval_method == "exact"


def comparisons(audit: Audit, rule: Rule) -> Iterator[Comparison]:
    """The rule against every measurement it speaks of, or against silence; at least one comparison."""
    task = audit.subject.get("task")
    if rule.tasks and task is not None and task not in rule.tasks:
        reason = f"it is about {' and '.join(rule.tasks)} models; this one is {task}"
        yield Comparison(rule=rule, absent="not_applicable", reason=reason)
        return
    own = [one for one in audit.measurements if one.id == rule.measurement]
    found = [one for one in own if contains(one.slice, rule.slice)]
    # A measurement that could not be taken at all is stated without a slice: it answers for every slice.
    found += [one for one in own if one not in found and one.status != "measured" and contains(rule.slice, one.slice)]
    for one in found:
        yield compare(rule, one)
    record = audit.record(rule.analyzer)
    broken = record is not None and record.status in ("failed", "skipped")
    if not found or broken:
        yield _silence(audit, rule, own)


def compare(rule: Rule, measurement: Measurement) -> Comparison:
    """One rule against one measurement."""
    if measurement.status != "measured":
        return _absent(rule, measurement.status, measurement.reason or "no reason was given", measurement)
    measurement = _at_confidence(measurement)
    low, high = _ends(measurement)
    lowest, highest = rule.limits
    if (lowest is None or low >= lowest) and (highest is None or high <= highest):
        place: Place = "within"
    elif (highest is not None and low > highest) or (lowest is not None and high < lowest):
        place = "beyond"
    else:
        place = "across"
    return Comparison(rule=rule, measurement=measurement, place=place, p=_p(rule, measurement))


def _ends(measurement: Measurement) -> tuple[float, float]:
    """The ends between which the truth is taken to lie; a mere bound leaves its other side open."""
    low = -math.inf if measurement.low is None else measurement.low
    high = math.inf if measurement.high is None else measurement.high
    return (-math.inf if measurement.bound == "upper" else low, math.inf if measurement.bound == "lower" else high)


def _p(rule: Rule, measurement: Measurement) -> float | None:
    """The one-sided p; twice the smaller one where two limits can be broken; None where none can be tested, or
    where the basis (of somebody else's analyzer) is not one that can be inverted."""
    method, value, basis = measurement.interval_method, measurement.value, measurement.basis
    if method is None or method == "exact" or value is None or basis is None:
        return None
    lowest, highest = rule.limits
    sides: list[float] = []
    try:
        if highest is not None and measurement.bound != "upper":
            sides.append(p_value(method, value, basis, limit=highest, side="above"))
        if lowest is not None and measurement.bound != "lower":
            sides.append(p_value(method, value, basis, limit=lowest, side="below"))
    except (LookupError, TypeError, ValueError):
        return None
    return min(1.0, len(sides) * min(sides)) if sides else None


def _at_confidence(measurement: Measurement) -> Measurement:
    """The measurement with its 95% interval, whatever level it was stated at."""
    method, value, basis = measurement.interval_method, measurement.value, measurement.basis
    if method in (None, "exact") or value is None or basis is None or measurement.confidence in (None, CONFIDENCE):
        return measurement
    low, high, open_ends = interval(str(method), value, basis, CONFIDENCE)
    return replace(measurement, low=low, high=high, open=open_ends, confidence=CONFIDENCE)


def _absent(rule: Rule, status: Status, reason: str, measurement: Measurement | None = None) -> Comparison:
    absent: Absent = "not_applicable" if status == "not_applicable" else "not_measured"
    return Comparison(rule=rule, measurement=measurement, absent=absent, reason=reason)


def _silence(audit: Audit, rule: Rule, own: list[Measurement]) -> Comparison:
    """Why an analyzer says nothing that this rule could be compared with."""
    record = audit.record(rule.analyzer)
    if record is None:
        return _absent(rule, "skipped", f"{rule.analyzer} was not run")
    if record.status != "measured":
        reason = record.reason or "no reason was given"
        return _absent(rule, record.status, f"{rule.analyzer} {_WORDS[record.status]}: {reason}")
    if own:
        return _absent(rule, "skipped", f"no slice of {rule.measurement} has {pairs_in_words(rule.slice)}")
    known = sorted({one.id for one in audit.measurements if one.analyzer == rule.analyzer})
    close = closest(rule.measurement, known, cutoff=0.9)  # ids of one analyzer begin alike
    hint = f" (but {close.split('/', 1)[1]}, if that was meant)" if close else ""
    return _absent(rule, "skipped", f"{rule.analyzer} ran and measured no {rule.measurement.split('/', 1)[1]}{hint}")


_WORDS: dict[Status, str] = {
    "undefined": "could not measure",
    "not_applicable": "does not apply",
    "skipped": "was skipped",
    "failed": "failed",
}


def pairs_in_words(pairs: Any) -> str:
    """A slice as people write it.

    >>> pairs_in_words({"attribute": "sex", "class": "repaid"})
    'attribute sex and class repaid'
    """
    return " and ".join(f"{name} {value}" for name, value in pairs.items() if name != "where")
