"""The sample subjects that come with auditnn, each in its own folder."""

from __future__ import annotations

import tomllib
from pathlib import Path

from auditnn.core.errors import SubjectError
from auditnn.core.nearest import nearest

PREFIX = "sample:"


def names() -> tuple[str, ...]:
    """Names of all samples, sorted."""
    root = _root()
    return () if root is None else tuple(sorted(path.parent.name for path in root.glob("*/subject.toml")))


def folder(name: str) -> Path:
    """The folder of one sample; SubjectError with the nearest name where there is none."""
    root = _root()
    if root is None or name not in names():
        raise SubjectError("the name of a sample", repr(name), nearest(name, names()))
    return root / name


def describe(name: str) -> str:
    """What the sample is, in one line, from its card; "" where it has none."""
    card = folder(name) / "card.toml"
    if not card.is_file():
        return ""
    return str(tomllib.loads(card.read_text(encoding="utf-8")).get("about", ""))


def _root() -> Path | None:
    """Inside the package where a wheel was installed, beside it in a source tree."""
    package = Path(__file__).resolve().parent.parent
    for root in (package / "sample_models", package.parent / "sample_models"):
        if root.is_dir():
            return root
    return None
