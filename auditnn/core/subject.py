"""Subject: what is audited. A model, its data, and what they mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from auditnn.core.rows import Modality as Modality
from auditnn.core.rows import Rows

Task = Literal["binary", "multiclass", "regression", "anomaly"]
Output = Literal["logits", "probabilities", "values", "labels"]
StoreRows = Literal["none", "sample", "all"]
UNKNOWN = "unknown"
MOST_CELLS = 1 << 20


class Model(Protocol):
    """A trained model behind one call. Never call it directly: the batched path counts what it costs."""

    kind: str  # torch | sklearn | function
    differentiable: bool

    def forward(self, inputs: Any) -> np.ndarray:
        """Raw outputs for one batch of model-ready inputs, shape (n,) or (n, k)."""
        ...


class Encoder(Protocol):
    """Rows in, model-ready inputs out; `units` maps each unit to its input columns where that is known. For images it
    is None: every pixel is a unit of its own."""

    units: Mapping[str, tuple[int, ...]] | None

    def __call__(self, rows: Rows) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One attribute by which rows are grouped: level names, and a code per row. Nobody is left without a level:
    a missing value is the level "unknown". An intersection names its `parts`, and each level's parts in `where`."""

    name: str
    levels: tuple[str, ...]
    codes: np.ndarray
    parts: tuple[str, ...] = ()
    where: tuple[tuple[str, ...], ...] = ()

    def counts(self) -> np.ndarray:
        """Rows per level, shape (g,)."""
        return np.bincount(self.codes, minlength=len(self.levels))

    def slice_of(self, level: int) -> dict[str, Any]:
        """The slice that names one level, as measurements carry it."""
        pairs: dict[str, Any] = {"attribute": self.name, "group": self.levels[level]}
        if self.parts:
            pairs["where"] = dict(zip(self.parts, self.where[level], strict=True))
        return pairs


def intersect(groups: tuple[Group, ...]) -> Group:
    """The intersection of several attributes; only combinations that occur become levels."""
    flat = np.zeros(len(groups[0].codes), dtype=np.int64)
    for group in groups:
        flat = flat * len(group.levels) + group.codes
    sizes = tuple(len(group.levels) for group in groups)
    present, codes = occurring(flat, math.prod(sizes))
    where = tuple(
        tuple(group.levels[i] for group, i in zip(groups, np.unravel_index(value, sizes), strict=True))
        for value in present
    )
    return Group(
        name=" & ".join(group.name for group in groups),
        levels=tuple(" & ".join(names) for names in where),
        codes=codes.astype(np.int32),
        parts=tuple(group.name for group in groups),
        where=where,
    )


def occurring(flat: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """The values from 0 to `cells` - 1 that occur, ascending, and each row's position among them; without a sort where
    cells are few."""
    if cells > MOST_CELLS:
        present, codes = np.unique(flat, return_inverse=True)
        return present, codes
    present = np.flatnonzero(np.bincount(flat, minlength=cells))
    position = np.zeros(cells, dtype=np.int32)
    position[present] = np.arange(len(present), dtype=np.int32)
    return present, position[flat]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`n` rows of data: what the model sees (`rows`, None where only predictions were stored), the label
    (`y`: class codes, floats for regression, None where only outcomes exist), ids, and group attributes."""

    id: np.ndarray
    y: np.ndarray | None
    rows: Rows | None = None
    groups: tuple[Group, ...] = ()

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What the model says about each row of a split.

    `prediction`: class codes (n,) or values (n,). `score`: the probability of the positive class (n,) for binary,
    of each class (n, k) for multiclass, None where only labels or values come out.
    """

    prediction: np.ndarray
    score: np.ndarray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model, its data, and what they mean; built by `auditnn.subjects`, never by hand.

    Classes are codes 0..k-1 everywhere; `classes` names them and `labels` are the values the user's data holds.
    `positive` is the code that counts as positive (binary), `favorable` the codes of the outcome people want.
    `stored` holds predictions that came with the data instead of a model. `regions` are masks of the test images by
    name, bool (n, h, w), empty where a row has no such region. `digests` are of the model, the data and
    the meaning (what outputs, labels, groups and features stand for); None where it cannot be told what something is,
    which confirms nothing (`core.hashing.unconfirmed`).
    """

    name: str
    task: Task
    modality: Modality
    output: Output
    test: Split
    train: Split | None = None
    model: Model | None = None
    encoder: Encoder | None = None
    stored: Predictions | None = None
    classes: tuple[str, ...] = ()
    labels: tuple[Any, ...] = ()
    positive: int | None = None
    favorable: tuple[int, ...] | None = None
    threshold: float = 0.5
    intersections: tuple[tuple[str, ...], ...] = ()
    reference: Mapping[str, str] = field(default_factory=dict)
    control: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    regions: Mapping[str, np.ndarray] = field(default_factory=dict)
    store_rows: StoreRows = "sample"
    digests: Mapping[str, str | None] = field(default_factory=dict)
    source: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def classification(self) -> bool:
        return self.task in ("binary", "multiclass")

    def attributes(self, split: Split | None = None) -> tuple[Group, ...]:
        """Every group attribute of a split (the test rows unless told), requested intersections last."""
        groups = (split or self.test).groups
        by_name = {group.name: group for group in groups}
        return groups + tuple(intersect(tuple(by_name[name] for name in names)) for names in self.intersections)
