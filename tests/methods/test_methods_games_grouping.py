"""More units than the budget: which come together, what they are called, and that the values still add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditnn.methods.attribution import exact_shapley
from auditnn.methods.case import Case, Hiding
from auditnn.methods.games.grouping import group_labels, grouped
from auditnn.methods.plain import case_of


def total(x: np.ndarray) -> np.ndarray:
    return np.asarray(x, dtype=np.float64) @ np.arange(1.0, np.shape(x)[1] + 1)


def families(n: int = 60, seed: int = 0) -> np.ndarray:
    """Columns 0, 3 and 4 go together (one turned and bent), so do 1 and 5 (the same twice); 2 stands alone."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=(3, n))
    return np.stack([a, b, c, -np.exp(a), a + 0.05 * rng.normal(size=n), b], axis=1)


def test_correlated_columns_come_together_under_readable_names() -> None:
    names = ["age", "pay", "city", "debt", "years", "wage"]
    case = case_of(total, families()[:3], families(), features=names)
    fewer = grouped(case, 3)
    assert fewer.input_units == {"age + debt + 1 more": (0, 3, 4), "pay + wage": (1, 5), "city": (2,)}
    assert "6 features" in fewer.facts["grouping"]
    assert "3 groups in all (age + debt + 1 more; pay + wage)" in fewer.facts["grouping"]


def test_few_enough_units_stay_as_they_are() -> None:
    case = case_of(total, families()[:3], families())
    assert grouped(case, 6) is case
    assert grouped(case, 100) is case


def test_attributions_of_groups_add_up_and_are_sums_for_a_linear_model() -> None:
    case = case_of(total, families()[:3], families())
    each, fewer = exact_shapley(case), grouped(case, 3)
    found = exact_shapley(fewer)
    assert fewer.input_units is not None
    for unit, columns in enumerate(fewer.input_units.values()):
        assert found.values[:, unit] == pytest.approx(each.values[:, list(columns)].sum(axis=1))
    assert found.units == tuple(fewer.input_units)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 12), st.integers(1, 8))
def test_any_columns_are_shared_out_at_most_as_many_groups(seed: int, p: int, most: int, rows: int) -> None:
    """Constant and doubled columns, missing values and a background of one row among them."""
    rng = np.random.default_rng(seed)
    background = rng.integers(0, 3, (rows, p)).astype(float)
    background[rng.random(background.shape) < 0.1] = np.nan
    fewer = grouped(case_of(lambda x: np.nan_to_num(x).sum(axis=1), background[:1], background), most)
    units = fewer.input_units
    assert units is not None
    assert len(units) == min(p, most)
    assert sorted(column for columns in units.values() for column in columns) == list(range(p))


def test_constant_columns_come_together() -> None:
    background = np.concatenate([families(), np.full((60, 3), 7.0)], axis=1)
    units = grouped(case_of(total, background[:2], background), 5).input_units
    assert units is not None
    assert (6, 7, 8) in units.values()
    assert (1, 5) in units.values()


def test_neighbours_come_together_where_one_background_row_tells_nothing() -> None:
    units = grouped(case_of(total, families()[:1], families()[:1]), 3).input_units
    assert units is not None
    assert all(np.diff(columns).tolist() == [1] * (len(columns) - 1) for columns in units.values())


def test_ties_do_not_join_more_than_must_be() -> None:
    assert len(np.unique(group_labels(np.eye(9), 4))) == 4
    assert len(np.unique(group_labels(np.ones((9, 9)), 4))) == 4
    assert np.array_equal(group_labels(np.eye(3), 3), np.arange(3))


def test_features_of_frames_are_grouped_categories_included() -> None:
    rng = np.random.default_rng(0)
    city = rng.choice(["a", "b"], 80)
    data = pd.DataFrame({"city": city, "x": rng.normal(size=80), "town": np.where(city == "a", "A", "B"),
                         "rent": np.where(city == "a", 1.0, 5.0) + 0.01 * rng.normal(size=80)})  # fmt: skip
    case = case_of(lambda frame: frame["x"] + frame["rent"], data[:2], data)
    fewer = grouped(case, 2)
    assert fewer.games.units(0) == ("city + town + 1 more", "x")
    base, full = fewer.games.ends()
    assert exact_shapley(fewer).values.sum(axis=1) + base == pytest.approx(full)


def test_groups_are_the_same_for_any_part_of_the_rows() -> None:
    case = case_of(total, families(), families(seed=1))
    assert grouped(case.take(np.array([3])), 3).input_units == grouped(case, 3).input_units


@pytest.mark.parametrize("how", ["patches", "slic"])
@pytest.mark.parametrize("most", [1, 3, 10])
def test_images_are_cut_into_fewer(how: str, most: int) -> None:
    pixels = np.random.default_rng(0).random((2, 3, 36, 36)).astype(np.float32)
    hiding = Hiding(segments=how, units=30)  # type: ignore[arg-type]
    case: Case = replace(case_of(lambda x: x.mean(axis=(1, 2, 3)), pixels), hiding=hiding)
    fewer = grouped(case, most)
    found = [len(fewer.games.units(row)) for row in range(2)]
    assert 1 <= max(found) <= most
    assert f"cut into {max(found)}" in fewer.facts["grouping"]
    assert grouped(case, 200) is case
