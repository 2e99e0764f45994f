"""python -m benchmarks.weak_slices: how often a slice is called weak that is not, and how often a weak one is found.

Made-up audits of stored predictions whose true chance of an error is known for every row. Each is judged twice by the
judge itself: on the half that took no part in the search, as auditnn does, and on the very half that was searched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).resolve().parent / "results"
ROWS, NUMBERS, CATEGORIES, SEEDS = 2_000, 14, 6, 200
BASE = 0.2
LEVELS = ("a", "b", "c", "d", "e")
ID = "performance.weak_slices"
# name: what is true, by how much the planted slice errs more, and the limit of the rule
WORLDS: dict[str, tuple[str, float, float]] = {
    "even": ("every row errs with a chance of 20%; no gap is allowed", 0.0, 0.0),
    "at the limit": ("one slice (10% of the rows) errs exactly 10 points more; 10 are allowed", 0.1, 0.1),
    "planted": ("one slice (10% of the rows) errs 35 points more; 10 are allowed", 0.35, 0.1),
}


def world(seed: int, gap: float, rows: int = ROWS) -> tuple[Any, np.ndarray]:
    """A subject of stored predictions with 20 columns, and each row's true chance of an error.

    Rows with c0 = "a" and x0 in its upper half err `gap` more often than the others.
    """
    import pandas as pd

    from auditnn.subjects.build import from_predictions

    random = np.random.default_rng([seed, 20261120])
    columns: dict[str, Any] = {f"x{i}": random.normal(size=rows) for i in range(NUMBERS)}
    columns |= {f"c{i}": random.choice(LEVELS, rows) for i in range(CATEGORIES)}
    chance = np.where((columns["c0"] == "a") & (columns["x0"] >= 0), BASE + gap, BASE)
    y = random.integers(0, 2, rows)
    predicted = np.where(random.random(rows) < chance, 1 - y, y)
    return from_predictions(y, predicted, task="binary", X_test=pd.DataFrame(columns)), chance


def trial(seed: int, gap: float, limit: float, rows: int = ROWS) -> dict[str, Any]:
    """One audit: whether a rule with this limit failed for a slice whose true gap is within it, on the held-out half
    and on the searched one; whether the intervals hold the true gaps; how well the planted slice was hit."""
    from auditnn.analyzers.performance import weak_slices as analyzer
    from auditnn.analyzers.performance.conditions import columns_of
    from auditnn.core.seeding import stream
    from auditnn.runner import run

    subject, chance = world(seed, gap, rows)
    audit = run(subject, [ID], seed=seed)
    settings = analyzer.Settings()
    search, test = analyzer.halves(subject.test.id, stream(seed, ID, "shared"))
    least = max(settings.min_rows, int(np.ceil(settings.min_share * len(search))))
    columns = columns_of(subject, search, settings.bins, least)
    loss = subject.stored.prediction != subject.test.y
    everywhere = analyzer.find(columns, loss, search, np.arange(rows), settings, least)
    parts = {}
    for name, half in (("held out", test), ("searched", search)):
        weak = [replace(one, inside=one.inside[half]) for one in everywhere]
        gaps = [analyzer.gap(one, loss[half], subject) for one in weak]
        true = {one.name: _true_gap(one.inside, chance[half]) for one in weak}
        failed = _fails(audit, gaps, limit)
        parts[name] = {
            "gaps": gaps,
            "false fail": any(true[one] <= limit + 1e-12 for one in failed),
            "covered": [bool(one.low <= true[one.slice["slice"]] <= one.high) for one in gaps],
            "failed": failed,
        }
        if name == "held out":
            parts["found"] = _found(weak, chance[half])
    assert parts["held out"]["gaps"] == [one for one in audit.measurements if one.id == f"{ID}/error_gap"]
    return parts


def _true_gap(inside: np.ndarray, chance: np.ndarray) -> float:
    return float(chance[inside].mean() - chance[~inside].mean())


def _fails(audit: Any, measurements: list[Any], limit: float) -> list[str]:
    """The slices for which SLICE001 with this limit fails."""
    from auditnn.policy.files import load_policy
    from auditnn.policy.judge import judge
    from auditnn.policy.rule import Policy

    rule = load_policy("default").rule("SLICE001")
    assert rule is not None
    policy = Policy(name="one", rules=(replace(rule, threshold=limit),))
    findings = judge(replace(audit, measurements=tuple(measurements)), policy).findings
    return [one.slice["slice"] for one in findings if one.status == "fail"]


def _found(weak: list[Any], chance: np.ndarray) -> float:
    """The largest overlap (rows in both over rows in either) of a carried slice with the planted one."""
    planted = chance > BASE
    both = [float((one.inside & planted).sum() / max(1, (one.inside | planted).sum())) for one in weak]
    return max(both, default=0.0)


def share(count: int, of: int) -> dict[str, Any]:
    """A count with the 95% Clopper-Pearson interval of the share it estimates."""
    from auditnn.kernels.intervals import clopper_pearson

    low, high = clopper_pearson(count, of)
    return {"count": count, "of": of, "low": float(low), "high": float(high)}


def simulate(seeds: int = SEEDS) -> dict[str, Any]:
    """Every world over `seeds` audits."""
    return {name: _summary(name, [trial(seed, gap, limit) for seed in range(seeds)])
            for name, (_, gap, limit) in WORLDS.items()}  # fmt: skip


def _summary(name: str, trials: list[dict[str, Any]]) -> dict[str, Any]:
    summary: dict[str, Any] = {}
    for half in ("held out", "searched"):
        covered = [one for each in trials for one in each[half]["covered"]]
        summary[half] = {
            "false fail": share(sum(one[half]["false fail"] for one in trials), len(trials)),
            "covered": share(sum(covered), len(covered)),
        }
    if name == "planted":
        summary["found"] = share(sum(one["found"] >= 0.5 for one in trials), len(trials))
        summary["failed"] = share(sum(bool(one["held out"]["failed"]) for one in trials), len(trials))
    return summary


def page(record: dict[str, Any]) -> str:
    """results/weak_slices.md."""
    return "\n".join(_lines(record)) + "\n"


def _lines(record: dict[str, Any]) -> Iterator[str]:
    yield "# Weak slices: false alarms and finds"
    yield ""
    yield (
        f"`python -m benchmarks.weak_slices`, deterministic: {record['seeds']} audits of {record['rows']:,} rows and "
        f"{record['columns']} columns for each line of the table. A false fail is an audit in which `SLICE001` fails "
        "for a slice whose true gap is within the limit. The held-out half is what auditnn measures on; the searched "
        "half is what it does not: the same slices, measured where they were found. Coverage is that of the slices' "
        "95% intervals for their true gap. Brackets are 95% Monte-Carlo intervals."
    )
    yield ""
    yield "| truth | false fail, held-out half | false fail, searched half | coverage, held-out half | searched half |"
    yield "|---|---|---|---|---|"
    for name, summary in record["worlds"].items():
        cells = [summary[half][key] for key in ("false fail", "covered") for half in ("held out", "searched")]
        yield f"| {WORLDS[name][0]} | {' | '.join(map(_words, cells))} |"
    planted = record["worlds"]["planted"]
    yield ""
    yield (
        "The planted slice is `x0 >= 0 & c0 = a`, never told to the search. A carried slice shares at least half of "
        f"its rows with it (rows in both over rows in either) in {_words(planted['found'])} of these audits, and "
        f"`SLICE001` fails for some slice in {_words(planted['failed'])}."
    )


def _words(one: dict[str, Any]) -> str:
    return f"{one['count'] / max(1, one['of']):.1%} ({one['low']:.1%} to {one['high']:.1%})"


def main() -> None:
    """Simulate, write results/weak_slices.json and .md, print the page."""
    record = {"seeds": SEEDS, "rows": ROWS, "columns": NUMBERS + CATEGORIES, "worlds": simulate()}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "weak_slices.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "weak_slices.md").write_text(page(record), encoding="utf-8")
    print(page(record))


if __name__ == "__main__":
    main()
