"""Which simple slices of the rows have a higher loss? Counting over integer codes; no row is visited twice a pair.

A column has codes 0..size-1 and *conditions*, ranges of its codes. A candidate slice is one condition, or one of each
of two columns. Arrays: n rows, c conditions of a column, m candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import special

from auditnn.kernels.intervals import newcombe_bounds

LEVEL = 0.05  # one-sided error shared by all candidates with as many conditions


@dataclass(frozen=True, slots=True)
class Coded:
    """One column: `codes` (n,) in 0..size-1; condition i holds where `first[i] <= code <= last[i]`."""

    codes: np.ndarray
    size: int
    first: np.ndarray
    last: np.ndarray

    def holds(self, condition: int) -> np.ndarray:
        """Where a condition holds, shape (n,)."""
        held: np.ndarray = (self.codes >= self.first[condition]) & (self.codes <= self.last[condition])
        return held


@dataclass(frozen=True, slots=True)
class Found:
    """One slice: its conditions as (column, condition), and what the rows that it was found on say."""

    conditions: tuple[tuple[int, int], ...]
    rows: int
    inside: float
    outside: float


@dataclass(frozen=True, slots=True)
class Sums:
    """Rows, summed losses and summed squared losses, each of shape (m,) or one number."""

    rows: np.ndarray
    total: np.ndarray
    squares: np.ndarray

    def __sub__(self, other: Sums) -> Sums:
        return Sums(self.rows - other.rows, self.total - other.total, self.squares - other.squares)

    def at(self, positions: np.ndarray) -> Sums:
        """Those of some candidates."""
        return Sums(self.rows[positions], self.total[positions], self.squares[positions])


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidate i lies in block k where `starts[k] <= i < starts[k + 1]`. A block is a column, or a pair of columns;
    `first` and `second` (m,) are the conditions, `second` without meaning in a block of one column. Blocks of one
    column come first, and are those of the first `singles` candidates."""

    blocks: Sequence[tuple[int, ...]]
    starts: np.ndarray
    first: np.ndarray
    second: np.ndarray
    singles: int

    def __len__(self) -> int:
        return len(self.first)

    def conditions(self, candidate: int) -> tuple[tuple[int, int], ...]:
        """One candidate as (column, condition)."""
        block = self.blocks[int(np.searchsorted(self.starts, candidate, side="right")) - 1]
        pair = (int(self.first[candidate]), int(self.second[candidate]))
        return tuple(zip(block, pair, strict=False))


def slice_mask(columns: Sequence[Coded], conditions: Sequence[tuple[int, int]]) -> np.ndarray:
    """Where all conditions hold, shape (n,)."""
    mask = np.ones(len(columns[0].codes), dtype=bool)
    for column, condition in conditions:
        mask &= columns[column].holds(condition)
    return mask


def weak_slices(
    columns: Sequence[Coded], loss: np.ndarray, *, least: int, most: int, paired: int, overlap: float
) -> list[Found]:
    """At most `most` slices with a higher mean loss (n,) than the other rows, most certain first.

    Candidates hold between `least` rows and half of all; pairs are formed of the `paired` columns that separate the
    losses most. In a pair both conditions have to earn their place: where the one holds, the loss is higher with the
    other than without it, by a lower bound that is simultaneous (Bonferroni) over all single conditions. Candidates are
    ranked by a lower bound of mean loss inside minus outside, simultaneous over those with as many conditions. The
    first is taken in any case. A further one needs something of its own: at most the share `overlap` of its rows is in
    slices taken before, and what is left of it still errs more than the other rows that are left, by a lower bound for
    one slice alone. Boolean losses are counted and bounded as Newcombe does, others by the normal approximation.

    Cost: a few `numpy.bincount` over the rows for each pair of columns, none for each candidate.
    """
    counter = _Counter(columns, loss)
    candidates, sums = counter.candidates(paired, least)
    z = np.full(len(candidates), _critical(len(candidates) - candidates.singles))
    z[: candidates.singles] = _critical(candidates.singles)
    inside, outside = counter.means(sums)
    rank, (alive,) = counter.lower_bound(sums, z), np.nonzero((inside > outside) & counter.earned(candidates, sums))
    left, whole, taken = sums.at(alive), counter.all, np.zeros(len(loss), dtype=bool)
    found: list[Found] = []
    while len(alive) and len(found) < most:
        best = int(alive[np.argmax(rank[alive])])
        conditions = candidates.conditions(best)
        found.append(Found(conditions, int(sums.rows[best]), float(inside[best]), float(outside[best])))
        fresh = np.flatnonzero(slice_mask(columns, conditions) & ~taken)
        taken[fresh] = True
        left, whole = left - counter.held(candidates, alive, fresh), whole - counter.whole(fresh)
        n = sums.rows[alive]
        (kept,) = np.nonzero((n - left.rows <= overlap * n) & (left.rows > 1) & (whole.rows - left.rows > 1))
        kept = kept[counter.lower_bound(left.at(kept), _critical(1), whole) > 0.0]
        alive, left = alive[kept], left.at(kept)
    return found


