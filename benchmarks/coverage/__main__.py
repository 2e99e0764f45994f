"""python -m benchmarks.coverage: every part with its default number of runs (about an hour on one core)."""

from __future__ import annotations

from benchmarks.coverage import extremes, rates, scores
from benchmarks.coverage.record import run

if __name__ == "__main__":
    run("rates", rates.rows, 0)
    run("extremes", extremes.rows, 4000)
    run("scores", scores.rows, 4000)
