from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditnn.figures.bullet import HEIGHT, WIDTH, bullet


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
