"""What a run would do, in which order, and at what cost, before anything is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditnn.analyzers.catalog import load_catalog, parse_settings, select
from auditnn.core.analyzer import EFFORTS, Analyzer, Effort
from auditnn.core.errors import SettingsError
from auditnn.core.subject import Subject

ALWAYS = "subject.check"  # nothing is believed of a subject that was not checked

_ABSENT = {
    "labels": "the data has no labels",
    "groups": "no group columns are declared; name them with groups = {...} or [groups] columns = [...]",
    "train": "no training data is given; name it with train = ...",
    "model": "there is no model, only stored predictions",
    "rows": "the data has no feature columns, only predictions",
    "score": "the model gives labels without scores",
    "gradients": "the model is not differentiable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One analyzer of a plan: its settings, why it will not run (None: it will), and the model rows it may need."""

    analyzer: Analyzer
    settings: Any
    not_applicable: str | None
    model_rows: int


def plan(
    subject: Subject,
    analyzers: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    effort: Effort = "standard",
    rows: int | None = None,
) -> tuple[Step, ...]:
    """What `run` would do, in order. Raises SettingsError for unknown names, settings or efforts."""
    if effort not in EFFORTS:
        raise SettingsError(f"effort to be one of {', '.join(EFFORTS)}", repr(effort), "Use --effort standard.")
    catalog = load_catalog()
    names = [analyzers] if isinstance(analyzers, str) else analyzers
    chosen = select(names, catalog)
    if ALWAYS not in {analyzer.id for analyzer in chosen}:
        chosen = (catalog[ALWAYS], *chosen)
    parsed = parse_settings(settings, catalog)
    produced: set[str] = set()
    steps = []
    for analyzer in _in_order(chosen):
        values = parsed[analyzer.id]
        reason = _obstacle(subject, analyzer, produced)
        if reason is None:
            produced |= set(analyzer.produces)
        cost = analyzer.cost(subject, values, effort, rows) if analyzer.cost and reason is None else 0
        steps.append(Step(analyzer=analyzer, settings=values, not_applicable=reason, model_rows=cost))
    return tuple(steps)


def _obstacle(subject: Subject, analyzer: Analyzer, produced: set[str]) -> str | None:
    """Why the question does not exist for this subject, in one sentence, or None where it does."""
    if subject.task not in analyzer.tasks:
        return f"the question is not asked of {subject.task} models"
    if subject.modality not in analyzer.modalities:
        return f"the question is not asked of {subject.modality} data"
    has = {
        "labels": subject.test.y is not None,
        "groups": bool(subject.test.groups),
        "train": subject.train is not None,
        "model": subject.model is not None,
        "rows": subject.test.rows is not None,
        "score": subject.output != "labels" and (subject.stored is None or subject.stored.score is not None),
        "gradients": subject.model is not None and subject.model.differentiable,
    }
    for need in analyzer.needs:
        if not has[need]:
            return _ABSENT[need]
    for key in analyzer.consumes:
        if key not in produced:
            return f"it needs {key}, which no analyzer of this run produces"
    return None


def _in_order(analyzers: Sequence[Analyzer]) -> Iterator[Analyzer]:
    """Producers before consumers, otherwise as listed."""
    waiting = list(analyzers)
    makers = {key: analyzer.id for analyzer in waiting for key in analyzer.produces}
    done: set[str] = set()
    while waiting:
        ready = next((a for a in waiting if _ready(a, makers, done)), None)
        if ready is None:
            cycle = ", ".join(analyzer.id for analyzer in waiting)
            raise ValueError(f"these analyzers consume each other's row arrays in a circle: {cycle}")
        waiting.remove(ready)
        done.add(ready.id)
        yield ready


def _ready(analyzer: Analyzer, makers: Mapping[str, str], done: set[str]) -> bool:
    """Whether all that it may get from others of the run has been made."""
    return all(makers.get(key, "") in done | {""} for key in (*analyzer.consumes, *analyzer.uses))
