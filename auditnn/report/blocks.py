"""The figures of a chapter in the order in which they are read: over all rows, row by row, images, features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditnn.core.exhibit import Exhibit
from auditnn.figures import beeswarm, waterfall
from auditnn.figures.draw import form_of
from auditnn.report.pictures import Picture

IN_BLOCKS = ("explanation",)
OVERALL, IMAGES, FEATURES, MORE = "Over all rows", "Images", "One feature at a time", "More"


@dataclass(frozen=True, slots=True)
class Block:
    """Figures under one heading; no heading where they are all there is."""

    title: str
    figures: tuple[Picture, ...]

    @property
    def single(self) -> bool:
        return len(self.figures) == 1 and not self.figures[0].wide

    @property
    def live(self) -> bool:
        """Whether any of them is drawn again by the page."""
        return any(one.spec for one in self.figures)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a figure belongs: under which heading, among the figures of which feature, and how early there."""

    title: str
    feature: str
    rank: int


def blocks(section: str, figures: Sequence[Picture]) -> tuple[Block, ...]:
    """The chapter's figures; those of explanations by what they are about, rows and features as they come."""
    if section not in IN_BLOCKS:
        return (Block("", tuple(figures)),) if figures else ()
    placed = [(place(one.exhibit), one) for one in figures]
    rows = dict.fromkeys(at.title for at, one in placed if "row" in one.exhibit.slice)
    titles = [OVERALL, *rows, IMAGES, FEATURES, MORE]
    features = list(dict.fromkeys(at.feature for at, _ in placed))
    placed.sort(key=lambda pair: (titles.index(pair[0].title), features.index(pair[0].feature), pair[0].rank))
    return tuple(
        Block(title, own) for title in titles if (own := tuple(one for at, one in placed if at.title == title))
    )


def place(exhibit: Exhibit) -> Place:
    """Importances stand before the swarm, a waterfall before LIME beside SHAP, dependence before effects."""
    form = form_of(exhibit)
    if "row" in exhibit.slice:
        return Place(f"Row {exhibit.slice['row']}", "", 0 if form is not None and form.draw is waterfall.draw else 1)
    if exhibit.kind == "images":
        return Place(IMAGES, "", 0)
    if form is not None and form.draw is beeswarm.draw:
        return Place(OVERALL, "", 1)
    if exhibit.kind in ("points", "curve"):
        return Place(FEATURES, str(exhibit.slice.get("feature", "")), 0 if exhibit.kind == "points" else 1)
    return Place(OVERALL, "", 0 if exhibit.kind in ("intervals", "heatmap") else 2) if form else Place(MORE, "", 0)
