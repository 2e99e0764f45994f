"""How many rows have each combination of codes: one pass over the rows, and no row after that."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BLOCK = 1 << 16  # rows counted at a time: their codes stay in cache


def joint_counts(codes: Sequence[np.ndarray], sizes: Sequence[int]) -> np.ndarray:
    """How many rows have each combination of codes: shape `sizes`, int64.

    `codes` are integer arrays (n,) with values in 0..size-1; ValueError otherwise. One `numpy.bincount` over blocks
    of rows; memory grows with the product of `sizes`, not with n.

    >>> joint_counts([np.array([0, 1, 1]), np.array([0, 1, 1])], (2, 2)).tolist()
    [[1, 0], [0, 2]]
    """
    codes = [np.asarray(one) for one in codes]
    _check_codes(codes, sizes)
    cells = int(np.prod(sizes, dtype=np.int64))
    n = len(codes[0])
    total = np.zeros(cells, dtype=np.int64)
    step = max(BLOCK, cells)  # a block smaller than its table would spend its time adding tables
    for start in range(0, n, step):
        flat = codes[0][start : start + step].astype(np.int64)
        for one, size in zip(codes[1:], sizes[1:], strict=True):
            flat *= size
            flat += one[start : start + step]
        total += np.bincount(flat, minlength=cells)
    return total.reshape(tuple(sizes))


def _check_codes(codes: Sequence[np.ndarray], sizes: Sequence[int]) -> None:
    for one, size in zip(codes, sizes, strict=True):
        if one.shape != codes[0].shape or one.ndim != 1:
            raise ValueError(f"codes of one length, got shapes {[each.shape for each in codes]}")
        if one.dtype != bool and not np.issubdtype(one.dtype, np.integer):
            raise ValueError(f"integer codes, got {one.dtype}")
        if len(one) and (int(one.min()) < 0 or int(one.max()) >= size):
            raise ValueError(f"codes in 0..{size - 1}, got {int(one.min())}..{int(one.max())}")
