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
DIFFERENCE, ODDS = "fairness.disparity/demographic_parity_difference", "fairness.disparity/equalized_odds_difference"
RATIO, GAP = "data.imbalance/imbalance_ratio", "performance.imbalance/minority_recall_gap"
LOWER = "female is approved less often than male"
EXPECTED = [
    cards.expect("FAIR001", DIFFERENCE, "fail", attribute="sex", direction=LOWER),
    cards.expect("FAIR001", DIFFERENCE, "fail", attribute="sex & age_band", direction="a group of women is lowest"),
    cards.expect("FAIR001", DIFFERENCE, "pass", attribute="age_band"),
    cards.expect("FAIR003", ODDS, "fail", attribute="sex", direction=LOWER),
    cards.expect("FAIR002", "fairness.disparity/demographic_parity_ratio", "unsure", attribute="sex"),
    cards.expect("IMB001", RATIO, "fail", direction="defaulted is the smaller class"),
    cards.expect("IMB001", RATIO, "fail", split="train", direction="defaulted is the smaller class"),
    cards.expect("IMB002", GAP, "fail", direction="defaulted is found less often than repaid"),
    cards.expect("PERF002", "performance.accuracy/roc_auc", "pass"),
    cards.expect("CAL001", "performance.calibration/calibration_in_the_large", "pass"),
    cards.expect("CAL002", "performance.calibration/calibration_slope", "pass"),
]


def main(folder: Path = FOLDER, truth_rows: int = ROWS) -> None:
    """Write the data, the weights and the card into `folder`; most of the time goes into five million fresh rows."""
    write("credit", folder, FAULTS, EXPECTED, truth_rows)


if __name__ == "__main__":
    main()
