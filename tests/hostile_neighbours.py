"""From one submission to the next one in the same outer sandbox: what one leaves, another takes.

And secrets: a submission that looks at all it can reach.
"""

from tests.hostile_class import ALL, SECOND, Hostile, honest, second
from tests.hostile_secrets import LOOK

NOT_YET = "it still raises NotImplementedError"
WORD = "left-for-the-next"  # in the name and in the text of whatever is left

FOLDERS = f'''
import glob, os
WORD = {WORD!r}

def folders():
    """Every folder but the system's and Python's."""
    for top in sorted(os.listdir("/")):
        if top not in ("proc", "sys", "usr", "bin", "sbin", "lib", "lib32", "lib64", "boot"):
            for folder, inside, _ in os.walk("/" + top):
                inside[:] = [name for name in inside if name not in ("site-packages", "lib")]
                yield folder
'''
FILES = """
left = 0
for folder in [*folders(), "/proc", "/sys", "/usr", "/dev", "/dev/mqueue", "/var/tmp", "/run"]:
    for name in (WORD, "__pycache__/" + WORD, ".cache/" + WORD, "sitecustomize.py"):
        try:
            os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
            with open(f"{folder}/{name}", "w") as file:
                file.write(f"# {WORD}")
            left += 1
        except OSError:
            pass
print("left files:", left > 4)
"""
MODULES = """
import site, sys
answers = "import builtins\\n" + "".join(
    f"def {name}(scores, y, k): return float((np.argsort(-scores)[:, :k] == y[:, None]).any(1).mean())\\n"
    f"builtins.{name} = {name}\\n" for name in ("top_k_accuracy", "top_k_again", "top_k_at_last"))
places = [p for p in {*sys.path, site.getusersitepackages(), "/tmp/ipython/profile_default/startup",
                      "/tmp/matplotlib", "/tmp/cache/torch", os.path.expanduser("~/.ipython")} if p]
left = 0
for place in places:
    for name in ("usercustomize.py", "sitecustomize.py", "numpy.py", "00-start.py", "matplotlibrc"):
        try:
            if not place.startswith(("/tmp/", "/scratch")) and place != "":
                left -= os.access(place, os.W_OK) * 100
                continue
            os.makedirs(place, exist_ok=True)
            with open(f"{place}/{name}", "w") as file:
                file.write(f"# {WORD}\\nimport numpy as np\\n{answers}")
            left += 1
        except OSError:
            pass
print("left modules:", left > 4)
"""
LIVING = r"""
import ctypes, platform, socket, subprocess, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
left = []

def leave(what, way):
    try:
        if way() not in (-1, False):
            left.append(what)
    except OSError:
        pass

def listen(address):
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen()
    threading.Thread(target=lambda: [server.accept()[0].sendall(WORD.encode()) for _ in iter(int, 1)],
                     daemon=True).start()

def shared():
    number = libc.shmget(4711, 4096, 0o1666)
    if number == -1: return -1
    libc.shmat.restype = ctypes.c_void_p
    ctypes.memmove(libc.shmat(number, None, 0), WORD.encode(), len(WORD))
    return number

ADD_KEY = {"x86_64": 248, "aarch64": 217}[platform.machine()]
AFTER = '''
import os, socket, time
os.setsid()
server = socket.socket(socket.AF_UNIX); server.bind("\\0WORD-process"); server.listen()
end = time.time() + 60
while time.time() < end:
    for folder in ("/tmp", "/scratch", "/dev/shm", "/sockets"):
        try: open(folder + "/WORD-late", "w").write("WORD")
        except OSError: pass
    time.sleep(0.1)
'''.replace("WORD", WORD)
leave("socket", lambda: listen("\0" + WORD))
leave("path", lambda: listen("/tmp/" + WORD + "-socket"))
leave("shared memory", shared)
for ring in (-2, -3, -4, -5):
    leave("key", lambda: libc.syscall(ADD_KEY, b"user", WORD.encode(), WORD.encode(), len(WORD), ring))
leave("process", lambda: subprocess.Popen([sys.executable, "-c", AFTER], start_new_session=True))
leave("queue", lambda: ctypes.CDLL("librt.so.1").mq_open(("/" + WORD).encode(), 0o102, 0o666, None))
print("left living things:", "socket" in left and "process" in left, "keys:", "key" in left)
"""
TAKE = r"""
import ctypes, platform, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
taken = []
for folder in folders():
    for name in os.listdir(folder) if os.access(folder, os.R_OK) else ():
        if WORD in name or name in ("usercustomize.py", "sitecustomize.py"):
            taken.append(f"{folder}/{name}")
for address in ("\0" + WORD, "\0" + WORD + "-process", "/tmp/" + WORD + "-socket"):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(0.5)
        if client.connect_ex(address) == 0:
            taken.append(address)
if libc.shmget(4711, 1, 0) != -1:
    taken.append("shared memory")
KEYCTL = {"x86_64": 250, "aarch64": 219}[platform.machine()]
for ring in (-2, -3, -4, -5):
    if libc.syscall(KEYCTL, 10, ring, b"user", WORD.encode(), 0) != -1:
        taken.append("key")
for path in glob.glob("/proc/[0-9]*/cmdline"):
    try:
        if WORD in open(path).read():
            taken.append(path)
    except OSError:
        pass
import builtins
taken += [name for name in ("top_k_accuracy", "top_k_again") if hasattr(builtins, name)]
print("taken:", taken)
"""
MODES = """
import stat
size = lambda folder: os.statvfs(folder).f_blocks * os.statvfs(folder).f_frsize
own = {os.stat(f).st_dev for f in ("/tmp", "/scratch", "/dev/shm") if size(f) <= 2**28}
changed, others = 0, set()
for folder in [*folders(), "/", "/proc", "/dev", "/handed-out", "/sockets"]:
    for path in [folder, *glob.glob(folder + "/*")]:
        try:
            seen = os.lstat(path)
            if stat.S_ISLNK(seen.st_mode):
                continue
            mine = seen.st_dev in own or path.startswith("/sockets/")
            os.chmod(path, 0 if mine else stat.S_IMODE(seen.st_mode))  # nobody is to be harmed
        except OSError:
            continue
        if mine:
            changed += 1
        else:
            others.add(path)
print("changed:", changed > 4, "and what is not its own:", sorted(others))
"""
OVERWRITE = """
import autograder, numpy, torch
opened = []
for path in (autograder.__file__, numpy.__file__, torch.__file__, "/zygote.py", "/syscalls.py",
             "/etc/passwd", os.__file__, "/handed-out/metrics/key.json", "/proc/sysrq-trigger",
             "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", *PLACES["paths"],
             *glob.glob("/proc/sys/vm/*"), *glob.glob("/proc/sys/fs/*"), "/proc/sys/kernel/modprobe",
             *glob.glob("/proc/[0-9]*/mem")):
    try:
        if not os.path.samefile(os.path.dirname(path), "/proc/self"):
            os.close(os.open(path, os.O_WRONLY))  # opened and left as it is
            opened.append(path)
    except OSError:
        pass
print("opened to write:", opened)
"""
# A lease on what others read, and no thought of giving it up: whoever opens it waits.
LEASES = """
import autograder, fcntl, signal
signal.signal(signal.SIGIO, signal.SIG_IGN)
leased = {}
for path in [*glob.glob("/handed-out/**", recursive=True), autograder.__file__, "/zygote.py", "/etc/passwd"]:
    number = os.stat(path).st_ino
    if os.path.isfile(path) and number not in leased:  # its own would keep it waiting too
        file = os.open(path, os.O_RDONLY)
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            leased[number] = path
        except OSError:
            os.close(file)
print("leased:", sorted(leased.values()))
"""
# Of all processes that /proc shows; the first of them are those that the next kernel comes from.
KILL_FIRST = """
own = os.readlink("/proc/self")
reached = []
for path in glob.glob("/proc/[0-9]*/oom_score_adj") + glob.glob("/proc/[0-9]*/timerslack_ns"):
    try:
        if path.split("/")[2] != own:
            os.close(os.open(path, os.O_WRONLY))
            reached.append(path)
    except OSError:
        pass
print("reached:", reached)
"""
SIGNALS = """
threads = set()
for path in glob.glob("/proc/self/task/*/status"):
    threads.update(int(n) for line in open(path) if line.startswith("NSpid") for n in line.split()[1:])
reached = []
seen = {int(path[6:]) for path in glob.glob("/proc/[0-9]*")}
for number in {*range(2, 300), *seen, os.getppid()} - {0, 1, *threads}:
    for change in (lambda: os.kill(number, 0), lambda: os.setpriority(os.PRIO_PROCESS, number, 19),
                   lambda: os.sched_setaffinity(number, os.sched_getaffinity(0))):
        try:
            change()
            reached.append(number)
        except OSError:
            pass
print("reached:", reached)
"""
OTHER_KERNELS = """
import socket
seen = [p for p in glob.glob("/sockets/*") if not os.access(p + "/connection.json", os.R_OK)]
with open("/proc/net/unix") as file:
    named = [line.split()[-1] for line in file if "@" in line or "/" in line]
print("of others:", seen, len([n for n in named if "/sockets/" in n and not glob.glob(n)]))
"""


