"""The pictures that students do not have."""

from pathlib import Path

from lab import pictures
from lab.pictures import Pictures

FOLDER = Path(__file__).parent.parent / "held_out"


def held_out() -> Pictures:
    """75 pictures, sorted by class."""
    return pictures.read_sheet(FOLDER, "held out")
