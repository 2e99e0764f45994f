"""Everything that may stand in for a case: modules, functions, subjects, and rows of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import auditnn
from auditnn.core.errors import SubjectError
from auditnn.methods.attribution import exact_shapley
from auditnn.methods.plain import case_of
from auditnn.subjects.build import from_function, from_predictions, from_torch

RNG = np.random.default_rng(0)
X, BACKGROUND = RNG.normal(size=(5, 3)), RNG.normal(size=(8, 3))
WEIGHTS = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])


def linear(x: Any) -> np.ndarray:
    return np.asarray(x, dtype=float) @ WEIGHTS.T


def closed_form(background: np.ndarray = BACKGROUND) -> np.ndarray:
    """Shapley values (n, d, k) of a linear model: weight times distance from the background's mean."""
    return (X - background.mean(axis=0))[:, :, None] * WEIGHTS.T


def module() -> torch.nn.Module:
    made = torch.nn.Linear(3, 2).double()
    with torch.no_grad():
        made.weight.copy_(torch.as_tensor(WEIGHTS))
        made.bias.zero_()
    return torch.nn.Sequential(made, torch.nn.Dropout(0.9))


@pytest.mark.parametrize(
    ("rows", "background"),
    [
        (X, BACKGROUND),
        (torch.as_tensor(X), torch.as_tensor(BACKGROUND)),
        (X.tolist(), BACKGROUND.tolist()),
        (pd.DataFrame(X, columns=list("abc")), pd.DataFrame(BACKGROUND, columns=list("abc"))),
    ],
)
def test_rows_of_every_kind_give_the_closed_form(rows: Any, background: Any) -> None:
    for model in (module().train(), linear):
        found = exact_shapley(model, rows, background)
        assert found.values == pytest.approx(closed_form(), abs=1e-12)
        assert found.units == (("a", "b", "c") if isinstance(rows, pd.DataFrame) else ("x0", "x1", "x2"))
        assert found.base == pytest.approx(np.repeat(linear(BACKGROUND).mean(axis=0)[None], 5, axis=0))
        assert found.output == pytest.approx(linear(X))


def test_a_module_in_training_mode_is_evaluated_and_given_back_as_it_was() -> None:
    given = module().train()
    given[0].eval()
    exact_shapley(given, X, BACKGROUND)
    assert given.training
    assert not given[0].training
    assert given[1].training


def test_outputs_of_one_column_are_one_value() -> None:
    for model in (lambda x: linear(x)[:, 0], lambda x: linear(x)[:, :1], lambda x: torch.as_tensor(linear(x)[:, 0])):
        found = exact_shapley(model, X, BACKGROUND)
        assert found.values == pytest.approx(closed_form()[:, :, :1], abs=1e-12)
    assert case_of(lambda x: linear(x)[:, 0], X).targets.tolist() == [0] * 5


def test_a_function_gets_what_the_rows_came_as() -> None:
    seen: list[Any] = []

    def watch(x: Any) -> Any:
        seen.append(x)
        return torch.zeros(len(x)) if isinstance(x, torch.Tensor) else np.zeros(len(x))

    frame = pd.DataFrame({"a": [1, 2], 7: ["x", None]})
    for rows, kind in ((X.astype(np.float32), np.ndarray), (torch.ones(2, 3, dtype=torch.float32), torch.Tensor),
                       (frame, pd.DataFrame), (torch.zeros(2, 1, 4, 4), torch.Tensor)):  # fmt: skip
        seen.clear()
        case = case_of(watch, rows)
        case.games.ends()
        assert {type(x) for x in seen} == {kind}
        if kind is not pd.DataFrame:
            assert {str(x.dtype).removeprefix("torch.") for x in seen} == {"float32"}
        else:
            assert list(seen[-1].columns) == ["a", 7]
            assert seen[-1].dtypes.tolist() == frame.dtypes.tolist()


def test_a_method_of_an_estimator_over_a_frame_with_categories() -> None:
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    data = pd.DataFrame({"x": RNG.normal(size=80), "city": RNG.choice(["a", "b", "c"], 80)})
    y = (data["x"] + (data["city"] == "b") > 0.3).astype(int)
    encode = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    fitted = make_pipeline(encode, LogisticRegression()).fit(data, y)
    rows, background = data[data["city"] == "a"][:3], data[data["city"] != "a"][:6]
    found = exact_shapley(fitted.predict_proba, rows, background)
    for row in range(3):
        swapped = background.assign(city="a")
        only_city = fitted.predict_proba(swapped).mean(axis=0) - fitted.predict_proba(background).mean(axis=0)
        moved = background.assign(x=rows["x"].iloc[row])
        both = fitted.predict_proba(rows[row : row + 1])[0] - fitted.predict_proba(moved).mean(axis=0)
        assert found.values[row, 1] == pytest.approx((only_city + both) / 2)
    assert case_of(fitted.predict_proba, rows, background).targets == pytest.approx(fitted.predict(rows))
    with pytest.raises(SubjectError, match=r"model\.predict_proba or"):
        case_of(fitted, rows)


