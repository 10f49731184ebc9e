"""The site's own Sphinx extensions, on a book of two pages."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from book.extensions.speed import SAFE
from lab.claims import CLAIMS

CONFIG = """
extensions = ["myst_nb", "sphinxcontrib.bibtex", "book.extensions.execute", "book.extensions.site"]
nb_execution_mode = "cache"
nb_execution_show_tb = True
bibtex_bibfiles = []
"""
HEADER = """---
jupytext:
  text_representation:
    format_name: myst
kernelspec:
  name: python3
---
"""


def cards(claims):
    calls = "\n".join(f'claims.record("{claim}", "holds", "Seen 3 < 4 times.")' for claim in claims)
    return (
        f"{HEADER}\n# Measured\n\n```{{code-cell}} python\nfrom lab import claims\n{calls}\n```\n"
    )


@pytest.fixture
def build(tmp_path):
    source, out = tmp_path / "source", tmp_path / "build" / "html"
    source.mkdir()
    (source / "conf.py").write_text(CONFIG)
    (source / "index.md").write_text(
        "# Claims\n\n```{toctree}\nmeasured\n```\n\n```{claims-table}\n```\n"
    )

    def run(measured, *options, source=source, out=out, env=None):
        (source / "measured.md").write_text(measured)
        return subprocess.run(
            [sys.executable, "-m", "sphinx", "-b", "html", "-W", *options, source, out],
            capture_output=True, text=True, timeout=120, env=env,
        )  # fmt: skip

    run.html, run.source = out / "index.html", source
    return run


def test_every_recorded_claim_is_in_the_table(build):
    done = build(cards(CLAIMS))
    assert done.returncode == 0, done.stderr
    table = build.html.read_text()
    for claim in CLAIMS:
        assert f'href="measured.html#claim-{claim}"' in table
    assert table.count("Seen 3 &lt; 4 times.") == len(CLAIMS)
    assert table.count("outcome-holds") == len(CLAIMS)


def test_each_claim_has_one_outcome_on_one_page(build):
    few = [claim for claim in CLAIMS if claim not in ("E3", "T6")]
    (build.source / "again.md").write_text(cards(["H2"]))
    (build.source / "index.md").write_text(
        "# Claims\n\n```{toctree}\nmeasured\nagain\n```\n\n```{claims-table}\n```\n"
    )
    done = build(cards([*few, "T1"]), "--keep-going")
    assert done.returncode != 0
    assert "claims without a recorded outcome: E3, T6" in done.stderr
    assert "glue key 'T1-outcome' duplicate" in done.stderr
    assert "claim H2 is on two pages" in done.stderr


def test_pages_run_once_and_an_error_is_reported(build):
    with (build.source / "conf.py").open("a") as conf:
        conf.write("extensions.append('book.extensions.fold')\n")
    slow = cards(CLAIMS).replace("from lab", "import time; time.sleep(1.6)\nfrom lab")
    shown = build.html.with_name("measured.html")
    first = build(slow)
    assert "executing [1/1] measured.md" in first.stdout
    assert re.search(r"Measurement: (?:[2-9]|\d\d+) s, \d+ lines", shown.read_text())
    (left := build.html.parent / "book" / "of-last-year.html").parent.mkdir()
    left.touch()
    again = build(slow + "\nA sentence more.\n")  # the code is the same
    assert not left.exists()
    assert again.returncode == 0 and "executing" not in again.stdout
    assert re.search(r"Measurement: (?:[2-9]|\d\d+) s, \d+ lines", shown.read_text())
    broken = build(cards(CLAIMS).replace("from lab", "1 / 0\nfrom lab"))
    assert broken.returncode != 0 and "ZeroDivisionError" in broken.stderr
    dead = build(cards(CLAIMS).replace("from lab", "import os; os._exit(1)\nfrom lab"))
    assert dead.returncode != 0 and "Kernel died" in dead.stderr
    assert "executing [1/1] measured.md: failed" in dead.stdout


@pytest.mark.nightly
def test_a_page_whose_kernel_loses_its_parent_runs_again(build):
    lost = """from pathlib import Path
import os, signal, time
if not Path("again").exists():
    Path("again").touch()
    os.kill(os.getppid(), signal.SIGKILL)  # the process that kernels are forked from
    time.sleep(60)
