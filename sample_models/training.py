"""The training loop and the weights file that all samples share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

Loss = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]


@contextmanager
def one_thread(seed: int) -> Iterator[None]:
    """One CPU thread and torch's random stream from `seed`, both put back afterwards: what makes a rebuild repeat."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)


def train(
    build: Callable[[], torch.nn.Module],
    inputs: np.ndarray,
    target: np.ndarray,
    loss: Loss,
    *,
    seed: int,
    epochs: int,
    rate: float,
    batch: int = 256,
    decay: float = 0.0,
    statistics: bool = False,
) -> torch.nn.Module:
    """Fit `build()` to `inputs` (n, ...) and `target` (n,) by Adam with decoupled weight decay and a cosine rate.

    The first layer is a batch norm without weights: its statistics are set once, from `inputs`, and the network then
    trains in eval mode, so that standardisation travels in the weights file; with `statistics` all layers but the first
    train in train mode, so that batch norms between layers learn theirs. It trains in float64, which leaves
    differences between machines far below float32's last digit, and comes back in float32 eval mode.
    """
    import torch

    with one_thread(seed):
        module = build().double()
        features, labels = torch.as_tensor(inputs, dtype=torch.float64), torch.as_tensor(target)
        _standardise(module, features)
        if statistics:
            for layer in list(module.children())[1:]:
                layer.train()
        optimizer = torch.optim.AdamW(module.parameters(), lr=rate, weight_decay=decay)
        steps = epochs * -(-len(features) // batch)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for _ in range(epochs):
            for rows in torch.split(torch.randperm(len(features)), batch):
                optimizer.zero_grad()
                torch.autograd.backward(loss(module(features[rows]), labels[rows]))
                optimizer.step()
                schedule.step()
        return module.float().eval()


def _standardise(module: torch.nn.Module, inputs: torch.Tensor) -> None:
    axes = [0, *range(2, inputs.ndim)]
    first, *_ = module.children()
    first.get_buffer("running_mean").copy_(inputs.mean(dim=axes))
    first.get_buffer("running_var").copy_(inputs.var(dim=axes, correction=0))


def binary_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Log loss of one logit per row, labels 0 and 1."""
    import torch

    return torch.nn.functional.binary_cross_entropy_with_logits(logits.squeeze(1), labels.to(logits.dtype))


def outputs(module: torch.nn.Module, inputs: np.ndarray, rows: int = 65_536) -> np.ndarray:
    """The network's raw outputs (n, k) for model-ready `inputs`, in blocks of `rows`."""
    import torch

    with torch.inference_mode():
        blocks = [module(torch.as_tensor(block)).numpy() for block in _blocks(inputs.astype(np.float32), rows)]
    return np.concatenate(blocks)


def _blocks(values: np.ndarray, rows: int) -> Iterator[np.ndarray]:
    for start in range(0, len(values), rows):
        yield values[start : start + rows]


def save(module: torch.nn.Module, file: Path) -> None:
    """Write the weights and buffers as safetensors, which cannot hold code."""
    from safetensors.torch import save_file

    save_file({name: value.contiguous() for name, value in module.state_dict().items()}, file)
