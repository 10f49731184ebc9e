"""A local Sphinx extension: run the pages' code on all cores, before Sphinx reads the pages.

MyST-NB runs a page when it reads it, one after the other, unless its cache holds the outputs. This
fills that cache, several pages at a time. MyST-NB looks a page up by the code of its cells; each
entry also keeps how long the cells ran, and a digest of the modules and data that the code depends
on (``modules.py``); an entry with another digest than today's is thrown away. A page whose code
fails or hangs is left to MyST-NB, which runs it again and reports the error where it happened.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from tempfile import TemporaryDirectory

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import create_nb_reader
from myst_nb.sphinx_ import SphinxEnvType
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata
from traitlets.config import Config

from book.extensions.kernels import fork_kernels
from book.extensions.modules import Modules

Page = tuple[str, str, NotebookNode]  # its name, its path and its cells

logger = logging.getLogger(__name__)


class Environment(SphinxEnvType):
    """Sphinx's environment, with a digest of what each page with code depends on."""

    page_modules: dict[str, str]
    page_seconds: dict[str, dict[str, float]]  # of a page's cells, for fold.py


def read_notebook(env: Environment, docname: str) -> NotebookNode | None:
    """The notebook that a page is, None if it has no code."""
    path = env.doc2path(docname)
    text = Path(path).read_text(encoding="utf-8")
    reader = create_nb_reader(path, env.myst_config, env.mystnb_config, text)
    return reader and reader.read(text)


def pages_with_new_modules(
    app: Sphinx, env: Environment, added: set[str], changed: set[str], removed: set[str]
) -> set[str]:
    """Have pages read again if what their code depends on has changed since they were read."""
    if env.mystnb_config.execution_mode != "cache":
        return set()
    modules, before = Modules(app.srcdir), getattr(env, "page_modules", {})
    env.page_modules = {}
    for docname in env.found_docs:
        if notebook := read_notebook(env, docname):
            code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
            env.page_modules[docname] = modules.digest(code)
    return {page for page, digest in env.page_modules.items() if before.get(page) != digest}


def pages_to_run(
    env: Environment, docnames: Iterable[str], cache: JupyterCacheAbstract
) -> Iterator[Page]:
    """Yield each page with code whose outputs the cache lacks."""
    for docname in docnames:
        notebook = read_notebook(env, docname)
        if notebook is None:
            continue
        try:
            record = cache.match_cache_notebook(notebook)
        except KeyError:
            yield docname, env.doc2path(docname), notebook
            continue
        if record.data.get("modules") != env.page_modules[docname]:
            cache.remove_cache(record.pk)
            yield docname, env.doc2path(docname), notebook
        else:
            env.page_seconds[docname] = record.data.get("seconds", {})


def run_page(page: Page, timeout: int) -> tuple[str, str, ExecutionResult | None]:
    """Run a page's cells in a kernel of its own; its name, its path and its result.

    The result is None if the code fails.
    """
    docname, path, notebook = page
    # Kernels that start at the same time may get the same TCP port, and then one of them dies.
    with TemporaryDirectory(prefix="page-") as folder:
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})
        try:
            result = single_nb_execution(
                notebook,
                str(Path(path).parent),
                timeout,
                allow_errors=False,
                record_timing=True,
                config=config,
            )
        except RuntimeError:  # the kernel died
            return docname, path, None
    return docname, path, result if result.err is None else None


def take_times(notebook: NotebookNode) -> dict[str, float]:
    """Take from a notebook how long its cells ran, in seconds, by the number of their execution.

    It must not stay there: MyST-NB looks a page up by all that its cells have.
    """
    seconds = {}
    for cell in notebook.cells:
        noted = cell.metadata.pop("execution", {})
        if {"iopub.execute_input", "shell.execute_reply"} <= set(noted):
            began = datetime.fromisoformat(noted["iopub.execute_input"])
            ended = datetime.fromisoformat(noted["shell.execute_reply"])
            seconds[str(cell.execution_count)] = (ended - began).total_seconds()
    return seconds


def run_pages(app: Sphinx, env: Environment, docnames: list[str]) -> None:
    """Run what has to be run, on as many cores as there are, and keep the outputs."""
    config = env.mystnb_config
    if config.execution_mode != "cache":
        return
    cache = get_cache(config.execution_cache_path)
    env.page_seconds = getattr(env, "page_seconds", {})
    todo = list(pages_to_run(env, docnames, cache))
    run = partial(run_page, timeout=config.execution_timeout)
    if len(todo) > 1:
        fork_kernels()
    with ThreadPool() as pool:  # each waits for its kernel
        for count, done in enumerate(pool.imap_unordered(run, todo), 1):
            docname, path, result = done
            where = Path(path).relative_to(app.srcdir).as_posix()
            ending = f"{result.time:.1f} s" if result else "failed"
            logger.info(f"executing [{count}/{len(todo)}] {where}: {ending}")
            if result:
                seconds = env.page_seconds[docname] = take_times(result.nb)
                about = {
                    "execution_seconds": result.time,
                    "modules": env.page_modules[docname],
                    "seconds": seconds,
                }
                bundle = CacheBundleIn(result.nb, where, data=about)
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("env-get-outdated", pages_with_new_modules)
    app.connect("env-before-read-docs", run_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
