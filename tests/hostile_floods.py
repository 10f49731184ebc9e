"""Exhaustion: of memory, processes, disk, messages and the grader's patience. The others' points stay."""

from nbformat.v4 import new_markdown_cell

from tests.hostile_class import ALL, CELL_SECONDS, SECOND, Hostile, cells_first, honest, second

# Sends messages as a kernel does, or with any text as their content, in the name of the cell.
SEND = r"""
import json
kernel = get_ipython().kernel

def send(kind, content, buffers=None):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent(), buffers=buffers)

def send_text(kind, text):
    session = kernel.session
    header = session.msg_header(kind)
    parts = [session.pack(header), session.pack(kernel.get_parent()["header"]), b"{}",
             text if isinstance(text, bytes) else text.encode()]
    kernel.iopub_socket.send_multipart(
        [b"kernel." + kind.encode(), b"<IDS|MSG>", session.sign(parts), *parts])

def bundle(data, metadata="{}"):
    send_text("display_data", '{"data":' + data + ',"metadata":' + metadata + "}")
"""
GROW = """
import ctypes, os, mmap
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = libc.mmap.restype = ctypes.c_void_p
held, STEP = [], 2**26
"""
PUBLIC = "SHARED_ANONYMOUS, READ_WRITE = 0x21, 3\n"

# Each takes more memory than a kernel may, in its own way, up to 5 GB.
MEMORY = {
    "private": "for _ in range(80): held.append(bytearray(STEP))",
    "children": "for _ in range(40):\n    if os.fork() == 0:\n"
                "        held = bytearray(2 * STEP)\n        import time; time.sleep(100)\n"
                "import time; time.sleep(15)",
    "shared-and-not-resident": PUBLIC + (
        "for _ in range(80):\n"
        "    where = libc.mmap(None, ctypes.c_size_t(STEP), READ_WRITE, SHARED_ANONYMOUS, -1, 0)\n"
        "    ctypes.memset(where, 1, STEP)\n"
        "    libc.madvise(ctypes.c_void_p(where), ctypes.c_size_t(STEP), 4)"),
    "system-v": (
        "for _ in range(80):\n"
        "    number = libc.shmget(0, STEP, 0o1600)\n"
        "    where = libc.shmat(number, None, 0)\n"
        "    ctypes.memset(where, 1, STEP)\n"
        "    libc.shmdt(ctypes.c_void_p(where))"),
    "page-tables": (
        "size = 2**42  # none of it is in use, and the system notes of each part where it would be\n"
        "where = libc.mmap(None, ctypes.c_size_t(size), 1, 0x4022, -1, ctypes.c_long(0))\n"
        "libc.madvise(ctypes.c_void_p(where), ctypes.c_size_t(size), 15)\n"
        "there = (ctypes.c_char * size).from_address(where)\n"
        "for at in range(0, size, 2**21): there[at]"),
    "behind-short-lived-children": (
        "import threading, time\n"
        "def children():\n"
        "    while True:\n"
        "        alive = []\n"
        "        for _ in range(8):\n"
        "            if (child := os.fork()) == 0: time.sleep(0.02); os._exit(0)\n"
        "            alive.append(child)\n"
        "        for child in alive: os.waitpid(child, 0)\n"
        "threading.Thread(target=children, daemon=True).start()\n"
        "for _ in range(80): held.append(bytearray(STEP)); time.sleep(0.01)"),
}  # fmt: skip
SAID = {"system-v": "your code ended the Python process"}  # there is none to be had
MEMORIES = [honest("before-the-memories", quick=False)]
MEMORIES += [
    Hostile("floods", f"memory-{name}", top=GROW + code + "\nprint('5 GB are mine')",
            shows=SAID.get(name, "it used more than 4096 MB of memory"))
    for name, code in MEMORY.items()
]  # fmt: skip

