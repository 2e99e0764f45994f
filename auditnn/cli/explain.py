"""`auditnn explain`: one row, by every method that fits, with what the checks say of each."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from auditnn.cli.options import AllowCode, AsJson, Policy, TrustPickle, assignments
from auditnn.cli.run import EffortName


def explain(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="sample:NAME, or the path of a subject.toml.")],
    row: Annotated[
        str, typer.Option("--row", metavar="I", help="Id of a test row; without an id column, its position from 0.")
    ],
    effort: Annotated[
        EffortName, typer.Option("--effort", help="How many model calls the methods may spend.")
    ] = EffortName.standard,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="All randomness derives from it.")] = 0,
    policy: Policy = "default",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="analyzer.setting=value", help="Change a setting. Repeatable."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write it as a page, with its pictures.")
    ] = None,
    allow_code: AllowCode = None,
    trust_pickle: TrustPickle = False,
    json: AsJson = False,
) -> None:
    """Explain one row: which inputs moved the answer, by SHAP, LIME and saliency, and which of these to believe."""
    from auditnn.policy.files import load_policy

    load_policy(policy)  # a mistake in it should not cost the calls
    settings = assignments(set_ or [])
    from auditnn.cli import progress, show_row
    from auditnn.front import judge, load
    from auditnn.front.explanation import explain as explain_row

    with progress.spinner("loading"):
        opened = load(subject, allow_code=allow_code or (), trust_pickle=trust_pickle)
    with progress.bars() as report:
        audit = explain_row(opened, row, settings, seed=seed, effort=effort.value, progress=report)
    findings = judge(audit, policy)
    if html is not None:
        audit.to_html(html, policy)
    if json:
        typer.echo(jsonlib.dumps(show_row.content(audit.record, findings.record, row), allow_nan=False))
    else:
        show_row.explanation(audit.record, findings.record, row, html)
