"""The explanations that are checked: by which methods, of which rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auditnn.analyzers.context import Context
from auditnn.analyzers.explained import attribute, case_for
from auditnn.analyzers.explanation import saliency_plan
from auditnn.analyzers.explanation.saliency_plan import FITTING
from auditnn.analyzers.explanation.shapley_plan import accepted, budget_of, planned
from auditnn.analyzers.settings import setting
from auditnn.analyzers.trust.explained import Explained, of_target
from auditnn.analyzers.trust.stored import stored
from auditnn.core.analyzer import Effort
from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.core.nearest import nearest
from auditnn.core.rows import Table
from auditnn.core.subject import Subject
from auditnn.methods.attribution import METHODS
from auditnn.methods.case import Case

SAMPLER: Mapping[str, Any] = {"sampler": "leverage", "draws": "per_row", "engine": "fast"}
ROWS: Mapping[Effort, int] = {"quick": 10, "standard": 30, "thorough": 100}
IMAGE_UNITS = 48  # superpixels may be more than the 16 that are asked for
METHODS_HELP = "methods to check, by name; none: those that the audit shows"
ROWS_HELP = "test rows; none: 10, 30 or 100 by effort"
BACKGROUND_HELP = "rows that stand in for what is hidden"

# What explanation.lime draws around each row: of images, of tables before a torch module, before another model.
LIME_DRAWS: Mapping[Effort, tuple[int, int, int]] = {
    "quick": (256, 1000, 1000), "standard": (512, 2000, 1000), "thorough": (1000, 5000, 5000),
}  # fmt: skip

Chosen = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What every check can be told."""

    methods: tuple[str, ...] | None = setting(None, METHODS_HELP)
    rows: int | None = setting(None, ROWS_HELP, at_least=1)
    background: int = setting(100, BACKGROUND_HELP, at_least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The methods under a check with their settings, the case, and those left out with the reason of each."""

    case: Case
    methods: Chosen
    left_out: dict[str, str] = field(default_factory=dict)

    def explain(self, context: Context, name: str) -> Explained:
        """What a method says of the rows: as the audit shows it where it holds these rows, else computed."""
        found = stored(context, self.case, METHODS[name], self.methods[name])
        if found is not None:
            return found
        return of_target(attribute(context, self.case, METHODS[name], self.methods[name]), self.case.targets)

    def each(self, context: Context) -> dict[str, Explained]:
        """What each method says; those that cannot join `left_out`. NotApplicable where none can."""
        found = {}
        for name in self.methods:
            try:
                found[name] = self.explain(context, name)
            except NotApplicable as absence:
                self.left_out[name] = absence.reason
        if not found:
            raise NotApplicable(self.nobody())
        return found

    def nobody(self) -> str:
        """Why there is no method to check."""
        told = "; ".join(f"{METHODS[name].title}: {reason}" for name, reason in self.left_out.items())
        return told or "no method was named"

    def without(self) -> str:
        """A sentence on the methods that were left out; empty where there are none."""
        if not self.left_out:
            return ""
        told = "; ".join(f"{METHODS[name].title} ({reason})" for name, reason in self.left_out.items())
        return f" Left out: {told}."


def shown(subject: Subject, settings: Any, context: Context, rows: Mapping[Effort, int] = ROWS) -> Shown:
    """The rows and the methods to check, by an analyzer's settings `methods`, `rows` and `background`.

    Without names, what an audit shows unless told otherwise: Shapley values by the method that `auto` picks (and the
    units that it speaks of), LIME, and the saliency methods that fit. SettingsError for a method that does not exist;
    NotApplicable where there is no model.
    """
    positions = context.sample(settings.rows or rows[context.effort])
    case = case_for(context, positions, background=settings.background)
    chosen: dict[str, Mapping[str, Any]] = {}
    if settings.methods is None:
        plan = planned(case, "auto", budget_of(subject, context.effort, None, None)[1], SAMPLER)
        case, chosen = plan.case, {plan.method.name: plan.settings}
        gradients = case.calls.model.differentiable
        others = ("lime", *FITTING.get(subject.modality, ()))
        names = [name for name in others if gradients or METHODS[name].kind != "gradient"]
    else:
        names = known(settings.methods, context.analyzer)
    chosen |= {name: settings_of(case, name, context.effort) for name in names}
    unfit = {name for name in chosen if subject.modality not in METHODS[name].modalities}
    return Shown(
        case=case,
        methods={name: own for name, own in chosen.items() if name not in unfit},
        left_out={name: f"it is not for {subject.modality} rows" for name in chosen if name in unfit},
    )


def known(names: Sequence[str], analyzer: str) -> list[str]:
    """The names, each once; SettingsError where one is no method."""
    for name in names:
        if name not in METHODS:
            raise SettingsError(f"attribution methods for {analyzer}.methods", repr(name), nearest(name, METHODS))
    return list(dict.fromkeys(names))


def settings_of(case: Case, name: str, effort: Effort) -> Mapping[str, Any]:
    """The settings with which an audit shows a method that was named."""
    subject = case.calls.subject
    image = subject.modality == "image"
    if name == "lime":
        of_images, before_torch, other = LIME_DRAWS[effort]
        return {"draws": of_images if image else before_torch if case.calls.model.kind == "torch" else other}
    if name in FITTING["image"]:
        table = saliency_plan.TABLES if case.calls.model.differentiable else saliency_plan.ESTIMATORS
        _, points = (saliency_plan.IMAGES if image else table)[effort]
        return accepted(METHODS[name], {"steps": points, "samples": points})
    return planned(case, name, budget_of(subject, effort, None, None)[1], SAMPLER).settings


def cost_of(subject: Subject, settings: Any, effort: Effort, row_cap: int | None, rows: Mapping[Effort, int]) -> int:
    """Model rows for one explanation of every row by every method, at most: twice the budget of coalitions, probes
    whether the model is linear and every unit hidden alone, each over the background; some thousand rows otherwise."""
    n = min(settings.rows or rows[effort], row_cap or len(subject.test), len(subject.test))
    masks = budget_of(subject, effort, None, None)[1]
    table = subject.test.rows if isinstance(subject.test.rows, Table) else None
    units, copies = (IMAGE_UNITS, 1) if table is None else (len(table.features), settings.background)
    return n * (copies * (2 * masks + 4 * units + 100) + 10_000)
