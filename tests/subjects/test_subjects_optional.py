"""Where an optional library is absent, the message says what to install, word for word."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from auditnn.core.errors import SubjectError
from auditnn.subjects.optional import EXTRAS, needed

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

MESSAGES = {
    "onnxruntime": "Expected the package onnxruntime, which opens 'it', but got an environment without it. "
    "Install it: pip install 'auditnn[onnx]'.",
    "skops.io": "Expected the package skops, which opens 'it', but got an environment without it. "
    "Install it: pip install 'auditnn[skops]'.",
    "PIL.Image": "Expected the package pillow, which opens 'it', but got an environment without it. "
    "Install it: pip install 'auditnn[images]'.",
}


@pytest.mark.parametrize("module", EXTRAS)
def test_an_absent_library_is_named_with_what_installs_it(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SubjectError) as caught:
        needed(module, "it")
    assert str(caught.value) == MESSAGES[module]


def test_every_extra_exists_and_is_in_all() -> None:
    extras = PROJECT["optional-dependencies"]
    for package, extra in EXTRAS.values():
        assert [one.split(">=")[0] for one in extras[extra]] == [package]
        assert extras[extra][0] in extras["all"]
