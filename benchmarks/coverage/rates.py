"""Single rates: coverage by exact summation over the binomial, no simulation.

Run: python -m benchmarks.coverage.rates
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import special

from auditnn.kernels.inference import interval, p_value, rate_method
from auditnn.kernels.intervals import clopper_pearson, wilson
from benchmarks.coverage.record import LEVELS, Row, row, run

SIZES = (30, 40, 50, 60, 80, 100, 125, 150, 200, 250, 300, 400, 500, 700, 1000, 1400, 2000, 2800, 4000, 5000)
ALARM_SIZES = (30, 100, 300, 1000, 5000)
PROPORTIONS = np.round(np.linspace(0.01, 0.5, 491), 3)


def binomial(n: int, p: np.ndarray) -> np.ndarray:
    """P(X = x) for x = 0..n (columns) at each p (rows)."""
    x = np.arange(n + 1)
    logs = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    return np.exp(logs + special.xlogy(x, p[:, None]) + special.xlog1py(n - x, -p[:, None]))


def shipped(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The interval that a measurement gets, for x = 0..n."""
    ends = [interval(rate_method(x, n), x / n, {"form": "rate", "x": [x], "n": [n]})[:2] for x in range(n + 1)]
    low, high = np.array(ends, dtype=float).T
    return low, high


def exact_coverage(
    n: int, p: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities that the interval misses low and high, and its mean width, at each p."""
    chance = binomial(n, p)
    low, high = bounds
    missed_low = (chance * (low[None] > p[:, None] + 1e-12)).sum(axis=1)
    missed_high = (chance * (high[None] < p[:, None] - 1e-12)).sum(axis=1)
    return missed_low, missed_high, chance @ (high - low)


def alarms(n: int, p: float) -> tuple[list[float], list[float]]:
    """Exact P(p-value <= level) at a limit equal to the truth, for both sides."""
    chance = binomial(n, np.array([p]))[0]
    result = []
    for side in ("above", "below"):
        found = np.array(
            [
                p_value(rate_method(x, n), x / n, {"form": "rate", "x": [x], "n": [n]}, limit=p, side=side)  # type: ignore[arg-type]
                for x in range(n + 1)
            ]
        )
        result.append([float(chance[found <= level].sum()) for level in LEVELS])
    return result[0], result[1]


def rows(runs: int = 0, seed: int = 0) -> Iterator[Row]:
    """Per n: the worst p, the worst and best p where both cells expect ten or more, the mean over p."""
    for n in SIZES:
        x = np.arange(n + 1)
        missed_low, missed_high, width = exact_coverage(n, PROPORTIONS, shipped(n))
        coverage = 1.0 - missed_low - missed_high
        usual = n * PROPORTIONS >= 10.0
        worst = int(coverage.argmin())
        more: dict[str, float | list[float]] = {
            "worst_p": float(PROPORTIONS[worst]),
            "usual_least": round(float(coverage[usual].min()), 4),
            "usual_most": round(float(coverage[usual].max()), 4),
            "mean_coverage": round(float(coverage.mean()), 4),
            "mean_width": round(float(width.mean()), 5),
            "width_wilson": round(float(exact_coverage(n, PROPORTIONS, wilson(x, n))[2].mean()), 5),
            "width_clopper_pearson": round(float(exact_coverage(n, PROPORTIONS, clopper_pearson(x, n))[2].mean()), 5),
        }
        above, below = np.zeros(len(LEVELS)), np.zeros(len(LEVELS))
        if n in ALARM_SIZES:
            for p in (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5):
                one = alarms(n, p)
                above, below = np.maximum(above, one[0]), np.maximum(below, one[1])
        yield row(
            "rate",
            f"n = {n:,}, least favorable p",
            0,
            missed_low[worst],
            missed_high[worst],
            width[worst],
            above=list(above) if n in ALARM_SIZES else (),
            below=list(below) if n in ALARM_SIZES else (),
            **more,
        )
    yield every_size()


def every_size() -> Row:
    """The least favorable n and p over every n from 30 to 300."""
    worst: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    usual = [1.0, 0.0]
    for n in range(30, 301):
        low, high, width = exact_coverage(n, PROPORTIONS, shipped(n))
        at = int((low + high).argmax())
        worst = max(
            worst, tuple(float(one) for one in (low[at] + high[at], low[at], high[at], width[at], n, PROPORTIONS[at]))
        )
        coverage = (1.0 - low - high)[n * PROPORTIONS >= 10.0]
        usual = [min(usual[0], float(coverage.min())), max(usual[1], float(coverage.max()))]
    _, low_share, high_share, wide, n_worst, p_worst = worst
    return row(
        "rate",
        f"every n from 30 to 300 (worst at {n_worst:.0f}), least favorable p",
        0,
        low_share,
        high_share,
        wide,
        worst_p=p_worst,
        usual_least=round(usual[0], 4),
        usual_most=round(usual[1], 4),
    )


if __name__ == "__main__":
    run("rates", rows, 0)
