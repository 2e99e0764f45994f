"""Every analyzer by name: ours, and those that other packages register under `auditnn.analyzers`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from auditnn.analyzers.settings import build
from auditnn.core.analyzer import Analyzer
from auditnn.core.errors import AuditnnError, SettingsError
from auditnn.core.nearest import nearest

ENTRY_POINTS = "auditnn.analyzers"

BUILT_IN = (
    "auditnn.analyzers.subject.check",
    "auditnn.analyzers.data.quality",
    "auditnn.analyzers.data.imbalance",
    "auditnn.analyzers.performance.accuracy",
    "auditnn.analyzers.performance.calibration",
    "auditnn.analyzers.performance.imbalance",
    "auditnn.analyzers.performance.weak_slices",
    "auditnn.analyzers.fairness.group_rates",
    "auditnn.analyzers.fairness.disparity",
    "auditnn.analyzers.explanation.shapley_values",
    "auditnn.analyzers.explanation.lime",
    "auditnn.analyzers.explanation.saliency",
    "auditnn.analyzers.explanation.global_importance",
    "auditnn.analyzers.explanation.localization",
    "auditnn.analyzers.trust.completeness",
    "auditnn.analyzers.trust.faithfulness",
    "auditnn.analyzers.trust.stability",
    "auditnn.analyzers.trust.sanity",
    "auditnn.analyzers.trust.agreement",
)

# What somebody else's module raises when it is broken, or does not fit this version.
BROKEN = (
    ImportError, SyntaxError, AttributeError, NameError, TypeError, ValueError, LookupError, ArithmeticError,
    OSError, RuntimeError, AssertionError, AuditnnError,
)  # fmt: skip


class Catalog(dict[str, Analyzer]):
    """Analyzers by id, in the order in which they are listed; `problems` tells which third-party ones did not load."""

    problems: tuple[str, ...] = ()


@cache
def load_catalog() -> Catalog:
    """Every analyzer that can run here. A third-party analyzer that does not load is a line in `problems`."""
    catalog = Catalog()
    for module in BUILT_IN:
        analyzer: Analyzer = import_module(module).ANALYZER
        catalog[analyzer.id] = analyzer
    problems = []
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        found = _third_party(point, catalog)
        if isinstance(found, Analyzer):
            catalog[found.id] = found
        else:
            problems.append(found)
    catalog.problems = tuple(problems)
    return catalog


def _third_party(point: EntryPoint, taken: Mapping[str, Analyzer]) -> Analyzer | str:
    """The analyzer behind an entry point (the object, or a module with `ANALYZER`), or why it cannot be used."""
    name = f"The analyzer {point.name!r} ({point.value})"
    try:
        loaded = point.load()
    except BROKEN as error:
        return f"{name} did not load: {type(error).__name__}: {error}"
    analyzer = getattr(loaded, "ANALYZER", loaded)
    if not isinstance(analyzer, Analyzer):
        return f"{name} is not an auditnn Analyzer but a {type(analyzer).__name__}"
    if analyzer.id in taken:
        return f"{name} has the id {analyzer.id!r}, which is taken"
    return analyzer


def select(names: Iterable[str] | None, catalog: Mapping[str, Analyzer] | None = None) -> tuple[Analyzer, ...]:
    """The analyzers of these ids or whole areas ("fairness"), in the catalog's order; all of them for None.

    SettingsError names the nearest known id or area where one is unknown.
    """
    catalog = load_catalog() if catalog is None else catalog
    if names is None:
        return tuple(catalog.values())
    areas = list(dict.fromkeys(analyzer.area for analyzer in catalog.values()))
    wanted: set[str] = set()
    for name in [names] if isinstance(names, str) else names:
        chosen = [id for id, analyzer in catalog.items() if name in (id, analyzer.area)]
        if not chosen:
            raise SettingsError("an analyzer or an area", repr(name), nearest(str(name), [*areas, *catalog]))
        wanted.update(chosen)
    if not wanted:
        raise SettingsError("at least one analyzer", "none", f"Areas are: {', '.join(areas)}.")
    return tuple(analyzer for id, analyzer in catalog.items() if id in wanted)


def parse_settings(
    given: Mapping[str, Any] | None = None, catalog: Mapping[str, Analyzer] | None = None
) -> dict[str, Any]:
    """The settings of every analyzer: defaults, changed where `given` says so.

    Keys are "<analyzer id>.<setting>"; values are typed, or the text that `--set` got. SettingsError for an unknown
    analyzer or setting (with the nearest) and for a value of the wrong kind or out of range.
    """
    catalog = load_catalog() if catalog is None else catalog
    changed: dict[str, dict[str, Any]] = {id: {} for id in catalog}
    for key, value in (given or {}).items():
        analyzer, _, name = str(key).rpartition(".")
        if analyzer not in catalog:
            advice = nearest(analyzer or str(key), list(catalog))
            raise SettingsError("a setting as <analyzer>.<name>", repr(key), advice)
        changed[analyzer][name] = value
    return {id: build(id, catalog[id].settings, changed[id]) for id in catalog}
