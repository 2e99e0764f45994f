"""Rows: the space in which groups, edits, bounds and masks live.

A table of typed columns or a stack of images today; anything with a length and a `take` tomorrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

Kind = Literal["numeric", "integer", "boolean", "ordinal", "categorical"]
NUMBER_KINDS = ("numeric", "integer")
CODED_KINDS = ("boolean", "ordinal", "categorical")


@runtime_checkable
class Rows(Protocol):
    """What every modality's rows can do. Rows may differ in length from one another (texts, sequences)."""

    def __len__(self) -> int: ...

    def take(self, index: np.ndarray) -> Rows:
        """The rows at these positions, in this order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column: its meaning, and what may happen to it.

    `categories` are the allowed values as the user wrote them, in order if ordinal. `dtype` is the column's
    dtype in the data frame it came from, so that an estimator gets back exactly what it was fitted on.
    """

    name: str
    kind: Kind
    categories: tuple[Any, ...] = ()
    bounds: tuple[float, float] | None = None
    mutable: bool = True
    unit: str | None = None
    dtype: str = "float64"

    @property
    def coded(self) -> bool:
        """Whether the column holds codes into `categories` rather than numbers."""
        return self.kind in CODED_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`n` rows of `d` typed columns.

    A number column is float64 with NaN for missing; a coded column (boolean, ordinal, categorical) is int32
    codes into its feature's `categories` with -1 for missing.
    """

    features: tuple[Feature, ...]
    columns: Mapping[str, np.ndarray]
    length: int

    def __len__(self) -> int:
        return self.length

    def take(self, index: np.ndarray) -> Table:
        index = np.asarray(index)
        count = int(index.sum()) if index.dtype == bool else len(index)
        return Table(
            features=self.features,
            columns={name: values[index] for name, values in self.columns.items()},
            length=count,
        )

    def feature(self, name: str) -> Feature:
        """The feature of this name; KeyError where there is none."""
        for feature in self.features:
            if feature.name == name:
                return feature
        raise KeyError(name)

    def decoded(self, name: str) -> np.ndarray:
        """One column as the user's own values: floats, or an object array of categories with None for missing."""
        feature, values = self.feature(name), self.columns[name]
        if not feature.coded:
            return values
        lookup = np.empty(len(feature.categories) + 1, dtype=object)
        lookup[:-1] = feature.categories
        lookup[-1] = None
        decoded: np.ndarray = lookup[values]
        return decoded

    def missing(self, name: str) -> np.ndarray:
        """Which rows have no value in this column, shape (n,)."""
        values = self.columns[name]
        return values < 0 if self.feature(name).coded else np.isnan(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """`n` images of shape (channels, height, width), float32 in [0, 1]. Normalisation belongs to the model."""

    pixels: np.ndarray
    features: tuple[Feature, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, index: np.ndarray) -> Images:
        return Images(pixels=self.pixels[index], features=self.features)
