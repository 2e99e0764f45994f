"""What one pass through a module shows of its layers, for methods that hook into them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from auditnn.core.errors import NotApplicable

if TYPE_CHECKING:
    from auditnn.subjects.differentiable import Differentiable

# Steps of a graph that bend a function, by the name that autograd gives them.
BENT = {
    "ReluBackward": "relu", "LeakyReluBackward": "leaky_relu", "EluBackward": "elu", "CeluBackward": "celu",
    "GeluBackward": "gelu", "SiluBackward": "silu", "MishBackward": "mish", "SigmoidBackward": "sigmoid",
    "LogSigmoidBackward": "logsigmoid", "TanhBackward": "tanh", "SoftplusBackward": "softplus",
    "HardtanhBackward": "hardtanh", "HardswishBackward": "hardswish", "HardsigmoidBackward": "hardsigmoid",
    "ClampBackward": "clamp", "ClampMinBackward": "clamp", "ClampMaxBackward": "clamp",
    "ThresholdBackward": "threshold", "PreluKernelBackward": "prelu", "SoftmaxBackward": "softmax",
    "LogSoftmaxBackward": "log_softmax", "MaxPool2DWithIndicesBackward": "max_pool2d",
    "AdaptiveMaxPool2DBackward": "adaptive_max_pool2d", "MaximumBackward": "maximum", "AbsBackward": "abs",
}  # fmt: skip
RELU = "relu"


@dataclass(frozen=True, slots=True)
class Passed:
    """One call of a layer: its name, itself, the steps of the graph that it made, the last of them first, and its
    output's shape."""

    name: str
    layer: Any
    steps: tuple[Any, ...]
    shape: tuple[int, ...]

    @property
    def given(self) -> list[tuple[Any, int]]:
        """The results of other steps that it took."""
        return [edge for step in self.steps for edge in step.next_functions if edge[0] not in (None, *self.steps)]


@dataclass(frozen=True, slots=True)
class Layers:
    """The calls of the layers asked about, in their order, and the graph of the outputs: `steps`, and how often each
    result (step, number) is used."""

    passed: tuple[Passed, ...]
    steps: frozenset[Any]
    uses: Counter[tuple[Any, int]]

    def unhooked(self, *kinds: str) -> list[str]:
        """The bends of the graph (of these kinds, where told) that no layer asked about has made."""
        made = {step for one in self.passed for step in one.steps}
        found = [bend(step) for step in self.steps if step not in made]
        return sorted({name for name in found if name and (not kinds or name in kinds)})

    def shared(self) -> list[str]:
        """Layers whose input is used elsewhere as well, so that a hook on it sees more than the layer's gradient."""
        return [one.name for one in self.passed if any(self.uses[edge] > 1 for edge in one.given)]

    def reused(self) -> list[str]:
        """Layers that are called more than once in one pass."""
        return [name for name, count in Counter(one.name for one in self.passed).items() if count > 1]


def layers_of(path: Differentiable, row: np.ndarray, kinds: tuple[type, ...]) -> Layers:
    """What a pass of one row (1, ...) shows of the layers of these kinds. Costs one model row."""
    import torch

    passed: list[Passed] = []
    names: dict[Any, str] = {layer: name for name, layer in path.inner.named_modules() if isinstance(layer, kinds)}

    def note(layer: Any, given: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor):
            passed.append(Passed(names[layer], layer, _made(output, given), tuple(output.shape)))

    handles: list[Any] = []
    try:
        try:
            handles.extend(layer.register_forward_hook(note) for layer in names)
        except RuntimeError as error:  # scripted modules take no hooks
            raise NotApplicable(f"the module's layers cannot be looked into: {error}") from error
        with torch.enable_grad():
            output = path.module(path.tensor(row).requires_grad_(True))
    finally:
        for handle in handles:
            handle.remove()
    steps = list(_steps(output.grad_fn))
    uses = Counter(edge for step in steps for edge in step.next_functions if edge[0] is not None)
    return Layers(tuple(passed), frozenset(steps), uses)


def bend(step: Any) -> str:
    """What a step of a graph does, where it bends a function; else nothing."""
    return BENT.get(step.name().rstrip("0123456789"), "")


def _made(output: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """The steps between what a layer was given and its output."""
    import torch

    if not output.requires_grad:
        return ()
    tensors = [one for one in given if isinstance(one, torch.Tensor) and one.requires_grad]
    ends = {torch.autograd.graph.get_gradient_edge(one).node for one in tensors}
    if output.grad_fn in ends:  # it worked in place
        return (output.grad_fn,)
    return tuple(_steps(output.grad_fn, ends))


def _steps(last: Any, ends: Collection[Any] = ()) -> Iterator[Any]:
    """Every step of a graph that leads to the last one, once; none from the `ends` on."""
    seen, waiting = {last, *ends}, [last]
    while waiting:
        step = waiting.pop()
        yield step
        for before, _ in step.next_functions:
            if before is not None and before not in seen:
                seen.add(before)
                waiting.append(before)
