"""`load`: from "sample:NAME" or the path of a subject file to a Subject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from auditnn.core.errors import SubjectError
from auditnn.core.nearest import nearest
from auditnn.core.subject import Subject
from auditnn.subjects import build, samples, weights
from auditnn.subjects.assemble import check_redact
from auditnn.subjects.code import CodeSpace
from auditnn.subjects.files import DataFile, read_data
from auditnn.subjects.foreign import Blame
from auditnn.subjects.image_files import FILE as FILE_COLUMN
from auditnn.subjects.image_files import read_classes, read_listed
from auditnn.subjects.labels import shown
from auditnn.subjects.manifest import Manifest, ModelPart, read_manifest
from auditnn.subjects.onnx_model import OnnxModel, open_model
from auditnn.subjects.regions import read_regions
from auditnn.subjects.skops_file import load_estimator

FILE = "subject.toml"
PICKLE = "A pickle was trusted: {given} was unpickled, which can run any code."
TYPES = "Types that skops does not know were trusted: {given} holds {types}; rebuilding them can run code."


def load(source: str, *, allow_code: Sequence[str] = (), trust_pickle: bool = False) -> Subject:
    """Open "sample:NAME", a subject file, or the folder that holds one.

    A `factory` or `encode` resolves only from installed packages and from the folders in `allow_code` (a sample's
    from its own folder). RefusedError for what could run code unasked; SubjectError for everything else that is
    wrong with the files.
    """
    if source.startswith(samples.PREFIX):
        path = samples.folder(source.removeprefix(samples.PREFIX)) / FILE
        space = CodeSpace([path.parent, *allow_code])
    else:
        path = _subject_file(source)
        space = CodeSpace(allow_code)
    manifest = read_manifest(path)
    test = _data(path, manifest.data.test, manifest.modality)
    shape = None if test.ids is None or test.X is None else test.X.shape[1:]
    train = None if manifest.data.train is None else _data(path, manifest.data.train, manifest.modality, shape)
    keywords, notes = _keywords(manifest, path, test, train)
    if manifest.model is None:
        subject = _stored(manifest, test, keywords)
    else:
        subject = _modeled(manifest, manifest.model, path, space, test, keywords, trust_pickle)
    opened = {"allow_code": list(allow_code), "trust_pickle": trust_pickle}
    facts = {**subject.facts, **({"opened_with": opened} if allow_code or trust_pickle else {})}
    return replace(
        subject, source=source, facts=facts, notes=(*subject.notes, *notes), redact=tuple(manifest.data.redact)
    )


def _subject_file(source: str) -> Path:
    path = Path(source)
    if path.is_dir():
        if not (path / FILE).is_file():
            raise SubjectError(f"a {FILE} in the folder {source!r}", "none", "Name the subject file itself.")
        return path / FILE
    if not path.is_file():
        known = nearest(source, [samples.PREFIX + name for name in samples.names()])
        advice = known if known.startswith("Did") else "Give sample:NAME, or the path of a subject.toml."
        raise SubjectError("the path of a subject file", f"nothing at {source!r}", advice)
    if path.suffix.lower() != ".toml":
        raise SubjectError("a subject file in TOML", repr(source), "Describe the model and its data in a subject.toml.")
    return path


def _data(path: Path, given: str, modality: str | None, like: tuple[int, ...] | None = None) -> DataFile:
    """A data file, or images: a folder of them, or a table that lists them."""
    target = path.parent / given
    if target.is_dir():
        if modality == "tabular":
            raise SubjectError(
                "a table for modality 'tabular'", f"the folder {given!r}", "Name a file, or say 'image'."
            )
        return read_classes(target, given, like)
    file = read_data(target, given)
    if modality == "image" and file.frame is not None:
        return read_listed(file, target.parent, like)
    return file


def _keywords(
    manifest: Manifest, path: Path, test: DataFile, train: DataFile | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The constructors' keywords that the file states, with values taken from the data files."""
    data, groups = manifest.data, manifest.groups
    if test.frame is not None:
        check_redact(data.redact, test.columns)
    aside = _aside(manifest)
    features, notes = _declared(manifest, test, aside)
    keywords: dict[str, Any] = {
        "name": manifest.name or path.resolve().parent.name,
        "task": manifest.task, "modality": manifest.modality,
        "positive": data.positive, "favorable": data.favorable, "classes": data.classes,
        "groups": {name: test.column(name, "a group column") for name in groups.columns},
        "bands": groups.bands, "intersections": groups.intersections, "control": groups.control,
        "reference": {name: str(level) for name, level in groups.reference.items()},
        "features": features, "units": manifest.units,
        "id": _ids(data.id, data.redact, test),
        "redact": [name for name in data.redact if not test.has(name)], "store_rows": data.store_rows,
        "regions": _regions(path, data.regions), "history": _beside(path, data.history, "history"),
        "costs": None if data.costs is None else data.costs.model_dump(),
    }  # fmt: skip
    if train is not None:
        if data.target is None and train.frame is not None:
            raise SubjectError("[data] target, the column of the training labels", "none", "Name it.")
        target = train.column(data.target or "y", "the target column")
        present = {name: train.column(name, "a group column") for name in groups.columns if train.has(name)}
        keywords["train"] = (_inputs(train, aside), target, present)
    return keywords, (*notes, *test.notes, *(() if train is None else train.notes))


