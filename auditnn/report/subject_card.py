"""What was audited: the facts of the subject card that a reader needs to judge the rest by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from auditnn.report.traced import subject_num

LISTED = 8


def subject_card(subject: Mapping[str, Any]) -> list[tuple[str, Markup]]:
    """Label and content of each fact that is known."""
    facts = [
        ("Classes", _names(subject.get("classes") or ())),
        ("Counts as positive", _names(_listed(subject.get("positive")), subject)),
        ("Favorable outcome", _names(_listed(subject.get("favorable")), subject)),
        ("Decision threshold", _threshold(subject)),
        ("Features", _features(subject.get("features") or ())),
        ("Model", _model(subject.get("model") or {})),
    ]
    for attribute, levels in (subject.get("groups") or {}).items():
        facts.append((f"Groups: {attribute}", _levels(str(attribute), levels)))
    return [(label, told) for label, told in facts if told]


def rows_told(subject: Mapping[str, Any]) -> list[Markup]:
    """How many rows there are of each split."""
    rows = subject.get("rows") or {}
    return [
        Markup("{} {}").format(subject_num(("rows", str(split)), count), split)
        for split, count in rows.items()
        if isinstance(count, int)
    ]


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, (list, tuple)) else (value,)


def _names(values: Sequence[Any], subject: Mapping[str, Any] | None = None) -> Markup:
    """Names separated by commas, the first few of many; labels go by the names of their classes."""
    called = {}
    if subject is not None:
        called = dict(zip(map(str, subject.get("labels") or ()), subject.get("classes") or (), strict=False))
    shown = [Markup('<span class="name">{}</span>').format(called.get(str(one), one)) for one in values[:LISTED]]
    told = Markup(", ").join(shown)
    return _with_rest(told, len(values))


def _threshold(subject: Mapping[str, Any]) -> Markup:
    threshold = subject.get("threshold")
    if subject.get("task") != "binary" or not isinstance(threshold, (int, float)):
        return Markup()
    return subject_num(("threshold",), threshold)


def _features(features: Sequence[Any]) -> Markup:
    names = [str(one.get("name")) if isinstance(one, Mapping) else str(one) for one in features]
    return _names(names)


def _model(facts: Mapping[str, Any]) -> Markup:
    told = []
    for name in ("parameters", "layers"):
        if isinstance(facts.get(name), int):
            told.append(Markup("{} {}").format(subject_num(("model", name), facts[name]), name))
    return Markup(", ").join(told)


def _levels(attribute: str, levels: Any) -> Markup:
    if not isinstance(levels, Mapping):
        return Markup()
    shown = [
        Markup('<span class="name">{}</span> ({})').format(level, subject_num(("groups", attribute, str(level)), count))
        for level, count in list(levels.items())[:LISTED]
        if isinstance(count, int)
    ]
    return _with_rest(Markup(", ").join(shown), len(levels))


def _with_rest(told: Markup, total: int) -> Markup:
    if total <= LISTED:
        return told
    rest = Markup('<span class="num" data-count="rest" data-raw="{0}">{0}</span>').format(total - LISTED)
    return Markup("{} and {} more").format(told, rest)
