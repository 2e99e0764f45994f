"""ONNX models: the same answers as the library they came from; nothing outside their folder is opened."""

from __future__ import annotations

import contextlib
import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from sklearn.linear_model import LinearRegression, LogisticRegression

import auditnn
from auditnn.analyzers.catalog import load_catalog
from auditnn.core.errors import RefusedError, SubjectError
from auditnn.core.subject import Predictions, Subject
from auditnn.subjects.calls import Calls
from auditnn.subjects.card import card
from auditnn.subjects.check import first_predictions
from auditnn.subjects.load import load
from auditnn.subjects.onnx_files import files_of

onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install 'auditnn[dev]'")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install 'auditnn[onnx]'")
from google.protobuf.message import DecodeError  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

N = 70
RNG = np.random.default_rng(4)
X = RNG.normal(size=(N, 2)).astype(np.float32)
Y = (X[:, 0] + RNG.normal(size=N) > 0).astype(int)
Y3 = np.digitize(X[:, 0], [-0.5, 0.5])
WEIGHT = np.array([[2.0], [-1.0]], np.float32)
FLOAT, INT64, TEXT = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING
OPSET = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]


def table() -> pd.DataFrame:
    return pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "sex": np.where(X[:, 1] > 0, "f", "m"), "y": Y, "y3": Y3,
                         "v": 2 * X[:, 0] + 3})  # fmt: skip


def made(nodes: list[Any], inputs: list[Any], outputs: list[Any], weights: tuple[Any, ...] = ()) -> Any:
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(weights))
    model = helper.make_model(graph, opset_imports=OPSET, ir_version=8)
    onnx.checker.check_model(model)
    return model


def tensor(name: str, kind: int, *shape: int | str) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def linear(rows: int | str = "n") -> Any:
    """z = x @ WEIGHT."""
    return made(
        [helper.make_node("MatMul", ["x", "w"], ["z"])], [tensor("x", FLOAT, rows, 2)], [tensor("z", FLOAT, rows, 1)],
        (numpy_helper.from_array(WEIGHT, "w"),),
    )  # fmt: skip


def opened(folder: Path, model: Any, keys: str = "", target: str = "y", data: str = "", **settings: Any) -> Subject:
    """Save the model and a table beside a subject file, and load that."""
    folder.mkdir(exist_ok=True)
    (folder / "m.onnx").write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    table().to_parquet(folder / "test.parquet")
    (folder / "subject.toml").write_text(
        f'[model]\nfile = "m.onnx"\n{keys}[data]\ntest = "test.parquet"\ntarget = "{target}"\n{data}'
        '[groups]\ncolumns = ["sex"]\n'
    )
    return load(str(folder), **settings)


INPUTS = 'inputs = ["a", "b"]\n'
LOGITS = INPUTS + 'output = "logits"\n'


def raw(subject: Subject) -> np.ndarray:
    return Calls(subject).outputs(subject.test.rows)


def predicted(folder: Path, model: Any, keys: str) -> Predictions:
    subject = opened(folder, model, keys)
    return first_predictions(subject, Calls(subject))


def perceptron() -> torch.nn.Module:
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1)).eval()


def exported(module: torch.nn.Module, path: Path, example: torch.Tensor, name: str = "z") -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, (example,), str(path), input_names=["x"], output_names=[name], dynamo=False,
            dynamic_axes={"x": {0: "n"}, name: {0: "n"}},
        )  # fmt: skip
    return path.read_bytes()


def test_an_exported_network_is_audited_as_the_network_itself(tmp_path: Path) -> None:
    network = perceptron()
    opened(tmp_path, exported(network, tmp_path / "m.onnx", torch.zeros(3, 2)), LOGITS)
    (tmp_path / "nets.py").write_text(
        "import torch\ndef build():\n"
        "    return torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1)).eval()\n"
    )
    save_file(network.state_dict(), tmp_path / "w.safetensors")
    text = (tmp_path / "subject.toml").read_text()
    (tmp_path / "torch.toml").write_text(text.replace("m.onnx", "w.safetensors").replace(
        "[model]\n", '[model]\nkind = "torch"\nfactory = "nets:build"\n'))  # fmt: skip
    ours = auditnn.load(tmp_path / "subject.toml")
    theirs = auditnn.load(tmp_path / "torch.toml", allow_code=tmp_path)
    with torch.inference_mode():
        expected = network(torch.from_numpy(X)).numpy()
    assert raw(ours.record) == pytest.approx(expected, abs=1e-5)
    without = [one for one in load_catalog() if not one.startswith(("explanation.", "trust."))]  # gradients differ
    audits = [auditnn.run(one, without, effort="quick") for one in (ours, theirs)]
    frames = [audit.measurements for audit in audits]
    columns = ["id", "attribute", "group", "value", "low", "high", "n"]
    ours_frame, theirs_frame = (frame[frame["analyzer"] != "subject.check"][columns] for frame in frames)
    assert len(ours_frame) > 30
    pd.testing.assert_frame_equal(ours_frame, theirs_frame, rtol=1e-5, atol=1e-6)
    assert auditnn.judge(audits[0]).verdict == auditnn.judge(audits[1]).verdict


