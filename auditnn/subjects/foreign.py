"""Where code that is not ours runs: models, factories, encoders. Whatever it raises becomes one clear message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from auditnn.core.errors import AuditnnError, SubjectError

LONGEST = 400


def shortened(error: BaseException) -> str:
    """The exception's type and message on one line, at most 400 characters."""
    message = " ".join(str(error).split())
    if len(message) > LONGEST:
        message = message[: LONGEST - 3] + "..."
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


@contextmanager
def no_exit(what: str) -> Iterator[None]:
    """SubjectError where `what` calls `sys.exit`, which would end the audit unsaid; all else passes through."""
    try:
        yield
    except SystemExit as error:
        raise SubjectError(
            f"{what} to return", f"it raised {shortened(error)}", "Take the call that ends the process out of it."
        ) from error


class Blame:
    """Turns any exception of somebody else's code, `sys.exit` too, into a SubjectError; ours and interrupts pass.

    >>> with Blame("a factory that returns a module", "nets:build raised", "Run it by itself first."):
    ...     raise KeyError("lr")
    Traceback (most recent call last):
    auditnn.core.errors.SubjectError: Expected a factory ... but got nets:build raised KeyError: 'lr'. Run it by ...
    """

    def __init__(self, expected: str, got: str, advice: str) -> None:
        self.expected, self.got, self.advice = expected, got, advice

    def __enter__(self) -> Blame:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception | SystemExit) and not isinstance(error, AuditnnError):
            raise SubjectError(self.expected, f"{self.got} {shortened(error)}", self.advice) from error
