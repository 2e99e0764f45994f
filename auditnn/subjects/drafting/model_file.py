"""What a model file says by itself: its kind by its suffix, and the names and shapes in a safetensors header."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from auditnn.core.errors import SubjectError
from auditnn.subjects import weights
from auditnn.subjects.code import NAME
from auditnn.subjects.foreign import shortened

BY_SUFFIX = {
    ".safetensors": "torch", ".pt": "torch", ".pth": "torch", ".pt2": "torch", ".ckpt": "torch", ".bin": "torch",
    ".joblib": "sklearn", ".sav": "sklearn", **weights.WHOLE,
}  # fmt: skip
SHOWN = 4


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file, or none where a factory makes the whole model. `shapes` are those of a safetensors file."""

    path: Path | None = None
    kind: str | None = None
    factory: str | None = None
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        return "" if self.path is None else self.path.suffix.lower()

    @property
    def width(self) -> tuple[str, int] | None:
        """The matrix of weights that takes the inputs, and how many: the only width that no other matrix gives out."""
        matrices = {name: shape for name, shape in self.shapes.items() if len(shape) == 2 and name.endswith("weight")}
        given = {shape[0] for shape in matrices.values()}
        first = {shape[1]: name for name, shape in matrices.items() if shape[1] not in given}
        if len(first) != 1:
            return None
        [(width, name)] = first.items()
        return name, width

    def described(self) -> str:
        """The header of a safetensors file in one line."""
        total = sum(prod(shape) for shape in self.shapes.values())
        names = sorted(self.shapes, key=_in_order)
        first = ", ".join(f"{name} {list(self.shapes[name])}" for name in names[:SHOWN])
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        return f"{total:,} numbers in {len(names)} tensors: {first}{more}"


def model_file(given: str, kind: str | None) -> ModelFile:
    """The file or the factory ("module:function") that `given` names. SubjectError where it is neither."""
    path = Path(given)
    if not path.exists() and NAME.fullmatch(given):
        return ModelFile(kind=kind, factory=given)
    if not path.is_file():
        raise SubjectError("a model file, or a factory as module:function", f"nothing at {given!r}", "Check its path.")
    found = kind or BY_SUFFIX.get(path.suffix.lower())
    weights.check_model_file(path, given, found or "torch", trust_pickle=True)
    shapes = _shapes(path, given) if path.suffix.lower() == ".safetensors" else {}
    return ModelFile(path=path, kind=found, shapes=shapes)


def _shapes(path: Path, given: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes from the header; the numbers are not read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise SubjectError(
            f"safetensors weights in {given!r}", shortened(error), "Save them with safetensors.torch.save_file."
        ) from error


def _in_order(name: str) -> list[tuple[int, str]]:
    """Names with their numbers as numbers: layer 2 before layer 10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name) if part]
