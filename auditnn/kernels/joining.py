"""Arrays of several chunks of rows, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def join_rows(parts: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Arrays by name, the row first, joined; where chunks differ in another dimension, filled up with zeros.

    >>> join_rows([{"a": np.ones((1, 2))}, {"a": np.ones((1, 3))}])["a"].tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]
    """
    if not parts:
        return {}
    return {name: _joined([np.asarray(part[name]) for part in parts]) for name in parts[0]}


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) == 1:
        return np.concatenate(arrays)
    widest = tuple(max(sizes) for sizes in zip(*shapes, strict=True))
    whole = np.zeros((sum(map(len, arrays)), *widest), dtype=np.result_type(*arrays))
    done = 0
    for array in arrays:
        whole[(slice(done, done + len(array)), *map(slice, array.shape[1:]))] = array
        done += len(array)
    return whole
