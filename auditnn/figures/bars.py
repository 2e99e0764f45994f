"""Bars: one quantity per category, lying down so that long names stay readable."""

from __future__ import annotations

from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.figures.layers import band_height, colored, finish, in_words, names_axis, quantity, reference_line
from auditnn.figures.reading import read_categories
from auditnn.figures.theme import SURFACES, Theme, pick
from auditnn.figures.values import is_number

UNSIGNED = 3  # the first color of series beside which orange and blue would be read as signs


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """Roles `label`, `value` (or `x`, `y`), optional `series`, `low`, `high`, `reference`."""
    import altair as alt

    reading = read_categories(exhibit)
    base = alt.Chart().encode(y=names_axis(reading))
    if "series" in reading:
        base = base.encode(yOffset=alt.YOffset("series:N", sort=reading.order("series")))
    signed = any(is_number(row["value"]) and row["value"] < 0 for row in reading.rows)
    bars = base.mark_bar(cornerRadiusEnd=2, height={"band": 0.8}).encode(
        x=alt.X("value:Q", **quantity(reading, "value", zero=True)),
        **colored(reading, theme, first=UNSIGNED if signed else 0),
        **in_words(),
    )
    layers = [bars, *reference_line(reading, theme, "x")]
    if signed:
        zero = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(color=pick(SURFACES["line_strong"], theme), aria=False)
        layers.append(zero.encode(x=alt.X("at:Q")))
    if "low" in reading and "high" in reading:
        ink = pick(SURFACES["ink"], theme)
        layers.append(base.mark_rule(strokeWidth=1.5, color=ink).encode(x=alt.X("low:Q"), x2=alt.X2("high:Q")))
    return finish(layers, reading.rows, theme=theme, said=exhibit.summary, height=band_height(reading))
