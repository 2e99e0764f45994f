"""Which units of a row can change anything: those that differ from what stands in for them."""

from __future__ import annotations

import numpy as np

from auditnn.methods.games.game import Games
from auditnn.methods.games.image import ImageGames
from auditnn.methods.games.tabular import InputGames, RowGames


def moving_units(games: Games, row: int) -> np.ndarray:
    """Whether each unit of a row differs from some background row, bool (d,). One that does not has no effect, whatever
    the model: to ask for it would only add noise. No model calls."""
    moving = np.ones(len(games.units(row)), dtype=bool)
    if isinstance(games, InputGames):
        columns = np.asarray(_differ(games.background, games.rows[row]).any(axis=0))
        owned = games.owner >= 0
        moving[:] = np.bincount(games.owner[owned], weights=columns[owned], minlength=len(moving)) > 0
    elif isinstance(games, RowGames):
        features = games.rows.features
        for unit, positions in enumerate(games.positions.values()):
            names = [features[position].name for position in positions]
            moving[unit] = any(
                _differ(games.background.columns[name], games.rows.columns[name][row]).any() for name in names
            )
    elif isinstance(games, ImageGames):
        fills = games.fills[:, min(row, games.fills.shape[1] - 1)]
        pixels = _differ(fills, games.pixels[row]).any(axis=(0, 1))
        moving[:] = np.bincount(games.segments[row].ravel(), weights=pixels.ravel(), minlength=len(moving)) > 0
    return moving


def expanded(masks: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """Coalitions of the moving units (m, a) as coalitions of all units (m, d); what does not move is left out."""
    if moving.all():
        return masks
    whole = np.zeros((len(masks), len(moving)), dtype=bool)
    whole[:, moving] = masks
    return whole


def _differ(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where values differ; missing ones (NaN) are equal."""
    result: np.ndarray = (one != other) & ~((one != one) & (other != other))
    return result