def test_the_card_says_what_it_is(tmp_path: Path) -> None:
    subject = opened(tmp_path, linear(), LOGITS)
    facts = json.loads(json.dumps(card(subject), allow_nan=False))
    assert facts["kind"] == "function"
    assert facts["model"]["class"] == "ONNX model"
    assert facts["model"]["inputs"] == "'x' tensor(float) (n, 2)"
    assert facts["digests"]["model"] == "sha256:" + hashlib.sha256((tmp_path / "m.onnx").read_bytes()).hexdigest()
    assert raw(subject) == pytest.approx(X.astype(float) @ WEIGHT, abs=1e-6)
    calls = Calls(subject)
    calls.outputs(subject.test.rows)
    assert calls.bill.rows_forward == N
    with pytest.raises(auditnn.AuditnnError, match="gives no gradients"):
        calls.gradients(subject.test.rows, 1)


def classifier(model: LogisticRegression, zipmap: bool, names: list[str] | None = None) -> Any:
    """What converters make of a fitted logistic regression: labels, and probabilities as a tensor or as maps."""
    binary = len(model.classes_) == 2
    coef, bias = (np.concatenate([-one, one]) if binary else one for one in (model.coef_, model.intercept_))
    classes = {"classlabels_strings": names} if names else {"classlabels_ints": model.classes_.tolist()}
    nodes = [
        helper.make_node(
            "LinearClassifier", ["x"], ["label", "scores"], domain="ai.onnx.ml", coefficients=coef.ravel().tolist(),
            intercepts=bias.tolist(), post_transform="LOGISTIC" if binary else "SOFTMAX", multi_class=0, **classes,
        )
    ]  # fmt: skip
    kind = TEXT if names else INT64
    outputs = [tensor("label", kind, "n"), tensor("probabilities", FLOAT, "n", len(model.classes_))]
    if zipmap:
        key = "classlabels_strings" if names else "classlabels_int64s"
        keys = names or model.classes_.tolist()
        nodes.append(helper.make_node("ZipMap", ["scores"], ["probabilities"], domain="ai.onnx.ml", **{key: keys}))
        floats = helper.make_tensor_type_proto(FLOAT, [])
        maps = helper.make_sequence_type_proto(helper.make_map_type_proto(kind, floats))
        outputs[1] = helper.make_value_info("probabilities", maps)
    else:
        nodes.append(helper.make_node("Identity", ["scores"], ["probabilities"]))
    graph = helper.make_graph(nodes, "g", [tensor("x", FLOAT, "n", 2)], outputs)
    return helper.make_model(graph, opset_imports=OPSET, ir_version=8)


@pytest.mark.parametrize("zipmap", [False, True])
@pytest.mark.parametrize("target", ["y", "y3"])
def test_converted_classifiers_answer_as_scikit_learn_does(tmp_path: Path, target: str, zipmap: bool) -> None:
    fitted = LogisticRegression().fit(X, table()[target])
    subject = opened(tmp_path, classifier(fitted, zipmap), INPUTS, target, "classes = [0, 1, 2]\n" * (target == "y3"))
    assert (subject.task, subject.output) == ("binary" if target == "y" else "multiclass", "probabilities")
    assert raw(subject) == pytest.approx(fitted.predict_proba(X), abs=1e-5)
    found = first_predictions(subject, Calls(subject))
    assert np.array_equal(found.prediction, fitted.predict(X))
    labels = opened(tmp_path, classifier(fitted, zipmap), INPUTS + 'output = "labels"\n', target,
                    'classes = [0, 1, 2]\n' * (target == "y3"))  # fmt: skip
    assert np.array_equal(first_predictions(labels, Calls(labels)).prediction, fitted.predict(X))


