"""What is wrong with the rows themselves: missing values, repeated rows, leaked rows, contradicting labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.measures import absent, exact
from auditnn.core.analyzer import Analyzer, NoSettings, Yield
from auditnn.core.audit import Quantity
from auditnn.core.errors import NotApplicable
from auditnn.core.exhibit import Exhibit
from auditnn.core.rows import Images, Rows, Table
from auditnn.core.subject import Split, Subject
from auditnn.subjects.identity import row_digests, same_as

ID = "data.quality"
MISSING, DUPLICATE = f"{ID}/missing_share", f"{ID}/duplicate_share"
OVERLAP, CONFLICTS = f"{ID}/train_test_overlap", f"{ID}/label_conflicts"
MEASURED_FEATURES = 100
SHOWN = 500
EXAMPLES = 20


def run(subject: Subject, settings: NoSettings, context: Context) -> Iterator[Yield]:
    """Shares of the test rows (and, in slice `split = "train"`, of repeated and contradicting training rows).

    Rows are compared by a 128-bit digest of all their features or pixels, labels and groups left out. No model calls.
    """
    rows = subject.test.rows
    if rows is None:
        raise NotApplicable("the data has no feature columns, only predictions")
    digests = row_digests(rows)
    n, first = len(rows), same_as(digests)
    repeated = first != np.arange(n)
    conflicting = conflicts(first, subject.test.y)
    train = _digests(subject.train)
    leaked = None if train is None else np.isin(digests, train)
    yield from _missing(rows)
    yield exact(DUPLICATE, repeated.mean(), unit="share", better="lower", n=n)
    if leaked is None:
        yield absent(OVERLAP, "not_applicable", "there are no training rows", unit="share", better="lower", n=n)
    else:
        yield exact(OVERLAP, leaked.mean(), unit="share", better="lower", n=n)
    if conflicting is None:
        yield absent(CONFLICTS, "not_applicable", "there are no labels", unit="share", better="lower", n=n)
    else:
        yield exact(CONFLICTS, conflicting.mean(), unit="share", better="lower", n=n)
    if train is not None and subject.train is not None:
        yield from _train(train, subject.train.y)
    yield _summary(n, repeated, leaked, conflicting)
    if repeated.any() and subject.store_rows != "none":
        yield _examples(subject, first, repeated, conflicting)
    if isinstance(rows, Table):
        yield _features(rows)


def conflicts(first: np.ndarray, y: np.ndarray | None) -> np.ndarray | None:
    """Which rows, shape (n,), have a row equal in all features and different in the label; None without labels.

    >>> conflicts(np.array([0, 0, 2, 2]), np.array([1, 0, 1, 1]))
    array([ True,  True, False, False])
    """
    if y is None:
        return None
    differs = y != y[first]
    return np.isin(first, first[differs])


def _digests(split: Split | None) -> np.ndarray | None:
    return None if split is None or split.rows is None or len(split) == 0 else row_digests(split.rows)


def _train(digests: np.ndarray, y: np.ndarray | None) -> Iterator[Yield]:
    n, first, slice = len(digests), same_as(digests), {"split": "train"}
    yield exact(DUPLICATE, (first != np.arange(n)).mean(), slice=slice, unit="share", better="lower", n=n)
    conflicting = conflicts(first, y)
    if conflicting is not None:
        yield exact(CONFLICTS, conflicting.mean(), slice=slice, unit="share", better="lower", n=n)


def _missing(rows: Rows) -> Iterator[Yield]:
    """The share of cells without a value, and the features (the hundred worst) that have such cells."""
    if isinstance(rows, Images):
        finite = np.isfinite(rows.pixels)
        yield exact(MISSING, 1 - finite.mean(), unit="share", better="lower", n=len(rows))
        return
    if not isinstance(rows, Table):
        reason = f"{rows.modality} data has no cells that could be empty"
        yield absent(MISSING, "not_applicable", reason, unit="share", better="lower", n=len(rows))
        return
    shares = {feature.name: float(rows.missing(feature.name).mean()) for feature in rows.features}
    yield exact(MISSING, float(np.mean(list(shares.values()))), unit="share", better="lower", n=len(rows))
    worst = sorted((name for name in shares if shares[name] > 0), key=lambda name: -shares[name])
    for name in worst[:MEASURED_FEATURES]:
        yield exact(MISSING, shares[name], slice={"feature": name}, unit="share", better="lower", n=len(rows))


def _summary(n: int, repeated: np.ndarray, leaked: np.ndarray | None, conflicting: np.ndarray | None) -> Exhibit:
    found = [
        ("repeats an earlier test row", DUPLICATE, repeated),
        ("also stands among the training rows", OVERLAP, leaked),
        ("equals a row with another label", CONFLICTS, conflicting),
    ]
    shown = [(words, id, int(flags.sum())) for words, id, flags in found if flags is not None]
    return Exhibit(
        id=f"{ID}/rows",
        kind="table",
        title="Test rows that are not new evidence",
        summary=f"Of {n:,} test rows: " + "; ".join(f"{count:,} {_plural(words)}" for words, _, count in shown) + ".",
        columns={
            "a test row that": [words for words, _, _ in shown],
            "rows": [count for _, _, count in shown],
            "share": [count / n for _, _, count in shown],
        },
        roles={"label": "a test row that", "value": "share"},
        measurements=tuple(id for _, id, _ in shown),
    )


def _plural(words: str) -> str:
    return words.replace("repeats", "repeat").replace("stands", "stand").replace("equals", "equal")


def _examples(subject: Subject, first: np.ndarray, repeated: np.ndarray, conflicting: np.ndarray | None) -> Exhibit:
    """Ids of equal test rows, contradicting ones first; never their features."""
    ids, conflict = subject.test.id, np.zeros(len(first), bool) if conflicting is None else conflicting
    chosen = np.flatnonzero(repeated)
    chosen = chosen[np.argsort(~conflict[chosen], kind="stable")][:EXAMPLES]
    return Exhibit(
        id=f"{ID}/equal_rows",
        kind="table",
        title="Examples of equal test rows",
        summary=f"{len(chosen)} of {int(repeated.sum()):,} repeated rows, by id; contradicting labels first.",
        columns={
            "row": [str(ids[i]) for i in chosen],
            "equals row": [str(ids[first[i]]) for i in chosen],
            "labels in its set": ["differ" if conflict[i] else "agree" for i in chosen],
        },
        roles={"label": "row"},
        measurements=(DUPLICATE, CONFLICTS),
    )


def _features(table: Table) -> Exhibit:
    """Every feature's missing share and number of distinct values; constant and missing ones first."""
    rows = [_feature_row(table, feature.name) for feature in table.features]
    constant = sum(row[4] == "yes" for row in rows)
    missing = sum(row[2] > 0 for row in rows)
    rows.sort(key=lambda row: (row[4] != "yes", -row[2]))
    names = ("feature", "kind", "missing share", "distinct values", "constant")
    return Exhibit(
        id=f"{ID}/features",
        kind="table",
        title="What the columns hold",
        summary=f"Of {len(rows):,} features, {missing:,} have missing values and {constant:,} never change.",
        columns=_columns(names, rows[:SHOWN]),
        roles={"label": "feature", "value": "missing share"},
        measurements=(MISSING,),
    )


def _feature_row(table: Table, name: str) -> tuple[str, str, float, int, str]:
    values, missing = table.columns[name], table.missing(name)
    distinct = len(np.unique(values[~missing]))
    constant = distinct + bool(missing.any()) <= 1
    return name, table.feature(name).kind, float(missing.mean()), distinct, "yes" if constant else "no"


def _columns(names: Sequence[str], rows: Sequence[Sequence[object]]) -> dict[str, list[object]]:
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


ANALYZER = Analyzer(
    id=ID,
    title="Data quality",
    question="Are values missing, rows repeated, test rows seen in training, or labels contradicting each other?",
    run=run,
    quantities={
        "missing_share": Quantity("Missing values", "share of cells without a value"),
        "duplicate_share": Quantity("Repeated rows", "share of test rows that repeat an earlier one"),
        "train_test_overlap": Quantity("Overlap with training rows", "share of test rows found in the training rows"),
        "label_conflicts": Quantity("Conflicting labels", "share of rows whose twin has another label"),
    },
    reference=(
        "Barz, B. & Denzler, J. (2020). Do we train on test data? Purging CIFAR of near-duplicates. "
        "Journal of Imaging 6(6)."
    ),
    needs=("rows",),
)
