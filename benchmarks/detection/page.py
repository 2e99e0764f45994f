"""The published page: results/detection.md."""

from __future__ import annotations

from typing import Any

HEAD = """# Does the audit find what was planted?

Loan applications are drawn anew for each of {seeds} seeds ({train:,} to train on, {test:,} to audit), the network is
trained anew, and the default policy judges the audit. `credit` has a planted bias against women (size 1: with the same
finances the odds of a recorded default are 4 times a man's; the network never sees sex) and 12% defaults;
`credit_clean` has the same applicants, balanced classes and nothing planted. Made by
`python -m benchmarks.detection`; the same command gives the same numbers.
"""


def page(summary: dict[str, Any], seeds: int, train: int, test: int) -> str:
    """Markdown with the three tables and what they leave open."""
    twin, gap = summary["twin"], summary["auc_gap"]["largest"]
    lines = [HEAD.format(seeds=seeds, train=train, test=test), "## Planted faults at their shipped size", ""]
    lines += ["| fault | counts as found when | found | 95% interval |", "|---|---|---|---|"]
    for name, row in summary["planted"].items():
        lines.append(
            f"| {name} | {row['means']} | {row['count']} of {row['of']} | {row['low']:.0%} to {row['high']:.0%} |"
        )
    lines += ["", "## Detection curve of the bias", "", *_curve(summary["curve"]), "", "## The twin without faults", ""]
    lines += [
        f"Rules that failed over {twin['seeds']} seeds, of all rules: {len(twin['fails'])}. Fairness rules that were "
        f"unsure, where 5,000 rows cannot show that small groups are within the threshold: {twin['unsure']}, of "
        f"{12 * twin['seeds']}. The largest true disparity of any of these networks is "
        f"{twin['largest_true_disparity']:.3f}; half the threshold is 0.05. The true ROC AUC of twins from the same "
        f"seed differs by at most {gap:.3f}.",
        "",
        "## Failed although within the threshold",
        "",
        f"Fairness rules that failed in any trial although this network's true value, on 250,000 fresh rows, is within "
        f"the threshold: {len(summary['false_fails'])}.",
        *(f"- {one}" for one in summary["false_fails"]),
    ]
    return "\n".join(lines) + "\n"


def _curve(rows: list[dict[str, Any]]) -> list[str]:
    codes = list(rows[0]["rules"])
    head = ["size", "odds ratio", "true difference in approvals, mean (range)", "found", "95% interval", *codes]
    lines = [f"| {' | '.join(head)} | any rule on age band |", "|" + "---|" * (len(head) + 1)]
    for row in rows:
        gap, found = row["true_difference"], row["found"]
        cells = [
            f"{row['fault']:g}",
            f"{row['odds_ratio']:g}",
            f"{gap['mean']:.3f} ({gap['least']:.3f} to {gap['most']:.3f})",
            f"{found['count']} of {found['of']}",
            f"{found['low']:.0%} to {found['high']:.0%}",
            *(str(row["rules"][code]) for code in codes),
            str(row["wrong_attribute"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "*Found*: FAIR001 (difference above 0.1) fails on sex and women have the lower rate. The other columns count "
        "seeds in which that rule failed on sex: FAIR002 ratio under 0.8, FAIR003 equalized odds, FAIR004 equal "
        "opportunity. A bias whose true difference is under 0.1 is within the policy's threshold and must not fail.",
    ]
    return lines
