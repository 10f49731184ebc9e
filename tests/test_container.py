"""The image for grading, as far as that can be seen without building it; the workflow builds it."""

import json
import re
import shlex
import tomllib
from fnmatch import fnmatch
from importlib.metadata import metadata

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from autograder.grading.cli import _parser
from tests.answers import ROOT

PAGE = (ROOT / "book" / "instructors.md").read_text()
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "course.yml").read_text())


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def of_kind(kind: str) -> list[str]:
    return [rest for word, rest in instructions() if word == kind]


def test_the_base_is_one_version_of_a_python_that_the_course_runs_on():
    (base,) = of_kind("FROM")
    version = re.fullmatch(r"python:(\d+\.\d+\.\d+)-slim-[a-z]+", base)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert version and version[1] in SpecifierSet(project["requires-python"])


def test_what_is_installed_is_what_the_course_asks_for_and_nothing_is_left_over():
    packages, setup = of_kind("RUN")
    update, install, clean = [part.split() for part in packages.split("&&")]
    assert update == ["apt-get", "update"] and clean[:2] == ["rm", "-rf"]
    assert install[:4] == ["apt-get", "install", "-y", "--no-install-recommends"]
    assert set(install[4:]) == {"bubblewrap", "make"}  # the README's words, and no compiler
    assert setup == "make setup" and "```\nmake setup\n```" in PAGE
    makefile = (ROOT / "Makefile").read_text()
    assert "-r requirements.txt -c requirements.lock" in makefile  # pinned, all of it


def test_what_is_pinned_takes_every_python_that_the_course_takes():
    """A version that needs a newer one keeps a distribution's own Python from being set up."""
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.lock").read_text(), re.M))
    needs = {name: metadata(name).get("Requires-Python") for name in pinned}
    assert len(needs) > 100
    for python in ("3.11.0", "3.12.0"):
        assert [n for n, said in needs.items() if said and python not in SpecifierSet(said)] == []


def test_nobodys_name_and_no_seed_gets_into_the_image():
    def entries(name: str) -> set[str]:
        lines = (ROOT / name).read_text().splitlines()
        held = {line.strip("/").removeprefix("**/") for line in lines}
        return {line for line in held if line and not line.startswith("#")}

    ignored = entries(".dockerignore")
    assert entries(".gitignore") <= ignored and ".git" in ignored
    tracked = {
        "Makefile",
        "autograder",
        "assignments",
        "solutions",
        "lab",
        "requirements.txt",
        "book",
    }
    assert not tracked & ignored
    typed = "\n".join(line for line in PAGE.splitlines() if line.startswith("autograder "))
    named = set(re.findall(r"[\w-]+\.(?:csv|zip|jsonl)\b", typed))
    assert {"scores.csv", "upload.csv", "submissions.zip", "results.jsonl"} <= named
    named.add("monday.jsonl")  # --results takes any name
    assert [name for name in named if not any(fnmatch(name, held) for held in ignored)] == []


def runs() -> list[str]:
    """What the page and the workflow tell Docker to run."""
    job = WORKFLOW["jobs"]["container"]
    steps = [step["run"] for step in job["steps"] if "run" in step]
    inside = [line for line in PAGE.splitlines() if line.startswith("docker ")]
    options = job["env"]["UNCONFINED"]
    return [*inside, *(step.replace("$UNCONFINED", options) for step in steps)]


def test_the_page_and_the_workflow_run_commands_that_there_are():
    commands = [shlex.split(line) for line in runs() if line.startswith("docker run")]
    assert len(commands) >= 4
    loosened = set()
    for words in commands:
        loosened.add(
            tuple(v for o, v in zip(words, words[1:], strict=False) if o == "--security-opt")
        )
        arguments = words[words.index("course") + 1 :]
        _parser().parse_args(arguments or json.loads(of_kind("CMD")[0]))
    assert len(loosened) == 1  # the same everywhere
    assert sum(line.startswith("docker build --tag course .") for line in runs()) == 2


def test_the_program_is_the_command():
    (program,) = json.loads(of_kind("ENTRYPOINT")[0])
    assert program == ".venv/bin/autograder"
    with pytest.raises(SystemExit):
        _parser().parse_args(["no-such-command"])
