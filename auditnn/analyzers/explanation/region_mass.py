"""How much of each explanation lies inside each region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.explained import attribute, case_for
from auditnn.analyzers.explanation.shapley_plan import budget_of, planned
from auditnn.analyzers.trust.stored import stored
from auditnn.core.analyzer import Effort
from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.core.nearest import nearest
from auditnn.core.subject import Subject
from auditnn.kernels.mass_inside import mass_inside, spread_over
from auditnn.methods.attribution import METHODS
from auditnn.methods.case import Case

USUAL = ("gradient", "integrated_gradients", "grad_cam", "occlusion")
SHAPLEY = "explanation.shapley_values"
USES = (f"{SHAPLEY}/values", f"{SHAPLEY}/base", f"{SHAPLEY}/rows")
SAMPLER: Mapping[str, Any] = {"sampler": "leverage", "draws": "per_row", "engine": "fast"}

# Model rows forward for one image, at most, with the methods' own defaults and what they try out before they begin.
ASKED = {
    "gradient": 10, "input_x_gradient": 10, "guided_backpropagation": 10, "grad_cam": 10, "deep_lift": 20,
    "integrated_gradients": 64, "smooth_grad": 64, "occlusion": 64,
}  # fmt: skip
PROBED, LIME_DRAWS = 20, 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionMass:
    """What a method sees in one region of the rows at `positions` (n,): the share of its mass inside and the share of
    the image's area, both (n,); rows that it gives no value at all are left out."""

    method: str
    region: str
    positions: np.ndarray
    mass: np.ndarray
    area: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that was explained: masses by method and region, signed maps (h, w) of single rows by method and
    position, and the methods that could not join, with the reason of each."""

    masses: tuple[RegionMass, ...]
    maps: Mapping[tuple[str, int], np.ndarray]
    left_out: Mapping[str, str]


def seen(
    context: Context, rows: Mapping[str, np.ndarray], methods: Sequence[str] | None, background: int,
    kept: Sequence[int],
) -> Seen:  # fmt: skip
    """Explain the `rows` of each region (positions in their order, none twice) by each of the `methods`.

    Without these: gradient, integrated gradients and Grad-CAM where there are gradients, occlusion, and Shapley values
    as far as this run has them of such rows. Maps of the positions in `kept` are kept to be shown.
    """
    masses: list[RegionMass] = []
    maps: dict[tuple[str, int], np.ndarray] = {}
    left_out: dict[str, str] = {}
    every = np.array(list(dict.fromkeys(int(one) for some in rows.values() for one in some)), dtype=np.int64)
    case = case_for(context, every, background=background).ready()
    for method, places in _chosen(context, case, methods).items():
        try:
            found = _explain(context, case.take(places), method, anew=methods is not None or method in USUAL)
        except NotApplicable as absence:
            left_out[method] = absence.reason
            continue
        place = {int(position): i for i, position in enumerate(every[places])}
        for region, wanted in rows.items():
            own = np.array([one for one in wanted.tolist() if one in place], dtype=np.int64)
            masses.append(_mass(context, method, region, own, found[[place[one] for one in own.tolist()]]))
        maps |= {(method, one): found[place[one]] for one in kept if one in place}
    return Seen(masses=tuple(masses), maps=maps, left_out=left_out)


def _chosen(context: Context, case: Case, methods: Sequence[str] | None) -> dict[str, np.ndarray]:
    """The rows of the case to explain by each method, as places among them."""
    every = np.arange(len(case))
    if methods is not None:
        for name in methods:
            if name not in METHODS:
                advice = nearest(name, METHODS)
                raise SettingsError(f"attribution methods for {context.analyzer}.methods", repr(name), advice)
        return dict.fromkeys(methods, every)
    gradients = case.calls.model.differentiable
    chosen = {name: every for name in USUAL if gradients or METHODS[name].kind != "gradient"}
    ids = context.consumed.get(f"{SHAPLEY}/rows")
    there = np.flatnonzero(np.isin(case.ids.astype(str), ids.data.astype(str))) if ids is not None else every[:0]
    if len(there):
        name = planned(case, "auto", _masks(context), SAMPLER).method.name
        chosen.setdefault(name, there)
    return chosen


def explained_cost(subject: Subject, methods: Sequence[str] | None, effort: Effort, rows: int) -> int:
    """Model rows that explaining `rows` images by the methods asks for, at most."""
    masks = budget_of(subject, effort, None, None)[1]
    named = [ASKED.get(name, masks + LIME_DRAWS) for name in (USUAL if methods is None else methods)]
    held = 0 if methods is not None else masks + rows  # Shapley values of this run: one row anew
    return sum(PROBED + asked * rows for asked in named) + held


def _masks(context: Context) -> int:
    return budget_of(context.subject, context.effort, None, None)[1]


def _explain(context: Context, case: Case, name: str, anew: bool) -> np.ndarray:
    """Signed maps (n, h, w) of the predicted class: the pixels' own values of gradient methods; of others each unit's
    value in equal parts on its pixels. Games are taken from this run where it holds them; NotApplicable where it does
    not and they are not to be played `anew`."""
    method = METHODS[name]
    if context.subject.modality not in method.modalities:
        raise NotApplicable(f"it is not for {context.subject.modality} rows")
    if method.additive and method.kind == "game":
        plan = planned(case, name if anew else "auto", _masks(context), SAMPLER)
        held = stored(context, case, method, plan.settings)
        if held is not None and held.segments is not None:
            return spread_over(held.values, held.segments)
        if not anew:
            raise NotApplicable("this run has values of such rows by other settings")
        found = attribute(context, case, method, plan.settings)
    else:
        found = attribute(context, case, method)
    if method.kind == "gradient" and found.maps is not None:
        return found.maps
    if found.segments is None:
        raise NotApplicable("it says nothing of single pixels or parts of the image")
    return spread_over(found.of(case.targets), found.segments)


def _mass(context: Context, method: str, region: str, positions: np.ndarray, maps: np.ndarray) -> RegionMass:
    masks = context.subject.regions[region][positions]
    mass, told = mass_inside(maps, masks)
    area = masks.sum(axis=(1, 2)) / (masks.shape[1] * masks.shape[2])
    return RegionMass(method=method, region=region, positions=positions[told], mass=mass[told], area=area[told])
