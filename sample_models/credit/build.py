"""Rebuild the sample `credit`: python -m sample_models.credit.build"""

from __future__ import annotations

from pathlib import Path

from .. import cards
from .recipe import write
from .truth import ROWS

FOLDER = Path(__file__).parent
FAULTS: list[cards.Card] = [
    {
        "name": "bias",
        "size": "with the same finances, the odds that a woman's loan was recorded as defaulted are 4 times a man's",
        "how": "historic label bias; the network never sees sex and learns it through occupation",
        "attribute": "sex",
        "group": "female",
        "direction": "fewer approvals",
    },
    {
        "name": "imbalance",
        "size": "12% of the loans were recorded as defaulted: 7.3 to 1",
        "how": "the intercept of the generator",
        "class": "defaulted",
        "direction": "rare, and found less often than the other class",
    },
    {
        "name": "proxy",
        "size": "occupation tells sex apart with total variation distance 0.77",
        "how": "occupation is drawn given sex and has no effect of its own",
        "feature": "occupation",
        "direction": "care, teaching and office work raise the predicted risk",
    },
]
EXPECTED: list[cards.Card] = []


def main(folder: Path = FOLDER, truth_rows: int = ROWS) -> None:
    """Write the data, the weights and the card into `folder`; most of the time goes into five million fresh rows."""
    write("credit", folder, FAULTS, EXPECTED, truth_rows)


if __name__ == "__main__":
    main()
