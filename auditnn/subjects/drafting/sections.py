"""The parts of a drafted subject file but the model: each key as it is known, or as a question with its choices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from auditnn.core.errors import SubjectError
from auditnn.subjects import labels
from auditnn.subjects.drafting import reading
from auditnn.subjects.drafting.facts import Facts, relative
from auditnn.subjects.drafting.model_part import fitting
from auditnn.subjects.drafting.page import Page, either, some
from auditnn.subjects.files import DataFile
from auditnn.subjects.groups import group_of
from auditnn.subjects.options import TASKS

MOST_COLUMNS = 100
MOST_CLASSES = 100


def top(page: Page, facts: Facts, out: Path) -> None:
    """Name, task and modality."""
    told = facts.told
    page.lines.append("")
    if told.name is not None:
        page.put("name", told.name)
    else:
        page.ask("name", out.resolve().parent.name or "subject", "the name of the folder stands in")
    distinct = f"{facts.target} holds {len(facts.classes)} distinct values" if facts.classes else ""
    if facts.task is not None:
        why = distinct or f"{facts.target or facts.prediction} holds fractional numbers"
        page.put("task", facts.task, "" if told.task else "output is values" if told.output == "values" else why)
    elif facts.kind == "sklearn":
        page.ask("task", "multiclass", "the estimator says it; or " + either(TASKS))
    else:
        page.must("task", "multiclass", either(TASKS), f"what is predicted: {either(TASKS)}")
    if facts.image:
        why = "column file names images" if facts.test.frame is not None else f"X has shape {_shape(facts.test)}"
        page.put("modality", "image", "" if told.modality else why)
    else:
        page.put("modality", "tabular", "" if told.modality else "rows of columns")


def _shape(file: DataFile) -> str:
    return "none" if file.X is None else str(tuple(file.X.shape))


def data(page: Page, facts: Facts, table: str, out: Path) -> None:
    """`[data]`: files, which column is what, and what the labels mean."""
    told, stored = facts.told, facts.model is None
    page.section("data")
    page.put("test", relative(table, out))
    if told.train is not None:
        page.put("train", relative(told.train, out))
    else:
        page.ask("train", "train.parquet", "training rows: for overlap, imbalance and skill")
    names = some(facts.test.columns, 20)
    if facts.target is not None:
        page.put("target", facts.target, "" if told.target else "the only usual name for a target")
    elif stored:
        page.ask("target", "label", "the true label; without it only outcomes are compared. Columns: " + names)
        page.open.append("target (without it only outcomes are compared)")
    else:
        page.must("target", "label", "a column: " + names, "the column of true labels")
    if stored:
        _predictions(page, facts, names)
    _labels(page, facts)
    if facts.id is not None:
        page.put("id", facts.id, "" if told.id else "named like an id, and different in every row")
    elif facts.test.frame is not None:
        page.ask("id", "row_id", "a column that names each row; without it rows go by their position")
    page.ask("redact", [], "columns that must not be written into a run folder")


def _predictions(page: Page, facts: Facts, names: str) -> None:
    told = facts.told
    given = told.prediction is not None or told.score is not None
    why = "" if given else "the only usual name for it"
    if facts.prediction is not None:
        page.put("prediction", facts.prediction, why)
    if facts.score:
        page.put("score", facts.score[0] if len(facts.score) == 1 else list(facts.score), why)
    if facts.prediction is None and not facts.score:
        page.must("prediction", "predicted", "a column of labels (or score, of probabilities): " + names,
                  "the column of stored predictions, or score")  # fmt: skip
    blocked = reading.described(facts.columns)
    if blocked:
        page.missing += [f"a table without {name} ({why})" for name, why in blocked.items()]


def _labels(page: Page, facts: Facts) -> None:
    """Which label counts as positive, which outcome people want, and what classes are called."""
    told, classes = facts.told, facts.classes
    if not classes:
        return
    names = _class_names(told.classes, classes)
    if names is not None:
        page.put("classes", names)
    elif facts.task == "multiclass" and facts.kind != "sklearn" and len(classes) <= MOST_CLASSES:
        page.put("classes", list(classes), "the sorted distinct labels; must be the order of the model's outputs")
    if facts.task == "binary" and len(classes) == 2:
        second = classes[1] if names is None or set(names) != set(classes) else names[1]
        choices = f"the label that counts as positive: {either(classes)}"
        if told.positive is not None:
            page.put("positive", reading.label_named(told.positive, [*classes, *(names or [])], "--positive"))
        elif not facts.text or names is not None:
            page.put("positive", second, "the second of the two labels counts as positive by convention")
        elif facts.kind == "sklearn":
            page.ask("positive", second, choices + "; without it the second of the estimator's classes")
            page.open.append("positive (without it the second of the estimator's classes)")
        else:
            page.must("positive", second, choices, "the label that counts as positive")
    choices = f"the outcome that people want: {either(classes)}"
    if told.favorable is not None:
        wanted = [reading.label_named(one, [*classes, *(names or [])], "--favorable") for one in told.favorable]
        page.put("favorable", wanted[0] if len(wanted) == 1 else wanted)
    else:
        without = "; without it the positive one stands in" if facts.task == "binary" else ""
        page.ask("favorable", classes[0], choices + without)
        page.open.append(f"favorable ({choices})")


def _class_names(told: Sequence[str] | None, classes: Sequence[Any]) -> list[Any] | None:
    """`--classes` as labels where they are the labels, else as names."""
    if told is None:
        return None
    known = {labels.class_name(label): label for label in classes}
    if set(told) >= set(known) or set(known) >= set(told):
        return [known.get(name, name) for name in told]
    return list(told)


def groups(page: Page, facts: Facts) -> None:
    """`[groups]`: the attributes that were named, else which could be."""
    told = facts.told
    parts = [name for name in (facts.target, facts.id, facts.prediction, *facts.score) if name is not None]
    page.section("groups")
    for name in told.bands:
        if name not in (told.groups or ()):
            raise SubjectError("--bands for columns of --groups", repr(name), f"Add it: --groups {name}.")
    if not told.groups:
        found = reading.group_candidates(facts.test, parts)
        choices = f"attributes to compare: {', '.join(found) or 'no column of few values'}"
        page.ask("columns", [found[0].rpartition(" (")[0]] if found else ["sex"], choices)
        page.open.append(f"groups ({choices})")
        return
    page.put("columns", list(told.groups))
    waiting = {}
    for name in told.groups:
        values = facts.test.column(name, "the column for --groups,")
        if name not in told.bands and reading.needs_bands(values):
            waiting[name] = reading.quartiles(values)
        else:
            group_of(name, values, told.bands.get(name), f"column {name!r}")
    if waiting:
        page.must("bands", {**told.bands, **waiting}, "edges between groups of numbers; these are the quartiles",
                  f"edges for {some(list(waiting))}")  # fmt: skip
    if told.bands:
        page.put("bands", {name: list(edges) for name, edges in told.bands.items()})
    if len(told.groups) > 1:
        page.ask("intersections", [list(told.groups[:2])], "combinations to compare as groups of their own")
    page.ask("reference", {told.groups[0]: "..."}, "signed differences are measured from it; the largest group without")


def features(page: Page, facts: Facts) -> None:
    """The inferred kind of every column that can be an input, to be corrected where codes are not numbers."""
    told, usable = facts.told, [column for column in facts.columns if column.feature is not None]
    seen = told.inputs or (facts.model and fitting(facts, facts.model)) or [column.name for column in usable]
    shown = [column for column in usable if column.name in seen]
    if not shown:
        return
    page.section("features")
    if len(shown) > MOST_COLUMNS:
        page.say(f"The kinds of {len(shown)} columns are inferred from their types at every run.")
        return
    page.say("bounds = [low, high] and mutable = false may be added to each.")
    for column in shown:
        assert column.feature is not None
        page.put(column.name, {"kind": column.feature.kind}, column.facts)
