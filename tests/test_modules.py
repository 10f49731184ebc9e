"""What a page depends on: its modules, those that they import, and their data."""

import pytest

from book.extensions.modules import Modules

FILES = {
    "lab/__init__.py": "",
    "lab/alone.py": "if TYPE_CHECKING:\n    from lab import top\n",
    "lab/top.py": "from lab import middle\nfrom lab.inner.late import f\n",
    "lab/middle.py": "import numpy\nfrom . import bottom\n",
    "lab/bottom.py": "y = 2\n",
    "lab/inner/__init__.py": "",
    "lab/inner/late.py": "def f():\n    from ..shown import g\n    import lab.loop\n",
    "lab/loop.py": "import lab.top\n",
    "lab/shown.py": 'FOLDER = Path(__file__).with_name("shown")\nWORDS = ["words.txt", "lab", "/"]\n',
    "lab/shown/deep/a.jpg": "pixels",
    "lab/words.txt": "words",
    "lab/unread.txt": "words",
    "lab/broken.py": "def",
}


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def depends_on(project, code):
    """The files whose change is seen in the digest of ``code``."""
    before, found = Modules(project).digest(code), set()
    for name in FILES:
        file = project / name
        text = file.read_text()
        file.write_text(text + " \n")
        if Modules(project).digest(code) != before:
            found.add(name)
        file.write_text(text)
    assert Modules(project).digest(code) == before
    return found


def test_a_module_counts_with_what_it_imports_wherever_the_import_stands(project):
    assert depends_on(project, "from lab import top") == {
        "lab/__init__.py", "lab/top.py", "lab/middle.py", "lab/bottom.py", "lab/inner/__init__.py",
        "lab/inner/late.py", "lab/loop.py", "lab/shown.py", "lab/shown/deep/a.jpg", "lab/words.txt",
    }  # fmt: skip


@pytest.mark.parametrize(
    "code",
    ["from lab import alone", "import lab.alone as a", "def f():\n    from lab.alone import x, y"],
)
def test_other_modules_do_not_count(project, code):
    assert depends_on(project, code) == {"lab/__init__.py", "lab/alone.py"}


@pytest.mark.parametrize("code", ["import numpy as np", "1 +", "", "from laboratory import alone"])
def test_code_without_modules_of_the_project_depends_on_nothing(project, code):
    assert depends_on(project, code) == set()


def test_new_data_are_seen(project):
    before = Modules(project).digest("from lab import shown")
    (project / "lab/shown/b.jpg").write_text("pixels")
    assert Modules(project).digest("from lab import shown") != before


def test_the_digest_does_not_depend_on_where_the_project_lies(project, tmp_path_factory):
    moved = project.rename(tmp_path_factory.mktemp("elsewhere") / "project")
    there = Modules(moved).digest("from lab import top")
    moved.rename(project)
    assert Modules(project).digest("from lab import top") == there


def test_a_module_that_cannot_be_parsed_says_so(project):
    with pytest.raises(SyntaxError, match="broken.py"):
        Modules(project).digest("from lab import broken")
