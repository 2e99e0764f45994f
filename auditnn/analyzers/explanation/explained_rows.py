"""Rows that a method explained, class by class: what summaries and pictures of the values are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from auditnn.analyzers.explained import class_slice
from auditnn.analyzers.explanation.telling import Telling
from auditnn.analyzers.explanation.unit_values import UnitValues
from auditnn.core.subject import Subject
from auditnn.methods.attribution.result import Attribution

MOST_CLASSES = 10
MIRRORED = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One explained output: which rows it is explained for (`places` among the explained rows), their values (n, d),
    the Monte-Carlo errors, the base and the output of each."""

    code: int
    slice: Mapping[str, str]
    places: np.ndarray
    values: np.ndarray
    error: np.ndarray | None
    base: np.ndarray | None
    output: np.ndarray

    @property
    def name(self) -> str:
        """The class's name; empty for regression."""
        return self.slice.get("class", "")


@dataclass(frozen=True, kw_only=True)
class ExplainedRows:
    """Everything that is told of one method's values.

    `chosen` are the classes to speak of, codes; `ids` name the rows, `targets` are the class that each is shown for and
    `predicted` the one that it is predicted as (the same unless told). The first `shown` rows may be shown one by one,
    and `telling` are those that are.
    """

    subject: Subject
    attribution: Attribution
    ids: np.ndarray
    targets: np.ndarray
    units: UnitValues
    chosen: tuple[int, ...]
    shown: int
    telling: tuple[Telling, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    predicted: np.ndarray | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The units' names, (d,); those of images say what they number."""
        names = self.attribution.units
        if self.attribution.segments is None:
            return names
        return tuple(f"{'patch' if self.comparable else 'superpixel'} {name}" for name in names)

    @property
    def method(self) -> str:
        return self.attribution.method

    @cached_property
    def comparable(self) -> bool:
        """Whether a unit is the same thing in every row, so that its values have a mean."""
        segments = self.attribution.segments
        return segments is None or bool((segments == segments[:1]).all())

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The explained outputs worth a summary: at most ten classes, the commonest predictions first.

        Of two that mirror each other (z and -z, p and 1 - p) the positive class alone. Where one class per row was
        explained, each class with the rows that were explained for it.
        """
        codes = self.chosen
        if self.attribution.targets is None and self.mirrored and len(codes) == 2:
            codes = (self.subject.positive if self.subject.positive is not None else 1,)
        often = np.bincount(self.targets if self.predicted is None else self.predicted, minlength=max(codes) + 1)
        ordered = sorted(codes, key=lambda code: (-int(often[code]), code))[:MOST_CLASSES]
        return tuple(self.column(code) for code in ordered)

    @property
    def mirrored(self) -> bool:
        """Whether the values of two classes are each other's negatives."""
        values = self.attribution.values
        if self.subject.task != "binary" or values.shape[2] != 2:
            return False
        return bool(np.abs(values.sum(axis=2)).max(initial=0.0) <= MIRRORED * np.abs(values).max(initial=0.0))

    def column(self, code: int) -> Column:
        """One class's values, of the rows that they were computed for."""
        one = self.attribution
        every = np.arange(len(one))
        places, at = (every, code) if one.targets is None else (np.flatnonzero(one.targets == code), 0)
        at = at if one.values.shape[2] > 1 else 0
        return Column(
            code=code,
            slice=class_slice(self.subject, code),
            places=places,
            values=one.values[places, :, at],
            error=None if one.error is None else one.error[places, :, at],
            base=None if one.base is None else one.base[places, at],
            output=one.output[places, at],
        )

    def of_target(self, place: int) -> tuple[int, np.ndarray, float | None, float]:
        """The class that a row is shown for, with its values (d,), base and output."""
        one, code = self.attribution, int(self.targets[place])
        at = code if one.targets is None and one.values.shape[2] > 1 else 0
        base = None if one.base is None else float(one.base[place, at])
        d = len(self.names) if one.counts is None else int(one.counts[place])
        return code, one.values[place, :d, at], base, float(one.output[place, at])

    def slice(self, column: Column | None = None, **more: str) -> dict[str, str]:
        """What an exhibit is about: the method, the class where there are several, and what else is told."""
        return {"method": self.method, **(column.slice if column else {}), **more}


def by_size(sizes: Sequence[float] | np.ndarray) -> np.ndarray:
    """Positions, the largest first; equal ones in their order."""
    order: np.ndarray = np.argsort(-np.asarray(sizes, float), kind="stable")
    return order
