"""Libraries that only some subjects need: imported when wanted, asked for by name where they are absent."""

from __future__ import annotations

import importlib
from typing import Any

from auditnn.core.errors import SubjectError
from auditnn.subjects.foreign import shortened

# module -> (its package, the extra of auditnn that installs it)
EXTRAS = {"onnxruntime": ("onnxruntime", "onnx"), "skops.io": ("skops", "skops"), "PIL.Image": ("pillow", "images")}


def needed(module: str, given: str) -> Any:
    """The module that opens `given`; SubjectError with the line that installs it where it is absent.

    Untyped: what an optional library offers is not known where it is not installed.
    """
    package, extra = EXTRAS[module]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError)
        raise SubjectError(
            f"the package {package}, which opens {given!r}",
            "an environment without it" if absent else f"an import that raised {shortened(error)}",
            f"Install it: pip install 'auditnn[{extra}]'.",
        ) from error
