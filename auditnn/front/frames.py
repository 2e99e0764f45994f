"""Records to tidy data frames: one row per statement, slices as columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from auditnn.core.audit import Audit
from auditnn.core.measurement import Measurement

if TYPE_CHECKING:
    import pandas as pd

_FIELDS = (
    "value", "low", "high", "open", "confidence", "interval_method", "status", "reason", "bound", "unit", "better", "n",
)  # fmt: skip


def slice_columns(pairs: Mapping[str, Any]) -> dict[str, Any]:
    """The flat pairs of a slice; `where`, which only spells out an intersection, is left to the record."""
    return {name: value for name, value in pairs.items() if not isinstance(value, Mapping)}


def measurement_frame(measurements: Iterable[Measurement]) -> pd.DataFrame:
    """One row per measurement: analyzer, id, the keys of all slices, then the numbers."""
    import pandas as pd

    measurements = list(measurements)
    names = list(dict.fromkeys(name for one in measurements for name in slice_columns(one.slice)))
    rows = [
        {"analyzer": one.analyzer, "id": one.id}
        | {name: one.slice.get(name) for name in names}
        | {name: getattr(one, name) for name in _FIELDS}
        for one in measurements
    ]
    frame = pd.DataFrame(rows, columns=["analyzer", "id", *names, *_FIELDS])
    return frame.astype(dict.fromkeys(("value", "low", "high", "confidence"), "float64") | {"n": "Int64"})


def row_frame(audit: Audit) -> pd.DataFrame:
    """One row per test row: id, split, y, prediction, score, groups, and features where stored.

    Labels are those of the data. A multiclass score is one column per class, named `score[class]`. Empty where
    nothing was stored (`store_rows = "none"`).
    """
    import pandas as pd

    if "rows/id" not in audit.arrays:
        return pd.DataFrame()
    labels = audit.subject.get("labels") or []
    columns: dict[str, Any] = {}
    stored: dict[str, Any] = {}
    groups: dict[str, Any] = {}
    for key, array in audit.arrays.items():
        room, _, name = key.partition("/")
        if room != "rows" or name in ("id", "stored", "pixels"):
            continue
        if name.startswith("feature/"):
            stored[name.removeprefix("feature/")] = array.data
        elif name.startswith("group/"):
            groups[name.removeprefix("group/")] = array.data
        elif array.data.ndim == 2:
            columns |= {f"{name}[{label}]": array.data[:, i] for i, label in enumerate(array.coords["class"])}
        elif name in ("y", "prediction") and labels:
            columns[name] = [labels[code] for code in array.data]
        else:
            columns[name] = array.data
    columns |= {f"{name} (group)" if name in {"id", *columns} else name: data for name, data in groups.items()}
    index = pd.Index(audit.arrays["rows/id"].data, name="id")
    frame = pd.DataFrame(columns, index=index)
    if stored:
        features = pd.DataFrame(stored, index=pd.Index(audit.arrays["rows/stored"].data, name="id"))
        frame = frame.join(
            features.rename(columns=lambda name: f"{name} (feature)" if name in {"id", *frame} else name)
        )
    return frame.reset_index()
