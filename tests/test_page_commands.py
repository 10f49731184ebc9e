"""Every command on the instructors' page, held against the program that is to understand it."""

import re
import shlex
import sys
from dataclasses import fields
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml
from jupyter_core.command import jupyter_parser
from nbgrader.apps.nbgraderapp import NbGraderApp

from autograder.grading.cli import _parser
from autograder.grading.storage.results import Result
from autograder.grading.submissions import doctor
from tests.answers import ROOT

PAGE = (ROOT / "book" / "instructors.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
BLOCK = re.compile(r"^```(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def autograder(words: list[str]) -> None:
    _parser().parse_args(words)


def make(words: list[str]) -> None:
    # not by make -n, which runs what calls make again: it would install packages
    assert all(re.search(rf"^{re.escape(word)}:", MAKEFILE, re.MULTILINE) for word in words)


def nbgrader(words: list[str]) -> None:
    app, _ = NbGraderApp.subcommands[words[0]]
    app().parse_command_line(words[1:])


def jupyter(words: list[str]) -> None:
    said = jupyter_parser().parse_args(words)
    if (program := said.subcommand) is not None:
        assert (Path(sys.prefix) / "bin" / f"jupyter-{program}").is_file()


def dask(words: list[str]) -> None:
    (command,) = entry_points(group="dask_cli", name=words[0])
    command.load().make_context(words[0], words[1:])


def python(words: list[str]) -> None:
    flag, module = words
    path = Path(
        *module.split(".")
    )  # not asked of Python: other tests mount other folders as `solutions`
    assert flag == "-m" and (ROOT / path).with_suffix(".py").is_file()


def docker(words: list[str]) -> None:
    if words[0] == "build":
        assert (ROOT / words[-1] / "Dockerfile").is_file()
    else:  # tests/test_container.py holds its options against the workflow's
        assert words[0] == "run"
        autograder(words[words.index("course") + 1 :])


def gh(words: list[str]) -> None:
    assert words[:2] == ["workflow", "run"]
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / words[2]).read_text())
    known = workflow[True]["workflow_dispatch"]["inputs"]  # to YAML, "on" is true
    assert set(words[3::2]) == {"-f"}
    given = {word.partition("=")[0] for word in words[4::2]}
    assert {name for name, held in known.items() if held.get("required")} <= given <= set(known)


def sudo(words: list[str]) -> None:
    if words[:2] == ["apt", "install"]:
        assert all(f"={package}" in MAKEFILE for package in words[2:])
    else:
        assert shlex.join(["sudo", *words]) == doctor.ALLOW_NAMESPACES


def source(words: list[str]) -> None:
    assert words == [".venv/bin/activate"]  # BIN of the Makefile, which makes it


PROGRAMS = {
    f.__name__: f for f in (autograder, make, nbgrader, jupyter, dask, python, docker, gh, sudo)
} | {".": source}


def commands() -> list[str]:
    """All that the page tells one to type: its blocks without a language, and code in its text."""
    typed = [
        line
        for language, block in BLOCK.findall(PAGE)
        if not language
        for line in block.splitlines()
    ]
    typed = [line for line in typed if not line.startswith("submitted/")]  # a place, no command
    inline = re.findall(r"`([^`\n]+)`", BLOCK.sub("", PAGE))
    typed += [code for code in inline if code.partition(" ")[0] in PROGRAMS and " " in code]
    return list(dict.fromkeys(typed))


def understood(command: str) -> None:
    """Raises if the command's own program would not understand it."""
    program, *words = shlex.split(command)
    PROGRAMS[program](words)


@pytest.mark.parametrize("command", commands())
def test_a_command_on_the_page_is_understood(command):
    understood(command)


@pytest.mark.parametrize(
    "command",
    [
        "autogarder grade",
        "autograder grade --result r.txt --jbos 2",
        "make stup",
        "nbgrader generate_feedbck optimizers",
        "nbgrader generate_feedback optimizers --forced",
        "jupyter notebok",
        "jupyter --pahts",
        "dask worker tcp://10.0.0.1:8786 --nworker 8 --nthread 1",
        "python -m solutions.transfer.make_sheet",
        "docker run --rm course grde",
        "gh workflow run submission.yml -f repo=our-class/optimizers-ann -f assignment=optimizers",
        "sudo apt install bublewrap",
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=1",
        ". .venv/activate",
    ],
)
def test_a_mistyped_one_is_not(command):
    with pytest.raises((SystemExit, Exception)):
        understood(command)


def test_a_program_is_spelled_in_one_way():
    assert PAGE.count(".venv/bin/") == 1  # where the environment is activated
    assert len(commands()) > 40


def test_the_page_names_all_that_a_line_of_results_holds():
    (told,) = (line for line in PAGE.splitlines() if line.startswith("- `--results FILE`"))
    assert [field.name for field in fields(Result) if f"`{field.name}`" not in told] == []
