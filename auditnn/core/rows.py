"""Rows: the space in which groups, edits, bounds and masks live.

A table of typed columns or a stack of images. Another modality is one more class with these methods: what the rest
of the code asks of rows whatever they are is in `Rows`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from auditnn.core.hashing import Hash, add_array, add_text

Modality = Literal["tabular", "image", "text", "sequence"]
Kind = Literal["numeric", "integer", "boolean", "ordinal", "categorical"]
CODED_KINDS = ("boolean", "ordinal", "categorical")


@runtime_checkable
class Rows(Protocol):
    """What every modality's rows can do. Rows may differ in length from one another (texts, sequences)."""

    def __len__(self) -> int: ...

    def take(self, index: np.ndarray) -> Rows:
        """The rows at these positions, in this order."""
        ...

    def between(self, start: int, stop: int) -> Rows:
        """Consecutive rows, as views where that can be."""
        ...

    @property
    def modality(self) -> Modality: ...

    @property
    def row_bytes(self) -> int:
        """About how much memory the model's input takes for one row; it decides how many rows make a batch."""
        ...

    def described(self) -> str:
        """What the model is given, in a few words for a message."""
        ...

    def contents(self) -> Iterator[bytes | memoryview]:
        """The bytes of each row, equal exactly where all that the model may see of two rows is equal."""
        ...

    def update_digest(self, state: Hash) -> None:
        """Everything in the rows into a hash."""
        ...

    def stored_arrays(self, redact: Collection[str]) -> Iterator[tuple[str, tuple[str, ...], np.ndarray]]:
        """Key, dimensions ("row" first) and values of each array that a run folder may keep of these rows."""
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

    def decoded(self, codes: np.ndarray) -> np.ndarray:
        """Codes as the user's own values, None for missing, shape (n,), dtype object."""
        lookup = np.empty(len(self.categories) + 1, dtype=object)
        lookup[:-1] = self.categories
        decoded: np.ndarray = lookup[codes]
        return decoded


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
        return feature.decoded(values) if feature.coded else values

    def missing(self, name: str) -> np.ndarray:
        """Which rows have no value in this column, shape (n,)."""
        values = self.columns[name]
        return values < 0 if self.feature(name).coded else np.isnan(values)

    def between(self, start: int, stop: int) -> Table:
        columns = {name: values[start:stop] for name, values in self.columns.items()}
        return Table(features=self.features, columns=columns, length=stop - start)

    @property
    def modality(self) -> Modality:
        return "tabular"

    @property
    def row_bytes(self) -> int:
        return 4 * len(self.features)

    def described(self) -> str:
        names = ", ".join(feature.name for feature in self.features[:12])
        return f"{len(self.features)} features ({names}{', ...' if len(self.features) > 12 else ''})"

    def contents(self) -> Iterator[memoryview]:
        """All columns side by side as float64: -0.0 made 0.0 and every NaN the same NaN."""
        block = np.empty((len(self), len(self.features)))
        for i, feature in enumerate(self.features):
            block[:, i] = self.columns[feature.name] + 0.0
        block[np.isnan(block)] = np.nan
        return _each(block)

    def update_digest(self, state: Hash) -> None:
        for feature in self.features:
            add_text(state, f"{feature.name}|{feature.kind}|{feature.categories!r}")
            add_array(state, feature.name, self.columns[feature.name])

    def stored_arrays(self, redact: Collection[str]) -> Iterator[tuple[str, tuple[str, ...], np.ndarray]]:
        for feature in self.features:
            if feature.name not in redact:
                yield f"feature/{feature.name}", ("row",), self.decoded(feature.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """`n` images of shape (channels, height, width), float32 in [0, 1]. Normalisation belongs to the model."""

    pixels: np.ndarray
    features: tuple[Feature, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, index: np.ndarray) -> Images:
        return Images(pixels=self.pixels[index], features=self.features)

    def between(self, start: int, stop: int) -> Images:
        return Images(pixels=self.pixels[start:stop], features=self.features)

    @property
    def modality(self) -> Modality:
        return "image"

    @property
    def row_bytes(self) -> int:
        return 4 * int(np.prod(self.pixels.shape[1:]))

    def described(self) -> str:
        return f"images of shape {self.pixels.shape[1:]}"

    def contents(self) -> Iterator[memoryview]:
        return _each(np.ascontiguousarray(self.pixels + 0.0))

    def update_digest(self, state: Hash) -> None:
        add_array(state, "pixels", self.pixels)

    def stored_arrays(self, redact: Collection[str]) -> Iterator[tuple[str, tuple[str, ...], np.ndarray]]:
        yield "pixels", ("row", "channel", "height", "width"), self.pixels


def _each(block: np.ndarray) -> Iterator[memoryview]:
    """The bytes of each row of a contiguous array."""
    n = len(block)
    width = block.nbytes // n if n else 0
    view = block.data.cast("B") if width else memoryview(b"")
    return (view[i * width : (i + 1) * width] for i in range(n))
