"""One row of a coverage table, the record of a part, and the page that all parts share."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parents[1] / "results"
LEVELS = (0.05, 0.025, 0.01, 0.005)
NEEDED = 0.935
Row = dict[str, Any]


def row(
    quantity: str,
    setting: str,
    runs: int,
    missed_low: float,
    missed_high: float,
    width: float,
    *,
    above: Sequence[float] = (),
    below: Sequence[float] = (),
    **more: Any,
) -> Row:
    """`missed_low`: the whole interval lies above the truth, `missed_high`: below it. `above` and `below` are the
    shares of p-values at or under each of LEVELS where the limit is the truth."""
    return {
        "quantity": quantity,
        "setting": setting,
        "runs": runs,
        "coverage": round(float(1.0 - missed_low - missed_high), 4),
        "missed_low": round(float(missed_low), 4),
        "missed_high": round(float(missed_high), 4),
        "width": round(float(width), 5),
        "alarms_above": [round(float(one), 4) for one in above],
        "alarms_below": [round(float(one), 4) for one in below],
        **more,
    }


def short(share: float, runs: int, needed: float = NEEDED) -> bool:
    """Whether a simulated coverage lies below `needed` by more than two Monte-Carlo standard errors."""
    return share < needed - 2.0 * float(np.sqrt(needed * (1.0 - needed) / runs))


def alarms_too_often(shares: Sequence[float], runs: int) -> list[float]:
    """The levels that p-values undercut more often than they say, by more than three Monte-Carlo errors (there are
    thousands of comparisons)."""
    return [
        level
        for level, share in zip(LEVELS, shares, strict=False)
        if share > level + 3.0 * float(np.sqrt(level * (1.0 - level) / runs))
    ]


def save(part: str, command: str, rows: Iterable[Row], **facts: Any) -> None:
    """Write results/coverage_<part>.json, one row per line."""
    RESULTS.mkdir(exist_ok=True)
    lines = ",\n  ".join(json.dumps(one) for one in rows)
    facts_text = "".join(f" {json.dumps(name)}: {json.dumps(value)},\n" for name, value in facts.items())
    text = f'{{"part": {json.dumps(part)}, "command": {json.dumps(command)}, "levels": {list(LEVELS)},\n{facts_text}'
    (RESULTS / f"coverage_{part}.json").write_text(f'{text} "rows": [\n  {lines}\n]}}\n')


def load(part: str) -> dict[str, Any] | None:
    """The record of a part, or None where it was never run."""
    path = RESULTS / f"coverage_{part}.json"
    return json.loads(path.read_text()) if path.exists() else None


def run(part: str, rows: Callable[[int, int], Iterable[Row]], default_runs: int) -> None:
    """The command line of one part: `--runs`, `--seed`, `--dry` (print, write nothing)."""
    from benchmarks.coverage.page import write_page

    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.coverage.{part}")
    parser.add_argument("--runs", type=int, default=default_runs, help="simulated data sets per row")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry", action="store_true", help="print only, write nothing")
    options = parser.parse_args()
    done = []
    for one in rows(options.runs, options.seed):
        done.append(one)
        print(one["quantity"], one["setting"], one["coverage"], one["width"], one["alarms_above"], one["alarms_below"])
    if not options.dry:
        save(part, f"python -m benchmarks.coverage.{part} --runs {options.runs} --seed {options.seed}", done)
        write_page()
