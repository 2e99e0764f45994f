"""Rebuild the sample `credit_clean`: python -m sample_models.credit_clean.build"""

from __future__ import annotations

from pathlib import Path

from .. import cards
from ..credit.recipe import write
from ..credit.truth import ROWS

FOLDER = Path(__file__).parent
FAULTS: list[cards.Card] = []
EXPECTED = [
    cards.expect("FAIR001", "fairness.disparity/demographic_parity_difference", "pass", attribute="sex"),
    cards.expect("FAIR001", "fairness.disparity/demographic_parity_difference", "pass", attribute="age_band"),
    cards.expect("FAIR002", "fairness.disparity/demographic_parity_ratio", "pass", attribute="sex"),
    cards.expect("FAIR003", "fairness.disparity/equalized_odds_difference", "pass", attribute="sex"),
    cards.expect("FAIR003", "fairness.disparity/equalized_odds_difference", "pass", attribute="age_band"),
    cards.expect("FAIR001", "fairness.disparity/demographic_parity_difference", "unsure", attribute="sex & age_band"),
    cards.expect("IMB001", "data.imbalance/imbalance_ratio", "pass"),
    cards.expect("IMB002", "performance.imbalance/minority_recall_gap", "pass"),
    cards.expect("PERF002", "performance.accuracy/roc_auc", "pass"),
    cards.expect("CAL001", "performance.calibration/calibration_in_the_large", "pass"),
    cards.expect("CAL002", "performance.calibration/calibration_slope", "pass"),
]


def main(folder: Path = FOLDER, truth_rows: int = ROWS) -> None:
    """Write the data, the weights and the card into `folder`; most of the time goes into five million fresh rows."""
    write("credit_clean", folder, FAULTS, EXPECTED, truth_rows)


if __name__ == "__main__":
    main()
