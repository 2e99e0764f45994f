"""How a measurement's numbers are written, wherever they stand: by its unit, with digits that keep them honest.

Sentences of findings and exhibits, tables and figures all ask here, so that one number reads the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor, isfinite, log10

from auditnn.core.measurement import Measurement
from auditnn.core.numbers import MINUS, POINTS, hundredth, plain

PLAIN_UNITS = ("number", "ratio", "count", "flag", "target", "slope", "correlation", "squared probability", "")
AS_DECIMALS = ("roc_auc", "average_precision", "r2", "skill")  # shares that nobody writes as a percentage
TINY = 0.001  # no percentage for what is numerical noise
DIFFERENCES = ("difference", "gap", "worst_gap")
DIFFERENCE_ENDINGS = ("_difference", "_gap", "_gain", "_importance", "reliance", "distraction")
MOST_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Scale:
    """How one measurement's numbers are written: times `factor`, with `decimals`, then `suffix`."""

    factor: float = 1.0
    decimals: int = 2
    suffix: str = ""

    def number(self, value: float) -> str:
        """Without the unit.

        >>> Scale(100, 1, "%").number(0.123), Scale(1, 0).number(-12345.6)
        ('12.3', '−12,346')
        """
        if self.factor == 100.0:
            return hundredth(value, self.decimals)
        shown = value * self.factor
        if shown == 0:
            return "0"
        if abs(shown) < 0.5 * 10**-self.decimals:
            return plain(shown)
        text = f"{abs(shown):,.{self.decimals}f}"
        return MINUS + text if shown < 0 else text

    def full(self, value: float) -> str:
        """With the unit.

        >>> Scale(100, 1, "%").full(0.4), Scale(1, 1, " mg/dL").full(12.34)
        ('40.0%', '12.3 mg/dL')
        """
        return self.number(value) + self.suffix

    def limit(self, value: float) -> str:
        """A threshold, without padding.

        >>> Scale(100, 1, " points").limit(0.1), Scale(100, 1, "%").limit(0.8)
        ('10', '80%')
        """
        text = f"{abs(value) * self.factor:,.6g}"
        text = plain(abs(value) * self.factor) if "e" in text else text
        return (MINUS if value < 0 else "") + text + ("%" if self.suffix == "%" else "")


def scale_of(measurement: Measurement, limits: Iterable[float] = ()) -> Scale:
    """The scale for a measurement's value and interval; one more decimal where rounding would put a number that
    differs from a limit on that limit."""
    numbers = [x for x in (measurement.value, measurement.low, measurement.high) if x is not None and isfinite(x)]
    wanted = [limit for limit in limits if isfinite(limit)]
    factor, decimals, suffix = _style(measurement, numbers, max(map(abs, [*numbers, *wanted]), default=0.0))

    def misleading(places: int) -> bool:
        return any(
            x != limit and round(x * factor, places) == round(limit * factor, places)
            for x in numbers
            for limit in wanted
        )

    extra = decimals
    while misleading(extra) and extra < decimals + 3:
        extra += 1
    return Scale(factor, decimals if misleading(extra) else extra, suffix)


def told(measurement: Measurement) -> str:
    """The value with its unit, and its interval in brackets where it has one, as in a sentence.

    >>> told(Measurement(id="a.b/error_gap", value=-0.179, low=-0.2, high=None, unit="probability", status="measured",
    ...                  interval_method="newcombe", confidence=0.95, basis={}, open="high"))
    '−17.9 points (from −20.0)'
    """
    if measurement.value is None:
        return "unknown"
    scale = scale_of(measurement)
    low, high = (None if end is None else scale.number(end) for end in (measurement.low, measurement.high))
    percent = scale.suffix if scale.suffix == "%" else ""
    if measurement.interval_method in (None, "exact") or (low is None and high is None):
        return scale.full(measurement.value)
    if low is None or high is None:
        span = f"up to {high}{percent}" if low is None else f"from {low}{percent}"
    else:
        span = f"{low}{percent} to {high}{percent}"
    return f"{scale.full(measurement.value)} ({span})"


def unit_shown(measurement: Measurement) -> str:
    """The unit in which a figure or a table shows it: differences of shares are in points."""
    if measurement.unit not in ("probability", "share"):
        return measurement.unit
    if _quantity(measurement) in AS_DECIMALS:
        return "number"
    return POINTS if _signed(measurement) else "probability"


def level_scale(measurement: Measurement) -> Scale:
    """The scale for the groups' own rates or means, where the measurement is a difference or ratio of them."""
    basis = measurement.basis or {}
    if "mean" in basis:
        return Scale(1.0, _decimals([abs(float(x)) for x in basis["mean"]]), _suffix(measurement.unit))
    return Scale(100.0, 1, "%")


def _style(measurement: Measurement, numbers: list[float], largest: float) -> tuple[float, int, str]:
    unit = measurement.unit
    if _quantity(measurement) in AS_DECIMALS:
        return 1.0, 3, ""
    if unit in ("probability", "share") and largest > TINY:
        return 100.0, 1, f" {POINTS}" if _signed(measurement) else "%"
    if unit == "count" or (unit in PLAIN_UNITS and all(x == int(x) for x in numbers)):
        return 1.0, 0, ""
    if unit == "ratio":
        return 1.0, 2, ""
    return 1.0, _decimals(numbers), _suffix(unit)


def _quantity(measurement: Measurement) -> str:
    return measurement.id.split("/", 1)[1]


def _signed(measurement: Measurement) -> bool:
    """Whether it is a difference of shares, which is in points and not in percent."""
    form = (measurement.basis or {}).get("form")
    named = _quantity(measurement).endswith(DIFFERENCE_ENDINGS)
    return form in DIFFERENCES or measurement.better == "zero" or named


def _suffix(unit: str) -> str:
    return "" if unit in (*PLAIN_UNITS, "probability", "share") else f" {unit}"


def _decimals(numbers: list[float]) -> int:
    """Three significant digits of the largest."""
    largest = max((abs(x) for x in numbers), default=0.0)
    return 2 if largest == 0 else min(MOST_DECIMALS, max(0, 2 - floor(log10(largest))))
