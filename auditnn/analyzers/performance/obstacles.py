"""Why a score does not exist, in words that name the class."""

from __future__ import annotations

import numpy as np

from auditnn.core.subject import Subject


def without_rows(subject: Subject, true: np.ndarray) -> str | None:
    """A class without a single test row, or None. `true`: rows of each class, shape (k,)."""
    empty = np.flatnonzero(true == 0)
    if len(empty) == 0:
        return None
    others = f" (nor have {len(empty) - 1} others)" if len(empty) > 1 else ""
    return f"class {subject.classes[empty[0]]!r} has no test rows{others}"


def never_seen(subject: Subject, seen: np.ndarray) -> str | None:
    """A class (binary: the positive one) that is neither a label nor a prediction. `seen`: rows of each, (k,)."""
    wanted = [subject.positive] if subject.positive is not None else range(len(seen))
    unseen = [code for code in wanted if seen[code] == 0]
    return f"class {subject.classes[unseen[0]]!r} is neither a label nor a prediction of any row" if unseen else None


def one_class(subject: Subject, true: np.ndarray, predicted: np.ndarray) -> str | None:
    """The one class that every row has, or that every row is predicted as, or None."""
    for counts, words in ((true, "every test row has the label"), (predicted, "every test row is predicted")):
        if (counts > 0).sum() == 1:
            return f"{words} {subject.classes[int(counts.argmax())]!r}"
    return None
