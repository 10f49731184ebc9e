"""Pictures that students hand in or draw, painted anew: nothing but pixels reaches a page.

What lies behind a picture's end, its comments and where and when it was taken stay behind, and so
does a file that is no picture.
"""

import base64
import io
import math
import re
import warnings

from autograder.grading.bounds import Bounds

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
EMBEDDED = re.compile(r"data:image/[\w.+-]+;base64,([A-Za-z0-9+/=\s]*)", re.I)
WIDEST = 2_000  # pixels, of what is shown
PLAIN = ("1", "L", "LA", "RGB", "RGBA", "I;16")  # modes that PNG knows
GOOD = 90  # of a JPEG's qualities; no difference is seen


def redrawn(packed: str, bounds: Bounds) -> tuple[str, str] | None:
    """The type and the base64 of a picture's pixels alone; None if it is none, or too large."""
    done = bounds.painted
    if packed not in done:  # one picture may bear many names, and what is painted stays as it is
        done[packed] = new = _painted(packed, bounds)
        if new is not None:
            done[new[1]] = new
    return done[packed]


def _painted(packed: str, bounds: Bounds) -> tuple[str, str] | None:
    from PIL import Image, ImageOps  # few submissions need it

    try:
        raw = base64.b64decode("".join(packed.split()), validate=True)
        with (
            warnings.catch_warnings(action="error"),
            Image.open(io.BytesIO(raw), formats=FORMATS) as opened,
        ):
            if not bounds.take_pixels(math.prod(opened.size)):
                return None
            kind = "JPEG" if opened.format in ("JPEG", "MPO") else "PNG"
            opened.thumbnail((WIDEST, WIDEST))
            picture = ImageOps.exif_transpose(opened)
            if picture.has_transparency_data:
                picture = picture.convert("RGBA")
            elif picture.mode not in PLAIN:
                picture = picture.convert("RGB")
            picture.info = {}  # of which comments and profiles would be written
            picture.save(new := io.BytesIO(), kind, quality=GOOD)
    except Exception:  # of bytes of any kind
        return None
    return f"image/{kind.lower()}", base64.b64encode(new.getvalue()).decode()


def redrawn_in(markup: str, bounds: Bounds) -> str:
    """HTML or SVG with each embedded picture painted anew; one that is none leaves nothing."""

    def address(match: re.Match) -> str:
        new = redrawn(match[1], bounds)
        return "data:{};base64,{}".format(*new) if new else "data:,"

    return EMBEDDED.sub(address, markup)
