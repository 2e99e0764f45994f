"""Stability: what does not move is at 1, what is drawn anew at 0; changes that change the answer take no part."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from one_analyzer import answers
from trust_cases import D, linear, method, network, pictures, shapley

from auditnn.analyzers.trust.stability import ROWS, draws_for, over_draws
from auditnn.core.rows import Table
from auditnn.methods.attribution import METHODS
from auditnn.methods.case import Case
from auditnn.subjects.build import from_function, from_sklearn

ID = "trust.stability"


def test_constant_explanations_are_stable_and_draws_are_not() -> None:
    """The gradient of a linear model is the same everywhere."""
    found = answers(linear(), ID, methods=("gradient", "exact_shapley", "random_attribution"))
    assert found.value("rank_stability", "gradient") == pytest.approx(1.0)
    assert found.value("rank_stability", "exact_shapley") > 0.95
    for quantity in ("rank_stability", "rank_stability_seeds"):
        chance = found[quantity, "random_attribution"]
        assert chance.low is not None
        assert chance.high is not None
        assert chance.low < 0 < chance.high < 0.7
    assert {one.slice["method"] for one in found.measurements if one.id.endswith("_seeds")} == {"random_attribution"}


def test_more_noise_leaves_less() -> None:
    values = [answers(network(), ID, methods=("exact_shapley",), noise=noise) for noise in (0.01, 0.1, 0.4)]
    stability = [one.value("rank_stability", "exact_shapley") for one in values]
    assert stability[0] > stability[1] > stability[2] > 0.3


def test_another_seed_alone_leaves_what_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "says_drawn", method("says_drawn", shapley, drawn=True))
    found = answers(network(), ID, methods=("says_drawn",), noise=0.05)
    assert found.value("rank_stability_seeds", "says_drawn") == pytest.approx(1.0)
    assert found.value("rank_stability", "says_drawn") < 1.0


def test_the_noise_of_a_method_s_draws_shows_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values w x plus draws as wide as their spread: the rank correlation of two such is near 1/2, known to Monte
    Carlo."""

    def noisy(case: Case) -> np.ndarray:
        assert isinstance(case.rows, Table)
        own = np.column_stack([case.rows.columns[name] for name in case.rows.columns])
        drawn = np.stack([case.rng("noisy", row).normal(size=D) for row in range(len(case))])
        return (own + drawn)[:, :, None]

    monkeypatch.setitem(METHODS, "noisy", method("noisy", noisy, drawn=True))
    found = answers(linear(), ID, methods=("noisy",), rows=60, draws=20)
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(20_000, D))
    from auditnn.kernels.rank_agreement import rank_correlation

    expected = rank_correlation(shared + rng.normal(size=shared.shape), shared + rng.normal(size=shared.shape)).mean()
    for quantity in ("rank_stability", "rank_stability_seeds"):
        assert found.value(quantity, "noisy") == pytest.approx(expected, abs=0.1)


def test_changes_that_change_the_answer_take_no_part() -> None:
    """A classifier that flips with the last digit has no row near which it answers alike."""

    def fickle(x: object) -> np.ndarray:
        return (np.floor(1e6 * np.asarray(x)[:, 0]) % 2).astype(int)

    X = np.random.default_rng(0).normal(size=(200, 3))
    y = np.arange(200) % 2
    subject = from_function(fickle, X, y, task="binary", output="labels")
    one = answers(subject, ID, methods=("input_values",), rows=200)["rank_stability", "input_values"]
    assert one.n is not None
    assert 60 < one.n < 140
    more = answers(subject, ID, methods=("input_values",), rows=200, draws=8)["rank_stability", "input_values"]
    assert more.n is not None
    assert 190 < more.n <= 200


def test_rows_that_cannot_change_say_so() -> None:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.choice(["a", "b", "c"], 60) for name in ("x", "y", "z")})
    y = (frame["x"] == "a").astype(int)
    fitted = make_pipeline(OneHotEncoder(), DecisionTreeClassifier(random_state=0)).fit(frame, y)
    found = answers(from_sklearn(fitted, frame, y), ID, methods=("exact_shapley", "random_attribution"))
    one = found["rank_stability", "exact_shapley"]
    assert one.status == "undefined"
    assert "no row has a change this small" in (one.reason or "")
    assert found["rank_stability", "random_attribution"].value is not None  # its seeds change


def test_images() -> None:
    found = answers(pictures(), ID, methods=("occlusion", "gradient", "random_attribution"), rows=10)
    assert found.value("rank_stability", "occlusion") > 0.9
    assert found.value("rank_stability", "gradient") > 0.7
    assert abs(found.value("rank_stability", "random_attribution")) < 0.4


def test_few_rows_get_more_changes_and_an_error_of_their_own() -> None:
    assert [draws_for(n, "standard") for n in (1, 2, 5, 10, 20, 100)] == [10, 10, 4, 2, 1, 1]
    assert all(n * draws_for(n, effort) <= max(n, ROWS[effort] * 2) for n in (1, 3, 7, 50) for effort in ROWS)
    one = answers(network(), ID, methods=("exact_shapley",), rows=1, noise=0.3)["rank_stability", "exact_shapley"]
    assert one.interval_method == "monte_carlo"
    assert one.low is not None
    assert one.high is not None
    assert one.low < (one.value or 0) <= one.high <= 1.0


def test_means_over_draws_know_what_is_missing() -> None:
    nothing = np.nan
    mean, error = over_draws(np.array([[1.0, 0.0, 0.5], [0.5, nothing, nothing], [nothing] * 3]))
    assert mean[:2].tolist() == [0.5, 0.5]
    assert np.isnan(mean[2])
    assert error[0] == pytest.approx(0.5 / np.sqrt(3))
    assert np.isnan(error[1:]).all()
