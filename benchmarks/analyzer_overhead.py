"""What each analyzer costs on each sample, beyond the model calls that it cannot do without.

Overhead is wall time over the seconds inside the model, from the audit's own bill; analyzers that call no model have
no overhead, and their wall time stands alone. Samples are audited in turn, nine rounds after one untimed round.

    python -m benchmarks.analyzer_overhead      about a minute
"""

from __future__ import annotations

import gc
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import auditnn
from benchmarks.timing import PAIRS, write

SAMPLES = ("perceptron", "diabetes", "digits", "credit", "credit_clean")


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def one_round(subjects: dict[str, Any], seen: dict[tuple[str, str], list[Any]], whole: dict[str, list[float]]) -> None:
    """Audit every sample once; keep each analyzer's record and the wall time of the whole run."""
    for name, subject in subjects.items():
        gc.collect()
        start = time.perf_counter()
        audit = auditnn.run(subject, seed=0, effort="standard")
        whole[name].append(time.perf_counter() - start)
        for record in audit.record.analyzers:
            seen[name, record.id].append(record)


def main() -> None:
    subjects = {name: auditnn.load(f"sample:{name}") for name in SAMPLES}
    one_round(subjects, defaultdict(list), defaultdict(list))
    seen: dict[tuple[str, str], list[Any]] = defaultdict(list)
    whole: dict[str, list[float]] = defaultdict(list)
    for _ in range(PAIRS):
        one_round(subjects, seen, whole)
    rows: list[dict[str, Any]] = []
    for name in SAMPLES:
        spent = 0.0
        for (sample, id), records in seen.items():
            if sample != name or records[0].status == "not_applicable":
                continue
            wall = spread([record.seconds for record in records])
            spent += wall["median"]
            called = records[0].model_seconds > 0
            rows.append({
                "sample": name,
                "analyzer": id,
                "wall, ms": {key: 1e3 * value for key, value in wall.items()},
                "model, ms": spread([1e3 * record.model_seconds for record in records]) if called else "",
                "overhead": spread([record.overhead for record in records]) if called else "",
                "rows forward": records[0].rows_forward,
            })  # fmt: skip
        rows.append({
            "sample": name,
            "analyzer": "whole run",
            "wall, ms": {key: 1e3 * value for key, value in spread(whole[name]).items()},
            "share of it in analyzers": f"{spent / statistics.median(whole[name]):.0%}",
        })  # fmt: skip
    notes = {"rounds": PAIRS, "effort": "standard", "cell": "median (least to most)"}
    write("analyzer_overhead", "What does each analyzer cost beyond the model calls it needs?", rows, notes)


if __name__ == "__main__":
    main()
