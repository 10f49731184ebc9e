"""Pages that show a submission, by nbgrader's templates: no script of it runs, and they end in time."""

from functools import lru_cache
from html import escape
from typing import Any

from jinja2 import BytecodeCache, DictLoader, Environment, pass_context
from jinja2.bccache import Bucket
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.highlight import Highlight2HTML
from traitlets import default

from autograder.grading.bounds import Bounds, OutOfTime
from autograder.grading.display.markup import markdown_html


class _Compiled(BytecodeCache):
    """Templates as they were compiled, for the next page that this process makes."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.held:
            bucket.bytecode_from_string(self.held[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.held[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()


@lru_cache(maxsize=256)  # most cells are the release's: the same in the whole class
def _in_colors(source: str) -> str:
    return Highlight2HTML("ipython3")(source)


class SubmissionPage(HTMLExporter):
    """Makes a page of a graded notebook, in bounded time whatever the notebook holds."""

    head = ""  # takes the place of what loads MathJax from another host: formulas stay TeX

    def __init__(self, **options: Any) -> None:
        self.bounds = Bounds()
        super().__init__(**options)

    @default("extra_loaders")
    def _extra_loaders_default(self) -> list:
        macro = f"{{%- macro mathjax(url='') -%}}{self.head}{{%- endmacro -%}}"
        return [DictLoader({"mathjax.html.j2": macro})]

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.bytecode_cache = COMPILED
        return environment

    @default("filters")
    def _filters_default(self) -> dict:
        return {"highlight_code": self.highlight_code, "strip_files_prefix": lambda html: html}

    def _preprocess(self, nb: Any, resources: Any) -> Any:
        self.bounds = Bounds()  # each page has its own
        return super()._preprocess(nb, resources)

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        attachments = context.get("cell", {}).get("attachments", {})
        return markdown_html(source, attachments, self.bounds)[0]

    def highlight_code(self, source: str, metadata: Any = None) -> str:
        """Code in colors, unless that takes too long."""
        try:
            with self.bounds.time():
                html = _in_colors(source)
        except OutOfTime:
            html = None
        if html is None or not self.bounds.take(html):
            return f'<div class="highlight"><pre>{escape(self.bounds.cut(source))}</pre></div>'
        return html
