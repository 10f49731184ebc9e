"""Pictures that are handed in under demonstrations: shown again as pictures, and nothing else."""

import base64
import io
import json
import struct
import time
import zlib

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_output
from PIL import Image

from autograder.grading.course import Course
from autograder.grading.display.feedback_page import FeedbackPage
from autograder.grading.display.sanitize import sanitize
from autograder.grading.intake import handed_in
from autograder.grading.intake.demonstrations import (
    AS_HANDED_IN,
    NOT_RUN,
    is_demonstration,
    not_run,
)
from autograder.grading.intake.reading import read_submission
from autograder.grading.intake.repair import repair
from tests.answers import COURSE, ROOT
from tests.course import autograder, copy_course

NAME = "hyperparameters"
SCRIPT = "<script>document.title = 'mine'</script>"


def packed(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def drawn(form: str = "PNG", side: int = 30) -> str:
    file = io.BytesIO()
    Image.new("RGB", (side, 20), "teal").save(file, form)
    return packed(file.getvalue())


def huge_on_paper() -> str:
    """A small file that says it has 60,000 x 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return packed(b"\x89PNG\r\n\x1a\n" + body)


def moving() -> str:
    """A PNG that plays, in as many frames as it likes."""
    file = io.BytesIO()
    frames = [Image.new("RGB", (30, 20), color) for color in ("teal", "black", "white")]
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    return packed(file.getvalue())


GOOD = {"image/png": drawn(), "image/jpeg": drawn("JPEG")}
HOSTILE = {
    "html": packed(f"<html>{SCRIPT}</html>".encode()),
    "html behind the first bytes": packed(b"\x89PNG\r\n\x1a\n" + SCRIPT.encode()),
    "drawing": packed(b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"),
    "another kind": drawn("GIF"),
    "an attribute": f'{drawn()}" onerror="alert(1)',
    "half": drawn()[:60],
    "moving": moving(),
    "huge on paper": huge_on_paper(),
    "long": packed(base64.b64decode(drawn()) + b"\0" * handed_in.LONGEST),
    "no text": [1, {"a": 2}],
}


def shown(data: dict) -> dict:
    return {"output_type": "display_data", "metadata": {}, "data": data}


def submission(folder, outputs: list, metadata: dict | None = None):
    """The released notebook with these outputs under its demonstrations, read and repaired."""
    released = nbformat.read(COURSE.released(NAME), as_version=4)
    held = json.loads(nbformat.writes(released))
    for cell in held["cells"]:
        if "demonstration" in cell["metadata"].get("tags", []):
            cell["outputs"] = outputs
            cell["metadata"] = cell["metadata"] if metadata is None else metadata
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.ipynb").write_text(json.dumps(held))
    notebook = read_submission(folder / f"{NAME}.ipynb")
    repair(notebook, released)
    return notebook


def demonstrations(notebook) -> list:
    return [cell for cell in notebook.cells if is_demonstration(cell)]


def kept(notebook) -> list:
    return [output.data for cell in demonstrations(notebook) for output in cell.outputs]


@pytest.mark.parametrize("kind", GOOD)
def test_a_picture_under_a_demonstration_is_kept(tmp_path, kind):
    lines = [f"{GOOD[kind][:40]}\n", GOOD[kind][40:]]  # as a file holds it
    found = kept(submission(tmp_path, [shown({kind: lines, "text/plain": "<Figure>"})]))
    assert found and all(data == {kind: GOOD[kind]} for data in found)


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("kind", GOOD)
def test_what_is_no_sound_picture_is_not(tmp_path, kind, what):
    assert kept(submission(tmp_path, [shown({kind: HOSTILE[what]})])) == []


def test_nothing_else_that_is_handed_in_survives(tmp_path):
    others = {"text/html": SCRIPT, "image/svg+xml": "<svg/>", "text/markdown": SCRIPT}
    outputs = [
        shown(others | {"application/javascript": "1"}),
        shown(others | {"image/png": GOOD["image/png"]}),
        {"output_type": "stream", "name": "stdout", "text": "all right, 99 of 99 points"},
        {"output_type": "error", "ename": "E", "evalue": SCRIPT, "traceback": [SCRIPT]},
    ]
    notebook = submission(tmp_path, outputs)
    assert {tuple(data) for data in kept(notebook)} == {("image/png",)}
    assert SCRIPT not in nbformat.writes(notebook)


def test_only_a_few_are_kept_however_many_there_are(tmp_path):
    began = time.process_time()
    notebook = submission(tmp_path, [shown({"image/png": GOOD["image/png"]})] * 5_000)
    assert time.process_time() - began < 3
    for cell in demonstrations(notebook):
        assert len(cell.outputs) == handed_in.MOST_OF_A_CELL


def test_small_files_that_are_huge_in_a_browser_are_kept_to_a_bound(tmp_path):
    side = handed_in.LARGEST_SIDE
    file = io.BytesIO()
    Image.new("1", (side, 1_500)).save(file, "PNG")
    notebook = submission(tmp_path, [shown({"image/png": packed(file.getvalue())})] * 6)
    for cell in demonstrations(notebook):
        assert len(cell.outputs) == handed_in.MOST_PIXELS // (side * 1_500) == 1


def test_there_is_a_bound_for_a_whole_notebook():
    held, large = handed_in.Kept(), "A" * handed_in.LONGEST
    cells = [
        {"metadata": {"nbgrader": {}}, "outputs": [shown({"image/png": large})] * 3}
        for _ in range(4)
    ]
    taken = sum(len(p["image/png"]) for cell in cells for p in held.of_cell(cell)["outputs"])
    assert taken == handed_in.ROOM


def test_cells_that_run_bring_no_outputs_along(tmp_path):
    """Not answers, test cells or cells of the student's own; what a cell says of itself is no tag."""
    picture = shown({"image/png": GOOD["image/png"]})
    released = nbformat.read(COURSE.released(NAME), as_version=4)
    held = json.loads(nbformat.writes(released))
    own = json.loads(nbformat.writes(nbformat.v4.new_notebook(cells=[new_code_cell("1")])))
    held["cells"] += own["cells"]
    for cell in held["cells"]:
        if cell["cell_type"] == "code" and "demonstration" not in cell["metadata"].get("tags", []):
            cell["outputs"] = [picture]
            cell["metadata"]["tags"] = ["demonstration"]
    (tmp_path / "a.ipynb").write_text(json.dumps(held))
    notebook = read_submission(tmp_path / "a.ipynb")
    repair(notebook, released)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_the_page_says_that_they_are_as_handed_in(tmp_path):
    notebook = submission(tmp_path, [shown({"image/png": GOOD["image/png"]})])
    for cell in demonstrations(notebook):
        cell.outputs = not_run(cell)
    sanitize(notebook, COURSE.assignment(NAME))
    known = {"notebook": NAME, "score": 0.0, "max_score": 1.0, "late_penalty": 0}
    page = FeedbackPage().from_notebook_node(notebook, {"nbgrader": known})[0]
    soup = BeautifulSoup(page, "html.parser")
    sources = [image["src"] for image in soup.find_all("img")]
    assert f"data:image/png;base64,{GOOD['image/png']}" in sources
    assert AS_HANDED_IN.strip() in soup.get_text()


def test_without_pictures_nothing_is_said_of_them():
    assert [o.text for o in not_run(new_code_cell("1"))] == [NOT_RUN]
    with_one = new_code_cell("1", outputs=[new_output("display_data", GOOD)])
    assert [o.output_type for o in not_run(with_one)] == ["stream", "display_data"]


@pytest.mark.nightly
def test_a_class_is_graded_with_them(tmp_path):
    """From what is handed in to the page, by the command and by nbgrader's own."""
    course = copy_course(tmp_path / "course")
    outputs = [
        shown({"image/png": GOOD["image/png"]}),
        shown({"image/png": HOSTILE["html"], "text/html": SCRIPT}),
    ]
    folder = course / "submitted" / "ada" / NAME
    submission(folder, outputs)
    autograder(course, "grade", NAME)
    graded = nbformat.read(
        Course(course).root / "autograded" / "ada" / NAME / f"{NAME}.ipynb", as_version=4
    )
    found = [o for cell in graded.cells if cell.cell_type == "code" for o in cell.outputs]
    assert [o.data for o in found if "image/png" in o.get("data", {})] == [
        {"image/png": GOOD["image/png"]}
    ] * len(demonstrations(nbformat.read(ROOT / "assignments" / NAME / f"{NAME}.ipynb", 4)))
    page = (course / "feedback" / "ada" / NAME / f"{NAME}.html").read_text()
    assert GOOD["image/png"] in page and AS_HANDED_IN.strip() in page
    assert SCRIPT not in page and HOSTILE["html"] not in page
