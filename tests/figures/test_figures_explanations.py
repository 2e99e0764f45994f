"""Pictures of explanations: every mark stands where its number says, whatever the names are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import vl_convert

from auditnn.core.exhibit import Exhibit
from auditnn.core.png import address, heat_address, pixels_of
from auditnn.figures import beeswarm, images, waterfall
from auditnn.figures.draw import draw, drawable, form_of
from auditnn.figures.fitting import fitting
from auditnn.figures.overlays import heat_layer, outline_layer, pale_address
from auditnn.figures.static import SVG, svg
from auditnn.figures.theme import LOWERS, RAISES, VALUES, WIDE
from auditnn.figures.values import ABSENT, step

UGLY = ["<b>bold</b>", 'a "quoted" & one', "two\nlines", "", "Ω" * 300, "</script>", "datum['x']\\"]
SHIFT = re.compile(r"translate\((-?[\d.]+),(-?[\d.]+)\)")


def exhibit(kind: str, columns: dict[str, list[Any]], **roles: Any) -> Exhibit:
    return Exhibit(id=f"x.y/{kind}", kind=kind, title="A title", summary="A summary.", columns=columns, roles=roles)  # type: ignore[arg-type]


def bees(values: list[Any], names: list[Any], color: list[Any]) -> Exhibit:
    return exhibit("points", {"value": values, "name": names, "place": color}, x="value", y="name", color="place")


def falls(names: list[str], edges: list[float]) -> Exhibit:
    columns: dict[str, list[Any]] = {"name": names, "from": edges[:-1], "to": edges[1:]}
    return exhibit("bars", columns, label="name", start="from", end="to")


def sheet(**columns: list[Any]) -> Exhibit:
    return exhibit("images", columns, **{role: role for role in columns})


def elements(one: Exhibit, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg(draw(one), prefix="t", said="x")).iter(f"{{{SVG}}}{tag}"))


def places(one: Exhibit, color: str | None = None) -> list[tuple[float, float]]:
    """Where the marks with a tooltip stand."""
    found = []
    for element in elements(one, "path"):
        shift = SHIFT.fullmatch(element.get("transform", ""))
        if shift and element.find(f"{{{SVG}}}title") is not None and color in (None, element.get("fill")):
            found.append((float(shift[1]), float(shift[2])))
    return found


def straight(found: list[float], values: list[float]) -> None:
    """The places are one linear function of the values."""
    slope, start = np.polyfit(values, found, 1)
    assert slope > 0
    assert np.abs(np.polyval([slope, start], values) - found).max() < 0.6


def test_bees_stand_where_their_numbers_say() -> None:
    values = [-1.0, 0.25, 0.5, 2.0, -0.75, 1.5]
    one = bees(values, ["a", "b"] * 3, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert [row["x"] for row in draw(one)["data"]["values"]] == values
    found = places(one)
    straight([x for x, _ in found], values)
    heights = [y for _, y in found]
    assert max(heights[::2]) < min(heights[1::2])  # the first name is on top


def test_bees_have_the_color_of_their_place() -> None:
    one = bees([0.0, 1.0, 2.0, 3.0], ["a"] * 4, [0.0, 0.5, 1.0, None])
    assert [row["step"] for row in draw(one)["data"]["values"]] == [0, 3, len(VALUES) - 1, ABSENT]
    fills = [element.get("fill") for element in elements(one, "path") if element.find(f"{{{SVG}}}title") is not None]
    assert fills[:3] == [VALUES[0].light, VALUES[3].light, VALUES[-1].light]
    assert fills[3] not in {color.light for color in VALUES}


@pytest.mark.parametrize(
    ("value", "ends", "wanted"),
    [(5.0, (5.0, 5.0), 3), (-1, (0, 1), 0), (2, (0, 1), 6), (None, (0, 1), ABSENT), (True, (0, 1), ABSENT)],
)
def test_steps_of_color(value: Any, ends: tuple[float, float], wanted: int) -> None:
    assert step(value, ends) == wanted


def test_bees_that_are_alike_step_aside_within_their_lane() -> None:
    offsets = beeswarm.swarm([0.0] * 7 + [1.0], ["a"] * 8)
    assert len(set(offsets[:7])) == 7
    assert offsets[7] == 0.0
    assert max(map(abs, beeswarm.swarm([0.0] * 1000, ["a"] * 1000))) <= 0.5
    assert beeswarm.swarm([0.0] * 7 + [1.0], ["a"] * 8) == offsets


def test_a_crowd_of_bees_is_few_marks_in_the_same_places() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=2000).tolist()
    one = bees(values, [f"f{i % 20}" for i in range(2000)], rng.random(2000).tolist())
    drawn = svg(draw(one), prefix="t", said="x")
    dots = re.findall(r"M(-?[\d.]+) (-?[\d.]+)h0", drawn)
    assert len(dots) == 2000
    assert len(drawn) < 60_000
    rows = draw(one)["data"]["values"]
    by_color: dict[int, list[float]] = {}
    for row in rows:
        by_color.setdefault(row["step"], []).append(row["x"])
    ordered = [x for shade in dict.fromkeys(row["step"] for row in rows) for x in by_color[shade]]
    straight([float(x) for x, _ in dots], ordered)
    assert len(json.dumps(draw(one)["data"])) < 150_000


def test_a_swarm_of_many_features_shows_what_fits_and_says_so() -> None:
    names = [f"feature {i}" for i in range(500)]
    shown, left = fitting(bees([0.1] * 1000, names * 2, [0.5] * 1000))
    assert left == 2 * 480
    assert set(shown.columns["name"]) == set(names[:20])
    assert len(shown.columns["value"]) == 40


@pytest.mark.parametrize("falling", [False, True])
def test_bars_of_a_waterfall_begin_where_the_last_one_ended(falling: bool) -> None:
    edges = [0.2, 1.0, 0.4, 0.45, -0.3]
    one = falls(["a", "b", "c", "d"], edges)
    if falling:
        one = exhibit(
            "bars",
            {"name": ["d", "c", "b", "a"], "from": edges[-2::-1], "to": edges[:0:-1]},
            label="name",
            start="from",
            end="to",
        )
    rows = draw(one)["data"]["values"]
    assert [row["label"] for row in (rows[0], rows[-1])] == (
        ["Output", "Base value"] if falling else ["Base value", "Output"]
    )
    assert [row["written"] for row in rows[1:-1]] == (
        ["−0.75", "+0.05", "−0.60", "+0.80"] if falling else ["+0.80", "−0.60", "+0.05", "−0.75"]
    )
    ways = [RAISES.light, LOWERS.light, RAISES.light, LOWERS.light]
    bars = []
    for element in elements(one, "path"):
        if element.get("fill") in ways and element.find(f"{{{SVG}}}title") is not None:
            left, _, wide, *_ = map(float, re.findall(r"-?[\d.]+", element.get("d", "")))
            bars.append((element.get("fill"), left, left + wide))
    assert [color for color, *_ in bars] == (ways[::-1] if falling else ways)
    numbers = [sorted(pair) for pair in pairwise(edges)][:: -1 if falling else 1]
    straight([end for _, *ends in bars for end in ends], [end for pair in numbers for end in pair])


def test_a_waterfall_of_many_keeps_its_sum() -> None:
    sizes = [1.0 / (i + 1) * (-1) ** i for i in range(500)]
    edges = np.cumsum([0.5, *sizes]).tolist()
    shown, left = fitting(falls([f"f{i}" for i in range(500)], edges))
    assert left == 0
    assert shown.columns["name"][-1] == "481 others together"
    assert len(shown.columns["name"]) == 20
    assert shown.columns["to"][-1] == edges[-1]
    assert shown.columns["from"][-1] == shown.columns["to"][-2]
    turned = exhibit(
        "bars",
        {"name": [f"f{i}" for i in range(500)][::-1], "from": edges[:-1][::-1], "to": edges[1:][::-1]},
        label="name",
        start="from",
        end="to",
    )
    shown, _ = fitting(turned)
    assert shown.columns["name"][0] == "481 others together"
    assert shown.columns["to"][0] == edges[-1]
    assert shown.columns["from"][0] == shown.columns["to"][1]


def test_names_alike_keep_their_own_bars() -> None:
    rows = draw(falls(["", "", "Output"], [0.0, 1.0, 2.0, 3.0]))["data"]["values"]
    assert len({row["label"] for row in rows}) == 5


def test_lines_behind_are_one_for_each_row_and_faint() -> None:
    xs = [0.0, 1.0, 2.0]
    columns: dict[str, list[Any]] = {
        "x": xs * 4,
        "y": [0.0, 1.0, 2.0, 3.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.5, 1.5, 1.5],
        "row": ["1"] * 3 + ["2"] * 3 + ["3"] * 3 + [None] * 3,
    }
    one = exhibit("curve", columns, x="x", y="y", detail="row")
    lines = [element for element in elements(one, "path") if element.get("fill") in (None, "none")]
    lines = [line for line in lines if (line.get("d") or "").count("L") == 2]
    thin = [line for line in lines if line.get("stroke-width") == "1"]
    assert (len(thin), len(lines)) == (3, 4)
    assert {line.get("opacity") for line in thin} == {"0.4"}
    assert lines[-1] not in thin  # the main line is drawn over them


def pictures(one: Exhibit) -> dict[str, tuple[float, float]]:
    """Where each picture stands, by what it says of itself."""
    found = {}
    for element in elements(one, "image"):
        title, shift = element.find(f"{{{SVG}}}title"), SHIFT.fullmatch(element.get("transform", ""))
        if title is not None and shift is not None:
            found[str(title.text)] = (float(shift[1]), float(shift[2]))
    return found


def test_a_grid_has_its_rows_and_columns_in_order() -> None:
    pixels = [[[0.1 * i, 1.0], [0.0, 0.5]] for i in range(6)]
    one = sheet(image=pixels, row=["one", "one", "one", "two", "two", "two"], column=["q", "p", "r"] * 2)
    at = pictures(one)
    assert at["one, q"][0] < at["one, p"][0] < at["one, r"][0]
    assert at["one, q"][1] == at["one, p"][1] < at["two, q"][1]
    assert at["one, q"][0] == at["two, q"][0]
    texts = [element.text for element in elements(one, "text")]
    assert texts == ["q", "p", "r", "one", "two"]


def test_a_tall_grid_lies_down() -> None:
    names = [f"method {i}" for i in range(8)]
    tall = sheet(image=[[[0.5]]] * 16, row=[name for name in names for _ in "ab"], column=["x", "y"] * 8)
    assert [element.text for element in elements(tall, "text")] == [*names, "x", "y"]
    taller = sheet(image=[[[0.5]]] * 24, row=[f"{i}" for i in range(12) for _ in "ab"], column=["x", "y"] * 12)
    assert [element.text for element in elements(taller, "text")][:2] == ["x", "y"]


def test_a_wide_grid_takes_the_whole_page() -> None:
    names = [f"method {i}" for i in range(9)]
    one = sheet(image=[[[0.5]]] * 9, row=["1"] * 9, column=names)
    assert draw(one)["width"] == WIDE
    assert all(0 <= x <= WIDE for x, _ in pictures(one).values())


def test_a_picture_shown_twice_is_there_once() -> None:
    pixels = np.random.default_rng(0).random((8, 8)).tolist()
    one = sheet(image=[pixels] * 5, heat=[None] + [[[0.5]]] * 4, row=["1"] * 5, column=list("abcde"))
    shown = [element.get("{http://www.w3.org/1999/xlink}href", "") for element in elements(one, "image")]
    assert len(set(shown)) == len(shown)
    # The paled image is placed again for each method, each in its own column.
    uses = elements(one, "use")
    ids = {element.get("id") for element in elements(one, "image")}
    assert {element.get("href", "#")[1:] for element in uses} <= ids
    assert len({element.get("x") for element in uses if element.get("href") == uses[0].get("href")}) == 3


def test_images_of_a_grid_come_first_in_a_column_or_a_row_of_their_own() -> None:
    first, second = [[[0.1 * k, 1.0], [0.0, 0.5]] for k in (1, 2)]
    rows, methods = ["one"] * 2 + ["two"] * 2, ["p", "q"] * 2
    heat = [[[0.1 + 0.2 * k]] for k in range(4)]
    one = sheet(image=[first, first, second, second], heat=heat, row=rows, column=methods)
    other = sheet(image=[first, first, second, second], heat=heat, row=methods, column=rows)
    assert [element.text for element in elements(one, "text")][:3] == ["Image", "p", "q"]
    assert [element.text for element in elements(other, "text")][:5] == ["one", "two", "Image", "p", "q"]
    for drawn in (one, other):
        ids = [element.get("id") for element in elements(drawn, "image") if element.get("id")]
        assert len(set(ids)) == len(ids) == 2  # each pale image, under both methods
        assert {element.get("href", "#")[1:] for element in elements(drawn, "use")} == set(ids)
    mixed = sheet(image=[first, second, second, first], heat=heat, row=rows, column=methods)
    assert [element.text for element in elements(mixed, "text")][:2] == ["p", "q"]


def test_heat_has_the_color_of_its_sign_and_the_strength_of_its_size() -> None:
    image = pytest.importorskip("PIL.Image")
    import base64
    import io

    for heat in ([[1.0, -1.0, 0.0, 0.5]], heat_address([[1.0, -1.0, 0.0, 0.5]])):
        content = base64.b64decode(heat_layer(heat).partition(",")[2])
        (colors,) = np.asarray(image.open(io.BytesIO(content)).convert("RGBA")).astype(int)
        assert colors[0, 0] > colors[0, 2] + 100
        assert colors[1, 2] > colors[1, 0] + 100
        assert colors[2, 3] == 0
        assert colors[0, 3] > colors[3, 3] > 100


def test_an_image_under_heat_is_grey_and_pale() -> None:
    red, black = [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    grey = pixels_of(pale_address(address([[red, black]])))
    assert grey.shape == (1, 2, 1)
    assert grey[0, 0, 0] > grey[0, 1, 0] > 100
    foreign = "data:image/png;base64,AAAA"
    assert pale_address(foreign) == foreign


@pytest.mark.parametrize("side", [8, 32, 224])
def test_large_images_are_made_as_small_as_they_are_shown(side: int) -> None:
    one = np.linspace(0, 1, side * side).reshape(side, side)
    small = sheet(
        image=[address(one)] * 2, heat=[heat_address(one), None], column=["a", "b"], outline=[one > 0.5, None]
    )
    assert draw(small)["data"]["values"][0]["url"]
    (shown,) = [row["url"] for row in draw(small)["data"]["values"] if row["heat"] is None]
    assert max(pixels_of(shown).shape) == (side if side < 168 else 112)
    rendered = [element.get("image-rendering") for element in elements(small, "image")]
    assert ("pixelated" in rendered) == (side < 92)


def test_an_outline_is_only_at_the_edge() -> None:
    image = pytest.importorskip("PIL.Image")
    import base64
    import io

    mask = np.zeros((12, 12), int)
    mask[3:9, 3:9] = 1
    content = base64.b64decode(outline_layer(mask.tolist()).partition(",")[2])
    alpha = np.asarray(image.open(io.BytesIO(content)).convert("RGBA"))[:, :, 3]
    times = len(alpha) // 12
    assert alpha[4 * times : 8 * times, 4 * times : 8 * times].max() == 0
    assert alpha[: 3 * times].max() == 0
    assert (alpha[3 * times, 3 * times : 9 * times] > 0).all()


def test_a_row_without_an_image_is_only_its_caption() -> None:
    one = sheet(image=[[[0.5]], None], label=["here", "gone"])
    assert len(elements(one, "image")) == 1
    assert [element.text for element in elements(one, "text")] == ["here", "gone"]


CASES: dict[str, Callable[[list[str]], Exhibit]] = {
    "beeswarm": lambda names: bees([0.1] * len(names), names, [0.5] * len(names)),
    "waterfall": lambda names: falls(names, [float(i) for i in range(len(names) + 1)]),
    "lime beside shap": lambda names: exhibit(
        "bars",
        {"name": names * 2, "w": [0.1, -0.1] * len(names), "by": ["SHAP"] * len(names) + ["LIME"] * len(names)},
        label="name",
        value="w",
        series="by",
    ),
    "lines": lambda names: exhibit(
        "curve",
        {"x": [0.0, 1.0] * len(names), "y": [0.0, 1.0] * len(names), "d": [name for name in names for _ in "ab"]},
        x="x",
        y="y",
        detail="d",
    ),
    "dependence": lambda names: exhibit(
        "points",
        {"x": [0.0] * len(names), "y": [1.0] * len(names), names[0]: [0.5] * len(names)},
        x="x",
        y="y",
        color=names[0],
    ),
    "grid": lambda names: sheet(
        image=[[[0.5]]] * len(names), heat=[[[-0.5]]] * len(names), row=names, column=names, label=names
    ),
}


@pytest.mark.parametrize("case", list(CASES))
@pytest.mark.parametrize("name", UGLY)
def test_names_stay_text(case: str, name: str) -> None:
    one = CASES[case]([name, "plain", name + "2"])
    if case == "lines":
        assert json.dumps(draw(one), allow_nan=False)
        return
    vl_convert.vegalite_to_vega(draw(one), vl_version="6.4")
    drawn = svg(draw(one), prefix="t", said=name)
    ElementTree.fromstring(drawn)
    for forbidden in ("<script", "<b>", "style=", "foreignObject", "onload"):
        assert forbidden not in drawn


@pytest.mark.parametrize("case", list(CASES))
def test_a_single_row(case: str) -> None:
    one = CASES[case](["alone"])
    ElementTree.fromstring(svg(draw(one), prefix="t", said="x"))
    assert draw(one)["description"] == "A summary."


@pytest.mark.parametrize(
    "one",
    [
        bees([0.0] * 50, ["a"] * 50, [None] * 50),
        bees([None, 0.0], ["a", None], [0.5, None]),
        falls(["a", "b"], [0.0, 0.0, 0.0]),
        exhibit("bars", {"n": ["a", "b"], "f": [None, 0.0], "t": [1.0, 0.0]}, label="n", start="f", end="t"),
        exhibit("bars", {"n": ["a", "b"], "v": [0.0, None], "s": ["x", "y"]}, label="n", value="v", series="s"),
        exhibit("curve", {"x": [0.0, None], "y": [None, 0.0], "d": [None, "1"]}, x="x", y="y", detail="d"),
        exhibit("curve", {"x": [0.0], "y": [0.0], "d": ["1"]}, x="x", y="y", detail="d"),
        exhibit("points", {"x": [0.0, None], "y": [0.0, None], "c": [None, 2.0]}, x="x", y="y", color="c"),
        sheet(image=[[[0.0]]], heat=[[[0.0]]]),
        sheet(image=[None], heat=[None], row=["a"], column=["b"]),
    ],
    ids=range(10),
)
def test_nothing_and_nulls_still_draw(one: Exhibit) -> None:
    assert drawable(one)
    spec = draw(one)
    json.dumps(spec, allow_nan=False)
    assert "NaN" not in svg(spec, prefix="t", said="x")


def test_a_waterfall_without_ends_is_no_picture() -> None:
    assert not drawable(exhibit("bars", {"n": ["a"], "f": [None], "t": [1.0]}, label="n", start="f", end="t"))


def test_each_is_drawn_in_its_own_form() -> None:
    text = ["a", "b"]
    assert form_of(bees([0.1, 0.2], text, [0.1, None])).draw is beeswarm.draw  # type: ignore[union-attr]
    assert form_of(falls(text, [0.0, 1.0, 2.0])).draw is waterfall.draw  # type: ignore[union-attr]
    by_name = exhibit("points", {"v": [0.1, 0.2], "n": text, "c": text}, x="v", y="n", color="c")
    assert form_of(by_name).draw is not beeswarm.draw  # type: ignore[union-attr]


def test_headings_break_at_words() -> None:
    assert images._lines("guided backpropagation", 99, 2) == ["guided", "backpropagation"]
    assert images._lines("x" * 500, 99, 4)[-1].endswith("…")


def test_long_captions_take_two_lines_and_leave_room_for_them() -> None:
    label = "triangle, largest 3.25"
    one = sheet(image=[[[0.5]], [[0.6]]], row=["a", "b"], column=["c", "c"], label=[label, "x"])
    assert label.split(", ")[0] + "," in [part.text for part in elements(one, "tspan")]
    at = pictures(one)
    assert at["b, c, x"][1] - at[f"a, c, {label}"][1] >= images.SIDE + 2 * images.LINE
