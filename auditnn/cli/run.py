"""`auditnn run`: audit a subject, judge it, write a run folder, print the verdict."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from auditnn.cli.options import AllowCode, AsJson, Policy, TrustPickle, assignments, commas, seconds


class EffortName(StrEnum):
    """The choices of --effort."""

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
    from auditnn.cli import place, progress, show
    from auditnn.front import judge, load
    from auditnn.front import run as run_audit
    from auditnn.front.folder import save_run

    with progress.spinner("loading"):
        opened = load(subject, allow_code=allow_code or (), trust_pickle=trust_pickle)
    if dry_run:
        from auditnn.cli.dry_run import show_plan

        show_plan(opened, names, settings, effort.value, rows, as_json=json)
        return
    with place.reserved(out or place.new_folder(opened.record.name)) as folder:
        with progress.bars() as report:
            audit = run_audit(
                opened, names, settings, seed=seed, effort=effort.value, rows=rows, budget=limit, progress=report
            )
        findings = judge(audit, policy)
        with progress.spinner("writing the report"):
            save_run(audit.record, findings.record, folder)
    if out is None:
        place.point_latest(folder)
    if json:
        show.as_json(audit.record, findings.record, folder)
    else:
        show.verdict(audit.record, findings.record, folder)
    if gate:
        raise typer.Exit(findings.exit_code)
