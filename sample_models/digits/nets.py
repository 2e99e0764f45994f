"""The network of `digits`: two small convolutions and a linear layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def build() -> torch.nn.Module:
    """Images 1 x 8 x 8 in [0, 1] to ten logits."""
    from torch import nn

    return nn.Sequential(
        nn.BatchNorm2d(1, affine=False),
        nn.Conv2d(1, 8, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, kernel_size=3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16 * 4 * 4, 10),
    ).eval()
