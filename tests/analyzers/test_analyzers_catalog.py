"""The catalog: what is in it, how names are chosen, how settings are read, and that the docs keep up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Literal

import pytest

from auditnn.analyzers import catalog as module
from auditnn.analyzers.catalog import BUILT_IN, Catalog, load_catalog, parse_settings, select
from auditnn.analyzers.settings import describe, setting
from auditnn.core.analyzer import Analyzer
from auditnn.core.errors import SettingsError

DOCS = Path(__file__).resolve().parents[2] / "docs" / "analyzers.md"


@dataclass(frozen=True, slots=True)
class Settings:
    """Every kind of setting."""

    draws: int = setting(100, "draws", at_least=10, at_most=1000)
    rate: float = setting(0.5, "a rate")
    deep: bool = setting(False, "deep or not")
    engine: Literal["fast", "reference"] = setting("fast", "which engine")
    levels: tuple[float, ...] = setting((0.1, 0.2), "levels", at_least=0)
    most: int | None = setting(None, "at most")


def made(id: str, settings: type[Any] = Settings) -> Analyzer:
    return Analyzer(
        id=id, title="t", question="q?", run=lambda *_: iter(()), reference="none", quantities={}, settings=settings
    )


SMALL = {id: made(id) for id in ("fairness.one", "fairness.two", "performance.accuracy")}


def test_ids_are_their_modules() -> None:
    assert list(load_catalog()) == [name.removeprefix("auditnn.analyzers.") for name in BUILT_IN]
    assert load_catalog().problems == ()


def test_select_by_area_by_id_and_all() -> None:
    def ids(names: Any) -> list[str]:
        return [one.id for one in select(names, SMALL)]

    assert ids(None) == list(SMALL)
    assert ids(["performance.accuracy", "fairness"]) == list(SMALL)
    assert ids("fairness.two") == ["fairness.two"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["fairnes"], "Did you mean 'fairness'"),
        (["performance.acuracy"], "Did you mean 'performance.accuracy'"),
        (["zzz"], "Known: fairness, performance,"),
        ([], "at least one analyzer"),
    ],
)
def test_unknown_names_get_the_nearest(names: list[str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        select(names, SMALL)


@pytest.mark.parametrize(
    ("name", "text", "typed"),
    [
        ("draws", "500", 500), ("draws", 500, 500), ("draws", "1e2", 100), ("rate", "0.25", 0.25), ("rate", 1, 1.0),
        ("deep", "yes", True), ("deep", False, False), ("engine", "reference", "reference"),
        ("levels", "0.5,1", (0.5, 1.0)), ("levels", [0.5], (0.5,)), ("most", "none", None), ("most", "7", 7),
    ],
)  # fmt: skip
def test_settings_as_text_and_as_values(name: str, text: Any, typed: Any) -> None:
    parsed = parse_settings({f"fairness.one.{name}": text}, SMALL)
    assert getattr(parsed["fairness.one"], name) == typed
    assert type(getattr(parsed["fairness.one"], name)) is type(typed)
    assert parsed["fairness.two"] == Settings()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("fairness.one.draws", "many", "a whole number for fairness.one.draws"),
        ("fairness.one.draws", 2.5, "a whole number"),
        ("fairness.one.draws", True, "a whole number"),
        ("fairness.one.draws", "5", "of 10 or more"),
        ("fairness.one.draws", "5000", "of 1000 or less"),
        ("fairness.one.rate", "nan", "a number"),
        ("fairness.one.rate", None, "a number"),
        ("fairness.one.deep", "perhaps", "true or false"),
        ("fairness.one.engine", "slow", "one of fast, reference"),
        ("fairness.one.levels", "0.1,-1", "of 0 or more"),
        ("fairness.one.levels", 3, "several with commas"),
        ("fairness.one.most", "x", "a whole number"),
        ("fairness.one.drwas", "5", "Did you mean 'fairness.one.draws'"),
        ("fairness.oen.draws", "5", "Did you mean 'fairness.one'"),
        ("draws", "5", "a setting as <analyzer>.<name>"),
        ("", "5", "a setting as <analyzer>.<name>"),
    ],
)
def test_wrong_settings_are_told(key: str, value: Any, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings({key: value}, SMALL)
    assert words in str(caught.value)


def test_the_contracts_own_example() -> None:
    parsed = parse_settings({"performance.accuracy.draws": "500"})
    assert parsed["performance.accuracy"].draws == 500
    assert set(parsed) == set(load_catalog())


def test_nothing_to_set() -> None:
    with pytest.raises(SettingsError, match=r"data\.imbalance has nothing to set"):
        parse_settings({"data.imbalance.x": "1"})


def test_describe_names_kinds_and_defaults() -> None:
    told = {one["name"]: (one["kind"], one["default"]) for one in describe(Settings)}
    assert told["draws"] == ("a whole number", 100)
    assert told["engine"] == ("one of fast, reference", "fast")
    assert told["most"] == ("a whole number or none", None)


@pytest.fixture
def fresh() -> Iterator[None]:
    load_catalog.cache_clear()
    yield
    load_catalog.cache_clear()


def third_party(monkeypatch: pytest.MonkeyPatch, **values: str) -> Catalog:
    points = [EntryPoint(name=name, value=value, group="auditnn.analyzers") for name, value in values.items()]
    monkeypatch.setattr(module, "entry_points", lambda group: points if group == "auditnn.analyzers" else [])
    return load_catalog()


@pytest.mark.usefixtures("fresh")
def test_third_parties_join_and_broken_ones_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "their_good.py").write_text(
        "from auditnn.core.analyzer import Analyzer\n"
        "ANALYZER = Analyzer(id='theirs.good', title='t', question='q?', run=None, reference='2020', quantities={})\n"
    )
    (tmp_path / "their_bad.py").write_text("raise RuntimeError('no license')\n")
    (tmp_path / "their_copy.py").write_text("from auditnn.analyzers.data.quality import ANALYZER\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = third_party(
        monkeypatch, good="their_good", bad="their_bad", copy="their_copy", gone="not_there:X", other="json:dumps"
    )
    assert "theirs.good" in found
    assert [one.id for one in select(["theirs"])] == ["theirs.good"]
    assert len(found) == len(BUILT_IN) + 1
    told = "\n".join(found.problems)
    assert len(found.problems) == 4
    assert "no license" in told
    assert "data.quality', which is taken" in told
    assert "not_there" in told
    assert "not an auditnn Analyzer but a function" in told


def sections() -> dict[str, str]:
    parts = DOCS.read_text(encoding="utf-8").split("\n## ")[1:]
    return {part.split("\n", 1)[0].strip("`"): part for part in parts}


def test_docs_have_a_section_for_each_analyzer_in_order() -> None:
    assert [name for name in sections() if "." in name] == list(load_catalog())


@pytest.mark.parametrize("analyzer", load_catalog())
def test_docs_keep_up(analyzer: str) -> None:
    """Question, every measurement that it may yield, every setting with its default, and what it costs."""
    declared, told = load_catalog()[analyzer], sections()[analyzer]
    assert declared.question in told
    assert "Cost:" in told
    for one in fields(declared.settings):
        assert f"`{one.name}` ({one.default})" in told, one.name
    if not fields(declared.settings):
        assert "Settings: none" in told
