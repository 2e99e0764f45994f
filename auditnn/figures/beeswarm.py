"""Beeswarm: a row of points for each name, side by side where many are alike, colored by how large a value was.

After Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees, Nature
Machine Intelligence 2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.core.numbers import show
from auditnn.figures.layers import LABEL, LABEL_LETTERS, WIDE_LABEL, finish, in_words, quantity
from auditnn.figures.reading import Reading, Row, read, words
from auditnn.figures.theme import SURFACES, Theme, pick
from auditnn.figures.values import is_number, span, step, stepped

LANE, ROOMY_LANE, ROOMY = 26, 34, 8
BINS = 110
SPACING, REACH = 0.11, 0.46  # of a lane: from point to point, and from its middle to its edge
CROWD, DOT, SMALL_DOT = 400, 26, 14
DIGITS = 6


def suits(reading: Reading) -> bool:
    """Whether these points are a beeswarm: numbers across, names down, colors that are numbers or nothing."""
    colored = reading.numeric("color") or all(row["color"] is None for row in reading.rows)
    return colored and reading.numeric("x") and not reading.numeric("y")


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """Roles `x` (numbers), `y` (names, the first on top), `color` (0 for the lowest to 1 for the highest, or None)."""
    import altair as alt

    reading = read(exhibit, ("x", "y", "color"), told=False)
    rows = [row for row in reading.rows if is_number(row["x"]) and row["y"] is not None]
    ends = span([row["color"] for row in rows])
    lanes = list(dict.fromkeys(str(row["y"]) for row in rows))
    places = swarm([row["x"] for row in rows], [str(row["y"]) for row in rows])
    points = [
        _point(row, place, step(row["color"], ends), reading.units.get("x", "number"), len(rows) > CROWD)
        for row, place in zip(rows, places, strict=True)
    ]
    limit = WIDE_LABEL if max(map(len, lanes), default=0) > LABEL_LETTERS else LABEL
    names = alt.Axis(labelOverlap=False, labelLimit=limit, grid=True, gridDash=[1, 3])
    across = alt.X("x:Q", **quantity(reading, "x", zero=True))
    place = alt.YOffset("offset:Q", scale=alt.Scale(domain=[-0.5, 0.5], nice=False, zero=False))
    title = words(str(exhibit.roles.get("color")))
    said = ("low", "high") if ends == (0.0, 1.0) else (show(ends[0]), show(ends[1]))
    dots = (
        alt.Chart()
        .mark_point(filled=True, size=SMALL_DOT if len(rows) > CROWD else DOT, opacity=0.85)
        .encode(
            x=across,
            y=alt.Y("y:N", sort=lanes, title=None, axis=names),
            yOffset=place,
            color=stepped([point["step"] for point in points], title, said, theme),
            **in_words(),
        )
    )
    if len(rows) > CROWD:  # the words of a thousand points would weigh more than the points
        dots = dots.transform_calculate(tip="datum.y + ', ' + format(datum.x, '.3~r')")
    zero = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(color=pick(SURFACES["line_strong"], theme), aria=False)
    height = (ROOMY_LANE if len(lanes) <= ROOMY else LANE) * max(1, len(lanes))
    return finish([zero.encode(x=alt.X("at:Q")), dots], points, theme=theme, said=exhibit.summary, height=height)


def swarm(xs: Sequence[float], lanes: Sequence[str]) -> list[float]:
    """How far from the middle of its lane each point stands, in lanes: points of nearly the same x step aside by
    turns, so that a lane is as thick as its points are dense; a lane with too many is pressed together."""
    low, high = min(xs, default=0.0), max(xs, default=0.0)
    width = (high - low) / BINS or 1.0
    seen: dict[tuple[str, int], int] = defaultdict(int)
    layers: list[int] = []
    for x, lane in zip(xs, lanes, strict=True):
        cell = (lane, round((x - low) / width))
        turn = seen[cell]
        layers.append((turn + 1) // 2 * (1 if turn % 2 else -1))
        seen[cell] += 1
    deepest: dict[str, int] = defaultdict(int)
    for lane, layer in zip(lanes, layers, strict=True):
        deepest[lane] = max(deepest[lane], abs(layer))
    return [
        round(layer * min(SPACING, REACH / max(1, deepest[lane])), 3) for lane, layer in zip(lanes, layers, strict=True)
    ]


def _point(row: Row, place: float, shade: int, unit: str, crowded: bool) -> Row:
    point = {"x": float(f"{row['x']:.{DIGITS}g}"), "y": str(row["y"]), "offset": place, "step": shade}
    return point if crowded else {**point, "tip": f"{row['y']}, {show(row['x'], unit)}"}
