"""Targets and labels: from the user's values to class codes 0..k-1, and which of them count as what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.subject import occurring
from auditnn.subjects.arrays import all_text, factorized, missing_mask, plain_array, python_value, utf8_name, vector

MANY = 20
FEW = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """The labels in code order, and their names."""

    labels: tuple[Any, ...]
    classes: tuple[str, ...]

    def codes(self, values: np.ndarray, what: str, advice: str) -> np.ndarray:
        """Class codes (n,) of label values (n,); SubjectError naming values that are no label."""
        distinct, inverse = distinct_values(values)
        lookup = {label: code for code, label in enumerate(self.labels)}
        unknown = [value for value in distinct if value not in lookup]
        if unknown:
            raise SubjectError(f"{what} to hold only the labels {shown(self.labels)}", shown(unknown), advice)
        return np.array([lookup[value] for value in distinct], dtype=np.int64)[inverse]

    def code_of(self, label: Any, what: str) -> int:
        """The code of one label, given as itself or by its class name."""
        if label in self.labels:
            return self.labels.index(label)
        if label in self.classes:
            return self.classes.index(label)
        raise SubjectError(
            f"{what} to be one of the labels {shown(self.labels)}", repr(label), "Name a label that exists."
        )


def shown(values: Sequence[Any], most: int = 8) -> str:
    """Values for a message, cut where there are many.

    >>> shown([1, "b"])
    "1, 'b'"
    """
    text = ", ".join(repr(value) for value in list(values)[:most])
    return text if len(values) <= most else f"{text} and {len(values) - most} more"


def class_name(label: Any) -> str:
    """A label as text: whole floats without their point."""
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def distinct_values(values: np.ndarray) -> tuple[list[Any], np.ndarray]:
    """Distinct values in sorted order as plain Python values, and each row's position among them."""
    if values.dtype.kind in "biu" and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < max(len(values), FEW) and max(high, -low) < 2**62:  # counting is many times faster than sorting
            present, codes = occurring(values.astype(np.int64) - low, high - low + 1)
            return (present + low).astype(values.dtype).tolist(), codes
    if values.dtype != object:
        distinct, inverse = np.unique(values, return_inverse=True)
        return distinct.tolist(), inverse.reshape(-1)
    codes, found = factorized(values, "the values", sort=True)
    return [python_value(value) for value in found], codes


def label_values(y: Any, what: str) -> np.ndarray:
    """Class labels as a clean 1-D array of bools, int64 or strings (object); SubjectError for anything else."""
    values = vector(y, what, "Give one label per row; for one-hot rows use their argmax.")
    gaps = missing_mask(values)
    if gaps.any():
        raise SubjectError(
            f"a label in every row of {what}", f"{int(gaps.sum())} missing", "Leave out rows without a label."
        )
    values = plain_array(values)
    if values.dtype.kind in "bO":
        if values.dtype == object:
            _one_kind(values, what)
        return values
    if values.dtype.kind == "f":
        if not np.all(np.isfinite(values)) or np.any(values != np.floor(values)):
            raise SubjectError(
                f"class labels in {what}", f"fractional numbers such as {values[values != np.floor(values)][0]:g}",
                "Use task = 'regression', or turn them into classes.",
            )  # fmt: skip
        return values.astype(np.int64)
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    raise SubjectError(
        f"{what} to hold numbers, bools or strings", f"values of type {values.dtype}", "Convert them first."
    )


def _one_kind(values: np.ndarray, what: str) -> None:
    if not all_text(values):
        kinds = sorted({type(value).__name__ for value in values})
        raise SubjectError(
            f"labels of one kind in {what}", f"a mixture of {', '.join(kinds)}", "Make all of them strings or numbers."
        )


