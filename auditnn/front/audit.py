"""The public Audit: frames, saving and opening, the report, and how it looks in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from auditnn.core.audit import Audit as AuditRecord
from auditnn.core.errors import SettingsError
from auditnn.core.store import open_audit, write_whole
from auditnn.front.findings import Findings
from auditnn.front.folder import save_run
from auditnn.front.frames import measurement_frame, row_frame

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import shap


class Audit:
    """The record of one run: what was measured, how sure, on what, at what cost. `record` is the frozen record."""

    def __init__(self, record: AuditRecord) -> None:
        self.record = record

    @classmethod
    def open(cls, path: str | PathLike[str]) -> Audit:
        """Read a run folder. Needs no torch, no scikit-learn and no model. Raises StoreError."""
        return cls(open_audit(Path(path)))

    @property
    def measurements(self) -> pd.DataFrame:
        """One row per measurement, slices as columns."""
        return measurement_frame(self.record.measurements)

    @property
    def rows(self) -> pd.DataFrame:
        """The row table: id, split, y, prediction, score, groups, and the stored features."""
        return row_frame(self.record)

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """Every stored array by key; what their dimensions mean is in `record.arrays`."""
        return {key: array.data for key, array in self.record.arrays.items()}

    def __getitem__(self, analyzer: str) -> pd.DataFrame:
        """The measurements of one analyzer. Raises SettingsError (a KeyError in spirit) where it was not run."""
        if self.record.record(analyzer) is None:
            ran = ", ".join(record.id for record in self.record.analyzers)
            raise SettingsError("an analyzer of this audit", repr(analyzer), f"It ran: {ran}.")
        return measurement_frame(one for one in self.record.measurements if one.analyzer == analyzer)

    def save(self, path: str | PathLike[str], policy: str | PathLike[str] = "default") -> Path:
        """Write a run folder: audit.json, arrays.npz, findings.json, report.html, manifest.json. Other files in the
        folder are left alone. Raises StoreError where it cannot be written and PolicyError for the policy."""
        return save_run(self.record, self._judged(policy).record, Path(path))

    def to_html(self, path: str | PathLike[str] | None = None, policy: str | PathLike[str] = "default") -> str:
        """The report as one self-contained HTML page, also written to `path` where one is given."""
        from auditnn.report.html import render

        page = render(self.record, self._judged(policy).record)
        if path is not None:
            write_whole(Path(path), page.encode())
        return page

    def to_shap(self, analyzer: str = "explanation.shapley_values") -> shap.Explanation:
        """The stored values of the explained rows as a `shap.Explanation`, for shap's own plots and tools.

        Several classes: values (n, d, k), and `explanation[:, :, 0]` is the first of them. Raises InputError where the
        analyzer did not run or no rows were stored.
        """
        from auditnn.front.shap_explanation import shap_explanation

        return shap_explanation(self.record, analyzer)

    def _judged(self, policy: str | PathLike[str]) -> Findings:
        from auditnn.policy.files import load_policy
        from auditnn.policy.judge import judge

        return Findings(judge(self.record, load_policy(str(policy))))

    def __repr__(self) -> str:
        record = self.record
        measured = sum(one.status == "measured" for one in record.measurements)
        absent = len(record.measurements) - measured
        ran = sum(one.status == "measured" for one in record.analyzers)
        return (
            f"<Audit of {record.subject['name']!r}: {measured} measurements by {ran} of {len(record.analyzers)} "
            f"analyzers, {absent} not measured>"
        )

    def _repr_html_(self) -> str:
        return f"<p><code>{escape(repr(self))}</code></p>{self._judged('default')._repr_html_()}"
