"""Whether a torch module is affine by its structure, and its matrix."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np


def affine_weights(module: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """The matrix (k, p), float64, of a module that is affine in inputs of this shape (p of them) in evaluation mode;
    None where its structure does not show it.

    Known: Sequential of Linear, BatchNorm with running statistics, Flatten, Dropout and Identity, without hooks. The
    matrix comes from the parameters; the module is not called.
    """
    layers = list(_layers(module))
    weights, scale = None, np.ones(prod(shape))  # the product so far, while there is no Linear: a diagonal
    for layer in layers:
        kind = type(layer).__name__ if _plain(layer) else ""
        if kind == "Linear" and len(shape) == 1:
            own = _numbers(layer.weight)
            weights, shape = own * scale if weights is None else own @ weights, (len(own),)
        elif kind.startswith("BatchNorm") and layer.running_var is not None:
            factor = _channel_scale(layer, prod(shape[1:]))
            weights, scale = (None, scale * factor) if weights is None else (weights * factor[:, None], scale)
        elif kind == "Flatten" and (layer.start_dim, layer.end_dim) == (1, -1):
            shape = (prod(shape),)
        elif not kind.startswith("Dropout") and kind != "Identity":
            return None
    if len(shape) != 1:
        return None
    return np.diag(scale) if weights is None else weights


def _layers(module: Any) -> Iterator[Any]:
    """The layers in the order in which they are called; the module itself where it is no plain Sequential."""
    from torch import nn

    if type(module) is nn.Sequential and _plain(module):
        for child in module:
            yield from _layers(child)
    else:
        yield module


def _plain(layer: Any) -> bool:
    """Whether a layer is torch's own, and does what its class does."""
    hooked = any(getattr(layer, name, None) for name in ("_forward_hooks", "_forward_pre_hooks", "parametrizations"))
    return type(layer).__module__.startswith("torch.nn.modules.") and not hooked and "forward" not in vars(layer)


def _channel_scale(layer: Any, inner: int) -> np.ndarray:
    """What a batch norm in evaluation mode multiplies each of its inputs by, channels first."""
    scale: np.ndarray = 1.0 / np.sqrt(_numbers(layer.running_var) + layer.eps)
    if layer.weight is not None:
        scale = scale * _numbers(layer.weight)
    return np.repeat(scale, inner)


def _numbers(tensor: Any) -> np.ndarray:
    array: np.ndarray = tensor.detach().to("cpu").double().numpy()
    return array
