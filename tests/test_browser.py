"""What students wrote, in an instructor's browser: the feedback and the formgrader, in Chromium.

There are two walls: a submission is sanitized before it is stored, and the pages have a content
security policy. Each has to hold without the other, and without both the attacks must succeed.
"""

import copy
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from autograder.grading.course import Course
from autograder.grading.intake import order
from autograder.grading.releasing.release import release
from tests import hostile
from tests.browser import errors, launch
from tests.course import autograder, example_course
from tests.test_page_commands import PAGE

NAME, HONEST = "metrics", "honest"
QUESTION = """
+++ {"nbgrader": {"grade": true, "grade_id": "why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}}

Why does it rise with k?
"""
# In the course's configuration it keeps what the wall of sanitizing was given.
KEEP_COPY = """
import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor

class KeepCopy(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        nbformat.write(nb, {folder!r} + "/" + resources["nbgrader"]["student"][0] + ".ipynb")
        return nb, resources
"""
SANITIZE = '"autograder.grading.display.sanitize.SanitizeSubmission"'
FORMGRADER = "autograder.grading.display.formgrader"
STOCK = "nbgrader.server_extensions.formgrader"
TOKEN = "instructor"
PATIENCE = 1.5  # seconds in which an attack has to make itself heard
# what a person might click on, one after the other: a navigation ends the one before it
CLICK = """[...document.querySelectorAll("#notebook :is(a[href], form button, svg a)")]
    .filter((e) => !/^(#|https?:)/.test(e.getAttribute("href") ?? ""))
    .forEach((e, i) => setTimeout(
        () => e.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true})), 50 * i))"""

WIDTHS = "return [...document.images].filter((i) => i.alt == 'my plot').map((i) => i.naturalWidth)"
LOADED = "return performance.getEntriesByType('resource').map((entry) => entry.name)"


class Beacon(BaseHTTPRequestHandler):
    """Remembers what it was asked for."""

    heard: set[str] = set()

    def do_GET(self):
        self.heard.add(self.path.strip("/").partition("/")[0])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def beacon():
    with ThreadingHTTPServer(("127.0.0.1", 0), Beacon) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def driver():
    with launch() as driver:
        yield driver


@pytest.fixture(scope="module")
def students(beacon):
    """The same submission twice: as it is stored, and as it would be without sanitizing."""
    return {kind: kind[0] + hostile.student_name(beacon) for kind in ("stored", "bare")}


@pytest.fixture(scope="module")
def course(tmp_path_factory, beacon, students):
    folder = example_course(tmp_path_factory.mktemp("hostile") / "course")
    source = folder / "solutions" / NAME / f"{NAME}.md"
    source.write_text(source.read_text() + QUESTION)
    release(Course(folder), NAME)
    released = nbformat.read(Course(folder).released(NAME), as_version=4)
    for student in students.values():
        place = folder / "submitted" / student / NAME
        place.mkdir(parents=True)
        nbformat.write(hostile.submission(released, beacon), place / f"{NAME}.ipynb")
        (place / "attack.js").write_text(hostile.code_for(beacon, "file-script"))
        page = f"<script>{hostile.code_for(beacon, 'file-page')}</script>"
        (place / "attack.html").write_text(page)
    write_honest(released, folder / "submitted" / HONEST / NAME)
    config = (folder / "nbgrader_config.py").read_text()
    assert SANITIZE in config
    keep = config.replace(SANITIZE, f'"keep_copy.KeepCopy", {SANITIZE}')
    (folder / "nbgrader_config.py").write_text(keep)
    (folder / "keep_copy.py").write_text(KEEP_COPY.format(folder=str(folder)))
    autograder(folder, "grade")
    (folder / "nbgrader_config.py").write_text(config)
    shutil.copy(folder / "b.ipynb", graded(folder, students["bare"]))
    return folder


def write_honest(released: NotebookNode, place: Path) -> None:
    """A submission whose written answer has a picture pasted into it."""
    notebook = copy.deepcopy(released)
    (answer,) = (c for c in notebook.cells if order.grade_id(c) == hostile.WRITTEN)
    answer.source = "See my plot:\n\n![my plot](attachment:plot.png)"
    answer.attachments = {"plot.png": {"image/png": hostile.PIXEL}}
    place.mkdir(parents=True)
    nbformat.write(notebook, place / f"{NAME}.ipynb")


