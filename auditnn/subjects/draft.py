"""`draft`: from a model file and a table to a commented subject file. What they do not say is asked for, not guessed.

Nothing is imported, built or unpickled: of a model only its suffix and, in safetensors, names and shapes are read.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditnn.subjects import weights
from auditnn.subjects.code import installed
from auditnn.subjects.drafting import sections
from auditnn.subjects.drafting.facts import KINDS, Facts, Told, gather
from auditnn.subjects.drafting.model_part import model_part
from auditnn.subjects.drafting.page import Page, toml
from auditnn.subjects.files import DataFile
from auditnn.subjects.options import MODALITIES, OUTPUTS, TASKS, one_of

__all__ = ["Draft", "Told", "draft"]


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of the file; what `run` refuses it without, what is worth deciding, and the command that runs it."""

    text: str
    missing: tuple[str, ...]
    open: tuple[str, ...]
    command: str


def draft(model: str | None, table: str, out: Path, told: Told) -> Draft:
    """A subject file for `model` (a file, "module:function", or None for stored predictions) and `table`, to be
    written to `out`, to which its paths are relative. SubjectError for what no subject file could make right."""
    for what, value, known in (("task", told.task, TASKS), ("modality", told.modality, MODALITIES),
                               ("kind", told.kind, KINDS), ("output", told.output, OUTPUTS)):  # fmt: skip
        one_of(what, value, known)
    facts = gather(model, table, told)
    page = Page()
    page.say(f"Drafted by auditnn init from {_sources(model, table, facts)}.")
    page.say("A line that begins with # and a key is not decided: take the # away and fill it in.")
    page.say("Every key is described in docs/subject-file.md.")
    sections.top(page, facts, out)
    if facts.model is not None:
        model_part(page, facts, facts.model, out)
    sections.data(page, facts, table, out)
    sections.groups(page, facts)
    sections.features(page, facts)
    return Draft(page.text(), tuple(page.missing), tuple(page.open), _command(facts, out))


def _sources(model: str | None, table: str, facts: Facts) -> str:
    rows = len(facts.test.X) if facts.test.X is not None else len(next(iter(_vectors(facts.test)), ()))
    return f"{toml(table)} ({rows:,} rows)" if model is None else f"{toml(model)} and {toml(table)} ({rows:,} rows)"


def _vectors(file: DataFile) -> list[Any]:
    return [file.column(name, "a column") for name in file.columns[:1]]


def _command(facts: Facts, out: Path) -> str:
    """The command that audits the subject, with the flags that its model needs."""
    words = ["auditnn", "run", str(out)]
    model, told = facts.model, facts.told
    code = [] if model is None else [name for name in (model.factory or told.factory, told.encode) if name]
    tops = {name.partition(":")[0].partition(".")[0] for name in code}
    if any(not installed(top) for top in tops):
        beside = all((out.parent / f"{top}.py").is_file() or (out.parent / top).is_dir() for top in tops)
        words += ["--allow-code", str(out.parent) if beside else "DIR"]
    if model is not None and model.suffix in weights.PICKLES:
        words.append("--trust-pickle")
    return shlex.join(words)
