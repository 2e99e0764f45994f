"""Signed bars in plain text, for terminals and logs."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

from auditnn.core.numbers import MINUS

EIGHTHS = " ▏▎▍▌▋▊▉█"
WIDEST_LABEL, NUMBER = 36, 10


def bars(labels: Sequence[str], values: Sequence[float], width: int = 80) -> list[str]:
    """One line per value, at most `width` wide: label, number with its sign, and a bar; negative ones are hatched.

    All numbers have the decimals that show three digits of the largest.

    >>> bars(["age = 43", "income"], [2.0, -1.0], width=28)
    ['age = 43      +2.00  ████████', 'income        −1.00  ░░░░']
    """
    if not labels:
        return []
    head = min(WIDEST_LABEL, max(map(len, labels)))
    room = max(4, min(40, width - head - NUMBER - 2))
    largest = max(map(abs, values)) or 1.0
    decimals = min(12, max(0, 2 - floor(log10(largest))))
    return [
        f"{_cut(label, head):<{head}} {signed(value, decimals):>{NUMBER}}  {_bar(value / largest * room)}".rstrip()
        for label, value in zip(labels, values, strict=True)
    ]


def signed(value: float, decimals: int) -> str:
    """A number that always shows its sign.

    >>> signed(0.5, 2), signed(-3.04, 1), signed(-0.001, 1)
    ('+0.50', '−3.0', '0.0')
    """
    text = f"{abs(value):,.{decimals}f}"
    if not text.strip("0.,"):
        return text
    return ("+" if value > 0 else MINUS) + text


def _bar(length: float) -> str:
    if length < 0:
        return "░" * max(1, round(-length))
    whole, eighth = divmod(round(length * 8), 8)
    return "█" * whole + EIGHTHS[eighth].strip()


def _cut(label: str, most: int) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"
