"""Curve: one quantity along another, with the band of what it may truly be."""

from __future__ import annotations

from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.figures.layers import colored, finish, in_words, quantity, reference_line
from auditnn.figures.reading import Reading, read
from auditnn.figures.theme import MUTED, Theme, pick

HEIGHT = 260
MARKED = 60


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """Roles `x`, `y`, optional `low`, `high` (a band), `series`, `reference` (a number, or "diagonal": y = x)."""
    import altair as alt

    reading = read(exhibit, ("x", "y", "low", "high", "series"))
    along = quantity(reading, "x") if reading.numeric("x") else {"sort": None, "title": reading.titles["x"]}
    base = alt.Chart().encode(x=alt.X("x:Q" if reading.numeric("x") else "x:O", **along))
    color = colored(reading, theme, shape=True)
    layers = []
    if "low" in reading and "high" in reading:
        band = base.mark_area(opacity=0.16, line=False).encode(
            y=alt.Y("low:Q", **quantity(reading, "y")), y2=alt.Y2("high:Q"), color=color["color"]
        )
        layers.append(band)
    upright = alt.Y("y:Q", **quantity(reading, "y"))
    layers.append(
        base.mark_line(strokeWidth=2, clip=False).encode(y=upright, color=color["color"], order=alt.Order("at:Q"))
    )
    # Many points would hide the line: they stay unseen and only answer to a pointer.
    seen = len(reading.rows) <= MARKED
    layers.append(
        base.mark_point(filled=True, size=46, opacity=1 if seen else 0).encode(y=upright, **color, **in_words())
    )
    rows = [{**row, "at": index} for index, row in enumerate(reading.rows)]
    layers = [*layers, *_references(reading, theme)]
    return finish(layers, rows, theme=theme, said=exhibit.summary, height=HEIGHT)


def _references(reading: Reading, theme: Theme) -> list[Any]:
    """The dashed line of the exhibit's constant, or the diagonal over the range that both axes share."""
    import altair as alt

    if reading.reference != "diagonal":
        return reference_line(reading, theme, "y")
    values = [row[role] for row in reading.rows for role in ("x", "y") if isinstance(row.get(role), (int, float))]
    if not values:
        return []
    ends = alt.Data(values=[{"x": min(values), "y": min(values)}, {"x": max(values), "y": max(values)}])
    line = alt.Chart(ends).mark_line(color=pick(MUTED, theme), strokeDash=[5, 4], strokeWidth=1.25)
    return [line.encode(x=alt.X("x:Q"), y=alt.Y("y:Q"))]