def graded(course: Path, student: str) -> Path:
    return course / "autograded" / student / NAME / f"{NAME}.ipynb"


def feedback(course: Path, student: str) -> str:
    return (course / "feedback" / student / NAME / f"{NAME}.html").as_uri()


def visit(driver, address: str, patience: float = PATIENCE) -> set[str]:
    """Open a page, click on what a student put there; returns the attacks that were heard of."""
    driver.get("about:blank")
    driver.get_log("browser")
    Beacon.heard.clear()
    driver.get(address)
    driver.execute_script(CLICK)
    time.sleep(patience)
    return set(Beacon.heard)


def complaints(driver) -> list[str]:
    """What the console has against the page's own scripts; pictures and fonts may be missing."""
    return [message for message in errors(driver) if not re.search("img-src|font-src|404", message)]


# ---- the feedback


def make_feedback(course: Path, student: str, exporter: str) -> None:
    config = Course(course).config(course)
    config.GenerateFeedback.exporter_class = exporter
    made = NbGraderAPI(config=config).generate_feedback(NAME, glob.escape(student), force=True)
    assert made["success"], made


@pytest.mark.nightly
def test_without_the_walls_the_attacks_succeed_in_the_feedback(course, students, driver):
    make_feedback(course, students["bare"], "nbconvert.exporters.HTMLExporter")
    heard = visit(driver, feedback(course, students["bare"]))
    assert {"answer", "script", "handler", "srcdoc", "link", "file-script", "style"} <= heard


def test_nothing_runs_in_the_feedback(course, students, driver):
    assert visit(driver, feedback(course, students["stored"])) == set()
    assert complaints(driver) == []


@pytest.mark.nightly
def test_the_policy_alone_stops_scripts_in_the_feedback(course, students, driver):
    make_feedback(course, students["bare"], "autograder.grading.display.feedback_page.FeedbackPage")
    assert visit(driver, feedback(course, students["bare"])) <= {"refresh"}  # no policy forbids it


# ---- the formgrader


@contextmanager
def formgrader(course: Path, configuration: Path, extensions: dict[str, bool]):
    """JupyterLab as an instructor starts it in the course's folder; yields the formgrader's address.

    ``extensions`` are settings beside those of the environment that ``make setup`` made.
    """
    configuration.mkdir()
    settings = {"ServerApp": {"jpserver_extensions": extensions}}
    (configuration / "jupyter_server_config.json").write_text(json.dumps(settings))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).parent / "jupyter"), "lab", "--no-browser", "--allow-root",
        f"--port={port}", f"--IdentityProvider.token={TOKEN}",
    ]  # fmt: skip
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(configuration)}
    with (configuration / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=course, env=environment, stdout=log, stderr=log)
        try:
            yield f"http://127.0.0.1:{port}/formgrader/"
        finally:
            server.terminate()
            server.wait()


@pytest.fixture(scope="module")
def formgraders(course, tmp_path_factory):
    """The address of the formgrader as it is here, and that of nbgrader's own."""
    folder = tmp_path_factory.mktemp("jupyter")
    with ExitStack() as stack:
        both = {
            kind: stack.enter_context(formgrader(course, folder / kind, extensions))
            for kind, extensions in (("ours", {}), ("stock", {FORMGRADER: False, STOCK: True}))
        }
        for address in both.values():
            wait_for(address)
        yield both


def wait_for(address: str) -> None:
    for _ in range(300):
        try:
            urlopen(address.replace("formgrader", "api")).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no server at {address}")


@pytest.fixture
def ours(formgraders, driver):
    driver.get(f"{formgraders['ours']}manage_assignments?token={TOKEN}")
    return formgraders["ours"]


