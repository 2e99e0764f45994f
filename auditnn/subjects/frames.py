"""From rows back to the data frame that an estimator or an `encode` was written for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from auditnn.core.rows import Feature, Table


def frame_of(table: Table, keys: Mapping[str, Any] | None = None, nones: frozenset[str] = frozenset()) -> Any:
    """A pandas DataFrame with each feature's original name and dtype.

    `keys` maps feature names to the frame's own column labels where these were not strings; in the columns `nones`
    a missing value is None, elsewhere NaN. Numbers that no longer fit an integer dtype stay floats.
    """
    pandas = _pandas()
    data = {}
    for feature in table.features:
        key = feature.name if keys is None else keys[feature.name]
        data[key] = _column(feature, table.columns[feature.name], feature.name in nones)
    return pandas.DataFrame(data, copy=False, index=pandas.RangeIndex(len(table)))


def none_columns(columns: Mapping[str, Any]) -> frozenset[str]:
    """Names of the object columns whose missing values are None rather than NaN."""
    found = []
    for name, values in columns.items():
        if values.dtype == object and any(value is None for value in np.asarray(values, dtype=object)):
            found.append(name)
    return frozenset(found)


def _column(feature: Feature, values: np.ndarray, none: bool) -> Any:
    if not feature.coded:
        return _number_column(feature.dtype, values)
    pandas = _pandas()
    if feature.dtype == "category":
        return pandas.Categorical.from_codes(
            values, categories=list(feature.categories), ordered=feature.kind == "ordinal"
        )  # fmt: skip
    objects = feature.decoded(values)
    if feature.dtype in ("str", "string"):
        return pandas.array(objects, dtype=feature.dtype)
    gaps = values < 0
    if feature.dtype == "object":
        if not none and gaps.any():
            objects[gaps] = np.nan
        return pandas.Series(objects, dtype=object)
    if gaps.any():
        filled = np.where(gaps, np.nan, np.where(gaps, 0, objects).astype(np.float64))
        return pandas.Series(filled).astype("boolean") if feature.dtype == "boolean" else filled
    return pandas.array(objects, dtype=feature.dtype) if feature.dtype[:1].isupper() else _cast(objects, feature.dtype)


def _cast(objects: np.ndarray, dtype: str) -> Any:
    pandas = _pandas()
    return pandas.Series(objects.tolist()).astype(dtype)


def _number_column(dtype: str, values: np.ndarray) -> Any:
    pandas = _pandas()
    if dtype.startswith(("float", "Float")):
        return values.astype(dtype) if dtype[0] == "f" else pandas.array(values, dtype=dtype)
    if dtype.startswith(("int", "uint", "Int", "UInt")):
        gaps = np.isnan(values)
        whole = bool(np.all((values == np.floor(values)) | gaps))
        if whole and dtype[0] in "IU":
            return pandas.Series(values).astype(dtype)
        if whole and not gaps.any():
            return values.astype(dtype)
    return values


def _pandas() -> Any:
    """Untyped: dtypes here are names that came with the data."""
    import pandas

    return pandas
