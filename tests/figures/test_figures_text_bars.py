"""Bars of letters: lengths in proportion, signs told by the pattern and in the number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditnn.figures.text_bars import EIGHTHS, bars


def length(line: str) -> float:
    """How long the bar of a line is; below zero for a hatched one."""
    return sum(EIGHTHS.index(sign) / 8 for sign in line if sign in EIGHTHS[1:]) - line.count("░")


def test_lengths_are_in_proportion_and_show_their_sign() -> None:
    values = [1.0, 0.5, -0.25, 0.01, -1.0]
    lines = bars(list("abcde"), values, 60)
    longest = length(lines[0])
    assert longest > 30
    for line, value in zip(lines, values, strict=True):
        assert length(line) == pytest.approx(longest * value, abs=0.51)
        assert ("+" in line, "−" in line) == (value > 0, value < 0)


@given(st.lists(st.tuples(st.sampled_from(["a", "b" * 90, "ä c"]), st.floats(-1e6, 1e6)), max_size=8))
def test_a_line_for_each_and_all_within_the_width(rows: list[tuple[str, float]]) -> None:
    lines = bars([label for label, _ in rows], [value for _, value in rows], 100)
    assert len(lines) == len(rows)
    assert all(len(line) <= 100 for line in lines)


def test_nothing_and_zeros() -> None:
    assert bars([], []) == []
    assert [length(line) for line in bars(["a", "b"], [0.0, 0.0])] == [0.0, 0.0]