def submission(course: Path, student: str) -> str:
    """The part of an address under which the formgrader shows a submission."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return f"submissions/{book.find_submission_notebook(NAME, NAME, student).id}/"


@pytest.mark.nightly
def test_without_the_walls_the_attacks_succeed_in_the_formgrader(
    formgraders, course, students, driver
):
    driver.get(f"{formgraders['stock']}manage_assignments?token={TOKEN}")
    page = formgraders["stock"] + submission(course, students["bare"])
    heard = visit(driver, page)
    assert {"answer", "script", "file-script", "link", "name", "output-javascript"} <= heard
    assert visit(driver, f"{page}attack.html", 0.5) == {"file-page"}


@pytest.mark.parametrize("kind", ["stored", pytest.param("bare", marks=pytest.mark.nightly)])
def test_nothing_runs_in_the_formgrader(ours, course, students, driver, kind):
    page = ours + submission(course, students[kind])
    assert visit(driver, page) <= ({"refresh"} if kind == "bare" else set())
    if kind == "stored":
        assert complaints(driver) == []
        loaded = driver.execute_script(LOADED)  # from this server: to be signed out takes no more
        assert [address for address in loaded if "logout" in address] == []
    assert visit(driver, f"{page}attack.html", 0.5) == set()


def test_names_run_nothing_in_the_lists_of_the_formgrader(ours, students, driver):
    student = quote(students["stored"], safe="")
    lists = [
        "manage_assignments", f"manage_submissions/{NAME}", "gradebook", f"gradebook/{NAME}",
        f"gradebook/{NAME}/{NAME}", "manage_students", f"manage_students/{student}",
        f"manage_students/{student}/{NAME}",
    ]  # fmt: skip
    Beacon.heard.clear()
    driver.get_log("browser")
    for name in lists:
        driver.get(ours + name)
        table = "return document.getElementById('main-table').textContent"
        WebDriverWait(driver, 10).until(
            lambda d, table=table: "Loading" not in d.execute_script(table)
        )
        assert complaints(driver) == [], name
    driver.get(f"{ours}api/students")  # the server says that this is HTML
    time.sleep(0.5)
    assert Beacon.heard == set()


def test_points_and_comments_can_be_entered_in_the_formgrader(ours, course, students, driver):
    student = students["stored"]
    driver.get(ours + submission(course, student))
    wait = WebDriverWait(driver, 30)
    ready = "return formgrader.loaded && formgrader.grades.loaded && formgrader.comments.loaded"
    wait.until(lambda d: d.execute_script(ready))
    driver.find_element(By.ID, hostile.WRITTEN).send_keys("1", Keys.TAB)
    comment = driver.find_element(By.ID, f"{hostile.WRITTEN}-comment")
    comment.send_keys("Say more.", Keys.ESCAPE)

    def recorded(_: object) -> bool:
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
            key = (hostile.WRITTEN, NAME, NAME, student)
            grade, said = book.find_grade(*key), book.find_comment(*key)
            return (grade.manual_score, said.manual_comment) == (1, "Say more.")

    wait.until(recorded)
    shown = driver.find_element(By.CSS_SELECTOR, ".live-notebook .name-hidden.glyphicon")
    shown.click()
    assert driver.find_element(By.CSS_SELECTOR, "a.name-shown").text == student
    driver.get(f"{ours}gradebook/{NAME}/{NAME}")
    wait.until(lambda d: "1 / 2" in d.find_element(By.ID, "main-table").text)
    driver.get(f"{ours}manage_assignments")
    wait.until(lambda d: d.find_element(By.PARTIAL_LINK_TEXT, "Add new")).click()
    wait.until(lambda d: d.find_element(By.CSS_SELECTOR, ".modal .name").is_displayed())


def held(course: Path, student: str) -> tuple[float | None, bool]:
    """What a person gave for a student's written answer, and whether somebody is to look at it."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        grade = book.find_grade(hostile.WRITTEN, NAME, NAME, student)
        return grade.manual_score, grade.needs_manual_grade


