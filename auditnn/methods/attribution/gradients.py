"""What all gradient methods share: captum over the counted path in batches of its size, and results in units."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from auditnn.core.errors import NotApplicable
from auditnn.methods.attribution.result import Attribution
from auditnn.methods.attribution.unit_sums import UnitSums
from auditnn.methods.case import Case
from auditnn.subjects import outputs

if TYPE_CHECKING:
    from auditnn.subjects.differentiable import Differentiable

SAMPLED = 8
FLAT = "Some rows have no gradient at all: the output is saturated there, or does not depend on the inputs."
IGNORES = "The output does not change with the inputs, so every value is 0."


def differentiable(case: Case, fold: bool = False) -> AbstractContextManager[Differentiable]:
    """The case's model as a torch module; NotApplicable where it has no gradient."""
    own = case.inputs
    if isinstance(own, np.ndarray):
        own = np.concatenate([own[:SAMPLED], case.background_inputs[:SAMPLED]])
    return case.calls.differentiable(own, fold)


def by_sum(method: Any) -> Any:
    """A captum method that takes its gradients from the sum of the outputs: the same bits as from each of them, in a
    tenth of the time where a batch has thousands of rows."""
    method.gradient_func = summed_gradients
    return method


def summed_gradients(
    forward_fn: Callable[..., Any], inputs: Any, target_ind: Any = None, additional_forward_args: Any = None
) -> Any:
    """Captum's `compute_gradients`: derivatives of each row's output (or that of its target) by its inputs."""
    import torch

    with torch.enable_grad():
        if target_ind is None:  # the function has picked them
            picked = forward_fn()
        else:
            every = forward_fn(*inputs)
            picked = every.gather(1, target_ind.expand(len(every))[:, None])
        return torch.autograd.grad(picked.sum(), inputs)


@contextmanager
def quiet() -> Iterator[None]:
    """Without captum's warnings that it sets hooks and asks for gradients."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def in_batches(path: Differentiable, n: int, work: Callable[[slice], Any], copies: int = 1) -> np.ndarray:
    """`work` (a slice of the n rows to a tensor with these rows first) batch by batch, joined, float64; a batch has
    `copies` model rows for each row."""
    size = max(1, path.batch_rows // copies)
    parts = []
    with quiet():
        for start in range(0, n, size):
            parts.append(path.array(work(slice(start, min(start + size, n)))))
            path.settle()
    return np.concatenate(parts)


def drawn_batches(
    samples: int, n: int, size: int, draw: Callable[[int], Sequence[np.ndarray]]
) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
    """The draws of n rows in batches of `size`: the row of each (m,), ascending, and its arrays (m, ...), of which
    `draw(row)` gives `samples`."""
    held: list[tuple[np.ndarray, list[np.ndarray]]] = []
    waiting = 0
    for row in range(n):
        arrays = draw(row)
        done = 0
        while done < samples:
            taken = min(samples - done, size - waiting)
            held.append((np.full(taken, row), [array[done : done + taken] for array in arrays]))
            waiting, done = waiting + taken, done + taken
            if waiting == size:
                yield _together(held)
                held, waiting = [], 0
    if held:
        yield _together(held)


def _together(held: list[tuple[np.ndarray, list[np.ndarray]]]) -> tuple[np.ndarray, list[np.ndarray]]:
    rows = np.concatenate([row for row, _ in held])
    return rows, [np.concatenate(parts) for parts in zip(*(arrays for _, arrays in held), strict=True)]


class DrawMeans:
    """Means over draws: of each input, shape (n, ...), and of each unit with its standard error, both (n, d)."""

    def __init__(self, shape: tuple[int, ...], sums: UnitSums, samples: int) -> None:
        self.total = np.zeros(shape)
        self.units = np.zeros((shape[0], len(sums.names)))
        self.squares = np.zeros_like(self.units)
        self.sums, self.samples = sums, samples

    def add(self, rows: np.ndarray, values: np.ndarray) -> None:
        """Draws `values` (m, ...) of `rows` (m,), ascending, in any precision."""
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        present = rows[starts]
        self.total[present] += np.add.reduceat(values, starts, axis=0, dtype=np.float64)
        units = self.sums.of(rows, values)
        self.units[present] += np.add.reduceat(units, starts, axis=0)
        self.squares[present] += np.add.reduceat(units**2, starts, axis=0)

    @property
    def mean(self) -> np.ndarray:
        return self.total / self.samples

    @property
    def error(self) -> np.ndarray | None:
        """Monte-Carlo standard error of each unit's mean; None for a single draw."""
        if self.samples < 2:
            return None
        mean = self.units / self.samples
        variance = np.maximum(self.squares / self.samples - mean**2, 0.0)
        error: np.ndarray = np.sqrt(variance / (self.samples - 1))
        return error


def target_outputs(case: Case, inputs: np.ndarray | None = None) -> np.ndarray:
    """The explained output of each row's target class (n, 1), from the model itself; of `inputs` (n or 1, ...) in
    their place where given."""
    raw = case.calls.forward((case.inputs if inputs is None else inputs).copy())  # a model may write into its inputs
    columns = outputs.explained(raw, case.calls.subject)
    rows = np.arange(len(case)) if len(columns) == len(case) else np.zeros(len(case), dtype=np.intp)
    return columns[rows, case.targets][:, None]


def completed(
    case: Case,
    path: Differentiable,
    method: str,
    values: np.ndarray,
    *,
    base: np.ndarray | None = None,
    error: np.ndarray | None = None,
    facts: Mapping[str, Any] | None = None,
    notes: tuple[str, ...] = (),
    maps: np.ndarray | None = None,
    flat: str = FLAT,
) -> Attribution:
    """The attribution of values for each input (n, ...): a table's added up over the input columns of each unit, an
    image's over channels (`maps`) and the pixels of each unit.

    With `base` (n, 1) the values should add up to the output, and `completeness_error` (n,) in `details` is by how
    much they do not; `flat` is said where all values of a row are 0. NotApplicable where a value is not finite.
    """
    finite = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if not finite.all():
        raise NotApplicable(
            f"the gradient is not finite in {np.count_nonzero(~finite)} of {len(values)} rows; "
            "a missing or extreme value, or a function without a derivative there, makes it so"
        )
    sums = UnitSums(case)
    units = sums.of(np.arange(len(case)), values)
    output = target_outputs(case)
    details = {}
    if base is not None:
        details["completeness_error"] = values.reshape(len(values), -1).sum(axis=1) - (output - base)[:, 0]
    told = dict(facts or {})
    if path.fold_difference is not None:
        told |= {"folded": True, "fold_difference": path.fold_difference}
        details["fold_difference"] = np.full(len(case), path.fold_difference)
    moved = np.any(values.reshape(len(values), -1), axis=1)
    said = (IGNORES,) if path.ignores_inputs else () if moved.all() else (flat,)
    return Attribution(
        method=method,
        units=sums.names,
        values=units[:, :, None],
        output=output,
        base=base,
        error=None if error is None else error[:, :, None],
        targets=case.targets,
        maps=maps if maps is not None else (values.sum(axis=1) if sums.segments is not None else None),
        segments=sums.segments,
        counts=sums.counts,
        details=details,
        facts=told,
        notes=(*notes, *said),
    )
