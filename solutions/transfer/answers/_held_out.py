"""The pictures that students do not have."""

from pathlib import Path

import numpy as np
import torch

from lab import pictures
from lab.pictures import Pictures

FOLDER = Path(__file__).parent.parent / "held_out"
SHIFT = 2  # pixels, at most
DARKEST = 0.95
NOISE = 1.0  # standard deviation, of 255
WHITE = 255


def held_out() -> Pictures:
    """75 pictures, sorted by class."""
    return pictures.read_sheet(FOLDER, "held out")


def views(found: Pictures, rng: np.random.Generator) -> Pictures:
    """The same pictures, each a little shifted, darker and noisy, as nobody has seen it.

    What is asked about can be printed by the code that answers. No view comes again, so that a table
    from pictures to classes finds nothing. One that looks for the most similar picture still does.
    """
    seen = np.empty(found.x.shape)
    for view, picture in zip(seen, found.x.numpy(), strict=True):
        side = picture.shape[-1]
        wide = np.pad(picture, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)), constant_values=WHITE)
        top, left = rng.integers(2 * SHIFT + 1, size=2)
        view[:] = wide[:, top : top + side, left : left + side] * rng.uniform(DARKEST, 1)
    seen += NOISE * rng.standard_normal(seen.shape)
    return found._replace(x=torch.tensor(seen.round().clip(0, WHITE).astype(np.uint8)))
