"""`auditnn run`: audit a subject, judge it, write a run folder, print the verdict."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auditnn.cli.options import AllowCode, AsJson, Policy, TrustPickle, assignments, commas, seconds
from auditnn.core.errors import StoreError

if TYPE_CHECKING:
    from auditnn.front import Audit, Findings, Subject


class EffortName(StrEnum):
    quick = "quick"
    standard = "standard"
    thorough = "thorough"


def run(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="sample:NAME, or the path of a subject.toml.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="The run folder itself; by default reports/<subject>/<date-time>/."),
    ] = None,
    analyzers: Annotated[
        str | None, typer.Option("--analyzers", metavar="a,b", help="Ids or areas; all by default.")
    ] = None,
    effort: Annotated[
        EffortName, typer.Option("--effort", help="How much model-heavy analyzers may spend.")
    ] = EffortName.standard,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="All randomness derives from it.")] = 0,
    rows: Annotated[
        int | None, typer.Option("--rows", min=1, metavar="N", help="Caps the rows of model-heavy analyzers.")
    ] = None,
    policy: Policy = "default",
    gate: Annotated[
        bool, typer.Option("--gate", help="Exit 1 where a gating rule failed, 3 where a required one is left open.")
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="analyzer.setting=value", help="Change a setting. Repeatable."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option("--budget", metavar="10m", help="Time for all analyzers; what does not fit is skipped, and said."),
    ] = None,
    allow_code: AllowCode = None,
    trust_pickle: TrustPickle = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan with estimated model rows and time, and stop.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Audit a subject: measure, judge, write a run folder with the report, print the verdict."""
    from auditnn.policy.files import load_policy

    load_policy(policy)  # a mistake in it should not cost a whole run
    settings, names, limit = assignments(set_ or []), commas(analyzers), seconds(budget)
    from auditnn.cli import progress
    from auditnn.front import load
    from auditnn.front import run as run_audit

    with progress.spinner("loading"):
        opened = load(subject, allow_code=allow_code or (), trust_pickle=trust_pickle)
    if dry_run:
        from auditnn.cli.dry_run import show_plan

        show_plan(opened, names, settings, effort.value, as_json=json)
        return
    folder = _prepared(out) if out else _new_folder(opened)
    with progress.bars() as report:
        audit = run_audit(
            opened, names, settings, seed=seed, effort=effort.value, rows=rows, budget=limit, progress=report
        )
    findings = _finish(opened, audit, folder, policy, as_json=json)
    if gate:
        raise typer.Exit(findings.exit_code)


def _finish(subject: Subject, audit: Audit, folder: Path, policy: str, *, as_json: bool) -> Findings:
    from auditnn.cli import progress, show
    from auditnn.front import judge
    from auditnn.front.folder import save_run

    findings = judge(audit, policy)
    with progress.spinner("writing the report"):
        save_run(audit.record, findings.record, folder)
    if folder.parent.parent.name == "reports":
        _point_latest(folder)
    if as_json:
        show.as_json(audit.record, findings.record, folder)
    else:
        show.verdict(audit.record, findings.record, folder)
    return findings


def _new_folder(subject: Any) -> Path:
    """reports/<subject>/<date-time>, with a number behind it where that folder exists already."""
    import re
    from datetime import datetime

    name = re.sub(r"[^\w.-]+", "-", subject.record.name).strip("-.") or "subject"
    base = Path("reports") / name / datetime.now().strftime("%Y-%m-%d-%H%M%S")
    folder, count = base, 1
    while folder.exists():
        count += 1
        folder = base.with_name(f"{base.name}-{count}")
    return _prepared(folder)


def _prepared(folder: Path) -> Path:
    """The folder, made now, so that a place that cannot be written is known before the work and not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".auditnn"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StoreError(
            "a folder to write to", f"{error.strerror} at {str(folder)!r}", "Choose another one with --out."
        ) from error
    return folder


def _point_latest(folder: Path) -> None:
    """`reports/<subject>/latest` points to the newest run; where links are not to be had, nothing is lost."""
    import contextlib
    import os

    link, temporary = folder.parent / "latest", folder.parent / f".latest-{os.getpid()}"
    with contextlib.suppress(OSError):
        temporary.symlink_to(folder.name)
        os.replace(temporary, link)
