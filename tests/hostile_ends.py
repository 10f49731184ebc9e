"""Exits, deaths and loops: each costs the exercise that it is in, and nothing else."""

from tests.hostile_class import (
    ALL,
    CELL_SECONDS,
    SECOND,
    TOTAL_SECONDS,
    Hostile,
    cell_before_each_test,
    cells_first,
    honest,
    second,
)

DIED = "your code ended the Python process"
TIME = f"it ran for more than {CELL_SECONDS} s"
RIGHT = "return float((np.argsort(-scores, axis=1)[:, :k] == y[:, None]).any(axis=1).mean())"
C = "import ctypes, os, signal, sys\n"

# Each ends the process, in a cell or in an answer.
DEATHS = {
    "exit": C + "os._exit(0)",
    "segfault": C + "ctypes.string_at(0)",
    "abort": C + "os.abort()",
    "execute-another": C + "os.execv('/bin/true', ['true'])",
    "stack-overflow": C + "sys.setrecursionlimit(10**9)\nf = lambda x: [f(x)]\n"
                          "import threading; threading.stack_size(2**16)\n"
                          "t = threading.Thread(target=f, args=(1,)); t.start(); t.join(2)\nos._exit(1)",
    "destructor": C + "type('D', (), {'__del__': lambda self: os._exit(1)})()\nimport gc; gc.collect()",
    "thread": C + "import threading, time\nthreading.Thread(target=os._exit, args=(1,)).start()\ntime.sleep(2)",
    "processor-time": C + "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (0, 0))\nwhile True: pass",
}  # fmt: skip
# Sends the grader what is no message on every socket that it has to the kernel: each is lost to both.
SPOILS = r"""
import os, socket
for number in range(3, 64):
    try:
        with socket.socket(fileno=os.dup(number)) as one:
            if one.family == socket.AF_UNIX and str(one.getsockname()).startswith("/sockets"):
                one.send(b"\x02" + b"\xff" * 8, socket.MSG_DONTWAIT)
    except OSError:
        pass
"""
# What the first process of a namespace does not hear from itself, and another one does.
UNHEARD = {
    "kill": C + "os.kill(os.getpid(), signal.SIGKILL)",
    "kill-all": C + "if os.getpid() < 9: os.kill(-1, signal.SIGKILL)",
    "illegal-instruction": C + "os.kill(os.getpid(), signal.SIGILL)",
    "stop": C + "os.kill(os.getpid(), signal.SIGSTOP)",
    "alarm": C + "import time\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\ntime.sleep(0.2)",
}
# Each stops what runs, and the process lives on.
STOPS = {
    "exit-by-exception": ("import sys\nsys.exit(3)", "SystemExit"),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "signal-to-itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nimport time; time.sleep(1)", "KeyboardInterrupt"),
    "quit": ("raise SystemExit('bye')", "SystemExit"),
    "recursion": ("f = lambda: f()\nf()", ""),
    "base-exception": ("raise type('Odd', (BaseException,), {})('odd')", "Odd"),
    "generator-exit": ("raise GeneratorExit", "GeneratorExit"),
    "exception-that-can-not-be-shown": ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})", ""),
    "asks-for-input": ("input('?')", "StdinNotImplementedError"),
}  # fmt: skip
# Each goes on until it is interrupted or killed.
LOOPS = {
    "busy": "while True: pass",
    "deaf": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    "catches-all": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "in-c": "from collections import deque\nfrom itertools import count\ndeque(count(), 0)",
    "expression": "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
    "long-number": "int('9' * 10**7) if not __import__('sys').set_int_max_str_digits(0) else 0",
    "in-repr": "display(type('R', (), {'__repr__': lambda self: [None for _ in iter(int, 1)]})())",
    "sleeps": "import time\ntime.sleep(10**6)",
    "waits-for-a-child": "import subprocess\nsubprocess.run(['sleep', '100000'])",
    "waits-for-a-lock": "import threading\nlock = threading.Lock(); lock.acquire(); lock.acquire()",
    "reads-a-pipe": "import os\nread, write = os.pipe()\nos.read(read, 1)",
    "switches-threads": "import threading, sys\nsys.setswitchinterval(10**4)\n"
                        "threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()\n"
                        "[None for _ in iter(int, 1)]",
    "holds-the-lock": "import ctypes\nctypes.PyDLL(None).sleep(100000)",
    "loops-in-str-of-error": "raise type('E', (Exception,), {'__str__': lambda self: [None for _ in iter(int, 1)]})()",
}  # fmt: skip
QUICK_DEATHS = ("exit", "segfault")
QUICK_LOOPS = ("deaf",)
HOOK = "get_ipython().events.register({!r}, lambda *a: [None for _ in iter(int, 1)])"

