"""The network of `credit`, and how an application becomes its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import torch

LEVELS = {
    "housing": ("own", "rent", "family"),
    "purpose": ("car", "home", "business", "education", "other"),
    "occupation": ("care", "teaching", "office", "retail", "technical", "construction"),
}
ORDER = {"savings": ("none", "low", "medium", "high")}
WIDTH = 23


def build() -> torch.nn.Module:
    """Standardise, two hidden layers, one logit of a default."""
    from torch import nn

    return nn.Sequential(
        nn.BatchNorm1d(WIDTH, affine=False),
        nn.Linear(WIDTH, 24),
        nn.ReLU(),
        nn.Linear(24, 12),
        nn.ReLU(),
        nn.Linear(12, 1),
    ).eval()


def encode(frame: pd.DataFrame) -> tuple[np.ndarray, dict[str, list[int]]]:
    """Numbers as they are, an ordinal as its rank, one column per level of a category, truths as 0 and 1."""
    import pandas as pd

    blocks: list[np.ndarray] = []
    units: dict[str, list[int]] = {}
    for name in frame.columns:
        levels = LEVELS.get(name) or ORDER.get(name)
        if levels is None:
            block = frame[name].to_numpy(dtype=np.float32)[:, None]
        else:
            codes = np.asarray(pd.Categorical(frame[name], categories=list(levels)).codes)[:, None]
            block = (codes == np.arange(len(levels)) if name in LEVELS else codes).astype(np.float32)
        start = sum(part.shape[1] for part in blocks)
        units[str(name)] = list(range(start, start + block.shape[1]))
        blocks.append(block)
    return np.concatenate(blocks, axis=1), units
