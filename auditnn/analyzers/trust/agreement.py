"""Do different methods tell the same story about a row?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.trust.explained import Explained
from auditnn.analyzers.trust.per_row import PerRow, extremes, row_ids
from auditnn.analyzers.trust.shown import ROWS, cost_of, shown
from auditnn.analyzers.trust.shown import Settings as Settings
from auditnn.analyzers.trust.stored import KEYS
from auditnn.core.analyzer import Analyzer, Effort, Yield
from auditnn.core.audit import Quantity
from auditnn.core.errors import NotApplicable
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.subject import Subject
from auditnn.kernels.rank_agreement import rank_correlation
from auditnn.methods.attribution import METHODS

ID = "trust.agreement"
PAIR, MEAN = f"{ID}/rank_agreement", f"{ID}/mean_rank_agreement"
FLAT = "one of the two gives all units of a row the same value, so there are no ranks to compare"


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """rank_agreement: Spearman's correlation between the signed unit values that two methods give a row for its
    predicted class, mean over rows; mean_rank_agreement: of one method, the mean over all others of it.

    1 is the same order of units, 0 no relation. Two methods may answer different questions and both be right, so low
    agreement says that one of them alone is not the explanation. Costs one explanation of each row by each method.
    """
    under = shown(subject, settings, context)
    found = under.each(context)
    if len(found) < 2:
        (name,) = found
        raise NotApplicable(f"{METHODS[name].title} is the only method, so there is nothing to compare it with")
    names = tuple(found)
    table = pairwise(list(found.values()))
    pairs = _pair_measurements(names, table)
    yield from pairs
    means = PerRow(id=MEAN, methods=names, values=_others(table), reason=FLAT, better="higher", unit="correlation")
    told = [means.measurement(name) for name in names]
    yield from told
    yield row_ids(ID, under.case.ids)
    yield from means.arrays(f"{ID}/rows")
    said = extremes(told, "Most in line with the others", "least") + under.without()
    if not np.isnan(table).all():
        yield _heatmap(names, table, said)


def pairwise(found: Sequence[Explained]) -> np.ndarray:
    """Rank correlations (n, m, m) between all methods in each row; NaN where one has no order, and on the diagonal."""
    n, m = len(found[0]), len(found)
    table = np.full((n, m, m), np.nan)
    for i, j in combinations(range(m), 2):
        counts = found[i].counts if found[i].counts is not None else found[j].counts
        table[:, i, j] = table[:, j, i] = rank_correlation(found[i].values, found[j].values, counts)
    return table


def _others(table: np.ndarray) -> np.ndarray:
    """Each method's mean agreement with the others by row, (n, m); NaN where there is none."""
    there = ~np.isnan(table)
    count = there.sum(axis=2)
    total = np.where(there, table, 0.0).sum(axis=2)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _pair_measurements(names: Sequence[str], table: np.ndarray) -> list[Measurement]:
    measured = []
    for i, j in combinations(range(len(names)), 2):
        column = PerRow(
            id=PAIR, methods=(names[i],), values=table[:, i, j][:, None], reason=FLAT, better="higher",
            unit="correlation", limits=(-1.0, 1.0),
        )  # fmt: skip
        measured.append(column.measurement(names[i], other=names[j]))
    return measured


def _heatmap(names: Sequence[str], table: np.ndarray, said: str) -> Exhibit:
    """Every pair's mean over the rows in which both have ranks."""
    columns: dict[str, list[object]] = {"method": [], "other method": [], "rank correlation": []}
    for i, first in enumerate(names):
        for j, second in enumerate(names):
            known = table[:, i, j][~np.isnan(table[:, i, j])]
            columns["method"].append(METHODS[first].title)
            columns["other method"].append(METHODS[second].title)
            columns["rank correlation"].append(1.0 if i == j else float(known.mean()) if len(known) else None)
    return Exhibit(
        id=f"{ID}/pairs",
        kind="heatmap",
        title="How alike methods rank the units of a row",
        summary=said,
        columns=columns,
        roles={"x": "other method", "y": "method", "value": "rank correlation"},
        measurements=(PAIR,),
    )


def cost(subject: Subject, settings: Settings, effort: Effort, row_cap: int | None) -> int:
    """One explanation of each row by each method."""
    return cost_of(subject, settings, effort, row_cap, ROWS)


ANALYZER = Analyzer(
    id=ID,
    title="Agreement of explanations",
    question="Do different methods rank a row's units alike?",
    run=run,
    quantities={
        "rank_agreement": Quantity("Rank agreement", "how alike two methods rank the units of a row"),
        "mean_rank_agreement": Quantity("Mean rank agreement", "how alike a method and each of the others rank them"),
    },
    reference=(
        "Krishna, S. et al. (2022). The disagreement problem in explainable machine learning: a practitioner's "
        "perspective. arXiv:2202.01602."
    ),
    needs=("model", "rows"),
    modalities=("tabular", "image"),
    uses=KEYS,
    produces=(MEAN,),
    settings=Settings,
    cost=cost,
)
