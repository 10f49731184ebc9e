"""What is stored of a submission: honest work as it was, anything else harmless and soon shown."""

import base64
import io
import re
import signal
import time
from pathlib import Path

import nbformat
import nbgrader
import pytest
from bs4 import BeautifulSoup
from matplotlib import pyplot
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from autograder.exercise import no_verdict
from autograder.grading.bounds import Bounds, OutOfTime, limited
from autograder.grading.display import drawings, markup
from autograder.grading.display.feedback_page import FeedbackPage
from autograder.grading.display.markup import as_markdown, harmless_html, markdown_html
from autograder.grading.display.pixels import redrawn
from autograder.grading.display.sanitize import sanitize
from autograder.grading.judge.verdicts import verdict_outputs
from tests.answers import COURSE
from tests.hostile import MARKDOWN, OUTPUTS, PIXEL, pixels

ASSIGNMENT = COURSE.assignment("optimizers")
HONEST = [
    "**Bold**, $x < y$, `a < b` and 3 < 4, [a link](https://example.org/a_b).",
    "# A heading\n\n- one\n  - two\n\n1. three\n\n> four\n\n| a | b |\n|:--|--:|\n| 1 | 2 |",
    "$$\n\\sum_i x_i\n$$\n\n\\begin{align}a &= b\\end{align}",
    "```python\nif a < b:\n\n\n    pass\n```\n\n    indented\n\n```\nplain\n```",
    "![a plot](plot.png) &amp; &lt;b&gt;",
]
# costly for Markdown, for HTML, for the highlighting of code, for colors, for formulas
COSTLY = {
    "spaces": " ", "brackets": "[", "environments": "\\begin{a}", "quotes": "> ", "tags": "<div>",
    "dots": "a.", "colors": "\x1b[1m", "formulas": "$x$ ", "open formulas": "\\[",
}  # fmt: skip
SCORES = {"notebook": "n", "score": 0, "max_score": 1, "late_penalty": 0}


def feedback_page() -> FeedbackPage:
    """What nbgrader makes the feedback with."""
    extension = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader"
    style = extension / "static" / "node_modules" / "bootstrap" / "dist" / "css"
    return FeedbackPage(
        template_name="feedback",
        extra_template_basedirs=[str(extension / "templates")],
        extra_template_paths=[str(style)],
    )


def stored(*cells: NotebookNode) -> list[NotebookNode]:
    notebook = new_notebook(cells=list(cells))
    sanitize(notebook, ASSIGNMENT)
    nbformat.validate(notebook)
    return notebook.cells


def shown(data: dict, **metadata: dict) -> NotebookNode:
    """What is stored of an output."""
    output = new_output("display_data", data, metadata=metadata)
    return stored(new_code_cell("", outputs=[output]))[0].outputs[0]


@pytest.mark.parametrize("source", HONEST)
def test_honest_markdown_stays_as_it_is(source):
    assert stored(new_markdown_cell(source))[0].source == source


def test_a_pasted_picture_stays():
    pasted = {"p.png": {"image/png": PIXEL}}
    cell = stored(new_markdown_cell("![p](attachment:p.png)", attachments=pasted))[0]
    assert cell.source == "![p](attachment:p.png)" and list(cell.attachments) == ["p.png"]
    assert pixels(cell.attachments["p.png"]["image/png"]) == pixels(PIXEL)


def test_an_attachment_that_is_missing_does_not_stop_the_page():
    cell = stored(new_markdown_cell("![gone](attachment:p.png) and *text*"))[0]
    assert "gone" in cell.source and "<em>text</em>" in cell.source


def test_markdown_with_html_keeps_what_it_says():
    source = "<details><summary>More</summary>\n\n*x* and `<b>`\n\n\n```\na\n\n\nb\n```\n</details>"
    cell = stored(new_markdown_cell(source))[0]
    page = BeautifulSoup(markdown2html_mistune(cell.source), "html.parser")
    assert page.summary.text == "More" and page.em.text == "x"
    assert [code.text for code in page.find_all("code")] == ["<b>", "a\n\n\nb\n"]


