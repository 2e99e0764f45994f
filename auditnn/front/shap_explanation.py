"""Stored values as a `shap.Explanation`, which shap's own plots take."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from auditnn.core.audit import Audit, RowArray
from auditnn.core.errors import InputError

if TYPE_CHECKING:
    import shap


def shap_explanation(audit: Audit, analyzer: str) -> shap.Explanation:
    """Values (n, d), or (n, d, k) for several classes, with base values and what the rows hold.

    Categories are their codes in `data` and their names in `display_data`; what is not stored (a redacted column, a
    unit of several features) is NaN. Images: values (n, h, w, c, k) in which the pixels of a unit share its value out
    evenly. InputError where the audit holds no such values.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries that shap's plots are made with
        import shap

    values = _values(audit, analyzer)
    stored = audit.arrays.get(values.base or "")
    base = np.zeros(values.data.shape[::2]) if stored is None else stored.data.astype(float)
    classes = values.coords.get("class", ())
    several = len(classes) > 1
    whole = values.data.astype(float)
    given: dict[str, Any] = {"output_names": list(classes) if several else None}
    if f"{analyzer}/segments" in audit.arrays:
        whole, given["data"] = _painted(audit, analyzer, whole, values)
    else:
        names = values.coords["unit"]
        given["feature_names"] = list(names)
        given["data"], given["display_data"] = _data(audit, values, names)
    if not several:
        whole, base = whole[..., 0], base[..., 0]
    return shap.Explanation(values=whole, base_values=base, **given)


def _values(audit: Audit, analyzer: str) -> RowArray:
    """The array of values; InputError saying why there is none."""
    record, found = audit.record(analyzer), audit.arrays.get(f"{analyzer}/values")
    if found is not None and len(found.data):
        return found
    if record is None:
        ran = ", ".join(one.id for one in audit.analyzers)
        advice = f"Run it with it: auditnn.run(subject, analyzers=[{analyzer!r}])."
        raise InputError(f"an audit in which {analyzer} ran", f"one with {ran}", advice)
    if record.status != "measured":
        raise InputError(f"values of {analyzer}", f"none: it was {record.status}, {record.reason}", "Run it again.")
    if audit.subject.get("store_rows") == "none":
        advice = "Run it with store_rows = 'sample' or 'all'."
        raise InputError(f"the rows of {analyzer}", "an audit that stores none (store_rows = 'none')", advice)
    raise InputError(
        f"values (row, unit, class) of {analyzer}", "none in this audit", "Ask explanation.shapley_values."
    )


def _data(audit: Audit, values: RowArray, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """What the rows hold in each unit: numbers (n, d), and what to show in their place."""
    at = _places(audit, values)
    data, shown = np.full((len(at), len(names)), np.nan), np.full((len(at), len(names)), "", dtype=object)
    for column, name in enumerate(names):
        stored = audit.arrays.get(f"rows/feature/{name}")
        if stored is None:
            continue
        known = at >= 0
        held = stored.data[at[known]]
        shown[known, column] = held
        data[known, column] = held if held.dtype.kind in "biuf" else _codes(audit, name, held)
    return data, shown


def _codes(audit: Audit, name: str, held: np.ndarray) -> np.ndarray:
    """Places of the texts among the feature's categories, where the card has them, else in alphabetic order."""
    features: dict[str, Any] = {one["name"]: one for one in audit.subject.get("features", ())}
    listed = [str(value) for value in features.get(name, {}).get("categories", ())] or sorted(set(held.astype(str)))
    lookup = {text: float(code) for code, text in enumerate(listed)}
    return np.array([lookup.get(str(text), np.nan) for text in held])


def _places(audit: Audit, values: RowArray) -> np.ndarray:
    """Where each explained row stands among the stored ones, (n,); -1 where it is not stored."""
    stored, wanted = audit.arrays.get("rows/stored"), audit.arrays[str(values.rows)].data
    where = {} if stored is None else {str(id): at for at, id in enumerate(stored.data)}
    return np.array([where.get(str(id), -1) for id in wanted], dtype=np.int64)


def _painted(audit: Audit, analyzer: str, whole: np.ndarray, values: RowArray) -> tuple[np.ndarray, np.ndarray | None]:
    """Values (n, h, w, c, k) of pixels from those of units (n, d, k), and the pixels (n, h, w, c) where stored."""
    segments = audit.arrays[f"{analyzer}/segments"].data.astype(np.int64)
    at, stored = _places(audit, values), audit.arrays.get("rows/pixels")
    channels = int((audit.subject.get("shape") or [1])[0])
    painted = np.empty((*segments.shape, channels, whole.shape[2]))
    for row, cut in enumerate(segments):
        area = np.bincount(cut.ravel(), minlength=whole.shape[1]) * channels
        each = whole[row] / np.maximum(area, 1)[:, None]
        painted[row] = each[cut][:, :, None, :]
    pixels = None if stored is None or (at < 0).any() else np.moveaxis(stored.data[at], 1, -1)
    return painted, pixels
