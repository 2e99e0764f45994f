"""k-medoids against planted clusters, brute force, and rows that are equal."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditnn.kernels.medoids import k_medoids


def cost(points: np.ndarray, medoids: np.ndarray) -> float:
    """The sum of distances from each point to its nearest medoid, by the definition."""
    return float(sum(min(np.linalg.norm(point - points[medoid]) for medoid in medoids) for point in points))


def test_planted_clusters_are_found_at_their_middles() -> None:
    centers = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0], [70.0, 70.0]])
    cross = np.array([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    points = (centers[:, None] + cross).reshape(-1, 2)
    order = np.random.default_rng(3).permutation(len(points))
    for seed in range(5):
        found = points[order][k_medoids(points[order], 4, np.random.default_rng(seed))]
        assert sorted(map(tuple, found)) == sorted(map(tuple, centers))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_no_medoid_can_be_moved_within_its_cluster_to_lower_the_cost(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(9, 2))
    found = k_medoids(points, k, rng)
    least = min(cost(points, np.array(some)) for some in combinations(range(9), k))
    assert cost(points, found) >= least - 1e-12
    clusters = np.argmin(np.linalg.norm(points[:, None] - points[found], axis=2), axis=1)
    for i, medoid in enumerate(found):
        members = points[clusters == i]
        own = np.linalg.norm(members - points[medoid], axis=1).sum()
        assert all(own <= np.linalg.norm(members - other, axis=1).sum() + 1e-9 for other in members)
    if k == 1:
        assert cost(points, found) == pytest.approx(least)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 3))
def test_equal_points_still_give_k_different_positions(seed: int, n: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.integers(0, levels, (n, 2)).astype(float) * 1e6
    k = int(rng.integers(1, n + 1))
    found = k_medoids(points, k, rng)
    assert len(np.unique(found)) == k
    assert found.min() >= 0
    assert found.max() < n
    distinct = len(np.unique(points, axis=0))
    assert len(np.unique(points[found], axis=0)) == min(k, distinct)


def test_the_same_stream_gives_the_same_medoids() -> None:
    points = np.random.default_rng(0).normal(size=(300, 4))
    first, second = (k_medoids(points, 20, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(first, second)
    sample = np.random.default_rng(2).permutation(300)[:20]
    assert cost(points, first) < 0.9 * cost(points, sample)
