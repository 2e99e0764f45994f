"""Progress on stderr, for people: a spinner while waiting, a bar for anything over a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext


@contextmanager
def spinner(what: str) -> Iterator[None]:
    """A spinner with a word, gone when done; nothing where stderr is no terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status(f"{what} …") if console.is_terminal else nullcontext():
        yield


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """A reporter for `run`: one bar at a time, shown once an analyzer has taken a second."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    started: dict[str, float] = {}
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        tasks = {"": display.add_task("auditing", total=None)}

        def report(analyzer: str, done: int, total: int) -> None:
            display.update(tasks[""], description=analyzer)
            begun = started.setdefault(analyzer, time.monotonic())
            if total > 1 and time.monotonic() - begun > 1:
                tasks.setdefault(analyzer, display.add_task(f"  {analyzer}", total=total))
                display.update(tasks[analyzer], completed=done, total=total)
            if done >= total and analyzer in tasks:
                display.remove_task(tasks.pop(analyzer))

        yield report