@pytest.mark.parametrize("name", MARKDOWN)
def test_hostile_markdown_is_harmless_for_any_renderer(name):
    source = MARKDOWN[name].replace("JS", "run()").replace("URL", "http://example.org/x")
    cell = stored(new_markdown_cell(source))[0]
    page = BeautifulSoup(markdown2html_mistune(cell.source), "html.parser")
    for element in page.find_all(True):
        assert element.name in [*markup.TAGS.split(), "input"]
        for attribute, value in element.attrs.items():
            assert not attribute.startswith("on") and attribute not in ("id", "name", "srcdoc")
            assert not re.match(r"\s*javascript:", "".join(value), re.I)
        assert markup.PICTURE.match(element.get("src", "x.png"))
        assert not element.get("href") or markup.LINK.match(element["href"])
        assert not re.search("url|image|src", element.get("style", ""))


def test_raw_cells_become_text():
    cell = stored(new_raw_cell("<b>x</b>", metadata={"raw_mimetype": "text/html"}))[0]
    assert cell.cell_type == "markdown" and "&lt;b&gt;x&lt;/b&gt;" in cell.source


def test_no_markup_looks_like_the_controls_of_a_page():
    html = '<p id="adam" name="adam" class="full-credit tabbable" style="position: fixed; color: red" data-link="x">x</p>'
    assert harmless_html(html, Bounds()) == '<p class="" style="color:red">x</p>'.replace(
        ' class=""', ""
    )


def test_metadata_are_those_of_the_release_and_of_the_grader():
    cell = new_code_cell(
        "x", metadata={"nbgrader": {"grade_id": "x"}, "transient": {"remove_source": True}}
    )
    notebook = new_notebook(cells=[cell], metadata={
        "title": "<script>", "widgets": {}, "language_info": {"name": "<x>"}, "autograder_notes": ["n"],
    })  # fmt: skip
    sanitize(notebook, ASSIGNMENT)
    assert set(notebook.metadata) == {"autograder_notes", "language_info"}
    assert notebook.metadata.language_info.name == "python"
    assert set(notebook.cells[0].metadata) == {"nbgrader"}


# ---- outputs


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_that_can_do_harm_are_shown_as_text_or_cleaned(name):
    data = shown(OUTPUTS[name]).data
    assert data and set(data) <= {"text/plain", "text/html", "text/latex", "image/svg+xml"}
    assert not re.search(
        r"<script|onerror|onload", data.get("text/html", "") + data.get("image/svg+xml", "")
    )


def test_pictures_keep_their_size_and_lose_the_rest():
    known = {"image/png": {"width": 20, "height": "1 onload=x", "filenames": {}}, "isolated": True}
    output = shown({"image/png": PIXEL + "\n"}, **known)
    assert list(output.data) == ["image/png"] and output.metadata == {"image/png": {"width": 20}}
    assert pixels(output.data["image/png"]) == pixels(PIXEL)


def test_a_plot_that_needs_scripts_falls_back_to_its_text():
    assert shown({"text/html": "<div></div><script>f()</script>", "text/plain": "plot"}).data == {
        "text/plain": "plot"
    }


def test_the_grader_s_own_verdicts_stay():
    exercise = ASSIGNMENT.exercise(ASSIGNMENT.exercise_ids[0])
    outputs = verdict_outputs(no_verdict(exercise, "error", "a <reason>"))
    grading = {"grade": True, "solution": False, "locked": True, "points": 1, "grade_id": exercise.id,
               "schema_version": 3, "task": False}  # fmt: skip
    cell = new_code_cell("check()", outputs=outputs, metadata={"nbgrader": grading})
    assert stored(cell)[0].outputs == outputs


def test_text_without_end_is_cut(monkeypatch):
    monkeypatch.setattr("autograder.grading.bounds.ROOM", 1000)
    cells = stored(
        *(new_code_cell("", outputs=[new_output("stream", text="x" * 300)]) for _ in "12345")
    )
    texts = [cell.outputs[0].text for cell in cells]
    assert texts[:3] == ["x" * 300] * 3 and texts[3].startswith("x" * 10 + "\n[290 more")


