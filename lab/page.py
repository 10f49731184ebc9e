"""What every page of the book needs."""

from typing import Any

import myst_nb
import torch

from lab import plots


def begin_page() -> None:
    """Call it at the top of a page: the figures' style, one thread, no numbers below 1e-38.

    The tensors are too small to share out. Signals and weights that vanish are slow to compute with
    unless what is below the normal range counts as zero.
    """
    plots.use_style()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


def glue(name: str, value: Any) -> None:
    """Keep a value for the prose, which shows it by ``{glue:text}`name```; the cell does not."""
    myst_nb.glue(name, value, display=False)
