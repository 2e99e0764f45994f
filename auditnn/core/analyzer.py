"""Analyzer: one question, declared, with the function that answers it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from auditnn.core.audit import Quantity, RowArray
from auditnn.core.exhibit import Exhibit
from auditnn.core.measurement import Measurement
from auditnn.core.rows import Modality
from auditnn.core.subject import Subject

Need = Literal["labels", "groups", "train", "model", "rows", "score", "gradients"]
Effort = Literal["quick", "standard", "thorough"]
EFFORTS: tuple[Effort, ...] = get_args(Effort)
Yield = Measurement | Exhibit | RowArray


@dataclass(frozen=True, slots=True)
class NoSettings:
    """For analyzers with nothing to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyzer:
    """One question about a subject.

    `run(subject, settings, context)` yields measurements, exhibits and row arrays, all with ids under `id`;
    `quantities` tells readers what each measurement is, by the last part of its id. `needs`, `tasks` and `modalities`
    say where the question exists; elsewhere the runner records it as `not_applicable` with the reason. `consumes` and
    `produces` are row-array keys and fix the order of running; what it `uses` it gets where it was produced, and does
    without where it was not. `settings` is a frozen dataclass of plain defaults;
    `cost(subject, settings, effort, row_cap)` estimates the rows that the model will be asked for, for `--dry-run`.
    """

    id: str
    title: str
    question: str
    run: Callable[[Subject, Any, Any], Iterator[Yield]]
    reference: str
    quantities: Mapping[str, Quantity]
    needs: tuple[Need, ...] = ()
    tasks: tuple[str, ...] = ("binary", "multiclass", "regression")
    modalities: tuple[str, ...] = get_args(Modality)
    consumes: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    settings: type[Any] = NoSettings
    cost: Callable[[Subject, Any, Effort, int | None], int] | None = None

    @property
    def area(self) -> str:
        return self.id.split(".", 1)[0]
