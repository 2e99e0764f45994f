"""Progress on stderr, for people: a spinner while waiting, a bar for anything over a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def spinner(what: str) -> Iterator[None]:
    """A spinner with a word, gone when done; nothing where stderr is no terminal."""
    from rich.console import Console

    with Console(stderr=True).status(f"{what} …"):
        yield


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """A reporter for `run`: one bar at a time, shown once an analyzer has taken a second."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    started: dict[str, float] = {}
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True
    ) as display:
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
