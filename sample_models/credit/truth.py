"""What is true of a frozen network: its rates and disparities on millions of fresh applications.

python -m sample_models.credit.truth credit            # five million rows, as kept in the card
python -m sample_models.credit.truth credit_clean --rows 200000
"""

from __future__ import annotations

import argparse
import json
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import training
from . import nets
from .generator import AGE_BANDS, SEXES, Scenario, generate

if TYPE_CHECKING:
    import torch

CHUNK = 250_000
ROWS = 5_000_000
UNSEEN = ("sex", "age_band", "defaulted", "application")
Table = dict[str, Any]


def measure(module: torch.nn.Module, scenario: Scenario, *, threshold: float, seed: int, rows: int) -> Table:
    """Rates of every group, disparities of every attribute, and the ROC AUC, on `rows` fresh applications."""
    counts, auc = count(module, scenario, threshold=threshold, seed=seed, rows=rows)
    return {"roc_auc": auc, **summarise(counts)}


def count(
    module: torch.nn.Module, scenario: Scenario, *, threshold: float, seed: int, rows: int
) -> tuple[np.ndarray, float]:
    """Fresh applications by (sex, age band, repaid, approved), and the ROC AUC of the score on them.

    The favorable outcome is a prediction of "repaid": a score under `threshold`. One forward pass per row.
    """
    from sklearn.metrics import roc_auc_score

    counts = np.zeros((len(SEXES), len(AGE_BANDS), 2, 2), dtype=np.int64)
    scores, labels = [], []
    for number, start in enumerate(range(0, rows, CHUNK)):
        fresh = generate(min(CHUNK, rows - start), scenario, seed=seed, part=f"truth {number}")
        score = scores_of(module, fresh.frame())
        codes = (fresh.columns["sex"], fresh.columns["age_band"], 1 - fresh.defaulted, (score < threshold).astype(int))
        cells = np.ravel_multi_index(codes, counts.shape)
        counts += np.bincount(cells, minlength=counts.size).reshape(counts.shape)
        scores.append(score)
        labels.append(fresh.defaulted)
    return counts, float(roc_auc_score(np.concatenate(labels), np.concatenate(scores)))


def scores_of(module: torch.nn.Module, frame: Any) -> np.ndarray:
    """The probability of a default (n,) for applications as the network sees them."""
    inputs, _ = nets.encode(frame.drop(columns=[name for name in UNSEEN if name in frame.columns]))
    logits = training.outputs(module, inputs)[:, 0].astype(np.float64)
    return np.asarray(1 / (1 + np.exp(-logits)))


def summarise(counts: np.ndarray) -> Table:
    """From counts (sex, age band, repaid, approved) to rates and disparities by attribute."""
    by_attribute = {
        "sex": dict(zip(SEXES, counts.sum(axis=1), strict=True)),
        "age_band": dict(zip(AGE_BANDS, counts.sum(axis=0), strict=True)),
        "sex & age_band": {
            f"{sex} & {age}": counts[i, j] for (i, sex), (j, age) in product(enumerate(SEXES), enumerate(AGE_BANDS))
        },
    }
    rates = {
        name: {
            level: {"share": float(cell.sum() / counts.sum()), **group_rates(cell)} for level, cell in levels.items()
        }
        for name, levels in by_attribute.items()
    }
    return {
        "rates": rates,
        "disparities": {name: disparities(list(levels.values())) for name, levels in rates.items()},
    }


def group_rates(cell: np.ndarray) -> dict[str, float]:
    """The rates of one group from its counts (repaid, approved), the favorable outcome counting as positive."""
    total = cell.sum()
    return {
        "selection_rate": float(cell[:, 1].sum() / total),
        "true_positive_rate": float(cell[1, 1] / cell[1].sum()),
        "false_positive_rate": float(cell[0, 1] / cell[0].sum()),
        "false_negative_rate": float(cell[1, 0] / cell[1].sum()),
        "precision": float(cell[1, 1] / cell[:, 1].sum()),
        "accuracy": float(np.trace(cell) / total),
    }


def disparities(groups: list[dict[str, float]]) -> dict[str, float]:
    """Largest minus smallest rate, smallest over largest, and the worst accuracy."""

    def gap(rate: str) -> float:
        values = [group[rate] for group in groups]
        return max(values) - min(values)

    selection = [group["selection_rate"] for group in groups]
    return {
        "demographic_parity_difference": gap("selection_rate"),
        "demographic_parity_ratio": min(selection) / max(selection),
        "equalized_odds_difference": max(gap("true_positive_rate"), gap("false_positive_rate")),
        "equal_opportunity_difference": gap("true_positive_rate"),
        "worst_group_accuracy": min(group["accuracy"] for group in groups),
    }


def load_network(folder: Path) -> torch.nn.Module:
    """The frozen network of `credit` or `credit_clean`."""
    from safetensors.torch import load_file

    module = nets.build()
    module.load_state_dict(load_file(folder / "weights.safetensors"))
    return module


def main() -> None:
    """Print the truth about one of the two samples as JSON."""
    from .recipe import RECIPES

    parser = argparse.ArgumentParser(description="The true rates and disparities of a frozen network.")
    parser.add_argument("sample", choices=tuple(RECIPES))
    parser.add_argument("--rows", type=int, default=ROWS)
    arguments = parser.parse_args()
    chosen = RECIPES[arguments.sample]
    module = load_network(Path(__file__).parent.parent / arguments.sample)
    found = measure(module, chosen.scenario, threshold=chosen.threshold, seed=chosen.seed, rows=arguments.rows)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
