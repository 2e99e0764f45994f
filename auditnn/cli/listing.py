"""`auditnn list`: analyzers, rules, samples, runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditnn.cli.options import Policy

app = typer.Typer(help="List analyzers, rules, samples or runs.", no_args_is_help=True)


@app.command("analyzers")
def analyzers() -> None:
    """Every analyzer: its id, question and settings."""
    from auditnn.analyzers.catalog import load_catalog
    from auditnn.analyzers.settings import describe
    from auditnn.cli.console import printable, table

    catalog = load_catalog()
    rows = [
        (one.id, one.question, ", ".join(f"{s['name']}={s['default']}" for s in describe(one.settings)))
        for one in catalog.values()
    ]
    table(("analyzer", "question", "settings"), rows)
    for problem in catalog.problems:
        typer.echo(printable(problem), err=True)


@app.command("rules")
def rules(policy: Policy = "default") -> None:
    """Every rule of a policy: its code, what it compares, and where the threshold comes from."""
    from auditnn.cli.console import table
    from auditnn.policy.files import load_policy
    from auditnn.policy.wording import threshold_words

    rows = [
        (rule.code, rule.severity, rule.measurement, threshold_words(rule), rule.source)
        for rule in load_policy(policy).rules
    ]
    table(("code", "severity", "measurement", "threshold", "source"), rows)


@app.command("samples")
def samples() -> None:
    """The sample subjects that come with auditnn; audit one with `auditnn run sample:NAME`."""
    from auditnn.cli.console import table
    from auditnn.subjects.samples import describe, names

    table(("sample", "what it is"), [(f"sample:{name}", describe(name)) for name in names()])


@app.command("runs")
def runs(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to look.")] = Path("reports"),
) -> None:
    """The run folders under a folder, newest first."""
    from auditnn.cli.console import table
    from auditnn.core.audit import SCHEMA
    from auditnn.core.errors import StoreError
    from auditnn.core.store import AUDIT_FILE, read_json
    from auditnn.front.folder import open_findings

    if not folder.is_dir():
        raise StoreError("a folder with runs", f"no folder {str(folder)!r}", "Run an audit first: auditnn run SUBJECT.")
    found = []
    for path in sorted(folder.rglob(AUDIT_FILE)):
        if path.parent.is_symlink():
            continue
        try:
            audit = read_json(path, SCHEMA)
            verdict = open_findings(path.parent).verdict
        except StoreError as error:
            found.append(("", str(path.parent), "", f"unreadable: {error.got}"))
            continue
        found.append((audit["created"], str(path.parent), audit["subject"]["name"], verdict))
    table(("created", "run", "subject", "verdict"), sorted(found, reverse=True))
