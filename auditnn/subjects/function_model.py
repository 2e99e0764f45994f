"""A plain predict function behind the one call that everything goes through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from auditnn.subjects.arrays import from_tensor, is_frame, is_series, is_tensor


class FunctionModel:
    """`function(inputs)` gets what the data was given as (a frame or an array) and returns one output per row."""

    kind: str = "function"
    differentiable: bool = False

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def forward(self, inputs: Any) -> np.ndarray:
        """Whatever the function returns, as an array."""
        result = self.function(inputs)
        if is_tensor(result):
            return from_tensor(result)
        if is_frame(result) or is_series(result):
            return np.asarray(result.to_numpy())
        return np.asarray(result)
