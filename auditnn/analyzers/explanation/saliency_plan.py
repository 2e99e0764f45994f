"""What saliency asks of the model: how many rows, steps and draws, by which methods, and about how many calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol

from auditnn.analyzers.context import CHUNK
from auditnn.analyzers.explanation.shapley_plan import accepted
from auditnn.core.analyzer import Effort
from auditnn.core.rows import Images, Table
from auditnn.core.subject import Subject
from auditnn.methods.attribution import METHODS

TABLES: Mapping[Effort, tuple[int, int]] = {"quick": (50, 20), "standard": (200, 50), "thorough": (1000, 100)}
IMAGES: Mapping[Effort, tuple[int, int]] = {"quick": (16, 10), "standard": (50, 32), "thorough": (200, 64)}
ESTIMATORS: Mapping[Effort, tuple[int, int]] = {"quick": (20, 20), "standard": (50, 50), "thorough": (200, 100)}
ANY = ("gradient", "input_x_gradient", "integrated_gradients", "smooth_grad", "deep_lift")
FITTING: Mapping[str, tuple[str, ...]] = {
    "tabular": (*ANY, "occlusion"),
    "image": (*ANY, "guided_backpropagation", "grad_cam", "occlusion"),
}
PROBED = 30  # rows that a method asks for before it begins, at most


class Wanted(Protocol):
    """The settings that decide how much is asked."""

    @property
    def methods(self) -> Sequence[str] | None: ...
    @property
    def rows(self) -> int | None: ...
    @property
    def steps(self) -> int | None: ...
    @property
    def samples(self) -> int | None: ...
    @property
    def window(self) -> int | None: ...
    @property
    def stride(self) -> int | None: ...
    @property
    def background(self) -> int: ...
    @property
    def units(self) -> int: ...
    @property
    def fill(self) -> str: ...
    @property
    def reference_rows(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows to explain, points of integrated gradients, and noisy copies for SmoothGrad."""

    rows: int
    steps: int
    samples: int


def planned(subject: Subject, effort: Effort, settings: Wanted) -> Plan:
    """As set, else by effort: tables before a torch module get more rows than images and other estimators."""
    differentiable = subject.model is not None and subject.model.differentiable
    table = IMAGES if subject.modality == "image" else TABLES if differentiable else ESTIMATORS
    rows, points = table[effort]
    return Plan(settings.rows or rows, settings.steps or points, settings.samples or points)


def settings_of(method: str, settings: Any, plan: Plan) -> dict[str, Any]:
    """Those settings that a method takes."""
    named = ("noise", "baseline", "layer", "window", "stride", "fold")
    given = {name: getattr(settings, name) for name in named}
    return accepted(METHODS[method], {**given, "steps": plan.steps, "samples": plan.samples})


def cost(subject: Subject, settings: Wanted, effort: Effort, row_cap: int | None) -> int:
    """Model rows forward, at most: every method over the explained rows, and some of them once more over a few."""
    plan = planned(subject, effort, settings)
    rows = min(plan.rows, row_cap or plan.rows, len(subject.test))
    again = min(rows, settings.reference_rows)
    differentiable = subject.model is not None and subject.model.differentiable
    hidden = 1 + _hidden(subject, settings)
    of_each = {
        "gradient": 2, "input_x_gradient": 2, "integrated_gradients": plan.steps + 2, "smooth_grad": plan.samples + 1,
        "deep_lift": 4, "guided_backpropagation": 2, "grad_cam": 2, "occlusion": hidden,
    }  # fmt: skip
    names = settings.methods or FITTING.get(subject.modality, ())
    asked = [name for name in names if differentiable or name == "occlusion"]
    twice = [name for name in asked if name in ("integrated_gradients", "smooth_grad", "occlusion")]
    probes = PROBED * len(asked) * (ceil(rows / CHUNK) + 1)
    return rows * sum(of_each[name] for name in asked) + again * sum(of_each[name] for name in twice) + probes


def _hidden(subject: Subject, settings: Wanted) -> int:
    """Model rows for each row of occlusion: what is hidden, by each fill-in."""
    rows = subject.test.rows
    if isinstance(rows, Table):
        return (1 + len(rows.features)) * min(settings.background, _background(subject))
    if not isinstance(rows, Images):
        return 0
    fills = min(settings.background, _background(subject)) if settings.fill == "background" else 1
    if settings.window is None:
        return 3 * settings.units * fills  # superpixels may be more than asked for
    stride = settings.stride or max(1, settings.window // 2)
    across = [1 + ceil(max(0, side - settings.window) / stride) for side in rows.pixels.shape[2:]]
    return across[0] * across[1] * fills


def _background(subject: Subject) -> int:
    source = subject.train if subject.train is not None and subject.train.rows is not None else subject.test
    return len(source)
