"""Which rows are the same: a digest per row, and codes that are equal exactly where rows are equal."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from auditnn.core.rows import Rows


def row_digests(rows: Rows) -> np.ndarray:
    """A 128-bit digest of each row, shape (n,), equal where all features (or pixels) are equal, missing included.

    Two tables are comparable where their features are equal.
    """
    digests = b"".join(blake2b(row, digest_size=16).digest() for row in rows.contents())
    return np.frombuffer(digests, dtype="V16")


def same_as(digests: np.ndarray) -> np.ndarray:
    """The position of the first row with the same digest, shape (n,).

    >>> same_as(np.array([3, 5, 3, 5, 1]))
    array([0, 1, 0, 1, 4])
    """
    _, first, inverse = np.unique(digests, return_index=True, return_inverse=True)
    return np.asarray(first[inverse])