def test_maps_come_in_the_order_of_the_classes(tmp_path: Path) -> None:
    """The file's classes are no, yes in this order; the subject lists them the other way round."""
    fitted = LogisticRegression().fit(X, Y)
    model = classifier(fitted, True, ["no", "yes"])
    subject = opened(tmp_path, model, INPUTS)
    words = subject.test.y
    assert np.array_equal(words, Y)
    with pytest.raises(SubjectError, match=r"only the classes of the ONNX model 'm.onnx': 'no', 'yes'"):
        raw(subject)
    frame = table().assign(y=np.where(Y == 1, "yes", "no"))
    frame.to_parquet(tmp_path / "test.parquet")
    text = (tmp_path / "subject.toml").read_text()
    for order in (["no", "yes"], ["yes", "no"]):
        lines = f'classes = {json.dumps(order)}\npositive = "yes"\n'
        (tmp_path / "subject.toml").write_text(text.replace("[groups]", lines + "[groups]"))
        turned = load(str(tmp_path))
        assert turned.classes == tuple(order)
        score = first_predictions(turned, Calls(turned)).score
        assert score == pytest.approx(fitted.predict_proba(X)[:, 1], abs=1e-5)


def test_a_regression_takes_no_output_key(tmp_path: Path) -> None:
    fitted = LinearRegression().fit(X[:, :1], table()["v"])
    model = made(
        [helper.make_node("LinearRegressor", ["x"], ["variable"], domain="ai.onnx.ml",
                          coefficients=fitted.coef_.tolist(), intercepts=[float(fitted.intercept_)])],
        [tensor("x", FLOAT, "n", 1)], [tensor("variable", FLOAT, "n", 1)],
    )  # fmt: skip
    subject = opened(tmp_path, model, 'inputs = ["a"]\n', "v")
    assert subject.task == "regression"
    assert raw(subject)[:, 0] == pytest.approx(fitted.predict(X[:, :1]), abs=1e-5)


def test_a_column_for_each_input_goes_by_name(tmp_path: Path) -> None:
    """As converters make them of pipelines over data frames; the order of the columns does not matter."""
    keys = {"keys_strings": ["f", "m"], "values_floats": [10.0, 20.0]}
    model = made(
        [helper.make_node("LabelEncoder", ["sex"], ["s"], domain="ai.onnx.ml", **keys),
         helper.make_node("Cast", ["y3"], ["c"], to=FLOAT),
         helper.make_node("Sum", ["s", "b", "c"], ["value"])],
        [tensor("sex", TEXT, "n", 1), tensor("b", FLOAT, "n", 1), tensor("y3", INT64, "n", 1)],
        [tensor("value", FLOAT, "n", 1)],
    )  # fmt: skip
    subject = opened(tmp_path, model, target="a")
    assert [feature.name for feature in subject.test.rows.features] == ["sex", "b", "y3"]  # type: ignore[union-attr]
    expected = np.where(X[:, 1] > 0, 10, 20) + X[:, 1] + Y3
    assert raw(subject)[:, 0] == pytest.approx(expected, abs=1e-5)
    with pytest.raises(SubjectError, match=r"the columns that the ONNX model 'm.onnx' takes"):
        opened(tmp_path, model, 'inputs = ["sex", "b"]\n', target="a")
    table().assign(sex=[None, *["f"] * (N - 1)]).to_parquet(tmp_path / "test.parquet")
    (tmp_path / "subject.toml").write_text(
        '[model]\nfile = "m.onnx"\n[data]\ntest = "test.parquet"\ntarget = "a"\n')  # fmt: skip
    with pytest.raises(SubjectError, match=r"a value in every row of 'sex'.*1 missing"):
        raw(load(str(tmp_path)))


@pytest.mark.parametrize("rows", [1, 32])
def test_a_fixed_number_of_rows_is_kept_to(tmp_path: Path, rows: int) -> None:
    subject = opened(tmp_path, linear(rows), LOGITS)
    assert raw(subject) == pytest.approx(X.astype(float) @ WEIGHT, abs=1e-6)
    assert any("exactly 32 rows" in note for note in subject.notes) == (rows == 32)


def test_images_go_in_as_they_are(tmp_path: Path) -> None:
    pixels = RNG.random((N, 1, 4, 4)).astype(np.float32)
    torch.manual_seed(2)
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(8, 1)).eval()
    exported(network, tmp_path / "m.onnx", torch.zeros(3, 1, 4, 4))
    np.savez(tmp_path / "test.npz", X=pixels, y=Y)
    (tmp_path / "subject.toml").write_text(
        'modality = "image"\n[model]\nfile = "m.onnx"\noutput = "logits"\n[data]\ntest = "test.npz"\n'
    )
    with torch.inference_mode():
        expected = network(torch.from_numpy(pixels)).numpy()
    assert raw(load(str(tmp_path))) == pytest.approx(expected, abs=1e-5)


