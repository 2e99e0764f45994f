"""What is known about a method beside its function, and how that function takes a plain model."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from auditnn.core.rows import Modality
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.case import Case
from auditnn.methods.plain import case_of

Kind = Literal["game", "local_model", "gradient", "control"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way to attribute: `attribute(case, **settings) -> Attribution`.

    `kind`: a `game` hides units, a `local_model` (LIME) fits one, a `gradient` method needs a torch module, a
    `control` is no explanation but something that a check must catch. `additive`: values and base add up to the
    output. `drawn`: it depends on random draws.
    """

    name: str
    title: str
    kind: Kind
    additive: bool
    drawn: bool
    reference: str
    modalities: tuple[Modality, ...]
    attribute: Callable[..., Attribution]


METHODS: dict[str, Method] = {}  # filled as the package is imported, in its order


def attribution_method(
    title: str,
    kind: Kind,
    reference: str,
    *,
    additive: bool = False,
    drawn: bool = False,
    modalities: tuple[Modality, ...] = ("tabular", "image"),
) -> Callable[[Callable[..., Attribution]], Callable[..., Attribution]]:
    """Declare `function(case, **settings)` a method, under its own name.

    What it becomes takes a Case, or a plain model and rows in its place:
    `kernel_shap(model, X, background, target=None, seed=0, features=None, **settings)`, where the model is a torch
    module or a function from inputs (n, ...) to outputs (n,) or (n, k), which are explained as they are.
    """

    def declare(function: Callable[..., Attribution]) -> Callable[..., Attribution]:
        @functools.wraps(function)
        def attribute(
            model: Any,
            rows: Any = None,
            background: Any = None,
            *,
            target: int | np.ndarray | None = None,
            seed: int = 0,
            features: Sequence[str] | None = None,
            **settings: Any,
        ) -> Attribution:
            case = model if isinstance(model, Case) else case_of(model, rows, background, target, seed, features)
            return function(case, **settings)

        name = function.__name__
        METHODS[name] = Method(
            name=name,
            title=title,
            kind=kind,
            additive=additive,
            drawn=drawn,
            reference=reference,
            modalities=modalities,
            attribute=attribute,
        )
        return attribute

    return declare
