"""Where a run folder goes: known to be writable before the work, and gone again where the work came to nothing."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from auditnn.core.errors import StoreError

LONGEST = 100  # characters of a subject's name in a path


def new_folder(subject: str) -> Path:
    """reports/<subject>/<date-time>, with a number behind it where that folder exists already."""
    name = re.sub(r"[^\w.-]+", "-", subject).strip("-.")[:LONGEST] or "subject"
    base = Path("reports") / name / datetime.now().strftime("%Y-%m-%d-%H%M%S")
    folder, count = base, 1
    while folder.exists():
        count += 1
        folder = base.with_name(f"{base.name}-{count}")
    return folder


@contextlib.contextmanager
def reserved(folder: Path) -> Iterator[Path]:
    """The folder, made now; folders that it made and that stayed empty are removed when an error passes through.

    Raises StoreError where it cannot be made or written.
    """
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".auditnn-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        _remove_empty(made)
        got = f"{error.strerror} at {str(folder)!r}"
        raise StoreError("a folder to write to", got, "Choose another one with --out.") from error
    try:
        yield folder
    except BaseException:
        _remove_empty(made)
        raise


def point_latest(folder: Path) -> None:
    """`reports/<subject>/latest` points to the newest run; where links are not to be had, nothing is lost."""
    link, temporary = folder.parent / "latest", folder.parent / f".latest-{os.getpid()}"
    with contextlib.suppress(OSError):
        temporary.symlink_to(folder.name)
        os.replace(temporary, link)


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
