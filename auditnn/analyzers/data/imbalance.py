"""How evenly the classes are filled. Counts of these rows, so everything here is exact."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.measures import absent, exact
from auditnn.core.analyzer import Analyzer, NoSettings, Yield
from auditnn.core.audit import Quantity
from auditnn.core.exhibit import Exhibit
from auditnn.core.subject import Subject

ID = "data.imbalance"
RATIO, EFFECTIVE = f"{ID}/imbalance_ratio", f"{ID}/effective_classes"
SHOWN = 1000


def effective_number(counts: np.ndarray) -> float:
    """The exponential of the entropy of the class shares: k where all k classes are equally large, 1 where one class
    has every row.

    >>> round(effective_number(np.array([5, 5])), 12), round(effective_number(np.array([7, 0])), 12)
    (2.0, 1.0)
    """
    shares = counts[counts > 0] / counts.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def run(subject: Subject, settings: NoSettings, context: Context) -> Iterator[Yield]:
    """The test rows under the empty slice, the training rows (where they have labels) under `split = "train"`.

    Counts of shape (k,); no model calls.
    """
    counted = {"test": _counts(subject, subject.test.y)}
    if subject.train is not None and subject.train.y is not None:
        counted["train"] = _counts(subject, subject.train.y)
    for split, counts in counted.items():
        slice = {} if split == "test" else {"split": split}
        n, smallest = int(counts.sum()), int(counts.argmin())
        if counts[smallest] == 0:
            empty = f"class {subject.classes[smallest]!r} has no {split} rows, so the ratio has no denominator"
            yield absent(RATIO, "undefined", empty, slice=slice, unit="ratio", better="lower", n=n)
        else:
            yield exact(RATIO, counts.max() / counts.min(), slice=slice, unit="ratio", better="lower", n=n)
        yield exact(EFFECTIVE, effective_number(counts), slice=slice, unit="classes", better="higher", n=n)
    yield _bars(subject, counted)


def _counts(subject: Subject, y: np.ndarray | None) -> np.ndarray:
    return np.bincount(np.zeros(0, int) if y is None else y, minlength=len(subject.classes))


def _bars(subject: Subject, counted: dict[str, np.ndarray]) -> Exhibit:
    """Rows of each class and split, largest class first."""
    test = counted["test"]
    order = np.argsort(-test, kind="stable")[: SHOWN // len(counted)]
    names = [subject.classes[i] for i in order]
    largest, smallest = subject.classes[int(test.argmax())], subject.classes[int(test.argmin())]
    return Exhibit(
        id=f"{ID}/class_counts",
        kind="bars",
        title="Rows of each class",
        summary=(
            f"Of {test.sum():,} test rows the largest class, {largest}, has {test.max():,} "
            f"and the smallest, {smallest}, has {test.min():,}."
        ),
        columns={
            "class": names * len(counted),
            "rows": [int(counts[i]) for counts in counted.values() for i in order],
            "share": [float(counts[i] / counts.sum()) for counts in counted.values() for i in order],
            "split": [split for split in counted for _ in order],
        },
        roles={"label": "class", "value": "rows", "series": "split"},
        measurements=(RATIO, EFFECTIVE),
    )


ANALYZER = Analyzer(
    id=ID,
    title="Class imbalance",
    question="How unequal are the classes in size?",
    run=run,
    quantities={
        "imbalance_ratio": Quantity("Imbalance ratio", "largest class over smallest"),
        "effective_classes": Quantity("Effective number of classes", "as many equal classes would be as diverse"),
    },
    reference="Hill, M. O. (1973). Diversity and evenness: a unifying notation and its consequences. Ecology 54(2).",
    needs=("labels",),
    tasks=("binary", "multiclass"),
)
