"""Where does the model err more than elsewhere? Simple slices, found on half of the rows and tested on the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.measures import absent, estimated, rate, rate_difference
from auditnn.analyzers.performance.conditions import Column, columns_of
from auditnn.analyzers.settings import setting
from auditnn.core.analyzer import Analyzer, Yield
from auditnn.core.audit import Quantity
from auditnn.core.errors import NotApplicable
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement, Status
from auditnn.core.rows import Table
from auditnn.core.scale import scale_of, unit_shown
from auditnn.core.subject import Subject
from auditnn.kernels.slices import Coded, Found, slice_mask, weak_slices
from auditnn.kernels.values import mean_absolute_error, mean_difference

ID = "performance.weak_slices"
GAP, RATE, MEAN = f"{ID}/error_gap", f"{ID}/error_rate", f"{ID}/mean_absolute_error"
REST = "the other rows"


@dataclass(frozen=True, slots=True)
class Settings:
    """What counts as a slice, and how many are tested."""

    slices: int = setting(10, "slices that are tested on the other half, at most", at_least=1, at_most=100)
    min_rows: int = setting(50, "rows that a slice needs in the half that is searched", at_least=2)
    min_share: float = setting(0.01, "share of that half that it needs", at_least=0, at_most=0.5)
    bins: int = setting(8, "quantile bins of a number; every range of them is a condition", at_least=2, at_most=30)
    columns: int = setting(30, "columns that pairs are formed of: those that separate the errors most", at_least=0)
    overlap: float = setting(0.5, "share of a slice's rows that those before it may hold", at_least=0, at_most=1)


@dataclass(frozen=True, slots=True)
class Weak:
    """A slice that was carried over: its words, what the search saw, and who is in it among the tested rows (n,)."""

    name: str
    found: Found
    inside: np.ndarray


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """error_gap: error rate (regression: mean absolute error) inside a slice minus that of all other rows, and
    error_rate or mean_absolute_error inside it and, without a slice, of all rows; on the half that was not searched.

    A slice is one or two conditions on features and group attributes. Which half a row is in depends on the seed and
    its id only. No model calls.
    """
    y, predictions = subject.test.y, context.predictions
    if y is None:
        raise NotApplicable("the data has no labels")
    if not isinstance(subject.test.rows, Table) and not subject.test.groups:
        raise NotApplicable("there are no feature columns and no groups to describe a slice with")
    search, test = halves(subject.test.id, context.rng("shared"))
    least = max(settings.min_rows, int(np.ceil(settings.min_share * len(search))))
    columns = columns_of(subject, search, settings.bins, least)
    prediction = predictions.prediction
    loss = prediction != y if subject.classification else np.abs(prediction.astype(float) - y)
    weak = find(columns, loss, search, test, settings, least)
    yield _level(loss[test], subject, {})
    if not weak:
        yield absent(GAP, *_nothing(loss[search], least), better="lower", unit=_unit(subject))
        return
    gaps = [gap(one, loss[test], subject) for one in weak]
    levels = [_level(loss[test][one.inside], subject, {"slice": one.name}) for one in weak]
    yield from gaps
    yield from levels
    expected = _expected_errors(subject, context)
    yield _table(weak, gaps, loss[test], None if expected is None else expected[test], len(search))
    if any(one.value is not None for one in levels):
        yield _figure(levels, gaps, loss[test], subject)


def halves(ids: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the rows to search and of the rows to test on, each ascending; they share none.

    A permutation of the rows in the order of their ids, so that the order in which they came does not matter.
    """
    ordered = np.argsort(ids.astype(str) if ids.dtype == object else ids, kind="stable")
    shuffled = ordered[random.permutation(len(ids))]
    return np.sort(shuffled[: len(ids) // 2]), np.sort(shuffled[len(ids) // 2 :])


def find(
    columns: Sequence[Column], loss: np.ndarray, search: np.ndarray, test: np.ndarray, settings: Settings, least: int
) -> list[Weak]:
    """The slices that look weakest on the rows `search`, with their rows among `test` (both are positions)."""
    if not columns:
        return []
    found = weak_slices(
        [_at(column.coded, search) for column in columns],
        loss[search],
        least=least,
        most=settings.slices,
        paired=settings.columns,
        overlap=settings.overlap,
    )
    held = [_at(column.coded, test) for column in columns]
    return [
        Weak(" & ".join(columns[i].labels[j] for i, j in one.conditions), one, slice_mask(held, one.conditions))
        for one in found
    ]


def _at(coded: Coded, positions: np.ndarray) -> Coded:
    return Coded(coded.codes[positions], coded.size, coded.first, coded.last)


def _nothing(loss: np.ndarray, least: int) -> tuple[Status, str]:
    """Why no slice was carried over."""
    if len(loss) < 2 * least:
        return "undefined", f"half of the rows are {len(loss):,}, too few for a slice of {least:,} rows and the others"
    if not loss.any():
        return "not_applicable", f"the model makes no error in the {len(loss):,} rows that were searched"
    return "undefined", f"no slice of {least:,} rows to half of the rows errs more than the others"


def _unit(subject: Subject) -> str:
    return "probability" if subject.classification else "target"


def gap(one: Weak, loss: np.ndarray, subject: Subject) -> Measurement:
    """Inside minus outside on the tested rows: Newcombe for error rates, Welch's t for absolute errors."""
    slice, inside, outside = {"slice": one.name}, loss[one.inside], loss[~one.inside]
    if not subject.classification:
        difference = mean_difference(inside, outside)
        return estimated(GAP, difference, slice=slice, better="lower", unit="target")
    if not len(inside) or not len(outside):
        where = "in" if not len(inside) else "outside"
        reason = f"no row of the half that tests is {where} the slice"
        return absent(GAP, "undefined", reason, slice=slice, better="lower", unit="probability")
    x, n = (int(inside.sum()), int(outside.sum())), (len(inside), len(outside))
    return rate_difference(GAP, (one.name, REST), x, n, slice=slice, better="lower", about={"rate": "error_rate"})


def _level(loss: np.ndarray, subject: Subject, slice: dict[str, str]) -> Measurement:
    """The error of these rows by itself."""
    if subject.classification:
        return rate(RATE, int(loss.sum()), len(loss), slice=slice, better="lower")
    return estimated(MEAN, mean_absolute_error(loss), slice=slice, better="lower", unit="target", limits=(0.0, None))


def _expected_errors(subject: Subject, context: Context) -> np.ndarray | None:
    """How likely each row is to be an error if its scores are right, shape (n,); None where there are no scores."""
    prediction, score = context.predictions.prediction, context.predictions.score
    if score is None or not subject.classification:
        return None
    if score.ndim == 1:
        return np.where(prediction == subject.positive, 1.0 - score, score)
    return 1.0 - score[np.arange(len(score)), prediction]


def _table(
    weak: Sequence[Weak], gaps: Sequence[Measurement], loss: np.ndarray, expected: np.ndarray | None, searched: int
) -> Exhibit:
    """Each slice: its rows and error inside and outside, and how much larger the gap looked where it was found."""
    columns: dict[str, list[object]] = {
        "slice": [one.name for one in weak],
        "rows": [int(one.inside.sum()) for one in weak],
        "error inside": [_mean(loss[one.inside]) for one in weak],
        "error outside": [_mean(loss[~one.inside]) for one in weak],
    }
    if expected is not None:
        columns["error that the scores expect inside"] = [_mean(expected[one.inside]) for one in weak]
    columns |= {
        "gap": [one.value for one in gaps],
        "low": [one.low for one in gaps],
        "high": [one.high for one in gaps],
        "gap where it was found": [one.found.inside - one.found.outside for one in weak],
    }
    return Exhibit(
        id=f"{ID}/slices",
        kind="table",
        title="Slices in which the model errs more",
        summary=(
            f"Found on {searched:,} rows and measured on the other {len(loss):,}. The gap where a slice was found is "
            "too large, because it was picked for it; the gap on the other rows is not."
        ),
        columns=columns,
        roles={"units": _units(columns, gaps)},
        measurements=(GAP,),
    )


def _units(columns: Iterable[str], gaps: Sequence[Measurement]) -> dict[str, str]:
    """The unit of each column of numbers: gaps of error rates are in points, error rates themselves are shares."""
    level = gaps[0].unit
    difference = next((unit_shown(one) for one in gaps if one.value is not None), level)
    apart = ("gap", "low", "high", "gap where it was found")
    return {name: difference if name in apart else level for name in columns if name not in ("slice", "rows")}


def _figure(levels: Sequence[Measurement], gaps: Sequence[Measurement], loss: np.ndarray, subject: Subject) -> Exhibit:
    """The error inside each slice with its interval, and a line at that of all rows; widest gap first."""
    by_gap = sorted(zip(gaps, levels, strict=True), key=lambda pair: -(pair[0].value or 0.0))
    shown = [level for _, level in by_gap if level.value is not None]
    overall, first = float(loss.mean()), shown[0]
    name = "error rate" if subject.classification else "mean absolute error"
    scale = scale_of(first, (overall,))
    return Exhibit(
        id=f"{ID}/errors",
        kind="intervals",
        title=f"{name.capitalize()} by slice, on rows that took no part in finding it",
        summary=(
            f"The {name} is {scale.full(first.value or 0.0)} where {first.slice['slice']}, against "
            f"{scale.full(overall)} over all {len(loss):,} rows (the line)."
        ),
        columns={
            "slice": [one.slice["slice"] for one in shown],
            name: [one.value for one in shown],
            "low": [one.low for one in shown],
            "high": [one.high for one in shown],
            "rows": [one.n for one in shown],
        },
        roles={"label": "slice", "value": name, "low": "low", "high": "high", "reference": overall},
        measurements=(RATE if subject.classification else MEAN,),
    )


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


ANALYZER = Analyzer(
    id=ID,
    title="Weak slices",
    question="In which kinds of rows does the model err more than elsewhere?",
    run=run,
    quantities={
        "error_gap": Quantity("Error gap", "error inside a slice minus that of all other rows"),
        "error_rate": Quantity("Error rate", "share of rows predicted wrongly"),
        "mean_absolute_error": Quantity("Mean absolute error", "in the unit of the target"),
    },
    reference=(
        "Chung, Y. et al. (2019). Slice Finder: automated data slicing for model validation. ICDE. "
        "Sagadeeva, S. & Boehm, M. (2021). SliceLine: fast, linear-algebra-based slice finding. SIGMOD."
    ),
    needs=("labels",),
    tasks=("binary", "multiclass", "regression"),
    settings=Settings,
)
