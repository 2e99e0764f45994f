"""Whether an explanation deserves belief, beside it: what each check of its method found, or that nothing did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from auditnn.core.audit import Audit
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement, slice_key
from auditnn.core.scale import Scale
from auditnn.policy.finding import Finding, Findings
from auditnn.report.names import ATTRIBUTIONS, method_title
from auditnn.report.ranking import OUTCOMES
from auditnn.report.traced import scale_for

AREA = "trust."
CHECKS: Mapping[str, str] = {
    "completeness": "whether its values add up to the output",
    "faithfulness": "whether hiding what it calls important changes the output more than chance does",
    "stability": "whether another seed or a small change of the input leaves it alike",
    "sanity": "whether it depends on what the model has learned",
    "agreement": "whether other methods say the same",
}
METHOD_ROLES = ("series", "column", "row", "label", "y", "x", "color")
MOST = 12
SHAPLEY, SHAPLEY_TITLE = "explanation.shapley_values/", "Shapley values"
Outcome = Literal["pass", "fail", "unsure", "not_measured", "measured"]


@dataclass(frozen=True, slots=True)
class Check:
    """What one check says about one method. `outcome` is "measured" where there is a number and no rule judges it,
    "not_measured" where there is none, for `reason` if anybody said why."""

    name: str
    outcome: Outcome
    finding: Finding | None = None
    measurement: Measurement | None = None
    reason: str = ""

    @property
    def title(self) -> str:
        return self.name.capitalize()

    @property
    def scale(self) -> Scale:
        """How its number is written: as where the finding itself stands."""
        return scale_for(self.measurement, (self.finding,) if self.finding else ())


@dataclass(frozen=True, slots=True)
class Trust:
    """All five checks of one method, in their order."""

    method: str
    checks: tuple[Check, ...]

    @property
    def title(self) -> str:
        return method_title(self.method)

    @property
    def checked(self) -> bool:
        """Whether any check measured anything."""
        return any(one.outcome != "not_measured" for one in self.checks)


class Verdicts:
    """What the checks found, by method."""

    def __init__(self, audit: Audit, findings: Findings) -> None:
        self._measured: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
        self._found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for measurement in audit.measurements:
            for key in _keys(measurement.id, measurement.slice):
                self._measured[key].append(measurement)
        for finding in findings.findings:
            if finding.status != "not_applicable":
                for key in _keys(finding.measurement, finding.slice):
                    self._found[key].append(finding)
        # "Shapley values" is what pictures call those of the analyzer, whichever method it took.
        slices = [one.slice for one in audit.exhibits if one.id.startswith(SHAPLEY)]
        chosen = next((str(pairs["method"]) for pairs in slices if "method" in pairs), None)
        self._by_title = {title: name for name, title in ATTRIBUTIONS.items()}
        self._by_title |= {SHAPLEY_TITLE: chosen} if chosen else {}
        self._by_key = {one.key: one for one in audit.measurements}

    @property
    def methods(self) -> tuple[str, ...]:
        """Every method that a check speaks of, in the order in which they come."""
        return tuple(dict.fromkeys(method for method, _ in (*self._measured, *self._found)))

    def of(self, method: str) -> Trust:
        """The checks of one method; those that nothing measured say so."""
        return Trust(method, tuple(self._check(method, name) for name in CHECKS))

    def beside(self, exhibit: Exhibit) -> tuple[Trust, ...]:
        """What to say beside an exhibit: about the method of its slice, and about each that it compares."""
        own = [str(exhibit.slice["method"])] if "method" in exhibit.slice else []
        return tuple(self.of(method) for method in dict.fromkeys([*own, *compared(exhibit, self._by_title)[:MOST]]))

    def _check(self, method: str, name: str) -> Check:
        """The gravest of its findings; without one, what was measured about the method as a whole."""
        found = sorted(self._found.get((method, name), ()), key=lambda one: OUTCOMES.index(one.status))
        if found:
            worst = found[0]
            measurement = self._by_key.get((worst.measurement, slice_key(worst.slice)))
            if worst.status in ("pass", "fail", "unsure") and measurement is not None:
                return Check(name, worst.status, worst, measurement)
            return Check(name, "not_measured", worst, reason=worst.reason or "")
        measured = sorted(self._measured.get((method, name), ()), key=lambda one: len(one.slice))
        known = next((one for one in measured if one.status == "measured"), None)
        if known is not None:
            return Check(name, "measured", measurement=known)
        return Check(name, "not_measured", reason=next((one.reason or "" for one in measured), ""))


def compared(exhibit: Exhibit, by_title: Mapping[str, str]) -> Sequence[str]:
    """The methods that an exhibit shows beside one another, by the names or titles in one of its columns."""
    for role in METHOD_ROLES:
        values = exhibit.columns.get(str(exhibit.roles.get(role)), ())
        texts = dict.fromkeys(value for value in values if isinstance(value, str))
        known = [by_title.get(text, text) for text in texts if text in by_title or text in ATTRIBUTIONS]
        if known and 2 * len(known) >= len(texts):  # the input itself may stand among them
            return known
    return ()


def _keys(id: str, pairs: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Method and check of a measurement of trust; nothing for others."""
    name = id.removeprefix(AREA).partition("/")[0]
    if id.startswith(AREA) and name in CHECKS and "method" in pairs:
        yield str(pairs["method"]), name
