"""Which inputs does a simple model of the neighborhood of a row point at, and how well does it fit there? LIME."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.explained import attribute, case_for
from auditnn.analyzers.explanation.explained_rows import ExplainedRows, by_size
from auditnn.analyzers.explanation.lime_pictures import ID, pictures
from auditnn.analyzers.explanation.telling import rows_shown, telling_rows
from auditnn.analyzers.explanation.unit_values import UnitValues
from auditnn.analyzers.measures import absent, estimated, exact
from auditnn.analyzers.settings import setting
from auditnn.core.analyzer import Analyzer, Effort, Yield
from auditnn.core.audit import Quantity, RowArray
from auditnn.core.measurement import Measurement
from auditnn.core.subject import Subject
from auditnn.kernels.absolute import mean_size
from auditnn.kernels.estimate import Estimate
from auditnn.kernels.moments import mean
from auditnn.methods.attribution import METHODS
from auditnn.methods.attribution.lime_reference import reference_difference
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case, Hiding

R2, REFERENCE, SIZE = f"{ID}/local_r2", f"{ID}/reference_difference", f"{ID}/mean_abs_value"
VALUES, ERROR, FIT, ROWS, SEGMENTS = (f"{ID}/{name}" for name in ("values", "error", "r2", "rows", "segments"))
SHAPLEY = tuple(f"explanation.shapley_values/{name}" for name in ("values", "rows", "class", "segments"))
Budget = Mapping[Effort, tuple[int, int]]
TABLES: Budget = {"quick": (40, 1000), "standard": (100, 2000), "thorough": (500, 5000)}
IMAGES: Budget = {"quick": (16, 256), "standard": (50, 512), "thorough": (200, 1000)}
ESTIMATORS: Budget = {"quick": (20, 1000), "standard": (50, 1000), "thorough": (200, 5000)}
CHUNK, SHARED_CHUNK = 100, 500
MOST_UNITS, MOST_SIZES = 10, 60
UNITS: Mapping[str, str] = {"logits": "logit", "probabilities": "probability", "labels": "probability"}


@dataclass(frozen=True, slots=True)
class Settings:
    """How many rows and samples, how these are drawn, and what the local model may hold."""

    rows: int | None = setting(None, "test rows that are explained; none: by effort", at_least=1)
    draws: int | None = setting(None, "samples around each row; none: by effort", at_least=10)
    samples: Literal["per_row", "shared"] = setting("per_row", "samples of each row, or the same for all of them")
    discretizer: Literal["none", "quartile", "decile", "entropy"] = setting("none", "how numbers are cut into bins")
    center: Literal["training", "row"] = setting("training", "what numbers that are not cut are drawn around")
    kernel_width: float | None = setting(None, "width of the kernel; none: the library's", at_least=1e-3)
    num_features: int | None = setting(None, "units that each local model keeps; none: all of them", at_least=1)
    selection: Literal["auto", "forward_selection", "highest_weights"] = setting("auto", "how these are selected")
    engine: Literal["fast", "reference"] = setting("fast", "our batched engine, or the library itself")
    reference_rows: int = setting(3, "rows that the library fits again on the same samples", at_least=0)
    background: int = setting(100, "rows that hidden units of images are filled from", at_least=1)
    segments: Literal["auto", "slic", "patches"] = setting("auto", "how an image is cut into units")
    units: int = setting(16, "about how many units an image is cut into", at_least=2, at_most=1000)
    fill: Literal["mean", "blur", "background"] = setting("mean", "what a hidden unit of an image shows")


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """local_r2: mean over a sample of rows of the weighted R2 of the local linear model, for the predicted class.
    reference_difference: largest relative difference between coefficients and those of the lime library on the same
    samples, over a few rows. mean_abs_value: mean |value| of the largest units, by class.

    The explained output is the logit of a class where there are logits, else its probability, or the value of a
    regression. Per row: values and their standard errors (row, unit, class), r2 (row, class). Costs `rows` x `draws`
    model rows, or `rows` + `draws` where samples are shared, and `reference_rows` x `draws` more.
    """
    rows, draws = budget_of(subject, context.effort, settings)
    positions = context.sample(rows)
    hiding = Hiding(segments=settings.segments, units=settings.units, fill=settings.fill)
    case = case_for(context, positions, background=settings.background, hiding=hiding)
    how = method_settings(settings, draws)
    chunk = SHARED_CHUNK if settings.samples == "shared" else CHUNK
    result = attribute(context, case, METHODS["lime"], how, chunk)
    one = ExplainedRows(
        subject=subject,
        attribution=result,
        ids=case.ids,
        targets=case.targets,
        units=UnitValues(case.rows, subject.redact),
        chosen=tuple(range(result.values.shape[2])),
        shown=rows_shown(subject, context, len(positions)),
        telling=telling_rows(subject, context, positions),
        facts=case.facts,
    )
    yield from _arrays(one)
    shared = settings.samples == "shared" and subject.modality == "tabular"
    yield estimated(R2, mean_r2(result, case.targets, shared), better="higher", unit="ratio", limits=(0.0, 1.0))
    yield _reference(case, result, settings, how)
    sizes = list(_sizes(one, shared))
    yield from sizes
    shapley = {key: context.consumed[key] for key in SHAPLEY if key in context.consumed}
    yield from pictures(one, sizes, shapley)


def budget_of(subject: Subject, effort: Effort, settings: Settings) -> tuple[int, int]:
    """Rows to explain and samples for each, by effort where they are not set: fewer for images, and for models that are
    not torch modules, which take thousands of rows a second and not millions."""
    kind = subject.model.kind if subject.model is not None else "torch"
    table = IMAGES if subject.modality == "image" else TABLES if kind == "torch" else ESTIMATORS
    rows, draws = table[effort]
    return settings.rows or rows, settings.draws or draws


def method_settings(settings: Settings, draws: int) -> dict[str, Any]:
    """What the method takes."""
    same = ("samples", "discretizer", "center", "kernel_width", "num_features", "selection", "engine")
    return {"draws": draws, **{name: getattr(settings, name) for name in same}}


def mean_r2(result: Attribution, targets: np.ndarray, shared: bool) -> Estimate:
    """Mean R2 of the local models of the explained classes; Student's t over rows, wider by the draws where all rows
    share them; one row: by its draws alone."""
    rows = np.arange(len(result))
    column = targets if result.values.shape[2] > 1 else np.zeros(len(result), dtype=np.intp)
    r2 = np.clip(result.details["r2"][rows, column], 0.0, 1.0)
    drawn = result.details.get("r2_error")
    error = None if drawn is None else drawn[rows, column]
    if len(r2) == 1 and error is not None:
        return Estimate(float(r2[0]), "monte_carlo", {"se": float(error[0]), "scale": "identity"}, 1)
    found = mean(r2)
    if found.value is None or error is None or not shared:
        return found
    se = float(np.hypot(found.basis["se"], error.mean()))
    return Estimate(found.value, "t", {**found.basis, "se": se}, found.n)


def _reference(case: Case, result: Attribution, settings: Settings, how: Mapping[str, Any]) -> Measurement:
    if settings.engine == "reference":
        reason = "the coefficients are the library's own"
        return absent(REFERENCE, "not_applicable", reason, better="lower", unit="ratio")
    few = min(settings.reference_rows, len(case))
    if few == 0:
        return absent(REFERENCE, "undefined", "no row was given to the library", better="lower", unit="ratio")
    told = {name: value for name, value in how.items() if name != "engine"}
    difference = reference_difference(case.take(np.arange(few)), result, **told)
    return exact(REFERENCE, float(difference.max()), better="lower", unit="ratio", n=few)


def _sizes(one: ExplainedRows, shared: bool) -> Iterator[Measurement]:
    """mean_abs_value of the ten largest units of the commonest classes, sixty in all at most."""
    unit = UNITS.get(one.subject.output, "target")
    if not one.comparable:
        reason = "the units are superpixels of each image, so a unit of one image is none of another"
        yield absent(SIZE, "undefined", reason, unit=unit, n=len(one.ids))
        return
    columns = one.columns
    for column in columns:
        errors = column.error
        found = [
            mean_size(column.values[:, at], None if errors is None else errors[:, at], shared=shared)
            for at in range(len(one.names))
        ]
        most = min(MOST_UNITS, max(3, MOST_SIZES // len(columns)))
        for at in by_size([estimate.value or 0.0 for estimate in found])[:most]:
            slice, estimate = {"feature": one.names[at], **column.slice}, found[at]
            if estimate.method == "exact" and estimate.value is not None:
                yield exact(SIZE, estimate.value, slice=slice, unit=unit, n=estimate.n)
            else:
                yield estimated(SIZE, estimate, slice=slice, unit=unit, limits=(0.0, None))


def _arrays(one: ExplainedRows) -> Iterator[RowArray]:
    """What later analyzers build on."""
    result = one.attribution
    classes = {"class": one.subject.classes or ("value",)}
    yield RowArray(key=ROWS, data=one.ids, dims=("row",), rows=ROWS)
    for key, values in ((VALUES, result.values), (ERROR, result.error)):
        if values is not None:
            yield RowArray(
                key=key, data=values.astype(np.float32), dims=("row", "unit", "class"), rows=ROWS,
                coords={"unit": one.names, **classes},
            )  # fmt: skip
    r2 = result.details["r2"].astype(np.float32)
    yield RowArray(key=FIT, data=r2, dims=("row", "class"), rows=ROWS, coords=classes)
    if result.segments is not None:
        segments = result.segments.astype(np.int16)
        yield RowArray(key=SEGMENTS, data=segments, dims=("row", "height", "width"), rows=ROWS)


def cost(subject: Subject, settings: Settings, effort: Effort, row_cap: int | None) -> int:
    """Rows times samples (each with every fill of an image), or rows and samples where they are shared; and the rows
    that the library fits again."""
    rows, draws = budget_of(subject, effort, settings)
    rows = min(rows, row_cap or rows, len(subject.test))
    few = min(settings.reference_rows, rows)
    if settings.samples == "shared" and subject.modality == "tabular":
        return rows + few + draws * (-(-rows // SHARED_CHUNK) + (few > 0))
    fills = settings.background if subject.modality == "image" and settings.fill == "background" else 1
    return (rows + few) * draws * fills


ANALYZER = Analyzer(
    id=ID,
    title="LIME",
    question="Which inputs does a linear model of a row's neighborhood point at, and does it fit?",
    run=run,
    quantities={
        "local_r2": Quantity("Local R2", "share of the output's variation around a row that the local model explains"),
        "reference_difference": Quantity("Difference from lime", "from the lime library's fit of the same samples"),
        "mean_abs_value": Quantity("Mean |LIME value|", "how much weight the local models give a feature on average"),
    },
    reference=(
        "Ribeiro, M. T., Singh, S. & Guestrin, C. (2016). 'Why should I trust you?' Explaining the predictions of any "
        "classifier. KDD."
    ),
    needs=("model", "rows"),
    modalities=("tabular", "image"),
    uses=SHAPLEY,
    produces=(ROWS, VALUES, ERROR, FIT, SEGMENTS),
    settings=Settings,
    cost=cost,
)
