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

if TYPE_CHECKING:
    from auditnn.subjects.calls import Calls


def _silent(done: int, total: int) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One analyzer's surroundings.

    `predictions` are those of the test rows. `calls` is the batched counted path (None without a model), billed to
    this analyzer. `consumed` holds the row arrays that it declared. `row_cap` limits `sample`.
    """

    analyzer: str
    subject: Subject
    predictions: Predictions
    calls: Calls | None = None
    seed: int = 0
    effort: Effort = "standard"
    row_cap: int | None = None
    consumed: Mapping[str, RowArray] = field(default_factory=dict)
    progress: Callable[[int, int], None] = _silent

    def rng(self, *names: Any) -> np.random.Generator:
        """This analyzer's random stream for `names`: a row id, or "shared" for draws common to all rows."""
        return stream(self.seed, self.analyzer, *names)

    def sample(self, wanted: int) -> np.ndarray:
        """Positions of the first `wanted` test rows in one seeded permutation, shared by all analyzers, so that
        smaller samples are nested in larger ones and per-row arrays align. At most `--rows` of them."""
        limit = wanted if self.row_cap is None else min(wanted, self.row_cap)
        return stream(self.seed, "rows").permutation(len(self.subject.test))[:limit]