def _ids(name: str | None, redact: Sequence[str], test: DataFile) -> Any:
    """The id column, or the paths of images; None, which numbers the rows, where that is redacted."""
    ids = test.ids if name is None else test.column(name, "the id column")
    return None if (FILE_COLUMN if name is None else name) in redact else ids


def _aside(manifest: Manifest) -> list[str]:
    """Columns with another part to play than being an input."""
    data = manifest.data
    scores = [data.score] if isinstance(data.score, str) else data.score or []
    return [name for name in (data.target, data.id, data.prediction, *scores) if name is not None]


def _inputs(file: DataFile, aside: Sequence[str]) -> Any:
    X = file.inputs(aside)
    if X is None:
        raise SubjectError(
            f"an array X in {file.name}", f"keys {', '.join(file.columns)}", "Save the inputs under the key X."
        )
    return X


def _declared(manifest: Manifest, test: DataFile, aside: Sequence[str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """`[features.*]` of the columns that the model sees, and a note on those it does not."""
    declared = {
        name: part.model_dump(exclude_unset=True, exclude_none=True) for name, part in manifest.features.items()
    }
    inputs = manifest.model.inputs if manifest.model is not None else None
    if test.frame is None or not declared:
        return declared, ()
    for name in declared:
        if name not in test.columns:
            raise SubjectError(
                f"features.{name} to describe a column of {test.name}", "no such column", nearest(name, test.columns)
            )
    seen = set(test.columns) - set(aside) if inputs is None else set(inputs)
    unseen = [name for name in declared if name not in seen]
    note = f"Declared but no input of the model: {', '.join(unseen)}."
    return {name: keys for name, keys in declared.items() if name in seen}, (note,) if unseen else ()


def _regions(path: Path, given: str | None) -> dict[str, Any] | None:
    file = _beside(path, given, "regions")
    return None if file is None or given is None else read_regions(Path(file), given)


def _beside(path: Path, given: str | None, key: str) -> str | None:
    if given is None:
        return None
    target = path.parent / given
    if not target.is_file():
        raise SubjectError(f"a file {given!r} beside the subject file", "nothing there", f"Check {key} under [data].")
    return str(target)


def _stored(manifest: Manifest, test: DataFile, keywords: dict[str, Any]) -> Subject:
    data = manifest.data
    prediction = None if data.prediction is None else test.column(data.prediction, "the prediction column")
    if isinstance(data.score, list):
        import numpy as np

        score: Any = np.column_stack([test.column(name, "a score column") for name in data.score])
    else:
        score = None if data.score is None else test.column(data.score, "the score column")
    y = None if data.target is None else test.column(data.target, "the target column")
    X = test.inputs(_aside(manifest))
    features = X if X is not None and (not hasattr(X, "columns") or len(X.columns)) else None
    return build.from_predictions(y, prediction, score, X_test=features, **keywords)


def _modeled(
    manifest: Manifest, part: ModelPart, path: Path, space: CodeSpace, test: DataFile, keywords: dict[str, Any],
    trust_pickle: bool,
) -> Subject:  # fmt: skip
    data = manifest.data
    if data.target is None and test.frame is not None:
        raise SubjectError(
            "[data] target, the column of true labels", "none", f"Columns: {', '.join(test.columns[:20])}."
        )
    y = test.column(data.target or "y", "the target column")
    if part.inputs is not None and test.frame is not None:
        for name in part.inputs:
            test.column(name, "an input column")
    keywords |= {"output": part.output, "threshold": part.threshold, "inputs": part.inputs}
    if part.encode is not None:
        keywords["encode"] = space.resolve(part.encode, "encode", path.parent)
    X = _inputs(test, _aside(manifest))
    model, trusted = _model(part, path, space, trust_pickle)
    subject = _constructor(part.kind, model)(model, X, y, **keywords)
    return replace(subject, notes=(*trusted, *subject.notes))


def _constructor(kind: str, model: Any) -> Callable[..., Subject]:
    if isinstance(model, OnnxModel):
        return build.from_onnx
    return {"torch": build.from_torch, "sklearn": build.from_sklearn, "function": build.from_function}[kind]


def _model(
    part: ModelPart, path: Path, space: CodeSpace, trust_pickle: bool
) -> tuple[Any, tuple[str, ...]]:  # fmt: skip
    """The module, estimator, function or ONNX model that `factory` and `file` make together, and what had to be
    trusted for it."""
    if part.file is None and part.factory is None:
        raise SubjectError("a factory or a file under [model]", "neither", 'Add factory = "mypackage.nets:build".')
    if part.file is None:
        return _made(part, space, path), ()
    file = path.parent / part.file
    weights.check_model_file(file, part.file, part.kind, trust_pickle)
    suffix = file.suffix.lower()
    if suffix in weights.WHOLE:
        return _whole(part, file, part.file, space, trust_pickle)
    if suffix in weights.PICKLES:
        return _unpickled(part, file, part.file, space, path), (PICKLE.format(given=part.file),)
    made = _made(part, space, path)
    weights.load_weights(made, file, part.file)
    return made, ()


def _whole(
    part: ModelPart, file: Path, given: str, space: CodeSpace, trust_pickle: bool
) -> tuple[Any, tuple[str, ...]]:  # fmt: skip
    """The model of a file that holds all of it and needs no factory."""
    if part.factory is not None:
        raise SubjectError(f"a factory or {given!r}, which holds the whole model", "both", "Leave one of them out.")
    if file.suffix.lower() == ".onnx":
        return open_model(file, given), ()
    with space.active():
        estimator, trusted = load_estimator(file, given, trust_pickle)
    return estimator, (TYPES.format(given=given, types=shown(trusted)),) if trusted else ()


def _unpickled(part: ModelPart, file: Path, given: str, space: CodeSpace, path: Path) -> Any:
    """What a trusted pickle holds; a state dictionary goes into what `factory` builds."""
    made = None if part.factory is None else _made(part, space, path)
    with space.active():
        loaded = weights.load_pickled(file, given, part.kind)
    if part.kind != "torch" or not isinstance(loaded, dict):
        return loaded
    made = _made(part, space, path) if made is None else made
    weights.load_state(made, loaded.get("state_dict", loaded), given)
    return made


def _made(part: ModelPart, space: CodeSpace, path: Path) -> Any:
    """What `factory` builds; SubjectError where there is none, or where it builds something else."""
    factory = part.factory
    if factory is None:
        raise SubjectError("a factory that builds the module for these weights", "none", 'Add factory = "nets:build".')
    build_model = space.resolve(factory, "factory", path.parent)
    with Blame(f"factory {factory!r} to return a model", "it raised", "Call it by itself, without arguments."):
        made = build_model()
    if part.kind == "torch":
        import torch

        if not isinstance(made, torch.nn.Module):
            raise SubjectError(
                f"factory {factory!r} to return a torch.nn.Module", type(made).__name__, "Return the module."
            )
    elif not (hasattr(made, "predict") if part.kind == "sklearn" else callable(made)):
        wanted = "a fitted estimator" if part.kind == "sklearn" else "a function"
        raise SubjectError(f"factory {factory!r} to return {wanted}", type(made).__name__, "Check kind under [model].")
    return space.scoped(made) if part.kind == "function" else made
