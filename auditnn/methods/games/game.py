"""What a game is, and how requests of several rows are packed into the model's batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from auditnn.core.errors import NotApplicable
from auditnn.subjects import outputs
from auditnn.subjects.calls import Calls

KEPT_BYTES = 2**24
NOT_FINITE = "the model gives no finite answer for rows in which some inputs are replaced by those of others"
Piece = tuple[int, np.ndarray]  # a row and its coalitions (m, d), True where a unit is present


def keep_freed_memory() -> None:
    """Let the allocator keep what a model frees after every batch, up to 32 MiB, rather than hand it back to the system
    and fault it in again, which took a third of the time of small networks: glibc takes its threshold from the
    largest block that was freed. Nothing is touched; other allocators do as they please."""
    np.empty(KEPT_BYTES, dtype=np.uint8)


class Games(ABC):
    """The games of `n` rows of one subject.

    The value of a coalition is the mean of the explained outputs over `copies` ways to fill in what it hides
    (background rows; one for an image's mean or blur). A row may have its own number of units. `evaluate` costs
    `copies` model rows for each coalition. Blocks of `block_rows` inputs are made at once, a batch of the model's
    unless told.
    """

    def __init__(self, calls: Calls, copies: int, block_rows: int | None = None) -> None:
        self.calls, self.copies = calls, copies
        self.block_rows = calls.batch_rows if block_rows is None else block_rows

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def units(self, row: int) -> tuple[str, ...]:
        """Names of the units of a row, (d,)."""

    @abstractmethod
    def inputs(self, pieces: Sequence[Piece]) -> Any:
        """Model-ready inputs of all coalitions of these pieces, copy by copy: (copies x m, ...), valid until the next
        call."""

    def evaluate(self, row: int, masks: np.ndarray) -> np.ndarray:
        """Values (m, k), float64, of coalitions `masks` (m, d) of one row."""
        return self.evaluate_all([(row, masks)])[0]

    def evaluate_all(self, requests: Sequence[Piece]) -> list[np.ndarray]:
        """Values (m, k) for each request, several requests to a batch where they are small. ValueError where a row has
        another number of units."""
        requests = [(row, self._coalitions(row, masks)) for row, masks in requests]
        results: list[np.ndarray | None] = [None] * len(requests)
        keep_freed_memory()
        with self.calls.prepared():
            for block in self._blocks(requests):
                pieces = [(requests[i][0], requests[i][1][start:stop]) for i, start, stop in block]
                values = self._values(pieces)
                done = 0
                for i, start, stop in block:
                    if results[i] is None:
                        results[i] = np.empty((len(requests[i][1]), values.shape[1]))
                    results[i][start:stop] = values[done : done + stop - start]  # type: ignore[index]
                    done += stop - start
        k = max(1, len(self.calls.subject.classes))
        return [np.empty((0, k)) if result is None else result for result in results]

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of the empty and of the full coalition of every row, both (n, k): 2 n x `copies` model rows."""
        requests = []
        for row in range(len(self)):
            masks = np.zeros((2, len(self.units(row))), dtype=bool)
            masks[1] = True
            requests.append((row, masks))
        both = np.stack(self.evaluate_all(requests))
        return both[:, 0], both[:, 1]

    def _coalitions(self, row: int, masks: np.ndarray) -> np.ndarray:
        """The coalitions as bools, of the width that the row's game has."""
        d = len(self.units(row))
        if np.ndim(masks) != 2 or np.shape(masks)[1] != d:
            raise ValueError(f"coalitions of shape (m, {d}) for row {row}, not {np.shape(masks)}")
        return np.asarray(masks, dtype=bool)

    def _values(self, pieces: Sequence[Piece]) -> np.ndarray:
        raw = self.calls.forward(self.inputs(pieces))
        m = sum(len(masks) for _, masks in pieces)
        mean = raw if self.copies == 1 else (raw.reshape(self.copies, -1).sum(axis=0) / self.copies).reshape(m, -1)
        if not np.isfinite(mean).all():
            raise NotApplicable(NOT_FINITE)
        return outputs.explained(mean, self.calls.subject)  # affine in the raw outputs, so the mean may come first

    def _blocks(self, requests: Sequence[Piece]) -> Iterator[list[tuple[int, int, int]]]:
        """Coalitions (request, start, stop) that together fill one block."""
        room = max(1, self.block_rows // self.copies)
        block: list[tuple[int, int, int]] = []
        left = room
        for i, (_, masks) in enumerate(requests):
            start = 0
            while start < len(masks):
                stop = min(len(masks), start + left)
                block.append((i, start, stop))
                left -= stop - start
                start = stop
                if left == 0:
                    yield block
                    block, left = [], room
        if block:
            yield block
