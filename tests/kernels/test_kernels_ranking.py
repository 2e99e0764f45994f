"""Areas and their errors: scikit-learn's values, a plain twin's variance, the bootstrap's spread."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from auditnn.kernels.inference import interval
from auditnn.kernels.ranking import (
    auc_influence,
    average_precision,
    macro,
    midranks,
    precision_influence,
    roc_auc,
)

sys.path.append(str(Path(__file__).parents[1] / "oracles"))
from plain_delong import plain_delong


def sample(n: int, seed: int, ties: bool = True) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.3
    positive[:4] = [True, False, True, False]
    score = rng.normal(size=n) + positive
    return positive, np.round(score, 1) if ties else score


@settings(max_examples=60, deadline=None)
@given(st.integers(5, 80), st.integers(0, 10_000), st.booleans())
def test_values_equal_scikit_learn(n: int, seed: int, ties: bool) -> None:
    positive, score = sample(n, seed, ties)
    assert roc_auc(positive, score).value == pytest.approx(roc_auc_score(positive, score), abs=1e-12)
    assert average_precision(positive, score).value == pytest.approx(
        average_precision_score(positive, score), abs=1e-12
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 60), st.integers(0, 10_000), st.booleans())
def test_delong_equals_its_plain_twin(n: int, seed: int, ties: bool) -> None:
    positive, score = sample(n, seed, ties)
    area, influence = auc_influence(positive, score)
    expected = plain_delong(positive, score)
    assert (area, float((influence**2).sum())) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_midranks_share_ties() -> None:
    assert midranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]


@pytest.mark.parametrize("influence_of", [auc_influence, precision_influence])
def test_influences_add_up_to_what_a_bootstrap_sees(influence_of: object) -> None:
    positive, score = sample(1500, 1)
    value, influence = influence_of(positive, score)  # type: ignore[operator]
    rng = np.random.default_rng(2)
    drawn = []
    for _ in range(400):
        rows = rng.integers(0, 1500, 1500)
        drawn.append(influence_of(positive[rows], score[rows])[0])  # type: ignore[operator]
    assert np.sqrt((influence**2).sum()) == pytest.approx(np.std(drawn), rel=0.12)
    assert influence.sum() == pytest.approx(0.0, abs=1e-9)
    assert np.mean(drawn) == pytest.approx(value, abs=0.01)


def test_a_perfect_ranking_is_not_certain() -> None:
    """No error among 40 positives: as sure as 40 successes of 40, and no surer."""
    positive = np.arange(140) < 40
    for score, value in ((positive.astype(float), 1.0), (-positive.astype(float), 0.0)):
        found = roc_auc(positive, score)
        low, high, _ = interval(found.method, value, found.basis)
        assert found.value == value
        assert (low, high) == pytest.approx((0.025 ** (1 / 40), 1.0) if value else (0.0, 1 - 0.025 ** (1 / 40)))
    found = average_precision(positive, positive.astype(float))
    assert found.value == 1.0
    assert interval(found.method, 1.0, found.basis).low == pytest.approx(0.025 ** (1 / 40))


def test_a_constant_score_ranks_nothing() -> None:
    positive = np.arange(50) < 20
    assert roc_auc(positive, np.zeros(50)).value == 0.5
    assert average_precision(positive, np.zeros(50)).value == pytest.approx(0.4)


@pytest.mark.parametrize("count", [0, 50])
def test_one_class_is_undefined_with_a_reason(count: int) -> None:
    positive = np.arange(50) < count
    for found in (roc_auc(positive, np.arange(50.0)), average_precision(positive, np.arange(50.0))):
        assert found.value is None
        assert found.reason


def test_one_row_of_a_class_tells_little() -> None:
    """Its one placement says nothing about their spread: the widest that the area allows."""
    positive = np.arange(200) == 60
    found = roc_auc(positive, np.arange(200.0) % 71)
    low, high, _ = interval(found.method, found.value, found.basis)  # type: ignore[arg-type]
    assert low is not None
    assert high is not None
    assert high - low > 0.9


def test_macro_is_the_mean_over_classes() -> None:
    rng = np.random.default_rng(5)
    label = rng.integers(0, 4, 900)
    score = np.exp(rng.normal(size=(900, 4)) + 1.2 * (label[:, None] == np.arange(4)))
    score /= score.sum(axis=1, keepdims=True)
    found = macro(label, score)
    assert found.value == pytest.approx(roc_auc_score(label, score, multi_class="ovr"))
    found = macro(label, score, precision_influence)
    assert found.value == pytest.approx(average_precision_score(np.eye(4)[label], score, average="macro"))
    drawn = []
    for _ in range(300):
        rows = rng.integers(0, 900, 900)
        drawn.append(roc_auc_score(label[rows], score[rows], multi_class="ovr"))
    value = macro(label, score).value
    assert value is not None
    logit_se = np.std(np.log(np.array(drawn) / (1 - np.array(drawn))))
    assert macro(label, score).basis["se"] == pytest.approx(logit_se, rel=0.15)
    assert macro(np.where(label == 3, 0, label), score).value is None
