"""The benchmark of marks: its counting by hand, and its published page against its own trials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import sample_models
from benchmarks.detection.marks import FIRST, WHAT, page, problems, recipes, summarise, trial

RESULTS = Path(sample_models.__file__).parent.parent / "benchmarks" / "results"


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    if not (RESULTS / "marks.json").is_file():
        pytest.skip("no results of python -m benchmarks.detection.marks are published yet")
    record: dict[str, Any] = json.loads((RESULTS / "marks.json").read_text(encoding="utf-8"))
    return record


def made_up(what: str, status: str, true: float) -> dict[str, Any]:
    return {
        "what": what, "seed": 0, "mark": "", "status": status, "reliance": [true, true - 0.1, true + 0.1], "true": true,
        "distraction": {"gradient": [0.02, 0.01]}, "accuracy": 0.9,
    }  # fmt: skip


def test_misses_and_false_fails_are_problems() -> None:
    good = {name: "pass" if name in ("weak", "even") else "fail" for name in WHAT}
    trials = [made_up(name, status, 0.5 if status == "fail" else 0.0) for name, status in good.items()]
    assert problems(summarise(trials)) == []
    unsure = [one | {"status": "unsure"} if one["what"] == "other marks" else one for one in trials]
    assert problems(summarise(unsure)) == ["other marks: found 0 of 1"]
    false = [one | {"status": "fail"} if one["what"] == "even" else one for one in trials]
    assert problems(summarise(false)) == ["even: fail, seed 0, truly 0.000"]
    blind = [one | {"true": 0.4} if one["what"] == "weak" else one for one in trials]
    assert problems(summarise(blind)) == ["weak: pass, seed 0, truly 0.400"]


def test_the_published_numbers_come_from_the_published_trials(published: dict[str, Any]) -> None:
    summary = summarise(published["trials"])
    assert json.loads(json.dumps(summary)) == published["summary"]
    assert page(summary, published["seeds"]) == (RESULTS / "marks.md").read_text(encoding="utf-8")


def test_every_planted_mark_was_found_and_none_where_it_was_even(published: dict[str, Any]) -> None:
    assert problems(published["summary"]) == []
    assert published["seeds"] >= 10
    assert published["summary"]["even"]["statuses"] == {"fail": 0, "unsure": 0, "pass": published["seeds"]}
    assert published["summary"]["planted"]["reliance"]["least"] > 0.2
    assert published["summary"]["even"]["reliance"]["most"] < 0.05


def test_no_two_seeds_share_a_mark_that_is_planted_elsewhere() -> None:
    others = [recipe.scenario for name, recipe in recipes(10) if name == "other marks"]
    assert len({(one.mark, one.marked) for one in others}) == 10
    assert {one.mark.kind for one in others} == {"square", "cross", "ring", "stripe"}
    assert len({one.mark.corner for one in others}) == 4
    assert {one.marked for one in others} == {"circle", "square", "triangle"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["planted", "even"])
def test_a_published_trial_is_found_again(published: dict[str, Any], name: str) -> None:
    recipe = next(recipe for what, recipe in recipes(1) if what == name)
    (kept,) = (one for one in published["trials"] if (one["what"], one["seed"]) == (name, FIRST))
    again = trial(name, recipe)
    assert again["status"] == kept["status"]
    assert again["reliance"] == pytest.approx(kept["reliance"], abs=0.02)
    assert again["true"] == pytest.approx(kept["true"], abs=0.02)