def _critical(candidates: int) -> float:
    return float(-special.ndtri(LEVEL / max(1, candidates)))


class _Counter:
    """Sums over rows for every condition and every pair of conditions."""

    def __init__(self, columns: Sequence[Coded], loss: np.ndarray) -> None:
        self.columns, self.counted = columns, loss.dtype == bool
        self.center = 0.0 if self.counted else float(loss.mean())
        self.loss = loss if self.counted else loss - self.center
        self.all = self.whole(np.arange(len(loss)))
        self.alone: list[Sums] = []  # of every condition of every column

    def whole(self, rows: np.ndarray) -> Sums:
        """Over all rows at these positions."""
        loss = self.loss[rows]
        return Sums(np.asarray(len(rows)), np.asarray(loss.sum()), np.asarray((loss.astype(float) ** 2).sum()))

    def candidates(self, paired: int, least: int) -> tuple[Candidates, Sums]:
        """All candidates with enough rows and not too many, and their sums (m,)."""
        every = np.arange(int(self.all.rows))
        scores = np.zeros(len(self.columns))
        parts: list[tuple[np.ndarray, ...]] = []
        alone: list[list[np.ndarray]] = []
        for i, column in enumerate(self.columns):
            tables = self._tables(column.codes, column.size, every)
            scores[i] = self._separation(*tables[:2])
            grids = [_ranges(table, column.first, column.last) for table in tables]
            (kept,) = np.nonzero(self._sized(grids[0], least))
            parts.append((kept, kept, *(grid[kept] for grid in grids)))
            alone.append(grids)
        singles = sum(len(part[0]) for part in parts)
        chosen = np.sort(np.argsort(-scores, kind="stable")[:paired]).tolist()
        codes = {i: self.columns[i].codes.astype(np.intp) for i in chosen}
        pairs = list(combinations(chosen, 2))
        for i, j in pairs:
            one, two = self.columns[i], self.columns[j]
            tables = self._tables(codes[i] * two.size + codes[j], one.size * two.size, every)
            grids = [_rectangles(table.reshape(one.size, two.size), one, two) for table in tables]
            first, second = np.nonzero(self._sized(grids[0], least))
            parts.append((first, second, *(grid[first, second] for grid in grids)))
        starts = np.cumsum([0, *(len(part[0]) for part in parts)])
        first, second, *sums = (np.concatenate(each) for each in zip(*parts, strict=True))
        blocks = [*((i,) for i in range(len(self.columns))), *pairs]
        self.alone = [Sums(grids[0], grids[1], grids[-1]) for grids in alone]
        return Candidates(blocks, starts, first, second, singles), Sums(sums[0], sums[1], sums[-1])

    def earned(self, candidates: Candidates, sums: Sums) -> np.ndarray:
        """Whether each condition of a pair raises the loss where the other one holds, shape (m,); True for single
        conditions."""
        raised = np.ones(len(candidates), dtype=bool)
        z = _critical(candidates.singles)
        for block, start, stop in zip(candidates.blocks, candidates.starts, candidates.starts[1:], strict=False):
            if len(block) == 1 or start == stop:
                continue
            both = sums.at(np.arange(start, stop))
            for column, conditions in zip(block, (candidates.first, candidates.second), strict=True):
                one = self.alone[column].at(conditions[start:stop])
                (apart,) = np.nonzero(one.rows - both.rows > 1)
                higher = np.zeros(stop - start, dtype=bool)
                higher[apart] = self.lower_bound(both.at(apart), z, one.at(apart)) > 0.0
                raised[start:stop] &= higher
        return raised

    def held(self, candidates: Candidates, asked: np.ndarray, rows: np.ndarray) -> Sums:
        """What of these rows (positions) each candidate in `asked` (ascending) holds, shapes of `asked`."""
        within = [column.codes[rows].astype(np.intp) for column in self.columns]
        ends = np.searchsorted(asked, candidates.starts)
        parts: list[list[np.ndarray]] = []
        for block, start, stop in zip(candidates.blocks, ends, ends[1:], strict=False):
            if start == stop:
                continue
            mine = asked[start:stop]
            one = self.columns[block[0]]
            low, high = one.first[candidates.first[mine]], one.last[candidates.first[mine]] + 1
            if len(block) == 1:
                tables = self._tables(within[block[0]], one.size, rows)
                parts.append([_summed(table)[high] - _summed(table)[low] for table in tables])
                continue
            two = self.columns[block[1]]
            left, right = two.first[candidates.second[mine]], two.last[candidates.second[mine]] + 1
            flat = within[block[0]] * two.size + within[block[1]]
            tables = self._tables(flat, one.size * two.size, rows)
            corners = [_summed(table.reshape(one.size, two.size)) for table in tables]
            parts.append([c[high, right] - c[low, right] - c[high, left] + c[low, left] for c in corners])
        sums = [np.concatenate(each) for each in zip(*parts, strict=True)]
        return Sums(sums[0], sums[1], sums[-1])

    def _sized(self, rows: np.ndarray, least: int) -> np.ndarray:
        return (rows >= least) & (rows <= int(self.all.rows) // 2)

    def means(self, sums: Sums) -> tuple[np.ndarray, np.ndarray]:
        """Mean loss of candidates and of all rows outside them, shapes (m,)."""
        others = self.all - sums
        return sums.total / sums.rows + self.center, others.total / others.rows + self.center

    def lower_bound(self, sums: Sums, z: np.ndarray | float, whole: Sums | None = None) -> np.ndarray:
        """Lower bound at critical value `z` of mean loss inside minus outside, shape (m,)."""
        others = (self.all if whole is None else whole) - sums
        if self.counted:
            return newcombe_bounds(sums.total, sums.rows, others.total, others.rows, z)[0]
        inside, outside = sums.total / sums.rows, others.total / others.rows
        own = np.maximum(sums.squares - sums.total * inside, 0.0) / (sums.rows - 1)
        other = np.maximum(others.squares - others.total * outside, 0.0) / (others.rows - 1)
        return inside - outside - z * np.sqrt(own / sums.rows + other / others.rows)

    def _tables(self, flat: np.ndarray, size: int, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        """Rows, summed losses and summed squared losses of each code; counted losses are their own squares, and come
        once."""
        counts, loss = np.bincount(flat, minlength=size), self.loss[rows]
        if self.counted:
            return counts, np.bincount(flat[loss], minlength=size)
        total = np.bincount(flat, weights=loss, minlength=size)
        return counts, total, np.bincount(flat, weights=loss**2, minlength=size)

    def _separation(self, rows: np.ndarray, total: np.ndarray) -> float:
        """Mean square of the losses' means between codes: how much this column alone tells of the loss."""
        seen = rows > 0
        apart = total[seen] / rows[seen] - float(self.all.total) / float(self.all.rows)
        return float((rows[seen] * apart**2).sum() / max(1, int(seen.sum()) - 1))


def _ranges(table: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The table's sum over each range of codes, shape (c,)."""
    summed = _summed(table)
    difference: np.ndarray = summed[last + 1] - summed[first]
    return difference


def _rectangles(table: np.ndarray, one: Coded, two: Coded) -> np.ndarray:
    """The table's sum over each pair of ranges, shape (c of one, c of two)."""
    corner = _summed(table)
    strip = corner[one.last + 1] - corner[one.first]
    sums: np.ndarray = strip[:, two.last + 1] - strip[:, two.first]
    return sums


def _summed(table: np.ndarray) -> np.ndarray:
    """Sums over all cells before and above, with a border of zeros; of one or two dimensions."""
    corner = np.zeros([size + 1 for size in table.shape], dtype=table.dtype)
    inner = corner[(slice(1, None),) * table.ndim]
    np.cumsum(table, axis=0, out=inner)
    if table.ndim == 2:
        np.cumsum(inner, axis=1, out=inner)
    return corner
