"""`auditnn gate`: judge a saved run under a policy; the exit code is the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditnn.cli.options import AsJson, Policy


def gate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    policy: Policy = "default",
    json: AsJson = False,
) -> None:
    """Judge a saved run under a policy: exit 1 where a gating rule failed, 3 where a required one is left open."""
    from auditnn.cli import show
    from auditnn.front import Audit, judge

    audit = Audit.open(run)
    findings = judge(audit, policy)
    show.doubts(run, findings.record)
    if json:
        show.as_json(audit.record, findings.record, run)
    else:
        show.verdict(audit.record, findings.record, run, every=True)
    raise typer.Exit(findings.exit_code)
