"""Extremes over groups: largest gap, smallest ratio, worst group, the larger of two gaps, gaps of means.

Run: python -m benchmarks.coverage.extremes
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from scipy import special

from auditnn.core.seeding import stream
from auditnn.kernels import simultaneous, two_groups
from auditnn.kernels.inference import interval
from auditnn.kernels.intervals import clopper_pearson_bounds, wilson_bounds
from auditnn.kernels.inversion import Ends, Side
from auditnn.kernels.mean_gaps import mean_gap_interval, mean_gap_p_value
from auditnn.kernels.studentized import range_quantile
from benchmarks.coverage.record import LEVELS, Row, row, run

CHUNK = 250
SIZES = ("10", "30", "100", "500", "2000", "10 to 2000", "one of 2000, others 10", "one of 10, others 2000")
TRUTHS: tuple[tuple[str, float, float], ...] = (
    ("no gap", 0.02, 0.0),
    ("no gap", 0.1, 0.0),
    ("no gap", 0.5, 0.0),
    ("one group apart", 0.05, 0.1),
    ("two halves", 0.1, 0.1),
    ("on a line", 0.1, 0.3),
    ("one group apart", 0.5, -0.4),
)
FEW_TRUTHS = (TRUTHS[0], TRUTHS[2], TRUTHS[4], TRUTHS[6])


def group_sizes(kind: str, g: int) -> np.ndarray:
    if kind == "10 to 2000":
        return np.round(np.geomspace(10, 2000, g))
    if kind.startswith("one of"):
        first, others = (2000.0, 10.0) if kind.startswith("one of 2000") else (10.0, 2000.0)
        return np.r_[first, np.full(g - 1, others)]
    return np.full(g, float(kind))


def true_rates(pattern: str, base: float, gap: float, g: int) -> np.ndarray:
    if pattern == "one group apart":
        return np.r_[base + gap, np.full(g - 1, base)]
    if pattern == "two halves":
        return np.where(np.arange(g) % 2 == 0, base, base + gap)
    return np.linspace(base, base + gap, g)


def z_of(level: float) -> float:
    return float(-special.ndtri(level))


def gap_ends(x: np.ndarray, n: np.ndarray) -> Ends:
    """As `inference.interval` chooses them for a gap, over many data sets."""
    folded = two_groups.gap_method(n[0]) == "newcombe"
    return (two_groups.folded_gap_interval if folded else simultaneous.gap_interval)(x, n)


def ratio_ends(x: np.ndarray, n: np.ndarray) -> Ends:
    folded = two_groups.ratio_method(n[0]) == "score"
    return (two_groups.folded_ratio_interval if folded else simultaneous.ratio_interval)(x, n)


def box_width(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Width of what simultaneous intervals of each group (Wilson, Sidak) leave for the gap."""
    low, high = wilson_bounds(x, n, z_of((1.0 - 0.95 ** (1.0 / x.shape[-1])) / 2.0))
    widest = np.minimum(1.0, high.max(axis=-1) - low.min(axis=-1))
    return widest - np.maximum(0.0, low.max(axis=-1) - high.min(axis=-1))


def alarm_shares(
    x: np.ndarray, n: np.ndarray, truth: float, form: Literal["gap", "ratio"]
) -> tuple[np.ndarray, np.ndarray]:
    """P(p <= level) per data set and level, above and below, for more than two groups or small ones: p <= level
    says the same as "the end at that level is beyond the limit", which is quicker."""
    g = x.shape[-1]
    tukey = [range_quantile(level, g) / simultaneous.ROOT2 for level in LEVELS]
    plain = [z_of(level) for level in LEVELS]
    if form == "gap":
        above = [simultaneous.gap_end(x, n, z, "low") >= truth for z in tukey]
        below = [simultaneous.gap_end(x, n, z, "high") <= truth for z in plain]
    else:
        above = [(simultaneous.ratio_end(x, n, z, "low") >= truth) & (x.min(axis=-1) > 0) for z in plain]
        below = [simultaneous.ratio_end(x, n, z, "high") <= truth for z in tukey]
    return np.stack(above, axis=-1), np.stack(below, axis=-1)