from lab"""
    (build.source / "other.md").write_text(
        f"{HEADER}\n# Other\n\n```{{code-cell}} python\n1\n```\n"
    )
    (build.source / "index.md").write_text("# Claims\n\n```{toctree}\nmeasured\nother\n```\n")
    done = build(cards(CLAIMS).replace("from lab", lost))
    assert re.search(r"executing \[./2\] measured.md: failed", done.stdout)
    assert done.returncode == 0, done.stderr


@pytest.mark.nightly
def test_a_page_that_takes_too_long_is_ended(build):
    done = build(cards(CLAIMS).replace("from lab", "while True: pass\nfrom lab"), "-D",
                 "nb_execution_timeout=2")  # fmt: skip
    assert done.returncode != 0 and "CellTimeoutError" in done.stderr


def executed(done):
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"executing \[\d+/\d+\] (\S+)\.md: ", done.stdout))


@pytest.mark.nightly
def test_a_page_runs_again_only_if_what_it_imports_has_changed(build):
    for name, text in {
        "tools/__init__.py": "",
        "tools/numbers.py": "from tools import deep\n",
        "tools/deep.py": "def seen():\n    from tools.late import SEEN\n    return SEEN\n",
        "tools/late.py": "SEEN = 'first sight'\n",
        "numbers.md": f"{HEADER}\n# Numbers\n\n```{{code-cell}} python\n"
        "from tools.numbers import deep\nprint(deep.seen())\n```\n",
        "index.md": "# Claims\n\n```{toctree}\nmeasured\nnumbers\n```\n",
    }.items():
        file = build.source / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    shown = build.html.with_name("numbers.html")
    page = cards(CLAIMS)
    assert executed(build(page)) == {"measured", "numbers"}
    assert "first sight" in shown.read_text()

    (build.source / "tools/late.py").write_text("SEEN = 'second sight'\n")
    assert executed(build(page)) == {"numbers"}
    assert "second sight" in shown.read_text()

    (build.source / "tools/other.py").write_text("")
    (build.source / "tools/late.py").touch()
    assert executed(build(page)) == set()

    # The cache is enough at another place too.
    elsewhere = build.source.parent.with_name("elsewhere")
    for name in ("source", "build/.jupyter_cache"):
        shutil.copytree(build.source.parent / name, elsewhere / name)
    again = build(page, source=elsewhere / "source", out=elsewhere / "build/html")
    assert executed(again) == set()
    assert "second sight" in (elsewhere / "build/html/numbers.html").read_text()


@pytest.fixture
def temporary():
    """A folder for temporary files, with a name that leaves room for those of sockets."""
    with TemporaryDirectory(prefix="t-") as folder:
        yield Path(folder)


def test_pages_are_written_by_several_processes_that_leave_nothing_behind(build, temporary):
    own = ["speed", "formulas"]
    names = [*(f"book.extensions.{name}" for name in own), "sphinxcontrib.katex", *SAFE]
    (build.source / "conf.py").write_text(
        f"{CONFIG}\nextensions += {names}\nmyst_enable_extensions = ['dollarmath']\n"
        "html_math_renderer = 'katex'\nkatex_prerender = True\n"
        "import os\ndef note(app, name, text):\n"
        "    with open(os.path.join(app.outdir, 'readers'), 'a') as file: print(os.getpid(), file=file)\n"
        "def setup(app): app.connect('source-read', note)\n"
    )
    pages = [f"page-{i}" for i in range(12)]
    for i, page in enumerate(pages):
        (build.source / f"{page}.md").write_text(f"# Page {i}\n\nA formula: $w_{{{i}}} = x^2$.\n")
    toc = "\n".join(["measured", *pages])
    (build.source / "index.md").write_text(f"# All\n\n```{{toctree}}\n{toc}\n```\n")
    done = build(cards(CLAIMS), env={**os.environ, "TMPDIR": str(temporary)})
    assert done.returncode == 0, done.stderr
    written = [build.html.with_name(f"{page}.html").read_text() for page in pages]
    assert [text.count('class="katex"') for text in written] == [1] * len(pages)
    assert all(f"w_{{{i}}} = x^2" in text for i, text in enumerate(written))
    assert len(set(build.html.with_name("readers").read_text().split())) > 1
    assert list(temporary.glob("sphinxcontrib_katex*")) == []

    (build.source / "page-7.md").write_text("# Page 7\n\n{doc}`nowhere`\n")
    assert build(cards(CLAIMS)).returncode != 0  # a warning in another process counts
