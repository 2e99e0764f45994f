"""Which inputs is the output sensitive to? Gradient methods beside each other, and occlusion for every model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.explained import attribute, case_for
from auditnn.analyzers.explanation.saliency_pictures import account, grid, shares
from auditnn.analyzers.explanation.saliency_plan import FITTING, Plan, cost, planned, settings_of
from auditnn.analyzers.explanation.telling import telling_rows
from auditnn.analyzers.measures import absent, estimated, exact, rate
from auditnn.analyzers.settings import setting
from auditnn.core.analyzer import Analyzer, Yield
from auditnn.core.audit import Quantity, RowArray
from auditnn.core.errors import NotApplicable
from auditnn.core.measurement import Measurement
from auditnn.core.rows import Images
from auditnn.core.subject import Subject
from auditnn.kernels.absolute import mean_size
from auditnn.methods.attribution import METHODS
from auditnn.methods.attribution.by_captum import reference_difference
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case, Hiding

ID = "explanation.saliency"
SIZE, ZERO, DIFFERENCE = f"{ID}/mean_abs_value", f"{ID}/zero_gradient_share", f"{ID}/reference_difference"
ROWS, CLASS = f"{ID}/rows", f"{ID}/class"
NAMES = FITTING["image"]
MOST_FEATURES = 12
VANISHED = 1e-6


@dataclass(frozen=True, slots=True)
class Settings:
    """Which methods, for how many rows, and how each goes about it."""

    methods: (
        tuple[
            Literal[
                "gradient", "input_x_gradient", "integrated_gradients", "smooth_grad", "deep_lift",
                "guided_backpropagation", "grad_cam", "occlusion",
            ],
            ...,
        ]
        | None
    ) = setting(None, "methods to compare; none: those that fit the model and the data")  # fmt: skip
    rows: int | None = setting(None, "test rows that are explained; none: by effort", at_least=1)
    steps: int | None = setting(None, "points of integrated gradients; none: by effort", at_least=1, at_most=1000)
    samples: int | None = setting(None, "noisy copies for SmoothGrad; none: by effort", at_least=2, at_most=10_000)
    noise: float = setting(0.15, "SmoothGrad's noise, in parts of an image's range or a feature's spread", at_least=0)
    baseline: Literal["auto", "mean", "black", "blur"] = setting("auto", "what images are compared with; auto: as fill")
    layer: str | None = setting(None, "the layer that Grad-CAM looks at; none: the last convolution")
    window: int | None = setting(None, "side of a square that slides over images; none: units are hidden", at_least=1)
    stride: int | None = setting(None, "steps of that square; none: half of its side", at_least=1)
    fold: bool = setting(True, "gradients from a copy with batch normalisation folded in, where there is one")
    background: int = setting(
        100, "rows that the baseline is the mean of, and that hide a table's features", at_least=1
    )
    segments: Literal["auto", "slic", "patches"] = setting("auto", "how an image is cut into units")
    units: int = setting(16, "about how many units an image is cut into", at_least=2, at_most=1000)
    fill: Literal["mean", "blur", "background"] = setting("mean", "what a hidden unit of an image shows")
    reference_rows: int = setting(2, "rows that captum alone computes again", at_least=0, at_most=100)


def run(subject: Subject, settings: Settings, context: Context) -> Iterator[Yield]:
    """mean_abs_value: mean of |value| of a feature over a sample of rows, by method, for each row's predicted class.
    zero_gradient_share: rows in which a gradient method gives nothing but zeros or vanishing values.
    reference_difference: from captum alone, over a few rows, where the values are not captum's own.

    Per row: the values of each method (row, unit) for tables, maps (row, height, width) for images. Costs `rows` times
    `steps` plus `samples`, forward and backward, and what occlusion hides, once for each fill-in.
    """
    plan = planned(subject, context.effort, settings)
    positions = context.sample(plan.rows)
    hiding = Hiding(segments=settings.segments, units=settings.units, fill=settings.fill)
    case = case_for(context, positions, background=settings.background, hiding=hiding)
    found, reasons = _attributed(context, case, settings, plan)
    if not found:
        raise NotApplicable("; ".join(f"{METHODS[name].title}: {why}" for name, why in reasons.items()))
    differences = _differences(case, found, settings, plan)
    yield from _arrays(case, found)
    yield from _measured(case, found, differences, min(settings.reference_rows, len(case)))
    for name in settings.methods or ():
        if name in reasons:
            yield absent(ZERO, "not_applicable", reasons[name], slice={"method": name}, better="lower")
    yield account(ID, case, found, reasons, differences)
    if isinstance(case.rows, Images):
        yield from grid(ID, case, found, telling_rows(subject, context, positions))
    else:
        yield from shares(ID, case, found, SIZE)


def _attributed(
    context: Context, case: Case, settings: Settings, plan: Plan
) -> tuple[dict[str, Attribution], dict[str, str]]:
    """What each method found, and why others could not be asked."""
    found: dict[str, Attribution] = {}
    reasons: dict[str, str] = {}
    for name in dict.fromkeys(settings.methods or FITTING[context.subject.modality]):
        try:
            if case.rows.modality not in METHODS[name].modalities:
                raise NotApplicable(f"it is made for {' and '.join(METHODS[name].modalities)} data")
            found[name] = attribute(context, case, METHODS[name], settings_of(name, settings, plan))
        except NotApplicable as error:
            reasons[name] = error.reason
    return found, reasons


def _differences(case: Case, found: Mapping[str, Attribution], settings: Settings, plan: Plan) -> dict[str, float]:
    """How far a few rows are from captum alone, by method."""
    few = np.arange(min(settings.reference_rows, len(case)))
    differences: dict[str, float] = {}
    if not len(few):
        return differences
    some = case.take(few)
    for name, one in found.items():
        values = one.of(case.targets)[few]
        apart = reference_difference(some, name, values, settings_of(name, settings, plan))
        if apart is not None:
            differences[name] = apart
    return differences


def _measured(
    case: Case, found: Mapping[str, Attribution], differences: Mapping[str, float], again: int
) -> Iterator[Measurement]:
    for name, one in found.items():
        slice = {"method": name}
        if METHODS[name].kind == "gradient":
            yield rate(ZERO, int(vanished(one).sum()), len(one), slice=slice, better="lower")
        if name in differences:
            yield exact(DIFFERENCE, differences[name], slice=slice, better="lower", unit="ratio", n=again)
        if not isinstance(case.rows, Images):
            yield from _sizes(one, case)


def _sizes(one: Attribution, case: Case) -> Iterator[Measurement]:
    """mean_abs_value of the method's largest features."""
    values = one.of(case.targets)
    error = None if one.error is None else _error(one, case)
    largest = np.argsort(-np.abs(values).mean(axis=0), kind="stable")[:MOST_FEATURES]
    for unit in largest.tolist():
        slice = {"method": one.method, "feature": one.units[unit]}
        size = mean_size(values[:, unit], None if error is None else error[:, unit])
        if size.method == "exact" and size.value is not None:
            yield exact(SIZE, size.value, slice=slice, n=size.n)
        else:
            yield estimated(SIZE, size, slice=slice, limits=(0.0, None))


