"""What an ONNX file refers to outside itself, read from its bytes before anything opens it.

Large models keep their weights in files beside the model, which it names by path. A path may lead anywhere, and a
runtime would map whatever is there, so paths are checked first. The bytes are protocol buffers: numbered fields, some
of which hold messages of their own (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auditnn.core.errors import RefusedError, SubjectError
from auditnn.subjects.labels import shown
from auditnn.subjects.paths import within

GRAPH, EXTERNAL, KEY, VALUE = 7, 13, 1, 2  # of a model; of a tensor; of an entry
# For each message, the fields that can hold a tensor, however deep, and what message they are.
INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {EXTERNAL: "entry"},
    "entry": {},
}
ADVICE = "Export the model again, or copy it again from where it came."
LARGEST_FIELD = 1 << 29
WIDTH = {1: 8, 5: 4}  # bytes of the two wire types of fixed width


def files_of(path: Path, given: str) -> list[Path]:
    """The model file and the files with its external data, in the order of first mention.

    SubjectError where the bytes are not an ONNX model or a file is absent; RefusedError for a path that leads out of
    the model's folder. Reads the model once; weights inside it are stepped over.
    """
    with path.open("rb") as file:
        content = memoryview(file.read())
    if bytes(content[4:8]) == b"ORTM":
        raise SubjectError(f"an ONNX model in {given!r}", "ONNX Runtime's own format", "Export the model as ONNX.")
    try:
        locations = dict.fromkeys(_locations(content))
    except (ValueError, UnicodeDecodeError) as error:
        raise SubjectError(f"an ONNX model in {given!r}", f"other bytes ({error})", ADVICE) from error
    return [path, *(_inside(path, location, given) for location in locations)]


def _inside(path: Path, location: str, given: str) -> Path:
    """The file at a location; it must lie in the model's folder, links resolved."""
    target = within(path.resolve().parent, location)
    if target is None or "*" in location:  # with stars the runtime means places in memory
        raise RefusedError(
            f"external data of {given!r} in its own folder", f"the path {location!r}",
            "Save the model again with all its data beside it.",
        )  # fmt: skip
    if not target.is_file():
        raise SubjectError(
            f"the external data {shown([location])} beside {given!r}", "nothing there", "Copy it there too."
        )
    return target


def _locations(content: memoryview) -> Iterator[str]:
    """The locations that tensors name, anywhere in the model; ValueError where the bytes are no model."""
    seen_graph = False
    waiting: list[tuple[str, memoryview]] = [("model", content)]
    while waiting:
        kind, message = waiting.pop()
        entry: dict[int, str] = {}
        for field, value in _fields(message):
            seen_graph |= kind == "model" and field == GRAPH
            inner = INSIDE[kind].get(field)
            if inner is not None:
                if not isinstance(value, memoryview):
                    raise ValueError("a field of another type than it must have")
                waiting.append((inner, value))
            elif kind == "entry" and isinstance(value, memoryview):
                entry[field] = bytes(value).decode("utf-8")
        if entry.get(KEY) == "location":
            yield entry.get(VALUE, "")
    if not seen_graph:
        raise ValueError("no graph in it")


def _fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """Numbers of the fields of one message with their values: bytes as a view, numbers as None."""
    position = 0
    while position < len(message):
        tag, position = _number(message, position)
        field, wire = tag >> 3, tag & 7
        if not 0 < field < LARGEST_FIELD:
            raise ValueError(f"a field of number {field}")
        value = None
        if wire == 0:
            _, position = _number(message, position)
        elif wire in WIDTH:
            position += WIDTH[wire]
        elif wire == 2:
            size, position = _number(message, position)
            value = message[position : position + size]
            position += size
        else:
            raise ValueError(f"a field of unknown type {wire}")
        if position > len(message):
            raise ValueError("it ends in the middle")
        yield field, value


def _number(message: memoryview, position: int) -> tuple[int, int]:
    """A number of seven bits per byte, lowest first, and where it ends."""
    number = shift = 0
    while shift < 70:
        if position >= len(message):
            raise ValueError("it ends in the middle")
        byte = message[position]
        number |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return number, position
    raise ValueError("a number without an end")
