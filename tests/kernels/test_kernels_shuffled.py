"""Dealing values to other rows: the plain mean, and intervals that hold the population's importance."""

from __future__ import annotations

import numpy as np
import pytest

from auditnn.analyzers.measures import estimated
from auditnn.kernels.shuffled import both_sides, explained_share_drop, mean_loss_increase

SLOPE, NOISE = 0.8, 1.0
TRUE_INCREASE = 2 * SLOPE**2  # of the squared error, for x of variance 1
TRUE_DROP = TRUE_INCREASE / (SLOPE**2 + NOISE**2)


def sides(n: int, repeats: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """y = SLOPE x + noise, predicted by SLOPE x; x dealt to other rows."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = SLOPE * x + NOISE * rng.normal(size=n)
    dealt = np.stack([rng.permutation(n) for _ in range(repeats)])
    change = (y - SLOPE * x[dealt]) ** 2 - (y - SLOPE * x) ** 2
    return *both_sides(change, dealt), y


def test_givers_are_counted_where_their_value_went() -> None:
    change = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    dealt = np.array([[1, 2, 0], [0, 1, 2]])
    receiver, giver = both_sides(change, dealt)
    assert receiver.tolist() == [5.5, 11.0, 16.5]
    assert giver.tolist() == [(3 + 10) / 2, (1 + 20) / 2, (2 + 30) / 2]


@pytest.mark.parametrize("repeats", [1, 10])
@pytest.mark.parametrize("drop", [False, True])
def test_the_interval_holds_the_importance_of_the_population(repeats: int, drop: bool) -> None:
    held = 0
    for seed in range(400):
        receiver, giver, y = sides(150, repeats, seed)
        found = explained_share_drop(receiver, giver, y) if drop else mean_loss_increase(receiver, giver)
        one = estimated("a.b/c", found)
        assert one.low is not None
        assert one.high is not None
        held += one.low <= (TRUE_DROP if drop else TRUE_INCREASE) <= one.high
    assert 0.93 <= held / 400 <= 0.995


def test_receivers_alone_would_miss_it_too_often() -> None:
    """What the giving rows add to the error is not small: without it the interval fails its promise."""
    held = 0
    for seed in range(400):
        receiver, _, _ = sides(150, 10, seed)
        half = 1.96 * receiver.std(ddof=1) / np.sqrt(len(receiver))
        held += abs(receiver.mean() - TRUE_INCREASE) <= half
    assert held / 400 < 0.93


def test_too_little_to_say_anything() -> None:
    assert mean_loss_increase(np.zeros(1), np.zeros(1)).value is None
    same = explained_share_drop(np.zeros(3), np.zeros(3), np.ones(3))
    assert same.value is None
    assert "same value" in (same.reason or "")
    still = mean_loss_increase(np.zeros(5), np.zeros(5))
    assert (still.value, still.basis["se"]) == (0.0, 0.0)
