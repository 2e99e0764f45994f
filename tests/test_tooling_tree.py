"""What the repository promises about itself: licence, settings, pins, words, and lists that agree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TEXT = {".py", ".md", ".toml", ".txt", ".json", ".html", ".css", ".js", ".yaml", ".yml", ".cfg", ".sh", ""}
IMPORT_NAMES = {
    "import-linter": "importlinter", "scikit-image": "skimage", "scikit-learn": "sklearn",
    "vl-convert-python": "vl_convert",
}  # fmt: skip
# Spelled in pieces, so that this file does not find itself.
REGISTRIES = ("pypi" + r"\.org", "python" + "hosted", "deb" + r"\.debian", "npm" + r"js\.org")
ORGANISATION = (r"\bissue " + r"#?\d", "shared" + "/DESIGN", "sub" + "agent")
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/" + r"(work|root|home|opt|Users|tmp)" + r"(/|\b(?=[\"'\s`]))"),
    "an address of a package registry": re.compile("|".join(REGISTRIES)),
    "how the work is organised": re.compile("|".join(ORGANISATION), re.IGNORECASE),
    "a key": re.compile("BEGIN " + "[A-Z ]*PRIVATE KEY"),
}
CLAIMS = re.compile(
    r"\b(is|are|looks?|certified|proven|verified|model is) (fair|unbiased|compliant|safe)\b", re.IGNORECASE
)


def tracked() -> list[Path]:
    """Every text file that git would carry: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).suffix in TEXT and path.is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_in_the_tree_says(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if FORBIDDEN[what].search(line)
    ]
    assert not found, f"{what}:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a path of one machine", "data = '/" + "work/data'"),
        ("a path of one machine", "see /" + "tmp for it"),
        ("an address of a package registry", "https://" + "pypi" + ".org/simple"),
        ("how the work is organised", "as issue " + "2 asks"),
        ("a key", "-----BEGIN RSA " + "PRIVATE KEY-----"),
    ],
)
def test_the_forbidden_is_recognised(what: str, line: str) -> None:
    assert FORBIDDEN[what].search(line)


def test_nothing_claims_more_than_was_measured() -> None:
    shown = [*(ROOT / "auditnn" / "report").rglob("*"), *(ROOT / "auditnn" / "policy").rglob("*")]
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in shown
        if path.suffix in {".py", ".html", ".toml"}
        for match in CLAIMS.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert PROJECT["project"]["license"] == "Apache-2.0"


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w-]+", one)[0].lower() for one in requirements}  # type: ignore[index]


def test_requirements_are_floors_not_caps() -> None:
    project = PROJECT["project"]
    listed = project["dependencies"] + [one for extra in project["optional-dependencies"].values() for one in extra]
    assert [one for one in listed if not re.fullmatch(r"[\w-]+(\[\w+\])?>=[\d.]+", one)] == []


def test_every_requirement_is_pinned_for_ci_at_or_above_its_floor() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    pins = {name.lower().replace("_", "-"): pin for name, pin in (line.split("==") for line in lines)}
    project = PROJECT["project"]
    for one in project["dependencies"] + project["optional-dependencies"]["dev"]:
        name, floor = one.split(">=")
        pin = pins[name.lower()]
        assert number(pin) >= number(floor), f"{name} is pinned at {pin}, under its floor {floor}"


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def imports_of(folder: str) -> dict[str, Path]:
    """Top-level names that the files of a folder import, each with a file that does."""
    found: dict[str, Path] = {}
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                modules = [node.module]
            found |= {module.split(".")[0]: path for module in modules}
    return found


def test_what_is_imported_is_required_and_what_is_required_is_imported() -> None:
    required = {IMPORT_NAMES.get(name, name) for name in names(PROJECT["project"]["dependencies"])}
    own = {"auditnn", "sample_models"}
    used = {
        name: path
        for name, path in imports_of("auditnn").items()
        if name not in sys.stdlib_module_names and name not in own
    }
    samples = set(imports_of("sample_models")) - set(sys.stdlib_module_names) - own
    missing = {name: str(path.relative_to(ROOT)) for name, path in used.items() if name not in required}
    assert not missing, f"imported, but not in [project] dependencies: {missing}"
    behind_frames = {"pyarrow"}  # what pandas reads and writes parquet with
    assert required - set(used) - samples - behind_frames == set(), "required, but imported nowhere"


def test_every_library_is_in_the_notices() -> None:
    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8").lower()
    project = PROJECT["project"]
    listed = names(project["dependencies"] + project["optional-dependencies"]["dev"])
    assert [name for name in sorted(listed) if name not in notices] == []


def test_every_sample_is_in_the_notices() -> None:
    from auditnn.subjects.samples import names as samples

    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    assert [name for name in samples() if f"`{name}`" not in notices] == []


def test_the_readme_lists_every_analyzer_and_no_other() -> None:
    from auditnn.analyzers.catalog import load_catalog

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.split("## What it answers")[1].split("## Honest limits")[0]
    listed = set(re.findall(r"`([a-z]+\.[a-z_]+)`", table))
    assert listed == {one.id for one in load_catalog().values() if one.run.__module__.startswith("auditnn.")}


def test_the_version_is_said_once() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {PROJECT['project']['version']}" in changes


def test_the_makefile_knows_what_the_docs_tell() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    told = {
        "README.md",
        "CONTRIBUTING.md",
        ".ci/run",
        *(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")),
    }
    for name in told:
        for target in re.findall(
            r"(?:^|`)make (?:--no-print-directory )?([a-z-]+)", (ROOT / name).read_text("utf-8"), re.MULTILINE
        ):
            assert target in targets, f"{name} tells `make {target}`, which the Makefile does not know"


def test_ci_calls_the_test_command_of_the_readme() -> None:
    assert "make test" in (ROOT / "README.md").read_text("utf-8").split("##")[0]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make --no-print-directory test" in script
    assert subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=False).returncode == 0


def test_import_contracts_name_modules_that_exist() -> None:
    for contract in PROJECT["tool"]["importlinter"]["contracts"]:
        for module in contract.get("source_modules", []):
            path = ROOT / module.replace(".", "/")
            assert path.is_dir() or path.with_suffix(".py").is_file(), f"{contract['id']}: no {module}"


def test_the_contract_on_analyzers_names_all_of_them() -> None:
    from auditnn.analyzers.catalog import BUILT_IN

    [contract] = [one for one in PROJECT["tool"]["importlinter"]["contracts"] if one["id"] == "questions"]
    assert contract["modules"] == list(BUILT_IN)


def test_only_the_runner_and_the_command_line_catch_everything() -> None:
    """Elsewhere a handler of everything may only clean up and raise again."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "auditnn").rglob("*.py")
        if path.parent.name not in ("runner", "cli")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
        if not any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
    ]
    assert not found


def catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        one is None or (isinstance(one, ast.Name) and one.id in ("Exception", "BaseException")) for one in caught
    )
