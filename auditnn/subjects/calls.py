"""The batched, counted path: every prediction and every gradient goes through here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from auditnn.core.errors import BudgetSpent, NotApplicable
from auditnn.core.rows import Rows
from auditnn.core.subject import Predictions, Subject
from auditnn.subjects import outputs
from auditnn.subjects.encoding import FrameEncoder, ImageEncoder, MatrixEncoder
from auditnn.subjects.foreign import no_exit

if TYPE_CHECKING:
    from auditnn.subjects.differentiable import Differentiable

BATCH_BYTES = 4 * 2**20
FEWEST, MOST = 8, 4096
ENCODED_ROWS, FRAME_BATCHES = 16 * MOST, 4


@dataclass(slots=True)
class Bill:
    """What the model was asked for, and the seconds spent inside it."""

    rows_forward: int = 0
    rows_backward: int = 0
    seconds: float = 0.0

    def add(self, other: Bill) -> None:
        self.rows_forward += other.rows_forward
        self.rows_backward += other.rows_backward
        self.seconds += other.seconds


class Calls:
    """Model calls on one subject's bill.

    Batches have `batch_rows` rows: as many as hold 4 MiB of features or pixels, from 8 to 4,096, and four times as many
    where the model takes a data frame, which costs something for every call. That is a function of the subject alone,
    so that the same settings give the same bits on every machine. After `deadline` (seconds on the clock of
    `time.monotonic`) the next batch raises BudgetSpent.
    """

    def __init__(self, subject: Subject, deadline: float | None = None, batch_rows: int | None = None) -> None:
        if subject.model is None or subject.encoder is None:
            raise NotApplicable("there is no model: only its stored predictions were given")
        self.subject, self.model, self.encoder = subject, subject.model, subject.encoder
        self.deadline = deadline
        frames = FRAME_BATCHES if isinstance(self.encoder, FrameEncoder) else 1
        self.batch_rows = batch_rows or frames * batch_size(subject.test.rows)
        self.bill = Bill()

    @contextmanager
    def billed(self) -> Iterator[Bill]:
        """A fresh bill for what happens inside; it is added to the outer one at the end."""
        outer, self.bill = self.bill, Bill()
        try:
            yield self.bill
        finally:
            outer.add(self.bill)
            self.bill = outer

    def outputs(self, rows: Rows) -> np.ndarray:
        """Raw outputs (n, k), float64: logits, probabilities, values, or the 0/1 indicator of hard labels."""
        n = len(rows)
        whole: np.ndarray | None = None
        with self.prepared():
            for start, block in self._blocks(rows):
                part = self.forward(self.encoder(block))
                if len(part) == n:
                    return part
                if whole is None:
                    whole = np.empty((n, part.shape[1]))
                whole[start : start + len(part)] = part
        return self.forward(self.encoder(rows)) if whole is None else whole

    def predict(self, rows: Rows) -> Predictions:
        """Predictions for rows; n rows forward."""
        return outputs.predictions(self.outputs(rows), self.subject)

    def forward(self, inputs: Any) -> np.ndarray:
        """Raw outputs (n, k) of model-ready inputs (an array or a data frame), batch by batch."""
        n = len(inputs)
        whole: np.ndarray | None = None
        with self.prepared():
            for start in range(0, n, self.batch_rows):
                batch = cut(inputs, start, min(start + self.batch_rows, n))
                self.check_deadline()
                began = time.perf_counter()
                raw = self.model.forward(batch)
                self.bill.seconds += time.perf_counter() - began
                self.bill.rows_forward += len(batch)
                part = outputs.matrix(raw, len(batch), self.subject)
                if whole is None:
                    outputs.check_width(part.shape[1], self.subject)
                    if len(batch) == n:
                        return part
                    whole = np.empty((n, part.shape[1]))
                whole[start : start + len(batch)] = part
        return np.empty((0, max(1, len(self.subject.classes)))) if whole is None else whole

    def gradients(self, rows: Rows, target: int | np.ndarray) -> np.ndarray:
        """D output / d inputs for rows, shape of the inputs (n, ...); see `input_gradients`."""
        targets = np.broadcast_to(np.asarray(target), (len(rows),))
        with self.prepared():
            return np.concatenate(
                [
                    self.input_gradients(self.encoder(block), targets[start : start + len(block)])
                    for start, block in self._blocks(rows)
                ]
            )

    def input_gradients(self, inputs: np.ndarray, target: int | np.ndarray) -> np.ndarray:
        """D output[target] / d inputs, float64, shape of `inputs`; n rows forward and n backward.

        `target` is a class code, or one per row (n,); 0 for regression: a column of `outputs.explained`.
        """
        gradients = getattr(self.model, "gradients", None)
        if gradients is None:
            raise NotApplicable(f"a {self.model.kind} model gives no gradients")
        n = len(inputs)
        targets = np.broadcast_to(np.asarray(target, dtype=np.int64), (n,))
        result = np.empty(np.shape(inputs), dtype=np.float64)
        with self.prepared():
            for start in range(0, n, self.batch_rows):
                stop = min(start + self.batch_rows, n)
                self.check_deadline()
                began = time.perf_counter()
                result[start:stop] = gradients(inputs[start:stop], targets[start:stop], self.subject.positive)
                self.bill.seconds += time.perf_counter() - began
                self.bill.rows_forward += stop - start
                self.bill.rows_backward += stop - start
        return result

    def differentiable(self, sample: Any, fold: bool = False) -> AbstractContextManager[Differentiable]:
        """The model as a torch module from inputs to `outputs.explained`, for gradient methods: see
        `differentiable.differentiable`."""
        from auditnn.subjects.differentiable import differentiable

        return differentiable(self, sample, fold)

    def _blocks(self, rows: Rows) -> Iterator[tuple[int, Rows]]:
        """Rows to encode at once, with where they start: a batch where encoding is a copy, many where it costs
        something for every call."""
        size = self.batch_rows if isinstance(self.encoder, MatrixEncoder | ImageEncoder) else ENCODED_ROWS
        if len(rows) <= size:
            yield 0, rows
            return
        for start in range(0, len(rows), size):
            yield start, rows.between(start, min(start + size, len(rows)))

    def check_deadline(self) -> None:
        """BudgetSpent where the deadline has passed."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise BudgetSpent("the time budget was spent while it ran")

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """The model ready (in evaluation mode) for a run of calls, and kept from ending the process; may be nested."""
        prepared = getattr(self.model, "prepared", None)
        with no_exit("the model"), nullcontext() if prepared is None else prepared():
            yield


def batch_size(rows: Rows | None) -> int:
    """Rows per batch for rows of this shape."""
    if rows is None or rows.row_bytes == 0:
        return MOST
    return int(np.clip(BATCH_BYTES // rows.row_bytes, FEWEST, MOST))


def cut(inputs: Any, start: int, stop: int) -> Any:
    """Consecutive rows of model-ready inputs, an array or a data frame; all of them as they are."""
    if start == 0 and stop == len(inputs):
        return inputs
    return inputs.iloc[start:stop].reset_index(drop=True) if hasattr(inputs, "iloc") else inputs[start:stop]
