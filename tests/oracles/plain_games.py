"""Slow, obviously right twins of the games: one coalition, one background row, one unit at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np


def plain_table_game(
    function: Callable[[np.ndarray], np.ndarray],
    row: np.ndarray,
    background: np.ndarray,
    units: Mapping[str, tuple[int, ...]],
    masks: np.ndarray,
) -> np.ndarray:
    """The mean output (m, k) over background rows whose shown units are overwritten by the row's own values."""
    values = []
    for mask in masks:
        outputs = []
        for other in background:
            filled = other.copy()
            for present, columns in zip(mask, units.values(), strict=True):
                for column in columns:
                    if present:
                        filled[column] = row[column]
            outputs.append(np.atleast_1d(function(filled[None])[0]).astype(np.float64))
        values.append(np.mean(outputs, axis=0))
    return np.array(values)


def plain_image_game(
    function: Callable[[np.ndarray], np.ndarray],
    image: np.ndarray,
    fills: np.ndarray,
    segments: np.ndarray,
    masks: np.ndarray,
) -> np.ndarray:
    """The mean output (m, k) over `fills` (b, c, h, w), pixel by pixel the image's own where its segment is shown."""
    values = []
    for mask in masks:
        outputs = []
        for fill in fills:
            filled = fill.copy()
            for y in range(image.shape[1]):
                for x in range(image.shape[2]):
                    if mask[segments[y, x]]:
                        filled[:, y, x] = image[:, y, x]
            outputs.append(np.atleast_1d(function(filled[None])[0]).astype(np.float64))
        values.append(np.mean(outputs, axis=0))
    return np.array(values)
