"""What the terminal shows of an audit and its findings."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from auditnn.cli.console import console as screen
from auditnn.core.audit import Audit
from auditnn.core.errors import StoreError
from auditnn.front.folder import open_findings
from auditnn.policy.files import findings_to_json
from auditnn.policy.finding import Finding, Findings
from auditnn.policy.verdict import by_rule, judged

MOST, MOST_SLICES = 10, 3
STATUS_WORDS = {"fail": "fail", "unsure": "unsure", "not_measured": "not measured", "pass": "pass"}
STYLES = {"fail": "bold red", "unsure": "yellow", "not_measured": "magenta", "incomplete": "magenta", "pass": "green"}


def as_json(audit: Audit, findings: Findings, folder: Path) -> None:
    """The findings file as one object, with the run folder and what each analyzer did."""
    analyzers = [{"id": one.id, "status": one.status, "reason": one.reason} for one in audit.analyzers]
    content = findings_to_json(findings) | {"run": str(folder), "analyzers": analyzers}
    typer.echo(json.dumps(content, allow_nan=False, ensure_ascii=False))


def verdict(audit: Audit, findings: Findings, folder: Path, *, every: bool = False) -> None:
    """The verdict, the most serious findings (every open one if `every`), what was not measured, where it lies."""
    console = screen()
    subject, seed = audit.subject, audit.settings["seed"]
    console.print(
        Text.assemble(
            (f"{subject['name']}: ", "bold"),
            (findings.verdict, STYLES[findings.verdict]) if judged(findings) else ("nothing judged", "magenta"),
            f"  (policy {findings.policy}, {subject['rows'].get('test', 0):,} test rows, seed {seed})",
        )
    )
    counts = {status: len(findings.by_status(status)) for status in STATUS_WORDS}  # type: ignore[arg-type]
    console.print(", ".join(f"{count} {STATUS_WORDS[status]}" for status, count in counts.items()), end="\n\n")
    groups = by_rule(one for one in findings.findings if one.status in ("fail", "unsure", "not_measured"))
    shown = groups if every else groups[:MOST]
    for group in shown:
        _rule(console, group, len(group) if every else MOST_SLICES)
    if len(groups) > len(shown):
        console.print(f"  and {len(groups) - len(shown)} more in the report.\n")
    _troubles(console, audit)
    for note in findings.notes:
        console.print(Text(f"note: {note}"))
    console.print(Text(f"report: {folder / 'report.html'}", style="dim"), soft_wrap=True)


def other_policy(run: Path, findings: Findings) -> None:
    """Say so where the run was judged by another policy before: the two verdicts are not to be mixed up."""
    with contextlib.suppress(StoreError):
        before = open_findings(run if run.is_dir() else run.parent).policy
        if before != findings.policy:
            message = f"note: the run was judged by policy {before!r}; this is policy {findings.policy!r} (--policy)."
            typer.echo(message, err=True)


def _rule(console: Console, group: tuple[Finding, ...], most: int) -> None:
    """What one rule says: its name once, a sentence for each slice, and what to do about it."""
    first = group[0]
    head = Text.assemble(
        (f"{STATUS_WORDS[first.status]:<13}", STYLES[first.status]),
        (f"{first.code}  ", "bold"),
        f"{first.title} · {first.severity}{' (waived)' if first.waived else ''}",
    )
    console.print(head)
    for finding in group[:most]:
        console.print(Padding(Text(finding.statement), (0, 0, 0, 13)))
    if len(group) > most:
        console.print(Padding(Text(f"and {len(group) - most} more like it."), (0, 0, 0, 13)))
    if first.status != "not_measured" and first.remedy:
        console.print(Padding(Text(f"→ {first.remedy}", style="dim"), (0, 0, 0, 13)))
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
