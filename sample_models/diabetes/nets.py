"""The network of `diabetes`: standardise, two small hidden layers, the progression in its own unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

FEATURES = 10


def build() -> torch.nn.Module:
    """One value: disease progression a year after baseline."""
    from torch import nn

    return nn.Sequential(
        nn.BatchNorm1d(FEATURES, affine=False),
        nn.Linear(FEATURES, 16),
        nn.Tanh(),
        nn.Linear(16, 8),
        nn.Tanh(),
        nn.Linear(8, 1),
    ).eval()
