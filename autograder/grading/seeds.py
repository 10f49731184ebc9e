"""The seed that the hidden cases are drawn from: known to the instructor alone."""

import hashlib
import os
import secrets
from pathlib import Path

FILE = ".autograder-seed"
VARIABLE = "AUTOGRADER_SEED"


def class_seed(root: Path) -> str:
    """The seed of a class: the environment's AUTOGRADER_SEED, else the file ``.autograder-seed``.

    The file is made, readable by its owner alone, when it is first needed.
    """
    if seed := os.environ.get(VARIABLE):
        return seed
    path = root / FILE
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(16) + "\n")
    except FileExistsError:
        pass
    return path.read_text().strip()


def submission_seed(seed: str, assignment: str, code: str) -> str:
    """The seed of one submission: another answer is tried on other cases, the same on the same.

    The student's name has no part in it: two students with the same code get the same score.
    """
    return hashlib.sha256(f"{seed}\0{assignment}\0{code}".encode()).hexdigest()


def students_chance(seed: str) -> str:
    """What the generators of a submission's kernel start from; it tells nothing of the seed."""
    return hashlib.sha256(f"{seed}\0chance".encode()).hexdigest()
