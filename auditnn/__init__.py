"""auditnn audits neural networks: what did we measure, how sure are we, and what should you do about it?

>>> import auditnn
>>> subject = auditnn.load("sample:perceptron")
>>> audit = auditnn.run(subject, analyzers=["performance.accuracy"])
>>> auditnn.judge(audit).verdict in ("pass", "fail", "unsure", "incomplete")
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditnn.core.errors import AuditnnError as AuditnnError
    from auditnn.core.errors import InputError as InputError
    from auditnn.core.errors import PolicyError as PolicyError
    from auditnn.core.errors import RefusedError as RefusedError
    from auditnn.core.errors import SettingsError as SettingsError
    from auditnn.core.errors import StoreError as StoreError
    from auditnn.core.errors import SubjectError as SubjectError
    from auditnn.front import Audit as Audit
    from auditnn.front import Findings as Findings
    from auditnn.front import Subject as Subject
    from auditnn.front import judge as judge
    from auditnn.front import load as load
    from auditnn.front import run as run

_HOMES = {
    "Subject": "auditnn.front",
    "Audit": "auditnn.front",
    "Findings": "auditnn.front",
    "load": "auditnn.front",
    "run": "auditnn.front",
    "judge": "auditnn.front",
    "AuditnnError": "auditnn.core.errors",
    "InputError": "auditnn.core.errors",
    "SubjectError": "auditnn.core.errors",
    "SettingsError": "auditnn.core.errors",
    "PolicyError": "auditnn.core.errors",
    "StoreError": "auditnn.core.errors",
    "RefusedError": "auditnn.core.errors",
}
__all__ = [*_HOMES, "__version__"]


def __getattr__(name: str) -> Any:
    """Public names are found when first asked for, so that `import auditnn` stays light."""
    if name == "__version__":
        from importlib.metadata import version

        return version("auditnn")
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'auditnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
