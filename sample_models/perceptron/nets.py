"""The network of `perceptron`: standardise, then one linear layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

FEATURES = 30


def build() -> torch.nn.Module:
    """One logit of a malignant tumor."""
    from torch import nn

    return nn.Sequential(nn.BatchNorm1d(FEATURES, affine=False), nn.Linear(FEATURES, 1)).eval()
