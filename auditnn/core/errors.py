"""Every error that auditnn raises on purpose.

AuditnnError
├── InputError          what the user gave cannot be used; exit code 2
│   ├── SubjectError    the model or its data
│   ├── SettingsError   a flag, a setting, or the name of an analyzer
│   ├── PolicyError     a policy file
│   ├── StoreError      a run folder or a file in it
│   └── RefusedError    refused for safety; says which flag would allow it
├── NotApplicable       an analyzer's question does not exist for this subject
└── BudgetSpent         the time budget is spent
"""

from __future__ import annotations


class AuditnnError(Exception):
    """The root of the family: catch this to catch everything that auditnn raises on purpose."""


class InputError(AuditnnError):
    """What was expected, what came, and what to do next, in one sentence each.

    >>> str(InputError("a column 'target'", "columns a, b", "Set [data] target to one of these."))
    "Expected a column 'target', but got columns a, b. Set [data] target to one of these."
    """

    def __init__(self, expected: str, got: str, advice: str) -> None:
        self.expected, self.got, self.advice = expected, got, advice
        super().__init__(f"Expected {expected}, but got {got}. {advice}")


class SubjectError(InputError):
    """The model or its data cannot be audited as given."""


class SettingsError(InputError):
    """A flag, a setting or a name that auditnn does not know, or a value outside its range."""


class PolicyError(InputError):
    """A policy file that cannot be read as rules."""


class StoreError(InputError):
    """A run folder that cannot be read or written."""


class RefusedError(InputError):
    """Loading this could run somebody's code, and no flag allowed it."""


class NotApplicable(AuditnnError):
    """Raised by an analyzer whose question does not exist for this subject; the reason is shown to the reader."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class BudgetSpent(AuditnnError):
    """Raised before a model call that would start after the deadline; what was measured so far stays."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