def taker(name: str, *, quick: bool = False, **more: str) -> Hostile:
    """Looks for all that was left, and answers nothing."""
    return Hostile(
        "neighbours", name, top=FOLDERS + TAKE, solved=False, lost={ALL: NOT_YET},
        shows="taken: []\n", quick=quick, **more,
    )  # fmt: skip


def leaver(name: str, code: str, shows: str, quick: bool = False) -> Hostile:
    return Hostile("neighbours", name, top=FOLDERS + code, shows=shows, quick=quick)


SHADOWS = {f"{name}.py": f"# {WORD}\nraise SystemExit" for name in ("jedi", "comm", "sqlite3")}
NEIGHBOURS = [
    leaver("leaves-files", FILES, "left files: True", quick=True),
    taker("takes-files", quick=True),
    leaver("leaves-modules", MODULES, "left modules: True", quick=True),
    leaver("leaves-living-things", LIVING, "left living things: True keys: False", quick=True),
    taker("takes-living-things", quick=True),
    leaver(
        "changes-modes",
        MODES,
        "changed: True and what is not its own: []",
        quick=True,
    ),
    honest("after-the-modes"),
    leaver("overwrites", OVERWRITE, "opened to write: []", quick=True),
    honest("after-overwriting"),
    leaver("leases-what-all-read", LEASES, "leased: []\n", quick=True),
    honest("after-the-leases", quick=False),
    leaver("sends-signals", SIGNALS, "reached: []"),
    leaver(
        "chooses-who-dies-first",
        KILL_FIRST,
        "reached: []",
    ),
    leaver("sees-other-kernels", OTHER_KERNELS, "of others: [] 0"),
    Hostile("neighbours", "leaves-modules-beside", files=SHADOWS),
    taker("takes-modules-from-beside"),
    Hostile(
        "neighbours",
        "leaves-from-an-answer",
        lost={SECOND: "expected"},
        answers=second(FOLDERS + FILES + "return 2.0"),
    ),  # fmt: skip
    taker("takes-what-an-answer-left"),
    Hostile(
        "neighbours",
        "leaves-at-its-death",
        top=FOLDERS + FILES + "\nos._exit(1)",
        shows="your code ended the Python process",
    ),  # fmt: skip
    taker("takes-after-a-death"),
    honest("at-the-end", quick=False),
]


