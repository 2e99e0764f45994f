"""Attribution: what a method says each unit of each row did to the explained output."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from auditnn.kernels.joining import join_rows

if TYPE_CHECKING:
    import shap


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """`values` (n, d, k): of `n` rows, `d` units and `k` classes, all of them for black-box methods; or k = 1 and the
    class of each row in `targets` (n,).

    `base` (n, k) is what the values add up from where a method is additive, `output` (n, k) the explained output.
    `error` (n, d, k) is the Monte-Carlo standard error, None where nothing was drawn. Images: `maps` (n, h, w) holds
    the values of pixels where a method gives them, `segments` (n, h, w) the unit of each pixel, and `counts` (n,) the
    units of each row where rows differ (the values beyond are 0). `details` are more arrays with one entry per row
    (LIME's R2), `facts` the settings that held, `notes` what a reader must know.
    """

    method: str
    units: tuple[str, ...]
    values: np.ndarray
    output: np.ndarray
    base: np.ndarray | None = None
    error: np.ndarray | None = None
    targets: np.ndarray | None = None
    maps: np.ndarray | None = None
    segments: np.ndarray | None = None
    counts: np.ndarray | None = None
    details: Mapping[str, np.ndarray] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def of(self, targets: np.ndarray) -> np.ndarray:
        """Values (n, d) for one class per row, codes (n,); ValueError where another class was explained."""
        if self.targets is not None:
            if not np.array_equal(self.targets, targets):
                raise ValueError("other classes were explained")
            return self.values[:, :, 0]
        column = np.asarray(targets) if self.values.shape[2] > 1 else np.zeros(len(self), dtype=np.intp)
        return self.values[np.arange(len(self)), :, column]

    def to_shap(self, target: int | np.ndarray | None = None, data: np.ndarray | None = None) -> shap.Explanation:
        """A `shap.Explanation` that shap's own plots take: values (n, d) of one class, where `target` is its code or
        one per row (n,) or where there is only one; else (n, d, k). `data` (n, d) are the values of the units, which
        plots show and color by. Base values are None where the method has none to add up from.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the libraries that shap's plots are made with
            import shap

        values, base = self.values, self.base
        if target is None and values.shape[2] > 1:
            return shap.Explanation(values, base_values=base, data=data, feature_names=list(self.units))
        codes = np.zeros(len(self), dtype=np.intp) if target is None else np.broadcast_to(target, (len(self),))
        if target is None:
            values = values[:, :, 0]
        else:
            values = self.of(codes)
        if base is not None:
            base = base[np.arange(len(self)), codes if base.shape[1] > 1 else 0]
        return shap.Explanation(values, base_values=base, data=data, feature_names=list(self.units))


PER_ROW = ("values", "output", "base", "error", "targets", "maps", "segments", "counts")


def as_arrays(one: Attribution) -> dict[str, np.ndarray]:
    """Everything in it as arrays with the row first, so that chunks of rows can be stored and joined as such."""
    arrays = {name: getattr(one, name) for name in PER_ROW if getattr(one, name) is not None}
    if one.segments is not None:  # another part's rows may have more units, or fewer
        arrays.setdefault("counts", np.full(len(one), one.values.shape[1], dtype=np.int64))
    about = json.dumps({"method": one.method, "units": one.units, "facts": dict(one.facts), "notes": one.notes})
    details = {f"details.{name}": values for name, values in one.details.items()}
    return arrays | details | {"about": np.full(len(one), about)}


def from_arrays(arrays: Mapping[str, np.ndarray]) -> Attribution:
    """The attribution that `as_arrays` took apart, of at least one row."""
    told = [json.loads(text) for text in dict.fromkeys(arrays["about"].tolist())]
    details = {name.removeprefix("details."): part for name, part in arrays.items() if name.startswith("details.")}
    own: dict[str, Any] = {name: arrays[name] for name in PER_ROW if name in arrays}
    if "counts" in own and (own["counts"] == own["values"].shape[1]).all():
        del own["counts"]
    return Attribution(
        method=told[0]["method"],
        units=max((tuple(one["units"]) for one in told), key=lambda units: len(units)),
        facts=told[0]["facts"],
        notes=tuple(dict.fromkeys(note for one in told for note in one["notes"])),
        details=details,
        **own,
    )


def joined(parts: Sequence[Attribution]) -> Attribution:
    """Parts of one method's work, the rows one after the other; rows may have different numbers of units (images)."""
    return from_arrays(join_rows([as_arrays(part) for part in parts]))
