"""Does an explanation stay the same under another seed, and in rows next to the one that it explains?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.settings import setting
from auditnn.analyzers.trust import shown as shared
from auditnn.analyzers.trust.explained import Explained, of_target
from auditnn.analyzers.trust.per_row import PerRow, extremes, picture, row_ids
from auditnn.analyzers.trust.shown import cost_of, shown
from auditnn.analyzers.trust.stored import KEYS
from auditnn.core.analyzer import Analyzer, Effort, Yield
from auditnn.core.audit import Quantity
from auditnn.core.errors import NotApplicable
from auditnn.core.seeding import stream
from auditnn.core.subject import Subject
from auditnn.kernels.rank_agreement import rank_correlation
from auditnn.methods.attribution import METHODS
from auditnn.methods.case import Case
from auditnn.methods.perturbed import nearby

ID = "trust.stability"
STABILITY, SEEDS = f"{ID}/rank_stability", f"{ID}/rank_stability_seeds"
ROWS: Mapping[Effort, int] = {"quick": 10, "standard": 20, "thorough": 50}
DRAWS: Mapping[Effort, int] = {"quick": 1, "standard": 1, "thorough": 2}
MOST_DRAWS = 10
NOTHING = "no row has a change this small that moves a feature, keeps the predicted class and leaves units to rank"
FLAT = "the method gives all units of a row the same value, so there are no ranks to compare"


@dataclass(frozen=True, slots=True)
class Settings(shared.Settings):
    """Which methods and rows, and how small a change is."""

    rows: int | None = setting(None, "test rows; none: 10, 20 or 50 by effort", at_least=1)
    noise: float = setting(0.05, "standard deviation of the change, as a share of each feature's", at_least=0)
    draws: int | None = setting(
        None, "changes of each row; none: 1, 2 if thorough, up to 10 where rows are few", at_least=1
    )


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """rank_stability: Spearman's correlation between the signed unit values of a row and those of the row with a little
    noise in every feature (pixel), computed with another seed where the method draws; mean over rows.
    rank_stability_seeds: of methods that draw, the same with another seed alone.

    Both explain the class predicted for the row; changes that move the prediction to another class are left out.
    Methods without draws are compared in rows that changed only. Costs 1 + draws explanations of each row, and once
    more as many of methods that draw.
    """
    under = shown(subject, settings, context, ROWS)
    found = under.each(context)
    case = under.case
    draws = settings.draws or draws_for(len(case), context.effort)
    again: dict[str, np.ndarray] = {}
    reseeded: dict[str, np.ndarray] = {}
    for name, one in found.items():
        again[name] = _repeated(context, case, name, one, under.methods[name], draws, settings.noise)
        if METHODS[name].drawn:
            reseeded[name] = _repeated(context, case, name, one, under.methods[name], draws, None)
    stability = _per_row(STABILITY, again, NOTHING)
    measured = {"seeds and inputs": [stability.measurement(name) for name in again]}
    if reseeded:
        seeds = _per_row(SEEDS, reseeded, FLAT)
        measured["seeds alone"] = [seeds.measurement(name) for name in reseeded]
    for several in measured.values():
        yield from several
    yield row_ids(ID, case.ids)
    yield from stability.arrays(f"{ID}/rows")
    if reseeded:
        yield from seeds.arrays(f"{ID}/rows")
    said = extremes(measured["seeds and inputs"], "Most stable", "least") + under.without()
    figure = picture(f"{ID}/methods", "How alike a row is explained again", measured, said)
    if figure is not None:
        yield figure


def draws_for(rows: int, effort: Effort) -> int:
    """Changes of each row: as many explanations in all as of the usual number of rows, at most ten of each."""
    return max(1, min(MOST_DRAWS, ROWS[effort] * DRAWS[effort] // max(1, rows)))


def _per_row(id: str, found: Mapping[str, np.ndarray], reason: str) -> PerRow:
    """Means over draws (n, m) with their errors, from correlations (n, draws) of each method."""
    values, errors = zip(*(over_draws(one) for one in found.values()), strict=True)
    return PerRow(
        id=id,
        methods=tuple(found),
        values=np.column_stack(values),
        error=np.column_stack(errors),
        reason=reason,
        better="higher",
        unit="correlation",
        limits=(-1.0, 1.0),
    )


def over_draws(correlations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (n,) of the draws (n, r) that are not NaN, and its standard error, NaN below two."""
    there = ~np.isnan(correlations)
    count = there.sum(axis=1)
    known = np.where(there, correlations, 0.0)
    mean = np.where(count > 0, known.sum(axis=1) / np.maximum(count, 1), np.nan)
    square = np.where(there, correlations - mean[:, None], 0.0) ** 2
    error = np.sqrt(square.sum(axis=1) / np.maximum(count - 1, 1) / np.maximum(count, 1))
    return mean, np.where(count > 1, error, np.nan)


