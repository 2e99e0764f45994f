"""A small honest subject on disk, to be spoiled one thing at a time, and the command line run in this process."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

NETS = """
import torch

def build():
    return torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1)).eval()
"""

TOML = """
name = "small"
task = "binary"
modality = "tabular"
[model]
kind = "torch"
factory = "nets:build"
file = "weights.safetensors"
output = "logits"
inputs = ["age", "income"]
[data]
test = "test.csv"
target = "label"
positive = 1
favorable = 1
[groups]
columns = ["sex"]
"""


def table(rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age, income = rng.normal(size=rows), rng.normal(size=rows)
    return pd.DataFrame(
        {
            "age": age,
            "income": income,
            "sex": np.where(rng.random(rows) < 0.5, "f", "m"),
            "label": (age + rng.normal(size=rows) > 0).astype(int),
        }
    )


def write_subject(folder: Path) -> Path:
    """An honest torch subject: subject.toml, nets.py, weights.safetensors, test.csv."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "subject.toml").write_text(TOML)
    (folder / "nets.py").write_text(NETS)
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    save_file(net.state_dict(), folder / "weights.safetensors")
    table().to_csv(folder / "test.csv", index=False)
    return folder


def edit_toml(folder: Path, old: str, new: str) -> None:
    path = folder / "subject.toml"
    text = path.read_text()
    assert old in text, f"{old!r} is not in subject.toml"
    path.write_text(text.replace(old, new, 1))


def edit_table(folder: Path, **columns: Any) -> None:
    """Replace or add columns of test.csv; None drops one."""
    frame = pd.read_csv(folder / "test.csv")
    for name, values in columns.items():
        frame = frame.drop(columns=name) if values is None else frame.assign(**{name: values})
    frame.to_csv(folder / "test.csv", index=False)


def edit_nets(folder: Path, body: str) -> None:
    (folder / "nets.py").write_text("import torch\n\n" + body)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def auditnn(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Ended:
    """Run the command line as its user would, in this process."""
    from auditnn.cli import main

    capsys.readouterr()
    code: int | str | None = None
    with patch.object(sys, "argv", ["auditnn", *map(str, arguments)]):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    captured = capsys.readouterr()
    return Ended(code if isinstance(code, int) else 0 if code is None else 1, captured.out, captured.err)
