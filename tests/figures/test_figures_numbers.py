from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditnn.figures.bullet import HEIGHT, WIDTH, bullet
from auditnn.figures.numbers import interval, percent, plain, show


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.12345, "number", "0.123"),
        (-0.12345, "number", "−0.123"),
        (9.996, "number", "10.0"),
        (0.0, "number", "0"),
        (1234567, "count", "1,234,567"),
        (3.0, "number", "3"),
        (1.5e-9, "number", "1.5 × 10⁻⁹"),
        (2.0e12, "number", "2 × 10¹²"),
        (0.1283, "probability", "12.8%"),
        (1.0, "probability", "100%"),
        (0.0, "probability", "0%"),
        (0.99996, "probability", "99.996%"),
        (0.9951, "probability", "99.5%"),
        (0.00004, "probability", "0.004%"),
        (-0.021, "points", "−2.10 points"),
        (1.25, "seconds", "1.25 s"),
        (math.inf, "number", "unbounded"),
        (None, "number", "–"),
    ],
)
def test_show(value: float | None, unit: str, said: str) -> None:
    assert show(value, unit) == said


def test_intervals() -> None:
    assert interval(0.121, 0.15, "probability") == "12.1% to 15.0%"
    assert interval(-0.1, 0.2, "points") == "−10.0 to 20.0 points"
    assert interval(None, None) == "unbounded"


@given(st.floats(min_value=1e-3, max_value=1e6))
def test_three_digits_are_close(value: float) -> None:
    said = plain(value).replace(",", "")
    assert float(said) == pytest.approx(value, rel=5.1e-3)


@given(st.floats(min_value=1e-6, max_value=1 - 1e-6))
def test_only_nothing_is_zero_and_only_all_is_all(value: float) -> None:
    assert percent(value) not in ("0%", "100%", "0.00%", "100.0%")


def parts(drawn: str) -> tuple[ElementTree.Element, list[ElementTree.Element]]:
    root = ElementTree.fromstring(drawn)
    return root, list(root)


@pytest.mark.parametrize(
    ("value", "limits"), [(0.3, (None, 0.1)), (0.05, (None, 0.1)), (0.5, (0.8, None)), (1.0, (0.5, 2.0))]
)
def test_the_value_stands_on_its_side_of_the_limit(value: float, limits: tuple[float | None, float | None]) -> None:
    _, drawn = parts(bullet(value, value - 0.02, value + 0.02, limits, status="fail", said="x"))
    circle = next(one for one in drawn if one.tag == "circle")
    lines = [float(one.attrib["x1"]) for one in drawn if one.attrib.get("stroke-width") == "1.5" and one.tag == "line"]
    at = float(circle.attrib["cx"])
    for limit, line in zip([one for one in limits if one is not None], lines, strict=True):
        assert (at > line) == (value > limit)


def test_an_open_end_runs_off_the_track() -> None:
    _, drawn = parts(bullet(0.5, None, 0.6, (None, 0.4), status="unsure", said="x"))
    line = next(one for one in drawn if one.attrib.get("stroke-width") == "3.5")
    assert float(line.attrib["x1"]) == 0.0


@given(
    st.floats(-1e6, 1e6), st.floats(0, 1e3), st.floats(0, 1e3), st.floats(-1e6, 1e6), st.sampled_from(["pass", "fail"])
)
def test_everything_is_on_the_canvas(value: float, below: float, above: float, limit: float, status: str) -> None:
    drawn = bullet(value, value - below, value + above, (None, limit), status=status, said="x")
    assert all(-0.1 <= float(x) <= WIDTH + 0.1 for x in re.findall(r' (?:x|x1|x2|cx)="([^"]+)"', drawn))
    assert f"0 0 {WIDTH} {HEIGHT}" in drawn
    assert "nan" not in drawn


def test_its_words_are_escaped() -> None:
    root, drawn = parts(bullet(1, 0, 2, (None, 1), status="pass", said='<b> "&'))
    assert root.attrib["aria-label"] == '<b> "&'
    assert drawn[0].text == '<b> "&'
