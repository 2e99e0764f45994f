"""The reference of the subject file names every key, and its examples are valid."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from auditnn.subjects.manifest import DataPart, FeaturePart, GroupsPart, Manifest, ModelPart
from auditnn.subjects.options import NAMES
from auditnn.subjects.weights import PICKLES, WHOLE

PAGE = (Path(__file__).parents[2] / "docs" / "subject-file.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    start = PAGE.index(f"\n## {title}")
    return PAGE[start : PAGE.index("\n## ", start + 4)]


@pytest.mark.parametrize(
    ("title", "part"),
    [("Top level", Manifest), ("`[model]`", ModelPart), ("`[data]`", DataPart), ("`[groups]`", GroupsPart),
     ("`[features.NAME]`", FeaturePart)],
)  # fmt: skip
def test_the_page_lists_exactly_the_keys_that_exist(title: str, part: type) -> None:
    documented = set()
    for row in re.findall(r"^\| (`[a-z_`, ]+`) \|", section(title), re.MULTILINE):
        documented |= set(re.findall(r"[a-z_]+", row))
    known = set(part.model_fields)  # type: ignore[attr-defined]
    assert documented == known - {"model", "data", "groups", "features", "units"}


def test_the_page_lists_every_keyword_and_every_file_format() -> None:
    text = section("The constructors")
    assert all(f"`{name}`" in text for name in NAMES if name not in ("weight", "cluster"))
    assert all(f"`{suffix}`" in section("Code and pickles") for suffix in (*PICKLES, *WHOLE))


def test_the_examples_are_valid() -> None:
    examples = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    whole, units, images, *models = (tomllib.loads(text) for text in examples)
    Manifest.model_validate({**whole, **units})
    assert Manifest.model_validate({**images, "model": whole["model"]}).modality == "image"
    parts = [Manifest.model_validate({**whole, **part}).model for part in models]
    assert [part.kind for part in parts if part] == ["function", "sklearn"]
