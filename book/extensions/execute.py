"""A local Sphinx extension: run the pages' code on all cores, before Sphinx reads the pages.

MyST-NB runs a page when it reads it, one after the other, unless its cache holds the outputs. This
fills that cache, several pages at a time. A page whose code fails or hangs is left to MyST-NB, which
runs it again and reports the error where it happened.
"""

import multiprocessing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import create_nb_reader
from sphinx.util import logging
from traitlets.config import Config

logger = logging.getLogger(__name__)


def notebooks_to_run(env, docnames, cache):
    """Yield ``(path, notebook)`` for each page with code whose outputs the cache lacks."""
    for docname in docnames:
        path = env.doc2path(docname)
        text = Path(path).read_text(encoding="utf-8")
        reader = create_nb_reader(path, env.myst_config, env.mystnb_config, text)
        if reader is None:
            continue
        notebook = reader.read(text)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            yield path, notebook


def run_page(page, timeout):
    """Run a page's cells in a kernel of its own; its path and result, None if its code fails."""
    path, notebook = page
    # Kernels that start at the same time may get the same TCP port, and then one of them dies.
    with TemporaryDirectory(prefix="page-") as folder:
        sockets = Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})
        try:
            result = single_nb_execution(
                notebook, str(Path(path).parent), timeout, allow_errors=False, config=sockets
            )
        except RuntimeError:  # the kernel died
            return path, None
    return path, result if result.err is None else None


def run_pages(app, env, docnames):
    """Run what has to be run, on as many cores as there are, and keep the outputs."""
    config = env.mystnb_config
    if config.execution_mode != "cache":
        return
    cache = get_cache(config.execution_cache_path)
    todo = list(notebooks_to_run(env, docnames, cache))
    run = partial(run_page, timeout=config.execution_timeout)
    with multiprocessing.Pool() as pool:
        pages = pool.imap_unordered(run, todo)
        for count in range(1, len(todo) + 1):
            try:
                path, result = pages.next(timeout=2 * config.execution_timeout)
            except multiprocessing.TimeoutError:  # no cell may take so long: something hangs
                logger.info(f"executing [{count}/{len(todo)}] no page has ended for long")
                break
            ending = f"{result.time:.1f} s" if result else "failed"
            where = Path(path).relative_to(app.srcdir)
            logger.info(f"executing [{count}/{len(todo)}] {where}: {ending}")
            if result:
                seconds = {"execution_seconds": result.time}
                bundle = CacheBundleIn(result.nb, path, data=seconds)
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def setup(app):
    app.connect("env-before-read-docs", run_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
