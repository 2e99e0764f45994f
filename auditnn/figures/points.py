"""Points: one mark per row, two quantities apart."""

from __future__ import annotations

from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.core.numbers import show
from auditnn.figures.layers import colored, finish, in_words, quantity, reference_line
from auditnn.figures.reading import Reading, Row, column_of, read, words
from auditnn.figures.theme import MUTED, Theme, pick
from auditnn.figures.values import is_number, span, step, stepped

HEIGHT = 280
CROWD = 300


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """Roles `x`, `y`, optional `series`, `label`, `low`, `high` (around y), `reference` (a number or "diagonal"), and
    `color`: numbers that shade the points from low to high."""
    import altair as alt

    reading = read(exhibit, ("x", "y", "low", "high", "series", "label"))
    channels = {}
    for role, channel in (("x", alt.X), ("y", alt.Y)):
        numeric = reading.numeric(role)
        shown = quantity(reading, role) if numeric else {"sort": None, "title": reading.titles.get(role)}
        channels[role] = channel(f"{role}:{'Q' if numeric else 'O'}", **shown)
    crowded = len(reading.rows) > CROWD
    rows, color = _shaded(exhibit, reading, theme)
    marks = (
        alt.Chart()
        .mark_point(filled=True, size=20 if crowded else 50, opacity=0.5 if crowded else 0.85)
        .encode(x=channels["x"], y=channels["y"], **color, **in_words())
    )
    layers = [marks, *reference_line(reading, theme, "y"), *_diagonal(reading, theme)]
    if "low" in reading and "high" in reading:
        whisker = alt.Chart().mark_rule(color=pick(MUTED, theme))
        layers.append(whisker.encode(x=channels["x"], y=alt.Y("low:Q", **quantity(reading, "y")), y2=alt.Y2("high:Q")))
    return finish(layers, rows, theme=theme, said=exhibit.summary, height=HEIGHT)


def _shaded(exhibit: Exhibit, reading: Reading, theme: Theme) -> tuple[list[Row], dict[str, Any]]:
    """The rows and the channels of their color: by size where the role `color` holds numbers, else by series."""
    name = exhibit.roles.get("color")
    values = list(exhibit.columns.get(name, ())) if isinstance(name, str) else []
    if not any(map(is_number, values)) or column_of(exhibit, "series") != name:
        return reading.rows, colored(reading, theme, shape=True)
    if not all(value is None or is_number(value) for value in values):
        return reading.rows, colored(reading, theme, shape=True)
    low, high = span(values)
    rows = [{**row, "step": step(value, (low, high))} for row, value in zip(reading.rows, values, strict=True)]
    said = ("low", "high") if (low, high) == (0.0, 1.0) else (show(low), show(high))
    return rows, {"color": stepped([row["step"] for row in rows], words(str(name)), said, theme)}


def _diagonal(reading: Reading, theme: Theme) -> list[Any]:
    """The line y = x over the range that both axes share, where the exhibit asks for it."""
    import altair as alt

    if reading.reference != "diagonal":
        return []
    shared = [row[role] for row in reading.rows for role in ("x", "y") if isinstance(row[role], (int, float))]
    ends = [{"x": end, "y": end} for end in (min(shared, default=0), max(shared, default=1))]
    line = alt.Chart(alt.Data(values=ends)).mark_line(color=pick(MUTED, theme), strokeDash=[5, 4], strokeWidth=1.25)
    return [line.encode(x=alt.X("x:Q"), y=alt.Y("y:Q"))]
