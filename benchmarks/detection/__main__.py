"""python -m benchmarks.detection [--seeds 20]: writes benchmarks/results/detection.{json,md}; exit 1 on a miss."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.detection.page import page
from benchmarks.detection.summary import problems, summarise
from benchmarks.detection.trial import Trial, trial
from sample_models.credit.recipe import RECIPES, TEST_ROWS, TRAIN_ROWS

RESULTS = Path(__file__).resolve().parent.parent / "results"
SIZES = (0.0, 0.25, 0.5, 0.75, 1.0, 2.0, 4.0)


def main() -> int:
    """Run all trials one after the other, about two seconds each."""
    parser = argparse.ArgumentParser(description="Does the audit find what was planted?")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    credit, clean = RECIPES["credit"], RECIPES["credit_clean"]
    recipes = [credit.with_fault(size).with_seed(seed) for size in SIZES for seed in range(arguments.seeds)]
    recipes += [clean.with_seed(seed) for seed in range(arguments.seeds)]
    trials = []
    for number, recipe in enumerate(recipes, start=1):
        trials.append(trial(recipe))
        print(
            f"{number}/{len(recipes)} {recipe.name} fault {recipe.scenario.fault:g} seed {recipe.seed}", file=sys.stderr
        )
    summary = summarise(trials, credit.scenario.fault)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "detection.json").write_text(to_json(summary, trials), encoding="utf-8")
    text = page(summary, arguments.seeds, TRAIN_ROWS, TEST_ROWS)
    (arguments.out / "detection.md").write_text(text, encoding="utf-8")
    print(text)
    missed = problems(summary, credit.scenario.fault)
    print("\n".join(missed) or "Every planted fault was found, and nothing failed on the twin.")
    return 1 if missed else 0


def to_json(summary: dict[str, Any], trials: list[Trial]) -> str:
    """The record, with one trial to a line so that changes can be read."""
    lines = ",\n".join(json.dumps(one) for one in trials)
    head = json.dumps({"command": "python -m benchmarks.detection", "summary": summary}, indent=1)
    return head.removesuffix("\n}") + f',\n "trials": [\n{lines}\n ]\n}}\n'


if __name__ == "__main__":
    sys.exit(main())
