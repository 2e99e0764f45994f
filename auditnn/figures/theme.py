"""One palette and one type scale for every figure, the report and the explorer, in light and in dark.

Every color is a pair. A figure drawn in light becomes dark by replacing each light color with its partner, which
is what the report does in CSS; so the light colors are all different from one another. Hues keep apart under
protanopia, deuteranopia and tritanopia (tests measure it), and no meaning rests on hue alone.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Theme = Literal["light", "dark"]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
LABEL_SIZE = 12
TITLE_SIZE = 12
WIDTH = 460
WIDE = 940
STEP = 24


class Color(NamedTuple):
    """One color in both themes."""

    light: str
    dark: str


SURFACES: dict[str, Color] = {
    "surface": Color("#ffffff", "#14171a"),
    "panel": Color("#f5f6f7", "#1c2024"),
    "line": Color("#dde1e5", "#343a41"),
    "line_strong": Color("#b9c0c7", "#59616a"),
    "ink": Color("#191d21", "#eceef0"),
    "ink_soft": Color("#545c65", "#a9b1ba"),
    "link": Color("#0b5fa5", "#7cc0f7"),
}
STATUS: dict[str, Color] = {
    "fail": Color("#900f08", "#ee8163"),
    "unsure": Color("#946200", "#f3c650"),
    "absent": Color("#65636a", "#aab2b2"),
    "pass": Color("#0573a0", "#56c8f2"),
}
TINTS: dict[str, Color] = {
    "fail": Color("#fbeee9", "#34201a"),
    "unsure": Color("#faf3df", "#2e2818"),
    "absent": Color("#f0f2f4", "#23282d"),
    "pass": Color("#e7f3f6", "#16282e"),
}
SERIES: tuple[Color, ...] = (
    Color("#2470b5", "#75c4ff"),
    Color("#de6f1a", "#d0713c"),
    Color("#1f2932", "#eef2f3"),
    Color("#12a283", "#2a9a8b"),
    Color("#5f2180", "#8f66c4"),
    Color("#824711", "#d8b01e"),
)
RAMP: tuple[Color, ...] = (
    Color("#eef4f9", "#1d2730"),
    Color("#d3e4f2", "#22394c"),
    Color("#aecde7", "#2a5172"),
    Color("#7fb0d8", "#376c99"),
    Color("#4c8fc4", "#5390c4"),
    Color("#246ba6", "#86b9e3"),
    Color("#0d467a", "#c6e0f7"),
)
DIVERGING: tuple[Color, ...] = (
    Color("#a8410f", "#f3a071"),
    Color("#d8834f", "#b96a3c"),
    Color("#f1c9ad", "#5f3c28"),
    Color("#f2f3f4", "#22272c"),
    Color("#b5d1e9", "#27455e"),
    Color("#5f9bcc", "#3f7cae"),
    Color("#10558f", "#93c5ee"),
)
# How large the value of a point is: from cool and quiet to warm and strong, lightness going one way for everybody.
VALUES: tuple[Color, ...] = (
    Color("#159ad8", "#2677b2"),
    Color("#5384d0", "#747bc1"),
    Color("#7b6bbc", "#b07cc0"),
    Color("#96509b", "#df7fb2"),
    Color("#a23371", "#ff8a9b"),
    Color("#9f1a43", "#ff9f82"),
    Color("#8c1615", "#ffbc72"),
)
CELL_TEXT: tuple[Color, Color] = (Color("#1a1e22", "#edeff1"), Color("#fefefe", "#101316"))
MUTED = Color("#8b949d", "#7d868f")
# What raises the model's output and what lowers it, in every figure of explanations.
RAISES, LOWERS = SERIES[1], SERIES[0]


def pairs() -> tuple[Color, ...]:
    """Every color pair that a figure may use, each light color once."""
    return (
        *SURFACES.values(),
        *TINTS.values(),
        *STATUS.values(),
        *SERIES,
        *RAMP,
        *DIVERGING,
        *VALUES,
        *CELL_TEXT,
        MUTED,
    )


def pick(color: Color, theme: Theme) -> str:
    """The color as this theme shows it."""
    return color.dark if theme == "dark" else color.light


def config(theme: Theme = "light") -> dict[str, Any]:
    """The Vega-Lite configuration that every figure shares: quiet axes, no frame, no background."""
    ink, soft = pick(SURFACES["ink"], theme), pick(SURFACES["ink_soft"], theme)
    line, strong = pick(SURFACES["line"], theme), pick(SURFACES["line_strong"], theme)
    series = [pick(color, theme) for color in SERIES]
    return {
        "background": None,
        "padding": {"left": 20, "right": 14, "top": 4, "bottom": 4},
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": soft,
            "labelFontSize": LABEL_SIZE,
            "labelLimit": 150,
            "labelPadding": 6,
            "titleColor": soft,
            "titleFontSize": TITLE_SIZE,
            "titleFontWeight": 400,
            "titlePadding": 8,
            "titleLimit": 300,
            "gridColor": line,
            "domain": False,
            "ticks": False,
            "tickCount": 5,
            "labelFlush": False,
            "labelSeparation": 6,
        },
        "axisBand": {"grid": False, "labelColor": ink},
        "axisPoint": {"grid": False, "labelColor": ink},
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "labelColor": ink,
            "labelFontSize": LABEL_SIZE,
            "labelLimit": 180,
            "titleColor": soft,
            "titleFontSize": TITLE_SIZE,
            "titleFontWeight": 400,
            "symbolStrokeWidth": 2,
            "symbolSize": 70,
            "symbolOpacity": 1,
            "columnPadding": 18,
            "offset": 8,
            "layout": {"top": {"anchor": "start", "bounds": "full", "direction": "horizontal"}},
            "padding": 0,
        },
        "range": {"category": series},
        "header": {"labelColor": soft, "titleColor": soft, "labelFontSize": LABEL_SIZE},
        "rule": {"color": strong},
    }