def test_images_of_arrays_and_tensors() -> None:
    pixels = np.random.default_rng(1).random((3, 1, 8, 8)).astype(np.float32)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2))
    first, second = (exact_shapley(network, rows) for rows in (pixels, torch.as_tensor(pixels)))
    assert np.array_equal(first.values, second.values)
    assert first.values.sum(axis=1) + first.base == pytest.approx(first.output, abs=1e-5)
    with pytest.raises(SubjectError, match="inside the model"):
        case_of(network, 3 * pixels - 1)


def subject(**keywords: Any) -> Any:
    y = (linear(X)[:, 1] > 0).astype(int)
    train = (BACKGROUND, np.arange(8) % 2)
    return from_torch(module(), X, y, task="binary", output="logits", train=train, id=list("vwxyz"), **keywords)


def test_a_subject_stands_in_for_the_model() -> None:
    record = subject()
    for given in (record, auditnn.Subject(record)):
        found = exact_shapley(given, [3, 1])
        assert found.values == pytest.approx(closed_form()[[3, 1]], abs=1e-12)
    case = case_of(record, [3, 1])
    assert case.ids.tolist() == ["y", "w"]
    assert case.targets.tolist() == linear(X)[[3, 1]].argmax(axis=1).tolist()


@pytest.mark.parametrize(
    "rows", [4, np.int64(4), [4], np.array([4]), (4,), -1, X[4:], X[4:].tolist(), torch.as_tensor(X[4:])]
)
def test_rows_of_a_subject_are_positions_or_rows_like_them(rows: Any) -> None:
    assert exact_shapley(subject(), rows).values == pytest.approx(closed_form()[4:], abs=1e-12)


def test_the_background_of_a_subject_may_be_given() -> None:
    own = closed_form(BACKGROUND[[2, 5]])
    for background in ([2, 5], BACKGROUND[[2, 5]]):
        assert exact_shapley(subject(), np.arange(5), background).values == pytest.approx(own, abs=1e-12)


def test_rows_for_a_subject_over_a_frame_keep_its_codes() -> None:
    data = pd.DataFrame({"city": ["a", "b", "c", "b"], "x": [1.0, 2.0, 3.0, 4.0]})
    value = {"a": 1.0, "b": 10.0, "c": 100.0}
    record = from_function(lambda frame: frame["city"].map(value).to_numpy() * 1.0, data, data["x"], task="regression")
    found = exact_shapley(record, data.iloc[[2]], data.iloc[[1, 3]])
    assert found.values[0, :, 0].tolist() == [90.0, 0.0]
    swapped = exact_shapley(record, data.iloc[[2]][["x", "city"]], [1, 3])
    assert swapped.values[0, :, 0].tolist() == [90.0, 0.0]
    with pytest.raises(SubjectError, match="city"):
        case_of(record, pd.DataFrame({"x": [1.0]}))


def test_targets_are_predicted_unless_given() -> None:
    assert case_of(linear, X).targets.tolist() == linear(X).argmax(axis=1).tolist()
    assert case_of(linear, X, target=1).targets.tolist() == [1] * 5
    assert case_of(linear, X, target=np.array([0, 1, 0, 1, 0])).targets.tolist() == [0, 1, 0, 1, 0]
    for wrong in (2, -1, 0.5, [0, 1], "a"):
        with pytest.raises(SubjectError, match="a class code from 0 to 1"):
            case_of(linear, X, target=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "rows", "said"),
    [
        (linear, None, "rows to explain"),
        (linear, X[0], "two dimensions"),
        (linear, np.zeros((0, 3)), "at least one row"),
        (linear, 5, "array, a tensor or a data frame"),
        (3, X, "a torch module, a function or a Subject"),
        (lambda x: np.zeros((len(x), 2, 2)), X, r"\(1, 2, 2\)"),
        (lambda x: np.zeros(3), X, r"shape \(3,\)"),
        (lambda x: np.full(len(x), "yes"), X, "numbers from the model"),
        (subject(), [5], "positions among 5 test rows"),
        (subject(), X[:, :2], "3 columns in the rows: 'x0'"),
        (from_predictions([0, 1], [0, 1], task="binary"), [0], "no model|rows and a model"),
    ],
)
def test_what_cannot_be_used_is_told(model: Any, rows: Any, said: str) -> None:
    with pytest.raises(SubjectError, match=said):
        case_of(model, rows)


def test_a_subject_has_its_own_names() -> None:
    with pytest.raises(SubjectError, match="no feature names"):
        case_of(subject(), [0], features=["a", "b", "c"])
