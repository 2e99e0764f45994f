"""A torch module behind the one call that everything goes through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from auditnn.core.errors import NotApplicable, SubjectError


class TorchModel:
    """A module with its device and dtype chosen once, from its own parameters.

    Inside `prepared()` it is in eval mode; every submodule's mode comes back afterwards, also after exceptions.
    """

    kind: str = "torch"
    differentiable: bool = True

    def __init__(self, module: Any) -> None:
        import torch

        self.module = module
        held = [*module.parameters(), *module.buffers()]
        floats = [tensor for tensor in held if tensor.is_floating_point()]
        self.device = held[0].device if held else torch.device("cpu")
        self.devices = sorted({str(tensor.device) for tensor in held}) or ["cpu"]
        self.dtype = floats[0].dtype if floats else torch.float32
        self._ready = False
        self.folded: tuple[Any, Any] | None = None  # see `differentiable`

    @property
    def input_dtype(self) -> str:
        """The numpy dtype that inputs are best made in: float64 for modules of doubles, float32 for all others."""
        return "float64" if str(self.dtype) == "torch.float64" else "float32"

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Eval mode for a run of calls; may be nested."""
        if self._ready:
            yield
            return
        modes = [(module, module.training) for module in self.module.modules()]
        self._ready = True
        try:
            with suppress(NotImplementedError):  # exported programs have one mode only
                self.module.eval()
            yield
        finally:
            self._ready = False
            if modes[0][1]:
                self.module.train()  # modules may do more in train() than set a flag
            for module, mode in modes:
                module.training = mode

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """Raw outputs (n,) or (n, k) of one batch, without a graph."""
        import torch

        with self.prepared(), torch.inference_mode():
            output = self._output(self.module(self.tensor(inputs)))
            return self.host(output)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Eval mode, and no gradients by parameters, for gradients by inputs; may be nested."""
        held = [parameter for parameter in self.module.parameters() if parameter.requires_grad]
        try:
            for parameter in held:
                parameter.requires_grad_(False)
            with self.prepared():
                yield
        finally:
            for parameter in held:
                parameter.requires_grad_(True)

    def gradients(self, inputs: np.ndarray, targets: np.ndarray, positive: int | None) -> np.ndarray:
        """Derivatives of output[i, targets[i]] by inputs[i], shape of `inputs`; one forward and one backward.

        A single output column speaks for the class `positive`; for the other class it is negated.
        """
        import torch

        with self.frozen(), torch.enable_grad():
            tensor = self.tensor(inputs).detach().clone()
            if not tensor.is_floating_point():
                raise NotApplicable(f"the inputs are of type {tensor.dtype}, by which nothing can be derived")
            output = self._output(self.module(tensor.requires_grad_(True)))
            if not output.requires_grad:
                raise NotApplicable("the module's outputs have no gradient by its inputs")
            wanted = torch.as_tensor(np.array(targets), device=output.device)
            if output.ndim < 2 or output.shape[1] == 1:
                column = output.reshape(len(wanted))
                picked = column if positive is None else torch.where(wanted == positive, column, -column)
            else:
                picked = output.gather(1, wanted[:, None])[:, 0]
            (gradient,) = torch.autograd.grad(picked.sum(), tensor)
        return self.host(gradient)

    def tensor(self, inputs: np.ndarray) -> Any:
        """Inputs on the model's device; fractions in its dtype."""
        import torch

        array = np.ascontiguousarray(inputs)
        tensor = torch.from_numpy(array if array.flags.writeable else array.copy())
        return tensor.to(self.device, self.dtype) if tensor.is_floating_point() else tensor.to(self.device)

    def _output(self, output: Any) -> Any:
        import torch

        if not isinstance(output, torch.Tensor):
            raise SubjectError(
                "one tensor of outputs from the module", type(output).__name__,
                "Wrap it in a module whose forward returns only the tensor to audit.",
            )  # fmt: skip
        return output

    def host(self, tensor: Any) -> np.ndarray:
        """A tensor as an array; half precision as float32."""
        tensor = tensor.detach().to("cpu")
        if tensor.is_floating_point() and tensor.element_size() < 4:
            tensor = tensor.float()
        array: np.ndarray = tensor.numpy()
        return array