@pytest.mark.nightly
def test_an_answer_with_a_pasted_picture_is_graded_and_another_grading_keeps_the_points(
    ours, course, driver
):
    """A person sees the picture and gives points; both are there after the student's regrade."""
    wait = WebDriverWait(driver, 30)
    ready = "return formgrader.loaded && formgrader.grades.loaded && formgrader.comments.loaded"

    def open_page() -> None:
        driver.get(ours + submission(course, HONEST))
        wait.until(lambda d: d.execute_script(ready))
        assert driver.execute_script(WIDTHS) == [1]  # it is drawn, not only there

    assert held(course, HONEST) == (None, True)
    open_page()
    driver.find_element(By.ID, hostile.WRITTEN).send_keys("1.5", Keys.TAB)
    wait.until(lambda _: held(course, HONEST) == (1.5, False))
    autograder(course, "grade", "--student", HONEST)
    assert held(course, HONEST) == (
        1.5,
        True,
    )  # the points stand, and a person is asked to look again
    open_page()
    box = driver.find_element(By.ID, hostile.WRITTEN)
    assert float(box.get_attribute("value")) == 1.5
    driver.get(feedback(course, HONEST))
    assert driver.execute_script(WIDTHS) == [1]
    assert "1.5" in driver.find_element(By.TAG_NAME, "body").text


@pytest.mark.nightly
def test_the_formgrader_opens_from_the_menu_of_jupyterlab(formgraders, course, driver):
    """From the page's words to a written answer with a picture in it, by clicks alone."""
    shown = re.search(r"menu \*(\w+)\*, \*(\w+)\*", PAGE).groups()
    wait = WebDriverWait(driver, 60, ignored_exceptions=[StaleElementReferenceException])
    driver.get(formgraders["ours"].replace("formgrader/", f"lab?token={TOKEN}"))

    def click(kind: str, words: str) -> None:
        found = f"//*[contains(@class, '{kind}')][normalize-space() = '{words}']"
        wait.until(lambda d: d.find_element(By.XPATH, found).is_displayed())
        driver.find_element(By.XPATH, found).click()

    click("lm-MenuBar-itemLabel", shown[0])
    click("lm-Menu-itemLabel", shown[1])
    frame = wait.until(lambda d: d.find_element(By.CSS_SELECTOR, "#formgrader-iframe iframe"))
    driver.switch_to.frame(frame)
    for link, place in ("Manual Grading", ""), (NAME, f"/{NAME}"), (NAME, f"/{NAME}/{NAME}"):
        wait.until(lambda d: "Loading" not in d.find_element(By.ID, "main-table").text)
        wait.until(lambda d, link=link: d.find_element(By.LINK_TEXT, link)).click()
        reached = f"return location.pathname.endsWith('gradebook{place}')"
        wait.until(lambda d, reached=reached: d.execute_script(reached))
    links = wait.until(lambda d: d.find_elements(By.PARTIAL_LINK_TEXT, "Submission #"))
    own = submission(course, HONEST).removesuffix("/")
    (link,) = (link for link in links if link.get_attribute("href").endswith(own))
    link.click()
    ready = "return formgrader.loaded && formgrader.grades.loaded && formgrader.comments.loaded"
    wait.until(lambda d: d.execute_script(ready))
    assert driver.execute_script(WIDTHS) == [1]
    box = driver.find_element(By.ID, hostile.WRITTEN)
    box.clear()
    box.send_keys("0.5", Keys.TAB)
    wait.until(lambda _: held(course, HONEST)[0] == 0.5)
    driver.switch_to.default_content()
    assert complaints(driver) == []


# ---- what honest students show


def test_honest_outputs_stay(course, students, driver):
    driver.get(feedback(course, students["stored"]))
    text = driver.find_element(By.TAG_NAME, "body").text
    assert "a plot" in text and "draw()" not in text.split("a plot")[1]
    tables = driver.find_elements(By.CSS_SELECTOR, "table.dataframe td")
    assert [cell.text for cell in tables] == ["1", "2"]
    drawn = driver.execute_script("return [...document.images].map((i) => [i.src, i.naturalWidth])")
    loaded = [source.split(";")[0] for source, width in drawn if width]
    assert loaded.count("data:image/png") >= 3 and "data:image/svg+xml" in loaded
    verdict = driver.find_element(By.XPATH, "//strong[contains(., 'top_k_accuracy:')]/../..")
    assert verdict.get_attribute("style").startswith("border-left: 4px solid")
