"""The differentiable path: the model as a torch module from inputs to the explained outputs, on the bill."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from auditnn.core.errors import NotApplicable
from auditnn.core.subject import Subject
from auditnn.subjects import outputs
from auditnn.subjects.folding import folded_copy
from auditnn.subjects.torch_model import TorchModel

if TYPE_CHECKING:
    from auditnn.subjects.calls import Calls

GRAPH_BYTES = 32 * 2**20
FEWEST = 4
COMPARED = 8
AGREEMENT = 1e-4


class Differentiable:
    """What a gradient method gets: `module` maps inputs (n, ...) to the explained outputs (n, k), see
    `outputs.explained`.

    `module` is a torch.nn.Module that holds the model as a submodule, so that hooks find its layers. Every pass through
    it is counted and timed; after the deadline the next one raises BudgetSpent. `batch_rows` inputs at a time keep
    what a backward pass needs under 32 MiB: a function of shapes alone. `ignores_inputs` says that the outputs have no
    gradient and do not move with the inputs; their gradient is then 0. `folded` says that a copy with batch
    normalisation folded into its convolutions stands in for the model, and `fold_difference` how far the outputs of
    the two were apart at most on the sample, as a share of the largest output.
    """

    def __init__(self, calls: Calls, model: TorchModel) -> None:
        self.calls, self.model = calls, model
        self.inner: Any = model.module
        self.batch_rows = 0
        self.ignores_inputs = self.folded = False
        self.fold_difference: float | None = None
        self.module: Any = None
        self._backward_since: float | None = None
        self._layout: Any = None

    def tensor(self, inputs: np.ndarray) -> Any:
        """Inputs on the model's device, in its dtype; a tensor of their own."""
        return self.model.tensor(inputs).detach().clone()

    def targets(self, codes: np.ndarray) -> Any:
        """Class codes (n,) as a tensor on the model's device."""
        import torch

        return torch.as_tensor(np.array(codes, dtype=np.int64), device=self.model.device)

    def array(self, tensor: Any) -> np.ndarray:
        """A tensor of results as float64 on the host."""
        return self.model.host(tensor).astype(np.float64)

    def run(self, inputs: Any) -> Any:
        """The explained outputs of a tensor, counted and timed; backward passes through them likewise."""
        import torch

        self.settle()
        self.calls.check_deadline()
        if self._layout is not None:
            inputs = inputs.contiguous(memory_format=self._layout)
        began = self._now()
        raw = self._asked(inputs)
        self.calls.bill.seconds += self._now() - began
        self.calls.bill.rows_forward += len(inputs)
        raw = raw.reshape(len(inputs), -1) if raw.ndim < 2 else raw
        if torch.is_grad_enabled():
            raw = raw.view_as(raw)  # hooks of the model's own on its output are part of the backward pass
            if self.ignores_inputs and inputs.requires_grad:
                raw = raw + inputs.flatten(1)[:, :0].sum(dim=1, keepdim=True)  # nothing, and it has a gradient: 0
            self._watch(inputs, raw)
        return _explained(raw, self.calls.subject)

    def _asked(self, inputs: Any) -> Any:
        """The model's own outputs; of a copy of the inputs where it begins by writing into them."""
        try:
            return self.inner(inputs)
        except RuntimeError as error:
            if "in-place operation" not in str(error):
                raise
            return self.inner(inputs.clone())

    def use(self, copy: Any, layout: Any, plain: np.ndarray, folded: np.ndarray) -> None:
        """Let a copy stand in for the model where their outputs on the sample agree to a ten-thousandth."""
        largest = float(np.abs(plain).max(initial=0.0))
        difference = float(np.abs(plain - folded).max(initial=0.0)) if plain.shape == folded.shape else np.inf
        if difference <= AGREEMENT * largest:
            self.inner = self.module.model = copy
            self.folded, self._layout = True, layout
            self.fold_difference = difference / largest if largest else 0.0

    def settle(self) -> None:
        """Take the time of a backward pass that ended before the inputs (at a layer); without effect after others."""
        if self._backward_since is not None:
            self.calls.bill.seconds += self._now() - self._backward_since
            self._backward_since = None

    def _watch(self, inputs: Any, raw: Any) -> None:
        """Count a backward pass from `raw`, and time it until it arrives at `inputs`."""
        if not raw.requires_grad:
            return

        def start(gradient: Any) -> None:
            self.calls.bill.rows_backward += len(gradient)
            self._backward_since = self._now()

        def stop(gradient: Any) -> None:
            self.settle()

        raw.register_hook(start)
        if inputs.requires_grad:
            inputs.register_hook(stop)

    def _now(self) -> float:
        if self.model.device.type == "cuda":
            import torch

            torch.cuda.synchronize(self.model.device)
        return time.perf_counter()


