"""LIME's neighborhoods of images: each unit shown or hidden by the toss of a coin."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from auditnn.kernels.local_fit import exponential_kernel
from auditnn.methods.attribution.lime_neighborhood import Neighborhood
from auditnn.methods.case import Case

IMAGE_WIDTH = 0.25  # the library's width of the kernel on cosine distances
FILLED = 4  # batches of the model that are filled with samples of as many rows as fit


def image_neighborhoods(case: Case, draws: int, width: float | None) -> Iterator[Neighborhood]:
    """The neighborhoods of every image, each of `draws` samples with the whole image first.

    Units and fill are those of the case's games. Costs n x `draws` model rows, times the number of fills.
    """
    games = case.games
    fit = max(1, FILLED * case.calls.batch_rows // draws)
    for start in range(0, len(case), fit):
        rows = range(start, min(start + fit, len(case)))
        masks = [image_masks(case, row, draws) for row in rows]
        for shown, said in zip(masks, games.evaluate_all(list(zip(rows, masks, strict=True))), strict=True):
            x = np.ascontiguousarray(shown.T, dtype=np.float64)
            yield Neighborhood(x=x, y=said, weights=mask_weights(x, IMAGE_WIDTH if width is None else width))


def image_masks(case: Case, row: int, draws: int) -> np.ndarray:
    """Coalitions (m, d), True where a unit is shown: all of them first, then fair coins."""
    d = len(case.games.units(row))
    raw = case.rng("lime", row).bytes((draws * d + 7) // 8)
    bits = np.unpackbits(np.frombuffer(raw, dtype=np.uint8), count=draws * d)
    masks: np.ndarray = bits.reshape(draws, d).astype(bool)
    masks[0] = True
    return masks


def mask_weights(x: np.ndarray, width: float) -> np.ndarray:
    """The kernel's weights (m,) by the cosine distance 1 - sqrt(share shown) of masks `x` (d, m) from all shown."""
    distance = 1.0 - np.sqrt(x.mean(axis=0))
    return exponential_kernel(distance**2, width)