# ---- drawings


def test_a_drawing_of_matplotlib_stays():
    figure, axes = pyplot.subplots()
    axes.scatter(range(9), range(9))
    axes.bar([1, 2], [3, 4], hatch="/", label="bars")
    axes.imshow([[1, 2], [3, 4]])
    axes.legend()
    figure.savefig(file := io.StringIO(), format="svg")
    pyplot.close(figure)
    before, after = file.getvalue(), drawings.harmless_svg(file.getvalue(), Bounds())
    for part in ("<path", "<use", "<image", "clip-path=", "<pattern", "href="):
        assert before.count(part) == after.count(part) > 0, part


@pytest.mark.parametrize(
    "part",
    [
        "<script>run()</script>", "<g onload='run()'/>", "<foreignObject><p/></foreignObject>",
        "<image href='http://example.org/x.png'/>", "<use href='http://example.org/x.svg#x'/>",
        "<rect style='fill: url(http://example.org/x)'/>", "<style>@import 'x'</style>",
        "<a href='javascript:run()'><text>x</text></a>", "<animate attributeName='href' values='x'/>",
        "<g id='a'><use href='#b'/><use href='#b'/></g><use href='#a'/>", "<set to='run()'/>",
        "<defs><pattern id='p'><rect fill='url(#q)'/></pattern></defs>",
    ],
)  # fmt: skip
def test_a_drawing_runs_loads_and_multiplies_nothing(part):
    svg = f"<svg xmlns='http://www.w3.org/2000/svg'>{part}<path d='M0 0'/></svg>"
    rebuilt = drawings.harmless_svg(svg, Bounds())
    assert "<path" in rebuilt
    own = rebuilt.replace("http://www.w3.org/2000/svg", "").replace(
        "http://www.w3.org/1999/xlink", ""
    )
    assert not re.search(r"run|http|href|url|onload|import|foreign|values", own)


@pytest.mark.parametrize(
    "text", ["", "<svg/>", "<svg", "<!DOCTYPE a [<!ENTITY a 'b'>]><svg>&a;</svg>"]
)
def test_what_is_no_drawing_is_not_shown(text):
    assert drawings.harmless_svg(text, Bounds()) is None


# ---- pictures

MARK = b"what-the-pixels-do-not-say"


def picture(kind: str, size: tuple[int, int] = (3, 2), **more) -> bytes:
    Image.radial_gradient("L").resize(size).convert("RGB").save(file := io.BytesIO(), kind, **more)
    return file.getvalue()


def exif(**tags) -> bytes:
    held = Image.Exif()
    held.update({getattr(ExifTags.Base, name): value for name, value in tags.items()})
    return held.tobytes()


def comment() -> PngInfo:
    info = PngInfo()
    info.add_text("Comment", MARK.decode())
    return info


