"""Small models with their backgrounds, and the sample subjects, as cases for Shapley methods."""

from __future__ import annotations

import numpy as np

from auditnn.methods.case import Case, Hiding
from auditnn.methods.games.background import choose_background
from auditnn.methods.plain import case_of
from auditnn.subjects.calls import Calls
from auditnn.subjects.load import load


def network(d: int, k: int, n: int = 4, b: int = 7, seed: int = 0) -> Case:
    """Rows of a smooth function of d inputs with k outputs, in float64."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(d, 8)), rng.normal(size=(8, k))
    rows, background = rng.normal(size=(n, d)), rng.normal(size=(b, d))
    return case_of(lambda x: np.tanh(np.asarray(x, np.float64) @ first) @ second, rows, background)


def sample(name: str, n: int, b: int, units: int = 16) -> Case:
    """Test rows of a sample subject against training rows."""
    subject = load(f"sample:{name}")
    assert subject.train is not None
    assert subject.train.rows is not None
    assert subject.test.rows is not None
    at = np.random.default_rng(0).permutation(len(subject.test))[:n]
    chosen = choose_background(subject.train.rows, b, "sample", 0)
    return Case(
        calls=Calls(subject),
        rows=subject.test.rows.take(at),
        ids=subject.test.id[at],
        background=subject.train.rows.take(chosen),
        targets=np.zeros(n, dtype=np.int64),
        hiding=Hiding(segments="patches", units=units),
    )
