"""`run` and `judge` on the public records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any

from auditnn.core.analyzer import Effort
from auditnn.front.audit import Audit
from auditnn.front.findings import Findings
from auditnn.front.subject import Subject


def run(
    subject: Subject,
    analyzers: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    effort: Effort = "standard",
    rows: int | None = None,
    budget: float | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Audit:
    """Audit a subject: measure what the analyzers ask of it.

    Args:
        subject: What to audit; see `Subject` and `load`.
        analyzers: Ids ("fairness.disparity") or areas ("fairness"); all by default. The subject check always runs.
        settings: "<analyzer>.<setting>" to value, as `--set` on the command line.
        seed: All randomness derives from it: the same seed and settings give the same numbers.
        effort: How much model-heavy analyzers may spend.
        rows: Caps the rows that model-heavy analyzers use; counts use all rows.
        budget: Seconds; what does not fit is `skipped`, never silently left out.
        progress: Called with (analyzer id, done, total).

    Raises SubjectError where the model's answers make an audit meaningless (it raises, wrong shape, not finite,
    unknown labels) and SettingsError for unknown names. An analyzer that raises is `failed`; the rest go on.
    """
    from auditnn.runner import run as run_record

    return Audit(
        run_record(
            subject.record,
            analyzers,
            settings,
            seed=seed,
            effort=effort,
            rows=rows,
            budget=budget,
            progress=progress,
        )
    )


def judge(audit: Audit, policy: str | PathLike[str] = "default") -> Findings:
    """Compare an audit with a policy: a preset's name, or the path of a policy file. Raises PolicyError."""
    from auditnn.policy.files import load_policy
    from auditnn.policy.judge import judge as judge_record

    return Findings(judge_record(audit.record, load_policy(str(policy))))