def packed(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


SAYING_MORE = {
    "behind the end of a PNG": picture("PNG") + MARK,
    "behind the end of a JPEG": picture("JPEG") + MARK,
    "a comment in a PNG": picture("PNG", pnginfo=comment()),
    "a comment in a JPEG": picture("JPEG", comment=MARK),
    "where a PNG was taken": picture("PNG", exif=exif(ImageDescription=MARK.decode())),
    "where a JPEG was taken": picture("JPEG", exif=exif(ImageDescription=MARK.decode())),
    "a profile": picture("PNG", icc_profile=MARK),
    "a frame that nobody sees": picture(
        "PNG", save_all=True, append_images=[Image.frombytes("L", (2, 2), MARK[:4]).resize((3, 2))]
    ),
}


@pytest.mark.parametrize("raw", SAYING_MORE.values(), ids=SAYING_MORE)
def test_of_a_picture_the_pixels_alone_come_back(raw):
    kind = f"image/{'png' if b'PNG' in raw else 'jpeg'}"
    address = f"data:{kind};base64,{packed(raw)}"
    drawing = f"<svg xmlns='{drawings.SVG}'><image href='{address}'/><path d='M0 0'/></svg>"
    cells = stored(
        new_markdown_cell("![p](attachment:p)", attachments={"p": {kind: packed(raw)}}),
        new_markdown_cell(f"![p]({address})"),
        new_markdown_cell(f"<img src='{address}'>"),
        *(
            new_code_cell("", outputs=[new_output("display_data", data)])
            for data in (
                {kind: packed(raw)},
                {"text/html": f"<img src='{address}'>"},
                {"image/svg+xml": drawing},
            )
        ),
    )
    for cell in cells:
        held = str(cell)
        found = re.findall(r"(?:iVBOR|/9j/)[A-Za-z0-9+/=]+", held)
        assert len(found) == 1, held
        assert MARK not in base64.b64decode(found[0]) and len(base64.b64decode(found[0])) < len(raw)
        new, old = pixels(found[0]), pixels(packed(raw))
        assert new == old if kind == "image/png" else new[0] == old[0]


def test_a_photo_stands_as_it_was_held():
    raw = picture("JPEG", (8, 4), exif=exif(Orientation=6))
    assert pixels(shown({"image/jpeg": packed(raw)}).data["image/jpeg"])[0] == (4, 8)


@pytest.mark.parametrize(
    "raw",
    [picture("PNG")[:-30], picture("PNG")[:20] + b"<script>", b"\x89PNG\r\n\x1a\n", b""],
    ids=["cut", "script", "start", "nothing"],
)
def test_what_only_begins_as_a_picture_is_not_shown(raw):
    assert "image/png" not in shown({"image/png": packed(raw), "text/plain": "a plot"}).data


def test_a_picture_that_would_fill_the_memory_is_not_shown_and_a_large_one_is_made_smaller():
    wide = shown({"image/png": packed(picture("PNG", (3000, 10)))}).data["image/png"]
    assert pixels(wide)[0] == (2000, 7)
    began = time.process_time()
    Image.new("1", (5_000, 5_000)).save(file := io.BytesIO(), "PNG")
    made = time.process_time() - began
    assert "image/png" not in shown({"image/png": packed(file.getvalue()), "text/plain": "x"}).data
    assert time.process_time() - began - made < 0.5


def test_all_pictures_of_a_notebook_have_one_limit_together(monkeypatch):
    monkeypatch.setattr("autograder.grading.bounds.PIXELS", 12)
    monkeypatch.setattr("autograder.grading.bounds.SMALLEST_PICTURE", 1)
    outputs = [
        new_output("display_data", {"image/png": packed(picture("PNG", pnginfo=info))})
        for info in (None, comment(), PngInfo())
    ]
    raw = picture("PNG", (2, 3))
    outputs += [new_output("display_data", {"image/png": packed(raw)}) for _ in "12"]
    kinds = [set(o.data) for o in stored(new_code_cell("", outputs=outputs))[0].outputs]
    # two different ones have 12 pixels; the third is the first once more
    assert kinds == [{"image/png"}, {"image/png"}, {"image/png"}, {"text/plain"}, {"text/plain"}]


def with_scans(count: int) -> bytes:
    """A picture of 4 million pixels whose last scan comes so many times more; some 20 bytes each."""
    Image.new("L", (2_000, 2_000), 100).save(file := io.BytesIO(), "JPEG", progressive=True)
    raw, end = file.getvalue()[:-2], file.getvalue()[-2:]
    return raw + raw[raw.rindex(b"\xff\xda") :] * count + end


def test_a_picture_that_is_painted_over_and_over_is_not_shown():
    assert "image/jpeg" in shown({"image/jpeg": packed(with_scans(20))}).data
    began = time.process_time()
    assert "image/jpeg" not in shown({"image/jpeg": packed(with_scans(500))}).data
    assert time.process_time() - began < 1


def test_pictures_have_a_time_together_however_small_they_are(monkeypatch):
    monkeypatch.setattr("autograder.grading.bounds.PAINTING_SECONDS", 0.2)
    small = []
    for i in range(10_000):
        color = (i % 256, i // 256, 0)
        Image.new("RGB", (1, 1), color).save(file := io.BytesIO(), "PNG")
        small.append(packed(file.getvalue()))
    bounds, began = Bounds(), time.process_time()
    painted = [redrawn(one, bounds) for one in small]
    assert time.process_time() - began < 1
    assert painted[0] and not painted[-1]


def test_a_limit_goes_on_after_one_within_it():
    began = time.process_time()
    with pytest.raises(OutOfTime), limited(0.2):
        with limited(5):
            pass
        while time.process_time() - began < 5:
            pass
    assert time.process_time() - began < 2


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_other_pictures_that_people_paste_are_shown_as_png(kind):
    held = {"p": {f"image/{kind}": packed(picture(kind.upper()))}}
    cell = stored(new_markdown_cell("![p](attachment:p)", attachments=held))[0]
    assert pixels(cell.attachments["p"]["image/png"])[0] == (3, 2)
    assert pixels(shown(held["p"]).data["image/png"])[0] == (3, 2)


def damaged(raw: bytes, mark: bytes, at: int) -> bytes:
    """The bytes with some that are wrong, so far behind a mark."""
    place = raw.index(mark) + at
    return raw[:place] + b"\xff\xff" + raw[place + 2 :]


STILL_SHOWN = {
    "of where it was taken": damaged(
        picture("JPEG", exif=exif(ImageDescription="x" * 9)), b"Exif\0\0", 20
    ),
    "of its other views": damaged(
        picture("MPO", save_all=True, append_images=[Image.new("RGB", (3, 2))]), b"MPF\0", 12
    ),
}


@pytest.mark.parametrize("raw", STILL_SHOWN.values(), ids=STILL_SHOWN)
def test_a_photo_is_shown_whose_list_is_damaged(raw):
    assert pixels(shown({"image/jpeg": packed(raw)}).data["image/jpeg"])[0] == (3, 2)


def test_a_picture_of_16_bits_keeps_its_grays():
    """Some are called transparent; Pillow makes all of them white where it makes eight bits of them."""
    Image.radial_gradient("L").resize((3, 2)).convert("I;16").point(lambda v: v * 200).save(
        file := io.BytesIO(), "PNG", transparency=7
    )
    with Image.open(
        io.BytesIO(
            base64.b64decode(shown({"image/png": packed(file.getvalue())}).data["image/png"])
        )
    ) as new:
        assert len(set(new.get_flattened_data())) > 2


# ---- time


@pytest.mark.parametrize(
    "kind",
    [pytest.param(k, marks=() if k == "brackets" else pytest.mark.nightly) for k in COSTLY],
)
def test_a_page_is_made_in_time(kind):
    text = (COSTLY[kind] * 100_000)[:100_000]
    began = time.process_time()
    outputs = [new_output("display_data", {mime: text}) for mime in ("text/html", "text/markdown")]
    outputs += [
        new_output("stream", text=text),
        new_output("error", ename="x", evalue="x", traceback=[text]),
    ]
    cells = [cell for _ in range(3) for cell in (
        new_markdown_cell(text), new_markdown_cell(text * 2), new_code_cell(text, outputs=outputs))]  # fmt: skip
    notebook = new_notebook(cells=stored(*cells))
    page, _ = feedback_page().from_notebook_node(notebook, {"nbgrader": SCORES})
    assert time.process_time() - began < 5
    assert len(page) > 100_000


def test_many_costly_cells_have_one_limit_together():
    began = time.process_time()
    stored(*(new_markdown_cell("[" * 20_000) for _ in range(50)))
    assert time.process_time() - began < 5


def test_what_took_too_long_is_shown_as_text():
    html, as_it_is = markdown_html("*a*" + "[" * 50_000, {}, Bounds())
    assert not as_it_is and "*a*[[" in html
    assert markdown2html_mistune(as_markdown(html)).startswith("<div><pre")


def test_it_leaves_the_alarms_of_others_alone():
    before = signal.getsignal(signal.SIGVTALRM)
    with Bounds().time():
        pass
    assert signal.getsignal(signal.SIGVTALRM) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)