def test_encode_comes_before_the_model(tmp_path: Path) -> None:
    tmp_path.joinpath("codes.py").write_text(
        "def encode(frame):\n    return frame[['b', 'a']].to_numpy('float32')\n")  # fmt: skip
    subject = opened(tmp_path, linear(), LOGITS + 'encode = "codes:encode"\n', allow_code=[str(tmp_path)])
    assert raw(subject) == pytest.approx(X[:, ::-1].astype(float) @ WEIGHT, abs=1e-6)


def outside(location: str, where: str = "initializer") -> Any:
    """A model with one tensor whose data lies at `location`."""
    model = linear()
    weight = model.graph.initializer[0]
    if where != "initializer":
        weight = TensorProto()
        weight.CopyFrom(model.graph.initializer[0])
        del model.graph.initializer[:]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=location)
    weight.external_data.add(key="length", value="8")
    if where == "constant":
        model.graph.node.insert(0, helper.make_node("Constant", [], ["w"], value=weight))
    elif where == "function":
        body = [helper.make_node("Constant", [], ["w"], value=weight), helper.make_node("MatMul", ["x", "w"], ["z"])]
        model.functions.append(helper.make_function("own", "F", ["x"], ["z"], body, OPSET))
        del model.graph.node[:]
        model.graph.node.append(helper.make_node("F", ["x"], ["z"], domain="own"))
        model.opset_import.append(helper.make_opsetid("own", 1))
    elif where == "branch":
        inner = helper.make_graph(
            [helper.make_node("Constant", [], ["w"], value=weight)], "inner", [], [tensor("w", FLOAT, 2, 1)]
        )
        node = helper.make_node("If", ["c"], ["w"], then_branch=inner, else_branch=inner)
        yes = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.array(True)))
        for position, one in enumerate((yes, node)):
            model.graph.node.insert(position, one)
    return model


WHERE = ["initializer", "constant", "function", "branch"]


def test_external_data_beside_the_model_is_read_and_digested(tmp_path: Path) -> None:
    (tmp_path / "w.data").write_bytes(WEIGHT.tobytes())
    first = opened(tmp_path, outside("w.data"), LOGITS)
    assert raw(first) == pytest.approx(X.astype(float) @ WEIGHT, abs=1e-6)
    (tmp_path / "w.data").write_bytes((2 * WEIGHT).tobytes())
    second = load(str(tmp_path))
    assert raw(second) == pytest.approx(2 * X.astype(float) @ WEIGHT, abs=1e-6)
    assert first.digests["model"] != second.digests["model"]


@pytest.mark.parametrize("where", WHERE)
def test_external_data_in_every_place_is_found(tmp_path: Path, where: str) -> None:
    model = tmp_path / "m.onnx"
    model.write_bytes(outside("w.data", where).SerializeToString())
    (tmp_path / "w.data").write_bytes(WEIGHT.tobytes())
    assert files_of(model, "m.onnx") == [model, tmp_path / "w.data"]


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("location", ["../secret", "ABSOLUTE", "sub/../../secret", "link", "..\\secret", "C:\\secret"])
def test_external_data_elsewhere_is_refused(tmp_path: Path, location: str, where: str) -> None:
    (tmp_path / "secret").write_bytes(WEIGHT.tobytes())
    folder = tmp_path / "subject"
    (folder / "sub").mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path / "secret")
    location = str(tmp_path / "secret") if location == "ABSOLUTE" else location
    with pytest.raises(RefusedError, match=r"external data of 'm.onnx' in its own folder"):
        opened(folder, outside(location, where), LOGITS)


def test_places_in_memory_are_refused_even_where_such_a_file_exists(tmp_path: Path) -> None:
    place = tmp_path / "*" / "_ORT_MEM_ADDR_" / "*"
    place.parent.mkdir(parents=True)
    place.write_bytes(WEIGHT.tobytes())
    with pytest.raises(RefusedError, match="_ORT_MEM_ADDR_"):
        opened(tmp_path, outside("*/_ORT_MEM_ADDR_/*"), LOGITS)


def custom() -> Any:
    graph = helper.make_graph(
        [helper.make_node("Own", ["x"], ["z"], domain="my.domain")], "g", [tensor("x", FLOAT, "n", 2)],
        [tensor("z", FLOAT, "n", 1)],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[*OPSET, helper.make_opsetid("my.domain", 1)], ir_version=8)


