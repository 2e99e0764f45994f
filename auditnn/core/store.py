"""The saved audit: `audit.json` and `arrays.npz`, written whole or not at all, read back without loss."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from auditnn.core.audit import SCHEMA, AnalyzerRecord, Audit, Quantity, RowArray
from auditnn.core.errors import StoreError
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.plain import plain

AUDIT_FILE = "audit.json"
ARRAYS_FILE = "arrays.npz"


def audit_to_json(audit: Audit) -> dict[str, Any]:
    """The audit as the plain object that `audit.json` holds (arrays by description only)."""
    return {
        "schema": audit.schema,
        "auditnn": audit.auditnn,
        "created": audit.created,
        "subject": plain(audit.subject),
        "settings": plain(audit.settings),
        "analyzers": [plain({**asdict(record), "overhead": record.overhead}) for record in audit.analyzers],
        "measurements": [plain(asdict(measurement)) for measurement in audit.measurements],
        "exhibits": [plain(asdict(exhibit)) for exhibit in audit.exhibits],
        "arrays": [_describe(array) for array in audit.arrays.values()],
        "environment": plain(audit.environment),
    }


def audit_files(audit: Audit) -> dict[str, bytes]:
    """The contents of `arrays.npz` and `audit.json`, by name."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{key: array.data for key, array in audit.arrays.items()})  # type: ignore[arg-type]
    return {ARRAYS_FILE: buffer.getvalue(), AUDIT_FILE: dump_json(audit_to_json(audit))}


def open_audit(folder: Path) -> Audit:
    """Read a run folder (or the path of its `audit.json`). Raises StoreError where it is no readable audit."""
    folder = folder.parent if folder.name == AUDIT_FILE else folder
    content = read_json(folder / AUDIT_FILE, SCHEMA)
    from pydantic import ValidationError

    from auditnn.core.schema import AuditFile

    try:
        AuditFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(map(str, first["loc"]))
        _corrupt(folder / AUDIT_FILE, f"{error.error_count()} faults in it, the first at {place}: {first['msg']}")
    arrays = _read_arrays(folder / ARRAYS_FILE, content["arrays"])
    try:
        audit = _audit_from_json(content, arrays)
    except (TypeError, ValueError) as error:
        _corrupt(folder / AUDIT_FILE, str(error))
    for exhibit in audit.exhibits:
        if len({len(column) for column in exhibit.columns.values()}) > 1:
            _corrupt(folder / AUDIT_FILE, f"columns of unequal length in {exhibit.id}")
    if len({measurement.key for measurement in audit.measurements}) < len(audit.measurements):
        _corrupt(folder / AUDIT_FILE, "two measurements with the same id and slice")
    return audit


def dump_json(content: dict[str, Any]) -> bytes:
    """UTF-8 JSON without NaN, one space deep, ending in a newline."""
    return (json.dumps(content, allow_nan=False, ensure_ascii=False, indent=1) + "\n").encode()


def read_json(path: Path, schema: str) -> dict[str, Any]:
    """The JSON object in `path`, whose "schema" must be `schema`. Raises StoreError otherwise."""
    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except FileNotFoundError:
        raise StoreError(
            f"a run folder with {path.name}",
            f"no such file under {str(path.parent)!r}",
            "Give the folder that `auditnn run --out` wrote, or see `auditnn list runs`.",
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        _corrupt(path, f"{type(error).__name__}: {error}")
    found = content.get("schema") if isinstance(content, dict) else None
    if found != schema:
        newer = isinstance(found, str) and found.startswith(schema.split("/")[0] + "/") and found > schema
        advice = "Upgrade auditnn to read it." if newer else "Run the audit again to write a readable one."
        raise StoreError(f"schema {schema!r} in {path.name}", f"{found!r}", advice)
    assert isinstance(content, dict)
    return content


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or none of it. Raises StoreError where it cannot."""
    write_together(path.parent, {path.name: content})


def write_together(folder: Path, contents: Mapping[str, bytes], stale: Sequence[str] = ()) -> None:
    """Write several files of a folder, all or none: each is written beside its place before the first is moved there.

    `stale` files are removed before, so that none of them stands beside files that it does not belong to. Raises
    StoreError where it cannot.
    """
    staged: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            if (folder / name).is_dir():
                raise IsADirectoryError(errno.EISDIR, f"{name} is a folder")
            handle, staged[name] = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(staged[name], 0o666 & ~_umask())
        for name in stale:
            (folder / name).unlink(missing_ok=True)
        for name in contents:
            os.replace(staged[name], folder / name)
            del staged[name]
    except OSError as error:
        raise StoreError(
            f"to be able to write {' and '.join(contents)}",
            f"{error.strerror or error} at {str(folder)!r}",
            "Choose another folder with --out, or free the space or the rights there.",
        ) from error
    finally:
        for temporary in staged.values():
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _umask() -> int:
    """What this process takes away from new files; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _corrupt(path: Path, what: str) -> NoReturn:
    raise StoreError(
        f"{path.name} to be as auditnn wrote it", what, "Restore the file, or run the audit again."
    ) from None


def _describe(array: RowArray) -> dict[str, Any]:
    return {
        "key": array.key,
        "dims": list(array.dims),
        "rows": array.rows,
        "dtype": array.data.dtype.str,
        "shape": list(array.data.shape),
        "coords": plain(array.coords),
        "base": array.base,
    }


def _read_arrays(path: Path, described: list[dict[str, Any]]) -> dict[str, RowArray]:
    if not described:
        return {}
    arrays = {}
    try:
        with np.load(path, allow_pickle=False) as stored:
            for entry in described:
                data = stored[entry["key"]]
                if list(data.shape) != entry["shape"]:
                    raise ValueError(f"{entry['key']} has shape {data.shape}, audit.json says {entry['shape']}")
                arrays[entry["key"]] = RowArray(
                    key=entry["key"],
                    data=data,
                    dims=tuple(entry["dims"]),
                    rows=entry["rows"],
                    coords={name: tuple(values) for name, values in entry["coords"].items()},
                    base=entry["base"],
                )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        _corrupt(path, f"{type(error).__name__}: {error}")
    return arrays


def _audit_from_json(content: dict[str, Any], arrays: dict[str, RowArray]) -> Audit:
    return Audit(
        schema=content["schema"],
        auditnn=content["auditnn"],
        created=content["created"],
        subject=content["subject"],
        settings=content["settings"],
        analyzers=tuple(_analyzer(entry) for entry in content["analyzers"]),
        measurements=tuple(_record(Measurement, entry) for entry in content["measurements"]),
        exhibits=tuple(
            _record(Exhibit, {**entry, "measurements": tuple(entry["measurements"])}) for entry in content["exhibits"]
        ),
        arrays=arrays,
        environment=content["environment"],
    )


def _analyzer(entry: dict[str, Any]) -> AnalyzerRecord:
    quantities = {name: _record(Quantity, one) for name, one in entry.get("quantities", {}).items()}
    record: AnalyzerRecord = _record(AnalyzerRecord, {**entry, "quantities": quantities})
    return record


def _record(kind: type[Any], entry: dict[str, Any]) -> Any:
    """A frozen record from its JSON object; keys that a later version added are left out."""
    known = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in entry.items() if name in known})
