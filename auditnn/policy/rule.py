"""Rule, Waiver, Policy: what people decided about measurements, as frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from auditnn.policy.finding import Demand, Severity

Operator = Literal["at_most", "at_least", "between"]
Threshold = float | tuple[float, float]


def contains(pairs: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a slice has all the wanted pairs; the pairs of a nested `where` count one by one.

    >>> contains({"attribute": "sex", "group": "female"}, {"attribute": "sex"})
    True
    >>> contains({"attribute": "age"}, {"attribute": "sex"})
    False
    """
    for name, value in wanted.items():
        if name not in pairs:
            return False
        own = pairs[name]
        if isinstance(value, Mapping):
            if not isinstance(own, Mapping) or not contains(own, value):
                return False
        elif own != value:
            return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One measurement compared with one threshold.

    It speaks of every slice of `measurement` that contains the pairs of `slice`, in subjects whose task is among
    `tasks` (any task where that is empty). `threshold` is one number, or (lowest, highest) for "between"; values on
    it are allowed. It is `required` unless it says otherwise, so that a gate does not pass on silence. `family` is
    the set of tests whose false alarms are controlled together. `margin` is kept for gates against a baseline.
    """

    code: str
    measurement: str
    op: Operator
    threshold: Threshold
    slice: Mapping[str, Any] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()
    demand: Demand = "not_surely_beyond"
    required: bool = True
    gate: bool = True
    margin: float | None = None
    severity: Severity = "major"
    family: str
    title: str
    source: str = ""
    why: str = ""
    remedy: str = ""
    references: tuple[str, ...] = ()

    @property
    def analyzer(self) -> str:
        """The id of the analyzer that has to measure it."""
        return self.measurement.split("/", 1)[0]

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """The lowest and the highest value allowed; None where there is no such limit."""
        if isinstance(self.threshold, tuple):
            return self.threshold
        return (None, self.threshold) if self.op == "at_most" else (self.threshold, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Somebody's signed decision to live with what one rule finds in some slices, up to and including a day."""

    code: str
    slice: Mapping[str, Any] = field(default_factory=dict)
    reason: str
    owner: str
    expires: date

    def covers(self, code: str, pairs: Mapping[str, Any]) -> bool:
        """Whether it speaks of this rule and this slice, expired or not."""
        return self.code == code and contains(pairs, self.slice)

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires < today


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Rules with distinct codes, and the waivers of some of them."""

    name: str
    rules: tuple[Rule, ...]
    waivers: tuple[Waiver, ...] = ()

    def rule(self, code: str) -> Rule | None:
        """The rule of this code, or None."""
        return next((rule for rule in self.rules if rule.code == code), None)