def gaps(g: int, kind: str, truth: tuple[str, float, float], runs: int, seed: int) -> Iterator[Row]:
    """Gap, ratio and minimum of the same simulated counts."""
    rng = stream(seed, "gap", g, kind, truth)
    sizes, rates = group_sizes(kind, g), true_rates(*truth, g)
    true_gap, true_ratio, true_least = np.ptp(rates), rates.min() / rates.max(), rates.min()
    parts: dict[str, list[np.ndarray]] = {"gap": [], "ratio": [], "minimum": []}
    for start in range(0, runs, CHUNK):
        count = min(CHUNK, runs - start)
        x = rng.binomial(sizes.astype(int), rates, size=(count, g)).astype(float)
        n = np.broadcast_to(sizes, x.shape)
        low, high = gap_ends(x, n)
        above, below = alarm_shares(x, n, true_gap, "gap")
        columns = (low > true_gap + 1e-12, high < true_gap - 1e-12, high - low, box_width(x, n), above, below)
        parts["gap"].append(np.column_stack(columns))
        some = x.max(axis=-1) > 0.0
        x, n = x[some], n[some]
        low, high = ratio_ends(x, n)
        above, below = alarm_shares(x, n, true_ratio, "ratio")
        columns = (low > true_ratio + 1e-12, high < true_ratio - 1e-12, high - low, high - low, above, below)
        parts["ratio"].append(np.column_stack(columns))
        low, high = simultaneous.minimum_interval(x, n)
        above, below = minimum_alarms(x, n, true_least)
        columns = (low > true_least, high < true_least, high - low, high - low, above, below)
        parts["minimum"].append(np.column_stack(columns))
    pattern, base, gap = truth
    setting = f"{g} groups of {kind}, {pattern} at {base:g}" + (f", gap {abs(gap):g}" if gap else "")
    for form, part in parts.items():
        each = np.concatenate(part).astype(float)
        mean = each.mean(axis=0)
        more = {"relative_width": round(float(mean[2] / mean[3]), 3)} if form == "gap" else {}
        # two groups of 30 rows or more have other bounds: their alarms are in `two_group_alarms`
        two = g == 2 and sizes.min() >= two_groups.ENOUGH_ROWS and form != "minimum"
        alarms = {"above": mean[4:8], "below": mean[8:12]} if not two else {}
        yield row(form, setting, len(each), mean[0], mean[1], mean[2], groups=g, **alarms, **more)  # type: ignore[arg-type]


def minimum_alarms(x: np.ndarray, n: np.ndarray, truth: float) -> tuple[np.ndarray, np.ndarray]:
    above, below = [], []
    for level in LEVELS:
        adjusted = -np.expm1(np.log1p(-level) / x.shape[-1])
        above.append(clopper_pearson_bounds(x, n, level)[0].min(axis=-1) >= truth)
        below.append(clopper_pearson_bounds(x, n, adjusted)[1].min(axis=-1) <= truth)
    return np.stack(above, axis=-1), np.stack(below, axis=-1)


def worst_gaps(g: int, kind: str, runs: int, seed: int) -> Row:
    """Equalized odds: true positive rates half apart by 0.1, false positive rates with no gap."""
    rng = stream(seed, "worst gap", g, kind)
    sizes = group_sizes(kind, g)
    truths = true_rates("two halves", 0.6, 0.1, g), np.full(g, 0.2)
    method = two_groups.gap_method(sizes)
    tally = np.zeros(3)
    for _ in range(runs):
        x = [rng.binomial(sizes.astype(int), rates) for rates in truths]
        value = max(float(np.ptp(one / sizes)) for one in x)
        low, high, _ = interval(method, value, {"form": "worst_gap", "x": x, "n": [sizes, sizes]})
        assert low is not None
        assert high is not None
        tally += [low > 0.1, high < 0.1, high - low]
    return row("worst gap", f"{g} groups of {kind}, gaps 0.1 and 0", runs, *(tally / runs), groups=g)


def mean_gaps(g: int, kind: str, gap: float, runs: int, seed: int) -> Row:
    """Group means of skewed values (gamma, shape 4), half of the groups apart."""
    rng = stream(seed, "means", g, kind, gap)
    sizes = group_sizes(kind, g).astype(int)
    shift = np.where(np.arange(g) % 2 == 0, 0.0, gap)
    tally = np.zeros(3 + 2 * len(LEVELS))
    for _ in range(runs):
        values = [rng.gamma(4.0, 0.5, size) + move for size, move in zip(sizes, shift, strict=True)]
        mean = np.array([one.mean() for one in values])
        se = np.array([one.std(ddof=1) for one in values]) / np.sqrt(sizes)
        low, high = mean_gap_interval(mean, se, sizes.astype(float))
        sides: tuple[Side, Side] = ("above", "below")
        p = [mean_gap_p_value(mean, se, sizes.astype(float), gap, side) for side in sides]
        tally += [low > gap, high < gap, high - low, *(one <= level for one in p for level in LEVELS)]
    share = tally / runs
    setting = f"{g} groups of {kind}, gap {gap:g} standard deviations"
    above, below = share[3:7].tolist(), share[7:].tolist()
    return row("gap of means", setting, runs, share[0], share[1], share[2], above=above, below=below, groups=g)


