"""The detection benchmark: its counting by hand, and its published page against its own trials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import sample_models
from benchmarks.detection.page import page
from benchmarks.detection.summary import bias_found, failed, false_fails, problems, summarise
from benchmarks.detection.trial import trial
from sample_models import cards
from sample_models.credit.recipe import RECIPES, TEST_ROWS, TRAIN_ROWS

ROOT = Path(sample_models.__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    record: dict[str, Any] = json.loads((RESULTS / "detection.json").read_text(encoding="utf-8"))
    return record


def made_up(*codes: str, lowest: str = "female", true: float = 0.18, sample: str = "credit") -> dict[str, Any]:
    """A trial in which these rules failed on sex."""
    gaps = {
        "demographic_parity_difference": true,
        "demographic_parity_ratio": 0.9,
        "equalized_odds_difference": true,
        "equal_opportunity_difference": true,
    }
    return {
        "sample": sample,
        "fault": 1.0 if sample == "credit" else 0.0,
        "seed": 0,
        "found": [{"code": code, "status": "fail", "slice": {"attribute": "sex"}} for code in codes],
        "lowest": {"sex": lowest, "age_band": "50+", "sex & age_band": f"{lowest} & 50+"},
        "truth": {"roc_auc": 0.79, "sex": gaps, "age_band": gaps, "sex & age_band": gaps},
    }


def planted(one: dict[str, Any]) -> list[dict[str, Any]]:
    """What was found by rules about planted faults, in a fixed order."""
    return sorted((found for found in one["found"] if found["code"][:4] in ("FAIR", "IMB0")), key=str)


def test_a_bias_counts_as_found_only_with_rule_attribute_group_and_direction() -> None:
    assert bias_found(made_up("FAIR001"))
    assert not bias_found(made_up("FAIR001", lowest="male"))
    assert not bias_found(made_up("FAIR003"))
    elsewhere = made_up("FAIR001")
    elsewhere["found"][0]["slice"] = {"attribute": "age_band"}
    assert not bias_found(elsewhere)
    unsure = made_up("FAIR001")
    unsure["found"][0]["status"] = "unsure"
    assert not bias_found(unsure)


def test_a_rule_fails_in_exactly_its_slice() -> None:
    one = made_up()
    one["found"] = [{"code": "IMB001", "status": "fail", "slice": {"split": "train"}}]
    assert failed(one, "IMB001", split="train")
    assert not failed(one, "IMB001")


def test_a_fail_within_the_threshold_is_a_false_one() -> None:
    assert false_fails([made_up("FAIR001", true=0.18)]) == []
    assert len(false_fails([made_up("FAIR001", "FAIR003", true=0.09)])) == 2
    assert len(false_fails([made_up("FAIR002")])) == 1  # the true ratio of 0.9 is above 0.8


def test_a_miss_and_a_fail_on_the_twin_are_problems() -> None:
    good, twin = made_up("FAIR001"), made_up(sample="credit_clean")
    good["found"].append({"code": "IMB001", "status": "fail", "slice": {}})
    assert problems(summarise([good, twin], 1.0), 1.0) == []
    missed = problems(summarise([made_up(), made_up("FAIR003", sample="credit_clean")], 1.0), 1.0)
    assert [text.split(":")[0] for text in missed] == ["bias", "imbalance", "fail on the twin"]


def test_the_published_numbers_come_from_the_published_trials(published: dict[str, Any]) -> None:
    summary = json.loads(json.dumps(summarise(published["trials"], 1.0)))
    assert summary == published["summary"]
    assert page(summary, 20, TRAIN_ROWS, TEST_ROWS) == (RESULTS / "detection.md").read_text(encoding="utf-8")


def test_every_planted_fault_was_found_over_twenty_seeds_and_the_twin_had_no_fail(published: dict[str, Any]) -> None:
    assert problems(published["summary"], 1.0) == []
    assert published["summary"]["twin"]["seeds"] == published["summary"]["planted"]["bias"]["of"] == 20
    assert published["summary"]["auc_gap"]["largest"] < 0.02
    assert published["summary"]["twin"]["largest_true_disparity"] <= 0.05


@pytest.mark.parametrize("name", ["credit", "credit_clean"])
def test_a_published_trial_is_found_again(published: dict[str, Any], name: str) -> None:
    recipe = RECIPES[name].with_seed(7)
    same = [
        one
        for one in published["trials"]
        if (one["sample"], one["fault"], one["seed"]) == (name, recipe.scenario.fault, 7)
    ]
    again = json.loads(json.dumps(trial(recipe)))
    assert planted(again) == planted(same[0])
    assert again["lowest"] == same[0]["lowest"]
    assert again["truth"]["roc_auc"] == pytest.approx(same[0]["truth"]["roc_auc"], abs=1e-3)


def test_the_page_of_samples_tells_the_truth_of_the_card() -> None:
    text = (ROOT / "docs" / "samples.md").read_text(encoding="utf-8")
    known = cards.read(ROOT / "sample_models" / "credit")["truth"]["disparities"]
    for name in ("demographic parity difference", "demographic parity ratio", "equalized odds difference"):
        row = " | ".join(
            f"{known[attribute][name.replace(' ', '_')]:.3f}" for attribute in ("sex", "age_band", "sex & age_band")
        )
        assert f"| {name} | {row} |" in text
