"""A finding on the page with what it was judged on, and those of one rule and outcome together on one card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from auditnn.core.audit import Audit
from auditnn.core.measurement import Measurement, slice_key
from auditnn.core.scale import Scale
from auditnn.figures.bullet import bullet
from auditnn.policy.finding import Finding
from auditnn.policy.wording import effect, rows_now
from auditnn.report.names import slice_words
from auditnn.report.traced import LONG_UNIT, limit_text, limits, scale_for

STATUS_TONES: Mapping[str, str] = {
    "fail": "fail",
    "unsure": "unsure",
    "not_measured": "absent",
    "pass": "pass",
    "not_applicable": "absent",
}
SLICES = 6
Ends = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One finding with what it was judged on; `picture` is empty where there is no value, `compared` where the
    slice and the value already say everything that its sentence says first."""

    finding: Finding
    measurement: Measurement | None
    scale: Scale
    where: str
    compared: str
    picture: Markup

    @property
    def rows_now(self) -> int | None:
        """The rows there are of the group that would settle it, or of all; None where nothing says so."""
        return None if self.measurement is None else rows_now(self.measurement, self.finding.settle.get("group"))


@dataclass(frozen=True, slots=True)
class Card:
    """What one rule says with one outcome: once the rule, and a row for each slice, the first few of many."""

    rows: tuple[Row, ...]
    total: int
    waivers: tuple[Mapping[str, Any], ...]

    @property
    def finding(self) -> Finding:
        """The most serious one, which speaks for what they share: rule, limit, severity, reading."""
        return self.rows[0].finding

    @property
    def more(self) -> int:
        """Slices that only the table of all rules shows."""
        return self.total - len(self.rows)


def finder(audit: Audit) -> Callable[[Finding], Measurement | None]:
    """Where to look up what a finding was judged on; None for silence."""
    known = {one.key: one for one in audit.measurements}
    return lambda finding: known.get((finding.measurement, slice_key(finding.slice)))


def card(group: Sequence[Finding], find: Callable[[Finding], Measurement | None]) -> Card:
    """The findings of one rule and outcome. The pictures of several share one scale, so that they can be compared."""
    shown = group[:SLICES]
    small = len(group) > 1
    ends = _reach([one for finding in shown if (one := find(finding)) is not None]) if small else (None, None)
    waivers: dict[str, Mapping[str, Any]] = {str(dict(one.waiver)): one.waiver for one in group if one.waiver}
    rows = tuple(row(finding, find(finding), small=small, reach=ends) for finding in shown)
    return Card(rows, len(group), tuple(waivers.values()))


def row(finding: Finding, measurement: Measurement | None, *, small: bool = False, reach: Ends = (None, None)) -> Row:
    """The finding ready for the page; a `small` picture has no words, and shows at least what lies in `reach`."""
    scale = scale_for(measurement, (finding,))
    picture = Markup()
    judged = finding.status in ("pass", "fail", "unsure")
    if judged and measurement is not None and measurement.value is not None:
        picture = _picture(finding, measurement, scale, small, reach)
    compared = _compared(finding, measurement, scale) if picture else ""
    return Row(finding, measurement, scale, slice_words(finding.slice), compared, picture)


def _reach(measurements: Sequence[Measurement]) -> Ends:
    ends = [x for one in measurements for x in (one.value, one.low, one.high) if x is not None]
    return (min(ends), max(ends)) if ends else (None, None)


def _compared(finding: Finding, measurement: Measurement | None, scale: Scale) -> str:
    """The beginning of the finding's sentence, where it names the groups that are compared."""
    if measurement is None or not (measurement.basis or {}).get("groups"):
        return ""
    words = effect(measurement, scale)
    return words if finding.statement.startswith(words) else ""


def _picture(finding: Finding, measurement: Measurement, scale: Scale, small: bool, reach: Ends) -> Markup:
    assert measurement.value is not None
    allowed = limits(finding)
    fields = ("threshold.low", "threshold.high") if finding.op == "between" else ("threshold", "threshold")
    labels = tuple(
        None if one is None or small else _limit_label(one, field, scale)
        for one, field in zip(allowed, fields, strict=True)
    )
    share = measurement.unit in ("probability", "share") and scale.suffix == "%"
    subject = "value" if measurement.interval_method == "exact" else "whole interval"
    said = {
        "fail": f"The {subject} lies beyond the limit.",
        "unsure": "The limit does not clearly lie outside the interval.",
        "pass": f"The {subject} lies within the limit.",
    }[finding.status]
    drawn = bullet(
        measurement.value,
        measurement.low,
        measurement.high,
        allowed,
        status=STATUS_TONES[finding.status],
        said=said,
        labels=(labels[0], labels[1]),
        within=(0.0, 1.0) if share else (None, None),
        reach=reach,
        small=small,
    )
    return Markup(drawn)


def _limit_label(limit: float, field: str, scale: Scale) -> str:
    """The words over a limit's line; SVG text, its number traced like any other."""
    word = scale.suffix.startswith(" ")
    text = limit_text(limit, Scale(scale.factor, scale.decimals, "" if word else scale.suffix))
    unit = f'<tspan class="unit">{escape(scale.suffix)}</tspan>' if word and len(scale.suffix) <= LONG_UNIT else ""
    number = f'<tspan class="num" data-field="{field}" data-raw="{escape(str(limit))}">{escape(text)}</tspan>'
    return f"limit {number}{unit}"