def bootstrap_gap(g: int, size: int, gap: float, runs: int, seed: int, draws: int = 400) -> Row:
    """What a percentile bootstrap of the largest minus the smallest rate would have covered."""
    rng = stream(seed, "bootstrap", g, size, gap)
    rates = true_rates("on a line", 0.3, gap, g)
    tally = np.zeros(3)
    for _ in range(runs):
        observed = rng.binomial(size, rates) / size
        drawn = rng.binomial(size, observed, size=(draws, g)) / size
        low, high = np.quantile(np.ptp(drawn, axis=1), [0.025, 0.975])
        tally += [low > gap + 1e-12, high < gap - 1e-12, high - low]
    setting = f"{g} groups of {size}, on a line at 0.3, gap {gap:g}"
    return row("gap, by a bootstrap (for comparison)", setting, runs, *(tally / runs), groups=g)


def two_group_alarms(n: tuple[int, int], p: tuple[float, float], form: Literal["gap", "ratio"]) -> Row:
    """Two groups, Newcombe and score: coverage and alarms by exact summation over both binomials.

    "p <= level" is found as p-values invert: the tail of Newcombe's (or the score) bound, held up by that of the
    joined exact bounds below 0.025.
    """
    from benchmarks.coverage.rates import binomial

    chance = np.outer(binomial(n[0], np.array([p[0]]))[0], binomial(n[1], np.array([p[1]]))[0])
    first, second = np.meshgrid(np.arange(n[0] + 1.0), np.arange(n[1] + 1.0), indexing="ij")
    x = np.stack([first, second], axis=-1)
    sizes = np.broadcast_to(np.array(n, float), x.shape)
    truth = abs(p[0] - p[1]) if form == "gap" else min(p) / max(p)
    likely = chance > 1e-7
    x, sizes, chance = x[likely], sizes[likely], chance[likely]
    if form == "ratio":
        some = x.max(axis=-1) > 0.0
        x, sizes, chance = x[some], sizes[some], chance[some]
    low, high = gap_ends(x, sizes) if form == "gap" else ratio_ends(x, sizes)
    above, below = two_group_p_values(x, sizes, truth, form)
    return row(
        form,
        f"2 groups of {n[0]:,} and {n[1]:,}, rates {p[0]:g} and {p[1]:g} (exact)",
        0,
        float(chance @ (low > truth + 1e-12)),
        float(chance @ (high < truth - 1e-12)),
        float(chance @ (high - low)),
        above=[float(chance @ (above <= level)) for level in LEVELS],
        below=[float(chance @ (below <= level)) for level in LEVELS],
        groups=2,
    )


def two_group_p_values(
    x: np.ndarray, n: np.ndarray, limit: float, form: Literal["gap", "ratio"]
) -> tuple[np.ndarray, np.ndarray]:
    """`inference.p_value` of each distinct pair of counts, above and below."""
    from auditnn.kernels.inference import p_value

    method = two_groups.gap_method(n[0]) if form == "gap" else two_groups.ratio_method(n[0])
    found = np.empty((2, len(x)))
    for at, (counts, sizes) in enumerate(zip(x, n, strict=True)):
        basis = {"form": form, "x": counts, "n": sizes}
        for place, side in enumerate(("above", "below")):
            found[place, at] = p_value(method, 0.0, basis, limit=limit, side=side)  # type: ignore[arg-type]
    return found[0], found[1]


TWO_GROUPS: tuple[tuple[tuple[int, int], tuple[float, float]], ...] = (
    ((30, 30), (0.5, 0.5)),
    ((30, 30), (0.1, 0.4)),
    ((30, 60), (0.2, 0.3)),
    ((50, 50), (0.05, 0.15)),
    ((40, 80), (0.5, 0.3)),
    ((300, 300), (0.1, 0.2)),
)


def rows(runs: int, seed: int) -> Iterator[Row]:
    for n, p in TWO_GROUPS:
        yield two_group_alarms(n, p, "gap")
        yield two_group_alarms(n, p, "ratio")
    for g in (2, 3, 5, 10, 20, 50):
        for kind in SIZES if g <= 10 else (*SIZES[:4], *SIZES[5:]):
            for truth in TRUTHS if g <= 10 else FEW_TRUTHS:
                yield from gaps(g, kind, truth, runs, seed)
    for g in (2, 5, 20):
        for kind in ("30", "300", "10 to 2000"):
            yield worst_gaps(g, kind, runs, seed)
            for gap in (0.0, 0.5):
                yield mean_gaps(g, kind, gap, runs, seed)
    for gap in (0.0, 0.05, 0.1, 0.2):
        yield bootstrap_gap(5, 500, gap, runs, seed)


if __name__ == "__main__":
    run("extremes", rows, 4000)
