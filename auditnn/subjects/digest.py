"""Fingerprints of a model and of its data: sha256 in one pass over memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from auditnn.core.rows import Images, Table
from auditnn.core.subject import Predictions, Split

NOT_AVAILABLE = "not available"


def data_digest(splits: Iterable[Split | None], stored: Predictions | None) -> str:
    """Of ids, labels, columns with their names and categories, pixels, groups, and stored predictions."""
    state = hashlib.sha256()
    for split in splits:
        if split is None:
            state.update(b"none;")
            continue
        _array(state, "id", split.id)
        if split.y is not None:
            _array(state, "y", split.y)
        if isinstance(split.rows, Table):
            for feature in split.rows.features:
                _text(state, f"{feature.name}|{feature.kind}|{feature.categories!r}")
                _array(state, feature.name, split.rows.columns[feature.name])
        elif isinstance(split.rows, Images):
            _array(state, "pixels", split.rows.pixels)
        for group in split.groups:
            _text(state, f"{group.name}|{group.levels!r}")
            _array(state, group.name, group.codes)
    if stored is not None:
        _array(state, "prediction", stored.prediction)
        if stored.score is not None:
            _array(state, "score", stored.score)
    return f"sha256:{state.hexdigest()}"


def module_digest(module: Any) -> str:
    """Of a torch module's class and of the names, types, shapes and bytes of its state."""
    import torch

    state = hashlib.sha256()
    _text(state, type(module).__qualname__)
    for name, value in module.state_dict().items():
        if not isinstance(value, torch.Tensor):
            _text(state, f"{name}={value!r}")
        elif value.device.type == "meta":
            return NOT_AVAILABLE
        else:
            raw = value.detach().cpu().contiguous()
            _text(state, f"{name}|{raw.dtype}|{tuple(raw.shape)}")
            if raw.numel():
                state.update(raw.reshape(-1).view(torch.uint8).numpy().data)
    return f"sha256:{state.hexdigest()}"


def estimator_digest(estimator: Any) -> str:
    """Of a scikit-learn estimator's contents, "not available" where they cannot be serialized."""
    import pickle

    from joblib.hashing import NumpyHasher

    try:
        return f"sha256:{NumpyHasher('sha256').hash(estimator)}"
    except (pickle.PicklingError, AttributeError, TypeError):
        return NOT_AVAILABLE


def function_digest(function: Any) -> str:
    """Of the source file that defines the function, "not available" where there is none."""
    import inspect

    try:
        path = inspect.getsourcefile(inspect.unwrap(function))
    except TypeError:
        return NOT_AVAILABLE
    return file_digest(path) if path is not None else NOT_AVAILABLE


def file_digest(path: Any) -> str:
    """Of a file's bytes."""
    try:
        with open(path, "rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError:
        return NOT_AVAILABLE


def _text(state: Any, text: str) -> None:
    state.update(text.encode("utf-8", "surrogatepass") + b"\x00")


def _array(state: Any, name: str, values: np.ndarray) -> None:
    _text(state, f"{name}|{values.dtype}|{values.shape}")
    if values.dtype == object:
        _text(state, "\x1f".join(map(repr, values.tolist())))
    elif values.size:
        state.update(np.ascontiguousarray(values).view(np.uint8).data)
