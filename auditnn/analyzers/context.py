"""What the runner hands to an analyzer beside the subject: predictions, randomness, a sample, the counted path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from auditnn.core.analyzer import Effort
from auditnn.core.audit import RowArray
from auditnn.core.seeding import stream
from auditnn.core.subject import Predictions, Subject
from auditnn.kernels.joining import join_rows

if TYPE_CHECKING:
    from auditnn.subjects.calls import Calls


CHUNK = 25
Work = Callable[[np.ndarray], Mapping[str, np.ndarray]]


def _silent(done: int, total: int) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One analyzer's surroundings.

    `predictions` are those of the test rows. `calls` is the batched counted path (None without a model), billed to
    this analyzer. `consumed` holds the row arrays that it declared, those it `uses` where they were produced.
    `row_cap` limits `sample`; `positions` are the rows that a user asked about, in its place.
    """

    analyzer: str
    subject: Subject
    predictions: Predictions
    calls: Calls | None = None
    seed: int = 0
    effort: Effort = "standard"
    row_cap: int | None = None
    positions: tuple[int, ...] | None = None
    consumed: Mapping[str, RowArray] = field(default_factory=dict)
    progress: Callable[[int, int], None] = _silent

    def rng(self, *names: Any) -> np.random.Generator:
        """This analyzer's random stream for `names`: a row id, or "shared" for draws common to all rows."""
        return stream(self.seed, self.analyzer, *names)

    def sample(self, wanted: int) -> np.ndarray:
        """Positions of the first `wanted` test rows in one seeded permutation, shared by all analyzers, so that
        smaller samples are nested in larger ones and per-row arrays align. At most `--rows` of them. Where a user asked
        about certain rows, these."""
        if self.positions is not None:
            return np.array(self.positions[:wanted], dtype=np.int64)
        limit = wanted if self.row_cap is None else min(wanted, self.row_cap)
        return stream(self.seed, "rows").permutation(len(self.subject.test))[:limit]

    def map_rows(self, name: str, positions: np.ndarray, work: Work, chunk: int = CHUNK) -> dict[str, np.ndarray]:
        """`work(positions of a chunk)` for fixed chunks of `chunk` rows, its arrays (the row first) joined.

        `work` is a function of the subject, the settings, the seed and the rows alone, so that a chunk can be done
        anywhere, once; `name` tells several maps of one analyzer apart.
        """
        starts = range(0, len(positions), chunk)
        parts = []
        for done, start in enumerate(starts):
            self.progress(done, len(starts))
            parts.append(work(positions[start : start + chunk]))
        return join_rows(parts)
