"""A fitted scikit-learn estimator behind the one call that everything goes through."""

from __future__ import annotations

from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError

METHODS = {"probabilities": "predict_proba", "logits": "decision_function", "labels": "predict", "values": "predict"}


class SklearnModel:
    """One prediction method of an estimator. A binary margin is turned so that it speaks for the positive class."""

    kind: str = "sklearn"
    differentiable: bool = False

    def __init__(self, estimator: Any, method: str, sign: float = 1.0) -> None:
        self.estimator, self.method, self.sign = estimator, method, sign

    def forward(self, inputs: Any) -> np.ndarray:
        """Outputs of one batch: probabilities (n, k) in the order of `classes_`, margins, labels or values."""
        result = np.asarray(getattr(self.estimator, self.method)(inputs))
        return result * self.sign if self.method == "decision_function" and result.ndim == 1 else result


def output_of(estimator: Any, task: str, output: str | None) -> str:
    """The kind of output to audit: as told; else probabilities, else margins as logits, else labels; values for
    regression. Margins of one-against-one multiclass machines do not decide by their argmax, so labels stand in."""
    if output is None:
        if task == "regression":
            output = "values"
        elif hasattr(estimator, "predict_proba"):
            output = "probabilities"
        elif hasattr(estimator, "decision_function") and not (task == "multiclass" and _one_against_one(estimator)):
            output = "logits"
        else:
            output = "labels"
    if not hasattr(estimator, METHODS[output]):
        raise SubjectError(
            f"an estimator with {METHODS[output]} for output = {output!r}", type(estimator).__name__,
            "Leave output out to use the best that it has, or fit another estimator.",
        )  # fmt: skip
    return output


def classes_of(estimator: Any) -> list[Any] | None:
    """The labels in the order of the estimator's outputs; None where it has none (a regressor)."""
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return None
    if isinstance(classes, list) and classes and isinstance(classes[0], np.ndarray):
        raise SubjectError(
            "one output column to audit", "an estimator with several targets", "Audit one target at a time."
        )
    return list(np.asarray(classes).tolist())


def task_of(estimator: Any) -> str | None:
    """The task that the estimator says it has, None where it does not say."""
    from sklearn.base import is_classifier, is_regressor

    try:
        if is_regressor(estimator):
            return "regression"
        classifier = is_classifier(estimator)
    except (AttributeError, TypeError):  # no __sklearn_tags__: a class of one's own, told by its classes_
        classifier = True
    classes = classes_of(estimator) if classifier else None
    return None if classes is None else "binary" if len(classes) == 2 else "multiclass"


def _one_against_one(estimator: Any) -> bool:
    last = estimator[-1] if hasattr(estimator, "named_steps") else estimator
    return hasattr(last, "decision_function_shape")
