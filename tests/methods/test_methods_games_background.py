"""Which rows stand in for what is hidden."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditnn.analyzers.context import Context
from auditnn.analyzers.explained import case_for
from auditnn.core.errors import SettingsError
from auditnn.core.rows import Feature, Images, Table
from auditnn.core.subject import Predictions
from auditnn.methods.games.background import RULES, choose_background
from auditnn.methods.games.numbers import MOST_LEVELS, as_numbers, standardised
from auditnn.subjects.build import from_function
from auditnn.subjects.calls import Calls


def table(n: int, seed: int = 0) -> Table:
    rng = np.random.default_rng(seed)
    features = (Feature(name="age", kind="numeric"), Feature(name="city", kind="categorical", categories=tuple("abc")))
    columns = {"age": rng.normal(50, 9, n), "city": rng.integers(-1, 3, n).astype(np.int32)}
    columns["age"][::7] = np.nan
    return Table(features=features, columns=columns, length=n)


@pytest.mark.parametrize("rule", RULES)
def test_all_rows_where_there_are_no_more_and_the_size_where_there_are(rule: str) -> None:
    assert np.array_equal(choose_background(table(10), 10, rule, 0), np.arange(10))
    assert np.array_equal(choose_background(table(1), 100, rule, 0), [0])
    for size in (1, 9):
        found = choose_background(table(10), size, rule, 0)
        assert len(np.unique(found)) == size
        assert np.array_equal(found, np.sort(found))


@pytest.mark.parametrize("rule", RULES)
def test_the_seed_decides(rule: str) -> None:
    rows = table(300)
    first, again, other = (choose_background(rows, 20, rule, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_larger_table_is_sampled_over_its_whole_length() -> None:
    found = np.concatenate([choose_background(table(5_000), 40, rule, seed) for rule in RULES for seed in range(3)])
    assert found.max() > 4_500
    assert found.min() < 500


def test_medoids_take_a_row_from_every_rare_kind() -> None:
    """Of 990 rows of one city and ten of two others at far ages, medoids hold all three; a sample seldom does."""
    ages = np.concatenate([np.random.default_rng(0).normal(50, 1, 990), np.full(5, 500.0), np.full(5, -400.0)])
    city = np.repeat([0, 1, 2], [990, 5, 5]).astype(np.int32)
    rows = Table(features=table(1).features, columns={"age": ages, "city": city}, length=1000)
    assert set(city[choose_background(rows, 5, "k_medoids", 0)]) == {0, 1, 2}
    assert sum(set(city[choose_background(rows, 5, "sample", seed)]) == {0, 1, 2} for seed in range(20)) < 5


def test_medoids_of_images_are_those_of_their_pixels() -> None:
    kinds = np.repeat([0.0, 0.5, 1.0], [40, 5, 2]).astype(np.float32)
    pixels = np.clip(kinds[:, None, None, None] + np.random.default_rng(0).normal(0, 0.02, (47, 1, 6, 6)), 0, 1)
    found = choose_background(Images(pixels=pixels.astype(np.float32)), 3, "k_medoids", 0)
    assert sorted(kinds[found].tolist()) == [0.0, 0.5, 1.0]


def test_equal_rows_may_repeat() -> None:
    same = Table(features=table(1).features, columns={"age": np.full(50, np.nan), "city": np.full(50, -1)}, length=50)
    for rule in RULES:
        assert len(choose_background(same, 20, rule, 0)) == 20


def test_other_rules_and_sizes_are_refused() -> None:
    with pytest.raises(SettingsError, match="Did you mean 'k_medoids'"):
        choose_background(table(3), 2, "kmedoids", 0)
    with pytest.raises(SettingsError, match="at least one background row"):
        choose_background(table(3), 0, "sample", 0)


def test_numbers_are_finite_and_categories_one_apart() -> None:
    rows = table(60)
    points, owner = as_numbers(rows)
    assert np.isfinite(points).all()
    assert owner.tolist() == [0, 1, 1, 1, 1]
    ages = rows.columns["age"]
    expected = np.where(np.isnan(ages), 0, (ages - np.nanmean(ages)) / np.nanstd(ages))
    assert points[:, 0] == pytest.approx(expected)
    cities = points[:, 1:]
    apart = np.linalg.norm(cities[:, None] - cities, axis=2)
    assert np.array_equal(apart > 0.5, rows.columns["city"][:, None] != rows.columns["city"])
    assert apart.max() == pytest.approx(1.0)


def test_many_categories_are_cut_to_the_most_frequent() -> None:
    codes = np.concatenate([np.arange(80), np.arange(40, 80)]).astype(np.int32)
    feature = Feature(name="zip", kind="categorical", categories=tuple(range(80)))
    points, _ = as_numbers(Table(features=(feature,), columns={"zip": codes}, length=120))
    assert points.shape == (120, MOST_LEVELS)
    assert (points[codes >= 40].sum(axis=1) > 0).all()


@pytest.mark.parametrize(
    "values", [[3.0, 3.0, 3.0], [1e300, -1e300, 0.0], [np.inf, 1.0, 2.0], [np.nan] * 3, [1e-300] * 3]
)
def test_standardised_numbers_are_always_finite(values: list[float]) -> None:
    found = standardised(np.array(values)[:, None])
    assert np.isfinite(found).all()
    if np.ptp(np.nan_to_num(values, posinf=0)) > 0:
        assert np.sqrt((found**2).sum() / np.isfinite(values).sum()) == pytest.approx(1.0)
    else:
        assert not found.any()


@pytest.mark.parametrize("rule", RULES)
def test_a_case_records_rule_and_size(rule: str) -> None:
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"a": rng.normal(size=60), "b": rng.choice(["x", "y"], 60)})
    y = rng.normal(size=60)
    for rows, size, told in ((60, 25, rule), (20, 20, "all")):
        train = (data[:rows], y[:rows])
        subject = from_function(lambda frame: frame["a"], data, y, task="regression", train=train)
        context: Any = Context(
            analyzer="a", subject=subject, predictions=Predictions(prediction=y), calls=Calls(subject)
        )
        case = case_for(context, np.arange(3), background=25, rule=rule)
        assert len(case.background) == size
        assert {key: case.facts[key] for key in ("background", "background_rule", "background_from")} == {
            "background": size, "background_rule": told, "background_from": "train",
        }  # fmt: skip
