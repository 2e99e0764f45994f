"""Every kind of exhibit becomes a valid figure that holds every row."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import altair as alt
import pytest
import vl_convert

from auditnn.core.exhibit import Exhibit
from auditnn.figures.draw import FORMS, draw, drawable, form_of
from auditnn.figures.reading import read, read_categories, turned, unit_of
from auditnn.figures.static import svg
from auditnn.figures.theme import SERIES, WIDE, WIDTH, Color, pairs

NAMES = ["a", "b & c", "<d>", "Größe"]


def exhibit(kind: str, columns: dict[str, list[Any]], **roles: Any) -> Exhibit:
    return Exhibit(id=f"x.y/{kind}", kind=kind, title="A title", summary="A summary.", columns=columns, roles=roles)  # type: ignore[arg-type]


EXHIBITS = {
    "bars": exhibit("bars", {"name": NAMES, "rows": [4, 3, 2, None]}, label="name", value="rows"),
    "bars, two series": exhibit(
        "bars",
        {"class": ["x", "y"] * 2, "rows": [1, 2, 3, 4], "split": ["test", "test", "train", "train"]},
        x="class",
        y="rows",
        series="split",
    ),
    "intervals": exhibit(
        "intervals",
        {"g": NAMES, "v": [0.1, 0.2, 0.3, 0.4], "l": [0.0, None, 0.2, 0.3], "h": [0.2, 0.4, None, 0.5]},
        label="g",
        value="v",
        low="l",
        high="h",
        reference=0.25,
    ),
    "intervals, many series": exhibit(
        "intervals",
        {
            "group": ["f"] * 3 + ["m"] * 3,
            "rate": ["one", "two", "three"] * 2,
            "v": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
            "l": [0.0] * 6,
            "h": [0.9] * 6,
        },
        y="group",
        x="v",
        low="l",
        high="h",
        series="rate",
    ),
    "curve": exhibit(
        "curve",
        {"s": [0.1, 0.5, 0.9], "r": [0.2, 0.4, 0.8], "l": [0.1, 0.3, 0.7], "h": [0.3, 0.5, 0.9]},
        x="s",
        y="r",
        low="l",
        high="h",
        reference="diagonal",
    ),
    "curve over names": exhibit("curve", {"step": ["one", "two"], "r": [1.0, 2.0]}, x="step", y="r", reference=1.5),
    "points": exhibit(
        "points",
        {"a": [1.0, 2.0, math.nan], "b": [3, 4, 5], "c": ["m", "f", "m"]},
        x="a",
        y="b",
        series="c",
        reference="diagonal",
    ),
    "heatmap": exhibit(
        "heatmap",
        {"p": NAMES * 2, "t": ["x"] * 4 + ["y"] * 4, "n": [5, 0, 1, 2, 3, 4, 9, None]},
        x="p",
        y="t",
        value="n",
    ),
    "heatmap of both signs": exhibit(
        "heatmap", {"p": NAMES, "t": NAMES, "n": [-0.5, 0.0, 0.1, 0.4]}, x="p", y="t", value="n"
    ),
    "beeswarm": exhibit(
        "points",
        {"v": [0.5, -0.25, 0.1, 0.0], "name": [*NAMES[:3], "a"], "place": [0.0, 0.5, 1.0, None]},
        x="v",
        y="name",
        color="place",
    ),
    "points, shaded": exhibit(
        "points", {"a": [1.0, 2.0, 3.0], "b": [3, 4, 5], "c": [10.0, 20.0, None]}, x="a", y="b", color="c"
    ),
    "waterfall": exhibit(
        "bars",
        {"name": NAMES, "from": [1.0, 3.0, 2.5, 2.5], "to": [3.0, 2.5, 2.5, 2.0]},
        label="name",
        start="from",
        end="to",
    ),
    "bars of both signs": exhibit(
        "bars",
        {"name": ["a", "b"] * 2, "w": [0.5, -0.4, 0.6, -0.1], "by": ["SHAP", "SHAP", "LIME", "LIME"]},
        label="name",
        value="w",
        series="by",
    ),
    "curve with lines behind": exhibit(
        "curve",
        {
            "x": [0, 1, 0, 1, 0, 1],
            "y": [0.0, 2.0, 1.0, 1.0, 0.5, 1.5],
            "l": [None] * 4 + [0.4, 1.4],
            "h": [None] * 4 + [0.6, 1.6],
            "row": ["7", "7", "9", "9", None, None],
        },
        x="x",
        y="y",
        low="l",
        high="h",
        detail="row",
    ),
    "images in a grid": exhibit(
        "images",
        {
            "im": [[[0.0, 1.0], [0.5, 0.25]]] * 4,
            "heat": [None, [[1.0, -0.5], [0.0, 0.25]], None, [[0.0, 0.0], [0.0, 0.0]]],
            "mask": [None, [[1, 0], [0, 0]], None, None],
            "row": ["first", "first", "second", "second"],
            "how": ["input", "a method", "input", "a method"],
            "l": ["", "0.5", "", ""],
        },
        image="im",
        heat="heat",
        outline="mask",
        row="row",
        column="how",
        label="l",
    ),
    "images": exhibit("images", {"im": [[[0.0, 1.0], [0.5, 0.25]]] * 3, "l": ["1", "2", "3"]}, image="im", label="l"),
    "spans": exhibit("spans", {"t": ["good", "bad", "x" * 99], "w": [0.5, -0.5, None]}, text="t", value="w"),
}


@pytest.fixture(params=list(EXHIBITS))
def shown(request: pytest.FixtureRequest) -> Exhibit:
    return EXHIBITS[request.param]


def test_there_is_a_case_for_every_form() -> None:
    assert {form_of(one) for one in EXHIBITS.values()} == set(FORMS)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_valid_vega_lite(shown: Exhibit, theme: Any) -> None:
    spec = draw(shown, theme)
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    without = {key: part for key, part in spec.items() if key != "config"}
    alt.LayerChart.from_dict(without, validate=True)
    compiled = vl_convert.vegalite_to_vega(spec, vl_version="6.4")
    assert compiled["marks"]


SPECIAL = ("beeswarm", "points, shaded", "waterfall", "curve with lines behind", "images in a grid")  # tested apart


@pytest.mark.parametrize("name", [name for name in EXHIBITS if name not in SPECIAL])
def test_every_row_is_in_it(name: str) -> None:
    shown = EXHIBITS[name]
    spec = draw(shown)
    length = len(next(iter(shown.columns.values())))
    rows = spec["data"]["values"]
    assert len(rows) == length
    held = [set(map(str, row.values())) for row in rows]
    for column in shown.columns.values():
        for value, row in zip(column, held, strict=True):
            if isinstance(value, str) or (isinstance(value, (int, float)) and math.isfinite(value)):
                assert str(value) in row


def test_every_row_with_a_value_is_a_mark(shown: Exhibit) -> None:
    drawn = svg(draw(shown), prefix="t", said="x")
    rows = draw(shown)["data"]["values"]
    known = [row for row in rows if all(row.get(role, 0) is not None for role in ("x", "y", "value"))]
    known = [row for row in known if "tip" in row]  # lines behind the main one say nothing of themselves
    titles = re.findall(r"<title>", drawn)
    assert len(titles) >= len(known)


def test_the_still_picture_is_fit_for_a_page(shown: Exhibit) -> None:
    drawn = svg(draw(shown), prefix="t7", said='a "quoted" <summary>')
    for forbidden in ("<script", "style=", 'xlink:href="http', "<?xml", "<!DOCTYPE", "foreignObject"):
        assert forbidden not in drawn
    assert all(id.startswith("t7-") for id in re.findall(r' id="([^"]+)"', drawn))
    assert set(re.findall(r"url\(#([^)]+)\)", drawn)) <= set(re.findall(r' id="([^"]+)"', drawn))
    assert re.search(rf'viewBox="0 0 ({WIDTH}|{WIDE}) ', drawn)
    assert drawn == svg(draw(shown), prefix="t7", said='a "quoted" <summary>')


def test_the_dark_rules_know_every_color_that_is_drawn(shown: Exhibit) -> None:
    drawn = svg(draw(shown), prefix="t", said="x")
    colors = set(re.findall(r'(?:fill|stroke)="(#[0-9a-fA-F]+|[a-z]+)"', drawn)) - {"none", "transparent"}
    assert colors <= {pair.light for pair in pairs()}


def test_in_dark_every_color_is_its_partner(shown: Exhibit) -> None:
    light, dark = json.dumps(draw(shown, "light")), json.dumps(draw(shown, "dark"))
    for pair in pairs():
        light = light.replace(f'"{pair.light}"', f'"{pair.dark}"')
    assert light == dark


def test_the_interval_lies_where_its_numbers_say() -> None:
    """On a linear axis the drawn ends stand to one another as the numbers do."""
    one = exhibit(
        "intervals", {"g": ["a"], "v": [0.3], "l": [0.2], "h": [0.6]}, label="g", value="v", low="l", high="h"
    )
    drawn = svg(draw(one), prefix="t", said="x")
    line = re.search(r'<line transform="translate\(([\d.]+),[\d.]+\)" x2="(-?[\d.]+)"[^>]*stroke-width="3"', drawn)
    point = re.search(r'<path transform="translate\(([\d.]+),[\d.]+\)" d="M4', drawn)
    assert line is not None
    assert point is not None
    ends = sorted((float(line[1]), float(line[1]) + float(line[2])))
    share = (float(point[1]) - ends[0]) / (ends[1] - ends[0])
    assert share == pytest.approx((0.3 - 0.2) / (0.6 - 0.2), abs=0.01)


def test_an_unbounded_end_runs_to_the_edge() -> None:
    drawn = svg(draw(EXHIBITS["intervals"]), prefix="t", said="x")
    dashed = re.findall(
        r'<line transform="translate\(([\d.]+),[\d.]+\)" x2="(-?[\d.]+)"[^>]*stroke-dasharray="2,3"', drawn
    )
    ends = sorted(float(start) + float(way) for start, way in dashed)
    assert len(ends) == 2
    assert ends[0] == pytest.approx(0.0, abs=0.6)
    assert ends[1] > 250


def test_what_has_no_picture() -> None:
    for one in (
        exhibit("table", {"a": [1]}),
        exhibit("bars", {"a": []}, label="a", value="a"),
        exhibit("bars", {"a": ["x"]}, label="a"),
        exhibit("curve", {"a": [1]}, x="a", y="gone"),
        exhibit("points", {}),
    ):
        assert not drawable(one)
        with pytest.raises(ValueError, match="nothing to draw"):
            draw(one)


def test_x_and_y_find_their_parts_either_way_up() -> None:
    for roles in ({"x": "n", "y": "g"}, {"x": "g", "y": "n"}, {"label": "g", "value": "n"}, {"label": "g", "x": "n"}):
        reading = read_categories(exhibit("bars", {"g": ["1", "b"], "n": [3, 4]}, **roles))
        assert [row["label"] for row in reading.rows] == ["1", "b"]
        assert [row["value"] for row in reading.rows] == [3, 4]


def test_few_groups_of_many_measures_stand_side_by_side() -> None:
    reading = turned(read_categories(EXHIBITS["intervals, many series"]))
    assert reading.order("label") == ["one", "two", "three"]
    assert reading.order("series") == ["f", "m"]
    two = read_categories(EXHIBITS["bars, two series"])
    assert turned(two) is two


def test_units() -> None:
    one = exhibit("points", {"rate": [0.1], "rate gap": [0.1], "rates": [12.0], "x": [0.5]}, units={"x": "probability"})
    assert [unit_of(one, name) for name in one.columns] == ["probability", "points", "number", "probability"]


def test_the_words_of_a_row() -> None:
    reading = read_categories(EXHIBITS["intervals"])
    assert [row["tip"] for row in reading.rows][:2] == ["a, V 0.100 (0 to 0.200)", "b & c, V 0.200 (below 0.400)"]
    assert read(EXHIBITS["curve"], ("x", "y")).rows[0]["tip"] == "S 0.100, R 0.200"


def test_an_image_comes_from_inside() -> None:
    with pytest.raises(ValueError, match="pixels or a PNG"):
        draw(exhibit("images", {"im": ["https://example.org/x.png"]}, image="im"))


def test_more_series_than_colors_still_draw() -> None:
    names = [f"s{i}" for i in range(len(SERIES) + 3)]
    one = exhibit("curve", {"x": list(range(9)), "y": list(range(9)), "s": names}, x="x", y="y", series="s")
    assert isinstance(SERIES[0], Color)
    assert len(set(re.findall(r"<title>", svg(draw(one), said="x")))) == 1
