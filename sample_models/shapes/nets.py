"""The network of `shapes`: three convolutions with batch norm, a mean over the image, a linear layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

WIDTH = 12


def build() -> torch.nn.Module:
    """Images 3 x 32 x 32 in [0, 1] to three logits."""
    from torch import nn

    return nn.Sequential(
        nn.BatchNorm2d(3, affine=False),
        nn.Conv2d(3, WIDTH, kernel_size=5, stride=2, padding=2, bias=False),
        nn.BatchNorm2d(WIDTH),
        nn.ReLU(),
        nn.Conv2d(WIDTH, 2 * WIDTH, kernel_size=3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(2 * WIDTH),
        nn.ReLU(),
        nn.Conv2d(2 * WIDTH, 2 * WIDTH, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(2 * WIDTH),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2 * WIDTH, 3),
    ).eval()
