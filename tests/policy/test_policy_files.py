"""Policy files: the format of the contract, and every mistake of a file at once."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from auditnn.core.errors import PolicyError
from auditnn.policy.files import load_policy, parse_policy, preset_names
from auditnn.policy.rule import Rule, Waiver

CONTRACT = """
name = "team"
[[rule]]
code = "FAIR001"
measurement = "fairness.disparity/demographic_parity_difference"
slice = {}                    # matches every slice that contains these pairs
at_most = 0.1                 # or at_least = x, or between = [lo, hi]
demand = "not_surely_beyond"  # or surely_within
required = true               # not measured -> incomplete (exit 3)
gate = true
margin = 0.02                 # baseline gate; optional
severity = "major"
family = "fairness"
source = "convention"         # where the threshold comes from
why = "..."
remedy = "..."
[[waiver]]
code = "FAIR001"
slice = {attribute = "sex"}
reason = "..."
owner = "..."
expires = 2027-01-31
"""
MINIMAL = '[[rule]]\ncode = "A001"\nmeasurement = "a.b/c"\nat_most = 1\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "team.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes_of(text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text.encode(), "team.toml", "team")
    return str(caught.value)


def test_the_file_of_the_contract(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path, CONTRACT))
    assert policy.name == "team"
    (rule,) = policy.rules
    expected = {
        "code": "FAIR001", "measurement": "fairness.disparity/demographic_parity_difference", "slice": {},
        "op": "at_most", "threshold": 0.1, "demand": "not_surely_beyond", "required": True, "gate": True,
        "margin": 0.02, "severity": "major", "family": "fairness", "source": "convention", "why": "...",
        "remedy": "...",
    }  # fmt: skip
    assert {name: getattr(rule, name) for name in expected} == expected
    assert policy.waivers == (
        Waiver(
            code="FAIR001",
            slice={"attribute": "sex"},
            reason="...",
            owner="...",
            expires=datetime.date(2027, 1, 31),
        ),
    )


def test_what_a_short_rule_stands_for() -> None:
    policy = parse_policy(MINIMAL.encode(), "short.toml", "short")
    assert policy.name == "short"
    assert policy.rules == (
        Rule(
            code="A001", measurement="a.b/c", op="at_most", threshold=1.0, slice={}, tasks=(), required=True, gate=True,
            demand="not_surely_beyond", margin=None, severity="major", family="a", title="C",
        ),
    )  # fmt: skip


def test_a_byte_order_mark_is_no_mistake() -> None:
    plain = parse_policy(MINIMAL.encode(), "x", "x")
    assert parse_policy(MINIMAL.encode("utf-8-sig"), "x", "x") == plain


@pytest.mark.parametrize(
    "text",
    [
        "rule = " + "[" * 5000,
        "rule = " + "{a = " * 5000,
        "schema" + ".a" * 5000 + " = 1",
        "rule" + ".a" * 5000 + " = 1",
    ],
)
def test_nesting_without_end_is_a_policy_error(text: str) -> None:
    with pytest.raises(PolicyError, match="too deep"):
        parse_policy(text.encode(), "x.toml", "x")


def test_limits() -> None:
    text = MINIMAL.replace("at_most = 1", "between = [-1, 2]")
    assert parse_policy(text.encode(), "x", "x").rules[0].limits == (-1.0, 2.0)
    text = MINIMAL.replace("at_most", "at_least")
    assert parse_policy(text.encode(), "x", "x").rules[0].limits == (1.0, None)


def test_a_code_keeps_its_words(tmp_path: Path) -> None:
    """A team that only moves the threshold of FAIR001 keeps why it matters and what to do, not where it came from."""
    short = """[[rule]]\ncode = "FAIR001"\nat_most = 0.05
    measurement = "fairness.disparity/demographic_parity_difference"\nremedy = "Ask Ann." """
    other = """\n[[rule]]\ncode = "FAIR002"\nat_most = 3\nmeasurement = "my.own/number" """
    ours, foreign = load_policy(write(tmp_path, short + other)).rules
    known = load_policy("default").rule("FAIR001")
    assert known is not None
    assert (ours.title, ours.why, ours.references) == (known.title, known.why, known.references)
    assert (ours.threshold, ours.source, ours.remedy, ours.severity) == (0.05, "", "Ask Ann.", "major")
    assert (foreign.title, foreign.why, foreign.family) == ("Number", "", "my")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["rule to be one [[rule]] at least", "got nothing"]),
        ("rule = []", ["rule to be one [[rule]] at least", "got []"]),
        ("rule = 3", ["rule to be one [[rule]] at least", "got 3"]),
        ("rule = [3]", ["rule 1: expected a table [[rule]]", "got 3"]),
        (MINIMAL + "at_mots = 3", ["rule 1 (A001)", "'at_mots'", "Did you mean 'at_most'?"]),
        (MINIMAL + "zzz = 3", ["rule 1 (A001)", "'zzz'", "Known: code, measurement"]),
        ("nmae = 'x'\n" + MINIMAL, ["the file: expected a known key, got 'nmae'", "Did you mean 'name'?"]),
        (MINIMAL.replace("[[rule]]", "[[rules]]"), ["'rules'", "Did you mean 'rule'?", "rule to be one [[rule]]"]),
        (MINIMAL + "at_least = 0", ["one of at_most, at_least and between", "got at_most and at_least"]),
        (MINIMAL.replace("at_most = 1", ""), ["one of at_most, at_least and between", "got none"]),
        (MINIMAL.replace("at_most = 1", "between = [2, 1]"), ["[lowest, highest]", "Did you mean [1, 2]?"]),
        (MINIMAL.replace("at_most = 1", "between = [1]"), ["between to be two finite numbers", "got [1]"]),
        (MINIMAL.replace("at_most = 1", "between = ['a', 'b']"), ["between to be two finite numbers"]),
        (MINIMAL.replace("at_most = 1", "at_most = '1'"), ["at_most to be a finite number", "got '1'"]),
        (MINIMAL.replace("at_most = 1", "at_most = true"), ["at_most to be a finite number", "got true"]),
        (MINIMAL.replace("at_most = 1", "at_most = nan"), ["at_most to be a finite number", "got nan"]),
        (MINIMAL.replace("at_most = 1", "at_most = inf"), ["at_most to be a finite number", "got inf"]),
        (MINIMAL.replace("A001", "fair1"), ["code to be capital letters and three digits", "got 'fair1'"]),
        (MINIMAL.replace('code = "A001"', ""), ["rule 1: expected code to be", "Add code."]),
        (MINIMAL.replace("a.b/c", "accuracy"), ["measurement to be the id of a measurement", "got 'accuracy'"]),
        (MINIMAL + "severity = 'majr'", ["critical, major, minor or info", "Did you mean 'major'?"]),
        (MINIMAL + "demand = 'surely'", ["not_surely_beyond or surely_within", "Did you mean 'surely_within'?"]),
        (MINIMAL + "required = 'yes'", ["required to be true or false", "got 'yes'"]),
        (MINIMAL + "margin = -1", ["margin to be a finite number that is not negative", "got -1"]),
        (MINIMAL + "slice = {class = 1}", ["slice to be pairs of texts", "got {'class': 1}"]),
        (MINIMAL + "tasks = ['binry']", ["tasks to be a list of binary", "got ['binry']"]),
        (MINIMAL + MINIMAL, ["rule 2 (A001): expected a code of its own", "the code of rule 1"]),
        (MINIMAL + "[[waiver]]\ncode = 'A002'\nreason = 'x'\nowner = 'x'\nexpires = 2027-01-31",
         ["waiver 1 (A002)", "the code of a rule in this file", "Did you mean 'A001'?"]),
        (MINIMAL + "[[waiver]]\ncode = 'A001'\nreason = ''\nowner = 'x'\nexpires = 2027-01-31",
         ["waiver 1 (A001): expected reason", "got ''"]),
        (MINIMAL + "[[waiver]]\ncode = 'A001'\nreason = 'x'\nowner = 'x'\nexpires = '31.1.2027'",
         ["expires to be a day without quotes", "got '31.1.2027'"]),
        (MINIMAL + "[[waiver]]\ncode = 'A001'\nreason = 'x'\nowner = 'x'\nexpires = 2027-01-31T10:00:00",
         ["expires to be a day without quotes", "got 2027-01-31T10:00:00"]),
        (MINIMAL + "[[waiver]]\ncode = 'A001'\nreason = 'x'\nowner = 'x'", ["expires to be a day", "Add expires."]),
        (MINIMAL + "[[waiver]]\ncode = 'A001'\nreason = 'x'\nowner = 'x'\nexpires = 2027-02-30",
         ["team.toml to be TOML"]),
        ("name = 'x", ["team.toml to be TOML", "toml.io"]),
        ("schema = 'auditnn.policy/2'\nnew = 1", ["the newer 'auditnn.policy/2'", "Upgrade auditnn"]),
        ("schema = 'x'\n" + MINIMAL, ["schema to be 'auditnn.policy/1'", "got 'x'"]),
    ],
)  # fmt: skip
def test_mistakes(text: str, words: list[str]) -> None:
    said = mistakes_of(text)
    for word in words:
        assert word in said


def test_all_mistakes_at_once_in_the_order_of_the_file() -> None:
    text = """
    colour = "red"
    [[rule]]
    code = "A001"
    measurement = "a.b/c"
    at_most = 1
    at_least = 0
    [[rule]]
    code = "A001"
    measurement = "a.b/c"
    at_mots = 1
    severity = "bad"
    [[waiver]]
    code = "B001"
    owner = "Ann"
    expires = "soon"
    """
    said = mistakes_of(text)
    assert "got 8 mistakes" in said
    places = [said.index(where) for where in ("the file", "rule 1 (A001)", "rule 2 (A001)", "waiver 1 (B001)")]
    assert places == sorted(places)
    assert "Correct them; nothing was judged:" in said


def test_bytes_that_are_not_text() -> None:
    with pytest.raises(PolicyError, match="UTF-8"):
        parse_policy(b"name = '\xff'", "team.toml", "team")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"Did you mean 'default'\?"):
        load_policy("defualt")
    with pytest.raises(PolicyError, match="a policy: default, strict, or a file"):
        load_policy(tmp_path / "none.toml")
    with pytest.raises(PolicyError, match="directory"):
        load_policy(tmp_path)


def test_presets() -> None:
    assert preset_names() == ("default", "strict")
    default, strict = load_policy(), load_policy("strict")
    assert default is load_policy("default")
    assert {rule.code for rule in default.rules} == {rule.code for rule in strict.rules}
    for rule in default.rules:
        assert all((rule.title, rule.source, rule.why, rule.remedy)), rule.code
        assert rule.demand == "not_surely_beyond"
        assert "expected_calibration_error" not in rule.measurement
        twin = strict.rule(rule.code)
        assert twin is not None
        assert (twin.title, twin.why, twin.remedy, twin.tasks) == (rule.title, rule.why, rule.remedy, rule.tasks)
        assert twin.source
        assert (twin.measurement, twin.family, twin.op) == (rule.measurement, rule.family, rule.op)
        assert narrower(twin, rule), rule.code


def narrower(one: Rule, other: Rule) -> bool:
    (low, high), (other_low, other_high) = one.limits, other.limits
    return (other_low is None or (low is not None and low >= other_low)) and (
        other_high is None or (high is not None and high <= other_high)
    )
