"""Small subjects with known answers, and planted methods, for the checks of explanations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from auditnn.core.subject import Subject
from auditnn.methods.attribution import Attribution, exact_shapley
from auditnn.methods.attribution.method import Kind, Method
from auditnn.methods.case import Case
from auditnn.subjects.build import from_torch

N, D = 60, 6
Values = Callable[[Case], np.ndarray]


def table(seed: int = 0, n: int = N, d: int = D) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def linear(weights: np.ndarray | None = None) -> Subject:
    """A regression that is linear in six features."""
    module = nn.Linear(D, 1).eval()
    with torch.no_grad():
        module.weight[:] = torch.tensor(np.arange(1.0, D + 1) if weights is None else weights, dtype=torch.float32)
        module.bias.fill_(1.0)
    X = table()
    return from_torch(module, X, np.zeros(N), task="regression", output="values", train=(table(1), np.zeros(N)))


def network(task: str = "multiclass", seed: int = 0) -> Subject:
    """A small network of three classes, or of one value."""
    torch.manual_seed(seed)
    width = 3 if task == "multiclass" else 1
    module = nn.Sequential(nn.Linear(D, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, width)).eval()
    X = table()
    if task == "multiclass":
        y = np.arange(N) % 3
        return from_torch(module, X, y, output="logits", task="multiclass", train=(table(1), y))
    return from_torch(module, X, np.zeros(N), task="regression", output="values", train=(table(1), np.zeros(N)))


def pictures(seed: int = 0) -> Subject:
    """A small convolutional network on 8 x 8 images of three classes."""
    torch.manual_seed(seed)
    module = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 8, 3, stride=2), nn.ReLU(), nn.Flatten(),
        nn.Linear(8 * 9, 3),
    ).eval()  # fmt: skip
    pixels = np.random.default_rng(seed).random((30, 1, 8, 8)).astype(np.float32)
    return from_torch(module, pixels, np.arange(30) % 3, output="logits", modality="image")


def method(name: str, values: Values, kind: Kind = "game", **keywords: Any) -> Method:
    """A planted method: its values (n, d, k) are a function of the case; base and output are those of the game."""

    def attribute(case: Case, **_: Any) -> Attribution:
        base, full = case.games.ends()
        return Attribution(
            method=name, units=case.games.units(0), values=values(case), output=full, base=base,
            segments=getattr(case.games, "segments", None),
        )  # fmt: skip

    return Method(
        name=name, title=f"Planted {name}", kind=kind, additive=keywords.get("additive", False),
        drawn=keywords.get("drawn", False), reference="none", modalities=("tabular", "image"), attribute=attribute,
    )  # fmt: skip


def shapley(case: Case) -> np.ndarray:
    """Exact Shapley values of all classes."""
    return exact_shapley(case).values