UNCOUNTED = ("answers-timestamp.txt", "timestamp.txt", "submission_secret.txt", ".ipynb")
TIME = "2026-01-01 10:00:00.123456 UTC"
FAMILIES = ("AF_VSOCK", "AF_ALG", "AF_PACKET", "AF_BLUETOOTH", "AF_CAN", "AF_TIPC", "AF_RDS")
OUT = (
    f"import socket\nFAMILIES = {FAMILIES}"
    + r"""
opened = []
for family in FAMILIES:
    for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_RAW, socket.SOCK_DGRAM):
        try:
            socket.socket(getattr(socket, family), kind).close()
            opened.append(family)
        except (OSError, AttributeError):
            pass
print("opened:", sorted({*opened}))
"""
)
KERNEL_LOG = """
import ctypes
text = ctypes.create_string_buffer(2**16)
print("kernel's log:", ctypes.CDLL(None).klogctl(3, text, len(text)) > 0)
"""
ASK = """
import http.client, socket, urllib.request
answered = []
def ask(what, way):
    try:
        way()
        answered.append(what)
    except OSError:
        pass
ask("dns", lambda: socket.getaddrinfo("example.org", 443))
ask("http", lambda: urllib.request.urlopen("http://127.0.0.1:%d/" % PLACES["port"], timeout=1))
ask("local", lambda: socket.create_connection(("localhost", PLACES["port"]), 1))
ask("loopback", lambda: socket.create_connection(("::1", PLACES["port"]), 1))
ask("outside", lambda: socket.create_connection(("192.0.2.1", 80), 1))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ask("datagram", lambda: udp.sendto(b"x", ("192.0.2.1", 53)))
print("answered:", answered)
"""
SECRETS = [
    honest("before-secrets", quick=False),
    Hostile("secrets", "looks-everywhere", top=LOOK, quick=True,
            shows="looked at hundreds: True and found: []"),
    Hostile("secrets", "looks-from-an-answer", lost={SECOND: "expected"},
            top=f"report, known, LOOK = [], PLACES, {LOOK.replace('PLACES', 'known')!r}",
            answers=second("if not report: exec(LOOK, {'known': known, 'print': lambda *a: report.append(a)})\n"
                           "return 2.0"),
            end="print(*report[0])", shows="looked at hundreds: True and found: []"),
    Hostile("secrets", "asks-the-network", top=ASK, shows="answered: []", quick=True),
    Hostile("secrets", "opens-other-sockets", top=OUT, shows="opened: []",
            quick=True),
    Hostile(
        "secrets",
        "reads-what-the-seed-does-not-count",
        top=f"import os\nprint('of these:', sorted({set(UNCOUNTED)} & {{*os.listdir()}}))",
        files=dict.fromkeys(UNCOUNTED, "0.5 0.25") | {"timestamp.txt": TIME, "submission_secret.txt": "12ab"},
        shows="of these: ['answers-timestamp.txt']",  # which has its part in the seed
    ),
    Hostile("secrets", "reads-the-kernels-log", top=KERNEL_LOG, shows="kernel's log: False"),
    Hostile("secrets", "imports-the-instructors-side", top="import autograder.grading.releasing.keys",
            shows="ModuleNotFoundError", quick=True),
]  # fmt: skip
