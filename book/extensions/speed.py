"""A local Sphinx extension: pages are read and written on all cores, with less garbage collection.

Jupyter Book has no option for the first. Pages are large trees that live on: to go through them again
and again is an eighth of Sphinx's time, and once more when it exits another five seconds.
"""

import gc
import os

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

# Jupyter Book's own, which do not say so: the first changes nothing but LaTeX, the second numbers
# sections once all pages have been read.
SAFE = ("sphinx_jupyterbook_latex", "sphinx_multitoc_numbering")


def declare_safe(app: Sphinx) -> None:
    """Say of Jupyter Book's extensions that pages may be read in parallel."""
    for name in SAFE:
        app.extensions[name].parallel_read_safe = True


def leave_garbage(app: Sphinx, error: Exception | None) -> None:
    """Have Python exit without a look at what it holds."""
    gc.freeze()


def setup(app: Sphinx) -> ExtensionMetadata:
    gc.set_threshold(100_000, 50)
    app.parallel = (os.cpu_count() or 1) + 1  # one of them resolves what the others write
    app.connect("builder-inited", declare_safe)
    app.connect("build-finished", leave_garbage, priority=999)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
