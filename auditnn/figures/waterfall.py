"""Waterfall: floating bars that lead from one number to another, each beginning where the one before it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import floor, log10
from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.core.numbers import MINUS, PERCENT_UNITS, POINTS, hundredth, plain, show
from auditnn.figures.layers import LABEL, LABEL_LETTERS, WIDE_LABEL, finish, in_words, quantity
from auditnn.figures.reading import Reading, Row, distinct, read
from auditnn.figures.theme import LOWERS, RAISES, SURFACES, Theme, pick
from auditnn.figures.values import is_number

STEP = 24
MOST_DECIMALS = 6
ROOM = 52  # pixels at both ends of the scale, for the words beside the bars
SIGNS = ("raises the output", "lowers the output")
BASE, OUTPUT = "Base value", "Output"


def suits(reading: Reading) -> bool:
    """Whether there is a bar with both its ends."""
    return any(is_number(row["start"]) and is_number(row["end"]) for row in reading.rows)


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """Roles `label`, `start`, `end`, optional `value` (what the bar says; end minus start unless given).

    The bars stand in the order of the rows, from the base to the output or from the output down to the base; a
    tick at either end of the chain says both.
    """
    import altair as alt

    reading = read(exhibit, ("label", "start", "end", "value"), told=False)
    rows = chain(reading)
    names = [row["label"] for row in rows]
    limit = WIDE_LABEL if max(map(len, names), default=0) > LABEL_LETTERS else LABEL
    up = alt.Y("label:N", sort=names, title=None, axis=alt.Axis(labelOverlap=False, labelLimit=limit))
    axis = {**quantity(reading, "start"), "title": None, "scale": alt.Scale(zero=False, nice=False, padding=ROOM)}
    base = alt.Chart().encode(y=up)
    signs = alt.Scale(domain=list(SIGNS), range=[pick(RAISES, theme), pick(LOWERS, theme)])
    color = alt.Color("sign:N", scale=signs, legend=alt.Legend(title=None))
    strong, ink = pick(SURFACES["line_strong"], theme), pick(SURFACES["ink"], theme)
    bars = (
        base.transform_filter("datum.sign != null")
        .mark_bar(height={"band": 0.7})
        .encode(x=alt.X("start:Q", **axis), x2=alt.X2("end:Q"), color=color, **in_words())
    )
    joins = (
        base.transform_filter("datum.next != null")
        .mark_rule(color=strong, strokeWidth=1, aria=False)
        .encode(x=alt.X("leads:Q"), y2=alt.Y2("next:N"))
    )
    ticks = (
        base.transform_filter("datum.sign == null")
        .mark_tick(color=ink, thickness=2.5, size=16)
        .encode(x=alt.X("start:Q"), **in_words())
    )
    layers = [joins, bars, ticks, *_written(base, ink)]
    return finish(layers, rows, theme=theme, said=exhibit.summary, height=STEP * max(1, len(rows)))


def chain(reading: Reading) -> list[Row]:
    """The bars with a row for the base and one for the output at the ends, each joined to the next."""
    bars = [row for row in reading.rows if is_number(row["start"]) and is_number(row["end"])]
    falling = _falling(bars)
    unit = reading.units.get("start", "number")
    decimals = _decimals(_change(row) for row in bars)
    rows = [_bar(row, unit, falling, decimals) for row in bars]
    if bars:
        first, last = (bars[0]["end"], bars[-1]["start"]) if falling else (bars[0]["start"], bars[-1]["end"])
        ends = (OUTPUT, BASE) if falling else (BASE, OUTPUT)
        rows = [_tick(ends[0], first, unit), *rows, _tick(ends[1], last, unit)]
    names = distinct([row["label"] for row in rows])
    following: list[str | None] = [*names[1:], None]
    return [{**row, "label": name, "next": after} for row, name, after in zip(rows, names, following, strict=True)]


def _falling(bars: Sequence[Row]) -> bool:
    """Whether the chain runs from the output to the base: every bar then begins where the next one ends."""
    pairs = list(pairwise(bars))
    rising = all(meets(one["end"], other["start"]) for one, other in pairs)
    return not rising and all(meets(one["start"], other["end"]) for one, other in pairs)


def meets(one: float, other: float) -> bool:
    """Whether two ends are the same place, up to rounding."""
    return abs(one - other) <= 1e-6 * max(1.0, abs(one), abs(other))


def _bar(row: Row, unit: str, falling: bool, decimals: int) -> Row:
    start, end = row["start"], row["end"]
    written = signed(_change(row), unit, decimals)
    return {
        "label": str(row["label"] or ""),
        "start": start,
        "end": end,
        "leads": start if falling else end,
        "sign": SIGNS[0] if end >= start else SIGNS[1],
        "written": written,
        "tip": f"{row['label']}: {written}, from {show(start, unit)} to {show(end, unit)}",
    }


def _change(row: Row) -> float:
    return float(row["value"] if is_number(row.get("value")) else row["end"] - row["start"])


def _decimals(changes: Iterable[float]) -> int:
    """Two or three significant digits of the largest change: as many decimals for all, so that they can be compared."""
    largest = max(map(abs, changes), default=0.0)
    power = floor(log10(largest)) if largest else 0
    return min(MOST_DECIMALS, 1 - power) if power < 0 else max(0, 2 - power)


def _tick(label: str, at: float, unit: str) -> Row:
    text = show(at, unit)
    return {
        "label": label,
        "start": at,
        "end": at,
        "leads": at,
        "sign": None,
        "written": text,
        "tip": f"{label} {text}",
    }


def signed(change: float, unit: str, decimals: int) -> str:
    """A change with its sign; one of shares in points; one too small for the decimals with a digit of its own.

    >>> signed(0.1234, "number", 2), signed(-2.0, "number", 0), signed(0.1, "probability", 2), signed(-0.0012, "", 2)
    ('+0.12', '−2', '+10.0', '−0.001')
    """
    if change == 0:
        return "0"
    if unit in (*PERCENT_UNITS, POINTS):
        text = hundredth(abs(change))
    elif abs(change) >= 0.5 * 10**-decimals:
        text = f"{abs(change):,.{decimals}f}"
    else:
        text = plain(abs(change), 1)
    return (MINUS if change < 0 else "+") + text


def _written(base: Any, ink: str) -> list[Any]:
    """The words beside the bars: right of those that rise and of the ticks, left of those that fall."""
    import altair as alt

    sides = (("right", "datum.end >= datum.start", "left", 5), ("left", "datum.end < datum.start", "right", -5))
    return [
        base.transform_filter(which)
        .mark_text(align=align, dx=away, fontSize=12, color=ink, aria=False)
        .encode(x=alt.X("end:Q"), text=alt.Text("written:N"))
        for _, which, align, away in sides
    ]
