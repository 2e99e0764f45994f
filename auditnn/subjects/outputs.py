"""From a model's raw outputs to predictions, by the subject's task and kind of output."""

from __future__ import annotations

from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.subject import Predictions, Subject
from auditnn.subjects.arrays import plain_array
from auditnn.subjects.labels import Coding


def matrix(raw: Any, n: int, subject: Subject) -> np.ndarray:
    """One batch of raw outputs as float64 (n, k); hard labels as their 0/1 indicator over the classes."""
    raw = np.asarray(raw)
    if raw.ndim == 0 and n == 1:  # a forward that ends in squeeze()
        raw = raw.reshape(1)
    if subject.output == "labels":
        return _indicator(raw, n, subject)
    if raw.ndim not in (1, 2) or len(raw) != n:
        raise SubjectError(
            f"outputs of shape ({n},) or ({n}, k) for {n} rows",
            f"shape {raw.shape}",
            "Return one row of outputs per row.",
        )
    if raw.dtype.kind not in "biuf":
        raise SubjectError(
            "numbers from the model", f"values of type {raw.dtype}", "Set output = 'labels' for hard labels."
        )
    return raw.reshape(n, -1).astype(np.float64)


def check_width(k: int, subject: Subject) -> None:
    """SubjectError unless `k` output columns fit the task."""
    fits = {"binary": (1, 2), "multiclass": (len(subject.classes),), "regression": (1,)}[subject.task]
    if subject.output == "labels":
        fits = (len(subject.classes),)
    if k not in fits:
        advice = {
            "binary": "Use task = 'multiclass' and list its classes where the model tells more than two apart.",
            "multiclass": "List every class that the model knows in classes, in the order of its outputs.",
            "regression": "Audit one output at a time.",
        }[subject.task]
        raise SubjectError(
            f"{' or '.join(map(str, fits))} output column{'s' if fits != (1,) else ''} for a {subject.task} task"
            + (f" with classes {', '.join(subject.classes)}" if subject.classes else ""),
            str(k), advice,
        )  # fmt: skip


def probabilities(raw: np.ndarray, subject: Subject) -> np.ndarray | None:
    """Probability of the positive class (n,) or of each class (n, k); None for labels and values."""
    if subject.output in ("labels", "values"):
        return None
    if subject.task == "binary":
        positive = positive_of(subject)
        if raw.shape[1] == 1:
            return _sigmoid(raw[:, 0]) if subject.output == "logits" else raw[:, 0]
        if subject.output == "logits":
            return _sigmoid(raw[:, positive] - raw[:, 1 - positive])
        return raw[:, positive]
    return _softmax(raw) if subject.output == "logits" else raw


def predictions(raw: np.ndarray, subject: Subject) -> Predictions:
    """Predicted class codes or values, with probabilities where there are any.

    Binary: the positive class where its probability is at least the threshold. Multiclass: the largest, the first
    of equals.
    """
    if subject.task == "regression":
        return Predictions(prediction=raw[:, 0])
    score = probabilities(raw, subject)
    if score is None or score.ndim == 2:
        return Predictions(prediction=np.argmax(raw, axis=1), score=score)
    return Predictions(prediction=decided(score, positive_of(subject), subject.threshold), score=score)


def explained(raw: np.ndarray, subject: Subject) -> np.ndarray:
    """The outputs that explanations are about, shape (n, k): one column per class in class order.

    Logits and probabilities as they are; hard labels as their 0/1 indicator. Where a binary model has one column, that
    is the positive class's, and the other class's is -z for a logit z, 1 - p for a probability p. Regression: the
    value, (n, 1). `Calls.input_gradients` gives the derivatives of these columns.
    """
    if subject.task != "binary" or raw.shape[1] == 2:
        return raw
    columns = np.empty((len(raw), 2))
    positive = positive_of(subject)
    columns[:, positive] = raw[:, 0]
    columns[:, 1 - positive] = -raw[:, 0] if subject.output == "logits" else 1.0 - raw[:, 0]
    return columns


def decided(score: np.ndarray, positive: int, threshold: float) -> np.ndarray:
    """Class codes (n,) for probabilities of the positive class (n,): that class from the threshold on."""
    return np.where(score >= threshold, positive, 1 - positive).astype(np.int64)


def positive_of(subject: Subject) -> int:
    """The positive class's code of a binary subject."""
    return subject.positive if subject.positive is not None else 1


def _indicator(raw: np.ndarray, n: int, subject: Subject) -> np.ndarray:
    if raw.ndim == 2 and raw.shape[1] == 1:
        raw = raw[:, 0]
    if raw.shape != (n,):
        raise SubjectError(
            f"one label for each of {n} rows",
            f"shape {raw.shape}",
            "Set output to 'logits' or 'probabilities' for scores.",
        )
    values = plain_array(raw)
    if values.dtype.kind == "f" and np.all(values == np.floor(values)):
        values = values.astype(np.int64)
    codes = Coding(labels=subject.labels, classes=subject.classes).codes(
        values, "the model's output", "List every label that the model knows in classes."
    )
    indicator = np.zeros((n, len(subject.labels)))
    indicator[np.arange(n), codes] = 1.0
    return indicator


def _sigmoid(z: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0 / (1.0 + small), small / (1.0 + small))


def _softmax(z: np.ndarray) -> np.ndarray:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares
