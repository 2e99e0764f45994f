"""Do an additive explanation's values add up to the output that they explain?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.measures import exact
from auditnn.analyzers.trust.explained import Explained
from auditnn.analyzers.trust.per_row import PerRow, extremes, picture, row_ids
from auditnn.analyzers.trust.shown import ROWS, Shown, cost_of, shown
from auditnn.analyzers.trust.shown import Settings as Settings
from auditnn.analyzers.trust.stored import KEYS
from auditnn.core.analyzer import Analyzer, Effort, Yield
from auditnn.core.audit import Quantity
from auditnn.core.errors import NotApplicable
from auditnn.core.subject import Subject
from auditnn.methods.attribution import METHODS
from auditnn.methods.case import Case
from auditnn.subjects import outputs

ID = "trust.completeness"
ERROR, LARGEST = f"{ID}/completeness_error", f"{ID}/largest_completeness_error"
ROUNDING = 1e-6  # of 32-bit models
CONSTANT = "the output is the same for all rows, so there is no spread to relate an error to"


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """completeness_error: |base + sum of the values - output| of the predicted class, in standard deviations of that
    output over the explained and the background rows; its mean over rows, and the largest.

    Asked of methods that promise additivity: Shapley values, DeepLIFT and integrated gradients (base: the output at the
    baseline). Of one row the error is a fact about these values. Costs one explanation of each row.
    """
    under = shown(subject, settings, context)
    for name in [name for name in under.methods if not METHODS[name].additive]:
        under.left_out[name] = "its values are not meant to add up"
    checked = Shown(
        case=under.case,
        methods={name: own for name, own in under.methods.items() if METHODS[name].additive},
        left_out=under.left_out,
    )
    found = {name: one for name, one in checked.each(context).items() if _has_base(checked, name, one)}
    if not found:
        raise NotApplicable(checked.nobody())
    case = checked.case
    spread = output_spread(case)[case.targets]
    errors = np.column_stack([relative_error(one, spread) for one in found.values()])
    scores = PerRow(
        id=ERROR,
        methods=tuple(found),
        values=errors,
        reason=CONSTANT,
        better="lower",
        unit="share",
        limits=(0.0, None),
    )
    measured = []
    for place, name in enumerate(found):
        if len(case) == 1 and not np.isnan(errors[0, place]):
            one = exact(ERROR, errors[0, place], slice={"method": name}, better="lower", unit="share", n=1)
        else:
            one = scores.measurement(name)
        measured.append(one)
        yield one
        known = errors[~np.isnan(errors[:, place]), place]
        if len(known):
            yield exact(LARGEST, known.max(), slice={"method": name}, better="lower", unit="share", n=len(known))
    yield row_ids(ID, case.ids)
    yield from scores.arrays(f"{ID}/rows")
    said = extremes(measured, "Furthest from adding up", "nearest") + checked.without()
    figure = picture(f"{ID}/methods", "How far values miss the output they add up to", {"mean": measured}, said)
    if figure is not None:
        yield figure


def _has_base(under: Shown, name: str, one: Explained) -> bool:
    if one.base is None:
        under.left_out[name] = "it states no base that its values add up from"
    return one.base is not None


def relative_error(one: Explained, spread: np.ndarray) -> np.ndarray:
    """|base + sum of the values - output| of each row over the `spread` (n,) of its output; where that is nothing but
    rounding, 0 if the error is so too, else NaN."""
    assert one.base is not None
    error = np.abs(one.base + one.values.sum(axis=1) - one.output)
    rounding = ROUNDING * np.maximum(np.abs(one.output), np.abs(one.base))
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.where(spread > rounding, error / spread, np.nan)
    return np.where((spread <= rounding) & (error <= rounding), 0.0, relative)


def output_spread(case: Case) -> np.ndarray:
    """Standard deviation (k,) of each explained output over the rows and the background of a case: n + b model rows."""
    raw = np.concatenate([case.calls.outputs(rows) for rows in (case.rows, case.background)])
    spread: np.ndarray = outputs.explained(raw, case.calls.subject).std(axis=0)
    return spread


def cost(subject: Subject, settings: Settings, effort: Effort, row_cap: int | None) -> int:
    """One explanation of each row."""
    return cost_of(subject, settings, effort, row_cap, ROWS)


QUANTITIES: Mapping[str, Quantity] = {
    "completeness_error": Quantity(
        "Completeness error", "how far base and values miss the output, against the output's spread"
    ),
    "largest_completeness_error": Quantity("Largest completeness error", "the same in the row where it is largest"),
}

ANALYZER = Analyzer(
    id=ID,
    title="Completeness of explanations",
    question="Do the values of an additive explanation add up to the output?",
    run=run,
    quantities=QUANTITIES,
    reference="Sundararajan, M., Taly, A. & Yan, Q. (2017). Axiomatic attribution for deep networks. ICML.",
    needs=("model", "rows"),
    modalities=("tabular", "image"),
    uses=KEYS,
    produces=(ERROR,),
    settings=Settings,
    cost=cost,
)
