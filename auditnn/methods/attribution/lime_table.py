"""The distribution that LIME draws table rows from: each unit by itself, as it is among the training rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from auditnn.core.rows import Feature, Table
from auditnn.kernels.levels import binned_levels, level_starts, normal_levels, spread_positions

MOST_LEVELS, FEWEST_LEVELS = 1 << 14, 1 << 10
LEVEL_CELLS = 1 << 22
Cut = Callable[[np.ndarray, np.ndarray], np.ndarray]  # values (n,) and their positions among the training rows -> edges


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit and its levels: values that are equally likely, in the order of their codes.

    `columns` (L,) by feature. Code c holds levels starts[c] to starts[c + 1]. `mean` and `scale` are those of a number
    that is not cut into bins, None otherwise, and `whole` says that it is rounded; `code` gives the codes (n,) of any
    rows, -1 where nothing like them is among the training rows.
    """

    name: str
    columns: Mapping[str, np.ndarray]
    starts: np.ndarray
    code: Callable[[Table], np.ndarray]
    mean: float | None = None
    scale: float = 1.0
    whole: bool = False

    @property
    def continuous(self) -> bool:
        """Whether the local model takes its value, and not whether it is as in the row."""
        return self.mean is not None

    def span(self, rows: Table) -> tuple[np.ndarray, np.ndarray]:
        """First level and number of levels (n,) that are as in each of the rows."""
        codes = self.code(rows)
        known = codes >= 0
        first = self.starts[np.where(known, codes, 0)]
        count = np.where(known, self.starts[np.where(known, codes, 0) + 1] - first, 0)
        return first, count

    def values(self, name: str, levels: np.ndarray, shift: np.ndarray | float = 0.0) -> np.ndarray:
        """Values of one of its features at these levels; those of a number that is not cut are moved by `shift`."""
        values = self.columns[name][levels]
        if self.mean is None:
            return values
        return np.rint(values + shift) if self.whole else values + shift

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Distances from the mean in standard deviations."""
        assert self.mean is not None
        return (values - self.mean) / self.scale


def level_count(units: int) -> int:
    """How many levels each unit has: 16,384, fewer beyond 256 units."""
    fit = 1 << int(np.log2(max(1, LEVEL_CELLS // max(1, units))))
    return int(np.clip(fit, FEWEST_LEVELS, MOST_LEVELS))


def unit_of(
    name: str, members: tuple[Feature, ...], training: Table, size: int, cut: Cut, *, binned: bool, holes: bool
) -> Unit:
    """The unit of these features with `size` levels.

    A number is cut into bins by the edges that `cut` gives; where not `binned` it is a normal of the training mean and
    standard deviation, unless values are missing (`holes`), which need a bin of their own. A category is drawn as often
    as it occurs. Several features are drawn together, as they stand in a training row.
    """
    if len(members) > 1:
        return _together(name, members, training, size, cut)
    (feature,) = members
    if feature.coded:
        return _category(name, feature, training, size)
    return _bins(name, feature, training, size, cut) if binned or holes else _normal(name, feature, training, size)


def _category(name: str, feature: Feature, training: Table, size: int) -> Unit:
    codes = training.columns[feature.name] + 1  # 0 is missing
    levels = codes[spread_positions(codes, size)]
    return Unit(
        name=name,
        columns={feature.name: (levels - 1).astype(np.int32)},
        starts=level_starts(levels, len(feature.categories) + 1),
        code=lambda rows: rows.columns[feature.name] + 1,
    )


def _bins(name: str, feature: Feature, training: Table, size: int, cut: Cut) -> Unit:
    values = training.columns[feature.name]
    known = ~np.isnan(values)
    edges = np.unique(cut(values[known], np.flatnonzero(known))) if known.any() else np.empty(0)
    codes = bin_codes(values, edges)
    levels = codes[spread_positions(codes, size)]
    drawn = np.full(size, np.nan)
    present = levels <= len(edges)
    if known.any():
        drawn[present] = binned_levels(values[known], edges, levels[present], feature.kind == "integer")
    return Unit(
        name=name,
        columns={feature.name: drawn},
        starts=level_starts(levels, len(edges) + 2),
        code=lambda rows: bin_codes(rows.columns[feature.name], edges),
    )


def _normal(name: str, feature: Feature, training: Table, size: int) -> Unit:
    values = training.columns[feature.name]
    mean, scale = float(values.mean()), float(values.std())
    constant = scale <= 1e-12 * abs(mean)
    drawn = mean + (0.0 if constant else scale) * normal_levels(size)
    return Unit(
        name=name,
        columns={feature.name: drawn},
        starts=np.array([0, size]),
        code=lambda rows: np.zeros(len(rows), dtype=np.intp),
        mean=mean,
        scale=1.0 if constant else scale,
        whole=feature.kind == "integer",
    )


def _together(name: str, members: tuple[Feature, ...], training: Table, size: int, cut: Cut) -> Unit:
    edges: dict[str, np.ndarray] = {}
    for feature in members:
        if not feature.coded:
            values = training.columns[feature.name]
            known = ~np.isnan(values)
            edges[feature.name] = np.unique(cut(values[known], np.flatnonzero(known))) if known.any() else np.empty(0)

    def member_codes(rows: Table) -> np.ndarray:
        parts = [
            rows.columns[one.name] if one.coded else bin_codes(rows.columns[one.name], edges[one.name])
            for one in members
        ]
        return np.stack(parts, axis=1).astype(np.int32)

    seen, codes = np.unique(member_codes(training), axis=0, return_inverse=True)
    known_codes = {one.tobytes(): code for code, one in enumerate(seen)}
    chosen = spread_positions(codes.reshape(-1), size)
    return Unit(
        name=name,
        columns={one.name: training.columns[one.name][chosen] for one in members},
        starts=level_starts(codes.reshape(-1)[chosen], len(seen)),
        code=lambda rows: np.array([known_codes.get(one.tobytes(), -1) for one in member_codes(rows)], dtype=np.intp),
    )


def bin_codes(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bin of each value (n,): b where edges[b - 1] < value <= edges[b], and one more for missing values."""
    codes: np.ndarray = np.searchsorted(edges, values)
    return np.where(np.isnan(values), len(edges) + 1, codes)


def quartiles(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The library's `QuartileDiscretizer`."""
    cuts: np.ndarray = np.percentile(values, [25, 50, 75])
    return cuts


def deciles(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The library's `DecileDiscretizer`."""
    cuts: np.ndarray = np.percentile(values, [10, 20, 30, 40, 50, 60, 70, 80, 90])
    return cuts


def entropy_cut(labels: np.ndarray) -> Cut:
    """The library's `EntropyDiscretizer`: at most eight bins that tell the labels (n,) of the training rows apart."""

    def cut(values: np.ndarray, at: np.ndarray) -> np.ndarray:
        from sklearn.tree import DecisionTreeClassifier

        tree = DecisionTreeClassifier(criterion="entropy", max_depth=3, random_state=0)
        found = tree.fit(values[:, None], labels[at]).tree_
        edges: np.ndarray = np.sort(found.threshold[found.children_left > -1])
        return edges if len(edges) else np.array([np.median(values)])

    return cut
