"""One plain sentence per finding, built from unit, slice and basis; it knows quantities, not analyzers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from auditnn.core.measurement import Measurement
from auditnn.core.scale import Scale, level_scale, scale_of
from auditnn.kernels.inference import rows_behind
from auditnn.policy.comparison import Comparison, pairs_in_words
from auditnn.policy.finding import FindingStatus
from auditnn.policy.names import quantity_name
from auditnn.policy.rule import Rule
from auditnn.policy.shares import shares_in_words

ENDINGS = (" difference", " gap", " ratio")


class Extremes(NamedTuple):
    """The groups with the lowest and the highest level, with these levels, out of `groups` groups."""

    low: str
    low_level: float
    high: str
    high_level: float
    groups: int


def finding_statement(
    met: Comparison, status: FindingStatus, reason: str | None, settle: Mapping[str, int | str | None]
) -> str:
    """What was found, how sure it is, and what is allowed.

    "40.0% of female and 53.0% of male (sex) are predicted granted: 13.0 points apart; 95% interval 10.3 to 15.7; at
    most 10 allowed."
    """
    one = met.measurement
    if met.absent or one is None:
        verb = "does not apply" if met.absent == "not_applicable" else "was not measured"
        pairs = met.rule.slice if one is None else one.slice
        about = f" for {pairs_in_words(pairs)}" if pairs else ""
        return f"{met.rule.title}{about} {verb}: {reason}".rstrip(".") + "."
    limits = [limit for limit in met.rule.limits if limit is not None]
    scale = scale_of(one, limits)
    parts = [effect(one, scale), *interval_words(met, one, scale), limit_words(met.rule, scale)]
    sentence = "; ".join(parts) + "."
    return sentence if status != "unsure" else f"{sentence} {doubt_words(met, one, reason, settle)}"


def threshold_words(rule: Rule) -> str:
    """The rule's comparison as written in its file.

    >>> threshold_words(Rule(code="A1", measurement="a.b/c", op="between", threshold=(0.8, 1.2), family="a", title=""))
    'between 0.8 and 1.2'
    """
    if isinstance(rule.threshold, tuple):
        return f"between {rule.threshold[0]:g} and {rule.threshold[1]:g}"
    return f"{rule.op.replace('_', ' ')} {rule.threshold:g}"


def limit_words(rule: Rule, scale: Scale) -> str:
    """What the rule allows, on the scale of the value."""
    if isinstance(rule.threshold, tuple):
        low, high = map(scale.limit, rule.threshold)
        return f"{low} to {high} allowed"
    if rule.op == "at_most":
        return f"at most {scale.limit(rule.threshold)} allowed"
    return f"at least {scale.limit(rule.threshold)} needed"


def interval_words(met: Comparison, one: Measurement, scale: Scale) -> list[str]:
    """The interval, or that the value is a bound; nothing for exact values."""
    words = [] if one.bound == "none" else [a_bound(one)]
    if met.exact or one.interval_method is None:
        return words
    low = None if one.low is None else scale.number(one.low)
    high = None if one.high is None else scale.number(one.high)
    if low is not None and high is not None:
        return [*words, f"95% interval {low} to {high}"]
    if low is None and high is None:
        return [*words, "95% interval without ends"]
    return [*words, f"95% interval {f'from {low} up' if high is None else f'up to {high}'}"]


def a_bound(one: Measurement) -> str:
    """What a value is that only bounds the truth."""
    return "an upper bound" if one.bound == "upper" else "a lower bound"


def doubt_words(met: Comparison, one: Measurement, reason: str | None, settle: Mapping[str, int | str | None]) -> str:
    """Why it is unsure, to which side it leans, and roughly how many rows would settle it."""
    lowest, highest = met.rule.limits
    value = one.value if one.value is not None else 0.0
    over = (highest is not None and value > highest) or (lowest is not None and value < lowest)
    side = "beyond the limit" if over else "within the limit"
    words = f"Unsure, leaning {side}: {reason}."
    rows, group = settle["rows"], settle["group"]
    if isinstance(rows, int):
        whose = f" of {group}" if group else ""
        now = rows_now(one, group)
        at_hand = f" ({now:,} now)" if now is not None else ""
        words += f" About {rounded(rows):,} rows{whose}{at_hand} would settle it if the estimate stays."
    return words


def rows_now(one: Measurement, group: object) -> int | None:
    """The rows that there are of this group, or of all groups; None where the basis does not say."""
    basis = one.basis or {}
    rows = rows_behind(basis, one.n)
    if rows is None:
        return None
    names = [str(name) for name in basis.get("groups", ())]
    return int(rows.sum()) if group is None else int(rows[names.index(str(group))]) if group in names else None


def rounded(rows: int) -> int:
    """Up to three significant digits: it is a rough figure and should look like one, but not fall short.

    >>> rounded(12341), rounded(2433), rounded(87)
    (12400, 2440, 87)
    """
    unit: int = 10 ** max(0, len(str(rows)) - 3)
    return -(-rows // unit) * unit


def effect(one: Measurement, scale: Scale) -> str:
    """The value in its words, with the groups that it compares."""
    value = one.value if one.value is not None else 0.0
    quantity = one.id.split("/", 1)[1]
    attribute, rest = _place(one)
    basis = one.basis or {}
    form, rate, extremes = _compared(basis)
    name = quantity_name(rate) if rate else _without_ending(quantity_name(quantity))
    spoken = _spoken(one, scale, rate, extremes)
    if spoken is not None:
        return spoken + rest
    if extremes is None:
        return f"{quantity_name(quantity)}{_of(attribute, one)}{rest} is {scale.full(value)}"
    levels = level_scale(one)
    low = f"{extremes.low} ({levels.full(extremes.low_level)})"
    high = f"{extremes.high} ({levels.full(extremes.high_level)})"
    whose = f" of {attribute}" if attribute else ""
    among = f"{whose}{_among(extremes)}"
    if form == "minimum":
        return f"{name} is lowest for {extremes.low}{whose}{rest}: {scale.full(value)}"
    if form == "ratio":
        return f"{name} of {low} is {scale.full(value)} times that of {high}{among}{rest}"
    if form == "difference":
        a, b = (low, high) if str(basis["groups"][0]) == extremes.low else (high, low)
        return f"{name} of {a} less that of {b}{whose}{rest} is {scale.full(value)}"
    return f"{name} differs by {scale.full(value)} between {low} and {high}{among}{rest}"


def _compared(basis: Mapping[str, Any]) -> tuple[str, str, Extremes | None]:
    """The form of a basis, the rate that it names (of several: the one that lies furthest apart), and who is lowest
    and highest where it compares."""
    form, rate = str(basis.get("form", "")), str(basis.get("rate", ""))
    if form == "worst_gap":
        worst = _worst_rate(basis)
        return (form, *worst) if worst else (form, rate, None)
    return form, rate, _extremes(basis) if form in ("gap", "difference", "ratio", "minimum") else None


def _spoken(one: Measurement, scale: Scale, rate: str, extremes: Extremes | None) -> str | None:
    """Whose share of whom the outcome is, and how far apart; None where the basis names no outcome."""
    basis, levels = one.basis or {}, level_scale(one)
    form, outcome, value = basis.get("form"), basis.get("outcome"), one.value
    attribute = str(one.slice.get("attribute", ""))
    if outcome is None or value is None or (extremes is None and form != "rate"):
        return None
    if extremes is None:
        return shares_in_words(rate, outcome, [(scale.full(value), str(one.slice.get("group", "")))], attribute)
    shares = [(levels.full(extremes.low_level), extremes.low), (levels.full(extremes.high_level), extremes.high)]
    if form == "difference" and str(basis["groups"][0]) != extremes.low:
        shares.reverse()
    words = shares_in_words(rate, outcome, shares, attribute)
    apart = {
        "ratio": f"{scale.full(value)} times as often",
        "difference": f"a difference of {scale.full(value)}",
        "worst_gap": f"{scale.full(value)} apart, the widest gap of {len(basis.get('rates', ()))} rates",
    }.get(str(form), f"{scale.full(value)} apart")
    return None if words is None else f"{words}: {apart}{_among(extremes)}"


def _among(extremes: Extremes) -> str:
    return f", the lowest and highest of {extremes.groups} groups" if extremes.groups > 2 else ""


def _place(one: Measurement) -> tuple[str, str]:
    """The attribute of a slice, and its other pairs as words to put behind: but the group, the outcome, and what a
    signed difference compares, which the sentence names anyway."""
    basis = one.basis or {}
    compared = basis.get("groups", ()) if basis.get("form") == "difference" else ()
    others = {
        name: value
        for name, value in one.slice.items()
        if name not in ("attribute", "group", "where") and value not in (*compared, basis.get("outcome"))
    }
    return str(one.slice.get("attribute", "")), f" for {pairs_in_words(others)}" if others else ""


def _of(attribute: str, one: Measurement) -> str:
    group = one.slice.get("group")
    if group is not None:
        return f" of {group} ({attribute})" if attribute else f" of {group}"
    return f" by {attribute}" if attribute else ""


def _without_ending(name: str) -> str:
    return next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)


def _extremes(basis: Mapping[str, Any]) -> Extremes | None:
    """Who is lowest and highest; None where the basis does not name groups with counts or means."""
    groups = basis.get("groups")
    levels = basis.get("mean") or _rates(basis.get("x"), basis.get("n"))
    return None if groups is None or levels is None else _lowest_and_highest(groups, levels)


def _worst_rate(basis: Mapping[str, Any]) -> tuple[str, Extremes] | None:
    """Of several rates, the one whose groups lie furthest apart."""
    found = []
    for i, name in enumerate(basis.get("rates", ())):
        groups = basis.get("groups") or ()
        own = groups[i] if groups and not isinstance(groups[0], str) else groups
        extremes = _lowest_and_highest(own, _rates(basis["x"][i], basis["n"][i]))
        if extremes is not None:
            found.append((str(name), extremes))
    return max(found, key=lambda one: one[1].high_level - one[1].low_level, default=None)


def _rates(x: Any, n: Any) -> list[float] | None:
    if not isinstance(x, Sequence) or not isinstance(n, Sequence) or any(isinstance(one, Sequence) for one in n):
        return None
    return [a / b if b else float("nan") for a, b in zip(x, n, strict=False)]


def _lowest_and_highest(groups: Sequence[Any], levels: Sequence[float] | None) -> Extremes | None:
    if levels is None or len(groups) != len(levels):
        return None
    known = [(float(level), str(group)) for group, level in zip(groups, levels, strict=True) if level == level]
    if not known:
        return None
    low, high = min(known, key=lambda one: one[0]), max(known, key=lambda one: one[0])
    if low == high and len(known) > 1:  # all equal: name two different groups
        low, high = known[0], known[1]
    return Extremes(low[1], low[0], high[1], high[0], len(known))
