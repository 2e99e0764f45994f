"""Global importance: scikit-learn on the same permutations and grids, planted effects, and trees that do or do not
tell what the model does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from one_analyzer import Answers, answers
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.utils import check_random_state

from auditnn.analyzers.catalog import load_catalog
from auditnn.analyzers.context import Context
from auditnn.core.errors import NotApplicable
from auditnn.core.subject import Subject
from auditnn.subjects.build import from_function, from_sklearn

ID = "explanation.global_importance"
N = 400


def regression(n: int = N, seed: int = 0) -> tuple[np.ndarray, np.ndarray, Any]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    X[:, 1] = X[:, 0] + 0.3 * X[:, 1]
    y = 3 * X[:, 0] - X[:, 2] + rng.normal(size=n)
    return X, y, LinearRegression().fit(X, y)


def linear(**keywords: Any) -> Subject:
    X, y, model = regression()
    return from_sklearn(model, X, y, features=list("abcd"), **keywords)


class Recorded:
    """A random stream whose permutations were written down before."""

    def __init__(self, permutations: list[np.ndarray]) -> None:
        self.left = list(permutations)

    def permutation(self, n: int) -> np.ndarray:
        assert len(self.left[0]) == n
        return self.left.pop(0)


@pytest.mark.parametrize(("metric", "scoring"), [("r2", "r2"), ("accuracy", "accuracy"), ("log_loss", "neg_log_loss")])
def test_equals_scikit_learn_on_the_same_permutations(
    monkeypatch: pytest.MonkeyPatch, metric: str, scoring: str
) -> None:
    X, y, model = regression()
    if metric != "r2":
        y = (y > 0).astype(int)
        model = LogisticRegression().fit(X, y)
    subject = from_sklearn(model, X, y, features=list("abcd"))
    theirs = permutation_importance(model, X, y, scoring=scoring, n_repeats=5, random_state=7)
    # scikit-learn shuffles the rows of the audited sample again and again, the same way for every column.
    drawn = check_random_state(check_random_state(7).randint(np.iinfo(np.int32).max + 1))
    shuffling, dealt = np.arange(N), []
    for _ in range(5):
        drawn.shuffle(shuffling)
        dealt.append(shuffling if not dealt else dealt[-1][shuffling])
        dealt[-1] = dealt[-1].copy()
    monkeypatch.setattr(Context, "sample", lambda self, wanted: np.arange(min(wanted, N)))
    plain = Context.rng
    monkeypatch.setattr(
        Context,
        "rng",
        lambda self, *names: Recorded(dealt) if names[0] == "permutations" else plain(self, *names),
    )
    found = answers(subject, ID, metric=metric, repeats=5, effects=0)
    ours = [found.value("permutation_importance", name) for name in "abcd"]
    np.testing.assert_allclose(ours, theirs.importances_mean, rtol=1e-9, atol=1e-12)


def test_the_interval_holds_what_a_linear_model_owes_to_a_feature() -> None:
    """R2 falls by 2 w^2 var(x) / var(y) when x is dealt out; the population's value is known."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(1500, 2))
    y = 2 * X[:, 0] + 0.5 * X[:, 1] + rng.normal(size=1500)
    subject = from_function(
        lambda x: 2 * x[:, 0] + 0.5 * x[:, 1], X, y, task="regression", output="values", features=["a", "b"]
    )
    found = answers(subject, ID, effects=0)
    for name, weight in (("a", 2.0), ("b", 0.5)):
        one = found["permutation_importance", name]
        assert one.low is not None
        assert one.high is not None
        assert one.low <= 2 * weight**2 / (4 + 0.25 + 1) <= one.high


