"""A real browser for the tests that need one: Debian's Chromium, headless, and a local server."""

import functools
import json
import shutil
import tempfile
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from tests.answers import ROOT

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)

FORMULAS = {"mathjax_path": "none.js", "myst_enable_extensions": ["amsmath", "dollarmath"]}
# For scripts of a page: act on what is drawn on canvases, before it is.
ALSO = """
const proto = CanvasRenderingContext2D.prototype;
const also = (name, act) => {
  const draw = proto[name];
  proto[name] = function (...given) { act(this, ...given); return draw.apply(this, given); };
};
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def build_site(source, folder, *extensions, **settings):
    """Build a site like the book's, with some of its extensions; returns its folder, ``folder / "site"``.

    Warnings are errors. Formulas, of a site with FORMULAS, stay as they are written.
    """
    conf = {
        "extensions": ["myst_parser", *extensions],
        "html_theme": "sphinx_book_theme",
        "html_static_path": [str(ROOT / "book" / "assets")],
        "html_context": {"default_mode": "light"},
        **settings,
    }
    with patch_docutils(), docutils_namespace():
        Sphinx(
            srcdir=source,
            confdir=None,
            outdir=folder / "site",
            doctreedir=folder / "doctrees",
            buildername="html",
            confoverrides=conf,
            warningiserror=True,
            status=None,
        ).build()
    for asked_for in ("favicon.ico", "_static/none.js"):  # and noted if it were missing
        (folder / "site" / asked_for).touch()
    return folder / "site"


@contextmanager
def serve(folder, handler=_Quiet):
    """Serve ``folder`` on a free port of this machine; yields its address, with a final slash."""
    handler = functools.partial(handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def find_program(*names):
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise RuntimeError(
            f"no {names[0]}: run `make setup`, or install Debian's packages chromium, chromium-driver"
        )
    return found


@contextmanager
def launch(width=1280, height=900):
    """Start a browser with an empty profile; yields the selenium driver.

    The driver keeps two logs: ``browser`` (the console) and ``performance`` (see ``requests``).
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = find_program("chromium", "google-chrome")
        for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(find_program("chromedriver")))
        try:
            resize(driver, width, height)
            driver.get("about:blank")
            requests(driver)  # forget those of the page that the browser opened with
            yield driver
        finally:
            driver.quit()


def resize(driver, width, height=900):
    """Give the page a viewport of ``width`` by ``height`` CSS pixels, narrower than a window can be."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def settle(driver):
    """Wait until what was asked for has been painted."""
    driver.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done));"
    )


def errors(driver):
    """The errors in the console since it was last looked at."""
    return [e["message"] for e in driver.get_log("browser") if e["level"] == "SEVERE"]


def requests(driver):
    """The requests since the last call: a list of ``(address, HTTP status or None)``."""
    asked, status = {}, {}
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        params = message["params"]
        if message["method"] == "Network.requestWillBeSent":
            asked[params["requestId"]] = params["request"]["url"]
        elif message["method"] == "Network.responseReceived":
            status[params["requestId"]] = params["response"]["status"]
    return [(url, status.get(request)) for request, url in asked.items()]


def set_theme(driver, theme):
    """Show the page in a theme, with every change of color at its end."""
    driver.execute_script(
        "document.documentElement.dataset.theme = arguments[0];"
        "for (const change of document.getAnimations())"
        "  if (change instanceof CSSTransition) change.finish();",
        theme,
    )
