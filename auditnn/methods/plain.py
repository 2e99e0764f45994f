"""A plain model and arrays, or a Subject and some of its rows, as a Case: for use without an audit."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.rows import Images, Rows, Table
from auditnn.core.subject import Subject
from auditnn.methods.case import Case
from auditnn.methods.games.background import choose_background
from auditnn.subjects import outputs
from auditnn.subjects.arrays import is_frame, is_tensor
from auditnn.subjects.build import from_function, from_torch
from auditnn.subjects.calls import Calls
from auditnn.subjects.images import images_of
from auditnn.subjects.labels import shown
from auditnn.subjects.raw import raw_table
from auditnn.subjects.tables import table_of

BACKGROUND = 100
PREDICT = ("predict_proba", "decision_function", "predict")


def case_of(
    model: Any,
    rows: Any,
    background: Any = None,
    target: int | np.ndarray | None = None,
    seed: int = 0,
    features: Sequence[str] | None = None,
) -> Case:
    """The case of `rows` for a torch module, a function, or a Subject in place of the model.

    For a module or a function, rows are an array or tensor (n, d), images (n, c, h, w) with pixels in [0, 1], or a data
    frame; the function gets what the rows came as, a batch at a time, and gives outputs (n,) or (n, k), which are
    explained as they are, one column per class. `background` rows stand in for what is hidden: the rows themselves
    where none are given. For a Subject, rows are positions in its test data, or rows like them, and the background is
    100 seeded rows of its training data (of its test data where it has none), or what is given in the same ways.
    `target` is the class explained by methods that explain one, a code or one per row; by default what is predicted.
    Costs n + 1 model rows. SubjectError where the rows or the model cannot be used.
    """
    if rows is None:
        raise SubjectError("rows to explain", "none", "Give an array of shape (n, d), images or a data frame.")
    subject = getattr(model, "record", model)
    if isinstance(subject, Subject):
        if features is not None:
            raise SubjectError("no feature names beside a Subject, which has its own", "features", "Leave them out.")
        case = _of_subject(subject, rows, background, seed)
    else:
        case = _of_model(model, rows, background, seed, features)
    return replace(case, targets=_targets(case, target))


def _of_model(model: Any, rows: Any, background: Any, seed: int, features: Sequence[str] | None) -> Case:
    """Rows and background are read together, so that a category has one code in both."""
    keywords: dict[str, Any] = {"modality": "image" if getattr(rows, "ndim", 2) == 4 else "tabular"}
    if features is not None:
        keywords["features"] = list(features)
    if background is not None:
        keywords["train"] = (background, np.zeros(_length(background, "background rows")))
    torch = sys.modules.get("torch")
    build: Any = from_function
    if torch is not None and isinstance(model, torch.nn.Module):
        build = from_torch
    elif not callable(model):
        known = [f"model.{name}" for name in PREDICT if hasattr(model, name)]
        advice = (
            f"Give the method to explain: {' or '.join(known)}." if known else "Write def predict(rows) -> outputs."
        )
        raise SubjectError("a torch module, a function or a Subject", type(model).__name__, advice)
    elif is_tensor(rows):
        model = _on_tensors(model)
    nobody = np.zeros(_length(rows, "rows"))  # labels are asked for, and no method looks at them
    subject: Subject = build(model, rows, nobody, task="regression", output="values", **keywords)
    k = _width(Calls(subject))
    if k > 1:
        names = tuple(str(code) for code in range(k))
        subject = replace(subject, task="multiclass", output="logits", classes=names, labels=tuple(range(k)))
    return _case(
        subject, subject.test.rows, subject.test.id, None if subject.train is None else subject.train.rows, seed
    )


def _of_subject(subject: Subject, rows: Any, background: Any, seed: int) -> Case:
    positions = _positions(rows, len(subject.test), "test rows")
    if subject.test.rows is None:
        raise SubjectError("a subject with rows and a model", "stored predictions alone", "Give the model as well.")
    if positions is None:
        chosen = _like(subject.test.rows, rows, "the rows")
        ids = np.arange(len(chosen))
    else:
        chosen, ids = subject.test.rows.take(positions), subject.test.id[positions]
    source = subject.train if subject.train is not None and subject.train.rows is not None else subject.test
    assert source.rows is not None
    if background is None:
        stand_ins = source.rows.take(choose_background(source.rows, BACKGROUND, "sample", seed))
    else:
        named = _positions(background, len(source), "background rows")
        stand_ins = _like(subject.test.rows, background, "the background") if named is None else source.rows.take(named)
    return _case(subject, chosen, ids, stand_ins, seed)


def _case(subject: Subject, rows: Rows | None, ids: np.ndarray, background: Rows | None, seed: int) -> Case:
    assert rows is not None
    return Case(
        calls=Calls(subject), rows=rows, ids=ids, background=rows if background is None else background,
        targets=np.zeros(len(rows), dtype=np.int64), seed=seed,
    )  # fmt: skip


def _targets(case: Case, target: int | np.ndarray | None) -> np.ndarray:
    """Class codes (n,): the predicted ones unless given; 0 for regression."""
    n, subject = len(case), case.calls.subject
    if target is None:
        if not subject.classification:
            return np.zeros(n, dtype=np.int64)
        return outputs.predictions(case.calls.outputs(case.rows), subject).prediction.astype(np.int64)
    codes = np.asarray(target)
    k = max(1, len(subject.classes))
    if codes.dtype.kind not in "iu" or codes.shape not in ((), (n,)) or ((codes < 0) | (codes >= k)).any():
        got = repr(target) if codes.ndim == 0 else f"{codes.dtype} of shape {codes.shape}"
        raise SubjectError(f"a class code from 0 to {k - 1} as target, or one for each of {n} rows", got,
                           "Codes are the positions of the classes among the outputs.")  # fmt: skip
    return np.broadcast_to(codes.astype(np.int64), (n,))


def _positions(given: Any, n: int, what: str) -> np.ndarray | None:
    """Positions among `n` rows where that is what was given: a number, or a list or array of them; else None."""
    if isinstance(given, Rows) or hasattr(given, "columns") or is_tensor(given):
        return None
    try:
        array = np.atleast_1d(np.asarray(given))
    except ValueError:  # lists of different lengths: no positions, and the reader of rows says what is wrong
        return None
    if array.ndim != 1 or array.dtype.kind not in "iu" or not len(array):
        return None
    if ((array < -n) | (array >= n)).any():
        raise SubjectError(f"positions among {n} {what}", f"{array.min()} to {array.max()}", "Count from 0.")
    positions: np.ndarray = array % n
    return positions


def _like(known: Rows, given: Any, what: str) -> Rows:
    """What was given as rows of the same kind and features as `known`."""
    if isinstance(given, type(known)):
        return given
    if isinstance(known, Images):
        return images_of(given, what)
    if isinstance(known, Table):
        names = [feature.name for feature in known.features]
        if not is_frame(given) and np.shape(given)[1:] not in ((), (len(names),)):
            raise SubjectError(f"{len(names)} columns in {what}: {shown(names)}", f"shape {np.shape(given)}",
                               "Give them in the order of the subject's features.")  # fmt: skip
        return table_of(raw_table(given, names, what).only(names, what), known.features, what)
    raise SubjectError(
        f"positions for {known.modality} rows", type(given).__name__, "Give positions among the test rows."
    )


def _on_tensors(function: Any) -> Any:
    """A function of tensors as one of arrays."""
    import torch

    def predict(array: np.ndarray) -> Any:
        return function(torch.from_numpy(array))

    return predict


def _length(rows: Any, what: str) -> int:
    if not hasattr(rows, "__len__"):
        raise SubjectError(f"{what} as an array, a tensor or a data frame", type(rows).__name__, "Give (n, d) values.")
    return len(rows)


def _width(calls: Calls) -> int:
    """How many outputs the model has, asked of one row."""
    subject = calls.subject
    assert subject.test.rows is not None
    with calls.prepared():
        raw = np.asarray(calls.model.forward(calls.encoder(subject.test.rows.between(0, 1))))
    if raw.dtype.kind not in "biuf":
        advice = "Explain probabilities, scores or values rather than labels."
        raise SubjectError("numbers from the model", f"values of type {raw.dtype}", advice)
    return outputs.matrix(raw, 1, subject).shape[1]
