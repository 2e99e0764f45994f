"""The simulation as a page for people."""

from __future__ import annotations

from typing import Any

HEAD = """# How often the judge is wrong

`{command}` (deterministic; {families:,} families per row). The families are judged by the code that judges audits.

A rule that is exactly at its limit is allowed, so every `fail` of one is a false alarm, and no truth raises more of
them. Whole families are corrected together by Benjamini and Hochberg at 5%, and a `fail` also needs the 95% interval
wholly beyond the limit. "p at most" is the share of one-sided p-values at or under each level where the truth is
exactly the limit: above the level, a test is too sure; far below it, careful. Gaps and ratios over five groups are
careful by design, because their intervals are simultaneous.

{parts}
"""
PART = """## {title}

| truth | counted | share, 95% Monte-Carlo interval | at most | holds | true effects found |
|---|---|---|---|---|---|
{scenarios}

| quantity, one at a time | comparison | p at most 0.01 | 0.025 | 0.05 | fails alone | undefined |
|---|---|---|---|---|---|---|
{quantities}
"""


def page(record: dict[str, Any]) -> str:
    parts = "\n".join(_part(one) for one in record["sizes"])
    return HEAD.format(command=record["command"], families=record["families"], parts=parts).rstrip() + "\n"


def _part(part: dict[str, Any]) -> str:
    title = "As many rows as common test sets have" if part["rows"] == 1 else f"With {part['rows']:.0%} of these rows"
    return PART.format(
        title=title,
        scenarios="\n".join(_scenario(one) for one in part["scenarios"]),
        quantities="\n".join(_quantity(one) for one in part["quantities"]),
    )


def _scenario(one: dict[str, Any]) -> str:
    found = f"{one['true_effects_found']:.0%}" if "true_effects_found" in one else ""
    interval = f"{one['share']:.2%} ({one['low']:.2%} to {one['high']:.2%})"
    return f"| {one['truth']} | {one['counted']} | {interval} | 5% | {'yes' if one['holds'] else 'no'} | {found} |"


def _quantity(one: dict[str, Any]) -> str:
    shares = " | ".join(f"{one[f'p_at_most_{level}']:.2%}" for level in (0.01, 0.025, 0.05))
    return f"| {one['name']} | {one['comparison']} | {shares} | {one['fails_alone']:.2%} | {one['undefined']} |"
