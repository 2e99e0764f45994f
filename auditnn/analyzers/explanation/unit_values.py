"""What the units of table rows hold, for people: in words, as numbers, and as places between lowest and highest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from auditnn.core.numbers import plain
from auditnn.core.rows import Feature, Rows, Table

NAMED = 3
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class UnitValues:
    """The values of `n` rows by unit. A unit of several features, and one that is redacted, has no numbers."""

    rows: Rows
    redacted: Collection[str] = ()

    def members(self, unit: str) -> tuple[Feature, ...]:
        """The features that a unit stands for; none where its name is not of the table's own."""
        return (
            tuple(one for one in self.rows.features if unit in (one.unit or one.name, one.name))
            if isinstance(self.rows, Table)
            else ()
        )

    def named(self, unit: str, place: int) -> str:
        """The unit with its value in one row.

        >>> age = Feature(name="age", kind="numeric")
        >>> rows = Table(features=(age,), columns={"age": np.array([43.0, np.nan])}, length=2)
        >>> [UnitValues(rows).named("age", place) for place in (0, 1)], UnitValues(rows, {"age"}).named("age", 0)
        (['age = 43', 'age is missing'], 'age')
        """
        features = self._told(unit)
        if not features:
            return unit
        if len(features) == 1 and features[0].name == unit:
            value = self._text(features[0], place)
            return f"{unit} is missing" if value == MISSING else f"{unit} = {value}"
        parts = [f"{one.name} {self._text(one, place)}" for one in features[:NAMED]]
        return f"{unit} ({', '.join(parts)}{', ...' if len(features) > NAMED else ''})"

    def numbers(self, unit: str) -> np.ndarray | None:
        """The unit's values (n,), NaN for missing; None where it is no single number or ordered category."""
        features = self._told(unit)
        if len(features) != 1 or features[0].kind == "categorical":
            return None
        return self._numbers(features[0])

    def along(self, unit: str) -> list[float | str | None] | None:
        """The unit's values as a figure's axis takes them: numbers, or the names of categories; None for missing.

        None where the unit has no values of its own to show.
        """
        features = self._told(unit)
        if len(features) != 1:
            return None
        feature, n = features[0], len(self.rows)
        if feature.coded:
            texts = [self._text(feature, place) for place in range(n)]
            return [None if text == MISSING else text for text in texts]
        return [float(value) if np.isfinite(value) else None for value in self._numbers(feature)]

    def places(self, unit: str) -> list[float | None]:
        """Where each row's value lies among all of them, from 0 (lowest) to 1; None for no value, and for names."""
        numbers = self.numbers(unit)
        n = len(self.rows)
        if numbers is None:
            return [None] * n
        known = np.isfinite(numbers)
        places: list[float | None] = [None] * n
        if known.any():
            ranks = rankdata(numbers[known])
            spread = (ranks - 1.0) / max(1, known.sum() - 1)
            for at, value in zip(np.flatnonzero(known), spread, strict=True):
                places[at] = round(float(value), 4)
        return places

    def _told(self, unit: str) -> Sequence[Feature]:
        """The features of a unit that may be shown: none where one of them is redacted."""
        features = self.members(unit)
        return () if any(one.name in self.redacted for one in features) else features

    def _numbers(self, feature: Feature) -> np.ndarray:
        assert isinstance(self.rows, Table)
        values = self.rows.columns[feature.name]
        return np.where(values < 0, np.nan, values.astype(float)) if feature.coded else values

    def _text(self, feature: Feature, place: int) -> str:
        assert isinstance(self.rows, Table)
        value = self.rows.columns[feature.name][place]
        if feature.coded:
            return str(feature.categories[int(value)]) if value >= 0 else MISSING
        return plain(float(value)) if np.isfinite(value) else MISSING
