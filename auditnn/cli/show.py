"""What the terminal shows of an audit and its findings."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from auditnn.core.audit import Audit
from auditnn.policy.files import findings_to_json
from auditnn.policy.finding import Finding, Findings

MOST = 10
LOG_WIDTH = 110
STATUS_WORDS = {"fail": "fail", "unsure": "unsure", "not_measured": "not measured", "pass": "pass"}
STYLES = {"fail": "bold red", "unsure": "yellow", "not_measured": "magenta", "incomplete": "magenta", "pass": "green"}


def as_json(audit: Audit, findings: Findings, folder: Path) -> None:
    """The findings file as one object, with the run folder and what each analyzer did."""
    analyzers = [{"id": one.id, "status": one.status, "reason": one.reason} for one in audit.analyzers]
    content = findings_to_json(findings) | {"run": str(folder), "analyzers": analyzers}
    typer.echo(json.dumps(content, allow_nan=False, ensure_ascii=False))


def verdict(audit: Audit, findings: Findings, folder: Path, *, every: bool = False) -> None:
    """The verdict, the most serious findings (every open one if `every`), what was not measured, where it lies."""
    console = _console()
    subject, seed = audit.subject, audit.settings["seed"]
    console.print(
        Text.assemble(
            (f"{subject['name']}: ", "bold"),
            (findings.verdict, STYLES[findings.verdict]),
            f"  (policy {findings.policy}, {subject['rows'].get('test', 0):,} test rows, seed {seed})",
        )
    )
    counts = {status: len(findings.by_status(status)) for status in STATUS_WORDS}  # type: ignore[arg-type]
    console.print(", ".join(f"{count} {STATUS_WORDS[status]}" for status, count in counts.items()), end="\n\n")
    open_ones = [one for one in findings.findings if one.status in ("fail", "unsure", "not_measured")]
    shown = open_ones if every else open_ones[:MOST]
    for finding in shown:
        _finding(console, finding)
    if len(open_ones) > len(shown):
        console.print(f"  and {len(open_ones) - len(shown)} more in the report.\n")
    _troubles(console, audit)
    console.print(Text(f"report: {folder / 'report.html'}", style="dim"), soft_wrap=True)


def _console() -> Console:
    """Wraps to the terminal; where the output goes elsewhere, to a width that reads well in a log."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=LOG_WIDTH)


def _finding(console: Console, finding: Finding) -> None:
    waived = " (waived)" if finding.waiver else ""
    head = Text.assemble(
        (f"{STATUS_WORDS[finding.status]:<13}", STYLES[finding.status]),
        (f"{finding.code}  ", "bold"),
        f"{finding.title} · {finding.severity}{waived}",
    )
    console.print(head)
    console.print(Padding(Text(finding.statement), (0, 0, 0, 13)))
    if finding.status != "not_measured" and finding.remedy:
        console.print(Padding(Text(f"→ {finding.remedy}", style="dim"), (0, 0, 0, 13)))
    console.print()


def _troubles(console: Console, audit: Audit) -> None:
    """Analyzers that failed or were skipped: never silent."""
    troubled = [one for one in audit.analyzers if one.status in ("failed", "skipped")]
    if not troubled:
        return
    table = Table(box=None, show_header=False, padding=(0, 1))
    for one in troubled:
        table.add_row(Text(one.status, style="bold red"), one.id, Text(one.reason or ""))
    console.print(table)