def test_features_of_one_unit_are_dealt_together() -> None:
    """A model of a difference of two equal columns: apart each matters, together neither does."""
    X = np.repeat(np.random.default_rng(2).normal(size=(N, 1)), 2, axis=1)
    y = np.zeros(N)
    y[: N // 2] = 1.0

    def gap(x: np.ndarray) -> np.ndarray:
        return x[:, 0] - x[:, 1]

    apart = from_function(gap, X, y, task="regression", output="values", features=["a", "b"])
    together = from_function(
        gap, X, y, task="regression", output="values", features={"a": {"unit": "both"}, "b": {"unit": "both"}}
    )
    assert answers(apart, ID, effects=0).value("permutation_importance", "a") > 1.0
    assert answers(together, ID, effects=0).value("permutation_importance", "both") == 0.0


def test_without_labels_it_is_the_change_of_the_output() -> None:
    X, _, model = regression()
    subject = from_function(model.predict, X, X[:, 0], task="regression", output="values", features=list("abcd"))
    subject = replace(subject, test=replace(subject.test, y=None))
    found = answers(subject, ID, effects=0)
    assert found.value("permutation_importance", "a") > found.value("permutation_importance", "c") > 0.5
    assert found["permutation_importance", "a"].unit == "target"
    with pytest.raises(NotApplicable, match="needs labels"):
        answers(subject, ID, metric="r2")


def drawn(found: Answers) -> list[Any]:
    return [one for one in found.all_exhibits if one.id == f"{ID}/effect"]


def curve(found: Answers, feature: str, series: str, line: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    shown = next(one for one in drawn(found) if one.slice["feature"] == feature)
    columns = shown.columns
    at = [
        i for i, name in enumerate(columns["curve"]) if name == series and columns["one row"][i] == line
    ]  # fmt: skip
    return np.array([columns[feature][i] for i in at]), np.array([columns["output"][i] for i in at], float)


def test_partial_dependence_equals_scikit_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.ensemble import RandomForestRegressor

    X, y, _ = regression()
    model = RandomForestRegressor(10, random_state=0).fit(X, y)
    monkeypatch.setattr(Context, "sample", lambda self, wanted: np.arange(min(wanted, 100)))
    found = answers(from_sklearn(model, X, y, features=list("abcd")), ID, effects=1)
    name = drawn(found)[0].slice["feature"]
    points, ours = curve(found, name, "partial dependence")
    theirs = partial_dependence(
        model, X[:100], [list("abcd").index(name)], custom_values={list("abcd").index(name): points}, kind="both"
    )
    np.testing.assert_allclose(ours, theirs["average"][0], rtol=1e-5)
    np.testing.assert_allclose(curve(found, name, "partial dependence", "3")[1], theirs["individual"][0, 2], rtol=1e-5)


def test_curves_of_a_linear_model_are_its_line() -> None:
    _, _, model = regression()
    found = answers(linear(), ID, effects=4)
    for feature, weight in zip("abcd", model.coef_, strict=True):
        for series in ("partial dependence", "accumulated local effects"):
            x, y = curve(found, feature, series)
            np.testing.assert_allclose(np.diff(y), weight * np.diff(x), rtol=1e-3, atol=1e-3)


def frame_subject(**keywords: Any) -> Subject:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "city": rng.choice(["oslo", "rome", "bonn"], N, p=[0.5, 0.3, 0.2]),
            "size": pd.Categorical(rng.choice(["s", "m", "l"], N), categories=["s", "m", "l"], ordered=True),
            "age": rng.normal(40, 10, N),
        }
    )
    frame.loc[frame.index[:5], "age"] = np.nan
    effect = {"oslo": 3.0, "rome": -3.0, "bonn": 0.0}

    def predict(rows: pd.DataFrame) -> np.ndarray:
        return (
            rows["city"].map(effect).to_numpy(float)
            + 2.0 * pd.Categorical(rows["size"], categories=["s", "m", "l"], ordered=True).codes
        )

    return from_function(predict, frame, predict(frame), task="regression", output="values", **keywords)


def test_categories_have_curves_and_ordered_ones_local_effects() -> None:
    found = answers(frame_subject(), ID, effects=3)
    x, y = curve(found, "city", "partial dependence")
    means = dict(zip(x.tolist(), y.tolist(), strict=True))
    assert means["oslo"] - means["rome"] == pytest.approx(6.0, abs=1e-3)
    assert means["bonn"] - means["rome"] == pytest.approx(3.0, abs=1e-3)
    assert not len(curve(found, "city", "accumulated local effects")[0])
    x, y = curve(found, "size", "accumulated local effects")
    assert x.tolist() == ["s", "m", "l"]
    np.testing.assert_allclose(np.diff(y), [2.0, 2.0], atol=1e-3)
    x, y = curve(found, "age", "partial dependence")
    assert np.ptp(y) == pytest.approx(0.0, abs=1e-6)


def test_a_tree_of_a_model_that_is_one_tells_all_of_it() -> None:
    subject = frame_subject()
    found = answers(subject, ID, effects=0, depth=4)
    assert found.value("surrogate_fidelity") == pytest.approx(1.0, abs=1e-9)
    leaves = found.exhibit("surrogate_tree")
    told = dict(zip(leaves.columns["where"], leaves.columns["model"], strict=True))
    assert any("city = oslo" in where and "size = l" in where and value == 7.0 for where, value in told.items())
    assert sum(leaves.columns["rows"]) == N // 2


def test_a_tree_of_a_model_that_is_none_says_so() -> None:
    X = np.random.default_rng(4).normal(size=(2000, 6))

    def parity(x: np.ndarray) -> np.ndarray:
        return np.prod(np.sign(x), axis=1)

    subject = from_function(parity, X, parity(X), task="regression", output="values")
    found = answers(subject, ID, effects=0)
    one = found["surrogate_fidelity"]
    assert one.high is not None
    assert one.high < 0.3
    assert "do not read it as a description" in found.exhibit("surrogate_tree").summary


def test_redacted_columns_are_neither_drawn_nor_split_on() -> None:
    found = answers(frame_subject(redact=["city"]), ID, effects=3)
    assert {one.slice["feature"] for one in drawn(found)} == {"size", "age"}
    assert not any("city" in where for where in found.exhibit("surrogate_tree").columns["where"])
    assert found.value("permutation_importance", "city") > 0


def test_no_single_rows_where_none_are_stored() -> None:
    stored, none = answers(linear(), ID), answers(linear(store_rows="none"), ID)
    assert any(line is not None for line in drawn(stored)[0].columns["one row"])
    assert all(line is None for one in drawn(none) for line in one.columns["one row"])


def test_a_model_that_ignores_its_inputs() -> None:
    X, y, _ = regression()
    subject = from_function(lambda x: np.full(len(x), 2.0), X, y, task="regression", output="values")
    found = answers(subject, ID)
    assert {one.value for one in found.measurements if one.id.endswith("importance")} == {0.0}
    assert found["surrogate_fidelity"].status == "undefined"


def test_costs_what_was_foretold() -> None:
    from auditnn.runner import run

    subject, declared = linear(), load_catalog()[ID]
    audit = run(subject, [ID], effort="quick", rows=50)
    record = audit.record(ID)
    assert record is not None
    assert record.rows_forward == declared.cost(subject, declared.settings(), "quick", 50)  # type: ignore[misc]
