"""Games given as plain tables of 2^d values: what attribution methods of coalitions are tried on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from auditnn.methods.case import Case
from auditnn.methods.games.game import Games, Piece


class TableGames(Games):
    """Games of rows with the values of all coalitions in `tables`, (2^d, k) each; d may differ between rows."""

    def __init__(self, tables: Sequence[np.ndarray]) -> None:
        self.tables, self.copies, self.asked = [np.asarray(table, float) for table in tables], 1, 0

    def __len__(self) -> int:
        return len(self.tables)

    def units(self, row: int) -> tuple[str, ...]:
        return tuple(f"unit {unit}" for unit in range(len(self.tables[row]).bit_length() - 1))

    def inputs(self, pieces: Sequence[Piece]) -> Any:
        raise AssertionError("a table has no inputs")

    def evaluate_all(self, requests: Sequence[Piece]) -> list[np.ndarray]:
        self.asked += sum(len(masks) for _, masks in requests)
        return [self.tables[row][masks @ (1 << np.arange(masks.shape[1]))] for row, masks in requests]


class TableCase(Case):
    """A case whose games are tables."""

    def __init__(self, tables: Sequence[np.ndarray], seed: int = 0, ids: Sequence[int] | None = None) -> None:
        own = {
            "tables": list(tables),
            "rows": np.arange(len(tables)),
            "ids": np.arange(len(tables)) if ids is None else np.asarray(ids),
            "background": np.arange(1),
            "seed": seed,
            "games": TableGames(tables),
            "calls": None,
            "facts": {},
        }
        for name, value in own.items():
            object.__setattr__(self, name, value)

    def take(self, index: np.ndarray) -> TableCase:
        return TableCase([self.tables[i] for i in index], self.seed, self.ids[index])  # type: ignore[attr-defined]


def smooth_table(d: int, k: int, rng: np.random.Generator) -> np.ndarray:
    """Values (2^d, k) of a small network over the presence of units: interactions of every order, most of them low."""
    from auditnn.kernels.coalitions import all_coalitions

    hidden = np.tanh(all_coalitions(d) @ rng.normal(size=(d, 6)) + rng.normal(size=6))
    table: np.ndarray = hidden @ rng.normal(size=(6, k))
    return table
