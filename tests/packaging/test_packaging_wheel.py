"""The wheel holds the package, its templates, presets and samples, nothing else, and works where it is unpacked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 8 * 1024 * 1024
pytest.importorskip("build")
pytest.importorskip("hatchling")


def tracked(*folders: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what git would carry, so that nothing that merely lies about can get in."""
    source = tmp_path_factory.mktemp("source")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "out", "."]
    ended = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [built] = (source / "out").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_it_holds_the_package_and_the_samples_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = set(tracked("auditnn")) | {f"auditnn/{name}" for name in tracked("sample_models")}
    assert held == wanted


def test_it_holds_the_licence_the_notices_and_the_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        told = {name.split(".dist-info/")[1]: name for name in archive.namelist() if ".dist-info/" in name}
        assert {"licenses/LICENSE", "licenses/THIRD_PARTY_NOTICES.md"} <= set(told)
        assert "auditnn = auditnn.cli:main" in archive.read(told["entry_points.txt"]).decode()


def test_it_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < LARGEST


def test_it_audits_a_sample_where_it_is_unpacked(unpacked: Path, tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, auditnn\n"
        "assert pathlib.Path(auditnn.__file__).is_relative_to(sys.argv[1]), auditnn.__file__\n"
        "sys.argv = ['auditnn', 'run', 'sample:credit', '--effort', 'quick', '--out', 'run']\n"
        "from auditnn.cli import main\nmain()\n"
    )
    environment = os.environ | {"PYTHONPATH": str(unpacked)}
    ended = subprocess.run(
        [sys.executable, "-c", code, str(unpacked)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "credit" in ended.stdout
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_every_sample_is_found_where_it_is_unpacked(unpacked: Path, tmp_path: Path) -> None:
    from auditnn.subjects.samples import names

    code = "import json\nfrom auditnn.subjects.samples import names\nprint(json.dumps(list(names())))"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(unpacked)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ended.stdout.strip() == str(list(names())).replace("'", '"')
