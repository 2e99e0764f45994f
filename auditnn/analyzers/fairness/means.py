"""Regression by group: mean prediction, mean error and mean absolute error, and how far groups lie apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from auditnn.analyzers import measures
from auditnn.analyzers.fairness.exhibits import FIGURE_GROUPS, means_table, rates_figure
from auditnn.analyzers.fairness.outcomes import NO_LABELS, allot, shown
from auditnn.core.analyzer import Yield
from auditnn.core.measurement import Better, Measurement
from auditnn.core.subject import Group, Predictions, Subject
from auditnn.kernels.moments import Moments, group_moments

MEANS: dict[str, Better] = {"mean_prediction": "none", "mean_error": "zero", "mean_absolute_error": "lower"}
UNIT = "target"


def row_values(subject: Subject, predictions: Predictions) -> dict[str, np.ndarray]:
    """What is averaged, (n,) each: the prediction, prediction - label, and its absolute value."""
    values = {"mean_prediction": np.asarray(predictions.prediction, dtype=np.float64)}
    if subject.test.y is not None:
        error = values["mean_prediction"] - np.asarray(subject.test.y, dtype=np.float64)
        values |= {"mean_error": error, "mean_absolute_error": np.abs(error)}
    return values


def mean(id: str, moments: Moments, level: int, pairs: dict[str, Any], better: Better) -> Measurement:
    """The mean of one group with Student's t interval."""
    limits = (0.0, None) if id.endswith("/mean_absolute_error") else None
    return measures.estimated(id, moments.estimate(level), slice=pairs, better=better, unit=UNIT, limits=limits)


def group_means(
    id: str, subject: Subject, predictions: Predictions, groups: tuple[Group, ...], budget: int, minimum: int
) -> Iterator[Yield]:
    """Each mean over all rows and for each group, a figure and a table per attribute."""
    values = row_values(subject, predictions)
    everyone = np.zeros(len(subject.test), dtype=np.int32)
    for name, of_rows in values.items():
        yield mean(f"{id}/{name}", group_moments(everyone, 1, of_rows), 0, {}, MEANS[name])
    shares = allot([len(group.levels) for group in groups], budget // len(MEANS))
    for group, room in zip(groups, shares, strict=True):
        moments = {name: group_moments(group.codes, len(group.levels), of_rows) for name, of_rows in values.items()}
        levels = shown(moments["mean_prediction"].n, moments["mean_prediction"].mean, room, minimum)
        stated: list[Measurement] = []
        for name, better in MEANS.items():
            if name not in moments:
                pairs = {"attribute": group.name}
                yield measures.absent(f"{id}/{name}", "not_applicable", NO_LABELS, slice=pairs, unit=UNIT)
                continue
            for level in levels.tolist():
                stated.append(mean(f"{id}/{name}", moments[name], level, group.slice_of(level), better))
        yield from stated
        n, means = moments["mean_prediction"].n, moments["mean_prediction"].mean
        names = {group.levels[level] for level in shown(n, means, min(room, FIGURE_GROUPS), minimum)}
        title = f"Prediction and error by {group.name}"
        summary = f"Means with t intervals of {len(names):,} of {len(group.levels):,} groups."
        rows = [one for one in stated if one.slice["group"] in names]
        yield rates_figure(id, title, summary, {"attribute": group.name}, rows)
        yield means_table(id, group, n, {name: one.mean for name, one in moments.items()})