MEMORIES += [
    Hostile("floods", "an-answer-hogs", answers=second("held = []\nwhile True: held.append(bytearray(2**26))"),
            lost={SECOND: "memory"}),
    honest("after-the-memories", quick=False),
]  # fmt: skip
FLOODS = [honest("before-the-floods", quick=False)]
FILL = r"""
import glob, os
def fill(folder, megabytes):
    "How many megabytes could be written there."
    try:
        with open(folder + "/filled", "wb") as file:
            for count in range(megabytes):
                os.posix_fallocate(file.fileno(), count * 2**20, 2**20)
        count = megabytes
    except OSError:
        count = locals().get("count", 0)
    if not folder.startswith(("/tmp", "/scratch", "/dev/shm", "/sockets/")):
        glob.glob(folder + "/filled") and os.unlink(folder + "/filled")
    return count
"""
MANY = "made = 0\ntry:\n    for made in range(60_000): open(f'{folder}/{made}', 'w').close()\nexcept OSError: pass\n"
OWN_FOLDER = "(folder,) = glob.glob('/sockets/*')\n"
READ_ONLY = "Read-only file system"
FLOODS += [
    Hostile("floods", "fills-every-folder", quick=True, shows="all is within bounds: True",
            top=FILL + "written = [fill(f, 300) for f in ('/tmp', '/scratch', '/dev/shm', '/dev', '/sockets',"
                       " '/var/tmp', '/run', '/', '/handed-out')]\n"
                       "print('all is within bounds:', sum(written) < 800 and max(written) <= 256)"),
    Hostile("floods", "fills-the-socket-folder", quick=True, shows="written: 0",
            top=FILL + OWN_FOLDER + "print('written:', fill(folder, 100))"),
    Hostile("floods", "fills-a-folder-in-the-socket-folder", shows=READ_ONLY,
            top="import glob, os\n" + OWN_FOLDER + "os.mkdir(folder + '/in')"),
    Hostile("floods", "fills-the-files-in-the-socket-folder", shows="written: 0",
            top=FILL + OWN_FOLDER + "print('written:', fill(folder + '/files', 100))"),
    Hostile("floods", "fills-what-is-there-already", shows=READ_ONLY,
            top="import glob\n" + OWN_FOLDER + "open(folder + '/connection.json', 'w')"),
    Hostile("floods", "many-files-in-the-socket-folder", shows="made: 0",
            top="import glob\n" + OWN_FOLDER + MANY + "print('made:', made)"),
    Hostile("floods", "many-files-in-memory", shows="made all: False",
            top="folder = '/tmp'\n" + MANY + "print('made all:', made == 59_999)"),
    Hostile("floods", "links-in-place-of-sockets", top=(
        "import glob, os\n" + OWN_FOLDER + "for path in glob.glob(folder + '/kernel-*'):\n"
        "    os.unlink(path); os.symlink('/etc', path)\nos.unlink(folder + '/connection.json')\n"
        "os.symlink(PLACES['paths'][0], folder + '/connection.json')\nprint('linked')"),
            shows=READ_ONLY),
]  # fmt: skip

