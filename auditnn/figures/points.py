"""Points: one mark per row, two quantities apart."""

from __future__ import annotations

from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.figures.layers import colored, finish, in_words, quantity, reference_line
from auditnn.figures.reading import read
from auditnn.figures.theme import MUTED, Theme, pick

HEIGHT = 280
CROWD = 300


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """Roles `x`, `y`, optional `series`, `label`, `low`, `high` (around y), `reference` (a number or "diagonal")."""
    import altair as alt

    reading = read(exhibit, ("x", "y", "low", "high", "series", "label"))
    channels = {}
    for role, channel in (("x", alt.X), ("y", alt.Y)):
        numeric = reading.numeric(role)
        shown = quantity(reading, role) if numeric else {"sort": None, "title": reading.titles.get(role)}
        channels[role] = channel(f"{role}:{'Q' if numeric else 'O'}", **shown)
    crowded = len(reading.rows) > CROWD
    marks = (
        alt.Chart()
        .mark_point(filled=True, size=20 if crowded else 50, opacity=0.5 if crowded else 0.85)
        .encode(x=channels["x"], y=channels["y"], **colored(reading, theme, shape=True), **in_words())
    )
    layers = [marks, *reference_line(reading, theme, "y")]
    if reading.reference == "diagonal":
        shared = [row[role] for row in reading.rows for role in ("x", "y") if isinstance(row[role], (int, float))]
        ends = [{"x": end, "y": end} for end in (min(shared, default=0), max(shared, default=1))]
        line = alt.Chart(alt.Data(values=ends)).mark_line(color=pick(MUTED, theme), strokeDash=[5, 4], strokeWidth=1.25)
        layers.append(line.encode(x=alt.X("x:Q"), y=alt.Y("y:Q")))
    if "low" in reading and "high" in reading:
        whisker = alt.Chart().mark_rule(color=pick(MUTED, theme))
        layers.append(whisker.encode(x=channels["x"], y=alt.Y("low:Q", **quantity(reading, "y")), y2=alt.Y2("high:Q")))
    return finish(layers, reading.rows, theme=theme, said=exhibit.summary, height=HEIGHT)
