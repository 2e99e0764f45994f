"""An ONNX model behind the one call that everything goes through: one session on the CPU."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from auditnn.core.errors import SubjectError
from auditnn.subjects.arrays import is_frame, missing_mask
from auditnn.subjects.digest import file_digest
from auditnn.subjects.foreign import Blame
from auditnn.subjects.labels import shown
from auditnn.subjects.onnx_files import files_of
from auditnn.subjects.optional import needed

NUMBERS = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16"}
WHOLE = {"tensor(int64)": "int64", "tensor(int32)": "int32", "tensor(bool)": "bool"}
TEXT = {"tensor(string)": "object"}
LABELS = {**WHOLE, **TEXT}
MAPS = ("seq(map(int64,tensor(float)))", "seq(map(string,tensor(float)))")
STEMS = {"logits": "logit", "probabilities": "prob"}  # how exporters name what comes out
SILENT = 4  # onnxruntime's level for fatal errors: everything else comes as an exception
PROVIDERS = ["CPUExecutionProvider"]


class OnnxModel:
    """One session, its inputs, and the one output that is audited (`choose`).

    A single input of numbers gets the encoded rows, shape (n, ...). Several inputs, as converters of scikit-learn
    pipelines make them, get one column each by name, shape (n, 1): `columns` lists them.
    """

    kind: str = "function"
    differentiable: bool = False

    def __init__(self, session: Any, given: str, digest: str | None) -> None:
        self.session, self.given, self.digest = session, given, digest
        self.inputs, self.outputs = list(session.get_inputs()), list(session.get_outputs())
        self.output: Any = None
        self.labels: tuple[Any, ...] = ()
        self.batch = next((one.shape[0] for one in self.inputs if one.shape and type(one.shape[0]) is int), None)
        self.columns = self._columns()
        self.dtype = NUMBERS.get(self.inputs[0].type, "float32") if self.inputs else "float32"

    def forward(self, inputs: Any) -> np.ndarray:
        """The chosen output for one batch: an array of rows, or a data frame where inputs are `columns`."""
        feeds = self._feeds(inputs)
        n = len(inputs)
        if self.batch is None or n == self.batch:
            return self._run(feeds)
        parts = []
        for start in range(0, n, self.batch):
            index = np.minimum(np.arange(start, start + self.batch), n - 1)  # the last batch repeats its last row
            parts.append(self._run({name: values[index] for name, values in feeds.items()})[: n - start])
        return np.concatenate(parts)

    def usual_output(self) -> str:
        """The kind of output that the model's outputs leave no doubt about; SubjectError asking for it elsewhere."""
        numbers, labels, maps = self._outputs()
        if len(maps) == 1 or (labels and any(STEMS["probabilities"] in one.name.lower() for one in numbers)):
            return "probabilities"
        if labels and not numbers:
            return "labels"
        raise SubjectError(
            f"output for the ONNX model {self.given!r}, which returns {self._described(self.outputs)}", "none",
            "Set output to 'logits' (before softmax or sigmoid), or 'probabilities'.",
        )  # fmt: skip

    def choose(self, output: str) -> None:
        """Fix which of the model's outputs is audited; SubjectError where none, or more than one, can be meant."""
        numbers, labels, maps = self._outputs()
        candidates = labels if output == "labels" else numbers + maps
        if len(candidates) > 1 and output in STEMS:
            candidates = [one for one in candidates if STEMS[output] in one.name.lower()] or candidates
        if len(candidates) != 1:
            wanted = "of whole numbers or text" if output == "labels" else "of numbers"
            raise SubjectError(
                f"one output {wanted} to take as {output} from the ONNX model {self.given!r}",
                self._described(self.outputs), f"Export the model with its {output} as the only such output.",
            )  # fmt: skip
        self.output = candidates[0]

    def check_columns(self, names: Collection[str]) -> None:
        """SubjectError unless the subject's columns are those that the model takes, in any order."""
        if self.columns is not None and set(names) != set(self.columns):
            raise SubjectError(
                f"the columns that the ONNX model {self.given!r} takes: {shown(self.columns)}", shown(list(names)),
                "Leave inputs out, or list these.",
            )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """What the subject card says about the model."""
        producer = self.session.get_modelmeta().producer_name
        return {
            "class": "ONNX model",
            "inputs": self._described(self.inputs),
            "output": self.output.name,
            **({"producer": producer} if producer else {}),
        }

    def notes(self) -> tuple[str, ...]:
        """What the reader must know about how it was called."""
        if self.batch in (None, 1):
            return ()
        return (f"The model takes exactly {self.batch} rows at a time: the last batch was filled with a repeated row.",)

    def _columns(self) -> tuple[str, ...] | None:
        if not self.inputs:
            raise SubjectError(f"an input in the ONNX model {self.given!r}", "none", "Export it with its input.")
        if len(self.inputs) == 1 and self.inputs[0].type in NUMBERS:
            return None
        known = {**NUMBERS, **LABELS}
        if all(one.type in known and len(one.shape) <= 2 and one.shape[1:] in ([], [1]) for one in self.inputs):
            return tuple(one.name for one in self.inputs)
        raise SubjectError(
            f"one input of numbers, or one input of shape (n, 1) for each column, in the ONNX model {self.given!r}",
            self._described(self.inputs), "Export the model so, or use a factory.",
        )  # fmt: skip

    def _outputs(self) -> tuple[list[Any], list[Any], list[Any]]:
        found = self.outputs
        return (
            [one for one in found if one.type in NUMBERS],
            [one for one in found if one.type in LABELS],
            [one for one in found if one.type in MAPS],
        )

    def _feeds(self, inputs: Any) -> dict[str, np.ndarray]:
        if self.columns is None:
            self._check_shape(np.shape(inputs))
            return {self.inputs[0].name: np.ascontiguousarray(inputs, dtype=self.dtype)}
        if not is_frame(inputs):
            raise SubjectError(
                f"a data frame for the ONNX model {self.given!r}, which takes a column for each input",
                "an array", "Leave encode out.",
            )  # fmt: skip
        return {one.name: _column(one, inputs[one.name]) for one in self.inputs}

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        wanted = self.inputs[0].shape
        fits = len(shape) == len(wanted) and all(
            type(want) is not int or want == have for want, have in zip(wanted[1:], shape[1:], strict=True)
        )
        if wanted and not fits:
            raise SubjectError(
                f"inputs of shape {_shape(wanted)} for the ONNX model {self.given!r}", f"shape {shape}",
                "Name the columns that it takes in inputs, or turn them into its inputs with encode.",
            )  # fmt: skip

    def _run(self, feeds: Mapping[str, np.ndarray]) -> np.ndarray:
        result = self.session.run([self.output.name], dict(feeds))[0]
        return np.asarray(result) if self.output.type not in MAPS else self._ordered(result)

    def _ordered(self, rows: Sequence[Mapping[Any, float]]) -> np.ndarray:
        """Maps from label to score as a matrix, a column for each class in the order of the subject's labels."""
        keys = set(rows[0])
        for order in (self.labels, tuple(map(str, self.labels)), range(len(self.labels))):
            if set(order) == keys:
                return np.array([[row[key] for key in order] for row in rows])
        raise SubjectError(
            f"only the classes of the ONNX model {self.given!r}: {shown(sorted(keys))}",
            f"labels {shown(self.labels)}", "List the labels of the target that the model was trained on in classes.",
        )  # fmt: skip

    @staticmethod
    def _described(puts: Sequence[Any]) -> str:
        return ", ".join(f"{one.name!r} {one.type} {_shape(one.shape)}" for one in puts) or "nothing"


