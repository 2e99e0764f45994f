"""Deletion and insertion curves: what the output does as units are hidden, or shown, in some order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditnn.kernels.orderings import area, stops, taken_in_order
from auditnn.methods.case import Case


@dataclass(frozen=True, slots=True)
class Walk:
    """One row's units in an `order` (d,), shown one after the other from nothing, or hidden from everything."""

    row: int
    order: np.ndarray
    hiding: bool


def points(case: Case, row: int, steps: int) -> np.ndarray:
    """How many units have been taken at each point of the row's curves."""
    return stops(len(case.games.units(row)), steps)


def curves(case: Case, walks: Sequence[Walk], steps: int) -> list[np.ndarray]:
    """The explained output of the row's target along each walk, (s,): at most `steps` + 1 points.

    Costs s x b model rows for each walk and b background rows.
    """
    requests = []
    for walk in walks:
        taken = taken_in_order(walk.order, points(case, walk.row, steps))
        requests.append((walk.row, ~taken if walk.hiding else taken))
    values = case.games.evaluate_all(requests)
    return [one[:, case.targets[walk.row]] for walk, one in zip(walks, values, strict=True)]


def areas(case: Case, walks: Sequence[Walk], steps: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """The area under each curve, with all units taken as one, and the curves."""
    found = curves(case, walks, steps)
    under = [float(area(one, points(case, walk.row, steps))) for walk, one in zip(walks, found, strict=True)]
    return np.array(under), found


def greedy(case: Case, steps: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Curves of each row along the orders that a greedy search finds: hiding, (s,), and showing, (s,).

    At each step the units are taken whose hiding lowers the output most (or whose showing raises it most), looking one
    unit ahead. No outside knowledge goes in, so it is a yardstick for explanations: in an additive game, it is the best
    order there is. Costs about s x d x b model rows for each of the two.
    """
    walks = [(row, hiding) for row in range(len(case)) for hiding in (True, False)]
    at = {row: points(case, row, steps) for row in range(len(case))}
    state = {walk: np.full(len(case.games.units(walk[0])), walk[1]) for walk in walks}
    found: dict[tuple[int, bool], list[float]] = {walk: [] for walk in walks}
    for step in range(max((len(one) for one in at.values()), default=0)):
        now = [walk for walk in walks if step < len(at[walk[0]])]
        values = case.games.evaluate_all([(walk[0], _next(state[walk], walk[1])) for walk in now])
        for walk, table in zip(now, values, strict=True):
            row, hiding = walk
            column = table[:, case.targets[row]]
            found[walk].append(float(column[0]))
            if step + 1 == len(at[row]):
                continue
            left = np.flatnonzero(state[walk] == hiding)
            best = left[np.argsort(column[1:] if hiding else -column[1:], kind="stable")]
            state[walk] = state[walk].copy()
            state[walk][best[: at[row][step + 1] - at[row][step]]] = not hiding
    return [(np.array(found[row, True]), np.array(found[row, False])) for row in range(len(case))]


def _next(state: np.ndarray, hiding: bool) -> np.ndarray:
    """The state itself, then with each unit taken that is left: (1 + left, d)."""
    left = np.flatnonzero(state == hiding)
    masks = np.repeat(state[None], 1 + len(left), axis=0)
    masks[np.arange(1, len(masks)), left] = not hiding
    return masks
