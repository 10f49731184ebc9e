"""SVG drawings of students, rebuilt from the few kinds of elements that plots are made of."""

import re
from xml.etree.ElementTree import Element, tostring

from defusedxml.ElementTree import fromstring

from autograder.grading.bounds import Bounds
from autograder.grading.display.pixels import redrawn_in

MOST_SVG = 2_000_000  # characters
DEEPEST = 40
SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"

SHAPES = "path rect circle ellipse line polyline polygon"
OTHERS = (
    "svg g defs clipPath pattern linearGradient radialGradient stop marker text tspan use image"
    " title desc"
)
ELEMENTS = frozenset(f"{SHAPES} {OTHERS}".split())
POSITIONS = (
    "d x y x1 y1 x2 y2 cx cy r rx ry fx fy dx dy width height points viewBox transform version"
    " preserveAspectRatio offset gradientUnits gradientTransform patternUnits patternTransform"
    " patternContentUnits markerWidth markerHeight refX refY orient clipPathUnits"
)
LOOKS = (
    "style fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap"
    " stroke-linejoin stroke-dasharray stroke-dashoffset stroke-miterlimit opacity clip-path"
    " clip-rule font-size font-family font-weight font-style text-anchor dominant-baseline"
    " stop-color stop-opacity marker-start marker-mid marker-end"
)
ATTRIBUTES = frozenset(f"{POSITIONS} {LOOKS}".split())
TEMPLATES = ("defs", "clipPath", "pattern", "marker")  # drawn where others refer to them
OWN_PART = re.compile(r"url\(\"?#[\w.-]+\"?\)", re.I)
PICTURE = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=\s]*")


def harmless_svg(text: str, bounds: Bounds) -> str | None:
    """The drawing without whatever could run, load or multiply; None if it is none or too large."""
    if len(text) > MOST_SVG:
        return None
    try:
        root = fromstring(text)
    except Exception:  # of the parser, of what defusedxml forbids, of a name for an encoding
        return None
    if _name(root) != "svg":
        return None
    shapes = {f"#{e.get('id')}" for e in root.iter() if _name(e) in SHAPES.split()}
    rebuilt = _rebuilt(root, shapes, bounds, DEEPEST)
    rebuilt.set("xmlns", SVG)
    rebuilt.set("xmlns:xlink", XLINK)
    return tostring(rebuilt, encoding="unicode")


def _name(element: Element) -> str:
    """The name of an element of SVG, nothing for any other."""
    space, _, name = str(element.tag).rpartition("}")
    return name if space == "{" + SVG else ""


def _rebuilt(element: Element, shapes: set[str], bounds: Bounds, depth: int) -> Element:
    """What is known of an element. ``shapes`` are the references to a shape that it may hold.

    What is referred to refers to nothing itself, or a few lines would draw millions of shapes.
    """
    copy = Element(_name(element))
    copy.text, copy.tail = element.text, element.tail
    if copy.tag in TEMPLATES:
        shapes = set()
    for attribute, value in element.items():
        if attribute == "id" or (attribute in ATTRIBUTES and _loads_nothing(value, bool(shapes))):
            copy.set(attribute, value)
    target = element.get(f"{{{XLINK}}}href", element.get("href", ""))
    if copy.tag == "use" and target in shapes:
        copy.set("xlink:href", target)
    elif copy.tag == "image" and PICTURE.fullmatch(target):
        copy.set("xlink:href", redrawn_in(target, bounds))
    if depth:
        known = (child for child in element if _name(child) in ELEMENTS)
        copy.extend(_rebuilt(child, shapes, bounds, depth - 1) for child in known)
    return copy


def _loads_nothing(value: str, refers: bool) -> bool:
    """Whether a value refers to nothing, or to other parts of the drawing if it may."""
    rest = (OWN_PART.sub("", value) if refers else value).lower()
    return not any(word in rest for word in ("url", "image", "\\", "@"))
