"""Columns as codes with conditions that people can read: "age >= 61", "region = north", "income is missing"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditnn.core.rows import Feature, Table
from auditnn.core.subject import Subject
from auditnn.kernels.slices import Coded

MOST_LEVELS = 50
DIGITS = 15
SHIFT = 0.05  # an edge may move by this share of the way to the next one to be a rounder number


@dataclass(frozen=True, slots=True)
class Column:
    """One feature or group attribute: its codes over all test rows, and the words for each of its conditions."""

    name: str
    coded: Coded
    labels: tuple[str, ...]


def columns_of(subject: Subject, search: np.ndarray, bins: int, least: int) -> list[Column]:
    """The test rows' features, and the group attributes that are no features, as columns with conditions.

    Numbers are cut at quantiles of the rows `search` (positions), and every range of adjacent bins is a condition;
    each category with at least `least` rows there is one (the 50 most common), and so is having no value. Redacted
    columns are left out, because a condition tells values.
    """
    columns: list[Column | None] = []
    rows = subject.test.rows
    if isinstance(rows, Table):
        for feature in rows.features:
            columns.append(_feature_column(feature, rows.columns[feature.name], search, bins, least))
    named = {feature.name for feature in rows.features} if isinstance(rows, Table) else set()
    for group in subject.test.groups:
        if group.name not in named:
            columns.append(_categories(group.name, group.codes, group.levels, search, least))
    return [one for one in columns if one is not None and one.labels and one.name not in subject.redact]


def _feature_column(feature: Feature, values: np.ndarray, search: np.ndarray, bins: int, least: int) -> Column | None:
    if feature.kind in ("categorical", "boolean"):
        return _categories(feature.name, values, [str(value) for value in feature.categories], search, least)
    if feature.kind == "ordinal":
        words = [str(value) for value in feature.categories]
        numbers = np.where(values < 0, np.nan, values.astype(float))
        return _ordered(feature.name, numbers, search, bins, lambda code: words[int(code)], whole=True)
    return _ordered(feature.name, values, search, bins, lambda value: f"{value:.{DIGITS}g}")


def _categories(name: str, codes: np.ndarray, levels: Sequence[str], search: np.ndarray, least: int) -> Column | None:
    """One condition for each common level; all other levels share a code without one."""
    missing, seen = codes < 0, codes[search]
    counts = np.bincount(seen[seen >= 0], minlength=len(levels))
    common = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    common = np.sort(common[counts[common] >= least])
    place = np.full(len(levels) + 1, len(common), dtype=np.int32)
    place[common] = np.arange(len(common))
    place[-1] = len(common) + 1  # where code -1 points
    own = np.arange(len(common))
    labels = [f"{name} = {levels[level]}" for level in common]
    if missing.any():
        own, labels = np.append(own, len(common) + 1), [*labels, f"{name} is missing"]
    return Column(name, Coded(place[codes], len(common) + 2, own, own), tuple(labels))


def _ordered(
    name: str, values: np.ndarray, search: np.ndarray, bins: int, show: Callable[[Any], str], whole: bool = False
) -> Column | None:
    """Bins between quantiles of `values[search]`, all ranges of adjacent ones, and the missing values."""
    missing = np.isnan(values)
    known = np.sort(values[search][~missing[search]])
    if not len(known):
        return None
    distinct = np.unique(known)
    single = len(distinct) <= bins and bool(np.isin(values[~missing], distinct).all())
    if single:
        edges = distinct[1:]
    else:
        edges = np.unique(known[(np.arange(1, bins) * len(known)) // bins])
        edges = edges[edges > known[0]]
        edges = edges if whole else _rounder(edges)
    codes = np.searchsorted(edges, values, side="right").astype(np.int32)
    last = len(edges)
    codes[missing] = last + 1
    texts = [show(value) for value in (distinct if single else edges)]
    ranges = list(_ranges(name, last, texts, single))
    if missing.any():
        ranges.append((last + 1, last + 1, f"{name} is missing"))
    first, end = (np.array([one[i] for one in ranges], dtype=np.intp) for i in (0, 1))
    return Column(name, Coded(codes, last + 2, first, end), tuple(one[2] for one in ranges))


def _ranges(name: str, last: int, texts: Sequence[str], single: bool) -> Iterator[tuple[int, int, str]]:
    """Every range of codes 0..last but the whole one, in words. `texts` are the values of the codes where each code is
    a `single` value, else the edges between them."""
    edge = (lambda code: texts[code]) if single else (lambda code: texts[code - 1])
    for low in range(last + 1):
        for high in range(low, last + 1):
            if low == 0 and high == last:
                continue
            if single and low == high:
                yield low, high, f"{name} = {texts[low]}"
            elif low == 0:
                yield low, high, f"{name} < {edge(high + 1)}"
            elif high == last:
                yield low, high, f"{name} >= {edge(low)}"
            else:
                yield low, high, f"{edge(low)} <= {name} < {edge(high + 1)}"


def _rounder(edges: np.ndarray) -> np.ndarray:
    """Each edge as the number with the fewest digits that is close to it, still in rising order."""
    if not len(edges):
        return edges
    gaps = np.diff(edges)
    wide = max(abs(float(edges[0])), 1e-300) if len(edges) == 1 else np.inf
    room = SHIFT * np.minimum(np.append(gaps, wide), np.insert(gaps, 0, wide))
    return np.unique([_fewest_digits(float(edge), float(space)) for edge, space in zip(edges, room, strict=True)])


def _fewest_digits(value: float, room: float) -> float:
    for digits in range(1, DIGITS):
        rounded = float(f"{value:.{digits}g}")
        if abs(rounded - value) <= room:
            return rounded
    return value
