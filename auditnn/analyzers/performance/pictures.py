"""Exhibits about classification: the confusion table, the recall of each class, the ROC curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.numbers import plain
from auditnn.core.scale import told
from auditnn.core.subject import Subject
from auditnn.kernels.confusion import confusion_table

CLASSES = 30
CURVE_POINTS = 200


def confusion_heatmap(id: str, subject: Subject, y: np.ndarray, prediction: np.ndarray) -> Exhibit:
    """Share of each true class (down) by predicted class (across); the 30 classes with most errors where more."""
    table = confusion_table(y, prediction, len(subject.classes))
    wrong = table - np.diag(np.diagonal(table))
    shown = np.sort(np.argsort(-(wrong.sum(axis=0) + wrong.sum(axis=1)), kind="stable")[:CLASSES])
    names, sizes = subject.classes, table.sum(axis=1)
    cells = [(true, guess) for true in shown for guess in shown]
    return Exhibit(
        id=f"{id}/confusion",
        kind="heatmap",
        title="What is taken for what",
        summary=_most_confused(subject, table, wrong) + _left_out(len(names), len(shown)),
        columns={
            "true class": [names[true] for true, _ in cells],
            "predicted class": [names[guess] for _, guess in cells],
            "share of the true class": [
                float(table[true, guess] / sizes[true]) if sizes[true] else None for true, guess in cells
            ],
            "rows": [int(table[true, guess]) for true, guess in cells],
        },
        roles={"x": "predicted class", "y": "true class", "value": "share of the true class"},
        measurements=(f"{id}/accuracy", f"{id}/recall"),
    )


def _most_confused(subject: Subject, table: np.ndarray, wrong: np.ndarray) -> str:
    n, errors = int(table.sum()), int(wrong.sum())
    if errors == 0:
        return f"All {n:,} rows are predicted as their own class."
    true, guess = np.unravel_index(int(wrong.argmax()), wrong.shape)
    return (
        f"{n - errors:,} of {n:,} rows are predicted as their own class; most often "
        f"{subject.classes[true]} is taken for {subject.classes[guess]} ({int(wrong[true, guess]):,} rows)."
    )


def recall_intervals(id: str, recalls: Sequence[Measurement]) -> Exhibit:
    """The recall of each class with its interval, lowest first; the 30 lowest where there are more."""
    measured = sorted((one for one in recalls if one.value is not None), key=lambda one: one.value or 0.0)
    shown = measured[:CLASSES]
    lowest = shown[0]
    return Exhibit(
        id=f"{id}/recall_by_class",
        kind="intervals",
        title="How much of each class is found",
        summary=(
            f"Recall is lowest for {lowest.slice['class']}: {told(lowest)}." + _left_out(len(measured), len(shown))
        ),
        columns={
            "class": [one.slice["class"] for one in shown],
            "recall": [one.value for one in shown],
            "low": [one.low for one in shown],
            "high": [one.high for one in shown],
            "rows": [one.n for one in shown],
        },
        roles={"label": "class", "value": "recall", "low": "low", "high": "high"},
        measurements=(f"{id}/recall",),
    )


def roc_curve(id: str, positive: np.ndarray, score: np.ndarray, area: float) -> Exhibit:
    """The corners of the ROC curve, thinned evenly along its length to at most 200 points."""
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    found = np.append(0, np.cumsum(positive[order])[last]) / positive.sum()
    alarms = np.append(0, np.cumsum(~positive[order])[last]) / (~positive).sum()
    keep = _evenly(found + alarms, CURVE_POINTS)
    return Exhibit(
        id=f"{id}/roc",
        kind="curve",
        title="Positives found against false alarms",
        summary=(
            f"The area under the curve is {plain(area)}: how often a random positive row scores above a random "
            "negative one. The diagonal is what chance gives."
        ),
        columns={
            "false positive rate": alarms[keep].tolist(),
            "true positive rate": found[keep].tolist(),
            "threshold": [None, *score[order][last].tolist()][:1]
            + [float(score[order][last[i - 1]]) for i in keep[1:]],
        },
        roles={"x": "false positive rate", "y": "true positive rate", "reference": "diagonal"},
        measurements=(f"{id}/roc_auc",),
    )


def _evenly(along: np.ndarray, most: int) -> np.ndarray:
    """Positions of at most `most` points, both ends among them, as evenly spread as can be along a rising quantity."""
    if len(along) <= most:
        return np.arange(len(along))
    return np.unique(np.searchsorted(along, np.linspace(along[0], along[-1], most)))


def _left_out(all: int, shown: int) -> str:
    return f" {shown} of {all:,} classes are shown." if shown < all else ""
