"""Curve: one quantity along another, with the band of what it may truly be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.figures.layers import colored, dashed, finish, in_words, quantity, reference_line
from auditnn.figures.reading import Reading, Row, read
from auditnn.figures.theme import MUTED, Theme, pick

HEIGHT = 260
MARKED = 60
FAINT = 0.4


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """Roles `x`, `y`, optional `low`, `high` (a band), `series`, `reference` (a number, or "diagonal": y = x), and
    `detail`: a faint line behind the others for each distinct value of it, None where a row is of a main line."""
    import altair as alt

    whole = read(exhibit, ("x", "y", "low", "high", "series", "detail"))
    faint = [row for row in whole.rows if row.get("detail") is not None]
    reading = replace(whole, rows=[row for row in whole.rows if row.get("detail") is None])
    along = quantity(reading, "x") if reading.numeric("x") else {"sort": None, "title": reading.titles["x"]}
    across = alt.X("x:Q" if reading.numeric("x") else "x:O", **along)
    base = alt.Chart().encode(x=across)
    if faint:
        base = base.transform_filter("!isValid(datum.detail)")
    color = colored(reading, theme, shape=True)
    layers = [_behind(across, reading, color, theme)] if faint else []
    if "low" in reading and "high" in reading:
        band = base.mark_area(opacity=0.16, line=False).encode(
            y=alt.Y("low:Q", **quantity(reading, "y")), y2=alt.Y2("high:Q"), color=color["color"]
        )
        layers.append(band)
    upright = alt.Y("y:Q", **quantity(reading, "y"))
    layers.append(
        base.mark_line(strokeWidth=2, clip=False).encode(
            y=upright, color=color["color"], order=alt.Order("at:Q"), **dashed(reading)
        )
    )
    # Many points would hide the line: they stay unseen and only answer to a pointer.
    seen = len(reading.rows) <= MARKED
    layers.append(
        base.mark_point(filled=True, size=46, opacity=1 if seen else 0).encode(y=upright, **color, **in_words())
    )
    rows = [{**row, "at": index} for index, row in enumerate([*map(_short, faint), *reading.rows])]
    layers = [*layers, *_references(reading, theme)]
    return finish(layers, rows, theme=theme, said=exhibit.summary, height=HEIGHT)


def _behind(across: Any, reading: Reading, color: dict[str, Any], theme: Theme) -> Any:
    """One thin line for each row that the main line sums up, in the color of its series."""
    import altair as alt

    shade = color["color"] if "series" in reading else alt.ColorValue(pick(MUTED, theme))
    lines = (
        alt.Chart()
        .transform_filter("isValid(datum.detail)")
        .mark_line(strokeWidth=1, opacity=FAINT, clip=False, aria=False)
    )
    return lines.encode(
        x=across,
        y=alt.Y("y:Q", **quantity(reading, "y")),
        detail=alt.Detail("detail:N"),
        color=shade,
        order=alt.Order("at:Q"),
    )


def _short(row: Row) -> Row:
    """A row of a faint line: what places it, without the words and ends that nobody could point at."""
    return {role: value for role, value in row.items() if role in ("x", "y", "series", "detail")}


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
