"""Rebuild the sample `perceptron`: python -m sample_models.perceptron.build"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import cards, splits, training
from . import nets

FOLDER = Path(__file__).parent
SEED, TEST_ROWS = 0, 171
SETTINGS: dict[str, Any] = {"epochs": 60, "rate": 0.02, "batch": 64, "decay": 0.0}


def main(folder: Path = FOLDER) -> None:
    """Write train.parquet, test.parquet, weights.safetensors and card.toml into `folder`."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.metrics import roc_auc_score

    data = load_breast_cancer(as_frame=True)
    frame = data.data.assign(diagnosis=np.array(["malignant", "benign"], dtype=object)[data.target])
    train, test = splits.split(len(frame), TEST_ROWS, SEED)
    splits.write_table(frame.iloc[train], folder / "train.parquet")
    splits.write_table(frame.iloc[test], folder / "test.parquet")

    inputs, malignant = data.data.to_numpy(), (data.target == 0).to_numpy()
    module = training.train(nets.build, inputs[train], malignant[train], training.binary_loss, seed=SEED, **SETTINGS)
    training.save(module, folder / "weights.safetensors")
    logits = training.outputs(module, inputs[test])[:, 0]
    metrics = {
        "accuracy": float(((logits > 0) == malignant[test]).mean()),
        "roc_auc": float(roc_auc_score(malignant[test], logits)),
    }
    cards.write(card(len(train), metrics), folder / "card.toml")


def card(train_rows: int, metrics: dict[str, float]) -> cards.Card:
    """What is known about this sample."""
    return {
        "name": "perceptron",
        "about": "Breast-cancer diagnosis by one linear layer",
        "data": {
            "source": "Breast Cancer Wisconsin (Diagnostic), as bundled with scikit-learn (load_breast_cancer)",
            "licence": "CC BY 4.0",
            "reference": "Wolberg, Mangasarian, Street & Street (1993), UCI Machine Learning Repository",
            "train_rows": train_rows,
            "test_rows": TEST_ROWS,
            "split": f"permutation by numpy's default_rng({SEED})",
        },
        "training": splits.training_facts(SEED, **SETTINGS),
        "metrics": metrics,
        "faults": [],
        "expected": EXPECTED,
    }


EXPECTED = [
    cards.expect("PERF001", "performance.accuracy/balanced_accuracy", "pass"),
    cards.expect("PERF002", "performance.accuracy/roc_auc", "pass"),
    cards.expect("CAL001", "performance.calibration/calibration_in_the_large", "pass"),
    cards.expect("CAL002", "performance.calibration/calibration_slope", "unsure"),  # 171 rows that it nearly separates
    cards.expect("IMB001", "data.imbalance/imbalance_ratio", "pass"),
    cards.expect("IMB002", "performance.imbalance/minority_recall_gap", "pass"),
    cards.expect("FAIR001", "fairness.disparity/demographic_parity_difference", "not_applicable"),
]

if __name__ == "__main__":
    main()
