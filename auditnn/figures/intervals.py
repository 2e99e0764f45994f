"""Intervals: an estimate and how far it may be off, one line per category."""

from __future__ import annotations

from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.figures.layers import band_height, colored, finish, in_words, names_axis, quantity, reference_line
from auditnn.figures.reading import Row, read_categories, turned
from auditnn.figures.theme import Theme


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """Roles `label`, `value`, `low`, `high`, optional `series` and `reference`.

    More than two series of at most six labels change places with these. An end that is None is unbounded: its line
    runs on to the edge of the picture.
    """
    import altair as alt

    reading = turned(read_categories(exhibit))
    rows = [_with_ends(row) for row in reading.rows]
    base = alt.Chart().encode(y=names_axis(reading))
    if "series" in reading:
        base = base.encode(yOffset=alt.YOffset("series:N", sort=reading.order("series")))
    color = colored(reading, theme, shape=True)
    axis = alt.X("low:Q", **quantity(reading, "value"))
    lines = base.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.55).encode(
        x=axis, x2=alt.X2("high:Q"), color=color["color"]
    )
    layers = [lines, *reference_line(reading, theme, "x")]
    for end, edge in (("low", 0), ("high", "width")):
        if any(row[f"open_{end}"] for row in rows):
            open_line = base.transform_filter(f"datum.open_{end}").mark_rule(
                strokeWidth=2, strokeDash=[2, 3], opacity=0.55
            )
            layers.append(open_line.encode(x=alt.X("value:Q"), x2=alt.X2Value(edge), color=color["color"]))
    layers.append(base.mark_point(filled=True, size=75, opacity=1).encode(x=alt.X("value:Q"), **color, **in_words()))
    return finish(layers, rows, theme=theme, said=exhibit.summary, height=band_height(reading))


def _with_ends(row: Row) -> Row:
    """The row with both ends in place: an unbounded one starts at the value and is marked."""
    value, low, high = row.get("value"), row.get("low"), row.get("high")
    known = value is not None
    return {
        **row,
        "low": value if low is None else low,
        "high": value if high is None else high,
        "open_low": known and low is None and high is not None,
        "open_high": known and high is None and low is not None,
    }