def _repeated(
    context: Context, case: Case, name: str, one: Explained, settings: Mapping[str, Any], draws: int,
    noise: float | None,
) -> np.ndarray:  # fmt: skip
    """Correlations (n, draws) of the explanation with those of the changed rows, or of the same rows under other seeds
    where `noise` is None."""

    def work(rows: np.ndarray) -> Mapping[str, np.ndarray]:
        return {"correlation": repeated(case.take(rows), name, one.take(rows), settings, draws, noise)}

    part = "seeds" if noise is None else "inputs"
    return context.map_rows(f"{name} {part}", np.arange(len(case)), work)["correlation"]


def repeated(
    case: Case, name: str, one: Explained, settings: Mapping[str, Any], draws: int, noise: float | None
) -> np.ndarray:
    """As `_repeated`, for one chunk of rows; NaN where a row has no such change or no ranks."""
    found = np.full((len(case), draws), np.nan)
    for draw in range(draws):
        changed, kept = (case, np.ones(len(case), dtype=bool)) if noise is None else _changed(case, name, noise, draw)
        rows = np.flatnonzero(kept)
        if not len(rows):
            continue
        if METHODS[name].drawn:
            changed = changed.but(seed=int(stream(case.seed, ID, draw).integers(2**31)))
        part = changed.take(rows)
        try:
            other = of_target(METHODS[name].attribute(part, **settings), part.targets)
        except NotApplicable:
            continue
        own = one.take(rows)
        found[rows, draw] = rank_correlation(own.values, other.values, own.counts)
    return found


def _changed(case: Case, name: str, noise: float, draw: int) -> tuple[Case, np.ndarray]:
    """The case with small changes, and the rows (n,) in which they say something of the method."""
    changed, moved = nearby(case, noise, draw)
    kept = np.ones(len(case), dtype=bool) if METHODS[name].drawn else moved
    if case.calls.subject.classification:
        kept = kept & (case.calls.predict(changed.rows).prediction == case.targets)
    return changed, kept


def cost(subject: Subject, settings: Settings, effort: Effort, row_cap: int | None) -> int:
    """1 + 2 draws explanations of each row."""
    n = min(settings.rows or ROWS[effort], row_cap or len(subject.test), len(subject.test))
    draws = settings.draws or draws_for(n, effort)
    return (1 + 2 * draws) * cost_of(subject, settings, effort, row_cap, ROWS)


ANALYZER = Analyzer(
    id=ID,
    title="Stability of explanations",
    question="Does an explanation stay the same under another seed and a little noise?",
    run=run,
    quantities={
        "rank_stability": Quantity("Rank stability", "how alike units rank again, with a little noise and a new seed"),
        "rank_stability_seeds": Quantity("Rank stability over seeds", "how alike units rank again with a new seed"),
    },
    reference=(
        "Alvarez-Melis, D. & Jaakkola, T. (2018). On the robustness of interpretability methods. ICML workshop on "
        "human interpretability in machine learning."
    ),
    needs=("model", "rows"),
    modalities=("tabular", "image"),
    uses=KEYS,
    produces=(STABILITY,),
    settings=Settings,
    cost=cost,
)
