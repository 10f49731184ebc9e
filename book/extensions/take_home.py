"""What readers can take with them: notebooks, zips, and the links to a repository.

``{downloads}`` lists the assignments' notebooks and zips; a zip is there once ``autograder release``
has made it. A page with code gets a download of its notebook, outputs included. Where ``_config.yml``
names a repository (``repository: url``), pages get buttons for it, for its issues and for their
source, ``{repository-links}`` its address, and where it is on GitHub the assignments open in Colab;
where it names none there is nothing, and no page asks Colab for anything before it is clicked.
``{whole-book}`` links the book's PDF once ``book.pdf`` has printed it, and is nothing before.
"""

import contextlib
import html
import shutil
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import nbformat
from docutils import nodes
from jupyter_cache import get_cache
from myst_nb.sphinx_ import SphinxEnvType
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from book.extensions.exercises import ROOT, exercises_of, names

BUNDLES = ROOT / "_build" / "students"
PDF = "training-neural-networks.pdf"  # at the site's top
OFFER = '<p class="whole-book" hidden></p>'


def offered(root: str) -> str:
    """What stands in the place of ``OFFER`` once the PDF is there; ``root`` leads to the site's top."""
    return f'<p class="whole-book"><a href="{root}{PDF}">The whole book as a PDF</a></p>'


class downloads(nodes.General, nodes.Element):
    """Stands where the list goes until the place of the page is known."""


class Downloads(SphinxDirective):
    """The assignments' zips and notebooks."""

    def run(self) -> list[nodes.Node]:
        return [downloads()]


class WholeBook(SphinxDirective):
    """The place of the link to the PDF."""

    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", OFFER, format="html")]


class RepositoryLinks(SphinxDirective):
    """Where the sources are, if the configuration says so."""

    def run(self) -> list[nodes.Node]:
        if not (url := repository(self.config)):
            return []
        link = nodes.reference("", url, refuri=url)
        found: list[nodes.Node] = [
            nodes.paragraph("", "", nodes.Text("The sources: "), link, nodes.Text("."))
        ]
        if in_colab(self.config, names()[0]):
            words = (
                "An assignment opened in Colab needs its checks: run this there in a first cell."
            )
            code = (
                f"!git clone --depth 1 {url} course\n"
                "!cp -r course/autograder course/lab course/assignments/NAME/. .  # its name"
            )
            found += [
                nodes.paragraph("", words),
                nodes.literal_block(code, code, language="text"),
            ]
        return found


def repository(config: Config) -> str:
    return str((config.html_theme_options or {}).get("repository_url") or "")


def in_colab(config: Config, name: str) -> str:
    """Where Google Colab opens an assignment's notebook, "" if the repository is not on GitHub."""
    parts = urlsplit(repository(config))
    if parts.hostname != "github.com":
        return ""
    branch = (config.html_theme_options or {}).get("repository_branch") or "main"
    place = f"{parts.path.strip('/').removesuffix('.git')}/blob/{branch}"
    return f"https://colab.research.google.com/github/{place}/assignments/{name}/{name}.ipynb"


def offer_repository(app: Sphinx, config: Config) -> None:
    """Turn on the theme's buttons that need a repository, where there is one."""
    there = bool(repository(config))
    for button in ("repository", "issues", "edit_page"):
        config.html_theme_options[f"use_{button}_button"] = there


def fill_downloads(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    root = "../" * docname.count("/")
    for place in list(doctree.findall(downloads)):
        items = []
        for name in names():
            points = sum(each.points for each in exercises_of(name).values())
            files = [f"{name}.zip"] if (BUNDLES / f"{name}.zip").is_file() else []
            links = " · ".join(
                f'<a href="{root}_static/assignments/{html.escape(file)}" download>{file}</a>'
                for file in [*files, f"{name}.ipynb"]
            )
            if colab := in_colab(app.config, name):
                links += f' · <a href="{html.escape(colab)}">open in Colab</a>'
            items.append(f"<li><strong>{name}</strong> ({points:g} points to check): {links}</li>")
        place.replace_self(nodes.raw("", f"<ul>{''.join(items)}</ul>", format="html"))


def copy_bundles(app: Sphinx) -> None:
    if app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", "assignments")
    folder.mkdir(parents=True, exist_ok=True)
    for bundle in sorted(BUNDLES.glob("*.zip")):
        if bundle.stem in names():
            shutil.copy(bundle, folder)


def executed(app: Sphinx, docname: str) -> Path:
    """Where MyST-NB leaves a page's notebook."""
    return Path(app.outdir).parent / "jupyter_execute" / f"{docname}.ipynb"


def with_outputs(app: Sphinx, path: Path) -> nbformat.NotebookNode:
    """A page's notebook with what its cells put out, as far as the cache knows it."""
    notebook = nbformat.read(path, as_version=4)
    config = cast(SphinxEnvType, app.env).mystnb_config
    if config.execution_mode == "cache":
        with contextlib.suppress(KeyError):
            _, notebook = get_cache(config.execution_cache_path).merge_match_into_notebook(notebook)
    return notebook


def offer_notebook(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Put a page's notebook on the site, and add it to the page's menu of downloads."""
    source = executed(app, pagename)
    if doctree is None or not source.is_file():
        return
    place = f"_static/notebooks/{pagename}.ipynb"
    target = Path(app.outdir, place)
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(with_outputs(app, source), target)
    button = {
        "type": "link",
        "url": "../" * pagename.count("/") + place,
        "text": ".ipynb",
        "tooltip": "Download the notebook",
        "icon": "fas fa-file-code",
        "label": "download-notebook-button",
    }
    for group in context.get("header_buttons", ()):
        if group.get("label") == "download-buttons":
            group["buttons"].insert(0, button)


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_node(downloads)
    app.add_directive("downloads", Downloads)
    app.add_directive("repository-links", RepositoryLinks)
    app.add_directive("whole-book", WholeBook)
    app.connect("config-inited", offer_repository)
    app.connect("builder-inited", copy_bundles)
    app.connect("doctree-resolved", fill_downloads)
    app.connect("html-page-context", offer_notebook, priority=900)  # after the theme's own buttons
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
