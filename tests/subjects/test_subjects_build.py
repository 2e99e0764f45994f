"""Constructors: odd but valid input builds, predicts, and means what it says."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from auditnn.core.subject import Predictions, Subject
from auditnn.subjects import build
from auditnn.subjects.calls import Calls
from auditnn.subjects.card import card
from auditnn.subjects.check import first_predictions

N = 60
RNG = np.random.default_rng(1)
X = RNG.normal(size=(N, 3))
Y = (X[:, 0] + 0.3 * RNG.normal(size=N) > 0).astype(int)
Y3 = np.digitize(X[:, 0], [-0.5, 0.5])


def predicted(subject: Subject) -> Predictions:
    return first_predictions(subject, None if subject.model is None else Calls(subject))


def linear(width: int = 1, columns: int = 3) -> torch.nn.Linear:
    torch.manual_seed(0)
    return torch.nn.Linear(columns, width).eval()


def by_hand(module: torch.nn.Linear, X: np.ndarray) -> np.ndarray:
    weight, bias = module.weight.detach().numpy(), module.bias.detach().numpy()
    return X.astype(np.float32).astype(np.float64) @ weight.T.astype(np.float64) + bias


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def softmax(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


# the four kinds of output, against closed forms


def test_one_logit_is_that_of_the_positive_class() -> None:
    module = linear()
    p = sigmoid(by_hand(module, X)[:, 0])
    for positive in (0, 1):
        subject = build.from_torch(module, X, Y, output="logits", positive=positive, threshold=0.4)
        found = predicted(subject)
        assert found.score == pytest.approx(p, abs=1e-6)
        assert np.array_equal(found.prediction == positive, p >= 0.4)


def test_two_logits_are_a_softmax() -> None:
    module = linear(2)
    p = softmax(by_hand(module, X))
    for positive in (0, 1):
        found = predicted(build.from_torch(module, X, Y, output="logits", positive=positive))
        assert found.score == pytest.approx(p[:, positive], abs=1e-6)
        assert np.array_equal(found.prediction, p.argmax(axis=1))


def test_probabilities_in_one_and_in_two_columns_agree() -> None:
    p = sigmoid(X[:, 0])
    one = predicted(build.from_function(lambda a: sigmoid(a[:, 0]), X, Y))
    two = predicted(build.from_function(lambda a: np.c_[1 - sigmoid(a[:, 0]), sigmoid(a[:, 0])], X, Y))
    for found in (one, two):
        assert found.score is not None
        assert np.array_equal(found.score, p)
        assert np.array_equal(found.prediction, (p >= 0.5).astype(int))


def test_multiclass_logits_and_probabilities() -> None:
    module = linear(3)
    z = by_hand(module, X)
    found = predicted(build.from_torch(module, X, Y3, task="multiclass", output="logits"))
    assert found.score == pytest.approx(softmax(z), abs=1e-6)
    assert np.array_equal(found.prediction, z.argmax(axis=1))
    again = predicted(build.from_function(lambda a: softmax(by_hand(module, a)), X, Y3, task="multiclass"))
    assert again.score == pytest.approx(softmax(z))


def test_extreme_logits_give_probabilities_without_overflow() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = predicted(build.from_function(lambda a: a[:, 0] * 1e6, X, Y, output="logits"))
    assert set(np.unique(found.score)) <= {0.0, 1.0}


def test_regression_values_in_one_or_no_column() -> None:
    flat = build.from_function(lambda a: a[:, 0] * 2, X, X[:, 1], task="regression")
    column = build.from_function(lambda a: a[:, :1] * 2, X, X[:, 1], task="regression")
    for subject in (flat, column):
        found = predicted(subject)
        assert np.array_equal(found.prediction, X[:, 0] * 2)
        assert found.score is None
        assert "favorable" not in card(subject)
        assert card(subject)["threshold"] is None


def test_hard_labels_are_codes_and_their_indicator() -> None:
    names = np.array(["no", "yes"])
    subject = build.from_function(
        lambda a: names[(a[:, 0] > 0).astype(int)], X, names[Y], output="labels", positive="yes"
    )
    found = predicted(subject)
    assert np.array_equal(found.prediction, X[:, 0] > 0)
    assert found.score is None
    raw = Calls(subject).outputs(subject.test.rows)
    assert np.array_equal(raw, np.c_[X[:, 0] <= 0, X[:, 0] > 0].astype(float))


# labels and their meaning


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([False, True], (False, True)),
        ([-1, 1], (-1, 1)),
        ([2, 7], (2, 7)),
        ([0.0, 1.0], (0, 1)),
        (["a", "b"], ("a", "b")),
        (["<b>ja</b>", "Ünïcode ☃"], ("<b>ja</b>", "Ünïcode ☃")),
    ],
)
def test_binary_labels_of_every_kind(values: list[Any], labels: tuple[Any, ...]) -> None:
    y = [values[one] for one in Y]
    for form in (y, np.array(y), pd.Series(y), pd.Series(y, dtype="category"), pd.DataFrame({"y": y})):
        subject = build.from_torch(linear(), X, form, task="binary", output="logits", positive=values[1])
        assert subject.labels == labels
        assert subject.positive == 1
        assert np.array_equal(subject.test.y, Y)
        assert card(subject)["positive"] == labels[1]


def test_classes_name_labels_or_list_them_in_order() -> None:
    named = build.from_torch(linear(), X, Y, output="logits", classes=["repaid", "defaulted"], favorable="repaid")
    assert (named.labels, named.classes, named.favorable) == ((0, 1), ("repaid", "defaulted"), (0,))
    assert card(named)["favorable"] == 0
    y = np.where(Y, "a", "z")
    listed = build.from_torch(linear(), X, y, output="logits", classes=["z", "a"])
    assert (listed.labels, listed.classes, listed.positive) == (("z", "a"), ("z", "a"), 1)
    assert np.array_equal(listed.test.y, Y)


def test_labels_that_are_not_contiguous_and_classes_that_nobody_has() -> None:
    odd = build.from_torch(linear(3), X, np.array([2, 5, 9])[Y3], task="multiclass", output="logits")
    assert odd.labels == (2, 5, 9)
    assert np.array_equal(odd.test.y, Y3)
    wide = build.from_torch(
        linear(5), X, Y3, task="multiclass", output="logits", classes=list("abcde"), favorable=["a", "e"]
    )
    assert wide.labels == (0, 1, 2, 3, 4)
    assert wide.favorable == (0, 4)
    assert predicted(wide).score.shape == (N, 5)  # type: ignore[union-attr]


def test_the_positive_label_stands_in_for_a_favorable_one_and_a_note_says_so() -> None:
    subject = build.from_torch(linear(), X, Y, output="logits")
    assert subject.favorable == (1,)
    assert any("favorable" in note for note in subject.notes)


@pytest.mark.parametrize(
    ("y", "keywords", "task"),
    [
        (Y, {}, "binary"),
        (Y.astype(bool), {}, "binary"),
        (np.array(["a", "b", "c"])[Y3], {}, "multiclass"),
        (Y3, {"output": "probabilities"}, "multiclass"),
        (X[:, 1], {}, "regression"),
        (Y3, {"output": "values"}, "regression"),
    ],
)
def test_the_task_is_inferred_where_it_is_clear(y: Any, keywords: dict[str, Any], task: str) -> None:
    if task == "binary":
        keywords = {"positive": 1, **keywords}
    assert build.from_function(lambda a: a, X, y, **keywords).task == task


# odd but valid


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": X[:, 0], **columns})


def half(inputs: Any) -> np.ndarray:
    return np.full(len(inputs), 0.5)


ODD: dict[str, Callable[[], Subject]] = {
    "one row": lambda: build.from_torch(linear(), X[:1], Y[:1], task="binary", output="logits"),
    "one row, declared classes": lambda: build.from_torch(
        linear(3), X[:1], ["b"], task="multiclass", output="logits", classes=["a", "b", "c"]
    ),
    "one group": lambda: build.from_torch(linear(), X, Y, output="logits", groups={"sex": ["f"] * N}),
    "a group of one": lambda: build.from_torch(
        linear(), X, Y, output="logits", groups={"sex": ["m", *["f"] * (N - 1)]}
    ),
    "names in unicode and HTML": lambda: build.from_function(
        half, frame(**{"<script>alert(1)</script>": X[:, 1], "größe ☃": ["<b>", "ü"] * (N // 2)}), Y,
        groups=["größe ☃"], name="<i>x</i>",
    ),
    "constant columns": lambda: build.from_torch(linear(), np.ones((N, 3)), Y, output="logits"),
    "a column without a value": lambda: build.from_function(half, frame(b=[None] * N, c=np.nan), Y),
    "integer tensor": lambda: build.from_torch(
        linear(), torch.arange(3 * N).reshape(N, 3), torch.as_tensor(Y), output="logits"
    ),
    "numbers as column names": lambda: build.from_function(half, pd.DataFrame(X), Y),
    "nullable types": lambda: build.from_function(
        half,
        pd.DataFrame({
            name: pd.array([value, None] * (N // 2), dtype=dtype)
            for name, value, dtype in [
                ("i", 1, "Int64"), ("b", True, "boolean"), ("f", 1.5, "Float64"), ("s", "x", "string")
            ]
        }), pd.array(Y, dtype="Int64"), groups=["b", "s"],
    ),
    "decimals": lambda: build.from_function(half, frame(d=[Decimal("1.5")] * N), Y),
    "a frame with another index": lambda: build.from_function(half, frame().set_index(pd.Index(range(N, 0, -1))), Y),
    "no columns in a group's training rows": lambda: build.from_torch(
        linear(), X, Y, output="logits", groups={"sex": ["f"] * N}, train=(X, Y)
    ),
    "a module without parameters": lambda: build.from_torch(
        torch.nn.Softmax(dim=1), X[:, :2], Y, output="probabilities"
    ),
    "a module of doubles": lambda: build.from_torch(linear().double(), X, Y, output="logits"),
    "a module of half precision": lambda: build.from_torch(linear().bfloat16(), X, Y, output="logits"),
    "one class in stored predictions": lambda: build.from_predictions([1] * N, [1] * N, task="binary"),
    "one stored row": lambda: build.from_predictions([1], score=[0.7]),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_input_builds_and_predicts(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        subject = ODD[name]()
        found = predicted(subject)
    assert len(found.prediction) == len(subject.test)
    assert card(subject)["rows"]["test"] == len(subject.test)


def test_a_hundred_thousand_categories() -> None:
    n = 100_000
    names = pd.Series(np.arange(n)[::-1]).map("c{:06d}".format)
    data = pd.DataFrame({"key": names, "x": np.arange(n, dtype=float)})
    seen: list[Any] = []

    def look(table: pd.DataFrame) -> np.ndarray:
        seen.append(table["key"])
        return np.full(len(table), 0.5)

    subject = build.from_function(look, data, np.arange(n) % 2)
    predicted(subject)
    assert pd.concat(seen, ignore_index=True).equals(names)
    assert len(subject.test.rows.feature("key").categories) == n  # type: ignore[union-attr]
    facts = card(subject)["features"][0]
    assert len(facts["categories"]) == 50
    assert facts["category_count"] == n


def test_missing_features_reach_a_model_that_takes_them() -> None:
    holes = X.copy()
    holes[::7, 1] = np.nan
    model = HistGradientBoostingClassifier(max_iter=5).fit(holes, Y)
    found = predicted(build.from_sklearn(model, holes, Y))
    assert np.array_equal(found.score, model.predict_proba(holes)[:, 1])


def test_no_target_leaves_outcomes() -> None:
    subject = build.from_predictions(None, ["yes", "no", "yes"], positive="yes", groups={"g": ["a", "b", None]})
    assert subject.test.y is None
    assert np.array_equal(predicted(subject).prediction, [1, 0, 1])
    assert subject.test.groups[0].levels == ("a", "b", "unknown")


def test_stored_scores_decide_by_the_threshold_or_the_largest() -> None:
    found = predicted(build.from_predictions([0, 1, 1], score=[0.2, 0.3, 0.9], threshold=0.3))
    assert np.array_equal(found.prediction, [0, 1, 1])
    scores = np.array([[0.2, 0.5, 0.3], [0.9, 0.05, 0.05], [0.1, 0.1, 0.8]])
    many = predicted(build.from_predictions(["a", "b", "c"], score=scores, task="multiclass"))
    assert np.array_equal(many.prediction, [1, 0, 2])
    both = build.from_predictions([0, 1], score=[[0.9, 0.1], [0.2, 0.8]], task="binary", positive=0)
    assert np.array_equal(predicted(both).score, [0.9, 0.2])


# scikit-learn


def mixed() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "f32": X[:, 0].astype(np.float32),
            "i8": RNG.integers(0, 9, N).astype(np.int8),
            "text": RNG.choice(["x", "y"], N),
            "holes": pd.Series(RNG.choice(["p", "q", None], N), dtype=object),
            "cat": pd.Categorical(RNG.choice(["lo", "hi"], N), categories=["lo", "mid", "hi"], ordered=True),
            "flag": X[:, 1] > 0,
            7: X[:, 2],
        }
    )


def test_a_pipeline_gets_back_the_frame_it_was_fitted_on() -> None:
    data = mixed()
    seen: list[pd.DataFrame] = []

    class Spy(LogisticRegression):  # type: ignore[misc]
        def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
            seen.append(X)
            return np.tile([0.4, 0.6], (len(X), 1))

    model = Spy()
    model.classes_ = np.array([0, 1])
    predicted(build.from_sklearn(model, data, Y))
    pd.testing.assert_frame_equal(seen[0], data)


def test_a_pipeline_over_a_frame_equals_itself_without_a_warning() -> None:
    data = mixed().rename(columns={7: "seven"})
    encoder = make_column_transformer((OneHotEncoder(), ["text", "holes", "cat"]), remainder="passthrough")
    model = make_pipeline(encoder, LogisticRegression(max_iter=1000)).fit(data, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = predicted(build.from_sklearn(model, data, Y))
    assert np.array_equal(found.score, model.predict_proba(data)[:, 1])


def test_an_array_comes_back_as_the_same_array() -> None:
    seen: list[np.ndarray] = []

    def look(array: np.ndarray) -> np.ndarray:
        seen.append(array)
        return half(array)

    objects = np.array([["a", 1, True], ["b", 2, False]] * (N // 2), dtype=object)
    for array in (X, X.astype(np.float32), np.arange(3 * N).reshape(N, 3), X > 0, objects):
        predicted(build.from_function(look, array, Y))
        assert seen[-1].dtype == array.dtype
        assert np.array_equal(seen[-1], array)


def test_classes_of_an_estimator_set_the_order_of_labels() -> None:
    y = np.array(["b", "a"])[Y]
    model = LogisticRegression().fit(X, y)
    subject = build.from_sklearn(model, X, y)
    assert subject.labels == ("a", "b")
    assert np.array_equal(predicted(subject).score, model.predict_proba(X)[:, 1])
    other = build.from_sklearn(model, X, y, positive="a")
    assert np.array_equal(predicted(other).score, model.predict_proba(X)[:, 0])
    assert np.array_equal(np.array(other.labels)[predicted(other).prediction], model.predict(X))


def test_a_margin_stands_in_for_a_logit_and_a_note_says_so() -> None:
    model = RidgeClassifier().fit(X, Y)
    for positive, sign in ((1, 1), (0, -1)):
        subject = build.from_sklearn(model, X, Y, positive=positive)
        found = predicted(subject)
        assert subject.output == "logits"
        assert found.score == pytest.approx(sigmoid(sign * model.decision_function(X)))
        assert np.array_equal(found.prediction, model.predict(X))
        assert any("decision function" in note for note in subject.notes)


def test_machines_of_many_classes_are_audited_by_their_labels() -> None:
    model = SVC().fit(X, Y3)
    subject = build.from_sklearn(model, X, Y3)
    assert subject.output == "labels"
    assert np.array_equal(predicted(subject).prediction, model.predict(X))


def test_a_regressor_is_a_regression() -> None:
    model = LinearRegression().fit(X, X[:, 0])
    subject = build.from_sklearn(model, X, X[:, 0])
    assert subject.task == "regression"
    assert predicted(subject).prediction == pytest.approx(X[:, 0])


# units


def test_units_are_declared_or_told_or_found() -> None:
    module = linear(1, 3)
    grouped = build.from_torch(module, X, Y, output="logits", features=["a", "b", "c"], units={"ab": ["a", "b"]})
    assert grouped.encoder.units == {"ab": (0, 1), "c": (2,)}  # type: ignore[union-attr]
    data = pd.DataFrame({"a": X[:, 0], "s": RNG.choice(["x", "y", "z"], N), "b": X[:, 1]})
    transformer = make_column_transformer(
        (OneHotEncoder(sparse_output=True), ["s"]), (StandardScaler(), ["a", "b"]), sparse_threshold=1.0
    ).fit(data)
    found = build.from_torch(linear(1, 5), data, Y, output="logits", encode=transformer)
    assert found.encoder.units == {"s": (0, 1, 2), "a": (3,), "b": (4,)}  # type: ignore[union-attr]
    assert predicted(found).score is not None
    mixing = build.from_torch(
        linear(1, 1), data, Y, output="logits", encode=lambda f: (f["a"] + f["b"]).to_numpy("float32")[:, None]
    )
    assert mixing.encoder.units is None  # type: ignore[union-attr]


def test_encoded_inputs_have_the_precision_of_the_module_and_of_nothing_else() -> None:
    data = pd.DataFrame(X, columns=["a", "b", "c"])
    for module, dtype in ((linear(), np.float32), (linear().double(), np.float64)):
        subject = build.from_torch(module, data, Y, output="logits", encode=lambda table: table.to_numpy() / 3)
        assert subject.encoder(subject.test.rows).dtype == dtype  # type: ignore[misc, arg-type]
    scaler = StandardScaler().fit(data)
    model = LogisticRegression().fit(scaler.transform(data), Y)
    found = predicted(build.from_sklearn(model, data, Y, encode=scaler))
    assert np.array_equal(found.score, model.predict_proba(scaler.transform(data))[:, 1])


# what the card and the digests say


def test_train_mode_is_on_the_record() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(3, 1))
    assert build.from_torch(module, X, Y, output="logits").facts["train_mode"] is True
    assert build.from_torch(module.eval(), X, Y, output="logits").facts["train_mode"] is False


def test_digests_change_with_what_they_are_of_and_with_nothing_else() -> None:
    def digests(module: Any, X: np.ndarray, **keywords: Any) -> Any:
        return build.from_torch(module, X, Y, output="logits", **keywords).digests

    module = linear()
    first = digests(module, X)
    assert digests(linear(), X) == first
    assert digests(module, X, features=["a", "b", "c"])["data"] != first["data"]
    assert digests(module, X, groups={"g": ["f"] * N})["data"] != first["data"]
    moved = X.copy()
    moved[0, 0] += 1e-6
    assert digests(module, moved)["data"] != first["data"]
    assert digests(module, moved)["model"] == first["model"]
    with torch.no_grad():
        module.bias.add_(1e-6)
    assert digests(module, X)["model"] != first["model"]
    model = LogisticRegression().fit(X, Y)
    same = build.from_sklearn(model, X, Y).digests
    assert build.from_sklearn(LogisticRegression().fit(X, Y), X, Y).digests == same
    assert build.from_sklearn(LogisticRegression(C=2).fit(X, Y), X, Y).digests["model"] != same["model"]
    assert build.from_function(half, X, Y).digests["model"].startswith("sha256:")


def test_one_child_in_train_mode_is_told() -> None:
    module = torch.nn.Sequential(torch.nn.Dropout(), linear()).eval()
    assert build.from_torch(module, X, Y, output="logits").facts["train_mode"] is False
    module[0].train()
    assert build.from_torch(module, X, Y, output="logits").facts["train_mode"] is True


def test_a_forward_that_squeezes_takes_a_batch_of_one() -> None:
    class Squeezed(torch.nn.Linear):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return super().forward(inputs).squeeze()

    module = Squeezed(3, 1).eval()
    subject = build.from_torch(module, X, Y, output="logits")
    one_by_one, together = Calls(subject, batch_rows=1), Calls(subject)
    assert one_by_one.outputs(subject.test.rows) == pytest.approx(by_hand(module, X), abs=1e-6)
    assert np.array_equal(one_by_one.gradients(subject.test.rows, 1), together.gradients(subject.test.rows, 1))


def test_an_estimator_without_tags_is_told_by_its_classes() -> None:
    class Plain:
        classes_ = np.array([0, 1])

        def predict(self, X: np.ndarray) -> np.ndarray:
            return (X[:, 0] > 0).astype(int)

    subject = build.from_sklearn(Plain(), X, Y)
    assert (subject.task, subject.output) == ("binary", "labels")
    assert np.array_equal(predicted(subject).prediction, X[:, 0] > 0)


def test_half_surrogates_in_levels_and_labels_become_the_replacement_character() -> None:
    texts = np.array(["ja\ud800", "nein"], dtype=object)[Y]
    subject = build.from_predictions(texts, texts, groups={"g": [*texts]}, positive="nein")
    assert subject.labels == ("ja\ufffd", "nein") == subject.test.groups[0].levels
    json.dumps(card(subject), ensure_ascii=False).encode("utf-8")


def test_the_card_holds_no_values_of_redacted_columns() -> None:
    frame = pd.DataFrame({"name": [f"n{i}" for i in range(N)], "town": ["t1", "t2"] * (N // 2), "a": X[:, 0]})
    keywords = {"id": "name", "inputs": ["name", "town", "a"], "groups": ["town"]}

    def seen(**changes: Any) -> tuple[list[Any], np.ndarray, list[str]]:
        subject = build.from_function(lambda a: np.full(len(a), 0.5), frame, Y, **keywords, **changes)
        facts = card(subject)
        return [(one.get("categories"), one.get("category_count")) for one in facts["features"]], subject.test.id, (
            [note for note in facts["notes"] if "redacted from the rows" in note])  # fmt: skip

    features, ids, notes = seen(redact=["name", "town"])
    assert features == [(None, N), (None, 2), (None, None)]
    assert np.array_equal(ids, np.arange(N))
    assert len(notes) == 1
    assert notes[0].startswith("town is redacted")
    assert seen(store_rows="none")[0] == features
    features, ids, notes = seen()
    assert features[1] == (["t1", "t2"], 2)
    assert (ids[0], notes) == ("n0", [])
