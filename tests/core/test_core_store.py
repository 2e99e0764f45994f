"""The saved audit loses nothing, is valid under its published schema, and fails in words."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditnn.core.audit import AnalyzerRecord, Audit, RowArray
from auditnn.core.errors import StoreError
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.schema import json_schema
from auditnn.core.store import audit_files, audit_to_json, open_audit, write_together

PUBLISHED = Path(__file__).parents[2] / "docs" / "schema" / "audit-1.json"


def an_audit(**changes: object) -> Audit:
    parts: dict[str, object] = {
        "auditnn": "0.1.0",
        "created": "2026-11-20T12:00:00+00:00",
        "subject": {
            "name": "toy <b>", "task": "binary", "modality": "tabular", "rows": {"test": 3}, "classes": ["no", "yes"],
            "threshold": 0.5, "features": [], "groups": {"sex": {"f": 2, "m": 1}}, "digests": {"model": "sha256:0"},
        },
        "settings": {"seed": 0, "effort": "standard"},
        "analyzers": (
            AnalyzerRecord(id="fairness.disparity", status="measured", seconds=1.5, model_seconds=0.5, rows_forward=3),
            AnalyzerRecord(id="data.quality", status="failed", reason="ValueError: no"),
        ),
        "measurements": (
            Measurement(
                id="fairness.disparity/demographic_parity_difference", slice={"attribute": "sex"}, value=0.1 + 0.2,
                low=0.0, high=None, open="high", confidence=0.95, interval_method="newcombe",
                basis={"form": "gap", "groups": ["f", "m"], "x": [1, 1], "n": [2, 1]}, unit="probability",
                better="lower", n=3,
            ),
            Measurement(id="data.quality/missing_share", status="undefined", reason="no rows"),
        ),
        "exhibits": (
            Exhibit(
                id="fairness.disparity/rates", kind="intervals", title="t", summary="s",
                columns={"group": ["f", "ü"], "value": [0.5, None]}, roles={"x": "value"}, measurements=("a.b/c",),
            ),
        ),
        "arrays": {
            "rows/id": RowArray(key="rows/id", data=np.array(["a", "b", "ü"]), dims=("row",), rows="rows/id"),
            "a.b/values": RowArray(
                key="a.b/values", data=np.array([[np.nan, 1.0]], dtype=np.float32), dims=("row", "unit"),
                rows="rows/id", coords={"unit": ("x", "y")},
            ),
        },
        "environment": {"python": "3.11"},
    }  # fmt: skip
    return Audit(**(parts | changes))  # type: ignore[arg-type]


def save_audit(audit: Audit, folder: Path) -> None:
    write_together(folder, audit_files(audit))


def test_a_round_trip_loses_nothing(tmp_path: Path) -> None:
    audit = an_audit()
    save_audit(audit, tmp_path / "deep" / "run")
    again = open_audit(tmp_path / "deep" / "run")
    assert audit_to_json(again) == audit_to_json(audit)
    assert again.measurements == audit.measurements
    assert again.analyzers == audit.analyzers
    assert again.exhibits == audit.exhibits
    for key, array in audit.arrays.items():
        np.testing.assert_array_equal(again.arrays[key].data, array.data)
        assert again.arrays[key].data.dtype == array.data.dtype
        assert (again.arrays[key].dims, again.arrays[key].coords) == (array.dims, array.coords)
    assert sorted(path.name for path in (tmp_path / "deep" / "run").iterdir()) == ["arrays.npz", "audit.json"]


finite = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(value=finite, low=finite, slice_=st.dictionaries(names, names, max_size=3), n=st.integers(0, 2**53))
def test_any_measurement_survives(
    tmp_path_factory: pytest.TempPathFactory, value: float, low: float, slice_: dict[str, str], n: int
) -> None:
    folder = tmp_path_factory.mktemp("run")
    one = Measurement(id="a.b/c", slice=slice_, value=value, low=low, high=None, open="high", n=n,
                      interval_method="t", confidence=0.95, basis={"se": abs(low), "scale": "identity"})  # fmt: skip
    save_audit(an_audit(measurements=(one,)), folder)
    assert open_audit(folder).measurements == (one,)


def test_the_file_is_valid_under_the_published_schema() -> None:
    schema = json.loads(PUBLISHED.read_text())
    assert schema == json_schema(), "write docs/schema again: python -m auditnn.core.schema > docs/schema/audit-1.json"
    jsonschema.validate(json.loads(json.dumps(audit_to_json(an_audit()))), schema)
    broken = audit_to_json(an_audit())
    broken["measurements"][0]["status"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def _damage(folder: Path, change: str) -> None:
    path = folder / "audit.json"
    content = json.loads(path.read_text())
    if change == "truncated":
        path.write_text(path.read_text()[:200])
    elif change == "nan":
        path.write_text(path.read_text().replace("0.30000000000000004", "NaN"))
    elif change == "list":
        path.write_text("[]")
    elif change == "newer":
        path.write_text(json.dumps(content | {"schema": "auditnn.audit/2"}))
    elif change == "key":
        del content["measurements"][0]["status"]
        path.write_text(json.dumps(content))
    elif change == "arrays":
        (folder / "arrays.npz").write_bytes(b"PK broken")
    elif change == "no arrays":
        (folder / "arrays.npz").unlink()
    elif change == "missing":
        path.unlink()
    elif change == "binary":
        path.write_bytes(b"\xff\xfe\x00")
    elif change == "deep":
        path.write_text("[" * 100_000)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("truncated", "as auditnn wrote it"),
        ("nan", "NaN is not JSON"),
        ("list", "schema 'auditnn.audit/1'"),
        ("newer", "Upgrade auditnn"),
        ("key", "measurements/0/status"),
        ("arrays", "arrays.npz"),
        ("no arrays", "arrays.npz"),
        ("missing", "no such file"),
        ("binary", "as auditnn wrote it"),
        ("deep", "as auditnn wrote it"),
    ],
)
def test_a_damaged_run_is_refused_in_words(tmp_path: Path, change: str, words: str) -> None:
    save_audit(an_audit(), tmp_path)
    _damage(tmp_path, change)
    with pytest.raises(StoreError, match=words):
        open_audit(tmp_path)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--out"):
        save_audit(an_audit(), tmp_path / "file")


@pytest.mark.parametrize("id", ["no_slash", "Upper.case/x", "a.b/", "a/b", "a.b/c d", "1.b/c"])
def test_an_id_outside_the_grammar_is_refused_where_it_is_made(id: str) -> None:
    with pytest.raises(ValueError, match="id is"):
        Measurement(id=id, value=1.0)


@pytest.mark.parametrize("slice_", [{"epsilon": 0.03}, {"class": 1}, {"a": None}, {1: "a"}])
def test_a_slice_holds_text(slice_: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a slice holds text"):
        Measurement(id="a.b/c", slice=slice_, value=1.0)


def test_the_same_statement_twice_is_a_corrupt_audit(tmp_path: Path) -> None:
    one = Measurement(id="a.b/c", value=1.0)
    save_audit(an_audit(measurements=(one, one)), tmp_path)
    with pytest.raises(StoreError, match="same id and slice"):
        open_audit(tmp_path)
