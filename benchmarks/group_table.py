"""The group table: 1,000,000 rows, two attributes (5 x 2), every rate, disparity and interval.

Limit: turning strings and scores into integer codes (score sort included), plus one numpy.bincount of those codes.
Peers: fairlearn's MetricFrame (point values only) and its bootstrap.

    python -m benchmarks.group_table            about five minutes; --quick leaves the whole-size peers out
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from auditnn.analyzers.context import Context
from auditnn.analyzers.fairness.disparity import ANALYZER as DISPARITY
from auditnn.analyzers.fairness.group_rates import ANALYZER as GROUP_RATES
from auditnn.core.measurement import Measurement
from auditnn.core.subject import Group, Predictions, Split, Subject
from auditnn.kernels.count_table import bin_scores, count_table
from auditnn.kernels.group_table import RATES
from benchmarks.timing import paired, ratio_row, seconds, write

ROWS = 1_000_000
PEER_ROWS = 50_000
THRESHOLD = 0.5
RACES, SEXES = ("Asian", "Black", "Hispanic", "Other", "White"), ("female", "male")
BATCHES = (1 << 16, 1 << 18, ROWS)
BINS = 1024


class Raw:
    """Raw columns: two of strings, labels 0/1, continuous scores; predictions at the threshold."""

    def __init__(self, rows: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        race, sex = rng.integers(0, 5, rows), rng.integers(0, 2, rows)
        self.race = np.array(RACES, dtype=object)[race]
        self.sex = np.array(SEXES, dtype=object)[sex]
        self.score = np.clip(rng.beta(2, 3, rows) + 0.02 * race - 0.05 * sex, 0, 1)
        self.y = (rng.random(rows) < self.score).astype(np.int64)
        self.prediction = (self.score >= THRESHOLD).astype(np.int64)


# ------------------------------------------------------------------ ours


def strings(values: np.ndarray, name: str) -> Group:
    codes, levels = pd.factorize(values)
    return Group(name=name, levels=tuple(map(str, levels)), codes=codes.astype(np.int32))


def all_metrics(raw: Raw, groups: tuple[Group, ...], scores: bool = True) -> list[Measurement]:
    """Every measurement of the room for both attributes and their intersection, and the table by score bin."""
    if scores:
        sizes = [len(group.levels) for group in groups]
        table = count_table([group.codes for group in groups], sizes, raw.y, 2, raw.score, THRESHOLD)
        table.sweep()
    predictions = Predictions(prediction=raw.prediction, score=raw.score)
    subject = Subject(
        name="benchmark",
        task="binary",
        modality="tabular",
        output="probabilities",
        test=Split(id=np.arange(len(raw.y)), y=raw.y, groups=groups),
        stored=predictions,
        classes=("no", "yes"),
        labels=(0, 1),
        positive=1,
        intersections=(("race", "sex"),),
    )
    stated: list[Measurement] = []
    for analyzer in (GROUP_RATES, DISPARITY):
        context = Context(analyzer=analyzer.id, subject=subject, predictions=predictions)
        found = analyzer.run(subject, analyzer.settings(), context)
        stated += [one for one in found if isinstance(one, Measurement)]
    return stated


def from_raw(raw: Raw) -> list[Measurement]:
    return all_metrics(raw, (strings(raw.race, "race"), strings(raw.sex, "sex")))


def front_door(raw: Raw) -> Any:
    """What a user calls: subject card, row table and digests included."""
    import auditnn

    subject = auditnn.Subject.from_predictions(
        raw.y,
        raw.prediction,
        score=raw.score,
        groups={"race": raw.race, "sex": raw.sex},
        task="binary",
        intersections=[["race", "sex"]],
    )
    return auditnn.run(subject, analyzers=["fairness"])


# ------------------------------------------------------------------ the limit


def encoded(raw: Raw, batch: int) -> tuple[np.ndarray, ...]:
    """Codes of both string columns, and of the scores: a sort, edges of equal mass, one search per score."""
    race, sex = pd.factorize(raw.race)[0], pd.factorize(raw.sex)[0]
    ordered = np.sort(raw.score)
    edges = ordered[np.arange(1, BINS) * len(ordered) // BINS]
    found = [np.searchsorted(edges, raw.score[start : start + batch]) for start in range(0, len(ordered), batch)]
    return race, sex, np.concatenate(found)


def encoded_by_rank(raw: Raw, batch: int) -> tuple[np.ndarray, ...]:
    """The same, the bins of scores from their ranks."""
    order = np.argsort(raw.score)
    bins = np.empty(len(order), dtype=np.int64)
    for start in range(0, len(order), batch):
        stop = min(start + batch, len(order))
        bins[order[start:stop]] = np.arange(start, stop) * BINS // len(order)
    return pd.factorize(raw.race)[0], pd.factorize(raw.sex)[0], bins


def counted(flat: np.ndarray, batch: int, cells: int) -> np.ndarray:
    total = np.zeros(cells, dtype=np.int64)
    for start in range(0, len(flat), batch):
        total += np.bincount(flat[start : start + batch], minlength=cells)
    return total


def limits(raw: Raw) -> dict[str, Callable[[], Any]]:
    """Encode plus bincount, in three batch sizes, two ways to bin scores, and codes alone or in a wider table."""
    race, sex, bins = encoded(raw, ROWS)
    flat = ((race * 2 + sex) * 2 + raw.y) * BINS + bins
    wide = np.zeros((len(flat), 4), dtype=np.int64)
    wide[:, 0] = flat
    layouts = {"contiguous": flat, "column of a table": wide[:, 0]}
    cells = 20 * BINS

    def variant(encode: Callable[[Raw, int], Any], codes: np.ndarray, batch: int) -> Callable[[], Any]:
        return lambda: (encode(raw, batch), counted(codes, batch, cells))

    return {
        f"{encode.__name__}, {layout}, {batch} rows": variant(encode, codes, batch)
        for encode in (encoded, encoded_by_rank)
        for layout, codes in layouts.items()
        for batch in BATCHES
    }


# ------------------------------------------------------------------ peers


def metric_frame(raw: Raw, draws: int | None = None, attributes: bool = True) -> Any:
    """fairlearn's frame of the same six rates over the intersection (and, as ours, over each attribute alone)."""
    from fairlearn import metrics
    from sklearn.metrics import accuracy_score, precision_score

    rates = {
        "selection_rate": metrics.selection_rate,
        "true_positive_rate": metrics.true_positive_rate,
        "false_positive_rate": metrics.false_positive_rate,
        "false_negative_rate": metrics.false_negative_rate,
        "precision": precision_score,
        "accuracy": accuracy_score,
    }
    assert tuple(rates) == RATES
    both = pd.DataFrame({"race": raw.race, "sex": raw.sex})
    boot = {} if draws is None else {"n_boot": draws, "ci_quantiles": [0.025, 0.975], "random_state": 0}
    frames = []
    for features in [both, raw.race, raw.sex] if attributes else [both]:
        frame = metrics.MetricFrame(
            metrics=rates, y_true=raw.y, y_pred=raw.prediction, sensitive_features=features, **boot
        )
        frames.append((frame.by_group, frame.difference(), frame.ratio()))
    return frames


