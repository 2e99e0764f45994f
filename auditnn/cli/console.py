"""The terminal: tables for people, tab-separated lines for other programs."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

LOG_WIDTH = 110


def console() -> Console:
    """Wraps to the terminal; where the output goes elsewhere, to a width that reads well in a log."""
    here = Console(highlight=False)
    return here if here.is_terminal else Console(highlight=False, width=LOG_WIDTH)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal; elsewhere one line per row, cells apart by tabs, so that it can be searched and cut."""
    screen = console()
    if not screen.is_terminal:
        for row in rows:
            typer.echo("\t".join(" ".join(cell.split()) for cell in row))
        return
    drawn = Table(box=None, padding=(0, 2, 0, 0))
    for position, column in enumerate(columns):
        drawn.add_column(column, no_wrap=position == 0, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    screen.print(drawn)
