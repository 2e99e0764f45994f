"""A fairness family as it occurs: four rules over the same counts, for two attributes, all exactly at their limits.

With a base rate of 0.4 in every group, true positive rates of 0.7 and 0.8 and false positive rates of 0.2 and 0.3
give selection rates of 0.4 and 0.5: differences of 0.1, a ratio of 0.8, equalized odds of 0.1, all at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from auditnn.policy.comparison import Comparison, compare
from auditnn.policy.rule import Rule
from benchmarks.judgement.quantities import FIVE, UNITS, counts, extreme_of, fewer, odds_of, rule

BASE_RATE = 0.4
LOW, HIGH = (0.7, 0.2), (0.8, 0.3)
GAP, RATIO = rule("gap", "at_most", 0.1), rule("ratio", "at_least", 0.8)


def family(rng: np.random.Generator, share: float = 1.0) -> list[Comparison]:
    """Six comparisons: all four disparities of an attribute of five groups, two of an attribute of two."""
    return [*_attribute(rng, fewer(FIVE, share), (LOW, LOW, HIGH, HIGH, HIGH), all_four=True),
            *_attribute(rng, fewer(UNITS, share), (LOW, HIGH), all_four=False)]  # fmt: skip


def _attribute(
    rng: np.random.Generator, rows: Sequence[int], rates: Sequence[tuple[float, float]], *, all_four: bool
) -> Iterator[Comparison]:
    positives = counts(rng, rows, [BASE_RATE] * len(rows))
    negatives = [n - one for n, one in zip(rows, positives, strict=True)]
    hits = counts(rng, positives, [one for one, _ in rates])
    wrong = counts(rng, negatives, [one for _, one in rates])
    selected = [a + b for a, b in zip(hits, wrong, strict=True)]
    yield _met(GAP, "gap", selected, rows)
    yield _met(GAP, "gap", hits, positives)
    if all_four:
        yield _met(RATIO, "ratio", selected, rows)
        yield compare(GAP, odds_of("gap", [hits, wrong], [positives, negatives]))


def _met(one: Rule, form: str, x: list[int], n: Sequence[int]) -> Comparison:
    return compare(one, extreme_of(form, form, x, n))
