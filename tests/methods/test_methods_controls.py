"""The controls: numbers that know nothing of the model, and the input as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from auditnn.methods.attribution import METHODS, input_values, random_attribution
from auditnn.methods.case import Case
from auditnn.methods.plain import case_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 4))


def table(model: object = lambda x: np.asarray(x)[:, :3]) -> Case:
    return case_of(model, X, X)


def test_they_are_controls() -> None:
    assert {METHODS[name].kind for name in ("random_attribution", "input_values")} == {"control"}
    assert METHODS["random_attribution"].drawn
    assert not any(METHODS[name].additive for name in ("random_attribution", "input_values"))


def test_random_numbers_belong_to_seed_and_row() -> None:
    one = random_attribution(table())
    assert one.values.shape == (6, 4, 3)
    assert np.array_equal(one.values, random_attribution(table(lambda x: -np.asarray(x)[:, :3])).values)
    assert np.array_equal(one.values[[4, 1]], random_attribution(table().take(np.array([4, 1]))).values)
    assert not np.array_equal(one.values, random_attribution(replace(table(), seed=1)).values)
    drawn = np.concatenate([random_attribution(replace(table(), seed=seed)).values.ravel() for seed in range(30)])
    assert drawn.mean() == pytest.approx(0.0, abs=4 / np.sqrt(len(drawn)))
    assert drawn.std() == pytest.approx(1.0, abs=0.05)


def test_the_input_is_standardised_whatever_the_model() -> None:
    one = input_values(table())
    expected = (X - X.mean(axis=0)) / X.std(axis=0)
    for code in range(3):
        assert one.values[:, :, code] == pytest.approx(expected, abs=1e-5)
    assert one.output == pytest.approx(X[:, :3], abs=1e-6)


def test_a_frame_with_categories_and_missing_values() -> None:
    frame = pd.DataFrame({"age": [1.0, 3.0, np.nan, 2.0], "city": ["a", "b", "a", "a"], "same": [5.0] * 4})
    one = input_values(case_of(lambda rows: np.zeros(len(rows)), frame, frame))
    assert one.units == ("age", "city", "same")
    age = one.values[:, 0, 0]
    assert age == pytest.approx([-np.sqrt(1.5), np.sqrt(1.5), 0.0, 0.0])
    assert one.values[:, 2].max() == 0.0
    assert np.isfinite(one.values).all()


def test_an_image_is_its_own_map() -> None:
    pixels = RNG.random((3, 2, 8, 8)).astype(np.float32)
    one = input_values(case_of(lambda x: np.asarray(x).mean(axis=(2, 3)), pixels, pixels))
    assert one.maps is not None
    assert one.maps == pytest.approx(pixels.sum(axis=1), abs=1e-6)
    assert one.segments is not None
    for row in range(3):
        for unit in range(len(one.units)):
            inside = one.segments[row] == unit
            assert one.values[row, unit, 0] == pytest.approx(pixels[row][:, inside].sum(), abs=1e-4)
    other = random_attribution(case_of(lambda x: np.asarray(x).mean(axis=(2, 3)), pixels, pixels))
    assert other.values.shape == (3, len(one.units), 2)