def open_model(path: Path, given: str) -> OnnxModel:
    """The model in an ONNX file. No code of the file's maker runs: it names operators of the runtime, no others.

    SubjectError where onnxruntime is absent or cannot open it, RefusedError for external data in another folder.
    """
    runtime = needed("onnxruntime", given)
    files = files_of(path, given)
    runtime.disable_telemetry_events()
    options = runtime.SessionOptions()
    options.log_severity_level = SILENT
    options.use_deterministic_compute = True
    options.add_session_config_entry("session.load_model_format", "ONNX")
    with Blame(
        f"an ONNX model in {given!r} that ONNX Runtime can open", "opening it raised",
        "Export it again for an operator set that the installed onnxruntime knows, with standard operators only.",
    ):  # fmt: skip
        session = runtime.InferenceSession(str(path), options, providers=PROVIDERS)
    return OnnxModel(session, given, _digest(files))


def _digest(files: Sequence[Path]) -> str | None:
    """Of the model's file, with those of its external data; None where one of them cannot be read."""
    if len(files) == 1:
        return file_digest(files[0])
    parts = [digest for file in files if (digest := file_digest(file)) is not None]
    if len(parts) < len(files):
        return None
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _column(put: Any, column: Any) -> np.ndarray:
    """One column as the input wants it, shape (n, 1) or (n,); SubjectError for gaps where it has no word for them."""
    values = column.to_numpy()
    if put.type not in NUMBERS:
        gaps = missing_mask(values)
        if gaps.any():
            raise SubjectError(
                f"a value in every row of {put.name!r}, an input of type {put.type}", f"{int(gaps.sum())} missing",
                "Fill them, or leave these rows out.",
            )  # fmt: skip
    array = values.astype({**NUMBERS, **LABELS}[put.type])
    return array.reshape(-1, 1) if len(put.shape) == 2 else array


def _shape(dimensions: Sequence[Any]) -> str:
    """Dimensions as text; what the model leaves open has a letter.

    >>> _shape([None, 3])
    '(n, 3)'
    """
    if not dimensions:
        return "of any kind"
    first = "n" if type(dimensions[0]) is not int else str(dimensions[0])
    rest = [str(one) if type(one) is int else "?" for one in dimensions[1:]]
    return f"({', '.join([first, *rest])}{',' if not rest else ''})"
