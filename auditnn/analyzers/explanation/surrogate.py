"""A small decision tree that answers like the model, and how much of the model it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditnn.analyzers.context import Context
from auditnn.analyzers.explained import class_names
from auditnn.analyzers.measures import estimated
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.numbers import percent, plain
from auditnn.core.rows import Table
from auditnn.core.subject import Predictions, Subject
from auditnn.kernels.estimate import Estimate, undefined
from auditnn.kernels.values import explained_share
from auditnn.subjects.outputs import positive_of

ID = "explanation.global_importance"
FIDELITY = f"{ID}/surrogate_fidelity"
FEWEST = 40
MOST_LEVELS = 20
LEAF_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Question:
    """One column that the tree may split on: a number, or whether a category holds; and its answers in words."""

    name: str
    category: str | None
    values: np.ndarray
    categories: tuple[Any, ...] = ()

    def told(self, below: bool, at: float) -> str:
        """The condition of one side of a split in words."""
        if self.category is not None:
            return f"{self.name} {'is not' if below else '='} {self.category}"
        if self.categories:
            last = min(len(self.categories) - 1, int(np.floor(at)))
            held = self.categories[: last + 1] if below else self.categories[last + 1 :]
            return f"{self.name} = {' or '.join(map(str, held))}"
        return f"{self.name} {'<=' if below else '>'} {plain(at, 4)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One end of the tree: its conditions, the held-out rows in it, its own answer and the model's, both (k,)."""

    conditions: tuple[str, ...]
    rows: int
    answer: np.ndarray
    model: np.ndarray | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surrogate:
    """The tree's leaves, and the share of the variance of the model's outputs on held-out rows that it reproduces."""

    leaves: tuple[Leaf, ...]
    fidelity: Estimate
    fitted: int


