"""A copy of a module with batch normalisation folded into its convolutions: the same function, in fewer passes."""

from __future__ import annotations

import copy
import operator
from collections.abc import Mapping
from typing import Any

# What tracing or copying somebody else's module raises where it cannot be done.
UNTRACEABLE = (RuntimeError, TypeError, ValueError, AttributeError, LookupError, NotImplementedError, AssertionError)


def folded_copy(module: Any) -> Any | None:
    """A copy of `module` in evaluation mode in which every batch normalisation that follows a convolution, and nothing
    else does, is part of that convolution, and sums and ReLUs behind it work in place; None where there is none, or
    where torch.fx cannot trace the module. The module itself stays as it is.

    In exact arithmetic both give the same outputs; whether they do is for the caller to see (tracing fixes what
    depends on the data).
    """
    import torch
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    if not any(isinstance(one, torch.nn.BatchNorm2d) for one in module.modules()):
        return None
    try:
        traced = torch.fx.symbolic_trace(copy.deepcopy(module).eval())
    except UNTRACEABLE:
        return None
    layers: dict[Any, Any] = dict(traced.named_modules())
    pairs = [(node.args[0], node) for node in traced.graph.nodes if _foldable(node, layers)]
    if not pairs:
        return None
    for convolution, normalisation in pairs:
        parent, _, name = str(convolution.target).rpartition(".")
        fused = fuse_conv_bn_eval(layers[convolution.target], layers[normalisation.target])
        setattr(layers[parent], name, fused)
        normalisation.replace_all_uses_with(convolution)
        traced.graph.erase_node(normalisation)
    for node in list(traced.graph.nodes):
        if (sum_of := _added(node, layers)) is not None:
            _replace(node, operator.iadd, sum_of)
        elif _overwrites(node, layers):
            _replace(node, torch.relu_, (node.args[0],))
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced.eval().requires_grad_(False)


def _foldable(node: Any, layers: Mapping[Any, Any]) -> bool:
    """Whether a node is a batch normalisation with running statistics, right behind a convolution of its own."""
    import torch

    if node.op != "call_module" or type(layers[node.target]) is not torch.nn.BatchNorm2d:
        return False
    before = node.args[0] if node.args else None
    if not isinstance(before, torch.fx.Node) or before.op != "call_module" or len(before.users) != 1:
        return False
    users = [one for one in node.graph.nodes if one.op == "call_module" and one.target == before.target]
    plain = type(layers[before.target]) is torch.nn.Conv2d and layers[node.target].track_running_stats
    return plain and len(users) == 1 and layers[node.target].running_mean is not None


def _replace(node: Any, function: Any, given: tuple[Any, ...]) -> None:
    """Another function's call in the place of a node."""
    with node.graph.inserting_after(node):
        node.replace_all_uses_with(node.graph.call_function(function, given))
    node.graph.erase_node(node)


def _added(node: Any, layers: Mapping[Any, Any]) -> tuple[Any, Any] | None:
    """The two parts of a sum, the first of which it may overwrite: the output of a convolution, which no backward pass
    asks for again, and which nothing else uses. None for all else."""
    import torch

    if node.op != "call_function" or node.target not in (operator.add, torch.add) or node.kwargs:
        return None
    for own, other in (node.args, node.args[::-1]):
        if own is not other and _convolved(own, layers) and isinstance(other, torch.fx.Node):
            return own, other
    return None


def _overwrites(node: Any, layers: Mapping[Any, Any]) -> bool:
    """Whether a node is a ReLU that may overwrite what it is given: likewise, or a sum."""
    import torch

    if node.op == "call_module":
        relu = type(layers[node.target]) is torch.nn.ReLU
    else:
        relu = node.op == "call_function" and node.target in (torch.relu, torch.nn.functional.relu)
    if not relu or len(node.args) != 1 or node.kwargs:
        return False
    before = node.args[0]
    summed = before.op == "call_function" and before.target in (operator.add, operator.iadd, torch.add)
    return _convolved(before, layers) or (summed and len(before.users) == 1)


def _convolved(node: Any, layers: Mapping[Any, Any]) -> bool:
    """Whether a node is the output of a convolution that is used once."""
    import torch

    if not isinstance(node, torch.fx.Node) or node.op != "call_module" or len(node.users) != 1:
        return False
    return type(layers[node.target]) is torch.nn.Conv2d
