"""The one door to figures: an exhibit in, a Vega-Lite spec as a plain dict out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from auditnn.core.exhibit import Exhibit
from auditnn.figures import bars, beeswarm, curve, heatmap, images, intervals, points, spans, waterfall
from auditnn.figures.reading import Reading, read, read_categories
from auditnn.figures.theme import Theme

Drawer = Callable[[Exhibit, Theme], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Form:
    """One way to draw exhibits of a kind: those in which columns play all of its roles, and `suits` them."""

    kind: str
    roles: tuple[str, ...]
    draw: Drawer
    suits: Callable[[Reading], bool] = lambda reading: True

    def fits(self, exhibit: Exhibit) -> bool:
        """Whether the exhibit has what this needs, and at least one row."""
        if exhibit.kind != self.kind:
            return False
        if self.roles == CATEGORIES:
            reading = read_categories(exhibit, told=False)
        else:
            reading = read(exhibit, self.roles, told=False)
        return bool(reading.rows) and all(role in reading for role in self.roles) and self.suits(reading)


CATEGORIES = ("label", "value")
# The special forms of a kind stand before its general one.
FORMS: tuple[Form, ...] = (
    Form("bars", ("label", "start", "end"), waterfall.draw, waterfall.suits),
    Form("bars", CATEGORIES, bars.draw),
    Form("curve", ("x", "y"), curve.draw),
    Form("heatmap", ("x", "y", "value"), heatmap.draw),
    Form("images", ("image",), images.draw),
    Form("intervals", CATEGORIES, intervals.draw),
    Form("points", ("x", "y", "color"), beeswarm.draw, beeswarm.suits),
    Form("points", ("x", "y"), points.draw),
    Form("spans", ("text",), spans.draw),
)


def form_of(exhibit: Exhibit) -> Form | None:
    """How an exhibit is drawn; None where there is no picture: a table has none, nor has an exhibit without rows or
    without its roles."""
    return next((form for form in FORMS if form.fits(exhibit)), None)


def drawable(exhibit: Exhibit) -> bool:
    """Whether there is a picture to draw."""
    return form_of(exhibit) is not None


def draw(exhibit: Exhibit, theme: Theme = "light") -> dict[str, Any]:
    """The figure of an exhibit: every row of it, as Vega-Lite. Raises ValueError where `drawable` is False."""
    form = form_of(exhibit)
    if form is None:
        raise ValueError(f"{exhibit.id}: nothing to draw in an exhibit of kind {exhibit.kind!r} with these roles")
    return form.draw(exhibit, theme)
