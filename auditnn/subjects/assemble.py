"""From options, data and labels to the parts of a Subject: what all constructors share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.nearest import nearest
from auditnn.core.rows import Rows
from auditnn.core.subject import Group, Split
from auditnn.subjects import labels, tables
from auditnn.subjects.arrays import is_frame, missing_mask, plain_array, vector
from auditnn.subjects.groups import check_names, group_of
from auditnn.subjects.images import images_of, is_images
from auditnn.subjects.options import Options
from auditnn.subjects.raw import RawTable, raw_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What labels and outputs mean."""

    task: str
    coding: labels.Coding | None
    positive: int | None
    favorable: tuple[int, ...] | None
    threshold: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Rows as core keeps them, and the raw test table where there is one."""

    test: Rows | None
    train: Rows | None
    raw: RawTable | None
    notes: tuple[str, ...] = ()


def data_of(X: Any, options: Options) -> Data:
    """Rows of the test and training data; features are inferred over both."""
    train = None if options.train is None else _train_parts(options.train)[0]
    if X is None:
        return Data(test=None, train=None, raw=None)
    if options.modality == "image" or (options.modality is None and is_images(X)):
        return Data(test=images_of(X, "X_test"), train=None if train is None else images_of(train, "X_train"), raw=None)
    names, declared = _names(options, X)
    raws = [_chosen(raw_table(X, None if is_frame(X) else names, "the test data"), names, options)]
    if train is not None:
        raw = raw_table(train, None if is_frame(train) else names, "the training data")
        raws.append(raw.only(list(raws[0].columns), "the training data"))
    features = tables.features_of(raws, declared, options.units)
    built = [
        tables.table_of(raw, features, what)
        for raw, what in zip(raws, ("the test data", "the training data"), strict=False)
    ]
    return Data(
        test=built[0],
        train=built[1] if len(built) > 1 else None,
        raw=raws[0],
        notes=tuple(tables.outside_bounds(built[0])),
    )


def meaning_of(
    y_test: Any, y_train: Any, options: Options, *, task: str, model_labels: Sequence[Any] | None = None,
    also: Sequence[np.ndarray] = (), ordered: bool = False,
) -> tuple[Meaning, np.ndarray | None, np.ndarray | None]:  # fmt: skip
    """What the labels mean, and the coded targets of test and training rows.

    `also` are further label values that exist (stored predictions). `ordered`: the second label is the positive one
    by convention.
    """
    if task == "regression":
        return _regression(y_test, y_train, options)
    test = None if y_test is None else labels.label_values(y_test, "the test target")
    train = None if y_train is None else labels.label_values(y_train, "the training target")
    parts = [part for part in (test, train, *also) if part is not None]
    coding = labels.coding(parts, task, options.classes, model_labels)
    positive = labels.positive_code(coding, task, options.positive, ordered or options.classes is not None)
    favorable = labels.favorable_codes(coding, options.favorable)
    notes: tuple[str, ...] = ()
    if favorable is None and positive is not None:
        favorable = (positive,)
        notes = (f"favorable was not given: the positive label {coding.labels[positive]!r} stands in.",)
    if options.threshold is not None and task != "binary":
        raise SubjectError("threshold only for a binary task", f"task {task!r}", "Leave it out.")
    meaning = Meaning(
        task=task, coding=coding, positive=positive, favorable=favorable,
        threshold=0.5 if options.threshold is None else float(options.threshold), notes=notes,
    )  # fmt: skip
    advice = "Check that the target is the one the model was trained on, or list the labels in classes."
    codes = [None if part is None else coding.codes(part, what, advice)
             for part, what in ((test, "the test target"), (train, "the training target"))]  # fmt: skip
    return meaning, codes[0], codes[1]


def check_classes(y: np.ndarray | None, meaning: Meaning) -> None:
    """SubjectError for a test target in which one class stands alone; a single row may."""
    if y is not None and meaning.coding is not None and len(y) > 1 and y.min() == y.max():
        raise SubjectError(
            "at least two classes in the test target", f"only {meaning.coding.labels[int(y[0])]!r} in {len(y)} rows",
            "Test on data in which the other classes occur; with one class no error rate can be compared.",
        )  # fmt: skip


def splits_of(
    X: Any, data: Data, y: np.ndarray | None, y_train: np.ndarray | None, options: Options, n: int
) -> tuple[Split, Split | None, tuple[tuple[str, ...], ...]]:
    """Test and training splits with their ids and groups, and the intersections asked for."""
    groups = _groups(options.groups, X, n, options.bands, "the test data")
    intersections = check_names(groups, options.intersections, options.reference, options.control, options.bands)
    _same_length(n, y, "the test target", "the test data")
    check_redact(options.redact, _known_columns(options, X, data, groups))
    hidden = isinstance(options.id, str) and options.id in options.redact  # rows are numbered instead
    test = Split(id=_ids(None if hidden else options.id, X, n), y=y, rows=data.test, groups=groups)
    if options.train is None:
        return test, None, intersections
    X_train, _, given = _train_parts(options.train)
    n_train = len(X_train)
    _same_length(n_train, y_train, "the training target", "the training data")
    asked = given if given is not None else (options.groups if not isinstance(options.groups, Mapping) else ())
    train_groups = _groups(asked, X_train, n_train, options.bands, "the training data")
    ids = (
        options.id
        if not hidden and isinstance(options.id, str) and is_frame(X_train) and options.id in X_train.columns
        else None
    )
    train = Split(id=_ids(ids, X_train, n_train), y=y_train, rows=data.train, groups=train_groups)
    return test, train, intersections


def check_redact(redact: Sequence[str], known: Sequence[str]) -> None:
    """SubjectError for a redacted name that is no column, group or id: it would hide nothing."""
    for name in redact:
        if name not in known:
            raise SubjectError("redact to name columns, groups or the id", repr(name), nearest(name, known))


def _known_columns(options: Options, X: Any, data: Data, groups: Sequence[Group]) -> list[str]:
    columns = [str(column) for column in X.columns] if is_frame(X) else []
    columns += [feature.name for feature in getattr(data.test, "features", ())]
    columns += [group.name for group in groups] + ([options.id] if isinstance(options.id, str) else [])
    return list(dict.fromkeys(columns))


def train_target(options: Options) -> Any:
    """The training target, None without training data."""
    return None if options.train is None else _train_parts(options.train)[1]


def _train_parts(train: Any) -> tuple[Any, Any, Any]:
    if not isinstance(train, tuple | list) or len(train) not in (2, 3):
        raise SubjectError(
            "train as (X_train, y_train) or (X_train, y_train, groups)", type(train).__name__, "Give a tuple."
        )
    return train[0], train[1], train[2] if len(train) == 3 else None


def _regression(y_test: Any, y_train: Any, options: Options) -> tuple[Meaning, np.ndarray | None, np.ndarray | None]:
    for key in ("positive", "favorable", "classes", "threshold"):
        if getattr(options, key) is not None:
            raise SubjectError(f"no {key} for a regression task", f"{key} = {getattr(options, key)!r}", "Leave it out.")
    meaning = Meaning(task="regression", coding=None, positive=None, favorable=None, threshold=0.5)
    test = None if y_test is None else labels.target_values(y_test, "the test target")
    train = None if y_train is None else labels.target_values(y_train, "the training target")
    return meaning, test, train


def _names(options: Options, X: Any) -> tuple[list[str] | None, Mapping[str, Mapping[str, Any]]]:
    """Feature names where they are listed, and what is declared about them. An array's columns can be named by
    `features` or by `inputs`."""
    features = options.features
    if isinstance(features, str):
        raise SubjectError("features as a list of names", repr(features), "Write features=['age', 'income'].")
    declared = features if isinstance(features, Mapping) else {}
    if features is not None and not isinstance(features, Mapping):
        return [str(name) for name in features], declared
    if is_frame(X):
        return None, declared
    if options.inputs is not None:
        return [str(name) for name in options.inputs], declared
    columns = X.shape[1] if getattr(X, "ndim", 0) == 2 else None
    return (list(declared) if len(declared) == columns else None), declared


def _chosen(raw: RawTable, names: list[str] | None, options: Options) -> RawTable:
    """The columns the model sees: `inputs`, else `features`, else all but the id column."""
    if options.inputs is not None:
        return raw.only([str(name) for name in options.inputs], "the test data")
    if names is not None:
        return raw.only(names, "the test data")
    return raw.only(
        [name for name in raw.columns if not (isinstance(options.id, str) and name == options.id)], "the test data"
    )


def _groups(groups: Any, X: Any, n: int, bands: Mapping[str, Sequence[float]], what: str) -> tuple[Group, ...]:
    if groups is None:
        return ()
    if isinstance(groups, str):
        groups = [groups]
    if not isinstance(groups, Mapping):
        if not is_frame(X):
            if len(groups):
                raise SubjectError(
                    "groups as {name: values} beside an array", repr(list(groups)), "Give the values, or a data frame."
                )
            return ()
        columns = {str(column): column for column in X.columns}
        for name in groups:
            if name not in columns:
                raise SubjectError(f"a group column {name!r} in {what}", "no such column", nearest(name, columns))
        groups = {name: X[columns[name]] for name in groups}
    built = []
    for name, values in groups.items():
        group = group_of(str(name), values, bands.get(name), f"group {name!r} of {what}")
        _same_length(n, group.codes, f"group {name!r}", what)
        built.append(group)
    return tuple(built)


def _same_length(n: int, values: Any, what: str, whole: str) -> None:
    if values is not None and len(values) != n:
        raise SubjectError(
            f"{n} values in {what}, one for each row of {whole}", f"{len(values)}", "Give one value per row."
        )


def _ids(given: Any, X: Any, n: int) -> np.ndarray:
    if given is None:
        return np.arange(n)
    if isinstance(given, str):
        if not is_frame(X) or given not in X.columns:
            known = list(map(str, X.columns)) if is_frame(X) else []
            raise SubjectError(
                f"an id column {given!r}",
                "no such column",
                nearest(given, known) if known else "Give the ids as an array.",
            )
        given = X[given]
    ids = plain_array(vector(given, "id", "Give one id per row."))
    _same_length(n, ids, "id", "the test data")
    if missing_mask(ids).any():
        raise SubjectError(
            "an id in every row", f"{int(missing_mask(ids).sum())} missing", "Fill them, or leave id out."
        )
    if ids.dtype.kind == "f" and np.all(ids == np.floor(ids)):
        ids = ids.astype(np.int64)
    distinct = labels.distinct_values(ids)[0]
    if len(distinct) < n:
        raise SubjectError(
            "a different id in every row", f"{n - len(distinct)} duplicates", "Leave id out to number the rows."
        )
    return ids
