"""A row's neighborhood, as LIME sees it: samples in the coordinates of the local model, and what the model says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from auditnn.kernels.local_fit import LocalFit

Samples = Literal["per_row", "shared"]
Discretizer = Literal["quartile", "decile", "entropy", "none"]
Center = Literal["training", "row"]


@dataclass(frozen=True, slots=True)
class Neighborhood:
    """`m` samples of which the first is the row itself.

    `x` (d, m): 1 where a unit is as in the row and 0 elsewhere; for numbers that are not cut into bins, their distance
    from the training mean in training standard deviations. `y` (m, k) are the explained outputs, `weights` (m,) the
    kernel's.
    """

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, slots=True)
class Fitted:
    """The local model of a row, the row `at` (d,) in its coordinates, and the explained `output` (k,) there."""

    fit: LocalFit
    at: np.ndarray
    output: np.ndarray