def two_outputs() -> Any:
    return made(
        [helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Sigmoid", ["z"], ["p"])],
        [tensor("x", FLOAT, "n", 2)], [tensor("z", FLOAT, "n", 1), tensor("p", FLOAT, "n", 1)],
        (numpy_helper.from_array(WEIGHT, "w"),),
    )  # fmt: skip


def wide_integers() -> Any:
    return made(
        [helper.make_node("Identity", ["x"], ["z"])], [tensor("x", INT64, "n", 2)], [tensor("z", INT64, "n", 2)]
    )


WHOLE = linear().SerializeToString()
BAD: dict[str, tuple[Any, str, list[str]]] = {
    "empty": (b"", LOGITS, ["an ONNX model in 'm.onnx'", "no graph"]),
    "text": (b"this is not a model at all", LOGITS, ["an ONNX model in 'm.onnx'", "other bytes"]),
    "a pickle": (b"\x80\x04\x95\x05", LOGITS, ["an ONNX model in 'm.onnx'", "other bytes"]),
    "cut short": (WHOLE[: len(WHOLE) // 2], LOGITS, ["it ends in the middle"]),
    "the runtime's own format": (b"\x08\0\0\0ORTM" + bytes(50), LOGITS, ["ONNX Runtime's own format"]),
    "an operator of nobody": (custom(), LOGITS, ["ONNX Runtime can open", "standard operators"]),
    "external data absent": (outside("w.data"), LOGITS, ["'w.data'", "nothing there"]),
    "output not given": (linear(), INPUTS, ["output for the ONNX model 'm.onnx'", "'z' tensor(float) (n, 1)"]),
    "no labels in it": (linear(), INPUTS + 'output = "labels"\n', ["one output of whole numbers or text"]),
    "two outputs of numbers": (two_outputs(), LOGITS, ["one output of numbers", "'p'", "only such output"]),
    "whole numbers in a block": (wide_integers(), INPUTS + 'output = "labels"\n', ["one input of numbers", "int64"]),
    "another width": (linear(), 'inputs = ["a"]\noutput = "logits"\n', ["shape (n, 2)", "shape (70, 1)", "encode"]),
    "a column of text": (linear(), 'inputs = ["a", "sex"]\noutput = "logits"\n', ["column 'sex'", "text"]),
    "with a factory": (linear(), LOGITS + 'factory = "nets:build"\n', ["the whole model", "both"]),
    "said to be torch": (linear(), LOGITS + 'kind = "torch"\n', ["kind = 'function'", "Leave kind out"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_model_gets_one_clear_message(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model, keys, words = BAD[name]
    with pytest.raises(SubjectError) as caught:
        predicted(tmp_path, model, keys)
    for word in words:
        assert word in str(caught.value)
    assert capfd.readouterr().err == "", "the runtime writes nothing of its own"


@pytest.mark.parametrize("position", range(0, len(WHOLE), 7))
def test_a_damaged_file_never_brings_down_the_process(position: int, tmp_path: Path) -> None:
    damaged = bytearray(WHOLE)
    damaged[position] ^= 0xFF
    with contextlib.suppress(SubjectError):  # some damage changes a name or a weight and nothing else
        assert len(predicted(tmp_path, bytes(damaged), LOGITS).prediction) == N


def locations(message: Any) -> set[str]:
    """The oracle: every location in a message as onnx itself reads it, whatever holds the tensor."""
    found = {one.value for one in message.external_data if one.key == "location"} if is_tensor(message) else set()
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in [value] if hasattr(value, "ListFields") else value:
                found |= locations(inner)
    return found


def is_tensor(message: Any) -> bool:
    return message.DESCRIPTOR.name == "TensorProto"


@pytest.mark.parametrize("where", WHERE)
def test_no_damage_hides_a_path_that_onnx_would_still_read(where: str, tmp_path: Path) -> None:
    content = outside("../secret", where).SerializeToString()
    path = tmp_path / "m.onnx"
    random, read = np.random.default_rng(len(where)), 0
    for _ in range(400):
        damaged = bytearray(content)
        for position in random.integers(0, len(content), random.integers(1, 4)):
            damaged[position] = random.integers(0, 256)
        path.write_bytes(damaged)
        try:
            outward = {one for one in locations(onnx.load_model_from_string(bytes(damaged))) if ".." in str(one)}
        except (ValueError, DecodeError):
            continue
        read += bool(outward)
        if outward:
            with pytest.raises((RefusedError, SubjectError)):
                files_of(path, "m.onnx")
    assert read > 50, "damage that onnx survives was tried often enough"