ENDS = [honest("before-the-ends", quick=False)]
for name, code in DEATHS.items():
    ENDS += [
        Hostile("ends", f"cell-{name}", top=code, shows=DIED, quick=name == "exit"),
        Hostile("ends", f"answer-{name}", answers=second(code), lost={SECOND: DIED},
                quick=name in QUICK_DEATHS),
    ]  # fmt: skip
for name, code in UNHEARD.items():
    ENDS += [
        Hostile("ends", f"cell-{name}", top=code),
        Hostile("ends", f"answer-{name}", answers=second(code), lost={SECOND: ""}),
    ]
for name, (code, said) in STOPS.items():
    ENDS += [
        Hostile("ends", f"cell-{name}", top=code, shows=said),
        Hostile("ends", f"answer-{name}", answers=second(code), lost={SECOND: said}),
    ]
LOOPING = [honest("before-the-loops", quick=False)]
for name, code in LOOPS.items():
    LOOPING += [
        Hostile("ends", f"cell-loop-{name}", top=code, shows="Stopped: ", quick=name in QUICK_LOOPS),
        Hostile("ends", f"answer-loop-{name}", answers=second(code), lost={SECOND: TIME}),
    ]  # fmt: skip


HELPED = {SECOND: f"import helper\ndef {SECOND}(scores, y, k):\n    {RIGHT}"}
LAZY = second(f"import helper\n{RIGHT}")
# What the cell or the probe after an answer dies of, or can't work with.
LEFT = {
    "a-hook": "import os\nget_ipython().events.register('pre_run_cell', lambda *a: os._exit(1))",
    "no-way-to-import": "import sys\nsys.path.clear(); sys.meta_path.clear()",
    "no-descriptors": "import os\nkept = globals().setdefault('kept', [])\ntry:\n"
                      "    while True: kept.append(os.open('/dev/null', 0))\nexcept OSError: pass",
    "a-blocked-loop": "import asyncio, time\nasyncio.get_event_loop().call_soon(time.sleep, 10**4)",
}  # fmt: skip
# As if so much was shown that the message in which a cell ends was lost.
END_IS_LOST = """
x = "still here"
kernel = get_ipython().kernel
kernel._publish_status = lambda *a, **k: delattr(kernel, "_publish_status")
"""
DIES_LATER = "import threading, os, time\nthreading.Timer({}, os._exit, (1,)).start()\n"
ENDS += [
    Hostile("ends", "dies-before-each-test", edit=cell_before_each_test("import os; os._exit(1)"),
            shows=DIED, quick=True),
    Hostile("ends", "exits-before-each-test", edit=cell_before_each_test("raise SystemExit"),
            shows="SystemExit"),
    Hostile("ends", "loops-before-each-test", edit=cell_before_each_test("while True: pass"),
            shows="Stopped: "),
    Hostile("ends", "dies-at-import", answers=HELPED, files={"helper.py": "import os; os._exit(1)"},
            lost={SECOND: f"is not defined: a cell above it stopped with Stopped: {DIED}"}),
    Hostile("ends", "dies-at-import-in-the-answer", answers=LAZY,
            files={"helper.py": "import os; os._exit(1)"}, lost={SECOND: DIED}),
    Hostile("ends", "loops-at-import-in-the-answer", answers=LAZY,
            files={"helper.py": "while True: pass"}, lost={SECOND: TIME}),
    Hostile("ends", "exits-at-import", answers=HELPED, files={"helper.py": "raise SystemExit"},
            shows="SystemExit"),  # and does without it
    Hostile("ends", "loops-at-exit",
            top="import atexit\natexit.register(lambda: [None for _ in iter(int, 1)])\nprint('set')",
            shows="set", end="raise SystemExit"),
    Hostile("ends", "loops-after-the-last-test", end="while True: pass", shows="Stopped: "),
    Hostile("ends", "every-cell-loops", edit=cell_before_each_test("while True: pass"),
            top="import time\n" + "while True: pass", shows="Stopped: "),
    Hostile("ends", "looks-up-for-ever", lost={SECOND: TIME}, answers=second(
        "return type('G', (), {'__getattr__': lambda self, name: [None for _ in iter(int, 1)]})()")),
    Hostile("ends", "shows-for-ever", lost={SECOND: TIME}, answers=second(
        "return type('G', (), {'__repr__': lambda self: [None for _ in iter(int, 1)]})()")),
    Hostile("ends", "is-a-float-for-ever", lost={SECOND: TIME}, answers=second(
        "return type('G', (), {'detach': lambda self: self, "
        "'cpu': lambda self: [None for _ in iter(int, 1)]})()")),
    Hostile("ends", "dies-when-it-is-shown", lost={SECOND: DIED}, answers=second(
        "return type('G', (), {'__repr__': lambda self: __import__('os')._exit(1)})()")),
    Hostile("ends", "kills-the-cells-to-come", shows=DIED,
            top="import os\nget_ipython().events.register('pre_run_cell', lambda *a: os._exit(1))",
            lost={ALL: f"is not defined: a cell above it stopped with Stopped: {DIED}"}),
    Hostile("ends", "kills-the-probes", top="import os, numpy\nnumpy.random.seed = lambda *a: os._exit(1)",
            lost={ALL: DIED}),
    Hostile("ends", "right-and-then-dead", lost={SECOND: ""}, answers=second(
        DIES_LATER.format(0.0) + f"time.sleep(1)\n{RIGHT}")),
    Hostile("ends", "an-answer-leaves-a-trap", answers=second(
        f"import os\nnp.random.seed = lambda *a: os._exit(1)\n{RIGHT}"),
            shows=""),
    *(Hostile("ends", f"an-answer-leaves-{name}", answers=second(f"{code}\n{RIGHT}"), quick=name == "a-hook")
      for name, code in LEFT.items()),
    Hostile("ends", "its-end-is-lost", top=END_IS_LOST, end="print(x)", shows="still here", quick=True),
    Hostile("ends", "threads-that-do-not-end", quick=True, shows="started",
            top="import threading\nfor _ in range(20):\n"
                "    threading.Thread(target=lambda: __import__('time').sleep(1000)).start()\n"
                "print('started')"),
    Hostile("ends", "spoils-its-sockets", top=SPOILS, shows="Stopped: ", quick=True),
    Hostile("ends", "spoils-its-sockets-and-loops", top=f"{SPOILS}\nwhile True: pass", shows="Stopped: "),
    Hostile("ends", "an-answer-spoils-its-sockets", answers=second(f"{SPOILS}\n{RIGHT}"), lost={SECOND: TIME}),
    Hostile("ends", "closes-all-descriptors", top="import os\nos.closerange(3, 4096)", shows="Stopped: "),
    Hostile("ends", "an-answer-closes-all-descriptors", answers=second(
        f"import os\nos.closerange(3, 4096)\n{RIGHT}"), lost={SECOND: ""}),
    Hostile("ends", "stops-its-process-group", shows="went on",
            top="import os, signal\nos.kill(0, signal.SIGSTOP)\nprint('went on')"),
    Hostile("ends", "kills-its-process-group", shows="went on",
            top="import os, signal\nos.kill(0, signal.SIGKILL)\nprint('went on')"),
    honest("after-the-ends"),
]  # fmt: skip
for event in ("pre_run_cell", "post_execute", "post_run_cell"):
    LOOPING.append(Hostile("ends", f"hook-{event}-loops", top=HOOK.format(event)))
MANY = "while True: pass"
# A cell that ended well, and loops when the cells before run again, which takes no time.
NOT_AGAIN = """
import signal
if time.time() - began < 1:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True: pass
"""
AGAIN = ["import time\nbegan = time.time()", MANY, NOT_AGAIN, "import os; os._exit(1)"]
LOOPING += [
    Hostile("ends", "hook-pre_execute-loops", top=HOOK.format("pre_execute"),  # before all that runs
            lost={ALL: "ran for more than"}),
    Hostile("ends", "too-many-loops", edit=cells_first(*[MANY] * 12), shows="Stopped: ",
            lost={ALL: f"the notebook ran for more than {TOTAL_SECONDS} s"}),
    Hostile("ends", "runs-again-for-ever", shows="Stopped: ",
            edit=cells_first(*AGAIN, *["x = 1"] * 40)),
    honest("at-the-very-end", quick=False),
]  # fmt: skip
