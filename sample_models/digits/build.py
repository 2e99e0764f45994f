"""Rebuild the sample `digits`: python -m sample_models.digits.build"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import cards, splits, training
from . import nets

FOLDER = Path(__file__).parent
SEED, TEST_ROWS = 0, 697
SETTINGS: dict[str, Any] = {"epochs": 25, "rate": 0.01, "batch": 64, "decay": 0.3}


def main(folder: Path = FOLDER) -> None:
    """Write train.npz, test.npz, weights.safetensors and card.toml into `folder`."""
    import torch
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels, digit = (data.images[:, None] / 16).astype(np.float32), data.target.astype(np.int64)
    train, test = splits.split(len(digit), TEST_ROWS, SEED)
    for name, rows in (("train", train), ("test", test)):
        np.savez_compressed(folder / f"{name}.npz", X=pixels[rows], y=digit[rows])

    loss = torch.nn.functional.cross_entropy
    module = training.train(nets.build, pixels[train], digit[train], loss, seed=SEED, **SETTINGS)
    training.save(module, folder / "weights.safetensors")
    predicted = training.outputs(module, pixels[test]).argmax(axis=1)
    cards.write(card(len(train), {"accuracy": float((predicted == digit[test]).mean())}), folder / "card.toml")


def card(train_rows: int, metrics: dict[str, float]) -> cards.Card:
    """What is known about this sample."""
    return {
        "name": "digits",
        "about": "Handwritten digits of 8 x 8 pixels by a small convolutional network",
        "data": {
            "source": "Optical Recognition of Handwritten Digits (test part), from scikit-learn (load_digits)",
            "licence": "CC BY 4.0",
            "reference": "Alpaydin & Kaynak (1998), UCI Machine Learning Repository",
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
    cards.expect("PERF003", "performance.accuracy/mcc", "pass"),
    cards.expect("PERF002", "performance.accuracy/roc_auc", "pass"),
    cards.expect("IMB001", "data.imbalance/imbalance_ratio", "pass"),
    cards.expect("IMB002", "performance.imbalance/minority_recall_gap", "pass"),
    cards.expect("CAL002", "performance.calibration/calibration_slope", "pass", **{"class": "1"}),
    cards.expect("CAL002", "performance.calibration/calibration_slope", "unsure", **{"class": "3"}),
]

if __name__ == "__main__":
    main()