BUSY = (
    "import subprocess\nfor _ in range(60):\n"
    "    subprocess.Popen(['sh', '-c', 'while :; do :; done'])\nprint('busy')"
)
FLOODS += [
    Hostile("floods", "threads", shows="it started more than 512 threads",
            top="import threading, time\nfor _ in range(3000):\n"
                "    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\ntime.sleep(2)"),
    Hostile("floods", "processes", shows="it started more than 64 processes",
            top="import os, time\nfor _ in range(100):\n"
                "    if os.fork() == 0: time.sleep(100)\ntime.sleep(2)"),
    Hostile("floods", "fork-bomb", shows="it started more than 64 processes",
            top="import os\nfor _ in range(7):\n    os.fork()\nwhile True: pass"),
    Hostile("floods", "thirty-idle-children", shows="they have ended",
            top="import os, time\nchildren = []\nfor _ in range(30):\n"
                "    if (child := os.fork()) == 0: time.sleep(0.5); os._exit(0)\n"
                "    children.append(child)\n"
                "for child in children: os.waitpid(child, 0)\nprint('they have ended')"),
    Hostile("floods", "descriptors", shows="OSError",
            top="import socket\nheld = []\nwhile True: held.append(socket.socketpair())"),
    Hostile("floods", "sockets", shows="it opened more than 1024 sockets",
            top="import os, socket, time\nfor _ in range(4):\n    if os.fork() == 0:\n"
                "        held = [socket.socketpair() for _ in range(300)]\n        time.sleep(100)\n"
                "time.sleep(5)"),
    Hostile("floods", "pipes", shows="full",
            top="import fcntl, os\nheld = []\ntry:\n    while len(held) < 5000:\n"
                "        read, write = os.pipe()\n        os.set_blocking(write, False)\n"
                "        try: fcntl.fcntl(write, 1031, 2**20)\n        except OSError: pass\n"
                "        held.append((read, write))\n"
                "        try:\n            while os.write(write, bytes(2**16)): pass\n"
                "        except BlockingIOError: pass\nexcept OSError: pass\nprint('full')"),
]  # fmt: skip

# Messages: outputs without end, or with something in them that takes long to read, keep or show.
TEXT = {
    "stream": "while True: print('x' * 10_000)",
    "one-print": "print('x' * 100_000_000)",
    "display": "while True: display('x' * 100_000)",
    "error": "raise ValueError('x' * 100_000_000)",
    "error-name": "raise type('E' * 10_000_000, (Exception,), {})('x')",
    "traceback": SEND + "send('error', {'ename': 'E', 'evalue': 'v', 'traceback': ['\\x1b[31m'] * 150_000})",
    "buffers": SEND + "while True: send('display_data', {'data': {'text/plain': 'x'}, 'metadata': {}},"
                      " buffers=[bytes(2**24)] * 3)",
    "buffers-of-odd-messages": SEND + "while True: send('comm_msg', {'data': {}}, buffers=[bytes(2**25)])",
    "one-large-message": SEND + "send('display_data', {'data': {'text/plain': 'x' * 10**8}, 'metadata': {}})",
    "many-small-messages": SEND + "while True: send('status', {'execution_state': 'busy'})",
    "replies": SEND + "while True: kernel.session.send(kernel.shell_stream if hasattr(kernel, 'shell_stream')"
                      " else kernel.shell_streams[0], 'execute_reply', {'x': 'y' * 10**7})",
    "kinds": SEND + "bundle('{' + ','.join(f'\"a/{i}\":\"x\"' for i in range(100_000)) + '}')",
    "kinds-that-are-wrong": SEND + "bundle('{' + ','.join(f'\"b{i}\":3' for i in range(500_000)) + '}')",
    "nested": SEND + "bundle('{\"application/json\":' + '[' * 10**6 + ']' * 10**6 + '}')",
    "markdown-spaces": "from IPython.display import *\ndisplay(Markdown(' ' * 1_000_000))",
    "markdown-brackets": "from IPython.display import *\ndisplay(Markdown('[' * 500_000))",
    "markdown-stars": "from IPython.display import *\ndisplay(Markdown('*a **a ' * 100_000))",
    "html": "from IPython.display import *\ndisplay(HTML('<div>' * 200_000))",
    "html-attributes": "from IPython.display import *\ndisplay(HTML('<a ' + 'b=c ' * 300_000))",
    "latex": "from IPython.display import *\ndisplay(Latex('$' * 1_000_000))",
    "svg": "display({'image/svg+xml': '<svg>' + '<g>' * 200_000}, raw=True)",
    "svg-entities": "display({'image/svg+xml': '<!DOCTYPE svg [<!ENTITY a \"aaaaaaaaaa\">' + ''.join("
                    "f'<!ENTITY {chr(98 + i)} \"{(chr(38) + chr(97 + i) + chr(59)) * 10}\">' for i in range(9))"
                    " + ']><svg><text>&j;</text></svg>'}, raw=True)",
    "colors": "print('\\x1b[31m' * 19_000)",
}  # fmt: skip
FLOODS += [
    Hostile("floods", f"output-{name}", top=code, quick=name in ("colors", "nested"))
    for name, code in TEXT.items()
]  # fmt: skip

