"""The terminal: tables for people, tab-separated lines for other programs."""

from __future__ import annotations

import re
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

LOG_WIDTH = 110


# Control characters steer a terminal and forge lines, bidirectional marks reorder what is read: names may hold both.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """One line of text with everything that would steer a terminal written out.

    >>> printable("a" + chr(27) + "[2J") == "a" + chr(92) + "x1b[2J"
    True
    """
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def words(text: str, style: str = "") -> Text:
    """Text for the terminal: no markup is read from it, and nothing in it steers the terminal."""
    return Text(printable(text), style=style)


def console() -> Console:
    """Wraps to the terminal; where the output goes elsewhere, to a width that reads well in a log."""
    here = Console(highlight=False)
    return here if here.is_terminal else Console(highlight=False, width=LOG_WIDTH)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal; elsewhere one line per row, cells apart by tabs, so that it can be searched and cut."""
    screen = console()
    if not screen.is_terminal:
        for row in rows:
            typer.echo("\t".join(printable(" ".join(cell.split())) for cell in row))
        return
    drawn = Table(box=None, padding=(0, 2, 0, 0))
    for position, column in enumerate(columns):
        drawn.add_column(column, no_wrap=position == 0, overflow="fold")
    for row in rows:
        drawn.add_row(*(words(cell) for cell in row))
    screen.print(drawn)
