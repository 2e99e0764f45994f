"""Every command and script in the README and the docs runs as it is written, in an empty folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import PAGES, ROOT, RUNNABLE, blocks, follow

FOLLOWED = [page for page in PAGES if page.name != "adult.md" and any(block.runs for block in blocks(page))]


def label(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", FOLLOWED, ids=label)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    assert follow(page, folder)


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_no_command_goes_untried(page: Path) -> None:
    """A block that looks runnable is run, saved as a file that is, or says why it is only shown."""
    bare = [block.text for block in blocks(page) if block.language in RUNNABLE and not block.mark]
    assert not bare, f"{label(page)} has blocks without a mark (see tests/how_to/pages.py): {bare}"
    unknown = {block.mark for block in blocks(page)} - {""}
    assert not [mark for mark in unknown if not re.match(r"file: \S+$|run$|run: exit \d+$|shown: \S|prints$", mark)]


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    missing = [one for one in targets if one and "://" not in one and not (page.parent / one).exists()]
    assert not missing, f"{label(page)} links to what is not there: {missing}"


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    seen, fresh = set(), {index}
    while fresh:
        page = fresh.pop()
        seen.add(page)
        targets = re.findall(r"\]\(([^)\s#]+)", page.read_text("utf-8")) if page.is_file() else []
        fresh |= {(page.parent / target).resolve() for target in targets if target.endswith(".md")} - seen
    lost = [label(page) for page in (ROOT / "docs").rglob("*.md") if page not in seen]
    assert not lost, f"no link leads from docs/index.md to {lost}"


def test_files_that_a_page_saves_are_used_by_it() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in blocks(page):
            if block.file:
                assert text.count(Path(block.file).stem) > 1, f"{label(page)} saves {block.file} and never uses it"
