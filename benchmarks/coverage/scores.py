"""Rankings, calibration, losses, means and composites of the confusion table.

Run: python -m benchmarks.coverage.scores
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
from scipy import special

from auditnn.core.seeding import stream
from auditnn.kernels import calibration, confusion, ranking
from auditnn.kernels.estimate import Estimate
from auditnn.kernels.inference import interval, p_value
from auditnn.kernels.moments import mean
from benchmarks.coverage.record import LEVELS, Row, row, run

Draw = Callable[[np.random.Generator], Estimate]
MANY = 2_000_000


def simulate(quantity: str, setting: str, truth: float, draw: Draw, runs: int, seed: int) -> Row:
    """Coverage and alarms of `draw(rng)` over `runs` data sets; undefined ones are counted and left out."""
    rng = stream(seed, quantity, setting)
    tally, defined = np.zeros(3 + 2 * len(LEVELS)), 0
    for _ in range(runs):
        estimate = draw(rng)
        if estimate.value is None:
            continue
        defined += 1
        low, high, _ = interval(estimate.method, estimate.value, estimate.basis)
        assert low is not None
        assert high is not None
        tally[:3] += [low > truth, high < truth, high - low]
        for place, side in enumerate(("above", "below")):
            p = p_value(estimate.method, estimate.value, estimate.basis, limit=truth, side=side)  # type: ignore[arg-type]
            tally[3 + place * len(LEVELS) : 3 + (place + 1) * len(LEVELS)] += [p <= level for level in LEVELS]
    share = tally / max(defined, 1)
    more = {"undefined": round(1.0 - defined / runs, 4)} if defined < runs else {}
    return row(quantity, setting, defined, *share[:3], above=share[3:7], below=share[7:], **more)  # type: ignore[arg-type, misc]


# ---------------------------------------------------------------- rankings


def binormal(rng: np.random.Generator, positives: int, negatives: int, apart: float) -> tuple[np.ndarray, np.ndarray]:
    positive = np.arange(positives + negatives) < positives
    return positive, rng.normal(size=len(positive)) + apart * positive


@lru_cache(maxsize=64)
def true_average_precision(apart: float, prevalence: float) -> float:
    """By the trapezoid rule over the threshold."""
    t = np.linspace(-8.0, 8.0 + apart, 80_001)
    found, wrong = special.ndtr(apart - t) * prevalence, special.ndtr(-t) * (1.0 - prevalence)
    density = np.exp(-((t - apart) ** 2) / 2.0) / np.sqrt(2.0 * np.pi)
    return float(np.trapezoid(found / (found + wrong + 1e-300) * density, t))


def rankings(runs: int, seed: int) -> Iterator[Row]:
    for positives, negatives in ((20, 20), (30, 300), (100, 100), (200, 2000), (20, 2000)):
        for area in (0.5, 0.7, 0.9, 0.98):
            apart = float(special.ndtri(area) * np.sqrt(2.0))
            setting = f"{positives} positives, {negatives} negatives, AUC {area:g}"

            def auc(rng: np.random.Generator, m: int = positives, n: int = negatives, by: float = apart) -> Estimate:
                return ranking.roc_auc(*binormal(rng, m, n, by))

            def precision(
                rng: np.random.Generator, m: int = positives, n: int = negatives, by: float = apart
            ) -> Estimate:
                return ranking.average_precision(*binormal(rng, m, n, by))

            few = runs if negatives < 2000 else runs // 4
            yield simulate("ROC AUC", setting, area, auc, few, seed)
            exact = true_average_precision(apart, positives / (positives + negatives))
            yield simulate("average precision", setting, exact, precision, few, seed)


# ---------------------------------------------------------------- calibration and losses


def judged(rng: np.random.Generator, n: int, world: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, scores and true chances: the true logit is normal (middle, spread), the score's is off by a line."""
    middle, spread, slope, shift = world
    logit = middle + spread * rng.normal(size=n)
    chance = special.expit(logit)
    return (rng.random(n) < chance).astype(int), special.expit((logit - shift) / slope), chance


