"""What every page of the book needs."""

from collections.abc import Sequence
from typing import Any

import myst_nb
import torch
from IPython.core.getipython import get_ipython
from IPython.display import Markdown, display
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats
from threadpoolctl import threadpool_limits

from lab import drawing, plots


def begin_page() -> None:
    """Call it at the top of a page: the figures' style and form, one thread, no numbers below 1e-38.

    The tensors are too small to share out, NumPy's arrays as well: on two threads a page of small
    linear algebra took four times the processor's time. Signals and weights that vanish are slow to
    compute with unless what is below the normal range counts as zero.
    """
    plots.use_style()
    if (shell := get_ipython()) and shell.display_formatter:
        set_matplotlib_formats("svg")
        shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, drawing.both)
    torch.set_num_threads(1)
    threadpool_limits(1)
    torch.set_flush_denormal(True)


def glue(name: str, value: Any) -> None:
    """Keep a value for the prose, which shows it by ``{glue:text}`name```; the cell does not."""
    myst_nb.glue(name, value, display=False)


def show_table(rows: Sequence[Sequence[str]]) -> None:
    """Show a table; its first row names the columns, its first column the rows."""
    first, *rest = ("| " + " | ".join(row) + " |" for row in rows)
    ruler = "|---" + "|---:" * (len(rows[0]) - 1) + "|"
    display(Markdown("\n".join([first, ruler, *rest])))
