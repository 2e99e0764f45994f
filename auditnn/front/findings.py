"""The public Findings: a verdict, a tidy frame, and how it looks in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from auditnn.front.frames import slice_columns
from auditnn.policy.finding import Finding, FindingStatus, Verdict
from auditnn.policy.finding import Findings as FindingsRecord

if TYPE_CHECKING:
    import pandas as pd


class Findings:
    """What a policy says about an audit; iterating gives each `Finding`, the most serious first."""

    def __init__(self, record: FindingsRecord) -> None:
        self.record = record

    @property
    def verdict(self) -> Verdict:
        """fail, else incomplete, else unsure, else pass."""
        return self.record.verdict

    def passed(self) -> bool:
        """Whether a gate would let it through: no gating rule failed and no required one was left open."""
        return self.exit_code == 0

    @property
    def exit_code(self) -> int:
        """What `auditnn gate` would exit with: 0, 1 or 3."""
        from auditnn.policy.judge import exit_code

        return exit_code(self.record)

    def to_frame(self) -> pd.DataFrame:
        """One row per finding; the keys of the slice are columns."""
        import pandas as pd

        rows = []
        for finding in self:
            row: dict[str, Any] = {name: getattr(finding, name) for name in _COLUMNS[:3]}
            row |= slice_columns(finding.slice) | {name: getattr(finding, name) for name in _COLUMNS[3:]}
            rows.append(row)
        return pd.DataFrame(rows, columns=None if rows else list(_COLUMNS))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.record.findings)

    def __len__(self) -> int:
        return len(self.record.findings)

    def __repr__(self) -> str:
        counts = {status: len(self.record.by_status(status)) for status in _SHOWN}
        told = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
        return f"<Findings under {self.record.policy!r}: {self.verdict} ({told})>"

    def _repr_html_(self) -> str:
        open_ones = [finding for finding in self if finding.status != "pass"]
        rows = "".join(
            f"<tr><td>{escape(finding.code)}</td><td>{escape(finding.status)}</td>"
            f"<td>{escape(finding.statement)}</td></tr>"
            for finding in open_ones[:20]
        )
        return f"<p><code>{escape(repr(self))}</code></p><table>{rows}</table>"


_COLUMNS = (
    "code", "status", "measurement", "value", "low", "high", "op", "threshold", "p", "p_adjusted", "severity",
    "family", "required", "gate", "reason", "title", "statement", "remedy",
)  # fmt: skip
_SHOWN: tuple[FindingStatus, ...] = ("fail", "unsure", "not_measured", "pass", "not_applicable")
