"""Rows are the same exactly where all of their features or pixels are."""

from __future__ import annotations

import numpy as np

from auditnn.core.rows import Feature, Images, Table
from auditnn.subjects.identity import row_digests, same_as


def test_equal_rows() -> None:
    features = (Feature(name="x", kind="numeric"), Feature(name="c", kind="categorical", categories=("a", "b")))
    columns = {"x": np.array([0.0, -0.0, np.nan, -np.nan, 1.0]), "c": np.array([0, 0, -1, -1, 1], dtype=np.int32)}
    digests = row_digests(Table(features=features, columns=columns, length=5))
    assert digests is not None
    assert same_as(digests).tolist() == [0, 0, 2, 2, 4]
    pixels = np.zeros((3, 1, 2, 2), dtype=np.float32)
    pixels[1, 0, 1, 1] = 1e-7
    images = row_digests(Images(pixels=pixels))
    assert images is not None
    assert same_as(images).tolist() == [0, 1, 0]
