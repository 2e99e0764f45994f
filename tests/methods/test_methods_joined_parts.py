"""Parts of one method's work, put together: images whose numbers of units differ between parts, or within one."""

from __future__ import annotations

import numpy as np
import pytest

from auditnn.methods.attribution.result import Attribution, joined


def part(*units: int) -> Attribution:
    """One image for each number of units, cut into that many columns; each unit's value is its number plus one."""
    most = max(units)
    values = np.zeros((len(units), most, 1))
    segments = np.zeros((len(units), 2, 12), dtype=np.int64)
    for row, d in enumerate(units):
        values[row, :d, 0] = np.arange(d) + 1.0
        segments[row] = np.arange(12) * d // 12
    return Attribution(
        method="occlusion",
        units=tuple(map(str, range(most))),
        values=values,
        output=np.zeros((len(units), 1)),
        segments=segments,
        counts=None if len(set(units)) == 1 else np.array(units),
    )


@pytest.mark.parametrize("parts", [[(4, 4), (3, 4)], [(3, 4), (4, 4)], [(3, 3), (4, 4)], [(4, 4), (3, 3), (2, 4)]])
def test_rows_keep_their_own_units_however_the_parts_fall(parts: list[tuple[int, ...]]) -> None:
    whole = joined([part(*one) for one in parts])
    units = [d for one in parts for d in one]
    assert whole.counts is not None
    assert whole.counts.tolist() == units
    for row, d in enumerate(units):
        assert whole.values[row, :d, 0].tolist() == list(range(1, d + 1))
        assert not whole.values[row, d:].any()
        assert whole.segments is not None
        assert whole.segments[row].max() == d - 1


def test_there_are_no_counts_where_all_rows_have_as_many_units() -> None:
    assert joined([part(4, 4), part(4)]).counts is None
