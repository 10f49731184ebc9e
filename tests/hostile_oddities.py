"""Notebooks and folders that take time, memory or place where nobody looks; honest work that is odd."""

import base64
import io
import itertools
from collections.abc import Callable

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from PIL import Image

from tests.hostile_class import SECOND, Hostile, cells_first, honest, second

RIGHT = "    return float((np.argsort(-scores, axis=1)[:, :k] == y[:, None]).any(axis=1).mean())\n"
DEFINED = f"def {SECOND}(scores, y, k):\n{RIGHT}"

# A reply whose array says that it has more numbers than there are atoms.
HUGE_SHAPE = """
import autograder.probe
def publish(*a):
    from IPython.display import publish_display_data
    reply = '{"!":"array","d":"float64","v":"","s":[' + ",".join(["9" * 4200] * 150) + ']}'
    publish_display_data({autograder.probe.MIME: reply})
autograder.probe.publish = publish
"""
WRITES_BESIDE = """
written = 0
try:
    with open("/sockets/mine", "wb") as file:
        for written in range(500): file.write(bytes(2**20))
except OSError: pass
print("megabytes written:", written)
"""
FRAMES = """
get_ipython().kernel.iopub_socket.send_multipart([b"x"] + [b""] * 3_000_000)
print("sent")
"""
# What a cell may say to torch for all that follows, where there is a GPU, say.
SET_UP = """
import torch
torch.set_default_device("cuda")
torch.set_float32_matmul_precision("medium")
torch.set_autocast_enabled("cpu", True)
print("set up")
"""
# What an answer may leave set, or on, for all that comes after it.
LEAVES_SET = """
torch.set_grad_enabled(False)
torch.set_default_dtype(torch.float64)
torch.set_default_device("meta")
torch.use_deterministic_algorithms(True)
torch.random.fork_rng(devices=[]).__enter__()
kept = torch.inference_mode()
kept.__enter__()
"""
LEAVES_ON = """
import gc, signal, sys, threading, tracemalloc
tracemalloc.start(25)
gc.disable()
sys.setswitchinterval(1e-6)
signal.signal(signal.SIGALRM, lambda *a: 1 / 0)
signal.setitimer(signal.ITIMER_REAL, 5, 0.1)
def loop():
    while True: pass
for _ in range(3): threading.Thread(target=loop, daemon=True).start()
print("left on")
"""
MOVES_THE_CURSOR = "raise ValueError('\\x1b[1A\\x1b[2K\\rall of it: 55 of 55\\x1b]0;title\\x07')"
LOOKS_LIKE_A_FOLDER = {".connection.json/x": "1"}
MANY_FOLDERS = {f"{i:03d}/a/b/c/d/e/f/g/h/i/j/k.txt": "x" for i in range(1999)}
DEEP = {"a/" * 600 + "x.txt": "1"}


def one_picture_under_many_names(notebook: NotebookNode) -> None:
    """The name of a pasted picture has 128 spellings."""
    names = ["".join(name) for name in itertools.product(("A", "%41"), repeat=7)]
    cell = new_markdown_cell(
        "\n".join(f"![](attachment:{name}.png)" for name in names), id="pasted"
    )
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(300_000)).decode()
    cell.attachments = {"AAAAAAA.png": {"image/png": picture}}
    notebook.cells.append(cell)


def _pasted(notebook: NotebookNode, pictures: list[Image.Image | bytes], kind: str) -> None:
    cell = new_markdown_cell("![](attachment:0)", id="pasted")
    cell.attachments = {}
    for i, picture in enumerate(pictures):
        if isinstance(picture, Image.Image):
            picture.save(file := io.BytesIO(), "PNG")
            picture = file.getvalue()
        cell.attachments[f"{i}"] = {f"image/{kind}": base64.b64encode(picture).decode()}
    notebook.cells.append(cell)


def a_picture_that_is_painted_over_and_over(notebook: NotebookNode) -> None:
    """16 million pixels, whose last scan comes 20,000 times more: half a megabyte, six minutes."""
    Image.new("L", (4_000, 4_000), 100).save(file := io.BytesIO(), "JPEG", progressive=True)
    raw, end = file.getvalue()[:-2], file.getvalue()[-2:]
    _pasted(notebook, [raw + raw[raw.rindex(b"\xff\xda") :] * 20_000 + end], "jpeg")


