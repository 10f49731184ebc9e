"""A student's answer is shown without the student, and is still the same answer."""

import re

import pytest

from autograder.grading.display.anonymous import LONGEST, as_mistake, imports_in, shown, without
from autograder.grading.systems.roster import Student

ANN = Student("al4711", "Ann-Marie Lee", "marie.lee@uni.example", number="20231", github="amlee99")
NAMES = re.compile(r"(?<![a-z])(ann|marie|lee|annmarielee|amlee)(?![a-z])|4711|20231|uni\.", re.I)
CODE = '''"""Homework of Ann Lee."""
# al4711
import numpy as np

LEE = {"by": "ANN-MARIE"}  # mine


def ann_helper(rows, lee=2):
    """al4711 wrote this."""
    "so did Lee, Ann-Marie"
    return rows.max() * lee  # ann


def answer(x, marie=1.0):
    """By Marie."""
    print(f"marie.lee@uni.example: {x}, of AnnMarieLee, 20231")
    assert marie, 'amlee99 asks for more'
    return ann_helper(x) + marie
'''


def tried(code: str) -> float:
    import numpy as np

    held: dict = {"np": np}
    exec(code, held)
    return held["answer"](np.array([1.0, 3.0]), marie=0.5)


def test_comments_docstrings_and_whatever_names_the_student_are_gone_and_the_code_does_the_same():
    text = shown(CODE, "answer", without(ANN))
    assert "#" not in text and '"""' not in text
    kept = text.replace("marie=1.0", "").replace("assert marie", "").replace("+ marie", "")
    assert not NAMES.search(kept), "but for the name by which others pass an argument"
    assert "student_helper(rows, student=2)" in text and "rows.max()" in text
    assert tried(text) == tried(CODE) == 6.5


def test_words_of_the_library_and_parts_of_words_stay():
    of_max = without(Student("max", "Max Um"))
    text = shown("def answer(x):\n    total = 'Max'\n    return x.max() + maximum(x, total)\n", "answer", of_max)  # fmt: skip
    assert "x.max() + maximum(x, total)" in text and "'student'" in text
    assert without(Student("7", "A"))("7 of a, 77") == "7 of a, 77"
    assert without(Student("20231"))("0.20231, 202312, 20231") == "0.20231, 202312, student"


@pytest.mark.parametrize("name", ["김민수", "José Núñez", "Jose\u0301 Nu\u0301n\u0303ez"])
def test_names_in_every_script(name):
    hide = without(Student("s1", name))
    assert hide(f"{name}의 것").startswith("student")
    assert "Nunez" not in hide("Nunez, Jose") or "José" not in name


@pytest.mark.parametrize(
    "code", [
        "def answer(x:\n    '''by ann'''\n    return 'Ann' # Lee\n",
        "%timeit answer  # Ann\nx = '''Lee",
        "-" * (LONGEST - 9) + "1",
        "(" * (LONGEST - 9),
        "f(" * 3000 + ")" * 3000,
        "x" + ".y" * 4900,
        "not " * 2400 + "x",
        "lambda: " * 1200 + "x",
        "def answer(x):\n    return x\n" * LONGEST + "# Ann",
        "x = '\\d'\x00",
    ],
)  # fmt: skip
def test_what_is_no_python_or_too_much_of_it_is_shown_as_text(code, recwarn):
    text = shown(code, "answer", without(ANN))
    assert len(text) <= LONGEST and not NAMES.search(text)
    assert as_mistake(code, "answer", without(ANN), (), (), "one") is None or len(code) < LONGEST
    assert not recwarn.list


def test_a_mistake_holds_what_its_function_needs():
    imports = imports_in(["import torch\nimport numpy as np, os", "%magic", "from a import b as c"])
    assert imports == ["import torch", "import numpy as np", "import os", "from a import b as c"]
    text = as_mistake(
        "import json\nimport numpy as np\nHALF = 2\ndef half(x):\n    return torch.sum(x) / HALF\n"
        "def answer(x, k):\n    return half(np.array(x))\nanswer([1], 2)\nprint(HALF)\n",
        "answer", str, ["np"], imports, "one",
    )  # fmt: skip
    assert text == (
        '@ANSWER.mistake("one", "say here what the answer does")\n'
        "def answer(x, k):\n    import torch\n    import json\n    HALF = 2\n\n"
        "    def half(x):\n        return torch.sum(x) / HALF\n    return half(np.array(x))"
    )


@pytest.mark.parametrize(
    "code", [
        "answer = lambda x: x\n",
        "HALF = 2\ndef answer(x, k=HALF):\n    return x\n",
        "def helper(x):\n    return x\n@helper\ndef answer(x):\n    return x\n",
        "count = 0\ndef answer(x):\n    global count\n    count += 1\n",
        "def helper(x):\n    return x\nclass answer:\n    def step(self):\n        helper(1)\n",
    ],
)  # fmt: skip
def test_what_would_not_be_the_same_as_a_mistake_is_not_made_one(code):
    assert as_mistake(code, "answer", str, (), (), "one") is None
    assert shown(code, "answer", str)


def test_a_class_is_a_mistake_with_its_imports_above():
    code = "import os\nclass answer:\n    def step(self):\n        return os, torch\n"
    text = as_mistake(code, "answer", str, (), ["import torch"], "one")
    assert text is not None and text.startswith("import torch\nimport os\n\n\n@ANSWER.mistake(")
