"""Which of two values each input takes, chosen by its bits: long passes over memory that stays in cache.

`np.where` with a short last axis runs its inner loop over a few values at a time, and makes a new array. Here a mask is
all ones or all zeros in every bit, so `(own AND mask) OR (other AND NOT mask)` keeps every value bit for bit, NaN and
-0.0 included, in two passes over one block that is kept between calls.
"""

from __future__ import annotations

from math import prod

import numpy as np


class Selector:
    """Blocks of values of one dtype, in memory of its own."""

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype
        fits = dtype.kind in "fiub" and dtype.itemsize in (1, 2, 4, 8)
        self._word = np.dtype(f"u{dtype.itemsize}") if fits else None
        self._memory = np.empty(0, dtype=dtype)

    def block(self, shape: tuple[int, ...]) -> np.ndarray:
        """An array of this shape with anything in it, valid until the next call."""
        size = prod(shape)
        if size > len(self._memory):
            self._memory = np.empty(size, dtype=self.dtype)
        return self._memory[:size].reshape(shape)

    def select(self, shown: np.ndarray, own: np.ndarray, other: np.ndarray, out: np.ndarray) -> None:
        """`out` becomes `own` where `shown` (bool) and `other` elsewhere; all broadcast against it, all of this dtype
        and contiguous in their last axis."""
        if self._word is None:
            np.copyto(out, other)
            np.copyto(out, own, where=shown)
            return
        mask = np.negative(shown.view(np.uint8).astype(self._word))
        kept = own.view(self._word) & mask
        words = out.view(self._word)
        np.bitwise_and(other.view(self._word), np.invert(mask, out=mask), out=words)
        np.bitwise_or(words, kept, out=words)
