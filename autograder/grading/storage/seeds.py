"""The seed that the hidden cases are drawn from: known to the instructor alone."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from autograder.grading.course import GradingImpossible

FILE = ".autograder-seed"
VARIABLE = "AUTOGRADER_SEED"
# what nbgrader's exchange notes of a submission; the secret names the feedback that its student may fetch
TIMESTAMP, SECRET = "timestamp.txt", "submission_secret.txt"


class SeedMissing(GradingImpossible):
    """There is no seed to draw hidden cases from."""


def class_seed(root: Path) -> str:
    """The seed of a class: the environment's AUTOGRADER_SEED, else the file ``.autograder-seed``.

    The file is made, readable by its owner alone, when it is first needed. Raises SeedMissing if
    there is a seed that anybody could guess: an empty one.
    """
    if said := os.environ.get(VARIABLE):
        if not (seed := said.strip()):  # as of the file: a line's end is no part of it
            raise SeedMissing(f"{VARIABLE} is blank: set it to your seed, or unset it")
        return seed
    path = root / FILE
    if not path.exists():
        _make(path)
    try:
        seed = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SeedMissing(f"the seed in {path} can't be read: {error}") from None
    if not seed:
        raise SeedMissing(
            f"{path} is empty, and hidden cases are drawn from it: put the class's seed back, or "
            "remove the file to have a new one made"
        )
    return seed


def is_set() -> bool:
    """Whether the environment has the seed."""
    return bool(os.environ.get(VARIABLE))


def is_there(root: Path) -> bool:
    """Whether a class has a seed; looking for it makes none."""
    return is_set() or (root / FILE).exists()


def _make(path: Path) -> None:
    """Make a seed, unless another process does: nobody ever sees half of the file."""
    whole = path.with_name(f"{path.name}-{os.getpid()}")
    with open(os.open(whole, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(secrets.token_hex(16) + "\n")
    try:
        os.link(whole, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        shutil.copy(whole, path)
    finally:
        whole.unlink()


def answers_files(folder: Path) -> list[Path]:
    """The files beside a notebook that it may read, and that so have their part in the seed.

    Not so other notebooks, what nbgrader notes, links, what lies in such, and what is no file.
    """
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and all(_is_an_answers(p) for p in (path, *path.parents) if folder in p.parents)
    )


def _is_an_answers(path: Path) -> bool:
    left_out = path.name.endswith(".ipynb") or path.name in (TIMESTAMP, SECRET)
    return not left_out and not path.is_symlink() and (path.is_dir() or path.is_file())


def submission_seed(seed: str, assignment: str, code: Iterable[bytes], files: Path) -> str:
    """The seed of one submission: another answer is tried on other cases, the same on the same.

    An answer is the code of its cells and the files beside the notebook, which it may read. The
    student's name has no part in it: two students with the same answer get the same score.
    """
    whole = hashlib.sha256(f"{seed}\0{assignment}".encode())
    for text in code:
        whole.update(hashlib.sha256(text).digest())
    for path in answers_files(files):
        with open(path, "rb") as file:
            whole.update(path.relative_to(files).as_posix().encode(errors="surrogateescape"))
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def students_chance(seed: str) -> str:
    """What the generators of a submission's kernel start from; it tells nothing of the seed."""
    return hashlib.sha256(f"{seed}\0chance".encode()).hexdigest()
