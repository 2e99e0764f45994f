"""What the terminal shows of an audit and its findings."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from auditnn.cli.console import console as screen
from auditnn.cli.console import printable, words
from auditnn.core.audit import Audit
from auditnn.core.errors import StoreError
from auditnn.front.folder import changed_files, open_findings
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
    typer.echo(json.dumps(content, allow_nan=False))


def verdict(audit: Audit, findings: Findings, folder: Path, *, every: bool = False) -> None:
    """The verdict, the most serious findings (every open one if `every`), what was not measured, where it lies."""
    console = screen()
    rows, seed = audit.subject["rows"].get("test", 0), audit.settings.get("seed")
    word = (findings.verdict, STYLES[findings.verdict]) if judged(findings) else ("nothing judged", "magenta")
    console.print(
        words(f"{audit.subject['name']}: ", "bold")
        + words(*word)
        + words(f"  (policy {findings.policy}, {rows:,} test rows, seed {seed})")
    )
    console.print(", ".join(f"{count} {status}" for status, count in tallied(findings)), end="\n\n")
    opened = [one for one in findings.findings if one.status in ("fail", "unsure", "not_measured")]
    groups = by_rule(one for one in opened if not one.advisory)
    shown = groups if every else groups[:MOST]
    for group in shown:
        _rule(console, group, len(group) if every else MOST_SLICES)
    if len(groups) > len(shown):
        console.print(f"  and {len(groups) - len(shown)} more in the report.\n")
    _advice(console, [one for one in opened if one.advisory])
    _troubles(console, audit)
    for note in findings.notes:
        console.print(words(f"note: {note}"))
    console.print(words(f"report: {folder / 'report.html'}", "dim"), soft_wrap=True)


def tallied(findings: Findings) -> list[tuple[str, int]]:
    """How many findings that count have which outcome, and how many are advice."""
    counts = Counter(one.status for one in findings.findings if not one.advisory)
    told = [(word, counts[status]) for status, word in STATUS_WORDS.items()]  # type: ignore[index]
    advice = sum(one.advisory and one.status in ("fail", "unsure") for one in findings.findings)
    return [*told, ("as advice", advice)] if advice else told


def doubts(run: Path, findings: Findings) -> None:
    """Say so where a saved run was changed by hand, or was judged by another policy before."""
    folder = run if run.is_dir() else run.parent
    changed = changed_files(folder)
    if changed:
        notes = [f"{' and '.join(changed)} cannot be confirmed by manifest.json: changed since the run, or no manifest"]
    else:
        notes = []
    with contextlib.suppress(StoreError):
        before = open_findings(folder).policy
        if before != findings.policy:
            notes.append(f"the run was judged by policy {before!r}; this is policy {findings.policy!r} (--policy)")
    for note in notes:
        typer.echo(printable(f"note: {note}."), err=True)


def _rule(console: Console, group: tuple[Finding, ...], most: int) -> None:
    """What one rule says: its name once, a sentence for each slice, and what to do about it."""
    first = group[0]
    waived = " (waived)" if first.waived else ""
    console.print(
        words(f"{STATUS_WORDS[first.status]:<13}", STYLES[first.status])
        + words(f"{first.code}  ", "bold")
        + words(f"{first.title} · {first.severity}{waived}")
    )
    said = [words(finding.statement) for finding in group[:most]]
    if len(group) > most:
        said.append(words(f"and {len(group) - most} more like it."))
    if first.status != "not_measured" and first.remedy:
        said.append(words(f"→ {first.remedy}", "dim"))
    for sentence in said:
        console.print(Padding(sentence, (0, 0, 0, 13), expand=False))
    console.print()


def _advice(console: Console, found: Sequence[Finding]) -> None:
    """What does not count towards the verdict, a line for each rule: which explanations not to rely on."""
    told = [one for one in found if one.status in ("fail", "unsure")]
    for code in dict.fromkeys(one.code for one in told):
        mine = [one for one in told if one.code == code]
        said = "; ".join(
            f"{STATUS_WORDS[status]}{_places([one for one in mine if one.status == status])}"
            for status in dict.fromkeys(one.status for one in mine)
        )
        console.print(
            words(f"{'advice':<13}", "cyan") + words(f"{code}  ", "bold") + words(f"{mine[0].title} · {said}")
        )
    if told:
        console.print()


def _places(found: Sequence[Finding]) -> str:
    """The slices in which findings of one rule hold, as in "fail for a, b"; nothing where it is all rows."""
    names = [", ".join(map(str, one.slice.values())).replace("_", " ") for one in found if one.slice]
    shown = names[:MOST] + ([f"{len(names) - MOST} more"] if len(names) > MOST else [])
    return f" for {', '.join(shown)}" if shown else ""


def _troubles(console: Console, audit: Audit) -> None:
    """Analyzers that failed or were skipped: never silent."""
    troubled = [one for one in audit.analyzers if one.status in ("failed", "skipped")]
    if not troubled:
        return
    table = Table(box=None, show_header=False, padding=(0, 1))
    for one in troubled:
        table.add_row(words(one.status, "bold red"), words(one.id), words(one.reason or ""))
    console.print(table)
