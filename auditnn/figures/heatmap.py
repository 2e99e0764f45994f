"""Heatmap: one quantity over two sets of names, in seven steps so that it prints and darkens exactly."""

from __future__ import annotations

from math import floor, log10
from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.core.numbers import MINUS, PERCENT_UNITS, POINTS, SIGNIFICANT, plain, show
from auditnn.figures.layers import finish, in_words
from auditnn.figures.reading import Reading, read
from auditnn.figures.theme import CELL_TEXT, DIVERGING, RAMP, Theme, pick
from auditnn.figures.values import is_number

CELL = 30
WRITTEN = 144
ROOMY = 5
LETTERS = 50
MOST_DECIMALS = 4


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """Roles `x`, `y`, `value`. Values of both signs get a diverging scale, even about zero."""
    import altair as alt

    reading = read(exhibit, ("x", "y", "value"))
    low, high, colors = _range(reading, theme)
    unit = reading.units.get("value", "number")
    across, down = reading.order("x"), reading.order("y")
    tight = len(across) > ROOMY
    largest = max((abs(row["value"]) for row in reading.rows if is_number(row["value"])), default=0.0)
    rows = [
        {**row, "written": _written(row["value"], unit, tight, largest), "step": _step(row["value"], low, high)}
        for row in reading.rows
    ]
    base = alt.Chart().encode(
        x=alt.X(
            "x:N",
            sort=across,
            title=reading.titles["x"],
            axis=alt.Axis(labelAngle=0 if len(across) * max(map(len, across), default=0) <= LETTERS else -90),
        ),
        y=alt.Y("y:N", sort=down, title=reading.titles["y"]),
    )
    shades = alt.Scale(type="ordinal", domain=list(range(len(colors))), range=colors)
    layers = [base.mark_rect().encode(color=alt.Color("step:O", scale=shades, legend=None), **in_words())]
    if len(rows) <= WRITTEN and len(across) <= 10:
        on_pale, on_deep = pick(CELL_TEXT[0], theme), pick(CELL_TEXT[1], theme)
        deep = "abs(datum.step - 3) >= 3" if colors[0] == pick(DIVERGING[0], theme) else "datum.step >= 4"
        ink = alt.condition(deep, alt.value(on_deep), alt.value(on_pale))
        layers.append(base.mark_text(fontSize=12 if not tight else 11).encode(text=alt.Text("written:N"), color=ink))
    return finish(layers, rows, theme=theme, said=exhibit.summary, height=CELL * max(1, len(down)))


def _written(value: Any, unit: str, tight: bool, largest: float) -> str:
    """What a cell says: whole percents where there is little room, nothing for nothing; as many decimals in one as
    in another, by the largest."""
    if not is_number(value):
        return ""
    if unit in PERCENT_UNITS and tight:
        whole = round(100 * value)
        return f"{whole}%" if whole else ("<1%" if value else "")
    if unit in (*PERCENT_UNITS, POINTS) or float(value).is_integer():
        return show(value, unit) if value or not tight else ""
    if not tight:
        decimals = SIGNIFICANT - 1 - floor(log10(largest))
        return f"{value:,.{decimals}f}".replace("-", MINUS) if 0 <= decimals <= MOST_DECIMALS else show(value, unit)
    return f"{value:.2f}".replace("-", MINUS).replace("0.", ".", 1) if abs(value) < 1 else plain(value, 2)


def _range(reading: Reading, theme: Theme) -> tuple[float, float, list[str]]:
    """The ends of the color scale and its colors."""
    values = [row["value"] for row in reading.rows if isinstance(row.get("value"), (int, float))]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low < 0.0 < high:
        reach = max(-low, high)
        return -reach, reach, [pick(color, theme) for color in DIVERGING]
    return min(low, 0.0) if high <= 4 * abs(low) or low >= 0 else low, high, [pick(color, theme) for color in RAMP]


def _step(value: Any, low: float, high: float) -> int | None:
    """Which of the seven equal steps from `low` to `high` a value falls into; None for no value."""
    if not isinstance(value, (int, float)):
        return None
    if high <= low:
        return 0
    return min(len(RAMP) - 1, max(0, int(len(RAMP) * (value - low) / (high - low))))
