"""Models that have forgotten what they learned: a module's parameters drawn anew, from the top layer down."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from auditnn.core.errors import NotApplicable
from auditnn.core.seeding import stream
from auditnn.methods.case import Case
from auditnn.subjects.calls import Calls


def cascade(case: Case, randomization: int) -> Iterator[tuple[str, Case]]:
    """The case with its module's layers randomized one after the other, from the one nearest the output to the first;
    each with the name of the layer that was reached.

    Every step keeps what those before it drew (Adebayo et al. 2018, cascading randomization). Layers are re-initialised
    by their own `reset_parameters`, or by normal draws as wide as their trained values where they have none. Draws
    depend on the case's seed, the number of the `randomization` and the layer. The given module is not touched. The
    copy's outputs are asked on the same bill. Costs one model row, to see in which order the layers run. NotApplicable
    where the model is no torch module or has nothing to randomize.
    """
    module = getattr(case.calls.model, "module", None)
    if module is None:
        raise NotApplicable(f"a {case.calls.model.kind} model has no parameters that could be randomized")
    copy = _copied(module)
    own = dict(copy.named_modules())
    for name, members in layers(case.but(calls=_calls(case.calls, copy))):
        for member in members:
            _draw(own[member], stream(case.seed, "randomized", randomization, member))
        yield name, case.but(calls=_calls(case.calls, copy))


def _calls(calls: Calls, module: Any) -> Calls:
    """Calls of the same subject with this module in the place of its own, on the same bill."""
    model: Any = type(calls.model)
    made = Calls(replace(calls.subject, model=model(module)), calls.deadline, calls.batch_rows)
    made.bill = calls.bill
    return made


def layers(case: Case) -> list[tuple[str, tuple[str, ...]]]:
    """Steps of a cascade, the last layer first: the name of a layer with weights, and the modules re-initialised with
    it: itself, and what scales and shifts its outputs (normalisation), which has no directions of its own.

    NotApplicable where the module has no parameters. Costs one model row.
    """
    module = case.calls.model.module  # type: ignore[attr-defined]
    steps: list[tuple[str, list[str]]] = []
    early: list[str] = []
    for name, one in _in_order(module, case):
        if any(parameter.ndim > 1 for parameter in one.parameters(recurse=False)):
            steps.append((name, [name]))
        elif steps:
            steps[-1][1].append(name)
        else:
            early.append(name)
    if early and not steps:
        steps.append((early[-1], []))
    if not steps:
        raise NotApplicable("the module has no parameters that could be randomized")
    steps[0][1].extend(early)
    return [(name, tuple(members)) for name, members in reversed(steps)]


def _in_order(module: Any, case: Case) -> list[tuple[str, Any]]:
    """The modules that hold parameters themselves, by name, in the order in which they are first called."""
    holding = {name: one for name, one in module.named_modules() if any(True for _ in one.parameters(recurse=False))}
    called: list[str] = []
    handles: list[Any] = []
    try:
        with suppress(RuntimeError):  # scripted modules take no hooks: the order of registration has to do
            handles.extend(one.register_forward_pre_hook(_note(called, name)) for name, one in holding.items())
        case.calls.outputs(case.rows.take(np.zeros(1, dtype=np.int64)))
    finally:
        for handle in handles:
            handle.remove()
    return [(name, holding[name]) for name in dict.fromkeys(called) or holding]


def _note(called: list[str], name: str) -> Any:
    def hook(*_: Any) -> None:
        called.append(name)

    return hook


def _copied(module: Any) -> Any:
    try:
        with warnings.catch_warnings():  # copies of exported programs warn of what torch itself does
            warnings.simplefilter("ignore", FutureWarning)
            return deepcopy(module)
    except (TypeError, RuntimeError) as error:
        raise NotApplicable(f"the module cannot be copied, so that it could be randomized: {error}") from error


def _draw(module: Any, random: np.random.Generator) -> None:
    """New values for the module's own parameters."""
    import torch

    reset = getattr(module, "reset_parameters", None)
    with torch.no_grad(), torch.random.fork_rng(devices=_devices(module)):
        torch.manual_seed(int(random.integers(2**63)))
        if callable(reset):
            reset()
            return
        for parameter in module.parameters(recurse=False):
            if parameter.is_floating_point():
                spread = float(parameter.float().std(correction=0)) or float(parameter.float().abs().mean())
                parameter.copy_(torch.randn_like(parameter) * (spread or 1.0))


def _devices(module: Any) -> list[int]:
    """Accelerators whose random state a draw may move."""
    found = {one.device for one in module.parameters(recurse=False) if one.device.type == "cuda"}
    return sorted(device.index or 0 for device in found)
