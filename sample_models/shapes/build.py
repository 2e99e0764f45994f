"""Rebuild the sample `shapes`: python -m sample_models.shapes.build

With options, another mark for another class, elsewhere: --mark cross --color 0 0.5 1 --corner "bottom right" --marked
circle --seed 3 --out FOLDER. The folder then holds a subject of its own: auditnn run FOLDER --allow-code FOLDER.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .. import cards
from .generator import CLASSES, CORNERS, KINDS, Mark
from .recipe import RECIPES, Recipe, write

FOLDER = Path(__file__).parent
SOURCES = ("nets.py", "subject.toml")
DRAWN = "the model looks at the mark"
EXPECTED = [
    cards.expect("EXPL005", "explanation.localization/reliance", "fail", region="mark", direction=DRAWN),
    cards.expect("PERF003", "performance.accuracy/mcc", "pass"),
    cards.expect("PERF002", "performance.accuracy/roc_auc", "pass"),
    cards.expect("IMB001", "data.imbalance/imbalance_ratio", "pass"),
    cards.expect("TRUST004", "trust.sanity/randomization_similarity", "fail", method="guided_backpropagation"),
]


def faults(recipe: Recipe) -> list[cards.Card]:
    """The planted fault, by the recipe's own words."""
    scenario = recipe.scenario
    own, others = scenario.train_shares
    return [
        {
            "name": "wrong reason",
            "size": f"in training the mark is on {own:.0%} of the {scenario.marked}s, on {others:.0%} of the others",
            "how": "the mark is easier to learn than the shape, and in training almost as good",
            "region": "mark",
            "class": scenario.marked,
            "direction": f"the mark speaks for {scenario.marked}",
        }
    ]


def main(folder: Path = FOLDER, recipe: Recipe = RECIPES["shapes"]) -> None:
    """Write data, regions, weights and card into `folder`, and into one that is not the sample's own also what a
    subject needs besides."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.resolve() != FOLDER.resolve():
        for name in SOURCES:
            shutil.copyfile(FOLDER / name, folder / name)
    write(recipe, folder, faults(recipe), EXPECTED)


def parsed(arguments: Sequence[str] | None = None) -> tuple[Path, Recipe]:
    """The folder and the recipe that the command line asks for."""
    parser = argparse.ArgumentParser(description="Rebuild the sample shapes, or plant another mark elsewhere.")
    plain = Mark()
    parser.add_argument("--mark", choices=KINDS, default=plain.kind)
    parser.add_argument("--color", type=float, nargs=3, default=plain.color, metavar=("RED", "GREEN", "BLUE"))
    parser.add_argument("--corner", choices=CORNERS, default=plain.corner)
    parser.add_argument("--marked", choices=CLASSES, default="triangle")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=None, help="another folder; needed with any other option")
    given = parser.parse_args(arguments)
    mark = Mark(kind=given.mark, color=tuple(given.color), corner=given.corner)
    recipe = RECIPES["shapes"].with_mark(mark, given.marked).with_seed(given.seed)
    if given.out is None and recipe != RECIPES["shapes"]:
        parser.error("another mark, class or seed is another subject: say where it goes with --out")
    return given.out or FOLDER, replace(recipe, name="shapes" if given.out is None else given.out.name)


if __name__ == "__main__":
    main(*parsed())
