"""How often does the judge raise a false alarm? python -m benchmarks.judgement.errors [--families 4000]

Draws every quantity at its limit, within and beyond it, judges whole families with the code of `auditnn.policy`, and
writes benchmarks/results/judgement.{json,md}. The same arguments give the same files; exit 1 where a claim fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from auditnn.core.seeding import stream
from auditnn.policy.comparison import Comparison, compare
from auditnn.policy.families import adjusted_p_values
from auditnn.policy.judge import status_of
from benchmarks.judgement.one_table import family as one_table_family
from benchmarks.judgement.page import page
from benchmarks.judgement.quantities import Quantity, Truth, quantities

RESULTS = Path(__file__).resolve().parent.parent / "results"
LEVEL = 0.05
SHARES = (1.0, 0.15)
Pools = dict[tuple[int, Truth], list[Comparison]]
Family = tuple[list[Comparison], list[bool]]


def main() -> int:
    parser = argparse.ArgumentParser(description="How often does the judge raise a false alarm?")
    parser.add_argument("--families", type=int, default=4000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    size = arguments.families
    record = {
        "command": f"python -m benchmarks.judgement.errors --families {size}",
        "families": size,
        "sizes": [mix(share, size) for share in SHARES],
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "judgement.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (arguments.out / "judgement.md").write_text(page(record), encoding="utf-8")
    return 0 if all(one["holds"] for part in record["sizes"] for one in part["scenarios"]) else 1


def mix(rows: float, size: int) -> dict[str, Any]:
    """All quantities and all families, from a share of the usual rows."""
    known = quantities(rows)
    pools = draw_pools(known, size, rows)
    return {
        "rows": rows,
        "quantities": [sizes(one, pools[i, "limit"]) for i, one in enumerate(known)],
        "scenarios": scenarios(pools, len(known), size, rows),
    }


def draw_pools(known: Sequence[Quantity], size: int, rows: float) -> Pools:
    """Independent draws: as many at the limit as there are families, fewer of the others, which are drawn from."""
    wanted: dict[Truth, int] = {"limit": size, "within": max(1, size // 10), "beyond": max(1, size // 4)}
    pools: Pools = {}
    for i, one in enumerate(known):
        start = time.perf_counter()
        for truth, count in wanted.items():
            rng = stream(0, "judgement", one.name, truth, rows)
            pools[i, truth] = [_met(one, rng, truth) for _ in range(count)]
        print(f"{one.name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    return pools


def _met(one: Quantity, rng: np.random.Generator, truth: Truth) -> Comparison:
    measurement = one.draw(rng, one.truths[truth])
    if measurement is None:
        return Comparison(rule=one.rule, absent="not_measured", reason="undefined")
    return compare(one.rule, measurement)


def sizes(one: Quantity, drawn: Sequence[Comparison]) -> dict[str, Any]:
    """How often a true null at its limit has a p of at most 0.01, 0.025 and 0.05, and fails in a family of its own."""
    p = np.array([1.0 if met.p is None else met.p for met in drawn])
    return {
        "name": one.name,
        "comparison": f"{one.rule.op} {one.rule.threshold}",
        **{f"p_at_most_{level}": float(np.mean(p <= level)) for level in (0.01, 0.025, 0.05)},
        "fails_alone": float(np.mean([status_of(met, met.p) == "fail" for met in drawn])),
        "undefined": sum(met.absent is not None for met in drawn),
    }


def scenarios(pools: Pools, count: int, size: int, rows: float) -> list[dict[str, Any]]:
    fifth = round(count / 5)

    def mixed(beyond: int, within: int) -> Iterator[Family]:
        return _mixed(pools, count, size, beyond, within)

    any_false, false_share = "any false fail", "false discoveries"
    told = (
        ("every rule exactly at its limit", any_false, mixed(0, 0)),
        ("two at their limit, nine in ten pass clearly", any_false, mixed(0, count - 2)),
        ("fairness rules over the same counts, all at their limits", any_false, _one_table(size, rows)),
        ("a fifth truly beyond, the others exactly at their limit", false_share, mixed(fifth, 0)),
        ("a fifth beyond, a fifth at their limit, the others pass", false_share, mixed(fifth, count - 2 * fifth)),
    )
    return [{"truth": truth, "counted": counted, **share(counted, families)} for truth, counted, families in told]


def _mixed(pools: Pools, count: int, size: int, beyond: int, within: int) -> Iterator[Family]:
    """Families of one comparison of each quantity: so many beyond, so many clearly within, the rest at the limit."""
    rng = stream(0, "judgement", "families", beyond, within)
    for i in range(size):
        order = rng.permutation(count)
        truths: list[Truth] = ["limit"] * count
        for position in order[:beyond]:
            truths[position] = "beyond"
        for position in order[beyond : beyond + within]:
            truths[position] = "within"
        chosen = []
        for position, truth in enumerate(truths):
            pool = pools[position, truth]
            chosen.append(pool[i] if truth == "limit" else pool[int(rng.integers(len(pool)))])
        yield chosen, [truth == "beyond" for truth in truths]


def _one_table(size: int, rows: float) -> Iterator[Family]:
    rng = stream(0, "judgement", "one table", rows)
    for _ in range(size):
        met = one_table_family(rng, rows)
        yield met, [False] * len(met)


def share(counted: str, families: Iterator[Family]) -> dict[str, Any]:
    """The share of families with a false fail, or the mean share of false ones among all fails, with its error."""
    each, found = [], []
    for met, truly_beyond in families:
        failed = [status_of(one, q) == "fail" for one, q in zip(met, adjusted_p_values(met), strict=True)]
        false = sum(fail and not true for fail, true in zip(failed, truly_beyond, strict=True))
        each.append(float(false > 0) if counted == "any false fail" else false / max(1, sum(failed)))
        found.append(
            sum(fail and true for fail, true in zip(failed, truly_beyond, strict=True)) / max(1, sum(truly_beyond))
        )
    n, value = len(each), float(np.mean(each))
    error = float(np.std(each, ddof=1) / np.sqrt(n))
    low = value - float(stats.norm.ppf(0.975)) * error
    high = value + float(stats.norm.ppf(0.975)) * error
    power = {} if not any(found) else {"true_effects_found": float(np.mean(found))}
    return {"share": value, "low": max(0.0, low), "high": high, "limit": LEVEL, "holds": low <= LEVEL, **power}


if __name__ == "__main__":
    raise SystemExit(main())
