"""Distinct values: counted or sorted, with the same answer and as Python's own values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from auditnn.subjects.groups import group_of
from auditnn.subjects.labels import distinct_values

RNG = np.random.default_rng(4)


@pytest.mark.parametrize(
    "values",
    [
        RNG.integers(-5, 5, 100),
        RNG.integers(0, 2, 100).astype(bool),
        RNG.integers(0, 200, 50).astype(np.uint8),
        RNG.integers(-(2**60), 2**60, 50),
        np.array([2**64 - 1, 2**64 - 2, 2**64 - 1], dtype=np.uint64),
        np.array([-(2**63), -(2**63) + 1]),
        np.array([0.5, 0.25, 0.5]),
        np.array([], dtype=np.int64),
    ],
    ids=["few", "bool", "uint8", "spread", "largest", "smallest", "fractions", "none"],
)
def test_distinct_values_are_those_of_a_sort(values: np.ndarray) -> None:
    found, codes = distinct_values(values)
    expected, inverse = np.unique(values, return_inverse=True)
    assert found == expected.tolist()
    assert [type(one) for one in found] == [type(one) for one in expected.tolist()]
    assert np.array_equal(codes, inverse)


@pytest.mark.parametrize("gap", [None, np.nan])
def test_texts_without_a_value_are_unknown_like_those_that_say_so(gap: Any) -> None:
    group = group_of("sex", np.array(["m", gap, "f", "unknown", "m"], dtype=object), None, "sex")
    assert group.levels == ("f", "m", "unknown")
    assert group.codes.tolist() == [1, 2, 0, 2, 1]
    assert group.codes.dtype == np.int32
