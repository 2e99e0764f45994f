"""Curves are what the game says along an order; the greedy search finds the best order of an additive game."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from auditnn.kernels.orderings import area
from auditnn.methods.case import Case
from auditnn.methods.curves import Walk, areas, curves, greedy, points
from auditnn.methods.plain import case_of

RNG = np.random.default_rng(0)
X, B = RNG.normal(size=(3, 5)), RNG.normal(size=(4, 5))
W = RNG.normal(size=5)


def additive() -> Case:
    return case_of(lambda x: np.asarray(x) @ W, X, B)


def bent() -> Case:
    return case_of(lambda x: np.tanh(np.asarray(x) @ W) + np.asarray(x)[:, 0] * np.asarray(x)[:, 1], X, B)


def value(one: Case, row: int, present: set[int]) -> float:
    """The value of a coalition by the definition: the mean over background rows of the model at the mixed row."""
    mixed = np.array([[X[row, j] if j in present else b[j] for j in range(5)] for b in B])
    return float(np.mean(one.calls.forward(mixed.astype(one.inputs.dtype))))


@pytest.mark.parametrize("make", [additive, bent])
def test_curves_are_the_game_along_the_order(make: object) -> None:
    one = make()  # type: ignore[operator]
    order = np.array([3, 0, 4, 1, 2])
    hidden, shown = curves(one, [Walk(1, order, True), Walk(2, order, False)], 32)
    for step in range(6):
        assert hidden[step] == pytest.approx(value(one, 1, set(range(5)) - set(order[:step])), abs=1e-5)
        assert shown[step] == pytest.approx(value(one, 2, set(order[:step])), abs=1e-5)


def test_the_search_finds_the_best_order_of_an_additive_game() -> None:
    one = additive()
    for row, (hiding, showing) in enumerate(greedy(one, 32)):
        at = points(one, row, 32)
        every = [np.array(order) for order in permutations(range(5))]
        lowest, _ = areas(one, [Walk(row, order, True) for order in every], 32)
        highest, _ = areas(one, [Walk(row, order, False) for order in every], 32)
        assert area(hiding, at) == pytest.approx(lowest.min(), abs=1e-6)
        assert area(showing, at) == pytest.approx(highest.max(), abs=1e-6)


def test_the_search_takes_the_next_best_unit() -> None:
    one = bent()
    for row, (hiding, showing) in enumerate(greedy(one, 32)):
        present, absent = set(range(5)), set[int]()
        for step in range(1, 6):
            present = min((present - {j} for j in present), key=lambda left: value(one, row, left))
            absent = max((absent | {j} for j in range(5) if j not in absent), key=lambda held: value(one, row, held))
            assert hiding[step] == pytest.approx(value(one, row, present), abs=1e-5)
            assert showing[step] == pytest.approx(value(one, row, absent), abs=1e-5)


def test_many_units_are_taken_several_at_once() -> None:
    x = RNG.normal(size=(2, 50))
    w = RNG.normal(size=50)
    one = case_of(lambda given: np.asarray(given) @ w, x, np.zeros((1, 50)))
    (hiding, showing), _ = greedy(one, 10)
    assert len(hiding) == len(showing) == 11
    falling = np.sort((x[0] * w).astype(float))[::-1]
    expected = (x[0] @ w) - np.concatenate([[0.0], np.cumsum(falling)])[points(one, 0, 10)]
    assert hiding == pytest.approx(expected, abs=1e-4)
