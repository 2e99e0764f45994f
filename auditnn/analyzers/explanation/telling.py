"""The rows worth looking at one by one: a typical one, the most confident error, the one nearest the boundary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.core.subject import Predictions, Subject
from auditnn.subjects.outputs import positive_of

STORED = 500  # the rows of `store_rows = "sample"` are these first of the permutation that samples are prefixes of
MOST_ASKED = 6


@dataclass(frozen=True, slots=True)
class Telling:
    """One row: its place among the rows that were explained, and why it is shown."""

    place: int
    why: str


def rows_shown(subject: Subject, context: Context, explained: int) -> int:
    """How many of the explained rows may be shown one by one, as far as `store_rows` lets rows into a run folder."""
    if subject.store_rows == "none":
        return 0
    return explained if subject.store_rows == "all" or context.positions is not None else min(explained, STORED)


def telling_rows(subject: Subject, context: Context, positions: np.ndarray) -> tuple[Telling, ...]:
    """Up to three of the test rows at `positions`; those that a user asked about, up to six of them.

    Typical: of the rows predicted as the commonest class, the one whose score is the median of theirs (regression: the
    median prediction). The most confident error: the wrong row whose predicted class scores highest, or the largest
    error of a regression; none without labels or errors. Nearest the boundary: the smallest lead of the predicted class
    over the next, or over the threshold. A row that is two of these is shown once.
    """
    shown = rows_shown(subject, context, len(positions))
    if context.positions is not None:
        return tuple(Telling(place, "the row asked about") for place in range(min(shown, MOST_ASKED)))
    told: dict[int, str] = {}
    for place, why in _told(subject, context.predictions, positions[:shown]) if shown else ():
        told[place] = f"{told[place]}, and {why}" if place in told else why
    return tuple(Telling(place, why) for place, why in told.items())


def _told(subject: Subject, predictions: Predictions, positions: np.ndarray) -> Iterator[tuple[int, str]]:
    prediction = predictions.prediction[positions]
    y = None if subject.test.y is None else subject.test.y[positions]
    if not subject.classification:
        yield _median(prediction, np.arange(len(prediction))), "typical: its prediction is the median"
        if y is not None:
            error = np.abs(prediction - y)
            if error.any():
                yield int(np.argmax(error)), "the largest error"
        return
    codes, counts = np.unique(prediction, return_counts=True)
    common = int(codes[np.argmax(counts)])
    inside = np.flatnonzero(prediction == common)
    score, lead = confidences(subject, predictions, positions)
    typical = f"typical of the rows predicted {subject.classes[common]}"
    yield (int(inside[0]) if score is None else _median(score, inside)), typical
    if score is None or lead is None:
        return
    if y is not None and (prediction != y).any():
        wrong = np.flatnonzero(prediction != y)
        yield int(wrong[np.argmax(score[wrong])]), "the most confident error"
    yield int(np.argmin(lead)), "nearest the boundary"


def confidences(
    subject: Subject, predictions: Predictions, positions: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The score of the predicted class, and its lead over the next class or the threshold, both (n,); None where the
    model gives labels only."""
    if predictions.score is None:
        return None, None
    score, prediction = predictions.score[positions], predictions.prediction[positions].astype(np.int64)
    if score.ndim == 1:
        return np.where(prediction == positive_of(subject), score, 1.0 - score), np.abs(score - subject.threshold)
    ordered = np.sort(score, axis=1)
    lead = ordered[:, -1] - ordered[:, -2] if score.shape[1] > 1 else np.zeros(len(score))
    return score[np.arange(len(score)), prediction], lead


def _median(values: np.ndarray, among: np.ndarray) -> int:
    """The one of `among` (places) with the lower median of the values."""
    ordered = among[np.argsort(values[among], kind="stable")]
    return int(ordered[(len(ordered) - 1) // 2])
