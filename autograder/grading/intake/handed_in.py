"""Pictures that a submission brings along under given cells: kept where those do not run again.

Of all outputs that are handed in these alone are looked at, since a browser that is given a picture
as a picture runs nothing. Each must be one by its first bytes and by what they say, of a sound size.
"""

import base64
import binascii
import io
import math
import warnings
from typing import Any

import nbformat
from nbformat import NotebookNode

KINDS = {"image/png": "PNG", "image/jpeg": "JPEG"}
LONGEST = 1_500_000  # characters of one picture; a figure of Matplotlib's takes some 40,000
MOST_OF_A_CELL = 6
ROOM = 6_000_000  # characters of all pictures in a notebook
LARGEST_SIDE = 4_000  # pixels
MOST_PIXELS = 8_000_000  # of all in a cell: a browser takes four bytes for each
FORM = {"output_type": "display_data", "metadata": {}}


class Kept:
    """The pictures of one notebook, taken while it is read, so that no other output is in memory."""

    def __init__(self) -> None:
        self.room = ROOM

    def of_cell(self, held: dict[str, Any]) -> dict[str, Any]:
        """Called for each object of a notebook: outputs become the pictures that a given cell had."""
        if "outputs" in held:
            held["outputs"] = self._pictures(held["outputs"]) if _is_given(held) else None
        return held

    def _pictures(self, outputs: Any) -> list[dict[str, str]]:
        kept: list[dict[str, str]] = []
        for output in outputs if isinstance(outputs, list) else []:
            data = output.get("data") if isinstance(output, dict) else None
            found = _first_picture(data) if isinstance(data, dict) else None
            if found is None or len(kept) == MOST_OF_A_CELL:
                continue
            kind, packed = found
            if len(packed) <= min(LONGEST, self.room):
                self.room -= len(packed)
                kept.append({kind: packed})
        return kept


def _is_given(held: dict[str, Any]) -> bool:
    """Whether a cell says that it is one of the release; what it says is looked into later."""
    metadata = held.get("metadata")
    return isinstance(metadata, dict) and isinstance(metadata.get("nbgrader"), dict)


def _first_picture(data: dict[str, Any]) -> tuple[str, str] | None:
    for kind in KINDS:
        value = data.get(kind)
        if isinstance(value, list):
            value = "".join(line for line in value if isinstance(line, str))
        if isinstance(value, str):
            return kind, value
    return None


def sound(pictures: Any) -> list[NotebookNode]:
    """Outputs with those pictures, as ``Kept`` took them, that are what they say they are."""
    bundles, room = [], MOST_PIXELS
    for picture in pictures if isinstance(pictures, list) else []:
        for kind, value in picture.items():
            packed, pixels = _checked(kind, value)
            if packed and pixels <= room:
                room -= pixels
                bundles.append({kind: packed})
    return [nbformat.from_dict({**FORM, "data": bundle}) for bundle in bundles]


def _checked(kind: str, value: str) -> tuple[str, int]:
    """A still picture packed anew, and its pixels, which are not decoded here; "" if it is none."""
    from PIL import Image  # few submissions need it

    try:
        raw = base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return "", 0
    try:
        with (
            warnings.catch_warnings(action="error"),
            Image.open(io.BytesIO(raw), formats=(KINDS[kind],)) as picture,
        ):
            still = not getattr(picture, "is_animated", False)
            fits = still and max(picture.size) <= LARGEST_SIDE
            pixels = math.prod(picture.size)
            picture.verify()
    except Exception:  # of bytes of any kind
        return "", 0
    return (base64.b64encode(raw).decode() if fits else ""), pixels
