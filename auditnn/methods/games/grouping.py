"""More units than the masks allow: correlated ones are hidden together, and the reader is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from auditnn.core.rows import Images, Table
from auditnn.methods.games.numbers import as_numbers, standardised
from auditnn.subjects.units import units_of

if TYPE_CHECKING:
    from auditnn.methods.case import Case

Units = Mapping[str, tuple[int, ...]]
FEWEST_ROWS = 3  # below, no correlation says anything
MOST_COLUMNS = 3_000  # beyond, a unit of several columns speaks by the first of them
NAMED, SHOWN = 2, 3


def grouped(case: Case, most: int) -> Case:
    """The case with at most `most` units, `most` at least 1; itself where no row has more.

    Tables: units are joined by average linkage on 1 - |Spearman correlation| over the background rows, the largest
    between any two of their columns; units that are constant there count as alike. Below three background rows,
    neighbours are joined. Images: cut into fewer. `facts["grouping"]` says so in a sentence. No model calls.
    """
    if isinstance(case.rows, Images):
        return _fewer_segments(case, most)
    if not isinstance(case.rows, Table) or not isinstance(case.background, Table):
        return case
    units = dict(case.input_units or case.units or units_of(case.rows.features))
    if len(units) <= most:
        return case
    if case.input_units is None or case.background_inputs.dtype.kind not in "fiub":  # objects: one column per feature
        columns, owner = as_numbers(case.background)
    else:
        columns, owner = standardised(case.background_inputs), np.arange(case.background_inputs.shape[1])
    labels = group_labels(_likeness(columns, owner, list(units.values())), most)
    groups = join_units(units, labels)
    joined = [name for name in groups if name not in units]
    named = "; ".join(joined[:SHOWN]) + ("; ..." if len(joined) > SHOWN else "")
    told = f"{len(units)} features are more than the budget of coalitions allows"
    sentence = f"{told}: those that go together are hidden together, {len(groups)} groups in all ({named})."
    return replace(case, units=groups, facts={**case.facts, "grouping": sentence})


def join_units(units: Units, labels: np.ndarray) -> dict[str, tuple[int, ...]]:
    """Units of one label as one, in the order of their first members.

    >>> join_units({"age": (0,), "sex": (1, 2), "income": (3,), "wage": (4,)}, np.array([0, 1, 0, 0]))
    {'age + income + 1 more': (0, 3, 4), 'sex': (1, 2)}
    """
    names = list(units)
    groups: dict[str, tuple[int, ...]] = {}
    for label in dict.fromkeys(labels.tolist()):
        members = [names[i] for i in np.flatnonzero(labels == label)]
        groups[group_name(members)] = tuple(column for name in members for column in units[name])
    return groups


def group_name(members: Sequence[str]) -> str:
    """The first two members and how many more there are.

    >>> group_name(["age"]), group_name(["age", "income"]), group_name(["age", "income", "a", "b", "c"])
    ('age', 'age + income', 'age + income + 3 more')
    """
    more = len(members) - NAMED
    return " + ".join([*members[:NAMED], *([f"{more} more"] if more > 0 else [])])


def group_labels(likeness: np.ndarray, most: int) -> np.ndarray:
    """A label (d,) for each unit, at most `most` of them, from their likeness (d, d) in [0, 1].

    Merges of average linkage are done from the closest on until `most` groups are left, so that ties do not join more.
    """
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    d = len(likeness)
    if d <= most:
        return np.arange(d)
    distance = 1.0 - likeness
    np.fill_diagonal(distance, 0.0)
    members = {unit: [unit] for unit in range(d)}
    for step, (left, right, *_) in enumerate(linkage(squareform(distance, checks=False), "average")[: d - most]):
        members[d + step] = members.pop(int(left)) + members.pop(int(right))
    labels = np.empty(d, dtype=np.intp)
    for label, units in enumerate(members.values()):
        labels[units] = label
    return labels


def _likeness(columns: np.ndarray, owner: np.ndarray, units: Sequence[tuple[int, ...]]) -> np.ndarray:
    """How alike units are, (d, d) in [0, 1]: the largest |Spearman correlation| between their columns; 1 between two
    that are constant; by distance in the list where there are too few rows."""
    d = len(units)
    if len(columns) < FEWEST_ROWS:
        place = np.arange(d) / d
        return 1.0 - np.abs(place[:, None] - place)
    held = [np.flatnonzero(np.isin(owner, unit)) for unit in units]
    varying = [own[columns[:, own].any(axis=0)] for own in held]
    if sum(map(len, varying)) > MOST_COLUMNS:
        varying = [own[:1] for own in varying]
    order = np.concatenate(varying).astype(np.intp)
    unit_of = np.repeat(np.arange(d), [len(own) for own in varying])
    constant = np.array([len(own) == 0 for own in varying])
    likeness = np.zeros((d, d))
    likeness[np.ix_(constant, constant)] = 1.0
    if len(order):
        starts = np.flatnonzero(np.diff(unit_of, prepend=-1))
        widest = np.maximum.reduceat(np.abs(_spearman(columns[:, order])), starts, axis=0)
        present = np.flatnonzero(~constant)
        likeness[np.ix_(present, present)] = np.maximum.reduceat(widest, starts, axis=1)
    return np.clip(likeness, 0.0, 1.0)


def _spearman(columns: np.ndarray) -> np.ndarray:
    """Rank correlations (p, p) of columns (n, p) that vary."""
    from scipy.stats import rankdata

    ranks = standardised(rankdata(columns, axis=0))
    correlations: np.ndarray = ranks.T @ ranks / len(ranks)
    return correlations


def _fewer_segments(case: Case, most: int) -> Case:
    """The images cut so that none has more than `most` units: asked for fewer until that holds, patches at the last."""
    before = _most_units(case)
    if before <= most:
        return case
    found, units, hiding = before, min(most, case.hiding.units), case.hiding
    while found > most and units >= 1:
        hiding = replace(case.hiding, units=units)
        found = _most_units(replace(case, hiding=hiding))
        units -= max(1, found - most)
    if found > most:
        hiding = replace(case.hiding, units=most, segments="patches")
        found = _most_units(replace(case, hiding=hiding))
    sentence = f"Up to {before} segments in an image are more than the budget of coalitions allows: cut into {found}."
    return replace(case, hiding=hiding, facts={**case.facts, "grouping": sentence})


def _most_units(case: Case) -> int:
    games = case.games
    return max((len(games.units(row)) for row in range(len(case))), default=0)
