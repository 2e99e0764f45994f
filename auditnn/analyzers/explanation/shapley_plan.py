"""How much is asked of the model for Shapley values, and by which method."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditnn.analyzers.context import CHUNK
from auditnn.core.analyzer import Effort
from auditnn.core.rows import Table
from auditnn.core.subject import Subject
from auditnn.methods.attribution import METHODS
from auditnn.methods.attribution.auto import chosen
from auditnn.methods.attribution.exact_shapley import MOST_UNITS
from auditnn.methods.attribution.method import Method
from auditnn.methods.case import Case
from auditnn.subjects.units import units_of

Budget = Mapping[Effort, tuple[int, int]]
REFERENCE_ROWS = 2
PROBES = 34
GRADIENTS = 201
TABLES: Budget = {"quick": (20, 512), "standard": (50, 2048), "thorough": (500, 8192)}
IMAGES: Budget = {"quick": (16, 128), "standard": (50, 512), "thorough": (200, 2048)}
ESTIMATORS: Budget = {"quick": (20, 256), "standard": (50, 512), "thorough": (200, 2048)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The method, its settings, why it is this one, and the case with the units that it speaks of."""

    method: Method
    settings: Mapping[str, Any]
    why: str
    case: Case


def budget_of(subject: Subject, effort: Effort, rows: int | None, masks: int | None) -> tuple[int, int]:
    """Rows to explain and coalitions for each, by effort where they are not set.

    Tables before a torch module, which takes millions of rows a second, get more than images, and than other
    estimators, which take thousands.
    """
    kind = subject.model.kind if subject.model is not None else "torch"
    table = IMAGES if subject.modality == "image" else TABLES if kind == "torch" else ESTIMATORS
    by_effort = table[effort]
    return rows or by_effort[0], masks or by_effort[1]


def planned(case: Case, method: str, masks: int, wanted: Mapping[str, Any]) -> Plan:
    """The method of this name, or the one that fits for "auto", with those of the `wanted` settings that it takes."""
    if method == "auto":
        choice = chosen(case, masks)
        given, name, why, case = choice.settings, choice.method, choice.why, choice.case
    else:
        given, name, why = {"masks": masks}, method, "It was asked for by name."
    found = METHODS[name]
    return Plan(method=found, settings={**accepted(found, given), **accepted(found, wanted)}, why=why, case=case)


def cost_of(subject: Subject, method: str, rows: int, masks: int, background: int, copies: int, units: int) -> int:
    """At most what is asked of the model: to see whether it is linear and to explain it so (units + 34 coalitions a
    row), the coalitions of the method, their ends, and some rows again by the library. `copies` fill in one coalition.
    """
    if isinstance(subject.test.rows, Table):
        units = len(units_of(subject.test.rows.features))
    asked = {
        "exact_shapley": 1 << min(units, MOST_UNITS),
        "permutation_shapley": max(masks, 4 * units),
        "kernel_shap": masks,
    }.get(method, 2 * masks)
    each = copies * (asked + 2 * (units + PROBES) + 2)
    if method in ("deep_lift_shap", "gradient_shap"):
        each = max(2 * background, GRADIENTS) + 2
    chunks = -(-rows // CHUNK)
    return (rows + min(rows, REFERENCE_ROWS)) * each + 2 * chunks * (CHUNK + background)


def accepted(method: Method, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the settings that a method has."""
    takes = inspect.signature(method.attribute).parameters
    return {name: value for name, value in settings.items() if name in takes and value is not None}
