"""LIME's neighborhoods of table rows: drawn as the library draws them, many rows to one batch of the model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.core.rows import Feature, Table
from auditnn.core.seeding import stream
from auditnn.kernels.levels import draw_levels
from auditnn.kernels.local_fit import exponential_kernel
from auditnn.methods.attribution.lime_neighborhood import Center, Discretizer, Neighborhood, Samples
from auditnn.methods.attribution.lime_table import (
    Cut,
    deciles,
    entropy_cut,
    level_count,
    quartiles,
    unit_of,
)
from auditnn.methods.case import Case
from auditnn.subjects import outputs
from auditnn.subjects.units import units_of

MOST_TRAINING = 20_000
BATCHES = 4  # of the model, filled with samples of as many rows as fit before it is asked


class TableSampler:
    """The units of a case's rows, the distributions that they are drawn from, and the model's word on the draws."""

    def __init__(self, case: Case, discretizer: Discretizer, center: Center) -> None:
        assert isinstance(case.rows, Table)
        self.case, self.rows, self.around_row = case, case.rows, center == "row"
        if self.around_row and discretizer != "none":
            got = f"discretizer={discretizer} with center=row"
            raise SettingsError("bins that are drawn as in training", got, "Use discretizer=none to draw around a row.")
        training, labels = training_rows(case)
        members = unit_members(case)
        cut = _cut(discretizer, labels)
        self.size = level_count(len(members))
        self.units = [
            unit_of(
                name, features, training, self.size, cut,
                binned=discretizer != "none", holes=any(_has_holes(case, training, one) for one in features),
            )
            for name, features in members.items()
        ]  # fmt: skip
        self.continuous = np.array([unit.continuous for unit in self.units], dtype=bool)
        spans = [unit.span(self.rows) for unit in self.units]
        self.first = np.array([first for first, _ in spans], dtype=np.uint16).reshape(len(self.units), -1)
        self.count = np.array([count for _, count in spans], dtype=np.uint16).reshape(len(self.units), -1)

    @cached_property
    def at(self) -> np.ndarray:
        """The rows in the coordinates of the local model, (d, n): 1, or the scaled value of a number left whole."""
        at = np.ones((len(self.units), len(self.rows)))
        for place in np.flatnonzero(self.continuous):
            unit = self.units[place]
            (name,) = unit.columns
            at[place] = unit.scaled(self.rows.columns[name])
        return at

    def numbers(self, levels: np.ndarray) -> np.ndarray:
        """The numbers that are not cut (c, m) at `levels` (d, m), drawn around the training mean, in the coordinates of
        the local model."""
        places = np.flatnonzero(self.continuous)
        scaled: np.ndarray = self._scaled.take(_places(levels[places], self.size))
        return scaled

    def x(self, levels: np.ndarray, row: int, numbers: np.ndarray | None = None) -> np.ndarray:
        """Samples at `levels` (d, m) in the coordinates of the local model of a row, (d, m); the first is the row.
        `numbers` are those of these levels where all rows share them."""
        x = np.empty(levels.shape)
        if not self.continuous.all():
            np.less(levels - self.first[:, row, None], self.count[:, row, None], out=x, casting="unsafe")
        if self.continuous.any():
            x[self.continuous] = self.numbers(levels) if numbers is None else numbers
            if self.around_row:
                x[self.continuous] += self.at[self.continuous, row, None]
            for place in self._whole if self.around_row else ():
                x[place] = self._rounded(place, levels, row)
        x[:, 0] = self.at[:, row]
        return x

    @cached_property
    def _scaled(self) -> np.ndarray:
        """The levels of the numbers that are not cut, in the coordinates of the local model, one after the other."""
        every = np.arange(self.size)
        kept = [self.units[place] for place in np.flatnonzero(self.continuous)]
        scaled = [unit.scaled(unit.values(next(iter(unit.columns)), every)) for unit in kept]
        return np.concatenate(scaled).astype(np.float32)  # half the memory to look up in, and no digit that matters

    @cached_property
    def _whole(self) -> list[int]:
        """Places of the numbers that are not cut and stay whole."""
        return [place for place, unit in enumerate(self.units) if unit.continuous and unit.whole]

    def _rounded(self, place: int, levels: np.ndarray, row: int) -> np.ndarray:
        """A whole number drawn around a row: rounded after it was moved there."""
        unit = self.units[place]
        (name,) = unit.columns
        assert unit.mean is not None
        return unit.scaled(unit.values(name, levels[place], self.rows.columns[name][row] - unit.mean))

    def weights(self, x: np.ndarray, width: float) -> np.ndarray:
        """The kernel's weights (m,) of samples `x` (d, m), by their distance from the first."""
        if not self.continuous.any():
            return exponential_kernel(len(x) - x.sum(axis=0), width)
        gap = x - x[:, :1]
        gap *= gap
        return exponential_kernel(gap.sum(axis=0), width)

    def said(self, levels: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Explained outputs (r, m, k) of samples at `levels` (d, r, m) around `rows` (r,); the first of each is the
        row itself."""
        calls = self.case.calls
        inputs = self._gathered(levels, rows) if self._encoded is not None else self._drawn(levels, rows)
        raw = outputs.explained(calls.forward(inputs), calls.subject)
        return raw.reshape(len(rows), levels.shape[2], -1)

    @cached_property
    def free(self) -> np.ndarray:
        """Input columns that no unit owns: they stay as they are in the row."""
        own = self.case.input_units
        if own is None:
            return np.empty(0, dtype=np.intp)
        owned = [column for columns in own.values() for column in columns]
        return np.setdiff1d(np.arange(self.case.inputs.shape[1]), owned)

    @cached_property
    def _encoded(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The inputs of every level, (p, L), with the unit of each column (p,); None where units share columns, or
        where draws are moved to each row and so have no common levels."""
        own = self.case.input_units
        if own is None or (self.around_row and self.continuous.any()):
            return None
        owner = np.zeros(self.case.inputs.shape[1], dtype=np.intp)
        for place, unit in enumerate(self.units):
            owner[list(own[unit.name])] = place
        every = np.arange(self.size)
        table = self._table(np.broadcast_to(every, (len(self.units), self.size)), np.zeros(self.size, dtype=np.intp))
        encoded = np.asarray(self.case.calls.encoder(table))
        return np.ascontiguousarray(encoded.T, dtype=self.case.inputs.dtype), owner

    def _gathered(self, levels: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Model inputs (r x m, p), each column looked up among the inputs of its unit's levels."""
        assert self._encoded is not None
        encoded, owner = self._encoded
        chosen = levels.reshape(len(self.units), -1)
        chosen = chosen if np.array_equal(owner, np.arange(len(chosen))) else chosen[owner]
        inputs = np.ascontiguousarray(encoded.reshape(-1).take(_places(chosen, self.size)).T)
        block = inputs.reshape(len(rows), -1, len(encoded))
        if len(self.free):
            block[:, :, self.free] = self.case.inputs[rows][:, None, self.free]
        block[:, 0] = self.case.inputs[rows]
        return inputs

    def _drawn(self, levels: np.ndarray, rows: np.ndarray) -> object:
        """Model inputs of r x m samples drawn as rows and encoded, for models whose inputs units do not own."""
        m = levels.shape[2]
        table = self._table(levels.reshape(len(self.units), -1), np.repeat(rows, m))
        own = self.rows.take(rows)
        for name, values in table.columns.items():
            values[::m] = own.columns[name]
        return self.case.calls.encoder(table)

    def _table(self, levels: np.ndarray, rows: np.ndarray) -> Table:
        """Rows at `levels` (d, s), around `rows` (s,); features of no unit as in the row."""
        columns = {name: values[rows] for name, values in self.rows.columns.items()}
        for place, unit in enumerate(self.units):
            for name in unit.columns:
                shift = columns[name] - unit.mean if self.around_row and unit.mean is not None else 0.0
                columns[name] = unit.values(name, levels[place], shift)
        ordered = {feature.name: columns[feature.name] for feature in self.rows.features}
        return Table(features=self.rows.features, columns=ordered, length=len(rows))


def table_neighborhoods(
    case: Case, draws: int, samples: Samples, discretizer: Discretizer, center: Center, width: float | None
) -> Iterator[Neighborhood]:
    """The neighborhoods of every row of a table, each of `draws` samples with the row first.

    Costs n x `draws` model rows, or n + `draws` where samples are shared.
    """
    sampler = TableSampler(case, discretizer, center)
    width = table_width(len(sampler.units)) if width is None else width
    shared = samples == "shared"
    each = _shared(sampler, draws) if shared else _per_row(sampler, draws)
    numbers = None
    for row, (levels, y) in enumerate(each):
        if shared and numbers is None and sampler.continuous.any():
            numbers = sampler.numbers(levels)
        x = sampler.x(levels, row, numbers)
        yield Neighborhood(x=x, y=y, weights=sampler.weights(x, width))


def _places(levels: np.ndarray, size: int) -> np.ndarray:
    """Where `levels` (c, s) lie among the levels of c columns one after the other, `size` of each."""
    places: np.ndarray = levels.astype(np.int32)
    places += np.arange(0, len(levels) * size, size, dtype=np.int32)[:, None]
    return places


def table_width(units: int) -> float:
    """The library's width of the kernel."""
    return float(np.sqrt(units) * 0.75)


def _per_row(sampler: TableSampler, draws: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    case, d = sampler.case, len(sampler.units)
    fit = max(1, BATCHES * case.calls.batch_rows // draws)
    for start in range(0, len(case), fit):
        rows = np.arange(start, min(start + fit, len(case)))
        levels = np.stack([draw_levels(case.rng("lime", int(row)), (d, draws), sampler.size) for row in rows], axis=1)
        said = sampler.said(levels, rows)
        for place in range(len(rows)):
            yield levels[:, place], said[place]


def _shared(sampler: TableSampler, draws: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    case = sampler.case
    if sampler.around_row:
        raise SettingsError(
            "samples of the training distribution for samples=shared", "center=row",
            "Use center=training, or samples=per_row.",
        )  # fmt: skip
    if len(sampler.free):
        raise NotApplicable(f"{len(sampler.free)} input columns belong to no unit and stay as in the row, so no "
                            "samples can be shared")  # fmt: skip
    levels = draw_levels(case.rng("lime"), (len(sampler.units), draws), sampler.size)
    common = sampler.said(levels[:, None], np.zeros(1, dtype=np.intp))[0]
    own = outputs.explained(case.calls.forward(case.inputs), case.calls.subject)
    for row in range(len(case)):
        said = common.copy()
        said[0] = own[row]
        yield levels, said


def training_rows(case: Case) -> tuple[Table, np.ndarray | None]:
    """The rows that distributions are taken from, with their classes where there are any: a seeded sample of 20,000 of
    `training_split`, all where there are no more."""
    rows, labels = training_split(case)
    if len(rows) > MOST_TRAINING:
        chosen = np.sort(stream(case.seed, "lime", "training").permutation(len(rows))[:MOST_TRAINING])
        rows, labels = rows.take(chosen), None if labels is None else labels[chosen]
    return rows, labels


def training_split(case: Case) -> tuple[Table, np.ndarray | None]:
    """The training rows of the subject with their classes; its test rows where it has no others."""
    subject = case.calls.subject
    split = subject.test if subject.train is None or subject.train.rows is None else subject.train
    assert isinstance(split.rows, Table)
    return split.rows, split.y if subject.classification else None


def unit_members(case: Case) -> dict[str, tuple[Feature, ...]]:
    """The features of each unit; NotApplicable where a unit is a part of a feature's input columns."""
    assert isinstance(case.rows, Table)
    features, by_name = case.rows.features, units_of(case.rows.features)
    if case.input_units is None:
        positions = dict(case.units or by_name)
    else:
        own = case.calls.encoder.units
        assert own is not None
        positions = {}
        for name, columns in case.input_units.items():
            inside = [unit for unit, ones in own.items() if ones and set(ones) <= set(columns)]
            if sorted(column for unit in inside for column in own[unit]) != sorted(columns):
                raise NotApplicable(f"unit {name!r} holds a part of a feature's input columns, and LIME draws features")
            inside = inside or [unit for unit in own if unit == name]
            positions[name] = tuple(position for unit in inside for position in by_name.get(unit, ()))
    return {name: tuple(features[position] for position in at) for name, at in positions.items() if at}


def _cut(discretizer: Discretizer, labels: np.ndarray | None) -> Cut:
    if discretizer == "entropy":
        if labels is None or (labels == labels[0]).all():
            raise NotApplicable("bins by entropy need training rows of at least two classes, and there are none")
        return entropy_cut(labels)
    return deciles if discretizer == "decile" else quartiles


def _has_holes(case: Case, training: Table, feature: Feature) -> bool:
    """Whether values of a number are missing anywhere, so that what is done about it is the same for every row."""
    if feature.coded:
        return False
    tables = [training, case.rows, case.calls.subject.test.rows]
    return any(
        isinstance(table, Table) and feature.name in table.columns and bool(table.missing(feature.name).any())
        for table in tables
    )
