"""Paths that a file of somebody else's names: taken only where they stay inside one folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath


def within(folder: Path, name: str) -> Path | None:
    """The path of `name` in the folder; None for one that leads out of it, on any system, links resolved."""
    parts = {*PurePosixPath(name).parts, *PureWindowsPath(name).parts}
    if not name or "\0" in name or ".." in parts or PurePosixPath(name).anchor or PureWindowsPath(name).anchor:
        return None
    target = folder / name
    return target if target.resolve().is_relative_to(folder.resolve()) else None
