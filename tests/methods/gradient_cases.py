"""Small networks and the cases that gradient methods are tried on."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from auditnn.methods.case import Case
from auditnn.methods.plain import case_of
from auditnn.subjects.build import from_torch
from auditnn.subjects.calls import Calls

N, D = 12, 6


def perceptron() -> nn.Module:
    """A table's network with three outputs."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(D, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3)).eval()


class Block(nn.Module):
    """A residual block with batch normalisation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(2))
        self.relus = nn.ModuleList(nn.ReLU() for _ in range(2))

    def forward(self, x: torch.Tensor) -> Any:
        y = self.norms[1](self.second(self.relus[0](self.norms[0](self.first(x)))))
        return self.relus[1](y + x)


def convolutions(inplace: bool = False, pool: bool = True) -> nn.Module:
    """An image network with a residual block, batch normalisation, pooling and three outputs."""
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=inplace),
        nn.MaxPool2d(2) if pool else nn.AvgPool2d(2), Block(4), nn.Flatten(), nn.Linear(4 * 4 * 4, 3),
    )  # fmt: skip
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_(0.0, 0.3)  # type: ignore[union-attr]
            part.running_var.uniform_(0.5, 2.0)  # type: ignore[union-attr]
    return network.eval()


def table(n: int = N, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, D)).astype(np.float32)


def pictures(n: int = N, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, 2, 8, 8)).astype(np.float32)


def case_for(kind: str, module: nn.Module | None = None, seed: int = 0) -> Case:
    """Rows of a table or images, with background rows of their own, explained for the predicted class."""
    if kind == "table":
        return case_of(module or perceptron(), table(), table(9, 1), seed=seed)
    return case_of(module or convolutions(), pictures(), pictures(9, 1), seed=seed)


def with_units(module: nn.Module) -> Case:
    """A table whose six inputs are three features: one number, a block of three, a pair."""
    columns = {"age": [0], "town": [1, 2, 3], "size": [4, 5]}
    rows = table(30)

    def encode(frame: Any) -> tuple[np.ndarray, dict[str, list[int]]]:
        return rows[frame["age"].to_numpy().astype(int)], columns

    import pandas as pd

    frame = pd.DataFrame({"age": np.arange(30.0), "town": np.arange(30.0), "size": np.arange(30.0)})
    subject = from_torch(module, frame, np.arange(30) % 3, task="multiclass", output="logits", encode=encode)
    calls = Calls(subject)
    assert subject.test.rows is not None
    return Case(
        calls=calls,
        rows=subject.test.rows.take(np.arange(N)),
        ids=subject.test.id[:N],
        background=subject.test.rows.take(np.arange(N, 21)),
        targets=np.arange(N) % 3,
    )
