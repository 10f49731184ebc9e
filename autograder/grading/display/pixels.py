"""Pictures that students hand in or draw, painted anew: nothing but pixels reaches a page.

What lies behind a picture's end, its comments and where and when it was taken stay behind, and so
does a file that is no picture.
"""

import base64
import io
import math
import re
import warnings
from typing import TYPE_CHECKING

from autograder.grading.bounds import Bounds, OutOfTime

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
EMBEDDED = re.compile(r"data:image/[\w.+-]+;base64,([A-Za-z0-9+/=\s]*)", re.I)
WIDEST = 2_000  # pixels, of what is shown
PLAIN = ("1", "L", "LA", "RGB", "RGBA", "I;16")  # modes that PNG knows
MOST_SCANS = 64  # of a JPEG; ten are usual, and each costs as much as a picture
SCAN = b"\xff\xda"
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
    from PIL import Image  # few submissions need it

    try:
        raw = base64.b64decode("".join(packed.split()), validate=True)
        with (
            bounds.painting(),
            warnings.catch_warnings(action="ignore"),  # a browser shows what Pillow warns of
            Image.open(io.BytesIO(raw), formats=FORMATS) as opened,
        ):
            of_jpeg = opened.format in ("JPEG", "MPO")
            if not bounds.take_pixels(math.prod(opened.size)):
                return None
            if of_jpeg and raw.count(SCAN) > MOST_SCANS:
                return None
            kind = "JPEG" if of_jpeg else "PNG"
            opened.thumbnail((WIDEST, WIDEST))
            picture = _as_held(opened)
            if picture.has_transparency_data and picture.mode != "I;16":  # that has 16 bits to keep
                picture = picture.convert("RGBA")
            elif picture.mode not in PLAIN:
                picture = picture.convert("RGB")
            picture.info = {}  # of which comments and profiles would be written
            picture.save(new := io.BytesIO(), kind, quality=GOOD)
    except (OutOfTime, Exception):  # of bytes of any kind
        return None
    return f"image/{kind.lower()}", base64.b64encode(new.getvalue()).decode()


def _as_held(picture: "Image") -> "Image":
    """A photo as the camera was held, where what says so can be read."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # of bytes of any kind
        return picture


def redrawn_in(markup: str, bounds: Bounds) -> str:
    """HTML or SVG with each embedded picture painted anew; one that is none leaves nothing."""

    def address(match: re.Match) -> str:
        new = redrawn(match[1], bounds)
        return "data:{};base64,{}".format(*new) if new else "data:,"

    return EMBEDDED.sub(address, markup)
