"""Rebuild the sample `diabetes`: python -m sample_models.diabetes.build"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import cards, splits, training
from . import nets

if TYPE_CHECKING:
    import pandas as pd
    import torch

FOLDER = Path(__file__).parent
SEED, TEST_ROWS = 0, 200
SETTINGS: dict[str, Any] = {"epochs": 60, "rate": 0.01, "batch": 32, "decay": 1.0}
COLUMNS = {
    "s1": "total_cholesterol",
    "s2": "ldl",
    "s3": "hdl",
    "s4": "cholesterol_ratio",
    "s5": "log_triglycerides",
    "s6": "glucose",
    "bp": "blood_pressure",
}


def main(folder: Path = FOLDER) -> None:
    """Write train.parquet, test.parquet, weights.safetensors and card.toml into `folder`."""
    frame = patients()
    train, test = splits.split(len(frame), TEST_ROWS, SEED)
    splits.write_table(frame.iloc[train], folder / "train.parquet")
    splits.write_table(frame.iloc[test], folder / "test.parquet")

    inputs, progression = frame.drop(columns="progression").to_numpy(dtype=float), frame["progression"].to_numpy()
    module = fit(inputs[train], progression[train])
    training.save(module, folder / "weights.safetensors")
    predicted = training.outputs(module, inputs[test])[:, 0]
    errors = predicted - progression[test]
    metrics = {
        "mae": float(np.abs(errors).mean()),
        "rmse": float(np.sqrt((errors**2).mean())),
        "r2": float(1 - (errors**2).sum() / ((progression[test] - progression[test].mean()) ** 2).sum()),
    }
    cards.write(card(len(train), metrics), folder / "card.toml")


def patients() -> pd.DataFrame:
    """The 442 patients in the units of the clinic, with the names of the measurements."""
    from sklearn.datasets import load_diabetes

    frame = load_diabetes(as_frame=True, scaled=False).frame.rename(columns=COLUMNS | {"target": "progression"})
    typed: pd.DataFrame = frame.astype({"age": int, "sex": int})
    return typed


def fit(inputs: np.ndarray, progression: np.ndarray) -> torch.nn.Module:
    """Train on the standardised progression, then fold its mean and scale into the last layer."""
    import torch

    center, scale = float(progression.mean()), float(progression.std())

    def loss(values: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.mse_loss(values.squeeze(1), target)

    module = training.train(nets.build, inputs, (progression - center) / scale, loss, seed=SEED, **SETTINGS)
    *_, last = module.children()
    with torch.no_grad():
        last.get_parameter("weight").mul_(scale)
        last.get_parameter("bias").mul_(scale).add_(center)
    return module


def card(train_rows: int, metrics: dict[str, float]) -> cards.Card:
    """What is known about this sample."""
    return {
        "name": "diabetes",
        "about": "Diabetes progression by a small regression network",
        "data": {
            "source": "Diabetes patients as bundled with scikit-learn (load_diabetes, scaled=False)",
            "licence": "bundled with scikit-learn (BSD-3-Clause); published as open teaching data",
            "reference": "Efron, Hastie, Johnstone & Tibshirani (2004), Least Angle Regression, Annals of Statistics",
            "train_rows": train_rows,
            "test_rows": TEST_ROWS,
            "split": f"permutation by numpy's default_rng({SEED})",
            "sex": "coded 1 and 2; the source does not say which is which, so neither do we",
        },
        "training": splits.training_facts(SEED, **SETTINGS),
        "metrics": metrics,
        "faults": [],
        "expected": EXPECTED,
    }


EXPECTED = [
    cards.expect("PERF004", "performance.accuracy/skill", "pass"),
    cards.expect("DATA003", "data.quality/train_test_overlap", "pass"),
    cards.expect("SUBJ002", "subject.check/batch_difference", "pass"),
    cards.expect("CAL001", "performance.calibration/calibration_in_the_large", "not_applicable"),
]

if __name__ == "__main__":
    main()
