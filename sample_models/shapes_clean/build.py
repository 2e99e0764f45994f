"""Rebuild the sample `shapes_clean`: python -m sample_models.shapes_clean.build"""

from __future__ import annotations

from pathlib import Path

from .. import cards
from ..shapes.recipe import RECIPES, write

FOLDER = Path(__file__).parent
EXPECTED = [
    cards.expect("EXPL005", "explanation.localization/reliance", "pass", region="mark"),
    cards.expect("PERF003", "performance.accuracy/mcc", "pass"),
    cards.expect("PERF002", "performance.accuracy/roc_auc", "pass"),
    cards.expect("IMB001", "data.imbalance/imbalance_ratio", "pass"),
    cards.expect("TRUST004", "trust.sanity/randomization_similarity", "fail", method="guided_backpropagation"),
]


def main(folder: Path = FOLDER) -> None:
    """Write the data, the regions, the weights and the card into `folder`."""
    write(RECIPES["shapes_clean"], folder, [], EXPECTED)


if __name__ == "__main__":
    main()
