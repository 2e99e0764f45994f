"""The subject card: plain JSON facts about what is audited."""

from __future__ import annotations

from typing import Any

from auditnn.core.plain import plain
from auditnn.core.rows import Feature, Images
from auditnn.core.subject import Subject

MOST_CATEGORIES = 50
BESIDE = ("costs", "history", "opened_with")


def card(subject: Subject) -> dict[str, Any]:
    """Everything a reader of the audit needs to know about the subject; no rows, no model."""
    known: dict[str, Any] = {
        "name": subject.name,
        "task": subject.task,
        "modality": subject.modality,
        "output": subject.output,
        "kind": "predictions" if subject.model is None else subject.model.kind,
        "source": subject.source,
        "rows": {"test": len(subject.test), **({} if subject.train is None else {"train": len(subject.train)})},
        "classes": list(subject.classes),
        "labels": [plain(label) for label in subject.labels],
    }
    if subject.classification:
        if subject.positive is not None:
            known["positive"] = plain(subject.labels[subject.positive])
        if subject.favorable is not None:
            favorable = [plain(subject.labels[code]) for code in subject.favorable]
            known["favorable"] = favorable[0] if len(favorable) == 1 else favorable
    known |= {
        "threshold": subject.threshold if subject.task == "binary" else None,
        "features": [_feature(feature, subject) for feature in getattr(subject.test.rows, "features", ())],
        "groups": {
            group.name: dict(zip(group.levels, map(int, group.counts()), strict=True)) for group in subject.test.groups
        },
        "intersections": [list(names) for names in subject.intersections],
        "reference": dict(subject.reference),
        "control": list(subject.control),
        "store_rows": subject.store_rows,
        "redact": list(subject.redact),
        "digests": dict(subject.digests),
        "model": {key: plain(value) for key, value in subject.facts.items() if key not in BESIDE},
        "notes": [*subject.notes, *_redacted_groups(subject)],
    }
    if isinstance(subject.test.rows, Images):
        known["shape"] = list(subject.test.rows.pixels.shape[1:])
    if subject.regions:
        known["regions"] = {name: int(masks.any(axis=(1, 2)).sum()) for name, masks in subject.regions.items()}
    for key in BESIDE:
        if key in subject.facts:
            known[key] = plain(subject.facts[key])
    return known


def _redacted_groups(subject: Subject) -> list[str]:
    """A note for each redacted column whose levels are measured all the same."""
    return [
        f"{group.name} is redacted from the rows, but its levels are the groups that are audited and stand in "
        "measurements."
        for group in subject.test.groups
        if group.name in subject.redact
    ]


def _feature(feature: Feature, subject: Subject) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": feature.name,
        "kind": feature.kind,
        "unit": feature.unit,
        "mutable": feature.mutable,
        "bounds": None if feature.bounds is None else list(feature.bounds),
    }
    if feature.coded:
        facts["category_count"] = len(feature.categories)
    if feature.coded and feature.name not in subject.redact and subject.store_rows != "none":
        facts["categories"] = [plain(value) for value in feature.categories[:MOST_CATEGORIES]]
    return facts