@contextmanager
def differentiable(calls: Calls, sample: Any, fold: bool = False) -> Iterator[Differentiable]:
    """The differentiable path of a subject's model: evaluation mode, gradients by parameters off, all as before
    afterwards.

    `sample` are some inputs (m, ...) like those to come, on which the size of batches, whether the module has
    gradients, and with `fold` whether the folded copy agrees are found out: up to 1 + 3 x 8 rows forward.
    NotApplicable where the model has no gradient by its inputs.
    """
    model = calls.model
    if not isinstance(model, TorchModel):
        raise NotApplicable(f"a {model.kind} model gives no gradients")
    if calls.subject.output == "labels":
        raise NotApplicable("the model gives labels, which have no gradient")
    if not isinstance(sample, np.ndarray) or not model.tensor(sample[:1]).is_floating_point():
        found = sample.dtype if isinstance(sample, np.ndarray) else type(sample).__name__
        raise NotApplicable(f"the inputs are of type {found}, by which nothing can be derived")
    path = Differentiable(calls, model)
    with calls.prepared(), model.frozen():
        path.module = _wrapped(path)
        if fold:
            _fold(path, sample[:COMPARED])
        size, has_gradient = _graph(path, sample[:1])
        path.batch_rows = max(FEWEST, min(calls.batch_rows, GRAPH_BYTES // max(size, 1)))
        if not has_gradient:
            path.ignores_inputs = _ignores(calls, sample)
        try:
            yield path
        finally:
            path.settle()
            path.module = None


def _wrapped(path: Differentiable) -> Any:
    """The path as a module whose only submodule is the model."""
    import torch

    class Explained(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = path.inner
            self.training = False

        def forward(self, inputs: torch.Tensor) -> Any:
            return path.run(inputs)

    return Explained()


def _fold(path: Differentiable, sample: np.ndarray) -> None:
    """Let a folded copy stand in for the model where there is one that agrees with it on the sample; channels last,
    unless it asks for views that do not exist there."""
    import torch

    if sample.ndim != 4 or (copy := _folded_copy(path.model)) is None:
        return
    plain = _answers(path, path.inner, sample, torch.contiguous_format)
    for layout in (torch.channels_last, torch.contiguous_format):
        with suppress(RuntimeError):
            folded = _answers(path, copy.to(memory_format=layout), sample, layout)
            path.use(copy, layout, plain, folded)
            return


def _folded_copy(model: TorchModel) -> Any | None:
    """The model's folded copy, made anew where a parameter has changed since."""
    held = [*model.module.parameters(), *model.module.buffers()]
    if any(tensor.is_inference() for tensor in held):  # nobody counts their changes
        return folded_copy(model.module)
    state = [(tensor.data_ptr(), tensor._version) for tensor in held]
    if model.folded is None or model.folded[0] != state:
        model.folded = (state, folded_copy(model.module))
    return model.folded[1]


def _answers(path: Differentiable, inner: Any, sample: np.ndarray, layout: Any) -> np.ndarray:
    """Raw outputs of the model or its copy, on the bill."""
    import torch

    began = time.perf_counter()
    try:
        with torch.inference_mode():
            return path.array(inner(path.tensor(sample).contiguous(memory_format=layout)))
    finally:
        path.calls.bill.seconds += time.perf_counter() - began
        path.calls.bill.rows_forward += len(sample)


def _graph(path: Differentiable, row: np.ndarray) -> tuple[int, bool]:
    """Bytes that a backward pass of one row holds on to beside the model's own tensors, and whether there is one."""
    import torch

    held = [*path.inner.parameters(), *path.inner.buffers()]
    own = {tensor.untyped_storage().data_ptr() for tensor in held}
    kept: dict[int, int] = {}

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = path.run(path.tensor(row).requires_grad_(True))
        return sum(kept.values()), bool(output.requires_grad)


def _ignores(calls: Calls, sample: np.ndarray) -> bool:
    """Whether outputs without a gradient are the same for different inputs; NotApplicable where they are not, or where
    that cannot be seen."""
    raw = calls.forward(sample)
    if np.all(raw == raw[:1]) and np.any(sample != sample[:1]):
        return True
    raise NotApplicable("the module's outputs have no gradient by its inputs")


def _explained(raw: Any, subject: Subject) -> Any:
    """`outputs.explained` for a tensor."""
    import torch

    if subject.task != "binary" or raw.shape[1] == 2:
        return raw
    other = -raw if subject.output == "logits" else 1.0 - raw
    return torch.cat([other, raw] if outputs.positive_of(subject) == 1 else [raw, other], dim=1)
