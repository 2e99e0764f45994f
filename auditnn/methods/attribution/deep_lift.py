"""DeepLIFT: differences from a baseline, propagated through each activation by its slope between the two."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from auditnn.core.errors import NotApplicable
from auditnn.methods.attribution.baselines import Baseline, baseline_inputs
from auditnn.methods.attribution.gradients import by_sum, completed, differentiable, in_batches, target_outputs
from auditnn.methods.attribution.layers import layers_of
from auditnn.methods.attribution.method import attribution_method
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case

if TYPE_CHECKING:
    from auditnn.subjects.differentiable import Differentiable

REFERENCE = "Shrikumar et al. (2017), Learning Important Features Through Propagating Activation Differences, ICML"
INCOMPLETE = 0.01


@attribution_method("DeepLIFT", "gradient", REFERENCE, additive=True)
def deep_lift(case: Case, *, baseline: Baseline = "auto") -> Attribution:
    """Contributions of each input's difference from the baseline, by the rescale rule; by captum.

    Values (n, d, 1) of the target class, which add up to the output less that at the baseline (`base`). NotApplicable
    where the hooks that change the gradient cannot see every activation, and where the values miss the output by more
    than 1%. Costs 4 n model rows forward and 2 n backward.
    """
    from captum.attr import DeepLift

    with differentiable(case) as path, hooked(path, case):
        start, facts = baseline_inputs(case, baseline)
        method = mended(by_sum(DeepLift(path.module)))

        def work(rows: slice) -> object:
            return method.attribute(
                path.tensor(case.inputs[rows]),
                baselines=path.tensor(start if len(start) == 1 else start[rows]),
                target=path.targets(case.targets[rows]),
            ).detach()

        values = in_batches(path, len(case), work, copies=2)
        return complete(completed(case, path, "deep_lift", values, base=target_outputs(case, start), facts=facts))


@contextmanager
def hooked(path: Differentiable, case: Case) -> Iterator[None]:
    """Nothing that captum's hooks keep on the layers stays behind; NotApplicable where the hooks would be wrong."""
    from captum.attr._core.deep_lift import SUPPORTED_NON_LINEAR

    if not path.ignores_inputs:
        _check(path, case.inputs[:1], tuple(SUPPORTED_NON_LINEAR))
    own = [(layer, name, vars(layer).get(name)) for layer in path.inner.modules() for name in ("input", "output")]
    try:
        yield
    finally:
        for layer, name, value in own:
            if value is None:
                vars(layer).pop(name, None)
            else:
                vars(layer)[name] = value


def _check(path: Differentiable, row: np.ndarray, kinds: tuple[type, ...]) -> None:
    import torch

    found = layers_of(path, row, kinds)
    if any(isinstance(one.layer, torch.nn.Softmax) for one in found.passed):
        raise NotApplicable("DeepLIFT has no rule for a softmax that adds up; it can explain the logits before it")
    if names := found.reused():
        raise NotApplicable(f"DeepLIFT needs a layer of its own for each use, and {_listed(names)} is used repeatedly")
    if names := found.unhooked():
        raise NotApplicable(
            f"DeepLIFT's hooks do not see {_listed(names)}: a function call, or a layer that it has no rule for"
        )
    if names := found.shared():
        raise NotApplicable(f"the input of {_listed(names)} is used elsewhere too, where DeepLIFT's hooks would cut in")


def _listed(names: list[str]) -> str:
    return ", ".join(name or "the module" for name in names[:3]) + (" and others" if len(names) > 3 else "")


def mended(method: Any) -> Any:
    """Captum's DeepLIFT without two faults of its release 0.9 (its issues 1104 and 1276).

    An activation right behind another one: the gradient that the first is given is taken before the second has changed
    it. Max pooling where a row equals its baseline: the gradient of the batch's first row is taken for every row.
    """
    import torch

    ruled, hooking = method._backward_hook, method._register_hooks

    def register(layer: Any, *given: Any) -> None:
        before = len(method.forward_handles)
        hooking(layer, *given)
        if len(method.forward_handles) > before:  # a tensor of its own for what comes next
            own = layer.register_forward_hook(lambda layer, inputs, output: output.view_as(output))
            method.forward_handles.append(own)

    def rule(layer: Any, grad_input: Any, grad_output: Any) -> Any:
        if not isinstance(layer, torch.nn.MaxPool1d | torch.nn.MaxPool2d | torch.nn.MaxPool3d):
            return ruled(layer, grad_input, grad_output)
        given: Any = layer.input
        row, reference = given.chunk(2)
        both = (2, *(1 for _ in row.shape[1:]))
        equal, own = ((row - reference).abs() < method.eps).repeat(both), grad_input.chunk(2)[0].repeat(both)
        return torch.where(equal, own, ruled(layer, grad_input, grad_output))

    method._backward_hook, method._register_hooks = rule, register
    return method


def complete(found: Attribution) -> Attribution:
    """The attribution itself; NotApplicable where its values miss the output by more than 1%."""
    assert found.base is not None
    missed = np.abs(found.details["completeness_error"])
    size = np.maximum.reduce([np.abs(found.output), np.abs(found.base), np.abs(found.output - found.base)])[:, 0]
    share = float(np.max(missed / np.where(size > 0.0, size, 1.0), initial=0.0))
    if share > INCOMPLETE:
        raise NotApplicable(
            f"DeepLIFT's values miss the output by up to {share:.0%} here: something in the module multiplies or bends "
            "in a way that its rules do not know"
        )
    return found
