"""Which inputs drive the model's output? Shapley values: for single rows, and their mean size overall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.explained import attribute, case_for, stored_ids
from auditnn.analyzers.explanation.beeswarm import beeswarms
from auditnn.analyzers.explanation.explained_rows import ExplainedRows
from auditnn.analyzers.explanation.importance import importance
from auditnn.analyzers.explanation.shapley_measures import ID, additivity, noise, reference, size_measurements, sizes
from auditnn.analyzers.explanation.shapley_plan import REFERENCE_ROWS, Plan, budget_of, cost_of, planned
from auditnn.analyzers.explanation.telling import rows_shown, telling_rows
from auditnn.analyzers.explanation.unit_maps import unit_maps
from auditnn.analyzers.explanation.unit_values import UnitValues
from auditnn.analyzers.explanation.waterfall import waterfalls
from auditnn.analyzers.settings import setting
from auditnn.core.analyzer import Analyzer, Effort, Yield
from auditnn.core.audit import Quantity, RowArray
from auditnn.core.errors import SettingsError
from auditnn.core.exhibit import Exhibit
from auditnn.core.rows import Images
from auditnn.core.subject import Subject
from auditnn.methods.case import Hiding

VALUES, BASE, ERROR = f"{ID}/values", f"{ID}/base", f"{ID}/error"
ROWS, CLASS, SEGMENTS = f"{ID}/rows", f"{ID}/class", f"{ID}/segments"
UNITS: Mapping[str, str] = {"logits": "logit", "probabilities": "probability", "labels": "probability"}
OUTPUTS: Mapping[str, str] = {
    "logits": "logit", "probabilities": "probability", "labels": "decision (1 for this class, 0 for another)",
    "values": "predicted value",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """By which method, for how many rows, against which background."""

    method: Literal[
        "auto", "linear_shapley", "exact_shapley", "kernel_shap", "permutation_shapley", "deep_lift_shap",
        "gradient_shap",
    ] = setting("auto", "how the values are computed; auto picks and says why")  # fmt: skip
    rows: int | None = setting(None, "test rows that are explained; none: by effort", at_least=1)
    masks: int | None = setting(None, "coalitions asked for each row; none: by effort", at_least=4)
    background: int = setting(100, "rows that stand in for what is hidden", at_least=1)
    background_rule: Literal["sample", "k_medoids"] = setting("sample", "how these are chosen of the training rows")
    sampler: Literal["leverage", "shap"] = setting("leverage", "how coalitions are drawn; shap: as the library does")
    draws: Literal["per_row", "shared"] = setting("per_row", "draws of each row, or the same for all of them")
    engine: Literal["fast", "reference"] = setting("fast", "our batched engine, or the library itself")
    segments: Literal["auto", "slic", "patches"] = setting("auto", "how an image is cut into units")
    units: int = setting(16, "about how many units an image is cut into", at_least=2, at_most=1000)
    fill: Literal["mean", "blur", "background"] = setting("mean", "what a hidden unit of an image shows")
    classes: tuple[str, ...] | None = setting(None, "classes to explain; none: all of them")


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """mean_abs_value: mean of |Shapley value| of each unit over a sample of rows, by class, with the spread over rows
    and the noise of the draws in its interval. additivity_error, reference_difference and monte_carlo_error say how far
    the values are to be believed as numbers.

    The value of a coalition is the mean of the explained output (a logit, else a probability; the value of a
    regression) over background rows in place of what is hidden. Per row: values (row, unit, class), base, error.
    Costs `rows` times coalitions times background rows.
    """
    rows, masks = budget_of(subject, context.effort, settings.rows, settings.masks)
    chosen = _chosen(subject, settings)
    positions = context.sample(rows)
    hiding = Hiding(segments=settings.segments, units=settings.units, fill=settings.fill)
    case = case_for(context, positions, background=settings.background, rule=settings.background_rule, hiding=hiding)
    wanted = {"sampler": settings.sampler, "draws": settings.draws, "engine": settings.engine}
    predicted = case.targets
    if settings.classes is not None and len(chosen) == 1:
        case = replace(case, targets=np.full(len(positions), chosen[0], dtype=np.int64))
    plan = planned(case, settings.method, masks, wanted)
    result = attribute(context, plan.case, plan.method, plan.settings)
    one = ExplainedRows(
        subject=subject,
        attribution=result,
        ids=stored_ids(case),
        predicted=predicted,
        targets=case.targets,
        units=UnitValues(case.rows, subject.redact),
        chosen=chosen,
        shown=rows_shown(subject, context, len(positions)),
        telling=telling_rows(subject, context, positions),
        facts=case.facts,
    )
    yield from _arrays(one)
    yield from _measured(one, shared=settings.draws == "shared")
    yield reference(one, plan.case, settings.engine, min(REFERENCE_ROWS, len(result)))
    yield _account(one, plan, settings)
    yield from _pictures(one)


def _measured(one: ExplainedRows, shared: bool) -> Iterator[Yield]:
    unit = unit_of(one.subject)
    found = [(column, sizes(column, shared)) for column in one.columns]
    for column, estimates in found:
        yield from size_measurements(one, column, estimates, unit)
    yield additivity(one)
    yield noise(one)
    if one.comparable:
        yield from importance(one, found, unit)


def _pictures(one: ExplainedRows) -> Iterator[Exhibit]:
    rows = one.units.rows
    if isinstance(rows, Images):
        yield from unit_maps(one, rows)
        return
    yield from beeswarms(one, one.columns[:3])
    yield from waterfalls(one, OUTPUTS[one.subject.output])


def unit_of(subject: Subject) -> str:
    """The unit of the explained output."""
    return UNITS.get(subject.output, "target")


def _chosen(subject: Subject, settings: Settings) -> tuple[int, ...]:
    """The codes of the classes to speak of."""
    if not subject.classes:
        return (0,)
    if settings.classes is None:
        return tuple(range(len(subject.classes)))
    strange = [name for name in settings.classes if name not in subject.classes]
    if strange or not settings.classes:
        known = f"classes of the subject for {ID}.classes"
        raise SettingsError(known, repr(strange), f"Its classes are {', '.join(subject.classes)}.")
    return tuple(sorted({subject.classes.index(name) for name in settings.classes}))


def _arrays(one: ExplainedRows) -> Iterator[RowArray]:
    """What later analyzers and `to_shap` build on."""
    result, subject = one.attribution, one.subject
    of_each = result.targets is not None
    at = [0] if of_each or not subject.classes else list(one.chosen)
    names = () if of_each else tuple(subject.classes[code] for code in at) if subject.classes else ("value",)
    coords = {"class": names} if names else {}
    yield RowArray(key=ROWS, data=one.ids, dims=("row",), rows=ROWS)
    if result.base is not None:
        base = result.base[:, at].astype(np.float32)
        yield RowArray(key=BASE, data=base, dims=("row", "class"), rows=ROWS, coords=coords)
    for key, values in ((VALUES, result.values), (ERROR, result.error)):
        if values is not None:
            yield RowArray(
                key=key,
                data=values[:, :, at].astype(np.float32),
                dims=("row", "unit", "class"),
                rows=ROWS,
                coords={"unit": one.names, **coords},
                base=BASE if key == VALUES and result.base is not None else None,
            )
    if of_each and subject.classes:
        yield RowArray(key=CLASS, data=np.array(subject.classes)[one.targets], dims=("row",), rows=ROWS)
    if result.segments is not None:
        segments = result.segments.astype(np.int16)
        yield RowArray(key=SEGMENTS, data=segments, dims=("row", "height", "width"), rows=ROWS)


def _account(one: ExplainedRows, plan: Plan, settings: Settings) -> Exhibit:
    """How the values came about, as a table that a reader can check."""
    facts, result, subject = one.facts, one.attribution, one.subject
    source = "training rows" if facts["background_from"] == "train" else "test rows, as there are no training rows"
    rules = {"all": "all of them", "sample": "a seeded sample", "k_medoids": "k-medoids"}
    lines = {
        "method": plan.method.title,
        "why this one": plan.why,
        "explained output": OUTPUTS[subject.output],
        "rows explained": f"{len(result):,}",
        "units": f"{len(one.names):,}",
        "background rows": f"{facts['background']:,}",
        "background": f"{rules[str(facts['background_rule'])]} of the {source}",
        **{name.replace("_", " "): str(value) for name, value in result.facts.items() if name != "background"},
        **{f"note {number}": note for number, note in enumerate(result.notes, 1)},
    }
    notes = " ".join(result.notes)
    return Exhibit(
        id=f"{ID}/method",
        kind="table",
        title="How the values were computed",
        summary=(
            f"{plan.method.title}. {plan.why} {len(result):,} row{'s' if len(result) != 1 else ''} against "
            f"{facts['background']:,} background row{'s' if facts['background'] != 1 else ''} "
            f"({rules[str(facts['background_rule'])]} of the {source}).{' ' + notes if notes else ''}"
        ),
        columns={"what": list(lines), "value": list(lines.values())},
        slice=one.slice(),
    )


def cost(subject: Subject, settings: Settings, effort: Effort, row_cap: int | None) -> int:
    """At most `rows` times coalitions times background rows, and a few rows again by the library."""
    rows, masks = budget_of(subject, effort, settings.rows, settings.masks)
    rows = min(rows, row_cap or rows, len(subject.test))
    filled = 1 if subject.modality == "image" and settings.fill != "background" else settings.background
    return cost_of(subject, settings.method, rows, masks, settings.background, filled, settings.units)


ANALYZER = Analyzer(
    id=ID,
    title="Shapley values",
    question="Which inputs drive the model's output, in single rows and overall?",
    run=run,
    quantities={
        "mean_abs_value": Quantity("Mean |Shapley value|", "how far a feature moves the output on average, either way"),
        "additivity_error": Quantity("Additivity error", "how far base and values miss the output they add up to"),
        "reference_difference": Quantity("Difference from shap", "from the shap library's values for the same rows"),
        "monte_carlo_error": Quantity("Monte-Carlo error", "noise of the draws against the size of the values"),
    },
    reference=(
        "Lundberg, S. & Lee, S.-I. (2017). A unified approach to interpreting model predictions. NeurIPS. "
        "Shapley, L. (1953). A value for n-person games."
    ),
    needs=("model", "rows"),
    modalities=("tabular", "image"),
    produces=(ROWS, VALUES, BASE, ERROR, SEGMENTS),
    settings=Settings,
    cost=cost,
)
