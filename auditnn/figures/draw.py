"""The one door to figures: an exhibit in, a Vega-Lite spec as a plain dict out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.figures import bars, curve, heatmap, images, intervals, points, spans
from auditnn.figures.theme import Theme

DRAWERS: dict[str, Callable[[Exhibit, Theme], dict[str, Any]]] = {
    "bars": bars.draw,
    "curve": curve.draw,
    "heatmap": heatmap.draw,
    "images": images.draw,
    "intervals": intervals.draw,
    "points": points.draw,
    "spans": spans.draw,
}
NEEDED: dict[str, tuple[str, ...]] = {
    "bars": ("label", "value"),
    "curve": ("x", "y"),
    "heatmap": ("x", "y", "value"),
    "images": ("image",),
    "intervals": ("label", "value"),
    "points": ("x", "y"),
    "spans": ("text",),
}


def drawable(exhibit: Exhibit) -> bool:
    """Whether there is a picture to draw: a table has none, nor has an exhibit without rows or without its roles."""
    from auditnn.figures.reading import read, read_categories

    if exhibit.kind not in DRAWERS:
        return False
    roles = NEEDED[exhibit.kind]
    reading = read_categories(exhibit) if "label" in roles else read(exhibit, roles)
    return bool(reading.rows) and all(role in reading for role in roles)


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """The figure of an exhibit: every row of it, as Vega-Lite. Raises ValueError where `drawable` is False."""
    if not drawable(exhibit):
        raise ValueError(f"{exhibit.id}: nothing to draw in an exhibit of kind {exhibit.kind!r} with these roles")
    return DRAWERS[exhibit.kind](exhibit, theme)