def surrogate_of(subject: Subject, context: Context, positions: np.ndarray, depth: int) -> Surrogate:
    """A tree of at most `depth` splits in a row, fitted to the model's outputs for half of the rows.

    Its answers are compared with the model's for the other half. No model calls: the outputs are the predictions that
    every audit has (probabilities, values, or the 0/1 indicator of labels). Redacted columns take no part.
    """
    rows = subject.test.rows
    assert isinstance(rows, Table)
    questions = questions_of(rows.take(positions), subject.redact)
    target = target_of(subject, context.predictions)[positions]
    n = len(positions)
    if n < FEWEST or not questions:
        reason = f"{n} rows are too few" if questions else "no column may be shown"
        return Surrogate(leaves=(), fidelity=undefined(f"{reason} to fit a tree on half of them", n), fitted=0)
    order = context.rng("surrogate").permutation(n)
    fit, test = order[: n // 2], order[n // 2 :]
    X = np.column_stack([one.values for one in questions])
    tree = _fitted(X[fit], target[fit], depth, context.seed)
    answer = tree.predict(X[test]).reshape(len(test), -1)
    return Surrogate(
        leaves=_leaves(tree.tree_, questions, tree.apply(X[test]), target[test]),
        fidelity=explained_share(target[test], answer),
        fitted=len(fit),
    )


def _fitted(X: np.ndarray, target: np.ndarray, depth: int, seed: int) -> Any:
    from sklearn.tree import DecisionTreeRegressor

    least = max(5, int(np.ceil(LEAF_SHARE * len(X))))
    return DecisionTreeRegressor(max_depth=depth, min_samples_leaf=least, random_state=seed % 2**32).fit(X, target)


def target_of(subject: Subject, predictions: Predictions) -> np.ndarray:
    """What the tree is to answer, (n, k): the positive class's probability, those of all classes, or the value."""
    score = predictions.score
    if not subject.classification:
        return predictions.prediction.astype(float)[:, None]
    if score is None:
        codes = predictions.prediction.astype(np.int64)
        indicator = (codes[:, None] == np.arange(len(subject.classes))).astype(float)
        return indicator[:, [positive_of(subject)]] if subject.task == "binary" else indicator
    return score[:, None] if score.ndim == 1 else score


def questions_of(table: Table, redacted: Sequence[str]) -> list[Question]:
    """What can be asked of rows: numbers and ordered categories as they are, others one by one; NaN for missing."""
    questions = []
    for feature in table.features:
        values = table.columns[feature.name]
        if feature.name in redacted:
            continue
        if feature.kind == "categorical":
            codes, counts = np.unique(values[values >= 0], return_counts=True)
            for code in np.sort(codes[np.argsort(-counts, kind="stable")[:MOST_LEVELS]]):
                category = str(feature.categories[int(code)])
                questions.append(Question(feature.name, category, (values == code).astype(float)))
        else:
            numbers = np.where(values < 0, np.nan, values.astype(float)) if feature.coded else values
            questions.append(Question(feature.name, None, numbers, feature.categories if feature.coded else ()))
    return questions


def _leaves(tree: Any, questions: list[Question], ends: np.ndarray, target: np.ndarray) -> tuple[Leaf, ...]:
    """Every leaf from left to right, with what the model answers for the held-out rows that end in it."""
    leaves: list[Leaf] = []

    def walk(node: int, conditions: tuple[str, ...]) -> None:
        if tree.children_left[node] < 0:
            inside = ends == node
            model = target[inside].mean(axis=0) if inside.any() else None
            answer = tree.value[node].reshape(-1)
            leaves.append(Leaf(conditions=conditions, rows=int(inside.sum()), answer=answer, model=model))
            return
        question, at = questions[tree.feature[node]], float(tree.threshold[node])
        walk(tree.children_left[node], (*conditions, question.told(True, at)))
        walk(tree.children_right[node], (*conditions, question.told(False, at)))

    walk(0, ())
    return tuple(leaves)


def fidelity(found: Surrogate) -> Measurement:
    """The share of the variance of the model's outputs that the tree reproduces on rows it was not fitted to."""
    return estimated(FIDELITY, found.fidelity, better="higher", unit="share", limits=(None, 1.0))


def tree_exhibit(subject: Subject, found: Surrogate) -> Exhibit:
    """The tree's leaves as lines: where, how many of the held-out rows, and what tree and model answer there."""
    total = sum(leaf.rows for leaf in found.leaves)
    several = len(found.leaves[0].answer) > 1
    columns: dict[str, list[object]] = {
        "where": [" and ".join(leaf.conditions) or "everywhere" for leaf in found.leaves],
        "rows": [leaf.rows for leaf in found.leaves],
    }
    if several:
        columns["class"] = [class_names(subject)[int(np.argmax(leaf.answer))] for leaf in found.leaves]
    columns["tree"] = [_largest(leaf.answer, leaf.answer) for leaf in found.leaves]
    columns["model"] = [None if leaf.model is None else _largest(leaf.model, leaf.answer) for leaf in found.leaves]
    unit = "probability" if subject.classification else "target"
    return Exhibit(
        id=f"{ID}/surrogate_tree",
        kind="table",
        title="A small tree that answers like the model",
        summary=_said(subject, found, total),
        columns=columns,
        roles={"units": {"tree": unit, "model": unit}},
        measurements=(FIDELITY,),
    )


def _largest(values: np.ndarray, by: np.ndarray) -> float:
    return float(values[int(np.argmax(by))])


def _said(subject: Subject, found: Surrogate, total: int) -> str:
    """How much of the model this is, in words that fit the number."""
    about = ""
    if subject.task == "binary":
        about = f" of the probability of {subject.classes[positive_of(subject)]}"
    began = f"Fitted to the model's answers{about} on {found.fitted:,} rows and compared with them on {total:,} others."
    share = found.fidelity.value
    if share is None:
        return f"{began} Its fidelity is unknown: {found.fidelity.reason}."
    if share < 0.5:
        return (
            f"{began} It reproduces {percent(max(0.0, share))} of their variance, so most of what the model does is "
            "not in this tree: do not read it as a description of the model."
        )
    return (
        f"{began} It reproduces {percent(share)} of their variance; the other {percent(1.0 - share)} of what the model "
        "does is not in it."
    )
