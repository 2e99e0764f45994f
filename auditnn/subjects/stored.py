"""Predictions that came with the data instead of a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.subject import Predictions
from auditnn.subjects import labels
from auditnn.subjects.arrays import from_tensor, is_frame, is_tensor, vector
from auditnn.subjects.assemble import Meaning
from auditnn.subjects.outputs import decided

SLACK = 1e-3


def stored_predictions(prediction: Any, score: Any, meaning: Meaning) -> Predictions:
    """Codes or values, with scores where they were given; scores decide where no prediction was."""
    if meaning.task == "regression":
        if prediction is None:
            raise SubjectError(
                "prediction for a regression task", "only a score", "Give the predicted values as prediction."
            )
        return Predictions(prediction=labels.target_values(prediction, "the predictions"))
    assert meaning.coding is not None
    scores = None if score is None else _scores(score, meaning)
    codes: np.ndarray
    if prediction is not None:
        codes = meaning.coding.codes(
            labels.label_values(prediction, "the predictions"), "the predictions", "List every label in classes."
        )
    elif meaning.task == "binary":
        assert scores is not None
        assert meaning.positive is not None
        codes = decided(scores, meaning.positive, meaning.threshold)
    else:
        assert scores is not None
        codes = np.argmax(scores, axis=1)
    if scores is not None and len(scores) != len(codes):
        raise SubjectError(f"{len(codes)} scores, one for each prediction", f"{len(scores)}", "Give one score per row.")
    return Predictions(prediction=codes, score=scores)


def _scores(score: Any, meaning: Meaning) -> np.ndarray:
    assert meaning.coding is not None
    values = score.to_numpy() if is_frame(score) else from_tensor(score) if is_tensor(score) else score
    values = np.asarray(values if np.ndim(values) == 2 else vector(values, "the scores", "Give one number per row."))
    if values.dtype.kind not in "biuf":
        raise SubjectError("numbers in the scores", "text or missing values", "Give probabilities.")
    values = values.astype(np.float64)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    k = len(meaning.coding.labels)
    if (values.ndim == 2 and values.shape[1] != k) or (values.ndim == 1 and k > 2):
        raise SubjectError(
            f"scores of shape (n, {k}), a column for each class", f"shape {values.shape}", "Give all classes' scores."
        )
    if not np.isfinite(values).all():
        raise SubjectError(
            "finite scores", f"{int((~np.isfinite(values)).sum())} missing or infinite", "Leave these rows out."
        )
    if len(values) and (values.min() < -SLACK or values.max() > 1 + SLACK):
        raise SubjectError(
            "scores that are probabilities, between 0 and 1", f"values from {values.min():.4g} to {values.max():.4g}",
            "Turn them into probabilities first, with a sigmoid for logits.",
        )  # fmt: skip
    if meaning.task == "binary" and values.ndim == 2:
        assert meaning.positive is not None
        values = values[:, meaning.positive]
    return values
