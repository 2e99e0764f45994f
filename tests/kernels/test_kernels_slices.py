"""The search for weak slices against one that looks at every candidate's rows, one after the other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import special

from auditnn.kernels.intervals import newcombe_bounds
from auditnn.kernels.slices import Coded, slice_mask, weak_slices


def coded(codes: np.ndarray, size: int, ranges: bool) -> Coded:
    """Every single code as a condition, or every range of codes but the whole."""
    pairs = [(i, j) for i in range(size) for j in range(i, size) if (ranges and j - i < size - 1) or i == j]
    first, last = (np.array(part) for part in zip(*pairs, strict=True))
    return Coded(codes, size, first, last)


def columns(rng: np.random.Generator, n: int) -> list[Coded]:
    return [
        coded(rng.integers(0, 5, n), 5, ranges=True),
        coded(rng.integers(0, 3, n), 3, ranges=False),
        coded(rng.choice(4, n, p=[0.7, 0.2, 0.05, 0.05]), 4, ranges=True),
        coded(np.zeros(n, int), 2, ranges=False),
    ]


def critical(candidates: int) -> float:
    return float(-special.ndtri(0.05 / max(1, candidates)))


def lower_bound(loss: np.ndarray, inside: np.ndarray, among: np.ndarray, z: float) -> float:
    """Of mean loss in `inside` minus that of the others, both within `among`."""
    one, two = loss[inside & among], loss[~inside & among]
    if loss.dtype == bool:
        return float(newcombe_bounds(one.sum(), len(one), two.sum(), len(two), z)[0])
    return one.mean() - two.mean() - z * np.sqrt(one.var(ddof=1) / len(one) + two.var(ddof=1) / len(two))


def raises(loss: np.ndarray, both: np.ndarray, one: np.ndarray, z: float) -> bool:
    return bool((one & ~both).sum() > 1) and lower_bound(loss, both, one, z) > 0


def plainly(table: list[Coded], loss: np.ndarray, least: int, most: int, overlap: float) -> list[dict]:
    """The same search, row by row."""
    n, everyone = len(loss), np.ones(len(loss), bool)
    names = [((i, k),) for i, one in enumerate(table) for k in range(len(one.first))]
    names += [
        ((i, k), (j, m))
        for i, j in combinations(range(len(table)), 2)
        for k in range(len(table[i].first))
        for m in range(len(table[j].first))
    ]
    masks = {name: np.logical_and.reduce([table[i].holds(k) for i, k in name]) for name in names}
    masks = {name: mask for name, mask in masks.items() if least <= mask.sum() <= n // 2}
    sizes = [sum(len(name) == size for name in masks) for size in (1, 2)]
    rank = {name: lower_bound(loss, mask, everyone, critical(sizes[len(name) - 1])) for name, mask in masks.items()}
    alive = {
        name
        for name, mask in masks.items()
        if loss[mask].mean() > loss[~mask].mean()
        and (len(name) == 1 or all(raises(loss, mask, table[i].holds(k), critical(sizes[0])) for i, k in name))
    }
    left, found = everyone.copy(), []
    while alive and len(found) < most:
        best = max((name for name in masks if name in alive), key=lambda name: rank[name])
        mask = masks[best]
        found.append({"name": best, "rows": mask.sum(), "inside": loss[mask].mean(), "outside": loss[~mask].mean()})
        left &= ~mask
        alive = {
            name
            for name in alive
            if (masks[name] & ~left).sum() <= overlap * masks[name].sum()
            and (masks[name] & left).sum() > 1
            and (~masks[name] & left).sum() > 1
            and lower_bound(loss, masks[name], left, critical(1)) > 0
        }
    return found


@pytest.mark.parametrize("counted", [True, False], ids=["errors", "absolute errors"])
@pytest.mark.parametrize("seed", range(6))
def test_the_same_slices_as_row_by_row(seed: int, counted: bool) -> None:
    rng = np.random.default_rng(seed)
    table = columns(rng, 1200)
    weak = [table[0].codes >= 3, table[1].codes == 1, (table[0].codes == 0) & (table[2].codes == 1)]
    chance = 0.1 + 0.2 * np.sum(weak, axis=0)
    loss = rng.random(1200) < chance if counted else rng.exponential(chance)
    found = weak_slices(table, loss, least=20, most=6, paired=9, overlap=0.5)
    expected = plainly(table, loss, least=20, most=6, overlap=0.5)
    assert [one.conditions for one in found] == [one["name"] for one in expected]
    assert len(found) >= 2
    for one, other in zip(found, expected, strict=True):
        assert one.rows == other["rows"]
        assert one.inside == pytest.approx(other["inside"])
        assert one.outside == pytest.approx(other["outside"])


def test_sizes_are_kept() -> None:
    rng = np.random.default_rng(1)
    table, loss = columns(rng, 500), rng.random(500) < 0.3
    for one in weak_slices(table, loss, least=60, most=10, paired=9, overlap=1.0):
        assert 60 <= one.rows <= 250
        assert one.rows == slice_mask(table, one.conditions).sum()
        assert one.inside > one.outside


def test_pairs_only_of_the_columns_that_separate_most() -> None:
    rng = np.random.default_rng(2)
    table = columns(rng, 2000)
    loss = rng.random(2000) < 0.1 + 0.3 * (table[0].codes >= 3) + 0.3 * (table[1].codes == 0)
    for paired in (0, 1):
        found = weak_slices(table, loss, least=20, most=10, paired=paired, overlap=1.0)
        assert all(len(one.conditions) == 1 for one in found)
    found = weak_slices(table, loss, least=20, most=10, paired=2, overlap=1.0)
    assert {tuple(i for i, _ in one.conditions) for one in found} <= {(0,), (1,), (2,), (3,), (0, 1)}
    assert found[0].conditions[-1][0] == 1


def test_nothing_to_find() -> None:
    rng = np.random.default_rng(3)
    table = columns(rng, 300)
    assert weak_slices(table, np.zeros(300, bool), least=20, most=10, paired=9, overlap=0.5) == []
    assert weak_slices(table, rng.random(300) < 0.5, least=151, most=10, paired=9, overlap=0.5) == []
    assert weak_slices(table, np.full(300, 2.5), least=20, most=10, paired=9, overlap=0.5) == []
