"""Estimators from skops files: every type in one is on a list of types, or is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auditnn.core.errors import RefusedError
from auditnn.subjects.foreign import Blame
from auditnn.subjects.labels import shown
from auditnn.subjects.optional import needed

LONGEST = 100


def load_estimator(path: Path, given: str, trust: bool) -> tuple[Any, tuple[str, ...]]:
    """The estimator, and the types in the file that skops does not trust by itself.

    RefusedError where there are such types and `trust` is off: rebuilding them would import their modules and call
    what the file names. A list of trusted types in the subject file would be an invitation, so there is none.
    """
    skops = needed("skops.io", given)
    advice = "Save it again with skops.io.dump."
    with Blame(f"a skops file {given!r}", "reading it raised", advice):
        content = path.read_bytes()
        unknown = tuple(str(name)[:LONGEST] for name in sorted(skops.get_untrusted_types(data=content)))
    if unknown and not trust:
        raise RefusedError(
            f"only types that skops trusts in {given!r}", shown(unknown),
            "Rebuilding others can run code: use a factory; or, if you trust whoever made the file, --trust-pickle.",
        )  # fmt: skip
    with Blame(f"{given!r} to be rebuilt", "skops raised", "Check the versions of the libraries it was saved with."):
        trusted = skops.get_untrusted_types(data=content) if unknown else []
        return skops.loads(content, trusted=trusted), unknown
