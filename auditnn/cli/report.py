"""`auditnn report`: write the report of a saved run again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    policy: Annotated[
        str | None,
        typer.Option("--policy", metavar="NAME|FILE", help="Judge again under this policy; as judged before without."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the page here; report.html in the run without.")
    ] = None,
) -> None:
    """Write the report of a saved run again. Needs no model, no torch and no scikit-learn."""
    from auditnn.cli import show
    from auditnn.core.store import write_whole
    from auditnn.front import Audit, judge
    from auditnn.front.folder import FINDINGS_FILE, REPORT_FILE, open_findings, save_judged
    from auditnn.report.html import render

    audit = Audit.open(run)
    folder = run if run.is_dir() else run.parent
    if policy is None and (folder / FINDINGS_FILE).exists():
        findings = open_findings(folder)
    else:
        findings = judge(audit, policy or "default").record
    show.doubts(folder, findings)
    if out is None:
        save_judged(audit.record, findings, folder)
    else:
        write_whole(out, render(audit.record, findings).encode())
    typer.echo(str(out or folder / REPORT_FILE))