def target_values(y: Any, what: str) -> np.ndarray:
    """A regression target as finite float64 (n,)."""
    values = plain_array(vector(y, what, "Give one number per row."))
    if values.dtype.kind not in "biuf":
        raise SubjectError(f"numbers in {what}", "text", "For class labels use task = 'binary' or 'multiclass'.")
    values = values.astype(np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        kinds = "missing or infinite"
        raise SubjectError(
            f"a finite number in every row of {what}", f"{int(bad.sum())} {kinds}", "Leave these rows out."
        )
    return values


def coding(
    parts: Sequence[np.ndarray], task: str, classes: Sequence[Any] | None, model_labels: Sequence[Any] | None
) -> Coding:
    """The labels, from what the data holds, what `classes` declares and what the estimator knows.

    A scikit-learn estimator's `classes_` win; else `classes` that are themselves the labels (their order counts);
    else `classes` name the labels 0..k-1, or the sorted distinct labels; else the sorted distinct labels.
    """
    observed = _observed(parts)
    if classes is not None and len({class_name(name) for name in classes}) != len(classes):
        raise SubjectError("classes with different names", shown(list(classes)), "Name each class once.")
    for name in classes or ():
        utf8_name(class_name(name), "a class name")
    if model_labels is not None:
        labels = [python_value(label) for label in model_labels]
        _subset(observed, labels, "the model")
    elif classes is not None and set(observed) <= {python_value(name) for name in classes}:
        labels = [python_value(name) for name in classes]
    elif classes is not None:
        labels = _named(observed, len(classes), classes)
    else:
        labels = _completed(observed, task)
    names = tuple(class_name(value) for value in (labels if classes is None else classes))
    if classes is not None and len(names) != len(labels):
        raise SubjectError(
            f"{len(labels)} classes, one for each label {shown(labels)}", f"{len(names)}", "Name every label."
        )
    if classes is not None and set(map(python_value, classes)) == set(labels):
        names = tuple(class_name(label) for label in labels)
    _check_number(len(labels), task, labels)
    return Coding(labels=tuple(labels), classes=names)


def _observed(parts: Sequence[np.ndarray]) -> list[Any]:
    kinds = {"text" if part.dtype == object else "number" for part in parts if len(part)}
    if len(kinds) > 1:
        raise SubjectError(
            "labels of one kind everywhere", "text in one place and numbers in another",
            "Use the same labels in test data, training data and predictions.",
        )  # fmt: skip
    return sorted(set().union(*(distinct_values(part)[0] for part in parts)))


def _subset(observed: Sequence[Any], labels: Sequence[Any], owner: str) -> None:
    unknown = [value for value in observed if value not in labels]
    if unknown:
        raise SubjectError(
            f"only labels that {owner} knows: {shown(labels)}",
            shown(unknown),
            "Check that the target is the one it was trained on.",
        )


def _named(observed: list[Any], k: int, classes: Sequence[Any]) -> list[Any]:
    whole = all(isinstance(value, int) for value in observed)
    if whole and not any(isinstance(value, bool) for value in observed) and set(observed) <= set(range(k)):
        return list(range(k))
    if whole and set(observed) <= {False, True} and k == 2:
        return [False, True]
    if whole and len(observed) == k:
        return observed
    raise SubjectError(
        f"labels that fit the {k} classes {shown(list(classes))}", shown(observed),
        "List a name for every label in sorted order, or the labels themselves.",
    )  # fmt: skip


def _completed(observed: list[Any], task: str) -> list[Any]:
    if task == "binary" and len(observed) == 1:
        if isinstance(observed[0], bool):
            return [False, True]
        if observed[0] in (0, 1):
            return [0, 1]
    return observed


def _check_number(k: int, task: str, labels: Sequence[Any]) -> None:
    if task == "binary" and k != 2:
        advice = "Use task = 'multiclass'." if k > 2 else "Give data with both classes, or list both in classes."
        raise SubjectError("two labels for a binary task", f"{k}: {shown(labels)}", advice)
    if task == "multiclass" and k < 3:
        advice = "Use task = 'binary'." if k == 2 else "Give data with all classes, or list them in classes."
        raise SubjectError("three labels or more for a multiclass task", f"{k}: {shown(labels)}", advice)


def positive_code(coding: Coding, task: str, positive: Any, ordered: bool) -> int | None:
    """The code that counts as positive: as told; else the second label where the order means something."""
    if task != "binary":
        if positive is not None:
            raise SubjectError("positive only for a binary task", f"task {task!r}", "Leave it out.")
        return None
    if positive is not None:
        return coding.code_of(python_value(positive), "positive")
    if isinstance(coding.labels[0], str) and not ordered:
        raise SubjectError(
            "the label that counts as positive", f"none named among {shown(coding.labels)}",
            f"Set positive = {coding.labels[1]!r} or positive = {coding.labels[0]!r}.",
        )  # fmt: skip
    return 1


def favorable_codes(coding: Coding, favorable: Any) -> tuple[int, ...] | None:
    """The codes of the outcome that people want, one or several."""
    if favorable is None:
        return None
    several = favorable if isinstance(favorable, list | tuple | set | frozenset | np.ndarray) else [favorable]
    codes = sorted({coding.code_of(python_value(label), "favorable") for label in several})
    if not codes or len(codes) == len(coding.labels):
        raise SubjectError(
            "favorable to name some of the labels, not all", shown(list(several)), "Name the outcome that people want."
        )
    return tuple(codes)


def infer_task(y: np.ndarray | None, output: str | None, classes: Sequence[Any] | None) -> str:
    """The task, where y, the output and the declared classes leave no doubt; SubjectError asking for it elsewhere."""
    if output == "values":
        return "regression"
    if classes is not None and len(classes) >= 2:
        return "binary" if len(classes) == 2 else "multiclass"
    if y is not None:
        values = plain_array(y)
        values = values[~missing_mask(values)]
        kind = values.dtype.kind
        distinct = 0 if kind == "O" and not all_text(values) else len(distinct_values(values)[0])
        if kind == "f" and np.any(values != np.floor(values)):
            if output is None:
                return "regression"
        elif distinct == 2 or kind == "b":
            return "binary"
        elif distinct > 2 and (kind == "O" or (kind in "iu" and distinct <= MANY and output is not None)):
            return "multiclass"
    raise SubjectError("a task", "a target that leaves it open", "Set task to 'binary', 'multiclass' or 'regression'.")
