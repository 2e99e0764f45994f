"""A small tree of an HTML page, enough to follow each number to where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr"}


@dataclass(eq=False)
class Node:
    tag: str
    attrs: dict[str, str]
    parent: Node | None = None
    children: list[Node | str] = field(default_factory=list)

    @property
    def classes(self) -> set[str]:
        return set(self.attrs.get("class", "").split())

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def up(self) -> Iterator[Node]:
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def near(self, name: str) -> str | None:
        """The attribute on this element or the closest one around it."""
        return next((node.attrs[name] for node in self.up() if name in node.attrs), None)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def texts(self) -> Iterator[tuple[Node, str]]:
        for child in self.children:
            if isinstance(child, str):
                yield self, child
            else:
                yield from child.texts()


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Node("page", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(node)
        if tag not in VOID:
            self.here = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.children.append(Node(tag, {name: value or "" for name, value in attrs}, self.here))

    def handle_endtag(self, tag: str) -> None:
        assert self.here.tag == tag, f"</{tag}> closes <{self.here.tag}>"
        assert self.here.parent is not None
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


def parse(page: str) -> Node:
    """The page as a tree; every element must be closed in order."""
    builder = _Builder()
    builder.feed(page)
    builder.close()
    assert builder.here is builder.root, f"<{builder.here.tag}> is never closed"
    return builder.root


def find(root: Node, tag: str | None = None, **attrs: str) -> list[Node]:
    """Elements of a tag (and of a class, by `cls`) with these attributes."""
    cls = attrs.pop("cls", None)
    return [
        node
        for node in root.walk()
        if (tag is None or node.tag == tag)
        and (cls is None or cls in node.classes)
        and all(node.attrs.get(name) == value for name, value in attrs.items())
    ]
