"""Rebuild the sample `credit_clean`: python -m sample_models.credit_clean.build"""

from __future__ import annotations

from pathlib import Path

from .. import cards
from ..credit.recipe import write
from ..credit.truth import ROWS

FOLDER = Path(__file__).parent
FAULTS: list[cards.Card] = []
EXPECTED: list[cards.Card] = []


def main(folder: Path = FOLDER, truth_rows: int = ROWS) -> None:
    """Write the data, the weights and the card into `folder`; most of the time goes into five million fresh rows."""
    write("credit_clean", folder, FAULTS, EXPECTED, truth_rows)


if __name__ == "__main__":
    main()