def many_small_pictures(notebook: NotebookNode) -> None:
    colors = [(i % 256, i // 256 % 256, i // 65_536) for i in range(100_000)]
    _pasted(notebook, [Image.new("RGB", (1, 1), color) for color in colors], "png")


def a_long_cell(notebook: NotebookNode) -> None:
    notebook.cells.append(new_code_cell("x\n" * 150_000, id="long"))


def as_partials(notebook: NotebookNode) -> None:
    """Answers that are no functions: both are tried together with another answer of the notebook."""
    for name in ("dropout_backward", "batchnorm_backward"):
        (cell,) = (c for c in notebook.cells if c.source.startswith(f"def {name}("))
        cell.source += f"\n\nimport functools\n{name} = functools.partial({name})"


def at_the_end_of(name: str, code: str) -> Callable[[NotebookNode], None]:
    """An edit after which an answer that is a function ends with this code whenever it is called."""
    body = "".join(f"        {line}\n" for line in code.strip().splitlines())
    leaving = f"""

import functools
def leaving({name}):
    @functools.wraps({name})
    def called(*args, **kwargs):
        returned = {name}(*args, **kwargs)
{body}        return returned
    return called
{name} = leaving({name})
"""

    def edit(notebook: NotebookNode) -> None:
        (cell,) = (c for c in notebook.cells if f"def {name}(" in c.source)
        cell.source += leaving

    return edit


def _odd(name: str, **more: object) -> Hostile:
    return Hostile("oddities", name, **more)


def _on_top(line: str) -> dict[str, str]:
    """A line above the answer in its cell."""
    return {SECOND: f"{line}\n{DEFINED}"}


ODDITIES = [
    honest("oddities-first"),
    _odd("many-folders", files=MANY_FOLDERS),
    _odd("writes-beside-its-sockets", top=WRITES_BESIDE, shows="megabytes written: 0"),
    _odd("folders-without-end", files=DEEP),
    honest("oddities-second"),
    _odd("a-shape-without-end", top=HUGE_SHAPE, solved=True,
         lost={"every exercise": "the answers can't be read"}),
    _odd("spaces", edit=cells_first(*["(\n" + " " * 20_000 + "\n"] * 2)),
    _odd("one-picture-under-many-names", edit=one_picture_under_many_names),
    _odd("a-picture-over-and-over", edit=a_picture_that_is_painted_over_and_over),
    _odd("many-small-pictures", edit=many_small_pictures),
    _odd("a-long-cell", edit=a_long_cell),
    _odd("an-error-without-words", answers=second("raise type('E', (Exception,), {'__str__': lambda s: 1 / 0})"),
         lost={SECOND: "your code raised E"}),
    _odd("turns-the-line", answers=second("raise ValueError('\\u202e3 fo 3\\u2066')"),
         lost={SECOND: "raised ValueError: ?3 fo 3?"}),
    _odd("moves-the-cursor", answers=second(MOVES_THE_CURSOR),
         lost={SECOND: "your code raised ValueError"}),
    _odd("frames", top=FRAMES, shows="sent"),
    _odd("a-folder-for-a-file", files=LOOKS_LIKE_A_FOLDER),
    _odd("installs", answers=_on_top("!pip install -q tqdm")),
    _odd("another-front-end", answers=_on_top("%matplotlib widget"), shows="was passed over"),
    _odd("no-front-end", answers=_on_top("%matplotlib qt"), shows="was passed over"),
    _odd("an-extension-that-is-not-here", answers=_on_top("%load_ext autotime"),
         shows="was passed over"),
    _odd("mounts-a-drive", answers=_on_top("from google.colab import drive\ndrive.mount('/content')"),
         shows="No module named 'google'", quick=True),
    _odd("opens-a-window", answers=_on_top("import matplotlib\nmatplotlib.use('TkAgg')"),
         shows="Cannot load backend"),
    _odd("asks-for-a-name", answers=_on_top("name = input('?')"), shows="StdinNotImplementedError"),
    _odd("needs-what-was-not-reached", lost={SECOND: "your code raised NameError"},
         answers={SECOND: f"1 / 0\nshift = 0\n{DEFINED.replace('-scores', 'shift - scores')}"}),
    _odd("another-language", top="%%bash\necho from bash", shows="from bash"),
    _odd("quits", top="quit()", shows="quit was passed over"),
    _odd("restarts", top="get_ipython().kernel.do_shutdown(True)", shows="restart was passed over"),
    _odd("prints-nowhere", quick=True, top="import sys\nsys.stdout = sys.stderr = None"),
    _odd("asks-what-it-prints-to", answers=second(f"import sys\nsys.stdout.encoding.lower()\n{RIGHT.strip()}")),
    _odd("prints-to-a-file", quick=True,
         top="import os, sys\nwith open(os.devnull, 'w') as sys.stdout: print('x')"),
    _odd("a-bar-of-progress", top="from tqdm.notebook import tqdm\nfor i in tqdm(range(3)): pass"),
    _odd("awaits", top="import asyncio\nawait asyncio.sleep(0.1)\nprint('awaited')", shows="awaited"),
    _odd("newer-python",
         answers={SECOND: f'def {SECOND}(scores, y, k):\n    d = {{"k": k}}\n    f"{{d["k"]}}"\n{RIGHT}'},
         lost={SECOND: "(in Python 3.11)"}),
    _odd("names-of-python", top="globals = {'lr': 1}\nlocals = vars = list = str = type = None"),
    _odd("set-up-for-another-machine", top=SET_UP, assignment="ensembles", shows="set up"),
    _odd("finds-modules-elsewhere", top="import sys\nsys.path = ['/content/drive/MyDrive']",
         assignment="transfer"),
    _odd("is-profiled", top="import cProfile\ncProfile.Profile().enable()", assignment="regularization"),
    _odd("displays-too-much", quick=True, answers=second(
        f"for _ in range(30): display({{'text/plain': 'x' * 10**6}}, raw=True)\n{RIGHT.strip()}")),
    _odd("leaves-torch-set", assignment="transfer", edit=at_the_end_of("extract_features", LEAVES_SET),
         lost={"fine_tune": "from which no gradient leads back"}),  # which calls it
    _odd("leaves-python-slow", top=LEAVES_ON, assignment="hyperparameters", shows="left on"),
    _odd("partials", assignment="regularization", edit=as_partials),
    honest("oddities-last"),
]  # fmt: skip
