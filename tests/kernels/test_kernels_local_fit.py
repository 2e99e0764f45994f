"""The local fit against scikit-learn's ridge, the lime library's selection, and redraws."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from auditnn.kernels.local_fit import Selection, exponential_kernel, local_fit


def samples(seed: int, d: int, m: int, k: int, binary: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = (rng.random((d, m)) < 0.4).astype(float) if binary else rng.normal(size=(d, m)) * 3 + 1
    x[:, 0] = 1.0
    y = np.sin(x.T @ rng.normal(size=(d, k))) + x.T @ rng.normal(size=(d, k)) + 5.0
    gap = x - x[:, :1]
    return x, y, exponential_kernel((gap * gap).sum(axis=0), 0.75 * np.sqrt(d))


@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(12, 60), st.integers(1, 3), st.booleans())
@settings(max_examples=40, deadline=None)
def test_it_is_scikit_learn_s_weighted_ridge(seed: int, d: int, m: int, k: int, binary: bool) -> None:
    x, y, weights = samples(seed, d, m, k, binary)
    fit = local_fit(x, y, weights)
    for output in range(k):
        model = Ridge(alpha=1.0).fit(x.T, y[:, output], sample_weight=weights)
        assert fit.coefficients[:, output] == pytest.approx(model.coef_, rel=1e-8, abs=1e-10)
        assert fit.intercept[output] == pytest.approx(model.intercept_, rel=1e-8, abs=1e-10)
        assert fit.r2[output] == pytest.approx(model.score(x.T, y[:, output], sample_weight=weights), abs=1e-9)
        assert fit.prediction[output] == pytest.approx(model.predict(x[:, :1].T)[0], rel=1e-8, abs=1e-10)


@given(
    st.integers(0, 10_000),
    st.integers(1, 9),
    st.booleans(),
    st.sampled_from(["auto", "forward_selection", "highest_weights", "none"]),
)
@settings(max_examples=40, deadline=None)
def test_selection_is_the_library_s(seed: int, keep: int, binary: bool, selection: Selection) -> None:
    from lime.lime_base import LimeBase

    x, y, weights = samples(seed, 9, 80, 2, binary)
    base = LimeBase(lambda distances: weights)
    fit = local_fit(x, y, weights, keep=keep, selection=selection)
    for output in range(2):
        _, told, r2, prediction = base.explain_instance_with_data(
            x.T.copy(), y, weights, output, keep, feature_selection=selection
        )
        theirs = np.zeros(9)
        for unit, coefficient in told:
            theirs[unit] = coefficient
        assert np.array_equal(fit.coefficients[:, output] != 0, theirs != 0)
        assert fit.coefficients[:, output] == pytest.approx(theirs, rel=1e-8, abs=1e-10)
        assert fit.r2[output] == pytest.approx(r2, abs=1e-9)
        assert fit.prediction[output] == pytest.approx(prediction[0], rel=1e-8)


def test_the_sandwich_in_plain_algebra() -> None:
    x, y, weights = samples(3, 4, 50, 2, False)
    fit = local_fit(x, y, weights)
    design = np.column_stack([np.ones(50), x.T])
    penalty = np.diag([0.0, 1.0, 1.0, 1.0, 1.0])
    bread = np.linalg.inv(design.T @ np.diag(weights) @ design + penalty)
    leverage = np.diag(design @ bread @ design.T) * weights
    for output in range(2):
        told = np.array([fit.intercept[output], *fit.coefficients[:, output]])
        residual = y[:, output] - design @ told
        # The intercept's own leverage, weight over total weight, is left out, as the fit is centered.
        inner = (weights * residual / (1 - (leverage - weights / weights.sum()))) ** 2
        inner[0] = 0.0
        whole = bread @ (design.T @ np.diag(inner) @ design) @ bread
        assert fit.error[:, output] == pytest.approx(np.sqrt(np.diag(whole))[1:], rel=1e-6)


def test_outputs_that_do_not_vary_have_no_coefficients() -> None:
    x, y, weights = samples(4, 5, 40, 2, True)
    y[:, 1] = 0.1 + 0.2
    fit = local_fit(x, y, weights, keep=3, selection="highest_weights")
    assert np.array_equal(fit.coefficients[:, 1], np.zeros(5))
    assert np.array_equal(fit.error[:, 1], np.zeros(5))
    assert (fit.r2[1], fit.r2_error[1]) == (1.0, 0.0)
    assert fit.intercept[1] == pytest.approx(0.3)
    assert fit.r2[0] < 1.0


@pytest.mark.parametrize("selection", ["forward_selection", "highest_weights"])
def test_constant_and_repeated_features(selection: Selection) -> None:
    x, y, weights = samples(5, 4, 60, 1, True)
    x = np.vstack([x, np.ones(60), x[0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = local_fit(x, y, weights)
        part = local_fit(x, y, weights, keep=5, selection=selection)
    assert whole.coefficients[4, 0] == pytest.approx(0.0, abs=1e-15)
    assert whole.coefficients[0] == pytest.approx(whole.coefficients[5])
    for fit in (whole, part):
        assert np.isfinite(fit.coefficients).all()
        assert np.isfinite(fit.error).all()


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("keep", [None, 3])
def test_errors_are_the_spread_over_redraws(binary: bool, keep: int | None) -> None:
    """The mean standard error is within 10% of the spread of the coefficients over 600 redraws, for a model that is
    not linear and errs unevenly; likewise that of R2."""
    rng = np.random.default_rng(0)
    d, m = 6, 400
    slope = np.array([3.0, -2.5, 2.0, 0.2, 0.1, 0.0])
    told, errors, fits, fit_errors = [], [], [], []
    for _ in range(600):
        x = (rng.random((d, m)) < 0.3).astype(float) if binary else rng.normal(size=(d, m))
        x[:, 0] = 1.0
        y = x.T @ slope + 0.8 * x[0] * x[1] + 0.5 * x[2] * np.abs(x[3]) + 0.1 * x[2] ** 3
        weights = exponential_kernel(((x - x[:, :1]) ** 2).sum(axis=0), 0.75 * np.sqrt(d))
        fit = local_fit(x, y[:, None], weights, keep=keep, selection="highest_weights")
        told.append(fit.coefficients[:, 0])
        errors.append(fit.error[:, 0])
        fits.append(fit.r2[0])
        fit_errors.append(fit.r2_error[0])
    spread = np.std(told, axis=0, ddof=1)
    kept = np.mean(np.array(told) != 0, axis=0) == 1.0
    assert kept.sum() >= 3
    assert np.mean(errors, axis=0)[kept] == pytest.approx(spread[kept], rel=0.1)
    assert np.mean(fit_errors) == pytest.approx(np.std(fits, ddof=1), rel=0.15)