def main() -> None:
    warnings.simplefilter("ignore")
    raw, small = Raw(ROWS), Raw(PEER_ROWS)
    groups = (strings(raw.race, "race"), strings(raw.sex, "sex"))
    small_groups = (strings(small.race, "race"), strings(small.sex, "sex"))
    flat = ((groups[0].codes.astype(np.int64) * 2 + groups[1].codes) * 2 + raw.y) * 2 + raw.prediction
    count = len(from_raw(raw))
    all_limits = limits(raw)
    work = [
        paired("strings and scores to all measurements (strings by pandas.factorize, as in the limit)",
               lambda: from_raw(raw), all_limits, target=3.0),
        paired("the same through auditnn.Subject.from_predictions and auditnn.run",
               lambda: front_door(raw), all_limits),
        paired("score bins alone, against a sort of the scores",
               lambda: bin_scores(raw.score), {"sort": lambda: np.sort(raw.score)}),
        paired("codes to all measurements, against one bincount",
               lambda: all_metrics(raw, groups, scores=False),
               {f"{batch} rows": lambda batch=batch: counted(flat, batch, 40) for batch in BATCHES}),
        paired(f"all measurements, against fairlearn's point values ({PEER_ROWS} rows)",
               lambda: from_raw(small), {"MetricFrame": lambda: metric_frame(small)}),
        paired(f"all measurements, against three bootstrap draws of fairlearn's ({PEER_ROWS} rows, intersection only)",
               lambda: all_metrics(small, small_groups), {"MetricFrame": lambda: metric_frame(small, 3, False)}),
    ]  # fmt: skip
    rows = [ratio_row(one) for one in work]
    notes: dict[str, Any] = {"rows": ROWS, "measurements": count, "ours uses resampling": "no"}
    if "--quick" not in sys.argv:
        notes["fairlearn, point values, all rows, s"] = round(seconds(lambda: metric_frame(raw)), 1)
        three = seconds(lambda: metric_frame(raw, 3, False))
        notes["fairlearn, intersection with three draws, all rows, s"] = round(three, 1)
        notes["the same with 1,000 draws, scaled, hours"] = round(three / 4 * 1001 / 3600, 1)
    write("group_table", "What does the whole group table cost, beyond reading the data once?", rows, notes)


if __name__ == "__main__":
    main()
