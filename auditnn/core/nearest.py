"""What was probably meant by a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

CUTOFF = 0.6


def closest(word: str, known: Iterable[str], cutoff: float = CUTOFF) -> str | None:
    """The known word most like this one, None where none is (`cutoff`: the least likeness, from 0 to 1).

    >>> closest("binray", ["binary", "multiclass"]), closest("x", ["binary"])
    ('binary', None)
    """
    return next(iter(get_close_matches(str(word), [str(one) for one in known], n=1, cutoff=cutoff)), None)


def nearest(word: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """An advice: the known word that was probably meant, else what it says `otherwise`, else all known words.

    >>> nearest("acuracy", ["accuracy", "quality"])
    "Did you mean 'accuracy'?"
    >>> nearest("x", ["a", "b"])
    'Known: a, b.'
    """
    words = [str(one) for one in known]
    close = closest(word, words)
    if close is not None:
        return f"Did you mean {close!r}?"
    return f"Known: {', '.join(words)}." if otherwise is None else otherwise
