"""Small changes: as large as asked, within bounds, and only where a small change exists."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from auditnn.core.subject import Subject
from auditnn.methods.case import Case
from auditnn.methods.perturbed import nearby
from auditnn.subjects.build import from_function
from auditnn.subjects.calls import Calls

N = 3000


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    income = rng.normal(50, 10, N)
    income[::7] = np.nan
    return pd.DataFrame(
        {
            "income": income,
            "age": rng.integers(18, 90, N),
            "children": rng.integers(0, 3, N),
            "share": rng.random(N),
            "city": rng.choice(["a", "b"], N),
            "one": 1.0,
        }
    )


def subject() -> Subject:
    return from_function(
        lambda rows: np.zeros(len(rows)), frame(), np.zeros(N), task="regression", output="values",
        features={"share": {"bounds": [0, 1]}},
    )  # fmt: skip


def case_of(one: Subject, seed: int = 0) -> Case:
    assert one.test.rows is not None
    targets = np.zeros(len(one.test), dtype=np.int64)
    return Case(
        calls=Calls(one), rows=one.test.rows, ids=one.test.id, background=one.test.rows, targets=targets, seed=seed
    )


def test_noise_is_a_share_of_each_feature_s_spread() -> None:
    given = case_of(subject())
    moved, changed = nearby(given, 0.05, 0)
    before, after = given.rows.columns, moved.rows.columns  # type: ignore[attr-defined]
    for name in ("income", "age"):
        difference = (after[name] - before[name])[~np.isnan(before[name])]
        spread = np.nanstd(before[name])
        assert difference.std() == pytest.approx(0.05 * spread, rel=0.1) or name == "age"
        assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(N)
    assert changed.all()


def test_whole_numbers_move_by_whole_steps_and_the_rest_stays() -> None:
    given = case_of(subject())
    moved, _ = nearby(given, 0.05, 0)
    before, after = given.rows.columns, moved.rows.columns  # type: ignore[attr-defined]
    steps = after["age"] - before["age"]
    assert set(np.unique(steps)) <= set(range(-5, 6))
    assert 0.2 < (steps != 0).mean() < 0.9
    for name in ("children", "city", "one"):
        assert np.array_equal(before[name], after[name])
    assert np.array_equal(np.isnan(before["income"]), np.isnan(after["income"]))


def test_bounds_hold() -> None:
    moved, _ = nearby(case_of(subject()), 1.0, 0)
    share = moved.rows.columns["share"]  # type: ignore[attr-defined]
    assert share.min() == 0.0
    assert share.max() == 1.0


def test_noise_belongs_to_the_row() -> None:
    given = case_of(subject())
    whole = nearby(given, 0.05, 0)[0].rows.columns["income"]  # type: ignore[attr-defined]
    some = np.array([5, 100, 2])
    part = nearby(given.take(some), 0.05, 0)[0].rows.columns["income"]  # type: ignore[attr-defined]
    assert np.array_equal(part, whole[some])
    other = nearby(given, 0.05, 1)[0].rows.columns["income"]  # type: ignore[attr-defined]
    assert not np.array_equal(other[1:7], whole[1:7])


def test_rows_of_categories_alone_do_not_change() -> None:
    only = from_function(
        lambda rows: np.zeros(len(rows)), frame()[["city", "children"]], np.zeros(N), task="regression", output="values"
    )
    _, changed = nearby(case_of(only), 0.05, 0)
    assert not changed.any()


def test_pixels_stay_pixels() -> None:
    pixels = np.random.default_rng(0).random((20, 1, 6, 6)).astype(np.float32)
    pixels[0] = 0.0
    one = from_function(
        lambda x: np.asarray(x).mean(axis=(1, 2, 3)), pixels, np.zeros(20), task="regression", output="values",
        modality="image",
    )  # fmt: skip
    given = case_of(one)
    moved, changed = nearby(given, 0.05, 0)
    after = moved.rows.pixels  # type: ignore[attr-defined]
    assert changed.all()
    assert moved.segments is given.segments
    other = moved.but(seed=5)
    assert (other.seed, other.calls) == (5, moved.calls)
    assert other.segments is given.segments
    assert after.dtype == np.float32
    assert after.min() >= 0
    assert after.max() <= 1
    inner = (pixels > 0.2) & (pixels < 0.8)
    assert (after - pixels)[inner].std() == pytest.approx(0.05 * pixels.std(), rel=0.1)
