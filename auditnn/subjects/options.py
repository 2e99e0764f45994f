"""The keywords that every constructor takes: the keys of `subject.toml`, checked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypedDict, get_args

from auditnn.core.errors import SubjectError
from auditnn.core.nearest import nearest
from auditnn.core.rows import Modality
from auditnn.core.subject import Output, StoreRows, Task

AuditedTask = Literal["binary", "multiclass", "regression"]
AuditedModality = Literal["tabular", "image"]
TASKS, MODALITIES = get_args(AuditedTask), get_args(AuditedModality)
LATER = {
    "task": tuple(task for task in get_args(Task) if task not in TASKS),
    "modality": tuple(modality for modality in get_args(Modality) if modality not in MODALITIES),
}
OUTPUTS, STORE_ROWS = get_args(Output), get_args(StoreRows)
DECLARED = ("kind", "bounds", "mutable", "values", "unit")


class Keywords(TypedDict, total=False):
    """The constructors' keywords with their types; see `docs/subject-file.md` for what each one means."""

    name: str
    task: str
    modality: str
    output: str
    threshold: float
    inputs: Sequence[str]
    encode: Any
    features: Sequence[str] | Mapping[str, Mapping[str, Any]]
    units: Mapping[str, Sequence[str]]
    groups: Mapping[str, Any] | Sequence[str]
    bands: Mapping[str, Sequence[float]]
    intersections: Sequence[Sequence[str]]
    reference: Mapping[str, str]
    control: Sequence[str]
    positive: Any
    favorable: Any
    classes: Sequence[Any]
    train: Any
    id: Any
    weight: Any
    cluster: Any
    redact: Sequence[str]
    store_rows: str
    regions: Mapping[str, Any]
    costs: Mapping[str, float]
    history: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`Keywords` with defaults filled in. None means "not given" wherever it is the default."""

    name: str | None = None
    task: str | None = None
    modality: str | None = None
    output: str | None = None
    threshold: float | None = None
    inputs: Sequence[str] | None = None
    encode: Any = None
    features: Sequence[str] | Mapping[str, Mapping[str, Any]] | None = None
    units: Mapping[str, Sequence[str]] = field(default_factory=dict)
    groups: Mapping[str, Any] | Sequence[str] = ()
    bands: Mapping[str, Sequence[float]] = field(default_factory=dict)
    intersections: Sequence[Sequence[str]] = ()
    reference: Mapping[str, str] = field(default_factory=dict)
    control: Sequence[str] = ()
    positive: Any = None
    favorable: Any = None
    classes: Sequence[Any] | None = None
    train: Any = None
    id: Any = None
    weight: Any = None
    cluster: Any = None
    redact: Sequence[str] = ()
    store_rows: str = "sample"
    regions: Mapping[str, Any] | None = None
    costs: Mapping[str, float] | None = None
    history: Any = None


NAMES = tuple(option.name for option in fields(Options))


def one_of(what: str, value: Any, known: Sequence[str]) -> None:
    """SubjectError unless `value` is None or one of the known words."""
    if value is not None and value not in known:
        raise SubjectError(f"{what} to be one of {', '.join(known)}", repr(value), nearest(str(value), known))


def options_of(keywords: Mapping[str, Any]) -> Options:
    """The keywords as options; SubjectError for unknown names and for values that no data could make right."""
    for name in keywords:
        if name not in NAMES:
            raise SubjectError("a keyword that the constructors know", repr(name), nearest(name, NAMES))
    given = {name: value for name, value in keywords.items() if value is not None}
    options = Options(**given)
    for name in ("weight", "cluster"):
        if getattr(options, name) is not None:
            raise SubjectError(
                f"no {name!r}", f"{name} = {getattr(options, name)!r}",
                "Weighted and clustered rows are not supported yet; leave it out, "
                "and read the intervals as those of independent, equally weighted rows.",
            )  # fmt: skip
    for name, known in (("task", TASKS), ("modality", MODALITIES)):
        value = getattr(options, name)
        if value in LATER[name]:
            raise SubjectError(f"{name} to be one of {', '.join(known)}", repr(value), "It is not supported yet.")
        one_of(name, value, known)
    if isinstance(options.redact, str):
        raise SubjectError("redact as a list of columns", repr(options.redact), f"Write redact=[{options.redact!r}].")
    one_of("output", options.output, OUTPUTS)
    one_of("store_rows", options.store_rows, STORE_ROWS)
    _check_threshold(options.threshold)
    _check_costs(options.costs)
    return options


def _check_threshold(threshold: Any) -> None:
    if threshold is None:
        return
    number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    if not number or not 0 <= threshold <= 1:
        raise SubjectError(
            "threshold to be a number between 0 and 1",
            repr(threshold),
            "It is a cut on the positive class's probability.",
        )


def _check_costs(costs: Mapping[str, float] | None) -> None:
    given: Mapping[str, Any] = costs or {}
    for name, value in given.items():
        one_of("a key of costs", name, ("false_positive", "false_negative"))
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise SubjectError(
                f"costs.{name} to be a number of at least 0", repr(value), "Give the cost of one such error."
            )
