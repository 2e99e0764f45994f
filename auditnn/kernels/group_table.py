"""Rates per group from counts: who was selected, who deserved it, and who got both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditnn.kernels.counts import joint_counts

RATES = (
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "false_negative_rate",
    "precision",
    "accuracy",
)
CONFUSION_CELLS = 1 << 23  # a group x label x prediction table larger than this is counted event by event


@dataclass(frozen=True, slots=True)
class EventCounts:
    """Counts of one event (an outcome such as "granted") per group, each of shape (g,).

    `rows`, `positives` (the label is the event), `selected` (the prediction is the event), `hits` (both).
    `positives` and `hits` are None where there are no labels.
    """

    rows: np.ndarray
    selected: np.ndarray
    positives: np.ndarray | None = None
    hits: np.ndarray | None = None

    def total(self) -> EventCounts:
        """The same counts over all groups together, shape (1,)."""
        return EventCounts(
            rows=self.rows.sum(keepdims=True),
            selected=self.selected.sum(keepdims=True),
            positives=None if self.positives is None else self.positives.sum(keepdims=True),
            hits=None if self.hits is None else self.hits.sum(keepdims=True),
        )

    def rate(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Numerator and denominator of a rate per group, (g,) each. ValueError where it needs absent labels.

        With tp = hits, fp = selected - hits, fn = positives - hits, tn the rest: selection (tp + fp) / rows,
        true positive tp / (tp + fn), false positive fp / (fp + tn), false negative fn / (tp + fn), precision
        tp / (tp + fp), accuracy (tp + tn) / rows.
        """
        if name == "selection_rate":
            return self.selected, self.rows
        if self.positives is None or self.hits is None:
            raise ValueError(f"{name} needs labels")
        rates = {
            "true_positive_rate": (self.hits, self.positives),
            "false_positive_rate": (self.selected - self.hits, self.rows - self.positives),
            "false_negative_rate": (self.positives - self.hits, self.positives),
            "precision": (self.hits, self.selected),
            "accuracy": (self.rows - self.positives - self.selected + 2 * self.hits, self.rows),
        }
        return rates[name]


@dataclass(frozen=True, slots=True)
class GroupTable:
    """The counts of several events over the same groups, and how many predictions equal their label, (g,)."""

    events: tuple[EventCounts, ...]
    rows: np.ndarray
    correct: np.ndarray | None


def group_table(
    codes: np.ndarray,
    groups: int,
    labels: np.ndarray | None,
    predictions: np.ndarray,
    classes: int,
    events: Sequence[Sequence[int]],
    cells: int = CONFUSION_CELLS,
) -> GroupTable:
    """Count each event (a set of class codes) per group: from one group x label x prediction table where that has
    at most `cells` cells, else with a pass per event."""
    if labels is None:
        table = joint_counts([codes, predictions], (groups, classes))
        rows = table.sum(axis=1)
        return GroupTable(tuple(EventCounts(rows, table[:, list(event)].sum(axis=1)) for event in events), rows, None)
    if groups * classes * classes <= cells:
        table = joint_counts([codes, labels, predictions], (groups, classes, classes))
        correct = np.trace(table, axis1=1, axis2=2)
        return GroupTable(tuple(_event(table, event) for event in events), table.sum(axis=(1, 2)), correct)
    counted = []
    for event in events:
        member = np.isin(np.arange(classes), list(event))
        table = joint_counts([codes, member[labels], member[predictions]], (groups, 2, 2))
        counted.append(_event(table, (1,)))
    correct = joint_counts([codes, labels == predictions], (groups, 2))
    return GroupTable(tuple(counted), correct.sum(axis=1), correct[:, 1])


def _event(table: np.ndarray, event: Sequence[int]) -> EventCounts:
    """The counts of one event in a table of shape (g, labels, predictions)."""
    classes = list(event)
    return EventCounts(
        rows=table.sum(axis=(1, 2)),
        selected=table[:, :, classes].sum(axis=(1, 2)),
        positives=table[:, classes, :].sum(axis=(1, 2)),
        hits=table[:, classes, :][:, :, classes].sum(axis=(1, 2)),
    )
