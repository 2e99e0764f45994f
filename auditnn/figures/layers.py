"""What several kinds of figure share: the finished dict, the axes, color by series, the lines that mark a constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditnn.core.numbers import POINTS
from auditnn.figures.reading import Reading, Row, axis_format, drawable_text
from auditnn.figures.theme import MUTED, SERIES, STEP, WIDTH, Theme, config, pick

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
NO_ROWS = {"name": "empty"}  # how altair writes a chart that was given no rows; the figure's own stand above it
CROWD, DENSE_STEP = 16, 15
LABEL, WIDE_LABEL = 150, 215
LETTER, LABEL_LETTERS, LEGEND_LETTERS = 6.6, 22, 26
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")


def finish(layers: Sequence[Any], rows: list[Row], *, theme: Theme, said: str, height: float) -> dict[str, Any]:
    """Altair layers over inline rows as a Vega-Lite dict whose whole width, labels included, is the figure's width.

    Shared parts are set on the plain dict: altair would check each of them against its schema every time, which
    takes longer than drawing; the tests check the finished figure instead.
    """
    import altair as alt

    spec: dict[str, Any] = alt.layer(*layers).to_dict(validate=False)
    for layer in spec["layer"]:
        if layer.get("data") == NO_ROWS:
            del layer["data"]
    return {
        "layer": spec["layer"],
        "$schema": SCHEMA,
        "description": drawable_text(said),
        "width": WIDTH,
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": rows},
        "config": config(theme),
    }


def quantity(reading: Reading, role: str, *, zero: bool = False) -> dict[str, Any]:
    """Axis and scale of a number in its unit, as keywords of a channel."""
    import altair as alt

    title, axis = reading.titles.get(role) or None, alt.Axis(format=axis_format(reading, role))
    if reading.units.get(role) == POINTS:
        title = f"{title or 'Difference'}, percentage points"
        axis = alt.Axis(labelExpr="format(datum.value * 100, ',.4~r')")
    return {"title": title, "axis": axis, "scale": alt.Scale(zero=zero, nice=True)}


def names_axis(reading: Reading) -> Any:
    """The channel of the categories, wide enough to tell long names apart."""
    import altair as alt

    longest = max(map(len, reading.order("label")), default=0)
    limit = WIDE_LABEL if longest > LABEL_LETTERS else LABEL
    return alt.Y("label:N", sort=None, title=None, axis=alt.Axis(labelOverlap=False, labelLimit=limit))


def band_height(reading: Reading) -> int:
    """The height of all categories together: room in each for its series beside one another."""
    series = len(reading.order("series")) if "series" in reading else 1
    labels = max(1, len(reading.order("label")))
    if series == 1 and labels > CROWD:
        return DENSE_STEP * labels
    return max(STEP, 12 * series + 10) * labels


def colored(reading: Reading, theme: Theme, *, shape: bool = False, first: int = 0) -> dict[str, Any]:
    """Color by series (with a second, colorless sign of it where `shape`), or the one color of a lone series.

    `first` is the place in the palette of the first series.
    """
    import altair as alt

    if "series" not in reading:
        return {"color": alt.ColorValue(pick(SERIES[0], theme))}
    order = reading.order("series")
    shades = alt.Scale(domain=order, range=[pick(SERIES[(first + i) % len(SERIES)], theme) for i in range(len(order))])
    legend = _legend(reading)
    encodings: dict[str, Any] = {"color": alt.Color("series:N", scale=shades, legend=legend)}
    if shape:
        signs = alt.Scale(domain=order, range=[SHAPES[(i + i // len(SERIES)) % len(SHAPES)] for i in range(len(order))])
        encodings["shape"] = alt.Shape("series:N", scale=signs, legend=legend)
    return encodings


def _legend(reading: Reading) -> Any:
    import altair as alt

    labels = reading.order("label") if "label" in reading else ()
    return alt.Legend(title=None, columns=_columns(reading.order("series"), labels))


def dashed(reading: Reading) -> dict[str, Any]:
    """Dashes for series beyond the number of colors, so that lines of one color are still told apart."""
    import altair as alt

    order = reading.order("series") if "series" in reading else []
    if len(order) <= len(SERIES):
        return {}
    dashes = alt.Scale(domain=order, range=[DASHES[i // len(SERIES) % len(DASHES)] for i in range(len(order))])
    return {"strokeDash": alt.StrokeDash("series:N", scale=dashes, legend=_legend(reading))}


def _columns(names: Sequence[str], labels: Sequence[str]) -> int:
    """How many legend entries fit beside one another over the plot, right of the category labels."""
    room = WIDTH - 30 - LETTER * min(LABEL_LETTERS, max(map(len, labels), default=4))
    entry = 34 + LETTER * min(LEGEND_LETTERS, max(map(len, names), default=1))
    return max(1, min(len(names), int(room / entry)))


def reference_line(reading: Reading, theme: Theme, channel: str) -> list[Any]:
    """A dashed line at the exhibit's constant, across the channel that holds the quantity; none where it has none."""
    import altair as alt

    if not isinstance(reading.reference, float):
        return []
    line = alt.Chart(alt.Data(values=[{"at": reading.reference}]))
    dashed = line.mark_rule(color=pick(MUTED, theme), strokeDash=[5, 4], strokeWidth=1.25)
    return [dashed.encode(**{channel: (alt.X if channel == "x" else alt.Y)("at:Q")})]


def in_words() -> dict[str, Any]:
    """The row in words: to a pointer as a tooltip, to a screen reader as a description."""
    import altair as alt

    return {"tooltip": alt.Tooltip("tip:N"), "description": alt.Description("tip:N")}
