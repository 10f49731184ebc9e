"""Formulas as MathML, which browsers draw by themselves: no script, no font, no other host.

What is not understood stays as TeX.
"""

import re
from functools import lru_cache
from html import unescape
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element

from autograder.grading.bounds import Bounds, OutOfTime

TAG = re.compile(r"(<[^>]*>)")
AS_IT_IS = ("pre", "code", "math", "svg", "style")  # elements with no formula in them
FORMULA = re.compile(
    r"\$\$(?P<block>.+?)\$\$|\\\[(?P<bracket>.+?)\\\]"
    r"|(?P<environment>\\begin\{(?P<name>align\*?|aligned|equation\*?|gather\*?)\}.+?\\end\{(?P=name)\})"
    r"|(?<![\\\w$])\$(?P<inline>[^\s$](?:[^$]*[^\s$\\])?)\$(?![\w$])|\\\((?P<round>.+?)\\\)",
    re.DOTALL,
)
LONGEST = 2_000  # characters
ELEMENTS = (
    "math mrow mi mn mo mtext mspace msub msup msubsup munder mover munderover mfrac msqrt mroot mtable"
    " mtr mtd mstyle mpadded mphantom"
)
ATTRIBUTES = (
    "display accent accentunder stretchy fence form separator largeop movablelimits lspace rspace width"
    " height depth linethickness displaystyle scriptlevel mathvariant minsize maxsize columnalign"
    " columnspacing rowspacing"
)
KNOWN, KNOWN_ATTRIBUTES = frozenset(ELEMENTS.split()), frozenset(ATTRIBUTES.split())


def with_formulas(html: str, bounds: Bounds) -> str:
    """HTML whose formulas in TeX have become MathML."""
    if "$" not in html and "\\" not in html:
        return html
    try:
        with bounds.time():
            made = _with_formulas(html)
    except OutOfTime:
        return html
    return made if bounds.take(made) else html


@lru_cache(maxsize=256)  # most texts are the release's: the same in the whole class
def _with_formulas(html: str) -> str:
    return "".join(_pieces(html))


def _pieces(html: str) -> list[str]:
    inside: list[str] = []
    pieces = []
    for piece in TAG.split(html):
        if piece.startswith("<"):
            name = re.sub(r"[^a-z0-9].*", "", piece.strip("</>").lower(), flags=re.DOTALL)
            if piece.startswith("</"):
                if inside and inside[-1] == name:
                    inside.pop()
            elif name in AS_IT_IS:
                inside.append(name)
        elif not inside:
            piece = FORMULA.sub(_made, piece)
        pieces.append(piece)
    return pieces


def _made(match: re.Match[str]) -> str:
    held = match.groupdict()
    inline = held["inline"] or held["round"]
    tex = inline or held["block"] or held["bracket"] or held["environment"]
    return mathml(unescape(tex), block=not inline) or match[0]


def mathml(tex: str, block: bool) -> str:
    """A formula as MathML; empty if it is not understood."""
    if len(tex) > LONGEST:
        return ""
    # the converter knows environments by the names that stand within a formula
    tex = re.sub(r"\\(begin|end)\{(align|gather|aligned)\*?\}", r"\\\1{align*}", tex.strip())
    tex = re.sub(r"\\(begin|end)\{equation\*?\}", "", tex)
    try:
        element = convert_to_element(tex, display="block" if block else "inline")
        rebuilt = _rebuilt(element)
    except (Exception, RecursionError):  # of a parser that was given anything
        return ""
    if rebuilt is None:
        return ""
    rebuilt.set("xmlns", "http://www.w3.org/1998/Math/MathML")
    rebuilt.set("alttext", tex)
    made = tostring(rebuilt, encoding="unicode")
    # a formula that is wider than a phone is moved sideways by itself
    return f'<span class="formula" tabindex="0">{made}</span>' if block else made


def _rebuilt(element: Element) -> Element | None:
    """What is known of an element: nothing that could lead anywhere, or look like something else."""
    name = str(element.tag).rpartition("}")[2]
    text = unescape(element.text or "")
    if name not in KNOWN or text.startswith("\\") or text == "&":
        return None  # a command that the converter does not know
    copy = Element(name)
    copy.text = text or None
    for attribute, value in element.items():
        if attribute in KNOWN_ATTRIBUTES:
            copy.set(attribute, value)
    for child in element:
        if (made := _rebuilt(child)) is None:
            return None
        copy.append(made)
    return copy
