"""What the terminal shows of one explained row: the answer, what moved it by each method, what the checks say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from auditnn.cli.console import console as screen
from auditnn.cli.console import words
from auditnn.cli.show import STATUS_WORDS, STYLES
from auditnn.core.audit import Audit
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement, slice_key
from auditnn.core.numbers import plain, show
from auditnn.core.plain import plain as as_plain
from auditnn.core.scale import scale_of
from auditnn.figures.text_bars import bars
from auditnn.policy.finding import Finding, Findings

MOST_UNITS = 12
AREAS = ("explanation.", "trust.")


def content(audit: Audit, findings: Findings, row: str) -> dict[str, Any]:
    """The same as one plain object."""
    return {
        "subject": audit.subject["name"],
        "row": row,
        **answer(audit, row),
        "explanations": [
            {"id": one.id, "slice": dict(one.slice), "title": one.title, "summary": one.summary,
             "columns": as_plain(one.columns)}
            for one in about_row(audit, row) if one.kind == "bars"
        ],
        "checks": [
            {"method": one.slice.get("method"), "measurement": one.measurement, "slice": dict(one.slice),
             "status": one.status, "value": one.value, "low": one.low, "high": one.high, "code": one.code,
             "reason": one.reason}
            for one in checks(audit, findings)
        ],
        "not_measured": [{"id": id, "reason": reason} for id, reason in silent(audit)],
    }  # fmt: skip


def explanation(audit: Audit, findings: Findings, row: str, page: Path | None) -> None:
    """Everything on the screen, one method after the other."""
    console = screen()
    told = answer(audit, row)
    said = ", ".join(f"{name} {_shown(value)}" for name, value in told.items() if value is not None)
    console.print(words(f"{audit.subject['name']}, row {row}: ", "bold") + words(said), end="\n\n")
    drawn = [one for one in about_row(audit, row) if one.kind == "bars"]
    for exhibit in drawn:
        _bars(console, exhibit)
    if not drawn:
        console.print(words("No method has bars to show for this row."), end="\n\n")
    _checks(console, audit, checks(audit, findings))
    for id, reason in silent(audit):
        console.print(words(f"not measured: {id}: {reason}", "magenta"))
    if page is not None:
        console.print(words(f"page: {page}", "dim"), soft_wrap=True)
    elif any(one.kind == "images" for one in about_row(audit, row)):
        console.print(words("Its pictures are on the page that --html FILE writes.", "dim"))


def answer(audit: Audit, row: str) -> dict[str, Any]:
    """What the model said about the row, how sure, and the label, as far as these are known."""
    ids = [str(id) for id in audit.arrays["rows/id"].data]
    position = ids.index(str(row))
    classes, table = audit.subject.get("classes") or [], audit.arrays

    def value(key: str) -> Any:
        return table[key].data[position] if key in table else None

    prediction, label, score = value("rows/prediction"), value("rows/y"), value("rows/score")
    if classes:
        prediction, label = (None if code is None else classes[int(code)] for code in (prediction, label))
    if isinstance(score, np.ndarray):  # of each class
        score = float(score.max())
    told = {"predicted": prediction, "score": score, "label": label}
    return {name: as_plain(one) for name, one in told.items()}


def about_row(audit: Audit, row: str) -> list[Exhibit]:
    """The exhibits of this row, in the audit's order."""
    return [one for one in audit.exhibits if one.slice.get("row") == str(row) and one.id.startswith(AREAS)]


def checks(audit: Audit, findings: Findings) -> list[Finding]:
    """What the policy says of the explanations that were asked for, and of the checks on them."""
    asked = {one.id for one in audit.analyzers if one.id.startswith(AREAS)}
    found = [one for one in findings.findings if one.measurement.split("/", 1)[0] in asked]
    return [one for one in found if one.status != "not_applicable"]


def silent(audit: Audit) -> list[tuple[str, str]]:
    """Analyzers that have nothing to say about this row, with the reason."""
    return [
        (one.id, one.reason or "no reason was given")
        for one in audit.analyzers
        if one.status != "measured" and one.id.startswith(AREAS)
    ]


def _bars(console: Console, exhibit: Exhibit) -> None:
    roles, columns = exhibit.roles, exhibit.columns
    names = [str(name) for name in columns[roles["label"]]]
    if "value" in roles:
        values = list(columns[roles["value"]])
    else:
        values = [end - start for start, end in zip(columns[roles["start"]], columns[roles["end"]], strict=True)]
    if roles.get("series") in columns:
        names = [f"{name} · {series}" for name, series in zip(names, columns[roles["series"]], strict=True)]
    console.print(words(exhibit.title, "bold"))
    console.print(Padding(words(exhibit.summary, "dim"), (0, 0, 0, 2), expand=False))
    for line in bars(names[:MOST_UNITS], values[:MOST_UNITS], width=screen().width - 4):
        console.print(Text("  ") + words(line), soft_wrap=True)
    if len(names) > MOST_UNITS:
        console.print(words(f"  and {len(names) - MOST_UNITS} more", "dim"))
    console.print()


def _checks(console: Console, audit: Audit, found: Sequence[Finding]) -> None:
    """Which methods pass which checks, as a matrix; then what is said of single analyzers, and what was not checked."""
    if not found:
        console.print(words("No rule of this policy speaks of the explanations: nobody has checked them.", "magenta"))
        return
    known = {one.key: one for one in audit.measurements}
    console.print(words("Which of these to believe", "bold"))
    by_method = [one for one in found if "method" in one.slice and "other" not in one.slice]
    checked = [one.measurement for one in sorted(by_method, key=lambda one: one.code)]
    titles = {one.measurement: audit.title(one.measurement.split("/", 1)[0]) for one in by_method}
    names = {id: titles[id].removesuffix(" of explanations") for id in dict.fromkeys(checked)}
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("", *names.values()):
        table.add_column(words(name), overflow="fold")
    for method in dict.fromkeys(str(one.slice["method"]) for one in by_method):
        cells = {one.measurement: one for one in by_method if one.slice["method"] == method}
        table.add_row(words(method.replace("_", " ")), *(_cell(cells.get(id), known) for id in names))
    if by_method:
        console.print(Padding(table, (0, 0, 0, 2), expand=False))
    for one in found:
        if one not in by_method and one.status != "not_measured":
            line = words(f"  {STATUS_WORDS[one.status]:<13}", STYLES[one.status]) + words(f"{one.title}  ")
            console.print(line + _value(one, known))
    for title, reason in dict.fromkeys((one.title, one.reason or "") for one in found if one.status == "not_measured"):
        console.print(words("  not measured ", "magenta") + words(f"{title}: {reason}"))
    console.print()


def _cell(finding: Finding | None, known: Mapping[Any, Measurement]) -> Text:
    """The outcome of one check of one method, with its value."""
    if finding is None:
        return words("-", "dim")
    return words(STATUS_WORDS[finding.status], STYLES[finding.status]) + words(" ") + _value(finding, known)


def _value(finding: Finding, known: Mapping[Any, Measurement]) -> Text:
    measured = known.get((finding.measurement, slice_key(finding.slice)))
    if measured is None or measured.value is None:
        return Text()
    return words(scale_of(measured).full(measured.value), "dim")


def _shown(value: Any) -> str:
    return show(value, "number") if isinstance(value, float) else plain(value) if isinstance(value, int) else str(value)
