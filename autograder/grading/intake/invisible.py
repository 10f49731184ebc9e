"""Characters of pasted code that nobody sees and Python does not take: they become white space, or go."""

import re
import unicodedata

# What may hold such characters rightly, up to its end, if it has one, and else one of them.
LITERALS = r"""(?s:\"{3}.*?(?:\"{3}|\Z)|'{3}.*?(?:'{3}|\Z))|"(?:\\.|[^"\\\n])*+"?|'(?:\\.|[^'\\\n])*+'?|\#[^\n]*+"""
PIECES = re.compile(rf"({LITERALS})|([^\x00-\x7f])")
INSTEAD = {"Zs": " ", "Zl": "\n", "Zp": "\n", "Cf": ""}  # by what Unicode has them for


def visible(code: str) -> str:
    """Code without such characters; in strings, comments and cells of another language they stay.

    Anywhere else they are a syntax error, so that code that ran runs as it did.
    """
    if code.isascii() or code.lstrip().startswith("%%"):
        return code
    return PIECES.sub(lambda m: m[1] or _instead(m[2]), code)


def _instead(character: str) -> str:
    return INSTEAD.get(unicodedata.category(character), character)
