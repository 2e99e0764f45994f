"""k-medoids: the rows that stand best for all rows."""

from __future__ import annotations

import numpy as np

ROUNDS = 30


def k_medoids(points: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Positions (k,), ascending, of `k` of the `points` (n, p) such that every point is near one of them, k <= n.

    Alternates between giving each point to its nearest medoid and moving each medoid to the member of its cluster with
    the smallest sum of Euclidean distances to the others (Park & Jun 2009), from a k-means++ start, until nothing
    changes. All distances are held: n^2 numbers. Points may be equal; the positions differ.

    >>> k_medoids(np.array([[0.0], [1.0], [2.0], [50.0], [51.0], [52.0]]), 2, np.random.default_rng(0)).tolist()
    [1, 4]
    """
    distances = _distances(points)
    medoids = _start(distances, k, rng)
    for _ in range(ROUNDS):
        cluster = np.argmin(distances[:, medoids], axis=1)
        cluster[medoids] = np.arange(k)  # a medoid stays with itself where another is equal to it
        moved = medoids.copy()
        for i in range(k):
            members = np.flatnonzero(cluster == i)
            sums = distances[np.ix_(members, members)].sum(axis=1)
            best = members[np.argmin(sums)]
            if sums.min() < sums[members == medoids[i]][0]:
                moved[i] = best
        if np.array_equal(moved, medoids):
            break
        medoids = moved
    return np.sort(medoids)


def _start(distances: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """k-means++: each next medoid with a chance that grows with the squared distance to those before it."""
    n = len(distances)
    medoids = [int(np.argmin(distances.sum(axis=1)))]
    nearest = distances[medoids[0]].copy()
    for _ in range(1, k):
        chance = nearest**2
        chance[medoids] = 0.0
        if not chance.any():  # only equals of medoids are left
            chance = np.ones(n)
            chance[medoids] = 0.0
        medoids.append(int(rng.choice(n, p=chance / chance.sum())))
        nearest = np.minimum(nearest, distances[medoids[-1]])
    return np.array(medoids)


def _distances(points: np.ndarray) -> np.ndarray:
    """Euclidean distances (n, n); exactly 0 on the diagonal."""
    points = np.asarray(points, dtype=np.float64)
    points = points - points.mean(axis=0)
    squares = np.einsum("ij,ij->i", points, points)
    distances: np.ndarray = squares[:, None] + squares - 2.0 * (points @ points.T)
    np.maximum(distances, 0.0, out=distances)
    np.fill_diagonal(distances, 0.0)
    return np.sqrt(distances, out=distances)
