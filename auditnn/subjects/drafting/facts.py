"""What is known about a subject before its file is drafted: what was told, and what the files say."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.subjects import labels
from auditnn.subjects.arrays import plain_array, vector
from auditnn.subjects.drafting import reading
from auditnn.subjects.drafting.model_file import ModelFile, model_file
from auditnn.subjects.drafting.reading import Column
from auditnn.subjects.files import DataFile
from auditnn.subjects.images import images_of, is_images

KINDS = ("torch", "sklearn", "function")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the user says beside the model and the table; labels still as text."""

    name: str | None = None
    task: str | None = None
    modality: str | None = None
    kind: str | None = None
    factory: str | None = None
    encode: str | None = None
    output: str | None = None
    inputs: Sequence[str] | None = None
    train: str | None = None
    target: str | None = None
    prediction: str | None = None
    score: Sequence[str] | None = None
    positive: str | None = None
    favorable: Sequence[str] | None = None
    classes: Sequence[str] | None = None
    id: str | None = None
    groups: Sequence[str] | None = None
    bands: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known before anything is written."""

    told: Told
    model: ModelFile | None
    test: DataFile
    train: DataFile | None
    image: bool
    target: str | None
    id: str | None
    prediction: str | None
    score: Sequence[str]
    task: str | None
    classes: Sequence[Any]
    columns: Sequence[Column]

    @property
    def kind(self) -> str | None:
        return None if self.model is None else self.model.kind

    @property
    def text(self) -> bool:
        """Whether the labels are text, in which no order counts."""
        return bool(self.classes) and isinstance(self.classes[0], str)


def gather(model: str | None, table: str, told: Told) -> Facts:
    """Read what there is; SubjectError for names that are in none of the files, and for values that no audit takes."""
    found = None if model is None else model_file(model, told.kind)
    test = reading.read_table(Path(table), table)
    train = None if told.train is None else reading.read_table(Path(told.train), told.train)
    target = _column(test, told.target, "target") or ("y" if test.frame is None and test.has("y") else None)
    target = target or reading.usual("target", test)
    stored = model is None
    prediction = _column(test, told.prediction, "prediction")
    score = [known(test, name, "score") for name in told.score or ()]
    if stored and prediction is None and not score:
        prediction = reading.usual("prediction", test)
        usual = reading.usual("score", test)
        score = [] if usual is None else [usual]
    parts = [name for name in (target, prediction, *score) if name is not None]
    id = _column(test, told.id, "id") or reading.id_column(test, parts)
    image = told.modality == "image" or (told.modality is None and (
        (test.frame is None and is_images(test.X)) or reading.lists_images(test)))  # fmt: skip
    if image and test.X is not None:
        images_of(test.X, table)
    aside = [name for name in (*parts, id) if name is not None]
    columns = [] if image else reading.columns_of(test, train, aside)
    task, classes = _task(told, test, train, target, prediction)
    return Facts(told=told, model=found, test=test, train=train, image=image, target=target, id=id,
                  prediction=prediction, score=score, task=task, classes=classes, columns=columns)  # fmt: skip


def relative(given: str | Path, out: Path) -> str:
    """A path as it is seen from the file that is written."""
    return Path(os.path.relpath(given, out.parent)).as_posix()


def known(file: DataFile, name: str, flag: str) -> str:
    """The name of a column that exists."""
    file.column(name, f"the column for --{flag},")
    return name


def _column(file: DataFile, name: str | None, flag: str) -> str | None:
    return None if name is None else known(file, name, flag)


def _values(file: DataFile, column: str) -> np.ndarray:
    return plain_array(vector(file.column(column, "a column of labels"), column, "Give one per row."))


def _task(
    told: Told, test: DataFile, train: DataFile | None, target: str | None, prediction: str | None
) -> tuple[str | None, Sequence[Any]]:
    """The task where it is told or leaves no doubt, and the labels."""
    column = target or prediction
    if column is None:
        return told.task, []
    values = [_values(test, column)]
    if train is not None and column == target:
        values.append(_values(train, column))
    if target is not None and prediction is not None:
        values.append(_values(test, prediction))
    task = told.task or ("regression" if told.output == "values" else None)
    if task is None:
        try:
            task = labels.infer_task(values[0], told.output, told.classes)
        except SubjectError:
            return None, []
    if task == "regression":
        for one in values:
            labels.target_values(one, f"column {column!r}")
        return task, []
    classes = reading.labels_of(values)
    if told.kind != "sklearn":
        labels.coding([labels.label_values(classes, "the target")], task, told.classes, None)
    return task, classes
