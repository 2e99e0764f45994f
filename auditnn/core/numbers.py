"""Numbers as people read them, in sentences, tables and figures alike: in the unit's own form, a true minus sign."""

from __future__ import annotations

import math

MINUS = "\u2212"
SIGNIFICANT = 3
LEAST_PERCENT = 1e-3  # of a percent: below it a power of ten
MOST_DECIMALS = 9
PERCENT_UNITS = ("probability", "share", "rate", "percent")
POINTS = "points"


def plain(value: float, digits: int = SIGNIFICANT) -> str:
    """A number with `digits` significant digits, thousands apart, powers of ten only far from one.

    >>> plain(0.12345), plain(12345.6), plain(-2.0), plain(0.0)
    ('0.123', '12,346', '−2', '0')
    """
    value = float(value)
    if value == 0.0:
        return "0"
    if not math.isfinite(value):
        return "unbounded"
    size = abs(value)
    if size >= 1e7 or size < 1e-4:
        mantissa, power = f"{size:.{digits - 1}e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa} × 10{_superscript(int(power))}"
    elif float(size).is_integer() or size >= 10 ** (digits - 1):
        text = f"{size:,.0f}"
    else:
        text = fixed(size, digits)
    return (MINUS if value < 0 else "") + text


def fixed(size: float, digits: int = SIGNIFICANT) -> str:
    """A positive number with `digits` significant digits and no exponent."""
    places = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{size:.{places}f}"
    # Rounding up may have added a digit: 9.996 is 10.0, not 10.00.
    if places and len(text.replace(".", "").lstrip("0")) > digits:
        text = f"{size:.{places - 1}f}"
    return text


def percent(value: float, decimals: int = 1) -> str:
    """A share as a percentage; one that is not whole never reads as 0% or 100%.

    >>> percent(0.1283), percent(1.0), percent(0.99996), percent(0.00004), percent(0.5)
    ('12.8%', '100%', '99.996%', '0.004%', '50.0%')
    """
    return hundredth(value, decimals) + "%"


def hundredth(value: float, decimals: int = 1) -> str:
    """A share times one hundred: the figure of percentages and of percentage points.

    `decimals` of them, and as many more as keep something from reading as nothing, or nearly all as all.
    """
    scaled = 100.0 * float(value)
    size = abs(scaled)
    if size in (0.0, 100.0) or not math.isfinite(size):
        return plain(scaled)
    gap = min(size, abs(100.0 - size))
    if size < LEAST_PERCENT:
        return plain(scaled, 2)
    if round(gap, decimals) > 0:
        text = f"{size:,.{decimals}f}"
    else:
        text = f"{size:.{min(MOST_DECIMALS, 1 - math.floor(math.log10(gap)))}f}".rstrip("0")
    return (MINUS if scaled < 0 else "") + text


def show(value: float | None, unit: str = "number") -> str:
    """One value in its unit; a dash where there is none.

    >>> show(0.1, "probability"), show(0.1, "points"), show(3, "rows"), show(None)
    ('10.0%', '10.0 points', '3', '–')
    """
    if value is None:
        return "–"
    if unit in PERCENT_UNITS:
        return percent(value)
    if unit == POINTS:
        return f"{hundredth(value)} points"
    if unit == "seconds":
        return f"{plain(value)} s"
    return plain(value)


def interval(low: float | None, high: float | None, unit: str = "number") -> str:
    """Both ends in their unit; an end that is None is unbounded.

    >>> interval(0.121, 0.15, "probability"), interval(0.1, 0.2, "points"), interval(None, 2.0)
    ('12.1% to 15.0%', '10.0 to 20.0 points', 'below 2')
    """
    if low is None and high is None:
        return "unbounded"
    if low is None:
        return f"below {show(high, unit)}"
    if high is None:
        return f"above {show(low, unit)}"
    first = hundredth(low) if unit == POINTS else show(low, unit)
    return f"{first} to {show(high, unit)}"


def _superscript(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
