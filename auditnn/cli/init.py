"""`auditnn init`: from a model file and a table to a commented subject file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from auditnn.cli.console import printable
from auditnn.cli.options import commas
from auditnn.core.errors import SettingsError, StoreError


def init(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL] TABLE",
            help="A model file or a factory (module:function), left out where predictions are stored; and the table "
            "with the rows to audit, or a folder of images.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.")] = Path("subject.toml"),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that exists.")] = False,
    target: Annotated[str | None, typer.Option("--target", metavar="COLUMN", help="The true labels.")] = None,
    groups: Annotated[
        str | None, typer.Option("--groups", metavar="a,b", help="Columns by which rows are grouped.")
    ] = None,
    bands: Annotated[
        list[str] | None,
        typer.Option("--bands", metavar="age=25,40,60", help="Edges that make groups of a number. Repeatable."),
    ] = None,
    positive: Annotated[
        str | None, typer.Option("--positive", metavar="LABEL", help="Binary: the label that counts as positive.")
    ] = None,
    favorable: Annotated[
        str | None, typer.Option("--favorable", metavar="LABEL", help="The outcome that people want (or several: a,b).")
    ] = None,
    classes: Annotated[
        str | None, typer.Option("--classes", metavar="a,b", help="Labels in the order of the outputs, or their names.")
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", metavar="TASK", help="binary, multiclass or regression.")
    ] = None,
    modality: Annotated[str | None, typer.Option("--modality", metavar="M", help="tabular or image.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="torch, sklearn or function.")] = None,
    factory: Annotated[
        str | None, typer.Option("--factory", metavar="module:function", help="Builds the module for the weights.")
    ] = None,
    encode: Annotated[
        str | None, typer.Option("--encode", metavar="module:function", help="Turns rows into the model's inputs.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", metavar="O", help="logits, probabilities, values or labels.")
    ] = None,
    inputs: Annotated[
        str | None, typer.Option("--inputs", metavar="a,b", help="The columns that the model sees, in its order.")
    ] = None,
    train: Annotated[str | None, typer.Option("--train", metavar="TABLE", help="The training rows.")] = None,
    prediction: Annotated[
        str | None, typer.Option("--prediction", metavar="COLUMN", help="Stored predictions, without a model.")
    ] = None,
    score: Annotated[
        str | None, typer.Option("--score", metavar="COLUMN", help="Stored probabilities (one per class: a,b).")
    ] = None,
    id_: Annotated[str | None, typer.Option("--id", metavar="COLUMN", help="What names each row.")] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What the subject is called.")] = None,
) -> None:
    """Draft a subject file from a model file and a table. Runs nothing, and writes as a comment what it cannot know."""
    if len(files) > 2:
        raise SettingsError("a model and a table, or a table alone", f"{len(files)} files", "Name one of each.")
    model, table = (None, files[0]) if len(files) == 1 else (files[0], files[1])
    if model is not None and (prediction or score):
        raise SettingsError("a model or stored predictions", "both", "Leave one of them out.")
    if out.exists() and not force:
        raise StoreError("a new file", f"{str(out)!r}, which exists", "Choose another --out, or add --force.")
    from auditnn.core.store import write_whole
    from auditnn.subjects.draft import Told, draft

    told = Told(
        name=name, task=task, modality=modality, kind=kind, factory=factory, encode=encode, output=output,
        inputs=commas(inputs), train=train, target=target, prediction=prediction, score=commas(score),
        positive=positive, favorable=commas(favorable), classes=commas(classes), id=id_, groups=commas(groups),
        bands=_bands(bands or ()),
    )  # fmt: skip
    drafted = draft(model, table, out, told)
    write_whole(out, drafted.text.encode())
    typer.echo(str(out))
    _tell("To fill in before it runs", drafted.missing)
    _tell("Worth deciding", drafted.open)
    typer.echo(printable(f"Then: {drafted.command}"), err=True)


def _tell(head: str, items: Sequence[str]) -> None:
    if items:
        typer.echo("\n".join([f"{head}:", *(f"  {printable(item)}" for item in items)]), err=True)


def _bands(given: Sequence[str]) -> dict[str, list[float]]:
    """`column=25,40,60` as edges; whole numbers stay whole."""
    found: dict[str, list[float]] = {}
    for one in given:
        column, equals, edges = one.rpartition("=")
        try:
            numbers = [float(edge) for edge in edges.split(",")]
        except ValueError:
            numbers = []
        if not equals or not column or not numbers:
            raise SettingsError("--bands column=edges", repr(one), "For example --bands age=25,40,60.")
        found[column] = [int(number) if number.is_integer() else number for number in numbers]
    return found
