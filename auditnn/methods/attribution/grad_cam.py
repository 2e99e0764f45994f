"""Grad-CAM: a convolution's channels, weighted by the gradient of the output by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditnn.core.errors import NotApplicable, SettingsError
from auditnn.core.nearest import nearest
from auditnn.methods.attribution.gradients import completed, differentiable, in_batches
from auditnn.methods.attribution.layers import Passed, layers_of
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case

if TYPE_CHECKING:
    from auditnn.subjects.differentiable import Differentiable

NEGATIVE = "Some rows have no map: no place speaks for their class, or the output does not depend on the layer."


@attribution_method(
    "Grad-CAM", "gradient", "Selvaraju et al. (2017), Grad-CAM: Visual Explanations from Deep Networks, ICCV",
    modalities=("image",),
)  # fmt: skip
def grad_cam(case: Case, *, layer: str | None = None, positive_only: bool = True) -> Attribution:
    """The channels of a convolution's output, each weighted by the mean gradient of the target class by it, added up,
    negative sums left out (`positive_only`, as published), enlarged to the image bilinearly; by captum.

    `layer` is the name of a layer of the module with outputs (n, c, h, w); the last convolution that is called, where
    none is named. Maps (n, h, w), and their sums over the pixels of each unit as values (n, d, 1). NotApplicable where
    there is no convolution. Costs 2 n model rows forward and n backward through the layers behind.
    """
    from captum.attr import LayerAttribution, LayerGradCam

    with differentiable(case) as path:
        chosen = _chosen(path, case.inputs[:1], layer)
        method = LayerGradCam(path.module, chosen.layer)
        size = tuple(case.inputs.shape[2:])

        def work(rows: slice) -> object:
            given, targets = path.tensor(case.inputs[rows]), path.targets(case.targets[rows])
            small = method.attribute(given, target=targets, relu_attributions=positive_only)
            return LayerAttribution.interpolate(small.detach(), size, interpolate_mode="bilinear")

        if path.ignores_inputs:
            values = np.zeros((len(case), 1, *size))
        else:
            values = in_batches(path, len(case), work)
        facts = {"layer": chosen.name, "layer_size": f"{chosen.shape[2]} x {chosen.shape[3]}"}
        return completed(case, path, "grad_cam", values, facts=facts, flat=NEGATIVE)


def _chosen(path: Differentiable, row: np.ndarray, wanted: str | None) -> Passed:
    """The layer of this name, or the last convolution that the output depends on."""
    import torch

    kinds = (torch.nn.Module,) if wanted is not None else (torch.nn.Conv2d,)
    found = layers_of(path, row, kinds)
    if wanted is None:
        behind = [one for one in found.passed if len(one.shape) == 4 and not found.steps.isdisjoint(one.steps)]
        if not behind:
            raise NotApplicable("the module has no convolution whose channels Grad-CAM could weight")
        last = behind[-1]
    else:
        named = {one.name: one for one in found.passed}
        if wanted not in named:
            advice = nearest(wanted, [name for name in named if name])
            raise SettingsError("the name of a layer of the module", repr(wanted), advice)
        last = named[wanted]
        if len(last.shape) != 4:
            raise SettingsError("a layer with outputs (n, c, h, w)", f"shape {last.shape}", "Name a convolution.")
    if last.name in found.reused():
        raise NotApplicable(f"the layer {last.name} is used more than once, so that it has no one output to weight")
    return last
