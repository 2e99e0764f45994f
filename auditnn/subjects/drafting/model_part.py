"""`[model]` of a drafted subject file: what its file tells, and what has to be asked."""

from __future__ import annotations

from pathlib import Path

from auditnn.core.errors import SubjectError
from auditnn.subjects import weights
from auditnn.subjects.drafting import reading
from auditnn.subjects.drafting.facts import KINDS, Facts, Told, known, relative
from auditnn.subjects.drafting.model_file import ModelFile
from auditnn.subjects.drafting.page import Page, either, some
from auditnn.subjects.drafting.reading import Column

FACTORY = "mypackage.nets:build"
RETURNS = {"torch": "the module, into which the weights are loaded", "sklearn": "the fitted estimator",
           "function": "the function from inputs to outputs"}  # fmt: skip


def model_part(page: Page, facts: Facts, model: ModelFile, out: Path) -> None:
    """What is loaded, what makes it, what it returns and what it sees."""
    told = facts.told
    page.section("model")
    if model.kind is not None:
        page.put("kind", model.kind, "" if told.kind else f"the suffix {model.suffix}")
    else:
        page.must("kind", "sklearn", either(KINDS), f"what the model is: {either(KINDS)}")
    if model.path is not None:
        page.put("file", relative(model.path, out))
        if model.shapes:
            page.say(f"It holds {model.described()}.")
        if model.suffix in weights.PICKLES:
            page.say("Opening this file can run code: run needs --trust-pickle.")
    _factory(page, told, model)
    _output(page, facts, model)
    if facts.task in (None, "binary") and told.output != "labels":
        page.ask("threshold", 0.5, "binary: positive from this probability on")
    _inputs(page, facts, model)


def _factory(page: Page, told: Told, model: ModelFile) -> None:
    factory = model.factory or told.factory
    if model.suffix in weights.WHOLE:
        if factory is not None:
            raise SubjectError(
                f"no factory for {model.suffix}",
                repr(factory),
                "The file holds the whole model.",
            )
        return
    returns = f"a function without arguments that returns {RETURNS.get(model.kind or '', 'the model')}"
    if factory is not None:
        page.put("factory", factory)
    elif model.suffix in weights.PICKLES:
        if model.kind != "sklearn":
            page.ask("factory", FACTORY, "only where the file holds a state dictionary: " + returns)
    else:
        page.must("factory", FACTORY, returns, returns)


def _output(page: Page, facts: Facts, model: ModelFile) -> None:
    choices = 'what it returns: "logits" (before sigmoid or softmax), "probabilities" or "labels"'
    if facts.told.output is not None:
        page.put("output", facts.told.output)
    elif model.kind == "sklearn":
        page.ask("output", "probabilities", "without it: probabilities where the estimator has them")
    elif facts.task == "regression":
        page.put("output", "values", "the task is regression")
    elif model.suffix == ".onnx":
        page.ask("output", "logits", choices + "; needed where it returns plain numbers")
        page.open.append("output (needed where the ONNX model returns plain numbers)")
    elif model.kind == "function":
        page.ask("output", "probabilities", choices + '; "probabilities" stands in')
        page.open.append('output ("probabilities" stands in)')
    elif model.kind is None:
        page.ask("output", "logits", choices + "; needed for torch")
        page.open.append("output (needed for torch)")
    else:
        page.must("output", "logits", choices, "logits, probabilities or labels")


def _inputs(page: Page, facts: Facts, model: ModelFile) -> None:
    """The columns that the model sees, where a weight matrix or a column that cannot be one tells."""
    told, names = facts.told, [column.name for column in facts.columns]
    encode = told.encode
    if told.inputs is not None:
        for name in told.inputs:
            known(facts.test, name, "inputs")
        page.put("inputs", list(told.inputs))
    elif names:
        _guess_inputs(page, facts, model)
    if encode is not None:
        page.put("encode", encode)
        return
    seen = [column for column in facts.columns if column.name in (told.inputs or fitting(facts, model) or names)]
    words = [column.name for column in seen if column.feature is not None and not _number(column)]
    if model.kind == "torch" and words:
        what = f"{some(words, 3)} {'holds' if len(words) == 1 else 'hold'} text"
        example = "mypackage.nets:encode"
        page.must("encode", example, f"turns the frame into numbers; {what}", f"{what}; or name other inputs")


def _guess_inputs(page: Page, facts: Facts, model: ModelFile) -> None:
    usable = [column.name for column in facts.columns if column.feature is not None]
    enough, unusable = fitting(facts, model), reading.described(facts.columns)
    if enough is not None:
        assert model.width is not None
        page.put(
            "inputs",
            enough,
            f"{model.width[0]} takes {model.width[1]} inputs, and there are as many columns of numbers",
        )
    elif unusable:
        told = "; ".join(f"{name}: {why}" for name, why in unusable.items())
        page.put("inputs", usable, f"every column but those that cannot be read ({told})")
        page.open.append(f"inputs (left out: {told})")
    else:
        page.ask("inputs", usable, "in the model's order; without it the model gets all of these columns")
        page.open.append(f"inputs (without it the model gets all {len(usable)} columns)")


def fitting(facts: Facts, model: ModelFile) -> list[str] | None:
    """The columns, with or without the groups, of which there are as many as the weights take inputs."""
    if model.width is None or facts.told.encode is not None:
        return None
    usable = [column for column in facts.columns if column.feature is not None and _number(column)]
    groups = set(facts.told.groups or ())
    choices = {tuple(c.name for c in usable), tuple(c.name for c in usable if c.name not in groups)}
    fitting = [list(one) for one in choices if len(one) == model.width[1]]
    return fitting[0] if len(fitting) == 1 else None


def _number(column: Column) -> bool:
    """Whether a module can take the column without `encode`."""
    feature = column.feature
    return feature is not None and not any(isinstance(one, str) for one in feature.categories)
