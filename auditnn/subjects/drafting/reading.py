"""What a table says by itself about a subject: usual names, kinds of columns, labels. Nothing is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.rows import Feature
from auditnn.subjects import image_files, labels
from auditnn.subjects.arrays import all_text, missing_mask, plain_array, vector
from auditnn.subjects.columns import feature_of, stored
from auditnn.subjects.drafting.page import some
from auditnn.subjects.files import DataFile, read_data
from auditnn.subjects.groups import MOST_NUMBERS
from auditnn.subjects.raw import raw_table

USUAL = {
    "target": ("target", "label", "labels", "y", "y_true", "class", "outcome", "ground_truth"),
    "prediction": ("prediction", "predictions", "predicted", "pred", "y_pred"),
    "score": ("score", "scores", "probability", "proba", "y_score", "y_prob"),
}
GROUP_WORDS = ("sex", "gender", "race", "ethnic", "age", "nation", "religion", "disab", "marital", "language", "region")
ID_WORDS = ("id", "uuid", "guid", "key", "index")


@dataclass(frozen=True, slots=True)
class Column:
    """One possible input: its feature and the facts that tell its kind, or why it cannot be one."""

    name: str
    feature: Feature | None
    facts: str


def read_table(path: Path, given: str) -> DataFile:
    """A data file or a folder of images; SubjectError where there is none."""
    if not path.exists():
        raise SubjectError("a table or a folder of images", f"nothing at {given!r}", "Check its path.")
    return image_files.read_classes(path, given) if path.is_dir() else read_data(path, given)


def lists_images(file: DataFile) -> bool:
    """Whether a table names image files in its column `file`."""
    if file.frame is None or image_files.FILE not in file.columns:
        return False
    names = file.frame[image_files.FILE]
    return len(names) > 0 and all(isinstance(one, str) and one.lower().endswith(image_files.SUFFIXES) for one in names)


def usual(part: str, file: DataFile) -> str | None:
    """The only column with a usual name for this part."""
    found = [name for name in file.columns if name.lower() in USUAL[part]]
    return found[0] if len(found) == 1 else None


def id_column(file: DataFile, without: Sequence[str]) -> str | None:
    """The only column that is named like an id and has a different value in every row."""
    found = []
    for name in file.columns:
        words = name.lower().replace("-", "_").split("_")
        if name in without or not (words[-1] in ID_WORDS or name.endswith("ID") or name.endswith("Id")):
            continue
        values = plain_array(vector(file.column(name, "the id column"), name, "Give one id per row."))
        if values.dtype.kind in "iuO" and not missing_mask(values).any() and len(set(values.tolist())) == len(values):
            found.append(name)
    return found[0] if len(found) == 1 else None


def labels_of(values: Sequence[Any]) -> list[Any]:
    """The sorted distinct labels; SubjectError for values that are none."""
    found: set[Any] = set()
    for part in values:
        found.update(labels.distinct_values(labels.label_values(part, "the target"))[0])
    return sorted(found)


def label_named(text: str, known: Sequence[Any], flag: str) -> Any:
    """The label that a flag's text means."""
    for label in known:
        if text in (labels.class_name(label), str(label), str(label).lower()):
            return label
    raise SubjectError(f"{flag} to be one of {some(known)}", repr(text), "Name a label of the target.")


def columns_of(file: DataFile, train: DataFile | None, aside: Sequence[str]) -> list[Column]:
    """Every column that could be an input, with its kind over test and training rows."""
    if file.frame is None:
        return []
    raws = [raw_table(file.inputs(aside), None, file.name)]
    if train is not None:
        raws.append(raw_table(train.inputs(aside), None, train.name).only(list(raws[0].columns), train.name))
    return [_column(name, [raw.columns[name] for raw in raws], file.name) for name in raws[0].columns]


def _column(name: str, parts: Sequence[Any], what: str) -> Column:
    try:
        feature = feature_of(name, parts, {})
        values = stored(feature, parts[0], what)
    except SubjectError as error:
        return Column(name, None, error.got)
    return Column(name, feature, _facts(feature, values))


def _facts(feature: Feature, values: np.ndarray) -> str:
    gaps = int((values < 0).sum() if feature.coded else np.isnan(values).sum())
    missing = f", {gaps:,} missing" if gaps else ""
    if feature.kind == "boolean":
        return f"true and false{missing}"
    if feature.coded:
        seen = np.flatnonzero(np.bincount(values[values >= 0], minlength=len(feature.categories)))
        return f"{len(feature.categories)} categories: {some([feature.categories[i] for i in seen], 4)}{missing}"
    known = values[~np.isnan(values)]
    if not len(known):
        return "no values"
    distinct = len(np.unique(known))
    few = f", {distinct} distinct: categorical or ordinal if these are codes" if distinct <= MOST_CODES else ""
    words = "whole numbers" if feature.kind == "integer" else "numbers"
    return f"{words}, {known.min():.4g} to {known.max():.4g}{few if feature.kind == 'integer' else ''}{missing}"


MOST_CODES = 6


def group_candidates(file: DataFile, without: Sequence[str]) -> list[str]:
    """Columns of few values, then numbers named like an attribute of people, with how many values they hold."""
    found: list[str] = []
    numbers: list[str] = []
    for name in file.columns:
        if name in without:
            continue
        values = plain_array(vector(file.column(name, "a group column"), name, "Give one value per row."))
        if values.dtype.kind in "mM" or (values.dtype == object and not all_text(values)):
            continue
        distinct = len(labels.distinct_values(values[~missing_mask(values)])[0])
        few = 2 <= distinct <= MOST_NUMBERS and values.dtype.kind in "biuO"
        named = any(word in name.lower().split("_") or name.lower().startswith(word) for word in GROUP_WORDS)
        if few:
            found.append(f"{name} ({distinct} values)")
        elif named and values.dtype.kind in "iuf" and distinct > 1:
            numbers.append(f"{name} ({distinct} values: needs bands)")
    return found + numbers


def needs_bands(values: Any) -> bool:
    """Whether a group column holds more distinct numbers than groups are made of without bands."""
    numbers = plain_array(vector(values, "the group", "Give one value per row."))
    if numbers.dtype.kind not in "iuf":
        return False
    return len(labels.distinct_values(numbers[~missing_mask(numbers)])[0]) > MOST_NUMBERS


def quartiles(values: Any) -> list[float | int]:
    """Of the values that are there, as numbers of the data."""
    numbers = plain_array(vector(values, "the group", "Give one value per row."))
    known = np.sort(numbers[~missing_mask(numbers)])
    cuts = dict.fromkeys(known[[len(known) // 4, len(known) // 2, 3 * len(known) // 4]].tolist())
    return list(cuts)


def described(columns: Sequence[Column]) -> Mapping[str, str]:
    """Columns that cannot be inputs, with the reason."""
    return {column.name: column.facts for column in columns if column.feature is None}
