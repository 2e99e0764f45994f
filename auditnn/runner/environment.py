"""What an audit ran on: versions, processor, threads, device."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Any

from auditnn.core.subject import Subject

LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "pandas", "pyarrow", "safetensors", "pydantic")


def version(package: str = "auditnn") -> str:
    """The installed version of a package, or "not installed"."""
    try:
        return installed(package)
    except PackageNotFoundError:
        return "not installed"


def environment(subject: Subject) -> dict[str, Any]:
    """Facts that may change the last bits of a number. Versions come from metadata; nothing is imported for them."""
    torch = sys.modules.get("torch")
    return {
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "torch_threads": torch.get_num_threads() if torch else None,
        "device": str(subject.facts.get("device", "cpu")),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