@lru_cache(maxsize=32)
def truths(world: tuple[float, ...]) -> dict[str, float]:
    """What the quantities are for the whole population, from two million scores and their true chances."""
    _, score, chance = judged(np.random.default_rng(2024), MANY, world)
    edges = np.quantile(score, np.arange(1, calibration.BINS) / calibration.BINS)
    sums = np.bincount(np.searchsorted(edges, score), score - chance)
    return {
        "calibration in the large": float((score - chance).mean()),
        "calibration slope": world[2],
        "expected calibration error": float(np.abs(sums).sum() / MANY),
        "Brier score": float(((score - chance) ** 2 + chance * (1.0 - chance)).mean()),
        "log loss": float(-(chance * np.log(score) + (1.0 - chance) * np.log1p(-score)).mean()),
    }


WORLDS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("half positive, calibrated", (0.0, 1.5, 1.0, 0.0)),
    ("half positive, too extreme", (0.0, 1.5, 0.6, 0.3)),
    ("one in ten, calibrated", (-2.6, 1.0, 1.0, 0.0)),
    ("one in ten, too high", (-2.6, 1.0, 1.0, -0.5)),
    ("one in forty, calibrated", (-4.0, 1.0, 1.0, 0.0)),
)
MEASURES: dict[str, Callable[[np.ndarray, np.ndarray], Estimate]] = {
    "calibration in the large": calibration.calibration_in_the_large,
    "calibration slope": calibration.calibration_slope,
    "expected calibration error": calibration.expected_calibration_error,
    "Brier score": calibration.brier_score,
    "log loss": calibration.log_loss,
}


def calibrations(runs: int, seed: int) -> Iterator[Row]:
    for name, world in WORLDS:
        for n in (200, 1000, 5000):
            for quantity, measure in MEASURES.items():

                def draw(
                    rng: np.random.Generator,
                    n: int = n,
                    world: tuple[float, ...] = world,
                    measure: Callable[[np.ndarray, np.ndarray], Estimate] = measure,
                ) -> Estimate:
                    label, score, _ = judged(rng, n, world)
                    return measure(label, score)

                few = runs if n < 5000 else runs // 2
                yield simulate(quantity, f"{name}, {n:,} rows", truths(world)[quantity], draw, few, seed)


# ---------------------------------------------------------------- composites and means

TABLES: tuple[tuple[str, np.ndarray], ...] = (
    ("balanced, 80% right", np.array([[0.4, 0.1], [0.1, 0.4]])),
    ("one in ten, recall 0.6, precision 0.5", np.array([[0.84, 0.06], [0.04, 0.06]])),
    ("one in fifty, recall 0.9", np.array([[0.97, 0.01], [0.002, 0.018]])),
    ("three classes", np.array([[0.3, 0.05, 0.05], [0.02, 0.25, 0.03], [0.03, 0.07, 0.2]])),
)


def composites(runs: int, seed: int) -> Iterator[Row]:
    for name, shares in TABLES:
        k = len(shares)
        scores: dict[str, confusion.Score] = {
            "balanced accuracy": confusion.balanced_accuracy,
            "F1": confusion.f1(1 if k == 2 else None),
            "MCC": confusion.matthews_correlation,
        }
        for n in (100, 500, 2000):
            for quantity, score in scores.items():

                def draw(
                    rng: np.random.Generator, n: int = n, shares: np.ndarray = shares, score: confusion.Score = score
                ) -> Estimate:
                    table = rng.multinomial(n, shares.ravel()).reshape(shares.shape)
                    return confusion.composite(score, confusion.resample(table, rng, 400))

                truth = float(score(confusion.margins(shares * 1e9)))
                yield simulate(quantity, f"{name}, {n:,} rows", truth, draw, runs, seed)


def means(runs: int, seed: int) -> Iterator[Row]:
    kinds: dict[str, tuple[float, Callable[[np.random.Generator, int], np.ndarray]]] = {
        "normal": (0.0, lambda rng, n: rng.normal(size=n)),
        "exponential": (1.0, lambda rng, n: rng.exponential(size=n)),
        "log-normal": (float(np.exp(0.5)), lambda rng, n: rng.lognormal(size=n)),
    }
    for name, (truth, values) in kinds.items():
        for n in (30, 200, 2000):

            def draw(
                rng: np.random.Generator,
                n: int = n,
                values: Callable[[np.random.Generator, int], np.ndarray] = values,
            ) -> Estimate:
                return mean(values(rng, n))

            yield simulate("mean", f"{name} values, {n:,} rows", truth, draw, runs, seed)


def rows(runs: int, seed: int) -> Iterator[Row]:
    yield from means(runs, seed)
    yield from calibrations(runs, seed)
    yield from composites(runs, seed)
    yield from rankings(runs, seed)


if __name__ == "__main__":
    run("scores", rows, 4000)
