"""Permutation importance: the model asked again with the values of one unit dealt to other rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.core.errors import NotApplicable
from auditnn.core.rows import Table
from auditnn.core.subject import Predictions, Subject
from auditnn.kernels.estimate import Estimate
from auditnn.kernels.shuffled import both_sides, explained_share_drop, mean_loss_increase
from auditnn.subjects import outputs
from auditnn.subjects.outputs import positive_of

Metric = Literal["auto", "log_loss", "accuracy", "r2", "change"]
LOSS_CLIP = 2.2e-16  # as for log loss elsewhere
CHUNK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A loss of each row whose mean increase is the importance; `said` names it in a sentence."""

    metric: Metric
    unit: str
    said: str
    of: Callable[[Predictions], np.ndarray]


def loss_of(subject: Subject, positions: np.ndarray, predictions: Predictions, metric: Metric) -> Loss:
    """The loss that a metric stands for, over the test rows at `positions`; `predictions` are the model's own for them.

    "auto": log loss, accuracy where there are no scores, r2 for regression; without labels the change of the output.
    NotApplicable for a metric that the subject does not have.
    """
    y = None if subject.test.y is None else subject.test.y[positions]
    scored = predictions.score is not None
    if metric == "auto":
        metric = "change" if y is None else "r2" if not subject.classification else "log_loss" if scored else "accuracy"
    if metric == "change":
        return _change(subject, predictions)
    if y is None:
        raise NotApplicable(f"{metric} needs labels, and the data has none; metric = 'change' needs none")
    if metric == "r2" and not subject.classification:
        return Loss(metric=metric, unit="number", said="R2 falls", of=lambda found: (found.prediction - y) ** 2)
    if metric == "accuracy" and subject.classification:
        wrong = Loss(
            metric=metric, unit="probability", said="accuracy falls", of=lambda found: (found.prediction != y) * 1.0
        )
        return wrong
    if metric == "log_loss" and subject.classification and scored:
        codes = y.astype(np.int64)
        return Loss(
            metric=metric, unit="nats", said="log loss rises", of=lambda found: -np.log(score_of(subject, found, codes))
        )
    raise NotApplicable(f"{metric} is no metric of a {subject.task} model with {subject.output}")


def _change(subject: Subject, predictions: Predictions) -> Loss:
    """How far the output moves from what it was, whatever the label."""
    if not subject.classification:
        first = predictions.prediction
        return Loss(
            metric="change", unit="target", said="the prediction moves",
            of=lambda found: np.abs(found.prediction - first),
        )  # fmt: skip
    codes = predictions.prediction.astype(np.int64)
    if predictions.score is None:
        return Loss(
            metric="change",
            unit="probability",
            said="labels change",
            of=lambda found: (found.prediction != codes) * 1.0,
        )
    own = score_of(subject, predictions, codes)
    return Loss(
        metric="change", unit="probability", said="the probability of the predicted class moves",
        of=lambda found: np.abs(score_of(subject, found, codes) - own),
    )  # fmt: skip


def score_of(subject: Subject, predictions: Predictions, codes: np.ndarray) -> np.ndarray:
    """The probability of one class per row (n,), kept away from 0 and 1 as for a log loss."""
    score = predictions.score
    assert score is not None
    if score.ndim == 1:
        chosen = np.where(codes == positive_of(subject), score, 1.0 - score)
    else:
        chosen = score[np.arange(len(score)), codes]
    clipped: np.ndarray = np.clip(chosen, LOSS_CLIP, 1.0 - LOSS_CLIP)
    return clipped


def importances(
    context: Context, positions: np.ndarray, units: Mapping[str, tuple[int, ...]], repeats: int, loss: Loss
) -> list[Estimate]:
    """The importance of each unit, in the order of `units`: d x `repeats` x n model rows.

    The permutations of a unit depend on the seed and its name alone.
    """
    subject, calls = context.subject, context.calls
    rows = subject.test.rows
    assert calls is not None
    assert isinstance(rows, Table)
    table, names = rows.take(positions), list(units)
    own = loss.of(taken(context.predictions, positions))

    def work(chunk: np.ndarray) -> dict[str, np.ndarray]:
        found = []
        for unit in chunk:
            name = names[unit]
            random = context.rng("permutations", name)
            dealt = np.stack([random.permutation(len(table)) for _ in range(repeats)])
            moved = [
                loss.of(outputs.predictions(calls.outputs(exchanged(table, units[name], to)), subject)) for to in dealt
            ]
            found.append(both_sides(np.stack(moved) - own, dealt))
        return {"receiver": np.stack([one for one, _ in found]), "giver": np.stack([one for _, one in found])}

    sides = context.map_rows("permutations", np.arange(len(names)), work, CHUNK)
    y = subject.test.y
    return [
        explained_share_drop(receiver, giver, y[positions].astype(float))
        if loss.metric == "r2" and y is not None
        else mean_loss_increase(receiver, giver)
        for receiver, giver in zip(sides["receiver"], sides["giver"], strict=True)
    ]


def exchanged(table: Table, features: tuple[int, ...], dealt: np.ndarray) -> Table:
    """The table in which row i holds the values of row `dealt[i]` in these features."""
    columns: dict[str, Any] = dict(table.columns)
    for position in features:
        name = table.features[position].name
        columns[name] = columns[name][dealt]
    return Table(features=table.features, columns=columns, length=len(table))


def taken(predictions: Predictions, positions: np.ndarray) -> Predictions:
    """The predictions of some of the rows."""
    score = None if predictions.score is None else predictions.score[positions]
    return Predictions(prediction=predictions.prediction[positions], score=score)
