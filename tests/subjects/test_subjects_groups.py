"""Group attributes, feature kinds and images: from what people hold to what core keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditnn.core.rows import Feature, Images, Table
from auditnn.subjects import build
from auditnn.subjects.frames import frame_of, none_columns
from auditnn.subjects.groups import group_of
from auditnn.subjects.raw import raw_table
from auditnn.subjects.tables import features_of, table_of


def levels(values: Any, bands: Any = None) -> list[str]:
    group = group_of("g", values, bands, "group 'g'")
    return [group.levels[code] for code in group.codes]


def test_levels_are_the_values_as_text_and_nobody_is_left_out() -> None:
    assert levels(["f", None, "m", float("nan")]) == ["f", "unknown", "m", "unknown"]
    assert levels(np.array([1.0, np.nan, 2.0])) == ["1", "unknown", "2"]
    assert levels([True, False, None]) == ["True", "False", "unknown"]
    assert levels(pd.array([True, None], dtype="boolean")) == ["True", "unknown"]
    assert levels(["unknown", None]) == ["unknown", "unknown"]
    assert levels([1, 2, 1]) == ["1", "2", "1"]


def test_levels_are_in_sorted_or_declared_order_and_only_those_that_occur() -> None:
    assert group_of("g", ["b", "a", None], None, "g").levels == ("a", "b", "unknown")
    assert group_of("g", [10, 9, 10], None, "g").levels == ("9", "10")
    ordered = pd.Categorical(["low", "high"], categories=["low", "mid", "high"], ordered=True)
    assert group_of("g", pd.Series(ordered), None, "g").levels == ("low", "high")
    assert group_of("g", np.array([50.0, np.nan]), [25, 40], "g").levels == ("40 and over", "unknown")


def test_each_band_contains_its_lower_edge() -> None:
    found = levels([24, 25, 39.5, 40, 99, None], [25, 40])
    assert found == ["under 25", "25 to <40", "25 to <40", "40 and over", "40 and over", "unknown"]
    assert levels([0.1, 0.5], [0.5]) == ["under 0.5", "0.5 and over"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=3), st.booleans()), min_size=1, max_size=30))
def test_any_values_make_levels_that_count_every_row(values: list[Any]) -> None:
    group = group_of("g", values, None, "g")
    assert group.counts().sum() == len(values)
    assert (group.counts() > 0).all()
    assert len(set(group.levels)) == len(group.levels)


def feature(column: Any, **declared: Any) -> Feature:
    raw = raw_table(pd.DataFrame({"c": column}), None, "data")
    return features_of([raw], {"c": declared} if declared else {}, {})[0]


@pytest.mark.parametrize(
    ("values", "kind", "categories"),
    [
        ([0.5, 1.0], "numeric", ()),
        ([0, 1], "integer", ()),
        ([True, False], "boolean", (False, True)),
        (["b", "a"], "categorical", ("a", "b")),
        (["b", None], "categorical", ("b",)),
        (pd.Categorical(["b"], categories=["b", "a"]), "categorical", ("b", "a")),
        (pd.Categorical(["b"], categories=["b", "a"], ordered=True), "ordinal", ("b", "a")),
        (pd.array([1, None], dtype="Int64"), "integer", ()),
        (pd.array([True, None], dtype="boolean"), "boolean", (False, True)),
        (pd.Series([True, None], dtype=object), "boolean", (False, True)),
    ],
)
def test_kinds_are_inferred_from_types(values: Any, kind: str, categories: tuple[Any, ...]) -> None:
    found = feature(values)
    assert (found.kind, found.categories) == (kind, categories)


def test_declarations_win() -> None:
    assert feature([3, 1, 3], kind="categorical").categories == (1, 3)
    assert feature([0, 1], kind="boolean").categories == (0, 1)
    assert feature([3, 1], kind="ordinal").categories == (1, 3)
    assert feature(["lo", "hi"], values=["lo", "mid", "hi"], kind="ordinal").categories == ("lo", "mid", "hi")
    assert feature([3, 1], values=[1, 2, 3]).kind == "categorical"
    assert feature([3, 1], kind="numeric").kind == "numeric"
    assert feature([1.0], bounds=[0, 2], mutable=False).bounds == (0.0, 2.0)


def test_categories_of_the_training_rows_count_too() -> None:
    test, train = pd.DataFrame({"c": ["b"]}), pd.DataFrame({"c": ["c", "a"]})
    subject = build.from_function(lambda f: [0.5] * len(f), test, [1], task="binary", train=(train, [0, 1]))
    assert subject.test.rows.features[0].categories == ("a", "b", "c")  # type: ignore[union-attr]
    assert subject.train.rows.columns["c"].tolist() == [2, 0]  # type: ignore[union-attr]


def test_values_outside_bounds_are_noted() -> None:
    data = pd.DataFrame({"a": [1.0, 5.0, 9.0]})
    subject = build.from_function(lambda f: [0.5] * 3, data, [0, 1, 1], features={"a": {"bounds": [0, 6]}})
    assert any("1 test rows have 'a' outside" in note for note in subject.notes)


CELLS = {
    "float64": st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False, width=32)),
    "float32": st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False, width=32)),
    "int16": st.integers(-1000, 1000),
    "bool": st.booleans(),
    "boolean": st.one_of(st.none(), st.booleans()),
    "Int64": st.one_of(st.none(), st.integers(-(2**50), 2**50)),
    "str": st.one_of(st.none(), st.text(max_size=4)),
    "string": st.one_of(st.none(), st.text(max_size=4)),
    "object": st.one_of(st.none(), st.text(max_size=4)),
    "category": st.one_of(st.none(), st.text(max_size=4)),
}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_frame_survives_the_way_into_core_and_back(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 8))
    columns = {}
    for dtype in data.draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=5, unique=True)):
        cells = data.draw(st.lists(CELLS[dtype], min_size=n, max_size=n))
        columns[dtype] = pd.Series(cells, dtype=dtype)
    frame = pd.DataFrame(columns)
    raw = raw_table(frame, None, "data")
    table = table_of(raw, features_of([raw], {}, {}), "data")
    back = frame_of(table, raw.keys, none_columns(raw.columns))
    for name in columns:
        if frame[name].notna().any():
            pd.testing.assert_series_equal(back[name], frame[name])
        else:
            assert back[name].isna().all()


def test_numbers_that_no_longer_fit_their_type_stay_numbers() -> None:
    raw = raw_table(pd.DataFrame({"i": [1, 2]}), None, "data")
    table = table_of(raw, features_of([raw], {}, {}), "data")
    edited = Table(features=table.features, columns={"i": np.array([1.5, np.nan])}, length=2)
    assert frame_of(edited)["i"].tolist()[0] == 1.5


def test_images_are_kept_as_float32() -> None:
    pixels = np.random.default_rng(0).random((4, 1, 2, 2))
    subject = build.from_function(lambda a: a.mean(axis=(1, 2, 3)), pixels, [0, 1, 0, 1])
    assert subject.modality == "image"
    assert isinstance(subject.test.rows, Images)
    assert subject.test.rows.pixels.dtype == np.float32
    assert np.array_equal(subject.test.rows.pixels, pixels.astype(np.float32))
