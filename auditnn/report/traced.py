"""Numbers on the page, each carrying where it came from.

Every displayed number is an element of class `num` with its exact value in `data-raw` and the field it shows in
`data-field`. What it is a field of stands on the element itself or on one around it: `data-measurement` and
`data-slice`, `data-finding`, `data-exhibit`, `data-analyzer`, `data-subject`, `data-setting` or `data-count`. A test
follows every one of them back to the audit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from auditnn.core.measurement import Measurement
from auditnn.core.numbers import plain
from auditnn.core.scale import Scale, scale_of
from auditnn.policy.finding import Finding
from auditnn.policy.wording import rounded as _rounded

LONG_UNIT = 9
NONE = Markup('<span class="none">–</span>')


def as_json(pairs: Mapping[str, Any]) -> str:
    """A slice as its one canonical JSON text."""
    return json.dumps(dict(pairs), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def origin(measurement: Measurement) -> Markup:
    """The attributes that say which measurement the numbers inside belong to."""
    return Markup('data-measurement="{}" data-slice="{}"').format(measurement.id, as_json(measurement.slice))


def finding_origin(finding: Finding) -> Markup:
    """The attributes that say which finding, and so which measurement, the numbers inside belong to."""
    return Markup('data-finding="{}" data-measurement="{}" data-slice="{}"').format(
        finding.code, finding.measurement, as_json(finding.slice)
    )


def num(text: str, field: str, raw: Any) -> Markup:
    """One number: its text, the field it shows, its exact value."""
    return Markup('<span class="num" data-field="{}" data-raw="{}">{}</span>').format(field, _raw(raw), text)


def value(number: float | None, scale: Scale) -> Markup:
    """A value with its unit; a dash where there is none."""
    return NONE if number is None else _quantity(scale.number(number), "value", number, scale)


def span(low: float | None, high: float | None, scale: Scale) -> Markup:
    """Both ends of an interval, the unit once where it is a word."""
    if low is None and high is None:
        return Markup("unbounded")
    if low is None:
        return Markup("below {}").format(_quantity(scale.number(high or 0.0), "high", high, scale))
    if high is None:
        return Markup("above {}").format(_quantity(scale.number(low), "low", low, scale))
    sign = scale.suffix if not scale.suffix.startswith(" ") else ""
    first = num(scale.number(low) + sign, "low", low)
    last = _quantity(scale.number(high), "high", high, scale)
    return _whole(Markup("{} to {}").format(first, last), scale)


def limit_text(value: float, scale: Scale) -> str:
    """A threshold as its policy states it, without padding, on the scale of the value."""
    return scale.limit(value) + scale.suffix.removeprefix("%")


def limit(finding: Finding, scale: Scale) -> Markup:
    """The threshold in words."""

    def shown(value: float, field: str, unit: bool) -> Markup:
        bare = Scale(scale.factor, scale.decimals, "")
        written = limit_text(value, bare)
        if unit or not scale.suffix.startswith(" "):
            return _quantity(written, field, value, scale)
        return num(written, field, value)

    if isinstance(finding.threshold, (tuple, list)):
        low, high = finding.threshold
        return Markup("{} to {}").format(shown(low, "threshold.low", False), shown(high, "threshold.high", True))
    words = "at most" if finding.op == "at_most" else "at least"
    return Markup("{} {}").format(words, shown(finding.threshold, "threshold", True))


def _quantity(written: str, field: str, raw: Any, scale: Scale) -> Markup:
    """A number and its unit: a sign belongs to it, a word stands beside it."""
    if not scale.suffix.startswith(" "):
        return num(written + scale.suffix, field, raw)
    shown = Markup('{} <span class="unit">{}</span>').format(num(written, field, raw), scale.suffix[1:])
    return _whole(shown, scale)


def _whole(shown: Markup, scale: Scale) -> Markup:
    """Kept on one line, unless a long unit needs the next."""
    return shown if len(scale.suffix) > LONG_UNIT else Markup('<span class="whole">{}</span>').format(shown)


def limits(finding: Finding) -> tuple[float | None, float | None]:
    """The lowest and the highest value that the rule allows."""
    if isinstance(finding.threshold, (tuple, list)):
        return finding.threshold[0], finding.threshold[1]
    return (None, finding.threshold) if finding.op == "at_most" else (finding.threshold, None)


def scale_for(measurement: Measurement | None, findings: tuple[Finding, ...] = ()) -> Scale:
    """How the numbers of a measurement are written, told apart from the limits that it is compared with."""
    known = [one for finding in findings for one in limits(finding) if one is not None]
    return Scale(1.0, 4) if measurement is None else scale_of(measurement, known)


def rounded(rows: int) -> int:
    """A rough number of rows, to look like one: the same rounding as in the finding's own sentence."""
    return _rounded(rows)


def p_value(p: float | None, field: str) -> Markup:
    """A p-value; below one in a thousand only that is said."""
    if p is None:
        return Markup('<span class="none">–</span>')
    text = "< 0.001" if p < 0.001 else "> 0.999" if 0.999 < p < 1.0 else f"{p:.3f}" if p < 1.0 else "1"
    return num(text, field, p)


def subject_num(path: Sequence[str], number: float) -> Markup:
    """One number of the subject card, found by following `path` into it."""
    text = f"{number:,}" if isinstance(number, int) else plain(number)
    return Markup('<span class="num" data-subject="{}" data-raw="{}">{}</span>').format(
        json.dumps(list(path), ensure_ascii=False), _raw(number), text
    )


def count(number: int, what: str) -> Markup:
    """How many findings, rows or analyzers there are of something."""
    return Markup('<span class="num" data-count="{}" data-raw="{}">{}</span>').format(what, number, plain(number))


def _raw(raw: Any) -> str:
    return json.dumps(raw.item() if hasattr(raw, "item") else raw)
