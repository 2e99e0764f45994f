from __future__ import annotations

import numpy as np
import pytest

from auditnn.core import subject
from auditnn.core.subject import Group, intersect, occurring


@pytest.mark.parametrize("most_cells", [0, 1 << 20])
@pytest.mark.parametrize("seed", range(5))
def test_an_intersection_has_the_combinations_that_occur_and_no_other(monkeypatch, most_cells, seed):
    monkeypatch.setattr(subject, "MOST_CELLS", most_cells)
    rng = np.random.default_rng(seed)
    first = Group(name="a", levels=("x", "y", "z"), codes=rng.integers(0, 3, 12).astype(np.int32))
    second = Group(name="b", levels=("p", "q"), codes=rng.integers(0, 2, 12).astype(np.int32))
    both = intersect((first, second))
    pairs = [(first.levels[i], second.levels[j]) for i, j in zip(first.codes, second.codes, strict=True)]
    assert both.where == tuple(sorted(set(pairs)))
    assert [both.where[code] for code in both.codes] == pairs
    assert both.name == "a & b"
    assert both.slice_of(0) == {
        "attribute": "a & b",
        "group": " & ".join(both.where[0]),
        "where": {"a": both.where[0][0], "b": both.where[0][1]},
    }


def test_values_that_occur_are_those_of_a_sort() -> None:
    rng = np.random.default_rng(0)
    for cells in (1, 7, 2**21):
        flat = rng.integers(0, cells, 50)
        present, codes = occurring(flat, cells)
        expected, inverse = np.unique(flat, return_inverse=True)
        assert np.array_equal(present, expected)
        assert np.array_equal(codes, inverse)