NESTED = "the graded notebook can't be copied if an output is nested deeper than some 300: ungraded"
FLOODS += [
    Hostile("floods", f"nested-{depth}", top=SEND + f"bundle('{{\"application/json\":' + '[' * {depth} + ']' * {depth} + '}}')\nprint('sent')", shows="sent")
    for depth in (200, 400, 600, 900)
] + [
    Hostile("floods", f"nested-metadata-{depth}", top=SEND + f"bundle('{{}}', '{{\"a\":' + '[' * {depth} + ']' * {depth} + '}}')\nprint('sent')", shows="sent")
    for depth in (400, 900)
]  # fmt: skip

SHOW = "display({'image/png': picture}, raw=True)"
PICTURE = "import base64\npicture = base64.b64encode(b'\\x89PNG\\r\\n\\x1a\\n' + bytes(1_400_000)).decode()\n"


FLOODS += [
    Hostile("floods", "pictures-without-end", edit=cells_first(*[PICTURE + SHOW] * 60),
            shows="the notebook shows more than a page can hold"),
    Hostile("floods", "an-answer-floods", answers=second("while True: print('x' * 10_000)"),
            lost={SECOND: f"it ran for more than {CELL_SECONDS} s"}),
    Hostile("floods", "an-answer-returns-much", answers=second("return np.zeros(10**8)"),
            lost={SECOND: ""}),
    Hostile("floods", "an-answer-raises-much", answers=second("raise ValueError('x' * 10**8)"),
            lost={SECOND: "your code raised ValueError: xxx"}),
    honest("after-the-floods"),
]  # fmt: skip
FLOODS[-1:-1] = [
    Hostile("floods", "headings-without-end",
            edit=lambda nb: nb.cells.insert(0, new_markdown_cell("<h1>" * 1_000_000, id="headings"))),
    Hostile("floods", "locked-folders-in-the-socket-folder", shows=READ_ONLY, top=(
        "import glob, os\n" + OWN_FOLDER + "os.chmod(folder, 0o500)")),
    Hostile("floods", "deep-folders-in-the-socket-folder", shows=READ_ONLY,
            top="import glob, os\n" + OWN_FOLDER + "os.chdir(folder)\n"
                "for _ in range(1100): os.mkdir('d'); os.chdir('d')"),
]  # fmt: skip
# Small messages that are large once they are read: 60 MB of text make some 1.4 GB of empty lists.
LISTS = "lists = '[' + '[],' * 20_000_000 + '0]'\n"
BOMBS = [
    honest("before-the-bombs", quick=False),
    Hostile("floods", "bomb-in-the-contents", top=SEND + LISTS +
            "bundle('{\"application/json\":' + lists + '}')\nprint('sent')"),
    Hostile("floods", "bomb-in-contents-and-metadata", top=SEND + LISTS +
            "bundle('{\"application/json\":' + lists + '}', '{\"a\":' + lists + '}')\nprint('sent')"),
    Hostile("floods", "bomb-in-every-part", top=SEND + LISTS +
            "held = '{\"a\":' + lists + '}'\nsession = kernel.session\n"
            "parts = [part.encode() for part in (held, held, held, held)]\n"
            "kernel.iopub_socket.send_multipart([b'x', b'<IDS|MSG>', session.sign(parts), *parts])\n"
            "print('sent')"),
    honest("after-the-bombs", quick=False),
]  # fmt: skip
# Beside an honest neighbor, on another core, which needs its own.
CROWD = []
for _i in range(3):
    CROWD += [
        Hostile("floods", f"busy-beside-{_i}", top=BUSY, solved=False, assignment="transfer",
                lost={ALL: ""}, shows="busy"),
        honest(f"needs-its-time-{_i}", "transfer", quick=False),
    ]  # fmt: skip
