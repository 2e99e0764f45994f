"""A figure as a still picture: SVG that needs no script, prints, and follows the page between light and dark."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from auditnn.figures.reading import drawable_text
from auditnn.figures.theme import pairs

VEGA_LITE = "6.4"
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
UNWANTED = ("role", "aria-roledescription", "aria-hidden", "pointer-events")
CROWD = 300
SHIFT = re.compile(r"translate\((-?[\d.]+),(-?[\d.]+)\)")
CIRCLE = re.compile(r"M(-?[\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0Z?")
ROUND = re.compile(r"(\d+\.\d{2})\d+")


def svg(spec: dict[str, Any], *, prefix: str = "f", said: str = "") -> str:
    """The spec drawn by vl-convert (no browser, no network), cleaned for use inside a page.

    Ids get `prefix`, so that several figures can share a page; what a mark says of itself becomes its native
    tooltip; `said` is what a screen reader gets for the whole.
    """
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
    return clean(drawn, prefix=prefix, said=said)


def clean(drawn: str, *, prefix: str, said: str) -> str:
    """One SVG made fit for a page: own ids, no roles inside, native tooltips, no needless decimals."""
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(drawn)
    for parent in root.iter():
        for child in list(parent):
            if child.get("display") == "none" or child.get("opacity") == "0":
                parent.remove(child)
    for group in list(root.iter()):
        _merge_crowd(group)
    ids = [element.get("id", "") for element in root.iter() if element.get("id")]
    names = {id: f"{prefix}-{position}" for position, id in enumerate(ids)}
    for element in root.iter():
        _clean_element(element, names)
    _share_pictures(root, prefix)
    width, height = root.get("width", "0"), root.get("height", "0")
    root.set("viewBox", f"0 0 {width} {height}")
    root.set("class", "figure-svg")
    root.set("role", "img")
    root.set("aria-label", drawable_text(said))
    return ElementTree.tostring(root, encoding="unicode")


def dark_rules(selector: str = "") -> str:
    """CSS that repaints a still figure in dark: each light color of the palette becomes its partner."""
    lines = []
    for light, dark in pairs():
        for name in ("fill", "stroke"):
            lines.append(f'{selector}[{name}="{light}"]{{{name}:{dark}}}')
    return "\n".join(lines)


def _clean_element(element: ElementTree.Element, names: dict[str, str]) -> None:
    said = element.get("aria-label")
    graphic = element.get("aria-roledescription") not in (None, "axis", "legend", "group mark container")
    if said is not None:
        del element.attrib["aria-label"]
        if graphic and len(element) == 0:
            title = ElementTree.SubElement(element, f"{{{SVG}}}title")
            title.text, title.tail = said, None
    for name in UNWANTED:
        element.attrib.pop(name, None)
    if element.get("class", "").startswith(("mark-", "background", "foreground")):
        del element.attrib["class"]
    # A style attribute would need a laxer security policy; the same words are attributes of their own in SVG.
    for part in element.attrib.pop("style", "").split(";"):
        name, colon, value = part.partition(":")
        if colon:
            element.set(name.strip(), value.strip())
    for name, value in element.attrib.items():
        if name == "id":
            value = names[value]
        elif value.startswith("url(#"):
            value = f"url(#{names[value[5:-1]]})"
        elif name in ("d", "transform", "x", "y", "x2", "y2", "width", "height"):
            value = ROUND.sub(r"\1", value)
        element.set(name, value)


def _merge_crowd(group: ElementTree.Element) -> None:
    """A crowd of dots made one mark for each color, which draws the same and weighs a tenth: dots are then the round
    ends of lines without length. What each says of itself is left to the table and the live figure."""
    dots = [(SHIFT.fullmatch(one.get("transform", "")), CIRCLE.match(one.get("d", "")), one) for one in group]
    if len(dots) <= CROWD or not all(shift and circle for shift, circle, _ in dots):
        return
    merged: dict[tuple[str, ...], list[str]] = {}
    for shift, circle, one in dots:
        assert shift is not None
        assert circle is not None
        look = (one.get("fill", ""), one.get("opacity", one.get("fill-opacity", "1")), circle[1])
        merged.setdefault(look, []).append(f"M{float(shift[1]):.1f} {float(shift[2]):.1f}h0")
    for one in list(group):
        group.remove(one)
    for (color, opacity, radius), places in merged.items():
        look_of = {"fill": "none", "stroke": color, "stroke-linecap": "round", "stroke-opacity": opacity}
        width = f"{2 * float(radius):.2f}"
        ElementTree.SubElement(group, f"{{{SVG}}}path", {"d": "".join(places), "stroke-width": width, **look_of})


def _share_pictures(root: ElementTree.Element, prefix: str) -> None:
    """Each picture once, however often it is shown: the second and further ones point at the first."""
    first: dict[tuple[str | None, ...], ElementTree.Element] = {}
    for one in root.iter(f"{{{SVG}}}image"):
        href = one.get(f"{{{XLINK}}}href") or one.get("href")
        key = (href, one.get("width"), one.get("height"), one.get("image-rendering"), one.get("preserveAspectRatio"))
        if key not in first:
            first[key] = one
            continue
        original = first[key]
        original.set("id", original.get("id") or f"{prefix}-p{list(first).index(key)}")
        away = [a - b for a, b in zip(_place(one), _place(original), strict=True)]
        one.tag = f"{{{SVG}}}use"
        one.attrib.clear()
        one.set("href", f"#{original.get('id')}")
        for name, by in zip(("x", "y"), away, strict=True):
            one.set(name, f"{by:.2f}".rstrip("0").rstrip("."))


def _place(one: ElementTree.Element) -> tuple[float, float]:
    shift = SHIFT.fullmatch(one.get("transform", ""))
    return (float(shift[1]), float(shift[2])) if shift else (0.0, 0.0)
