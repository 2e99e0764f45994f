"""Extremes over groups as measurements: largest gap, smallest ratio, worst group; or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from auditnn.analyzers import measures
from auditnn.analyzers.fairness.outcomes import named
from auditnn.core.measurement import Better, Measurement
from auditnn.core.subject import Group
from auditnn.kernels.moments import Moments

MOST_GROUPS = 200  # simultaneous intervals look at every pair of groups


@dataclass(frozen=True, slots=True)
class Contest:
    """The levels of one attribute that are compared: `enough` and `rows` per level, and the rows it took."""

    group: Group
    rows: np.ndarray
    enough: np.ndarray
    minimum: int

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
    if count > MOST_GROUPS:
        return "skipped", (
            f"{contest.group.name} has {count:,} groups of at least {contest.minimum} rows and at most "
            f"{MOST_GROUPS} are compared, pair by pair; merge levels or set bands"
        )
    return None


def gap(id: str, contest: Contest, rate: str, x: np.ndarray, n: np.ndarray, pairs: Mapping[str, Any]) -> Measurement:
    """Largest minus smallest rate: Newcombe folded at zero (two groups), else simultaneous."""
    taken = contest.over(n)
    if problem := why_not(contest, taken, rate):
        return measures.absent(id, *problem, slice=pairs, better="lower", unit="probability")
    rates = x[taken] / n[taken]
    basis = _basis("gap", contest, taken, x, n)
    return _sampled(id, rates.max() - rates.min(), _method(taken), basis, pairs, "lower")


def ratio(id: str, contest: Contest, rate: str, x: np.ndarray, n: np.ndarray, pairs: Mapping[str, Any]) -> Measurement:
    """Smallest over largest rate: Miettinen-Nurminen's score interval (two groups), else simultaneous; undefined
    where the largest is 0."""
    taken = contest.over(n)
    if problem := why_not(contest, taken, rate):
        return measures.absent(id, *problem, slice=pairs, better="higher", unit="ratio")
    rates = x[taken] / n[taken]
    if rates.max() == 0:
        reason = f"the {rate} of every group is 0, and a ratio over 0 does not exist"
        return measures.absent(id, "undefined", reason, slice=pairs, better="higher", unit="ratio")
    basis = _basis("ratio", contest, taken, x, n)
    method = "score" if taken.sum() == 2 else "simultaneous"
    return _sampled(id, rates.min() / rates.max(), method, basis, pairs, "higher", "ratio")


def worst_gap(
    id: str, contest: Contest, rates: Mapping[str, tuple[np.ndarray, np.ndarray]], pairs: Mapping[str, Any]
) -> Measurement:
    """The largest of the gaps of several rates over the groups that have them all; Bonferroni over the gaps."""
    taken = np.logical_and.reduce([contest.over(n) for _, n in rates.values()])
    said = " and a ".join(name.replace("_", " ") for name in rates)
    if problem := why_not(contest, taken, said):
        return measures.absent(id, *problem, slice=pairs, better="lower", unit="probability")
    shares = [x[taken] / n[taken] for x, n in rates.values()]
    basis = {
        "form": "worst_gap",
        "rates": list(rates),
        "groups": contest.names(taken),
        "x": [x[taken].tolist() for x, _ in rates.values()],
        "n": [n[taken].tolist() for _, n in rates.values()],
        "left_out": contest.left_out(taken),
    }
    value = max(share.max() - share.min() for share in shares)
    rows = int(contest.rows[taken].sum())
    return measures.sampled(id, value, _method(taken), basis, slice=pairs, better="lower", unit="probability", n=rows)


def lowest(id: str, contest: Contest, rate: str, x: np.ndarray, n: np.ndarray, pairs: Mapping[str, Any]) -> Measurement:
    """The smallest rate of any group, with simultaneous bounds; one group is enough to have a worst."""
    taken = contest.over(n)
    if not taken.any() or taken.sum() > MOST_GROUPS:
        problem = why_not(contest, taken, rate) or ("undefined", "no group has enough rows")
        return measures.absent(id, *problem, slice=pairs, better="higher", unit="probability")
    basis = _basis("minimum", contest, taken, x, n)
    return _sampled(id, (x[taken] / n[taken]).min(), "simultaneous", basis, pairs, "higher")


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


def _basis(form: str, contest: Contest, taken: np.ndarray, x: np.ndarray, n: np.ndarray) -> dict[str, Any]:
    return {
        "form": form,
        "groups": contest.names(taken),
        "x": x[taken].tolist(),
        "n": n[taken].tolist(),
        "left_out": contest.left_out(taken),
    }


def _method(taken: np.ndarray) -> str:
    return "newcombe" if taken.sum() == 2 else "simultaneous"


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
