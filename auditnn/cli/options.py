"""Flags that several verbs share, and how their text is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import typer

from auditnn.core.errors import SettingsError

Policy = Annotated[str, typer.Option("--policy", metavar="NAME|FILE", help="A preset or the path of a policy file.")]
AllowCode = Annotated[
    list[str] | None,
    typer.Option("--allow-code", metavar="DIR", help="Let factory and encode run code from this folder. Repeatable."),
]
TrustPickle = Annotated[
    bool, typer.Option("--trust-pickle", help="Load formats that can run code (pickle, joblib, torch.save).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout instead of text.")]

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def seconds(text: str | None) -> float | None:
    """A duration such as 90, 90s, 10m or 1.5h in seconds.

    >>> seconds("10m"), seconds("1.5h"), seconds(None)
    (600.0, 5400.0, None)
    """
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if not match:
        raise SettingsError("a duration such as 90s, 10m or 1.5h", repr(text), "For example --budget 10m.")
    return float(match[1]) * _UNITS[match[2]]


def assignments(pairs: Sequence[str]) -> dict[str, str]:
    """`analyzer.setting=value` pairs as a mapping.

    >>> assignments(["fairness.disparity.min_group=20"])
    {'fairness.disparity.min_group': '20'}
    """
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise SettingsError("--set analyzer.setting=value", repr(pair), "See `auditnn list analyzers`.")
        settings[name.strip()] = value.strip()
    return settings


def commas(text: str | None) -> list[str] | None:
    """A comma-separated list, or None where nothing was given.

    >>> commas("data, fairness.disparity"), commas(None)
    (['data', 'fairness.disparity'], None)
    """
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]
