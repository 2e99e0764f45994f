"""Digests of a subject's data, of its model file, and of what its outputs, labels, groups and features mean."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from auditnn.core.hashing import add_array, add_text
from auditnn.core.subject import Predictions, Split, Subject
from auditnn.subjects.contents import contents_digest


def data_digest(
    splits: Iterable[Split | None], stored: Predictions | None, regions: Mapping[str, np.ndarray] | None = None
) -> str:
    """Of ids, labels, columns with their names and categories, pixels, groups, stored predictions, and regions."""
    state = hashlib.sha256()
    for split in splits:
        if split is None:
            state.update(b"none;")
            continue
        add_array(state, "id", split.id)
        if split.y is not None:
            add_array(state, "y", split.y)
        if split.rows is not None:
            split.rows.update_digest(state)
        for group in split.groups:
            add_text(state, f"{group.name}|{group.levels!r}")
            add_array(state, group.name, group.codes)
    if stored is not None:
        add_array(state, "prediction", stored.prediction)
        if stored.score is not None:
            add_array(state, "score", stored.score)
    for name, masks in sorted((regions or {}).items()):
        add_array(state, f"region|{name}", masks)
    return f"sha256:{state.hexdigest()}"


def meaning_digest(subject: Subject, encode: Any = None) -> str | None:
    """Of all that the same model and the same data can be audited differently by: task, outputs, threshold, positive
    and favorable classes, names, groups and their levels, kinds and units of features, and the user's `encode` by its
    source. None where it cannot be told what `encode` does.
    """
    encoded = None if encode is None else contents_digest(encode)
    if encode is not None and encoded is None:
        return None
    units = getattr(subject.encoder, "units", None)
    told = (
        *(subject.task, subject.modality, subject.output, subject.threshold, subject.positive, subject.favorable),
        *(subject.classes, subject.labels, subject.intersections, subject.control),
        sorted(subject.reference.items()),
        [(group.name, group.levels) for group in subject.test.groups],
        getattr(subject.test.rows, "features", ()),
        None if units is None else sorted(units.items()),
        (type(subject.encoder).__name__, getattr(subject.encoder, "dtype", None), encoded),
        subject.facts.get("costs"),
    )
    return f"sha256:{hashlib.sha256(repr(told).encode('utf-8', 'surrogatepass')).hexdigest()}"


def file_digest(path: Any) -> str | None:
    """Of a file's bytes; None where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError:
        return None
