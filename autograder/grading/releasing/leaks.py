"""What must not be public, looked for in every byte of what is to be.

Lines of code of solutions, oracles, mistakes, other right answers and hidden cases, unless they stand
in what is public anyway; files of the instructor's side as a whole; the seed.
"""

import gzip
import hashlib
import html
import io
import json
import re
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.utils import is_solution

from autograder.grading.answer import source_of
from autograder.grading.course import Course
from autograder.grading.releasing import further
from autograder.grading.releasing.notebooks import read_source

GRADING = Path(__file__).parents[1]
PUBLIC = ("assignments", "lab", "book")
TEXTS = (".py", ".md", ".js", ".txt", ".toml")
JSON = (".ipynb", ".json")
ZIPS = (".zip", ".whl", ".npz")
SHORTEST_LINE = 25  # characters; a shorter line gives nothing away
SMALLEST_FILE = 64  # bytes
SOLUTION = re.compile(r"### BEGIN SOLUTION(.*?)### END SOLUTION", re.DOTALL)


@dataclass(frozen=True)
class Secrets:
    """What must not be public: lines of code, whole files by their digest, and words.

    ``handed_out`` are lines that no zip of these assignments and no wheel may hold, even if the book
    shows them.
    """

    lines: set[str]
    handed_out: set[str] = field(default_factory=set)
    assignments: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    words: dict[bytes, str] = field(default_factory=dict)


@dataclass
class Reading:
    """What was read, in files and bytes, those in zips counted as they unpack."""

    files: int = 0
    bytes: int = 0
    others: int = 0  # files that are, byte for byte, somebody else's


def secrets_of(course: Course, seed: str | None, names: Collection[str] = ()) -> Secrets:
    """All that the instructor's side holds of the assignments, of all if none is named."""
    codes, solved, given = list[str](), list[str](), list[str]()
    for name in course.names(list(names)):
        for cell in read_source(course.source(name)).cells:
            regions = SOLUTION.findall(cell.source)
            solved += regions or ([cell.source] if is_solution(cell) else [])
            if regions or not is_solution(cell):
                given.append(SOLUTION.sub("", cell.source))
        for id in course.assignment(name).exercise_ids:
            answer = course.answer(name, id)
            pieces = [answer.oracle, *(m.code for m in answer.mistakes), *answer.alternatives]
            codes += map(source_of, pieces)
    ours = [*(course.source(name).parent for name in course.names(list(names))), GRADING]
    files = [p for folder in ours for p in folder.rglob("*") if p.is_file() and _counts(p)]
    handed_out = formulas(code_lines("\n".join([*codes, *solved])))
    codes += [p.read_text() for p in files if p.suffix == ".py" and GRADING not in p.parents]
    lines = code_lines("\n".join([*codes, *solved]))
    lines = {line for line in lines if not line.startswith(("import ", "from "))}
    digests = {hashlib.sha256(p.read_bytes()).hexdigest(): _below(course, p) for p in files}
    words = {seed.encode(): "the seed"} if seed else {}
    if further.reference_ideas(course) != "check":
        ideas = {name: further.ideas(course, name) for name in course.names(list(names))}
        words |= {
            said.encode(): f"the idea of {id}" for of in ideas.values() for id, said in of.items()
        }
    public = {hashlib.sha256(p.read_bytes()).hexdigest() for p in _public(course)}
    return Secrets(
        lines - public_lines(course) - code_lines("\n".join(given)),
        handed_out,
        tuple(course.names(list(names))),
        {digest: place for digest, place in digests.items() if digest not in public},
        words,
    )


def public_lines(course: Course) -> set[str]:
    """The lines that everybody may see."""
    texts = (p.read_text() for p in _public(course) if p.suffix in TEXTS)
    return code_lines("\n".join(texts))


def _public(course: Course) -> Iterator[Path]:
    """The files of a course that everybody may see, and the engine without the instructor's side."""
    for folder in [*(course.root / name for name in PUBLIC), GRADING.parent]:
        for path in folder.rglob("*"):
            if path.is_file() and GRADING not in path.parents:
                yield path


def _counts(path: Path) -> bool:
    return "__pycache__" not in path.parts and path.stat().st_size >= SMALLEST_FILE


def _below(course: Course, path: Path) -> str:
    return str(path.relative_to(course.root)) if course.root in path.parents else path.name


def code_lines(source: str) -> set[str]:
    """The lines that give something away: longer than a name, no comment, no docstring's edge."""
    lines = (re.sub(r"\s+", " ", line).strip() for line in source.splitlines())
    return {
        line
        for line in lines
        if len(line) >= SHORTEST_LINE and not line.startswith(("#", '"""', "def ", "class "))
    }


def formulas(lines: set[str]) -> set[str]:
    """The lines that compute: with an operator, and more than a call."""
    return {line for line in lines if re.search(r" [-+*/] |\*\*|\.(add|sub|mul)", line)}


def found_in(
    folder: Path, secrets: Secrets, others: Iterable[Path] = (), read: Reading | None = None
) -> Iterator[tuple[str, str]]:
    """Where in a folder something secret stands, and what.

    A file that is, byte for byte, one of the same name in the folders of ``others`` is not ours.
    """
    read = read or Reading()
    theirs = list(others)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        if any(_is(other / path.name, content) for other in theirs):
            read.others += 1
            continue
        for place, data in members(path.relative_to(folder).as_posix(), content):
            read.files += 1
            read.bytes += len(data)
            for what in _secrets_in(place, data, secrets):
                yield place, what


def members(place: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """A file, and if it is packed what is in it."""
    yield place, content
    if place.endswith(ZIPS) and zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            for name in bundle.namelist():
                yield from members(f"{place}/{name}", bundle.read(name))
    elif content.startswith(b"\x1f\x8b"):
        try:
            yield from members(place.removesuffix(".gz") + "/", gzip.decompress(content))
        except (OSError, EOFError, zlib.error):
            return


def _secrets_in(place: str, data: bytes, secrets: Secrets) -> Iterator[str]:
    digest = hashlib.sha256(data).hexdigest()
    if digest in secrets.files:
        yield f"the file {secrets.files[digest]}"
    yield from (what for word, what in secrets.words.items() if word in data)
    yield from sorted(lines_in(place, data, secrets))


def lines_in(place: str, data: bytes, secrets: Secrets) -> set[str]:
    """The secret lines that a file holds, whatever it wraps them in."""
    zips = {f"{name}.zip" for name in secrets.assignments}
    to_students = any(part in zips or part.endswith(".whl") for part in place.split("/")[:-1])
    lines = secrets.lines | secrets.handed_out if to_students else secrets.lines
    text = data.decode(errors="replace")
    plain = html.unescape(re.sub(r"<[^>]+>", "", text)) if place.endswith(".html") else text
    plain = plain.replace("\\n", "\n").replace('\\"', '"')
    bare = re.sub(
        r'^\s*"|",?\s*$', "", plain, flags=re.MULTILINE
    )  # a line to a string, as in notebooks
    texts = [plain, bare]
    if place.endswith(JSON):
        texts += _strings(text)
    return code_lines("\n".join(texts)) & lines


def _strings(text: str) -> list[str]:
    """All texts in a JSON document, whatever is escaped in it."""
    found: list[str] = []
    try:
        todo = [json.loads(text)]
    except (ValueError, RecursionError):
        return found
    while todo:
        held = todo.pop()
        if isinstance(held, str):
            found.append(held)
        elif isinstance(held, dict):
            todo += [*held, *held.values()]
        elif isinstance(held, list):
            todo += held
    return found


def _is(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content
