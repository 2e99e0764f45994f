"""Exact Shapley values: the library's, with units of several columns, and few calls where little moves."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from shapley_cases import network, sample

from auditnn.core.errors import NotApplicable
from auditnn.methods.attribution import exact_shapley
from auditnn.methods.attribution.uncompiled import uncompiled
from auditnn.methods.plain import case_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import shap


@pytest.fixture(autouse=True)
def plain_loops() -> Iterator[None]:
    with uncompiled():
        yield


@pytest.mark.parametrize(("d", "k"), [(1, 1), (4, 2), (9, 3)])
def test_equals_the_library(d: int, k: int) -> None:
    case = network(d, k)
    explainer = shap.ExactExplainer(case.calls.forward, np.asarray(case.background_inputs, float))
    theirs = explainer(case.inputs.astype(float), silent=True).values.reshape(len(case), d, k)
    np.testing.assert_allclose(exact_shapley(case).values, theirs, atol=1e-5)


@pytest.mark.parametrize("name", ["diabetes", "credit", "digits"])
def test_equals_the_library_on_samples(name: str) -> None:
    case = sample(name, 2, 5, units=9)
    fast, slow = exact_shapley(case), exact_shapley(case, engine="reference")
    np.testing.assert_allclose(fast.values, slow.values, atol=1e-5)
    np.testing.assert_allclose(fast.base + fast.values.sum(axis=1), fast.output, atol=1e-9)
    assert fast.error is None


def test_what_does_not_move_is_not_asked_for() -> None:
    rng = np.random.default_rng(0)
    rows, background = rng.normal(size=(1, 20)), rng.normal(size=(3, 20))
    background[:, 6:] = rows[0, 6:]
    case = case_of(lambda x: np.sin(x).sum(axis=1) * x[:, 0], rows, background)
    before = case.calls.bill.rows_forward
    one = exact_shapley(case)
    assert case.calls.bill.rows_forward - before == 2**6 * 3
    assert one.values.shape == (1, 20, 1)
    assert not one.values[0, 6:].any()


def test_too_many_units() -> None:
    with pytest.raises(NotApplicable, match="17 units have 131,072 coalitions"):
        exact_shapley(network(17, 1))
