"""data.quality and data.imbalance: known answers, and pandas as the second opinion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_analyzer import answers

from auditnn.core.errors import NotApplicable
from auditnn.subjects.build import from_function, from_predictions
from auditnn.subjects.identity import row_digests, same_as

TOY = pd.DataFrame({
    "age": [30.0, 30.0, np.nan, np.nan, 50.0, -0.0],
    "city": ["a", "a", None, None, "b", "b"],
    "same": [1, 1, 1, 1, 1, 1],
})  # fmt: skip


def toy(**more: Any) -> Any:
    train = pd.DataFrame({"age": [50.0, 0.0, 1.0], "city": ["b", "b", "c"], "same": [1, 1, 1]})
    given: dict[str, Any] = {"task": "binary", "X_test": TOY, "train": (train, [1, 0, 1])} | more
    return from_predictions([0, 1, 0, 0, 1, 1], [0, 1, 0, 0, 1, 1], **given)


def test_quality_of_a_toy() -> None:
    """By hand: rows 1 and 3 repeat 0 and 2 (missing equals missing); 0 and 1 contradict; 4 and 5 stand in train."""
    found = answers(toy(), "data.quality")
    assert found.value("missing_share") == pytest.approx(4 / 18)
    assert found.value("missing_share", "age") == pytest.approx(2 / 6)
    assert found.value("missing_share", "city") == pytest.approx(2 / 6)
    assert [one.slice for one in found.measurements if one.id.endswith("missing_share")][1:] == [
        {"feature": "age"},
        {"feature": "city"},
    ]
    assert found.value("duplicate_share") == pytest.approx(2 / 6)
    assert found.value("label_conflicts") == pytest.approx(2 / 6)
    assert found.value("train_test_overlap") == pytest.approx(2 / 6)
    assert found.value("duplicate_share", "train") == 0.0
    features = found.exhibit("features").columns
    constant = dict(zip(features["feature"], features["constant"], strict=True))
    assert constant == {"same": "yes", "age": "no", "city": "no"}
    assert features["feature"][0] == "same"
    equal = found.exhibit("equal_rows").columns
    assert list(zip(equal["row"], equal["equals row"], equal["labels in its set"], strict=True)) == [
        ("1", "0", "differ"),
        ("3", "2", "agree"),
    ]


def test_no_ids_where_no_rows_are_stored() -> None:
    found = answers(toy(store_rows="none"), "data.quality")
    assert "data.quality/equal_rows" not in found.exhibits


def test_without_training_rows_or_labels() -> None:
    found = answers(from_predictions(None, [0, 1, 1], task="binary", X_test=np.ones((3, 2))), "data.quality")
    assert found["train_test_overlap"].reason == "there are no training rows"
    assert found["label_conflicts"].reason == "there are no labels"
    assert found.value("duplicate_share") == pytest.approx(2 / 3)


def test_without_rows() -> None:
    with pytest.raises(NotApplicable):
        answers(from_predictions([0, 1], [0, 1], task="binary"), "data.quality")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 80), st.integers(1, 4), st.integers(1, 4))
def test_equal_rows_as_pandas_finds_them(seed: int, n: int, d: int, values: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(0, values, (n, d)).astype(float)
    y, train = np.concatenate([[0, 1], rng.integers(0, 2, n - 2)]), rng.integers(0, values, (n, d)).astype(float)
    found = answers(from_predictions(y, y, task="binary", X_test=X, train=(train, np.arange(n) % 2)), "data.quality")
    frame = pd.DataFrame(X)
    assert found.value("duplicate_share") == pytest.approx(frame.duplicated().mean())
    known = {tuple(row) for row in train}
    assert found.value("train_test_overlap") == pytest.approx(np.mean([tuple(row) in known for row in X]))
    labels = frame.assign(y=y).groupby(list(frame.columns))["y"].transform("nunique")
    assert found.value("label_conflicts") == pytest.approx((labels > 1).mean())


def test_images_are_compared_by_pixels() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.random((6, 1, 4, 4)).astype(np.float32)
    pixels[3] = pixels[0]
    train = rng.random((2, 1, 4, 4)).astype(np.float32)
    train[1] = pixels[5]
    subject = from_function(
        lambda x: np.full(len(x), 0.25), pixels, [0, 0, 1, 1, 0, 1], task="binary", modality="image",
        train=(train, [0, 1]),
    )  # fmt: skip
    found = answers(subject, "data.quality")
    assert found.value("duplicate_share") == pytest.approx(1 / 6)
    assert found.value("label_conflicts") == pytest.approx(2 / 6)
    assert found.value("train_test_overlap") == pytest.approx(1 / 6)
    assert found.value("missing_share") == 0.0
    assert "data.quality/features" not in found.exhibits


def test_digests_of_every_row_kind_agree_with_equality() -> None:
    subject = toy()
    digests = row_digests(subject.test.rows)
    assert digests is not None
    assert same_as(digests).tolist() == [0, 0, 2, 2, 4, 5]


def test_imbalance_of_known_counts() -> None:
    y = ["a"] * 8 + ["b"] * 4 + ["c"] * 4
    train = (np.zeros((6, 1)), ["a", "a", "a", "b", "b", "c"])
    found = answers(from_predictions(y, y, task="multiclass", X_test=np.zeros((16, 1)), train=train), "data.imbalance")
    assert found.value("imbalance_ratio") == 2.0
    assert found["imbalance_ratio"].interval_method == "exact"
    assert found.value("effective_classes") == pytest.approx(2**1.5)  # the entropy of 1/2, 1/4, 1/4 is 1.5 bits
    assert found.value("imbalance_ratio", "train") == 3.0
    bars = found.exhibit("class_counts").columns
    assert list(zip(bars["class"], bars["split"], bars["rows"], strict=True)) == [
        ("a", "test", 8), ("b", "test", 4), ("c", "test", 4), ("a", "train", 3), ("b", "train", 2), ("c", "train", 1),
    ]  # fmt: skip


def test_a_class_without_rows_has_no_ratio() -> None:
    found = answers(
        from_predictions(["a", "a"], ["a", "b"], task="multiclass", classes=["a", "b", "c"]), "data.imbalance"
    )
    assert found["imbalance_ratio"].status == "undefined"
    assert "'b'" in (found["imbalance_ratio"].reason or "")
    assert found.value("effective_classes") == pytest.approx(1.0)
