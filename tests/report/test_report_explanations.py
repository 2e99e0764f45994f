"""Explanations on the page: in the order in which they are read, each with what its checks found beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import conftest
import explained
import fixtures
import pytest
from page import Node, find, parse

from auditnn.core.exhibit import Exhibit
from auditnn.methods.attribution import METHODS
from auditnn.policy.finding import Findings
from auditnn.report.html import render
from auditnn.report.names import ATTRIBUTIONS, method_title
from auditnn.report.trust import CHECKS, Verdicts

ALL = ["completeness", "faithfulness", "stability", "sanity", "agreement"]


@pytest.fixture(scope="module")
def shown() -> Any:
    return conftest.rendered("explained")


@pytest.fixture(scope="module")
def chapter(shown: Any) -> Node:
    (section,) = find(shown.tree, "section", id="explanation")
    return section


def figure(chapter: Node, name: str, at: int = 0) -> Node:
    return [one for one in find(chapter, "figure") if name in one.text][at]


def badges(node: Node) -> dict[str, str]:
    """What each check of a figure says, in a word; the first method's where there are more."""
    strip = find(node, "ul", cls="checks")[0]
    return {
        find(one, cls="check-name")[0].text.lower(): find(one, cls="check-word")[0].text
        for one in find(strip, "li", cls="check")
    }


def test_reading_order(chapter: Node) -> None:
    titles = [one.text for one in find(chapter, "h4")]
    row = ["Title of shapley_values/waterfall", "Title of lime/beside"]
    assert titles == [
        "Title of shapley_values/importance",
        "Title of shapley_values/beeswarm",
        *row,
        *row,
        "Title of saliency/maps",
        "Title of occlusion/maps",
        "Title of shapley_values/dependence",
        "Title of global_importance/effect",
    ]
    heads = [one.text for one in find(chapter, "h3", cls="block")]
    assert heads == ["Over all rows", "Row 17", "Row <i>4</i>", "Images", "One feature at a time"]


def test_the_chosen_method_is_said_first(chapter: Node) -> None:
    (said,) = find(chapter, "p", cls="chosen")
    assert "6 units are few enough to enumerate." in said.text
    nodes = list(chapter.walk())
    assert nodes.index(said) < nodes.index(find(chapter, "figure")[0])


def test_what_passes_and_what_fails_stands_beside_it(chapter: Node) -> None:
    assert badges(figure(chapter, "importance")) == dict.fromkeys(ALL, "passes")
    beside = figure(chapter, "lime/beside")
    assert badges(beside) == {
        "completeness": "not checked",
        "faithfulness": "passes",
        "stability": "unsure",
        "sanity": "fails",
        "agreement": "not checked",
    }
    # It compares LIME with the Shapley values that were computed, so both are said.
    assert [one.text for one in find(beside, "p", cls="checks-of")] == [
        "Checks of LIME",
        "Checks of Exact Shapley values",
    ]


def test_not_checked_is_as_visible(chapter: Node) -> None:
    node = figure(chapter, "occlusion/maps")
    assert "Not checked." in node.text
    assert "Occlusion" in find(node, "p", cls="unchecked")[0].text
    assert find(node, "ul", cls="checks") == []


def test_a_picture_of_many_methods_has_a_table_of_their_checks(chapter: Node) -> None:
    (table,) = find(figure(chapter, "saliency/maps"), "table", cls="trusts")
    heads = [one.text for one in find(find(table, "tbody")[0], "th")]
    assert heads == explained.METHODS
    cells = [one.text.split() for one in find(find(table, "tbody")[0], "td")]
    assert cells[4 * 5 + 1] == ["no", "rule", "0.770"]
    assert sum(one == ["not", "checked"] for one in cells) == 7 * 5 - 1


def test_each_badge_links_to_its_row_among_the_rules(shown: Any, chapter: Node) -> None:
    links = [one for one in find(chapter, "a") if one.parent is not None and "check-name" in one.parent.classes]
    rules = {one.attrs["id"]: one for one in find(shown.tree, "tr") if "id" in one.attrs}
    assert links
    for link in links:
        target = rules[link.attrs["href"][1:]]
        item = next(one for one in link.up() if one.tag == "li")
        assert f"trust.{link.text.lower()}/" in target.attrs["data-measurement"]
        for number in find(item, cls="num"):
            assert number.near("data-measurement") == target.attrs["data-measurement"]
            assert json.loads(number.near("data-slice") or "") == json.loads(target.attrs["data-slice"])


def test_the_trust_chapter_begins_with_all_methods(shown: Any) -> None:
    (section,) = find(shown.tree, "section", id="trust")
    table = find(section, "table", cls="trusts")[0]
    assert [one.text for one in find(find(table, "tbody")[0], "th")] == ["Exact Shapley values", "LIME", "DeepLIFT"]
    assert "no rule" in table.text


def test_images_are_in_the_page_once(shown: Any, chapter: Node) -> None:
    for name in ("saliency/maps", "occlusion/maps"):
        assert find(figure(chapter, name), "script") == []
    wide = figure(chapter, "saliency/maps")
    assert "wide" in wide.classes
    image = explained.exhibits()[8].columns["image"][0]
    assert shown.text.count(str(image)) == 1


def test_data_addresses_are_not_listed(chapter: Node) -> None:
    assert "base64" not in chapter.text
    assert find(figure(chapter, "saliency/maps"), "td")[-1].text != ""


def test_a_swarm_of_too_many_features_says_what_is_not_drawn(shown: Any) -> None:
    names = [f"f{i}" for i in range(500)]
    many = Exhibit(
        id="explanation.shapley_values/beeswarm",
        kind="points",
        title="Many",
        summary="Five hundred features.",
        columns={"v": [0.1] * 1000, "f": names * 2, "c": [0.5] * 1000},
        roles={"x": "v", "y": "f", "color": "c"},
        slice={"method": "mine"},
    )
    audit = replace(shown.audit, exhibits=(many,))
    page = parse(render(audit, shown.findings, live=False))
    (drawn,) = find(page, "figure")
    assert "960 further rows are not drawn" in drawn.text
    assert "No analysis of trust looked at Mine here." in drawn.text


def test_the_gravest_finding_of_a_check_speaks() -> None:
    audit = fixtures.AUDITS["explained"]()
    where = {"measurement": "trust.sanity/randomization_similarity", "slice": {"method": "exact_shapley"}}
    own = {"code": "TRUST004", "family": "trust", "title": "t", "threshold": 0.5}
    found = [fixtures.finding(**own, **where, status=status) for status in ("pass", "fail", "not_applicable")]
    verdicts = Verdicts(audit, Findings(policy="p", verdict="fail", findings=tuple(found)))
    by_name = {one.name: one for one in verdicts.of("exact_shapley").checks}
    assert list(by_name) == list(CHECKS)
    assert by_name["sanity"].outcome == "fail"
    assert by_name["faithfulness"].outcome == "measured"
    assert not verdicts.of("unknown").checked


def test_methods_are_called_what_they_call_themselves() -> None:
    for name, method in METHODS.items():
        assert ATTRIBUTIONS.get(name) == method.title
    assert method_title("something_new") == "Something new"
