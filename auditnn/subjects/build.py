"""The four constructors: a module, an estimator, a function, or stored predictions, with data, become a Subject."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.core.rows import Table
from auditnn.core.subject import Encoder, Model, Predictions, Subject
from auditnn.subjects import assemble, digest, labels, sklearn_model
from auditnn.subjects.arrays import plain_array, vector
from auditnn.subjects.contents import contents_digest
from auditnn.subjects.encoding import (
    FrameEncoder,
    FunctionEncoder,
    ImageEncoder,
    MatrixEncoder,
    function_of,
    identity_for_module,
)  # fmt: skip
from auditnn.subjects.foreign import Blame
from auditnn.subjects.frames import none_columns
from auditnn.subjects.function_model import FunctionModel
from auditnn.subjects.onnx_model import OnnxModel
from auditnn.subjects.options import Keywords, Options, options_of
from auditnn.subjects.regions import regions_of
from auditnn.subjects.stored import stored_predictions
from auditnn.subjects.units import encoded_units, units_of

UNUSED = {
    "control": "control is recorded but no analyzer uses it yet: disparities are not controlled for it.",
    "costs": "costs are recorded but no analyzer uses them yet: every error counts the same.",
    "history": "history is recorded but no analyzer reads it yet: nothing is said about the training.",
}


def from_torch(module: Any, X_test: Any, y_test: Any, **keywords: Unpack[Keywords]) -> Subject:
    """A torch module. `output` says what it returns: "logits", "probabilities", "values" or "labels"."""
    import torch

    from auditnn.subjects.torch_model import TorchModel

    if not isinstance(module, torch.nn.Module):
        raise SubjectError("a torch.nn.Module", type(module).__name__, "Use from_function for a plain callable.")
    options = options_of(keywords)
    task = options.task or labels.infer_task(_vector(y_test), options.output, options.classes)
    output = options.output or ("values" if task == "regression" else None)
    if output is None:
        raise SubjectError(
            "output for a torch module",
            "none",
            "Set output to 'logits' (before softmax or sigmoid), or 'probabilities'.",
        )
    model = TorchModel(module)
    data = assemble.data_of(X_test, options)
    facts = {
        "class": type(module).__name__,
        "train_mode": any(part.training for part in module.modules()),
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "layers": sum(1 for part in module.modules() if not list(part.children())),
        "device": str(model.device),
        "dtype": str(model.dtype).removeprefix("torch."),
    }
    encoder = _encoder(options, _tensor_encoder(options, data, model.input_dtype), data, model.input_dtype)
    return _subject(X_test, y_test, options, task, output, model, encoder, data, facts, contents_digest(module))


def from_sklearn(estimator: Any, X_test: Any, y_test: Any, **keywords: Unpack[Keywords]) -> Subject:
    """A fitted scikit-learn estimator or Pipeline. It gets an array or a data frame back, as X_test came.

    Audited are its probabilities, else its decision function as logits, else its labels; `output` overrides that.
    """
    if isinstance(estimator, type):
        advice = f"Give an instance: {estimator.__name__}().fit(X, y)."
        raise SubjectError("a fitted estimator", f"the class {estimator.__name__}", advice)
    if not hasattr(estimator, "predict"):
        raise SubjectError("an estimator with predict", type(estimator).__name__, "Use from_function for a callable.")
    options = options_of(keywords)
    task = (
        options.task
        or sklearn_model.task_of(estimator)
        or labels.infer_task(_vector(y_test), options.output, options.classes)
    )
    output = sklearn_model.output_of(estimator, task, options.output)
    known = None if task == "regression" else sklearn_model.classes_of(estimator)
    data = assemble.data_of(X_test, options)
    model = sklearn_model.SklearnModel(estimator, sklearn_model.METHODS[output])
    facts: dict[str, Any] = {"class": type(estimator).__name__}
    if hasattr(estimator, "steps"):
        facts["steps"] = [type(step).__name__ for _, step in estimator.steps]
    encoder = _encoder(options, _native_encoder(data), data)
    subject = _subject(
        X_test, y_test, options, task, output, model, encoder, data, facts, contents_digest(estimator), known
    )
    if output == "logits" and subject.positive == 0:
        model.sign = -1.0
    if output == "logits":
        note = "The estimator gives no probabilities: the sigmoid or softmax of its decision function stands in."
        subject = replace(subject, notes=(*subject.notes, note))
    return subject


def from_function(function: Any, X_test: Any, y_test: Any, **keywords: Unpack[Keywords]) -> Subject:
    """Any callable from the data, as X_test came (frame or array), to one output per row.

    `output` defaults to "probabilities", for regression to "values".
    """
    if not callable(function):
        raise SubjectError("a callable", type(function).__name__, "Use from_predictions for stored predictions.")
    options = options_of(keywords)
    task = options.task or labels.infer_task(_vector(y_test), options.output, options.classes)
    output = options.output or ("values" if task == "regression" else "probabilities")
    data = assemble.data_of(X_test, options)
    facts = {"class": getattr(function, "__qualname__", type(function).__name__)}
    encoder = _encoder(options, _native_encoder(data), data)
    fingerprint = contents_digest(function)
    return _subject(X_test, y_test, options, task, output, FunctionModel(function), encoder, data, facts, fingerprint)


def from_onnx(model: OnnxModel, X_test: Any, y_test: Any, **keywords: Unpack[Keywords]) -> Subject:
    """An opened ONNX model. Where it takes a column for each input, these name the columns unless `inputs` does.

    `output` may be left out where the model also returns labels, as converted classifiers do.
    """
    options = options_of(keywords)
    if model.columns is not None and options.inputs is None:
        options = replace(options, inputs=model.columns)
    task = options.task or labels.infer_task(_vector(y_test), options.output, options.classes)
    output = options.output or ("values" if task == "regression" else model.usual_output())
    model.choose(output)
    data = assemble.data_of(X_test, options)
    if model.columns is not None and data.raw is not None and options.encode is None:
        model.check_columns(data.raw.keys)
        before = replace(_frame_encoder(data), units=units_of(data.test.features))  # type: ignore[union-attr]
    else:
        before = _tensor_encoder(options, data, model.dtype)
    encoder = _encoder(options, before, data, model.dtype)
    subject = _subject(X_test, y_test, options, task, output, model, encoder, data, model.facts(), model.digest)
    model.labels = subject.labels
    return replace(subject, notes=(*subject.notes, *model.notes()))


def from_predictions(
    y: Any, prediction: Any = None, score: Any = None, *, X_test: Any = None, **keywords: Unpack[Keywords]
) -> Subject:
    """Stored predictions, with no model at all: hard predictions, scores, or both.

    `score`: probability of the positive class (n,) or of each class (n, k). Without `prediction` the threshold, or
    the largest score, decides. `y` may be None where only outcomes exist. `X_test` optionally gives the features.
    """
    options = options_of(keywords)
    for name in ("encode", "inputs", "output"):
        if getattr(options, name) is not None:
            raise SubjectError(f"no {name} without a model", f"{name} = {getattr(options, name)!r}", "Leave it out.")
    if prediction is None and score is None:
        raise SubjectError("a prediction or a score for each row", "neither", "Give at least one of them.")
    if not len(score if prediction is None else prediction):
        raise SubjectError("at least one prediction", "none", "Check the file or the filter it came through.")
    shape = np.shape(score)
    task = options.task or (
        "binary" if prediction is None and (len(shape) == 1 or shape[1:] == (1,)) else
        labels.infer_task(_vector(y if y is not None else prediction), None, options.classes)
    )  # fmt: skip
    data = assemble.data_of(X_test, options)
    also = []
    if prediction is not None and task != "regression":
        also = [labels.label_values(prediction, "the predictions")]
    meaning, codes, train = assemble.meaning_of(y, assemble.train_target(options), options, task=task, also=also)
    if codes is not None and meaning.coding is not None and codes.min() == codes.max():
        alone = meaning.coding.labels[int(codes[0])]
        note = f"The target holds only {alone!r}: what needs the other classes cannot be measured."
        meaning = replace(meaning, notes=(*meaning.notes, note))
    stored = stored_predictions(prediction, score, meaning)
    n = len(stored.prediction)
    test, train_split, intersections = assemble.splits_of(X_test, data, codes, train, options, n)
    if data.test is not None and len(data.test) != n:
        raise SubjectError(f"{n} rows in X_test, one for each prediction", f"{len(data.test)}", "Give the same rows.")
    output = "values" if task == "regression" else "labels" if score is None else "probabilities"
    return _record(options, meaning, output, test, train_split, intersections, data, stored=stored)


def _subject(
    X: Any, y: Any, options: Options, task: str, output: str, model: Model, encoder: Encoder, data: assemble.Data,
    facts: dict[str, Any], fingerprint: str | None, known: list[Any] | None = None,
) -> Subject:  # fmt: skip
    if (task == "regression") != (output == "values"):
        raise SubjectError(
            "output = 'values' for regression and for nothing else", f"task {task!r} with output {output!r}",
            "Classification has logits, probabilities or labels.",
        )  # fmt: skip
    if y is None:
        raise SubjectError("a target for the test rows", "None", "Use from_predictions where only outcomes exist.")
    meaning, codes, train_codes = assemble.meaning_of(
        y, assemble.train_target(options), options, task=task, model_labels=known, ordered=known is not None
    )
    assert data.test is not None
    test, train, intersections = assemble.splits_of(X, data, codes, train_codes, options, len(data.test))
    assemble.check_classes(codes, meaning)
    return _record(
        options, meaning, output, test, train, intersections, data,
        model=model, encoder=encoder, facts=facts, fingerprint=fingerprint,
    )  # fmt: skip


def _record(
    options: Options, meaning: assemble.Meaning, output: str, test: Any, train: Any, intersections: Any,
    data: assemble.Data, *, model: Model | None = None, encoder: Encoder | None = None,
    stored: Predictions | None = None, facts: dict[str, Any] | None = None, fingerprint: str | None = None,
) -> Subject:  # fmt: skip
    regions = regions_of(options.regions, data.test)
    beside = {key: getattr(options, key) for key in ("costs", "history")}
    facts = {**(facts or {}), **{key: value for key, value in beside.items() if value is not None}}
    digests: dict[str, str | None] = {"data": digest.data_digest((test, train), stored, regions)}
    if model is not None:
        digests["model"] = fingerprint
    coding = meaning.coding
    subject = Subject(
        name=options.name or "subject",
        task=meaning.task,  # type: ignore[arg-type]
        modality="tabular" if data.test is None else data.test.modality,
        output=output,  # type: ignore[arg-type]
        test=test,
        train=train,
        model=model,
        encoder=encoder,
        stored=stored,
        classes=() if coding is None else coding.classes,
        labels=() if coding is None else coding.labels,
        positive=meaning.positive,
        favorable=meaning.favorable,
        threshold=meaning.threshold,
        intersections=intersections,
        reference={str(name): str(level) for name, level in options.reference.items()},
        control=tuple(options.control),
        redact=tuple(options.redact),
        regions=regions,
        store_rows=options.store_rows,  # type: ignore[arg-type]
        facts=facts,
        notes=(*_unused(options), *meaning.notes, *data.notes),
    )
    return replace(subject, digests={**digests, "meaning": digest.meaning_digest(subject, options.encode)})


def _unused(options: Options) -> tuple[str, ...]:
    """Notes on what was declared and plays no part in any number yet."""
    return tuple(note for key, note in UNUSED.items() if getattr(options, key))


def _vector(y: Any) -> Any:
    return None if y is None else plain_array(vector(y, "the target", "Give one value per row."))


def _frame_encoder(data: assemble.Data) -> FrameEncoder:
    assert data.raw is not None
    return FrameEncoder(keys=data.raw.keys, nones=none_columns(data.raw.columns))


def _native_encoder(data: assemble.Data) -> Any:
    """Back to what the data was handed over as: pixels, a data frame, or an array of the same dtype."""
    if data.raw is None:
        return ImageEncoder()
    units = units_of(data.test.features)  # type: ignore[union-attr]
    if data.raw.form == "frame":
        frame = _frame_encoder(data)
        return replace(frame, units=units)
    return MatrixEncoder(dtype=data.raw.dtype, units=units)


def _tensor_encoder(options: Options, data: assemble.Data, dtype: str) -> Any:
    """What comes before `encode`, or what stands in for it: pixels, a data frame for `encode`, else the columns side
    by side as numbers."""
    if data.raw is None:
        return ImageEncoder()
    if options.encode is not None:
        return _frame_encoder(data)
    return identity_for_module(data.test, dtype, units_of(data.test.features))  # type: ignore[arg-type, union-attr]


def _encoder(options: Options, before: Any, data: assemble.Data, dtype: str | None = None) -> Any:
    """The identity, or the user's `encode` after it, with the units that it tells or that its width makes clear."""
    if options.encode is None:
        return before
    function, name = function_of(options.encode)
    encoder = FunctionEncoder(function=function, before=replace(before, units=None), name=name, dtype=dtype)
    if not isinstance(data.test, Table):
        return encoder
    with Blame("inputs from encode", "encode raised", "Call it on the data frame by itself to find out why."):
        array, units = encoder.parts(data.test.take(np.arange(min(2, len(data.test)))))
    return replace(encoder, units=encoded_units(encoder, data.test, array.shape, units))
