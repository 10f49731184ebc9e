"""nbgrader's formgrader, with a content security policy: none but its own scripts run in its pages.

An extension of the Jupyter server, in the place of nbgrader's own. A submission is shown on the
instructor's side of the login: a script in it could enter points, or use all of Jupyter's API.
"""

import base64
import hashlib
import re
import secrets
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension
from jupyter_server.base.handlers import AuthenticatedHandler
from nbgrader.server_extensions.formgrader import handlers
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

from autograder.grading.display.pages import SubmissionPage

TEMPLATES = Path(handlers.template_path)
NONCE = secrets.token_urlsafe(16)  # a submission that is stored cannot know it
SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.S)
FILLED_IN = re.compile(r'"\{\{ *([\w.]+) *\}\}"')
HANDLER = re.compile(r'\son[a-z]+="([^"]*)"', re.I)


def _hashes() -> str:
    """Of what nbgrader's templates have in attributes such as ``onclick``, where no nonce can go."""
    found = {code for file in TEMPLATES.rglob("*.*") for code in HANDLER.findall(file.read_text())}
    digests = (hashlib.sha256(code.encode()).digest() for code in sorted(found))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


PAGE_POLICY = (
    f"default-src 'none'; script-src 'nonce-{NONCE}' 'unsafe-hashes' {_hashes()}; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'self'"  # of what was handed in


class OwnScripts(Extension):
    """Gives the nonce to the scripts in nbgrader's templates, before anything is filled in.

    What is filled into a string of a script is written as scripts write strings.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        if filename is None or TEMPLATES not in Path(filename).parents:
            return source  # nbconvert's templates run what a notebook holds
        return SCRIPT.sub(_own, source)


def _own(script: re.Match[str]) -> str:
    body = FILLED_IN.sub(r"{{ \1 | tojson }}", script[2])
    return f'<script nonce="{NONCE}"{script[1]}>{body}</script>'


class FormgraderPage(SubmissionPage):
    """The page on which a submission is graded by hand."""

    # formgrade.js waits for MathJax before it lets anybody type
    head = f"""<script nonce="{NONCE}">
    var MathJax = {{Hub: {{Startup: {{signal: {{Interest: function (done) {{ done("End"); }}}}}}}}}};
    </script>"""

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.add_extension(OwnScripts)
        return environment

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """The names of people and files go into the page as text."""
        safe = {k: escape(v) if isinstance(v, str) else v for k, v in (resources or {}).items()}
        return super().from_filename(filename, resources=safe, **kw)


class Formgrader(FormgradeExtension):
    """The extension as nbgrader has it, but for the policy and the escaping of names."""

    def init_tornado_settings(self, webapp: Any) -> None:
        super().init_tornado_settings(webapp)
        environment = webapp.settings["nbgrader_jinja2_env"]
        environment.autoescape = True
        environment.add_extension(OwnScripts)
        webapp.settings["nbgrader_exporter"] = FormgraderPage(config=self.config)

    def init_handlers(self, webapp: Any) -> None:
        super().init_handlers(_WithPolicies(webapp))


class _WithPolicies:
    """Stands for the web application while nbgrader adds its handlers to it."""

    def __init__(self, webapp: Any) -> None:
        self.webapp = webapp
        self.settings = webapp.settings

    def add_handlers(self, host: str, rules: list[tuple]) -> None:
        self.webapp.add_handlers(host, [(path, _guarded(kind), *r) for path, kind, *r in rules])


def _guarded(handler: type) -> type:
    if not issubclass(handler, AuthenticatedHandler):
        return handler  # for nbgrader's own files
    of_students = issubclass(handler, handlers.SubmissionFilesHandler)
    policy = FILE_POLICY if of_students else PAGE_POLICY
    return type(handler.__name__, (handler,), {"content_security_policy": policy})


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    formgrader = Formgrader(parent=server)
    formgrader.root_dir = server.root_dir
    formgrader.log = server.log
    formgrader.initialize([])
    formgrader.init_tornado_settings(server.web_app)
    formgrader.init_handlers(server.web_app)
