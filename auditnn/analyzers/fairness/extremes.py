"""Extremes over groups as measurements: largest gap, smallest ratio, worst group; or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from auditnn.analyzers import measures
from auditnn.analyzers.fairness.outcomes import named
from auditnn.core.measurement import Better, Measurement
from auditnn.core.subject import Group
from auditnn.kernels.inference import gap_method, ratio_method
from auditnn.kernels.moments import Moments


@dataclass(frozen=True, slots=True)
class Contest:
    """The levels of one attribute that are compared: `enough` and `rows` per level (g,), the rows it took, and the
    most levels that can be compared."""

    group: Group
    rows: np.ndarray
    enough: np.ndarray
    minimum: int
    most: int

    def over(self, denominators: np.ndarray) -> np.ndarray:
        """Levels with enough rows for which the rate exists: its denominator is positive, (g,)."""
        return np.asarray(self.enough & (denominators > 0))

    def left_out(self, taken: np.ndarray) -> list[str]:
        """Names of the levels that have rows and are not compared, the largest first."""
        out = np.flatnonzero(~taken & (self.rows > 0))
        out = out[np.argsort(-self.rows[out], kind="stable")]
        return named([self.group.levels[level] for level in out])

    def names(self, taken: np.ndarray) -> list[str]:
        return [self.group.levels[level] for level in np.flatnonzero(taken)]


@dataclass(frozen=True, slots=True)
class Fractions:
    """One rate of every level: numerators and denominators (g,), its name, and the outcome that it is about."""

    rate: str
    x: np.ndarray
    n: np.ndarray
    outcome: str | None = None

    @property
    def words(self) -> str:
        return self.rate.replace("_", " ")

    @property
    def about(self) -> dict[str, str]:
        """What a basis says of it."""
        return {"rate": self.rate} | ({} if self.outcome is None else {"outcome": self.outcome})


Absence = tuple[Literal["undefined", "not_applicable", "skipped"], str]


def why_not(contest: Contest, taken: np.ndarray, rate: str) -> Absence | None:
    """The status and reason of a disparity that cannot be taken over these levels; None where it can."""
    count, present = int(taken.sum()), int((contest.rows > 0).sum())
    if present < 2:
        return "not_applicable", f"{contest.group.name} has one group in these rows: there is nothing to compare"
    if count < 2:
        out = ", ".join(contest.left_out(taken))
        return "undefined", (
            f"fewer than two groups of {contest.group.name} have at least {contest.minimum} rows and a {rate}; "
            f"left out: {out}"
        )
    if count > contest.most:
        return "skipped", (
            f"{contest.group.name} has {count:,} groups of at least {contest.minimum} rows, and at most "
            f"{contest.most:,} are compared, pair by pair; merge levels, set bands, or raise most_groups"
        )
    return None


def gap(id: str, contest: Contest, of: Fractions, pairs: Mapping[str, Any]) -> Measurement:
    """Largest minus smallest rate: Newcombe folded at zero (two groups of 30 or more), else simultaneous."""
    taken = contest.over(of.n)
    if problem := why_not(contest, taken, of.words):
        return measures.absent(id, *problem, slice=pairs, better="lower", unit="probability")
    rates, method = of.x[taken] / of.n[taken], gap_method(of.n[taken])
    return _sampled(id, rates.max() - rates.min(), method, _basis("gap", contest, taken, of), pairs, "lower")


def ratio(id: str, contest: Contest, of: Fractions, pairs: Mapping[str, Any]) -> Measurement:
    """Smallest over largest rate: Miettinen-Nurminen's score interval (two groups of 30 or more), else simultaneous;
    undefined where the largest is 0."""
    taken = contest.over(of.n)
    if problem := why_not(contest, taken, of.words):
        return measures.absent(id, *problem, slice=pairs, better="higher", unit="ratio")
    rates, method = of.x[taken] / of.n[taken], ratio_method(of.n[taken])
    if rates.max() == 0:
        reason = f"the {of.words} of every group is 0, and a ratio over 0 does not exist"
        return measures.absent(id, "undefined", reason, slice=pairs, better="higher", unit="ratio")
    basis = _basis("ratio", contest, taken, of)
    return _sampled(id, rates.min() / rates.max(), method, basis, pairs, "higher", "ratio")


def worst_gap(id: str, contest: Contest, several: Sequence[Fractions], pairs: Mapping[str, Any]) -> Measurement:
    """The largest of the gaps of several rates over the groups that have them all; Bonferroni over the gaps, each of
    which has its own method. It goes by Newcombe's name only where all of them do."""
    taken = np.logical_and.reduce([contest.over(of.n) for of in several])
    if problem := why_not(contest, taken, " and a ".join(of.words for of in several)):
        return measures.absent(id, *problem, slice=pairs, better="lower", unit="probability")
    shares = [of.x[taken] / of.n[taken] for of in several]
    methods = [gap_method(of.n[taken]) for of in several]
    basis = {
        "form": "worst_gap",
        "rates": [of.rate for of in several],
        "methods": methods,
        "groups": contest.names(taken),
        "x": [of.x[taken].tolist() for of in several],
        "n": [of.n[taken].tolist() for of in several],
        "rows": contest.rows[taken].tolist(),
        "outcome": several[0].outcome,
        "left_out": contest.left_out(taken),
    }
    value, method = max(share.max() - share.min() for share in shares), max(methods)
    rows = int(contest.rows[taken].sum())
    return measures.sampled(id, value, method, basis, slice=pairs, better="lower", unit="probability", n=rows)


def lowest(id: str, contest: Contest, of: Fractions, pairs: Mapping[str, Any]) -> Measurement:
    """The smallest rate of any group, with simultaneous bounds; one group is enough to have a worst."""
    taken = contest.over(of.n)
    if not taken.any() or taken.sum() > contest.most:
        problem = why_not(contest, taken, of.words) or ("undefined", "no group has enough rows")
        return measures.absent(id, *problem, slice=pairs, better="higher", unit="probability")
    value = (of.x[taken] / of.n[taken]).min()
    return _sampled(id, value, "simultaneous", _basis("minimum", contest, taken, of), pairs, "higher")


def mean_gap(id: str, contest: Contest, moments: Moments, pairs: Mapping[str, Any]) -> Measurement:
    """Largest minus smallest group mean, simultaneous over Welch's intervals of the pairs."""
    taken = contest.enough
    if problem := why_not(contest, taken, "mean"):
        return measures.absent(id, *problem, slice=pairs, better="lower", unit="target")
    means = moments.mean[taken]
    basis = {
        "form": "gap",
        "groups": contest.names(taken),
        "mean": means.tolist(),
        "se": moments.standard_error[taken].tolist(),
        "n": moments.n[taken].tolist(),
        "left_out": contest.left_out(taken),
    }
    return _sampled(id, means.max() - means.min(), "simultaneous", basis, pairs, "lower", "target")


def _basis(form: str, contest: Contest, taken: np.ndarray, of: Fractions) -> dict[str, Any]:
    return {
        "form": form,
        **of.about,
        "groups": contest.names(taken),
        "x": of.x[taken].tolist(),
        "n": of.n[taken].tolist(),
        "rows": contest.rows[taken].tolist(),
        "left_out": contest.left_out(taken),
    }


def _sampled(
    id: str,
    value: float,
    method: str,
    basis: dict[str, Any],
    pairs: Mapping[str, Any],
    better: Better,
    unit: str = "probability",
) -> Measurement:
    return measures.sampled(id, value, method, basis, slice=pairs, better=better, unit=unit, n=int(sum(basis["n"])))
