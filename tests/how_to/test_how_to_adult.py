"""The page on the Adult census table works as it stands, and its audit finds what is known to be there."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pages import ROOT, Done, follow, reader_environment

pytestmark = pytest.mark.skipif(
    not os.environ.get("AUDITNN_DATA"), reason="AUDITNN_DATA is not set: no Adult census table here"
)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Done]]:
    folder = tmp_path_factory.mktemp("reader") / "work"
    folder.mkdir()
    return folder, follow(ROOT / "docs" / "how-to" / "adult.md", folder)


def measurement(folder: Path, id: str, **pairs: str) -> dict:
    audit = json.loads((folder / "run" / "audit.json").read_text(encoding="utf-8"))
    [found] = [one for one in audit["measurements"] if one["id"] == id and one["slice"] == pairs]
    return found


def test_the_run_leaves_a_report(followed: tuple[Path, list[Done]]) -> None:
    folder, done = followed
    report = (folder / "run" / "report.html").read_text(encoding="utf-8")
    assert "adult-income" in report
    listed = next(one for one in done if one.block.text == "ls run\n")
    assert {"report.html", "audit.json", "arrays.npz", "findings.json", "manifest.json"} <= set(listed.stdout.split())


def test_the_gap_between_women_and_men_is_found(followed: tuple[Path, list[Done]]) -> None:
    folder, _ = followed
    findings = json.loads((folder / "run" / "findings.json").read_text(encoding="utf-8"))
    assert findings["verdict"] == "fail"
    [gap] = [
        one
        for one in findings["findings"]
        if one["measurement"] == "fairness.disparity/demographic_parity_difference"
        and one["slice"] == {"attribute": "sex"}
    ]
    assert gap["status"] == "fail"
    assert 0.1 < gap["low"] < gap["value"] < gap["high"] < 0.3


def test_the_numbers_are_those_of_the_predictions(followed: tuple[Path, list[Done]]) -> None:
    """Recomputed by plain counting from the page's own files, past everything that auditnn does."""
    import pandas as pd
    import torch
    from safetensors.torch import load_file

    folder, _ = followed
    scope: dict = {}
    exec((folder / "adult_net.py").read_text(encoding="utf-8"), scope)
    network = scope["build"]()
    network.load_state_dict(load_file(folder / "adult.safetensors"))
    table = pd.read_parquet(folder / "test.parquet")
    with torch.inference_mode():
        rich = network(torch.from_numpy(scope["encode"](table)[0]))[:, 0].numpy() >= 0
    women = (table["sex"] == "Female").to_numpy()
    gap = measurement(folder, "fairness.disparity/demographic_parity_difference", attribute="sex")
    assert gap["value"] == pytest.approx(rich[~women].mean() - rich[women].mean(), abs=1e-12)
    accuracy = measurement(folder, "performance.accuracy/accuracy")
    assert accuracy["value"] == pytest.approx((rich == (table["income"] == ">50K")).mean(), abs=1e-12)


def test_the_table_has_its_published_rates(followed: tuple[Path, list[Done]]) -> None:
    """48,842 people, 23.93% above 50K; women minus men -0.1945 (UCI's table, whole file)."""
    import pandas as pd

    folder, _ = followed
    whole = pd.concat([pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test")])
    rich = whole["income"] == ">50K"
    assert len(whole) == 48_842
    assert rich.mean() == pytest.approx(0.2393, abs=5e-5)
    assert rich[whole["sex"] == "Female"].mean() - rich[whole["sex"] == "Male"].mean() == pytest.approx(
        -0.1945, abs=5e-5
    )


def test_nobody_s_rows_are_in_the_run_folder(followed: tuple[Path, list[Done]]) -> None:
    """The page says `store_rows = "none"`, so no id, label or prediction of a person may be there."""
    folder, _ = followed
    with np.load(folder / "run" / "arrays.npz", allow_pickle=False) as arrays:
        assert not [key for key in arrays.files if len(arrays[key].shape) and arrays[key].shape[0] == 16_281]
    for file in ("audit.json", "report.html", "findings.json"):
        assert "test-1234" not in (folder / "run" / file).read_text(encoding="utf-8")


def test_without_leave_to_run_code_it_stops(followed: tuple[Path, list[Done]]) -> None:
    folder, _ = followed
    ended = subprocess.run(
        ["auditnn", "run", "subject.toml", "--out", "refused"],
        cwd=folder, env=reader_environment(folder.parent / "bin"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "--allow-code" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (folder / "refused").exists()