def _error(one: Attribution, case: Case) -> np.ndarray:
    assert one.error is not None
    column = np.zeros(len(one), dtype=np.intp) if one.error.shape[2] == 1 else case.targets
    return one.error[np.arange(len(one)), :, column]


def vanished(one: Attribution) -> np.ndarray:
    """Rows (n,) whose largest |value| is 0, or less than a millionth of the largest of all rows."""
    values = one.maps if one.maps is not None else one.values
    largest = np.abs(values.reshape(len(one), -1)).max(axis=1, initial=0.0)
    small: np.ndarray = largest <= VANISHED * largest.max(initial=0.0)
    return small


def _arrays(case: Case, found: Mapping[str, Attribution]) -> Iterator[RowArray]:
    """What later analyzers build on: values for each row's predicted class."""
    classes = case.calls.subject.classes
    yield RowArray(key=ROWS, data=case.ids, dims=("row",), rows=ROWS)
    if classes:
        yield RowArray(key=CLASS, data=np.array(classes)[case.targets], dims=("row",), rows=ROWS)
    for name, one in found.items():
        key = f"{ID}/{name}"
        if one.maps is not None:
            maps = one.maps.astype(np.float32)
            yield RowArray(key=key, data=maps, dims=("row", "height", "width"), rows=ROWS)
        else:
            values = one.of(case.targets).astype(np.float32)
            yield RowArray(key=key, data=values, dims=("row", "unit"), rows=ROWS, coords={"unit": one.units})


ANALYZER = Analyzer(
    id=ID,
    title="Saliency",
    question="Which inputs is the output sensitive to, as gradient methods and occlusion see it?",
    run=run,
    quantities={
        "mean_abs_value": Quantity("Mean |value|", "how much a method gives a feature on average, either way"),
        "zero_gradient_share": Quantity(
            "Zero gradients", "share of rows in which a method sees no input move the output"
        ),
        "reference_difference": Quantity("Difference from captum", "from captum alone, for the same rows"),
    },
    reference=(
        "Simonyan, K. et al. (2014). Deep inside convolutional networks. ICLR workshop. "
        "Sundararajan, M. et al. (2017). Axiomatic attribution for deep networks. ICML. "
        "Kokhlikyan, N. et al. (2020). Captum. arXiv:2009.07896."
    ),
    needs=("model", "rows"),
    modalities=("tabular", "image"),
    produces=(ROWS, CLASS, *(f"{ID}/{name}" for name in NAMES)),
    settings=Settings,
    cost=cost,
)
