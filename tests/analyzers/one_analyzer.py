"""Running one analyzer by itself and reading what it yielded by name."""

from __future__ import annotations

from typing import Any

from auditnn.analyzers.catalog import load_catalog
from auditnn.analyzers.context import Context
from auditnn.core.audit import RowArray
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.subject import Subject
from auditnn.subjects.calls import Calls
from auditnn.subjects.check import first_predictions


class Answers:
    """What one analyzer yielded: `answers["accuracy"]`, `answers["recall", "a"]`, `answers.exhibit("roc")`."""

    def __init__(self, analyzer: str, items: list[Any]) -> None:
        self.analyzer = analyzer
        self.measurements = [item for item in items if isinstance(item, Measurement)]
        self.all_exhibits = [item for item in items if isinstance(item, Exhibit)]
        self.exhibits = {item.id: item for item in self.all_exhibits}
        self.arrays = {item.key.split("/", 1)[1]: item for item in items if isinstance(item, RowArray)}

    def __getitem__(self, key: str | tuple[str, str]) -> Measurement:
        name, slice_value = (key, None) if isinstance(key, str) else key
        (found,) = (
            one
            for one in self.measurements
            if one.id == f"{self.analyzer}/{name}"
            and (slice_value in one.slice.values() if slice_value else not one.slice)
        )
        return found

    def value(self, *key: str) -> float:
        found = self[key[0] if len(key) == 1 else (key[0], key[1])]
        assert found.value is not None, f"{found.id}: {found.reason}"
        return found.value

    def exhibit(self, name: str) -> Exhibit:
        return self.exhibits[f"{self.analyzer}/{name}"]


def answers(subject: Subject, analyzer: str, *, seed: int = 0, **settings: Any) -> Answers:
    declared = load_catalog()[analyzer]
    calls = None if subject.model is None else Calls(subject)
    predictions = first_predictions(subject, calls)
    context = Context(analyzer=analyzer, subject=subject, predictions=predictions, calls=calls, seed=seed)
    return Answers(analyzer, list(declared.run(subject, declared.settings(**settings), context)))
