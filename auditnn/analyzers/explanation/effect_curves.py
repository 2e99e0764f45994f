"""Effect curves: the output along one feature, on average, row by row, and step by step where the rows are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.explained import class_slice
from auditnn.analyzers.explanation.telling import rows_shown
from auditnn.core.exhibit import Exhibit
from auditnn.core.numbers import plain
from auditnn.core.rows import Feature, Table
from auditnn.core.subject import Subject
from auditnn.kernels.effects import Curve, accumulated_local_effects, bins_of, grid, partial_dependence
from auditnn.subjects import outputs
from auditnn.subjects.outputs import positive_of

ID = "explanation.global_importance"
DEPENDENCE, LOCAL = "partial dependence", "accumulated local effects"
LINES = 25
DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """How the explained outputs change along one feature.

    `points` (g,) are values of its column (codes for categories) and `outputs` (n, g, k) those of each row there;
    `local` is the accumulated curve, None where the feature has no order; `rows` are the values that the rows have.
    """

    feature: Feature
    points: np.ndarray
    outputs: np.ndarray
    local: Curve | None
    rows: np.ndarray

    @property
    def average(self) -> Curve:
        """Partial dependence at the points."""
        return partial_dependence(self.points, self.outputs)

    def level(self, at: int) -> float:
        """The mean of the partial dependence over the values that the rows have, for one output."""
        return float(np.interp(self.rows, self.points, self.average.y[:, at]).mean())

    def shown(self, subject: Subject) -> int:
        """The output that is drawn: the positive class's, or of several the one whose curve moves most."""
        if subject.task == "binary":
            return positive_of(subject)
        return int(np.argmax(np.ptp(self.average.y, axis=0)))


def effect_of(context: Context, positions: np.ndarray, feature: Feature, points: int, individual: int) -> Effect | None:
    """The effect of one feature: the first `individual` rows at every point, and every row at the ends of its bin.

    Costs `individual` x points + 2 n model rows. None where the feature has one value.
    """
    rows = context.subject.test.rows
    assert isinstance(rows, Table)
    table = rows.take(positions)
    values = table.columns[feature.name]
    known = np.where(values < 0, np.nan, values.astype(float)) if feature.coded else values
    at = _common(known, points) if feature.kind == "categorical" else grid(known, points)
    if len(at) < 2:
        return None
    some = np.arange(min(individual, len(table)))
    repeated = table.take(np.repeat(some, len(at)))
    asked = _asked(context, repeated, feature, np.tile(at, len(some)))
    return Effect(
        feature=feature,
        points=at,
        outputs=asked.reshape(len(some), len(at), -1),
        local=None if feature.kind == "categorical" else _local(context, table, feature, known, at),
        rows=known[np.isfinite(known)],
    )


def _local(context: Context, table: Table, feature: Feature, known: np.ndarray, edges: np.ndarray) -> Curve | None:
    """Accumulated local effects over the rows that have a value."""
    bins = bins_of(known, edges)
    held = np.flatnonzero(bins >= 0)
    if len(held) < 2:
        return None
    both = table.take(np.tile(held, 2))
    ends = np.concatenate([edges[bins[held]], edges[bins[held] + 1]])
    asked = _asked(context, both, feature, ends)
    return accumulated_local_effects(edges, bins[held], asked[len(held) :] - asked[: len(held)])


def _asked(context: Context, table: Table, feature: Feature, values: np.ndarray) -> np.ndarray:
    """The explained outputs (m, k) of rows with one feature set to these values."""
    assert context.calls is not None
    column = table.columns[feature.name]
    changed = {**table.columns, feature.name: values.astype(column.dtype)}
    raw = context.calls.outputs(Table(features=table.features, columns=changed, length=len(table)))
    return outputs.explained(raw, context.subject)


def _common(codes: np.ndarray, most: int) -> np.ndarray:
    """The commonest categories, at most `most` of them, in the order of their codes."""
    present, counts = np.unique(codes[np.isfinite(codes)], return_counts=True)
    chosen: np.ndarray = np.sort(present[np.argsort(-counts, kind="stable")[:most]])
    return chosen


def effect_exhibit(subject: Subject, context: Context, effect: Effect, output: str) -> Exhibit:
    """Both curves of one feature with their bands, and faint lines of single rows as far as rows may be shown.

    Accumulated local effects are about zero by themselves; here they are moved to the level of the partial dependence.
    """
    at, name, average = effect.shown(subject), effect.feature.name, effect.average
    columns: dict[str, list[object]] = {key: [] for key in (name, "output", "low", "high", "curve", "one row")}
    _add(columns, effect, average, at, 0.0, DEPENDENCE)
    if effect.local is not None:
        _add(columns, effect, effect.local, at, effect.level(at), LOCAL)
    for line in range(min(LINES, len(effect.outputs), rows_shown(subject, context, len(effect.outputs)))):
        _add(columns, effect, Curve(effect.points, effect.outputs[line], np.zeros(())), at, 0.0, DEPENDENCE, line)
    slice = class_slice(subject, at)
    about = f" for {slice['class']}" if slice else ""
    low, high = float(average.y[:, at].min()), float(average.y[:, at].max())
    return Exhibit(
        id=f"{ID}/effect",
        kind="curve",
        title=f"The {output}{about} along {name}",
        summary=_said(effect, f"{output}{about}", low, high),
        columns=columns,
        roles={"x": name, "y": "output", "low": "low", "high": "high", "series": "curve", "detail": "one row"},
        slice={"feature": name, **slice},
    )


def _said(effect: Effect, output: str, low: float, high: float) -> str:
    """What the curves show, and what each of them assumes."""
    rows, name = len(effect.outputs), effect.feature.name
    lies = f"the mean {output} lies from {plain(low)} to {plain(high)}"
    began = f"With {name} set to each value in turn in {rows:,} rows, {lies}."
    if effect.local is None:
        return f"{began} Its categories have no order, so local effects cannot be added up along them."
    return (
        f"{began} Accumulated local effects compare rows only with values near their own, so they stay right where "
        f"{name} goes along with other features; they are drawn at the other curve's level. Bands are 95% over rows."
    )


def _add(
    columns: dict[str, list[object]],
    effect: Effect,
    curve: Curve,
    at: int,
    level: float,
    name: str,
    line: int | None = None,
) -> None:
    """The points of one curve, as rows of the exhibit."""
    feature, single = effect.feature, line is not None
    low, high = (None, None) if single else curve.band()
    for point, x in enumerate(curve.x):
        columns[feature.name].append(str(feature.categories[int(x)]) if feature.coded else float(x))
        columns["output"].append(_short(curve.y[point, at] + level))
        columns["low"].append(None if low is None else _short(low[point, at] + level))
        columns["high"].append(None if high is None else _short(high[point, at] + level))
        columns["curve"].append(name)
        columns["one row"].append(None if line is None else str(line + 1))


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
