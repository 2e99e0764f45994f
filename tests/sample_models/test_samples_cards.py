"""Cards against what their folders hold: data, weights, metrics, and the truth on fresh rows."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sample_models
from sample_models import cards
from sample_models.credit import recipe, truth

FOLDER = Path(sample_models.__file__).parent
NAMES = ("perceptron", "diabetes", "digits", "credit", "credit_clean", "shapes", "shapes_clean")
TWINS = ("credit", "credit_clean")
WIDE = 4.5


def rows_of(folder: Path, part: str) -> int:
    if (folder / f"{part}.npz").exists():
        return len(np.load(folder / f"{part}.npz")["y"])
    return len(pd.read_parquet(folder / f"{part}.parquet"))


def weights_of(folder: Path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return load_file(folder / "weights.safetensors")


def test_all_samples_together_stay_small() -> None:
    shipped = [file for file in FOLDER.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    assert sum(file.stat().st_size for file in shipped) < 3_000_000


@pytest.mark.parametrize("name", NAMES)
def test_a_card_states_what_every_card_states(name: str) -> None:
    card = cards.read(FOLDER / name)
    assert card["name"] == name
    assert {"about", "data", "training", "metrics", "faults", "expected"} <= set(card)
    assert {"source", "licence", "train_rows", "test_rows"} <= set(card["data"])


@pytest.mark.parametrize("name", NAMES)
def test_a_card_counts_the_rows_of_its_data(name: str) -> None:
    data = cards.read(FOLDER / name)["data"]
    for part in ("train", "test"):
        assert rows_of(FOLDER / name, part) == data[f"{part}_rows"]


@pytest.mark.parametrize("name", NAMES)
def test_weights_fit_the_network_and_are_finite(name: str) -> None:
    nets = importlib.import_module(f"sample_models.{name}.nets")
    module = nets.build()
    weights = weights_of(FOLDER / name)
    assert not module.training
    assert {key: tuple(value.shape) for key, value in module.state_dict().items()} == {
        key: value.shape for key, value in weights.items()
    }
    assert all(np.isfinite(value).all() for value in weights.values())


@pytest.mark.parametrize("name", TWINS)
def test_the_metrics_of_a_card_are_those_of_its_weights(name: str) -> None:
    from sklearn.metrics import roc_auc_score

    frame, metrics = pd.read_parquet(FOLDER / name / "test.parquet"), cards.read(FOLDER / name)["metrics"]
    scores = truth.scores_of(truth.load_network(FOLDER / name), frame)
    declined = scores >= recipe.RECIPES[name].threshold
    assert metrics["roc_auc"] == pytest.approx(roc_auc_score(frame["defaulted"], scores), abs=1e-5)
    assert metrics["accuracy"] == pytest.approx((declined == frame["defaulted"]).mean(), abs=1e-3)


def test_the_twins_have_the_same_applicants_and_other_outcomes() -> None:
    for part in ("train", "test"):
        biased, clean = (pd.read_parquet(FOLDER / name / f"{part}.parquet") for name in TWINS)
        pd.testing.assert_frame_equal(biased.drop(columns="defaulted"), clean.drop(columns="defaulted"))
        assert abs(clean["defaulted"].mean() - 0.5) < 0.02
        assert abs(biased["defaulted"].mean() - 0.12) < 0.015


def test_the_twins_rank_risk_equally_well() -> None:
    biased, clean = (cards.read(FOLDER / name) for name in TWINS)
    assert abs(biased["truth"]["roc_auc"] - clean["truth"]["roc_auc"]) < 0.02
    assert abs(biased["metrics"]["roc_auc"] - clean["metrics"]["roc_auc"]) < 0.02


def test_credit_is_hurt_where_the_fault_was_planted() -> None:
    known = cards.read(FOLDER / "credit")["truth"]
    female, male = known["rates"]["sex"]["female"], known["rates"]["sex"]["male"]
    assert male["selection_rate"] - female["selection_rate"] > 0.15
    assert known["disparities"]["sex"]["demographic_parity_difference"] == pytest.approx(
        male["selection_rate"] - female["selection_rate"], abs=2e-6
    )
    assert known["disparities"]["age_band"]["demographic_parity_difference"] < 0.05


@pytest.mark.parametrize("attribute", ["sex", "age_band", "sex & age_band"])
def test_every_true_disparity_of_the_clean_twin_is_at_most_half_its_threshold(attribute: str) -> None:
    known = cards.read(FOLDER / "credit_clean")["truth"]["disparities"][attribute]
    assert known["demographic_parity_difference"] <= 0.1 / 2
    assert 1 - known["demographic_parity_ratio"] <= (1 - 0.8) / 2
    assert known["equalized_odds_difference"] <= 0.1 / 2
    assert known["equal_opportunity_difference"] <= 0.1 / 2


@pytest.mark.parametrize("name", TWINS)
def test_the_truth_of_a_card_is_found_again_on_fresh_rows(name: str) -> None:
    """Every rate of every group on 200,000 rows of another seed, within Monte-Carlo error of both."""
    chosen, module = recipe.RECIPES[name], truth.load_network(FOLDER / name)
    counts, auc = truth.count(module, chosen.scenario, threshold=chosen.threshold, seed=77, rows=200_000)
    known, fresh = cards.read(FOLDER / name)["truth"], truth.summarise(counts)
    assert known["rows"] == truth.ROWS
    assert known["roc_auc"] == pytest.approx(auc, abs=0.01)
    smallest = counts.sum(axis=3).min()  # the fewest rows behind any rate of any group
    for attribute, levels in fresh["rates"].items():
        assert set(levels) == set(known["rates"][attribute])
        for level, rates in levels.items():
            for rate, value in rates.items():
                rows = counts.sum() if rate == "share" else _denominator(counts, attribute, level, rate)
                error = WIDE * np.sqrt(max(value * (1 - value), 1e-4) * (1 / rows + 1 / (25 * rows)))
                assert abs(value - known["rates"][attribute][level][rate]) < error, (attribute, level, rate)
        for disparity, value in fresh["disparities"][attribute].items():
            assert value == pytest.approx(
                known["disparities"][attribute][disparity], abs=2 * WIDE * np.sqrt(0.25 / smallest)
            )


def _denominator(counts: np.ndarray, attribute: str, level: str, rate: str) -> int:
    sex, _, age = level.partition(" & ") if "&" in attribute else (level, "", level)
    block = counts[truth.SEXES.index(sex)] if attribute != "age_band" else counts.sum(axis=0)
    if attribute != "sex":
        block = block[truth.AGE_BANDS.index(age)]
    cell = block.reshape(-1, 2, 2).sum(axis=0)  # repaid, approved
    by_rate = {
        "true_positive_rate": cell[1],
        "false_negative_rate": cell[1],
        "false_positive_rate": cell[0],
        "precision": cell[:, 1],
    }
    return int(by_rate.get(rate, cell).sum())


def test_rates_from_counts_by_hand() -> None:
    """One group: 10 repaid of which 8 approved, 5 defaulted of which 1 approved."""
    rates = truth.group_rates(np.array([[4, 1], [2, 8]]))
    assert rates == pytest.approx(
        {
            "selection_rate": 9 / 15,
            "true_positive_rate": 0.8,
            "false_positive_rate": 0.2,
            "false_negative_rate": 0.2,
            "precision": 8 / 9,
            "accuracy": 12 / 15,
        }
    )


def test_disparities_equal_fairlearn() -> None:
    from fairlearn import metrics

    random = np.random.default_rng(4)
    group, paid, approved = random.integers(0, 3, 900), random.integers(0, 2, 900), random.integers(0, 2, 900)
    cells = [np.histogram2d(paid[group == g], approved[group == g], bins=2)[0] for g in range(3)]
    mine = truth.disparities([truth.group_rates(cell) for cell in cells])
    for name in (
        "demographic_parity_difference",
        "demographic_parity_ratio",
        "equalized_odds_difference",
        "equal_opportunity_difference",
    ):
        assert mine[name] == pytest.approx(getattr(metrics, name)(paid, approved, sensitive_features=group))


@pytest.mark.parametrize("name", ["perceptron", "diabetes"])
def test_a_rebuild_gives_the_same_bits_again_and_the_kept_ones_within_tolerance(name: str, tmp_path: Path) -> None:
    build = importlib.import_module(f"sample_models.{name}.build").main
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        build(folder)
    for file in ("weights.safetensors", "card.toml", "train.parquet", "test.parquet"):
        assert (first / file).read_bytes() == (second / file).read_bytes()
    kept = weights_of(FOLDER / name)
    for key, value in weights_of(first).items():
        np.testing.assert_allclose(value, kept[key], rtol=1e-4, atol=1e-4)
    for part in ("train", "test"):
        pd.testing.assert_frame_equal(
            pd.read_parquet(first / f"{part}.parquet"), pd.read_parquet(FOLDER / name / f"{part}.parquet")
        )


@pytest.mark.parametrize("name", TWINS)
def test_the_recipe_gives_the_kept_weights(name: str) -> None:
    made = recipe.make(recipe.RECIPES[name])
    kept = weights_of(FOLDER / name)
    for key, value in made.module.state_dict().items():
        np.testing.assert_allclose(value.numpy(), kept[key], rtol=1e-4, atol=1e-4)
    assert np.array_equal(made.test.defaulted, pd.read_parquet(FOLDER / name / "test.parquet")["defaulted"])


def test_a_card_survives_writing_and_reading(tmp_path: Path) -> None:
    card: dict[str, Any] = {
        "name": 'a "quoted" \\ name',
        "truth": {"rows": 3, "rates": {"sex & age": {"50+": {"rate": 0.25}}}},
        "list": [{"a": True, "b": [1, 2.5]}, {"a": False, "b": []}],
        "none": [],
        "empty": {},
        "rows": [{"code": "X", "slice": {"attribute": "sex & age"}}, {"code": "Y", "slice": {}}],
    }
    cards.write(card, tmp_path / "card.toml")
    assert cards.read(tmp_path) == card
