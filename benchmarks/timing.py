"""How every speed figure here is taken: ours and its limit in interleaved pairs, the best limit of each pair.

A limit is what the work cannot do without, or what a peer needs for it. It is given as several variants (batch
sizes, memory layouts); every pair times each of them and keeps the fastest, so that ours is never compared with a
limit that was written badly. Pairs alternate which side goes first; garbage collection is off while the clock runs.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAIRS = 9
RESULTS = Path(__file__).parent / "results"
Work = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Seconds of ours and of the limit in each pair, and which variant of the limit was the fastest."""

    name: str
    ours: tuple[float, ...]
    limit: tuple[float, ...]
    chosen: tuple[str, ...]
    target: float | None = None

    @property
    def ratios(self) -> list[float]:
        return [a / b for a, b in zip(self.ours, self.limit, strict=True)]

    def summary(self) -> dict[str, Any]:
        """Median and range of the ratio and of both sides, as plain numbers."""
        return {
            "name": self.name,
            "pairs": len(self.ours),
            "ratio": _spread(self.ratios),
            "ours_seconds": _spread(self.ours),
            "limit_seconds": _spread(self.limit),
            "limit_chosen": statistics.mode(self.chosen),
            "target": self.target,
        }


def seconds(work: Work) -> float:
    """Wall time of one call."""
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start
    finally:
        gc.enable()


def paired(name: str, ours: Work, limits: Mapping[str, Work], pairs: int = PAIRS, target: float | None = None) -> Ratio:
    """`pairs` interleaved timings of ours and of every variant of the limit, after one untimed call of each."""
    for work in (ours, *limits.values()):
        work()
    mine, best, chosen = [], [], []
    for pair in range(pairs):
        if pair % 2:
            found = {variant: seconds(work) for variant, work in limits.items()}
            mine.append(seconds(ours))
        else:
            mine.append(seconds(ours))
            found = {variant: seconds(work) for variant, work in limits.items()}
        chosen.append(min(found, key=lambda variant: found[variant]))
        best.append(found[chosen[-1]])
    return Ratio(name, tuple(mine), tuple(best), tuple(chosen), target)


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    import numpy

    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", "not set"),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "system": f"{platform.system()} {platform.machine()}",
    }


def write(name: str, question: str, rows: Sequence[Mapping[str, Any]], notes: Mapping[str, Any]) -> None:
    """`results/<name>.json` with everything, `results/<name>.md` to read."""
    RESULTS.mkdir(exist_ok=True)
    facts = machine()
    record = {"benchmark": name, "question": question, "machine": facts, "notes": dict(notes), "rows": list(rows)}
    (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=1, allow_nan=False) + "\n")
    text = [f"# {name}", "", question, "", _table(rows), ""]
    text += [f"- {key}: {value}" for key, value in {**notes, **facts}.items()]
    (RESULTS / f"{name}.md").write_text("\n".join(text) + "\n")
    sys.stdout.write("\n".join(text) + "\n")


def ratio_row(ratio: Ratio) -> dict[str, Any]:
    """One line of a results table for one ratio."""
    told = ratio.summary()
    return {
        "what": ratio.name,
        "ratio": told["ratio"],
        "target": "" if ratio.target is None else f"at most {ratio.target:g}",
        "ours, s": told["ours_seconds"],
        "limit, s": told["limit_seconds"],
        "limit chosen": told["limit_chosen"],
        "pairs": told["pairs"],
        "raw": {"ours": list(ratio.ours), "limit": list(ratio.limit), "chosen": list(ratio.chosen)},
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name != "raw"]
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(row.get(name, "")) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['median']:.3g} ({value['least']:.3g} to {value['most']:.3g})"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"
