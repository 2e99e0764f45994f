"""`subject.toml` as records. Reading it reports every mistake at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from auditnn.core.errors import SubjectError
from auditnn.core.nearest import nearest
from auditnn.core.rows import Kind
from auditnn.core.subject import Output, StoreRows
from auditnn.subjects.options import LATER, AuditedModality, AuditedTask

Label = bool | int | float | str
KINDS = {".safetensors": "torch", ".onnx": "function", ".skops": "sklearn"}


class Part(BaseModel):
    """A table of the file: unknown keys are mistakes, and text is not silently taken for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ModelPart(Part):
    """`[model]`: what to load, and what comes out of it."""

    kind: Literal["torch", "sklearn", "function"]
    file: str | None = None
    factory: str | None = None
    output: Output | None = None
    threshold: float | None = Field(default=None, ge=0, le=1)
    inputs: list[str] | None = None
    encode: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _kind_of_its_file(cls, content: Any) -> Any:
        """A format that one kind of model alone is kept in says the kind."""
        if not isinstance(content, dict) or "kind" in content or not isinstance(content.get("file"), str):
            return content
        kind = KINDS.get(Path(content["file"]).suffix.lower())
        return content if kind is None else {**content, "kind": kind}


class Costs(Part):
    """What one wrong answer of each kind costs."""

    false_positive: float = Field(default=1, ge=0)
    false_negative: float = Field(default=1, ge=0)


class DataPart(Part):
    """`[data]`: files, which column is what, and which rows an audit may keep."""

    test: str
    train: str | None = None
    target: str | None = None
    prediction: str | None = None
    score: str | list[str] | None = None
    positive: Label | None = None
    favorable: Label | list[Label] | None = None
    classes: list[Label] | None = None
    id: str | None = None
    weight: str | None = None
    cluster: str | None = None
    redact: list[str] = []
    regions: str | None = None
    costs: Costs | None = None
    history: str | None = None
    store_rows: StoreRows = "sample"


class GroupsPart(Part):
    """`[groups]`: the attributes by which rows are grouped."""

    columns: list[str] = []
    bands: dict[str, list[float]] = {}
    intersections: list[list[str]] = []
    reference: dict[str, Label] = {}
    control: list[str] = []


class FeaturePart(Part):
    """`[features.NAME]`: what is declared about one column."""

    kind: Kind | None = None
    bounds: list[float] | None = Field(default=None, min_length=2, max_length=2)
    mutable: bool = True
    values: list[Label] | None = None
    unit: str | None = None


class Manifest(Part):
    """The whole file."""

    name: str | None = None
    task: AuditedTask | None = None
    modality: AuditedModality | None = None
    model: ModelPart | None = None
    data: DataPart
    groups: GroupsPart = GroupsPart()
    features: dict[str, FeaturePart] = {}
    units: dict[str, list[str]] = {}


PARTS: dict[str, type[Part]] = {"": Manifest, "model": ModelPart, "data": DataPart, "groups": GroupsPart,
                                "features": FeaturePart, "costs": Costs}  # fmt: skip


def read_manifest(path: Path) -> Manifest:
    """The file as a record; SubjectError with all its mistakes, or with the line where it is not TOML."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SubjectError(
            f"{path.name} as UTF-8 text", f"a byte that is not: {error.reason}", "Save it as UTF-8."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SubjectError(f"{path.name} as TOML", str(error), "See docs/subject-file.md for an example.") from error
    except RecursionError as error:
        raise SubjectError(f"{path.name} as TOML", "brackets nested too deep to read", "Take them apart.") from error
    except OSError as error:
        raise SubjectError(f"a readable file {str(path)!r}", error.strerror or "an error", "Check its path.") from error
    mistakes = _not_yet(content)
    manifest = None
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        known = {one.split(" ")[0] for one in mistakes}
        found = [_mistake(one) for one in error.errors()]
        mistakes += [one for one in found if one.split(" ")[0] not in known]
    if manifest is None or mistakes:
        count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise SubjectError(
            f"only keys and values that {path.name} knows", f"{count}: {'; '.join(mistakes)}",
            "Every key is described in docs/subject-file.md.",
        )  # fmt: skip
    _check_sense(manifest)
    return manifest


def _not_yet(content: dict[str, Any]) -> list[str]:
    found = [
        f"{key} ({content[key]!r} is not supported yet)" for key, words in LATER.items() if content.get(key) in words
    ]
    data = content.get("data")
    for key in ("weight", "cluster"):
        if isinstance(data, dict) and key in data:
            found.append(f"data.{key} (weighted and clustered rows are not supported yet; leave it out)")
    return found


def _mistake(error: Any) -> str:
    place = tuple(part for part in error["loc"] if not _is_branch(part))
    where = ".".join(map(str, place))
    if error["type"] == "extra_forbidden":
        return f"{where} (unknown key. {nearest(str(place[-1]), _siblings(place))})"
    if error["type"] == "missing":
        return f"{where} (missing)"
    message = error["msg"][:1].lower() + error["msg"][1:]
    return f"{where} ({message}, got {error['input']!r})"


def _is_branch(part: Any) -> bool:
    """Whether pydantic added this to say which of several types it tried."""
    return isinstance(part, str) and part in (
        "bool",
        "int",
        "float",
        "str",
        "list[str]",
        "list[union[bool,int,float,str]]",
    )


def _siblings(place: tuple[Any, ...]) -> list[str]:
    parents = [part for part in place[:-1] if part in PARTS]
    return list(PARTS[parents[-1] if parents else ""].model_fields)


def _check_sense(manifest: Manifest) -> None:
    data = manifest.data
    stored = data.prediction is not None or data.score is not None
    if manifest.model is None and not stored:
        raise SubjectError(
            "a [model], or stored predictions under [data]", "neither", 'Add [model], or [data] prediction = "column".'
        )
    if manifest.model is not None and stored:
        raise SubjectError(
            "a [model] or stored predictions", "both", "Remove [model], or prediction and score under [data]."
        )
