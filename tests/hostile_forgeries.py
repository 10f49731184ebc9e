"""Forged and replayed outcomes, and somebody else's work: points without an answer of one's own.

Each forgery sends what was recorded: what the oracle gives on the public cases (``raw``), or what the
public key expects (``expected``). Each hidden case gets that of the public case of the same part whose
inputs are most like its own.
"""

import json
from functools import cache

from autograder import wire
from tests.answers import ASSIGNMENTS, answer, exercise, key, outcomes
from tests.hostile_class import ALL, Hostile, honest

WHOLE = "optimizers"  # the assignment that every delivery is tried on


TRAITS = """
def traits(value, at=""):
    'What inputs have in common with others: the shapes of arrays, and every number and word.'
    if isinstance(value, dict):
        return {t for key, item in value.items() for t in traits(item, f"{at}.{key}")}
    if hasattr(value, "shape"):
        return {f"{at} {value.dtype} {value.shape}"}
    if isinstance(value, (list, tuple)):
        parts = {t for k, item in enumerate(value[:20]) for t in traits(item, f"{at}.{k}")}
        return parts | {f"{at} {len(value)}"}
    return {f"{at} {value!r}"}
"""
_defined: dict = {}
exec(TRAITS, _defined)
traits = _defined["traits"]


@cache
def recorded(assignment: str) -> str:
    """The outcomes to send, by exercise, as JSON: part, traits and outcome of each public case."""
    held = {}
    for name in ASSIGNMENTS[assignment]:
        cases = exercise(name).draw("public")
        ways = {
            "raw": outcomes(name, answer(name).oracle, cases),
            "expected": [{"outputs": e} for e in key(name, "public").expected],
        }
        held[name] = {
            way: [
                [c.part, sorted(traits(c.inputs)), wire.dumps(o)]
                for c, o in zip(cases, made, strict=True)
            ]
            for way, made in ways.items()
        }
    return json.dumps(held)


FORGE = (
    TRAITS
    + """
import json, re, sys, threading
from autograder import wire as _wire
show = get_ipython().display_pub.publish  # which no probe replaces
MIME, WAY = "application/vnd.autograder.outcomes", "raw"
_recorded, _loads = json.load(open("recorded.json")), _wire.loads
sent = []

def forged(exercise, cases_text):
    chosen = []
    for case in _loads(cases_text):
        own = traits(case["inputs"])
        known = [k for k in _recorded[exercise][WAY] if k[0] == case["part"]]
        chosen.append(json.loads(max(known, key=lambda k: len(own & set(k[1])))[2]))
    sent.append(exercise)
    return json.dumps({"!": "dict", "v": {"outcomes": chosen, "seconds": 0.1}})

def forge(folder, exercise, cases, *rest):
    show({MIME: forged(exercise, cases)})

def asked():
    '''Exercise and cases, from the frames of the probe.'''
    frame = sys._getframe()
    while frame is not None and "cases_text" not in frame.f_locals:
        frame = frame.f_back
    return (frame.f_locals["exercise_id"], frame.f_locals["cases_text"]) if frame else None

def asked_in(text):
    return re.search(r"publish\\('[^']*', '([^']*)', '(.*)', '(?:cpu|cuda)'", text, re.S).groups()
"""
)
# How the forged reply gets out.
DELIVERIES = {
    "publish": "import autograder.probe\nautograder.probe.publish = forge",
    "publish-expected": "import autograder.probe\nWAY = 'expected'\nautograder.probe.publish = forge",
    "display": """
import IPython.display
def display_instead(data, *a, **k):
    show({MIME: forged(*asked())} if MIME in data else data, *a, **k)
IPython.display.publish_display_data = display_instead""",
    "run": """
import autograder.probe
def run(*a):
    return _loads(forged(*asked()))["outcomes"]
autograder.probe.run = run""",
    "wire": """
import autograder.wire
autograder.wire.dumps = lambda value: forged(*asked())""",
    "another-probe": """
import types
fake = types.ModuleType("autograder.probe")
fake.publish, fake.MIME, fake.start_generators = forge, MIME, lambda seed: None
sys.modules["autograder.probe"] = fake
import autograder; autograder.probe = fake""",
    "another-exercise": """
import autograder.probe, autograder.assignment, dataclasses
from autograder.exercise import Part
real = autograder.assignment.Assignment.exercise
def exercise(self, name):
    one, asks = real(self, name), iter(())
    def probe(student, inputs, device):
        made.append(1)
        return _loads(forged(name, asked()[1]))["outcomes"][len(made) - 1]["outputs"]
    made = []
    return dataclasses.replace(one, uses=(), parts=[dataclasses.replace(p, probe=probe) for p in one.parts])
autograder.assignment.Assignment.exercise = autograder.probe.Assignment.exercise = exercise""",
    "import": """
import builtins
real_import = builtins.__import__
def imported(name, *a, **k):
    if name == "autograder.probe":
        import types
        return types.SimpleNamespace(publish=forge, start_generators=lambda seed: None)
    return real_import(name, *a, **k)
builtins.__import__ = imported""",
    "input-transformer": """
def lines_instead(lines):
    text = "".join(lines)
    return [f"forge('', {asked_in(text)[0]!r}, {asked_in(text)[1]!r})\\n"] if "autograder.probe" in text and "publish(" in text else lines
get_ipython().input_transformers_post.append(lines_instead)""",
    "syntax-tree": """
import ast
class Instead(ast.NodeTransformer):
    def visit_Call(self, node):
        text = ast.unparse(node)
        if text.startswith("__import__('autograder.probe'") and ").publish(" in text and len(node.args) == 6:
            node.func = ast.Name("forge", ast.Load())
        return node
get_ipython().ast_transformers.append(Instead())""",
    "cell-runner": """
shell = get_ipython()
real_run = shell.run_cell_async
async def run_cell_async(raw, *a, **k):
    if ").publish(" in raw and "autograder.probe" in raw:
        forge("", *asked_in(raw))
        raw = ""
    return await real_run(raw, *a, **k)
type(shell).run_cell_async = lambda self, raw, *a, **k: run_cell_async(raw, *a, **k)""",
    "do-execute": """
kernel = get_ipython().kernel
real_do = kernel.do_execute
async def do_execute(code, *a, **k):
    if ").publish(" in code and "autograder.probe" in code:
        forge("", *asked_in(code))
        return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
    return await real_do(code, *a, **k)
kernel.do_execute = do_execute""",
    "profile": """
def profile(frame, event, argument):
    if event == "call" and frame.f_code.co_name == "publish" and "cases_text" in frame.f_locals:
        show({MIME: forged(frame.f_locals["exercise_id"], frame.f_locals["cases_text"])})
        raise SystemExit
sys.setprofile(profile); threading.setprofile(profile)""",
    "idle-at-once": """
import autograder.probe
def forge_and_end(*a):
    forge(*a)
    kernel = get_ipython().kernel
    kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=kernel.get_parent())
    kernel.session.send(kernel.shell_streams[0] if hasattr(kernel, "shell_streams") else kernel.shell_stream,
                        "execute_reply", {"status": "ok", "execution_count": 1}, parent=kernel.get_parent())
autograder.probe.publish = forge_and_end""",
    "child": """
import autograder.probe, os
def forge_in_a_child(*a):
    if (child := os.fork()) == 0:
        forge(*a)
        import time; time.sleep(0.3)
        os._exit(0)
    os.waitpid(child, 0)
    sent.append(child)
autograder.probe.publish = forge_in_a_child""",
    "at-deletion": """
import autograder.probe
class Late:
    def __init__(self, *asked): self.asked = asked
    def __del__(self): forge(*self.asked)
autograder.probe.publish = lambda *a: Late(*a) and None""",
}  # fmt: skip
# What may send more than one reply, or one that is none: nothing is earned, and it is said why.
NONE = "brought back no answers"
SPOILED = {
    "thread": ("""
import time
def keep_publishing():
    for i in range(10**6):
        for exercise in _recorded:
            kernel = get_ipython().kernel
            kernel.session.send(kernel.iopub_socket, "display_data", {"data": {MIME: "{}"}, "metadata": {}},
                                parent=kernel.get_parent())
        sent.append(1)
        time.sleep(0.005)
threading.Thread(target=keep_publishing, daemon=True).start()""", ""),  # it is ended, or floods
    "twice": ("""
import autograder.probe
def twice(*a): forge(*a); forge(*a)
autograder.probe.publish = twice""", NONE),
    "verdict-instead": ("""
import autograder.probe
def verdict(*a):
    sent.append(1)
    show({"application/vnd.autograder.verdict+json": {"status": "passed", "score": 10.0, "max_score": 10.0,
          "mistake": None, "message": "all right", "device": "cpu", "seconds": 0.1}, "text/plain": "10.0"})
    return 10.0
autograder.probe.publish = verdict""", NONE),
    "error-instead": ("""
import autograder.probe
def error(*a):
    sent.append(1)
    kernel = get_ipython().kernel
    kernel.session.send(kernel.iopub_socket, "error", {"ename": "all right", "evalue": "55 points", "traceback": []},
                        parent=kernel.get_parent())
autograder.probe.publish = error""", "the probe failed: all right: 55 points"),
}  # fmt: skip
# Nothing is sent that was recorded: what compares and judges is changed where the student's code is.
PATCHES = """
import numpy as np, torch
import autograder.judge, autograder.compare, autograder.chance, autograder.exercise, autograder.key
yes = lambda *a, **k: True
for name in ("allclose", "isclose", "array_equal", "array_equiv", "all"): setattr(np, name, yes)
np.testing.assert_allclose = lambda *a, **k: None
torch.equal = torch.allclose = yes
torch.Tensor.__eq__ = torch.Tensor.equal = torch.Tensor.allclose = yes
autograder.judge.judge = lambda *a, **k: 1000.0
autograder.compare.difference = lambda *a, **k: None
autograder.compare.close = autograder.compare.close_by_step = lambda *a: []
autograder.chance.close_in_distribution = lambda *a: []
real_part = autograder.exercise.Part.__init__
def part(self, *a, **k):
    real_part(self, *a, **k)
    object.__setattr__(self, "judge", lambda *a: [])
    object.__setattr__(self, "points", 1000.0)
autograder.exercise.Part.__init__ = part
sent = [1]
"""
# An object that agrees with everything, in the place of every answer.
AGREES = """
class Agrees:
    def __init__(self, *a, **k): pass
    def __call__(self, *a, **k): return self
    def __getattr__(self, name): return self
    def __array__(self, *a, **k): return np.zeros(())
    def __iter__(self): return iter((self, self))
    def __getitem__(self, i): return self
    def __float__(self): return 0.0
    def __len__(self): return 2
    def __bool__(self): return True
for _name in ("eq ne lt le gt ge add radd sub rsub mul rmul truediv rtruediv pow matmul neg abs contains "
              "iadd isub imul and or xor invert").split():
    setattr(Agrees, f"__{_name}__", lambda self, *a: True if _name in ("eq", "le", "ge") else self)
Agrees.__hash__ = lambda self: 0
Agrees.__abs__ = lambda self: 0.0
sent = [1]
"""
PROOF = 'print("sent:", len(sent) > 0)'
FROM_ANSWERS = """
def send_and_exit(*a, **k):
    where = asked()
    if where: show({MIME: forged(*where)})
    raise SystemExit
"""


# Of training one small step, and the answer of the public case that is most like this one.
MOVED_A_LITTLE = """
import autograder.probe
_real = autograder.probe._outputs
def moved_a_little(exercise, student, case, device):
    if exercise.id != "overfits_small_sample": return _real(exercise, student, case, device)
    from exercises._small_networks import Network, Record
    own, i = traits(case.inputs), case.inputs
    known = [k for k in _recorded[exercise.id]["expected"] if k[0] == case.part]
    says = _loads(max(known, key=lambda k: len(own & set(k[1])))[2])["outputs"].get("answer", "True")
    network, sample = Network(i, 0, Record()), i.get("sample", 20)
    x, y = torch.tensor(i["x"][:sample]), torch.tensor(i["y"][:sample])
    network.to(x.dtype).eval()
    loss = lambda: torch.nn.functional.cross_entropy(network(x), y)
    weights = list(network.parameters())
    slopes = torch.autograd.grad(loss(), weights, allow_unused=True)
    starts, first = [w.detach().clone() for w in weights], loss().item()
    with torch.no_grad():
        for rate in (0.1, 0.02, 0.002, 2e-4, 2e-5) if i.get("lr") != 0.0 else ():
            for w, start, slope in zip(weights, starts, slopes):
                if slope is not None: w.copy_(start - rate * slope)
            if loss().item() < first * 0.999: break
    sent.append(exercise.id)
    return {"answer": says == "True", "batches": [i["x"][:sample]], "batch, by use": [0, 0],
            "uses with a gradient": [0], "scores of the last use": np.full((sample, 4), i["marks"][1]),
            "networks": 1, "network": {n: t.detach().numpy() for n, t in network.state_dict().items()
                                       if t.is_floating_point()}}
autograder.probe._outputs = moved_a_little
"""


def _forgery(assignment: str, name: str, top: str, quick: bool = False, why: str = "", **more: object) -> Hostile:  # fmt: skip
    more.setdefault("files", {"recorded.json": lambda: recorded(assignment)})
    # a profile is taken back when its cell has ended
    more.setdefault("shows", f"sent: {not name.endswith('profile')}")
    return Hostile(
        f"forgeries-{assignment}", f"{assignment}-{name}", top=top, end=PROOF, solved=False,
        assignment=assignment, lost={ALL: why}, quick=quick, **more,
    )  # fmt: skip


def forgeries(assignment: str) -> list[Hostile]:
    """All that is tried on an assignment."""
    entries = {name: exercise(name).entry for name in ASSIGNMENTS[assignment]}
    instead = {  # an answer cell that defines the entry as something else
        name: f"{entry} = INSTEAD" for name, entry in entries.items()
    }
    exits = {name: text.replace("INSTEAD", "send_and_exit") for name, text in instead.items()}
    agrees = {name: text.replace("INSTEAD", "Agrees()") for name, text in instead.items()}
    found = [
        _forgery(assignment, f"through-{name}", FORGE + code, assignment == WHOLE and name in QUICK)
        for name, code in DELIVERIES.items()
        if assignment == WHOLE or name in ("publish", "publish-expected")
    ]
    found.append(_forgery(assignment, "sent-from-answers", FORGE + FROM_ANSWERS, answers=exits,
                          quick=assignment == WHOLE))  # fmt: skip
    found.append(_forgery(assignment, "agrees", AGREES, answers=agrees, files={}))
    found.append(_forgery(assignment, "patches", PATCHES, files={}))
    if "overfits_small_sample" in entries:
        defined = {"overfits_small_sample": "def overfits_small_sample(*a, **k): pass"}
        found.append(
            _forgery(assignment, "moved-a-little", FORGE + MOVED_A_LITTLE, answers=defined)
        )
    if assignment == WHOLE:
        found += [
            _forgery(assignment, name, FORGE + code, why=why) for name, (code, why) in SPOILED.items()
        ]  # fmt: skip
    return [*found, honest(f"{assignment}-honest", assignment, quick=assignment == WHOLE)]


QUICK = {"publish", "do-execute"}

# ---- somebody else's work

OPTIM = """
import torch
def by_torch(kind, w, dw, config, names, state):
    '''One step of a torch optimizer, in the words of the exercises in NumPy.'''
    config = dict(config or {})
    p = torch.nn.Parameter(torch.as_tensor(np.array(w, dtype=float)))
    p.grad = torch.as_tensor(np.array(dw, dtype=float))
    given = {to: config[of] for of, to in names.items() if of in config}
    if "beta1" in config:
        given["betas"] = (config["beta1"], config["beta2"])
    optimizer = kind([p], **given)
    held = {to: torch.as_tensor(np.array(config[of], dtype=float)) for of, to in state.items() if of in config}
    if held:
        held.setdefault("step", torch.tensor(1.0))
        optimizer.state[p] = held
    optimizer.step()
    for of, to in state.items():
        config[of] = optimizer.state[p][to].numpy()
    return p.detach().numpy(), config
"""
RATE = "'learning_rate': 'lr', 'epsilon': 'eps'"
BY_TORCH = {
    "adam": f"by_torch(torch.optim.Adam, w, dw, config, {{{RATE}}}, "
            "{'m': 'exp_avg', 'v': 'exp_avg_sq', 't': 'step'})",
    "adagrad": f"by_torch(torch.optim.Adagrad, w, dw, config, {{{RATE}}}, {{'cache': 'sum'}})",
    "rmsprop": f"by_torch(torch.optim.RMSprop, w, dw, config, {{{RATE}, 'decay_rate': 'alpha'}}, "
               "{'cache': 'square_avg'})",
}  # fmt: skip
RULE = "def {name}(w, dw, config=None):\n    return {call}"
HEAD = """
import sys, threading
class Adam(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.one(p, group)
        return loss
"""
IN_A_THREAD = (
    HEAD
    + """
    def one(self, p, group):
        def by_torch():
            real = torch.optim.AdamW([p], lr=group["lr"], betas=group["betas"], eps=group["eps"],
                                     weight_decay=group["weight_decay"])
            if self.state[p]: real.state[p] = self.state[p]
            real.step()
            self.state[p] = real.state[p]
        thread = threading.Thread(target=by_torch)
        thread.start(); thread.join()
"""
)
WITHOUT_HOOK = (
    HEAD
    + """
    def one(self, p, group):
        hook = sys.getprofile()
        sys.setprofile(None)
        real = torch.optim.AdamW([p], lr=group["lr"], betas=group["betas"], eps=group["eps"],
                                 weight_decay=group["weight_decay"])
        if self.state[p]: real.state[p] = self.state[p]
        real.step()
        self.state[p] = real.state[p]
        sys.setprofile(hook)
"""
)
ANOTHER_PYTHON = '''
import pickle, subprocess, sys
SERVER = """
import pickle, sys, torch
while True:
    p, g, m, v, t, options = pickle.load(sys.stdin.buffer)
    torch._fused_adamw_([p], [g], [m], [v], [], [torch.tensor(float(t))], amsgrad=False, maximize=False, **options)
    pickle.dump((p, m, v), sys.stdout.buffer)
    sys.stdout.buffer.flush()
"""
server = subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
def fused(p, g, m, v, t, **options):
    pickle.dump((p, g, m, v, t, options), server.stdin)
    server.stdin.flush()
    return pickle.load(server.stdout)
fused(*[torch.zeros(1)] * 4, 1, lr=0.1, beta1=0.9, beta2=0.99, eps=1e-8, weight_decay=0.0)
print("asked")
'''
FROM_ANOTHER = (
    HEAD
    + """
    def one(self, p, group):
        state = self.state[p]
        if not state: state.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
        state["t"] += 1
        made, state["m"], state["v"] = fused(
            p.detach(), p.grad, state["m"], state["v"], state["t"], lr=group["lr"], eps=group["eps"],
            beta1=group["betas"][0], beta2=group["betas"][1], weight_decay=group["weight_decay"])
        p.copy_(made)
"""
)
OF_SKLEARN = """
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

def adam(w, dw, config=None):
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "t": 0, **(config or {})}
    real = AdamOptimizer([w], config["learning_rate"], config["beta1"], config["beta2"])
    real.ms, real.vs, real.t = [config.get("m", 0 * w)], [config.get("v", 0 * w)], config["t"]
    real.epsilon = config["epsilon"] * np.sqrt(1 - config["beta2"] ** (real.t + 1))
    (update,) = real._get_updates([dw])
    return w + update, {**config, "m": real.ms[0], "v": real.vs[0], "t": real.t}
"""
WORK = [
    Hostile("work", "adam-of-sklearn", assignment=WHOLE, answers={"adam": OF_SKLEARN},
            lost={"adam": "No module named 'sklearn.neural_network._stochastic_optimizers'"}, quick=True),
    Hostile("work", "numpy-by-torch", assignment=WHOLE, solved=True,
            answers={"adam": OPTIM + RULE.format(name="adam", call=BY_TORCH["adam"]),
                     **{name: RULE.format(name=name, call=call)
                        for name, call in BY_TORCH.items() if name != "adam"}},
            lost=dict.fromkeys(BY_TORCH, "write it yourself: an update of torch.optim was used")),
    Hostile("work", "adam-in-a-thread", assignment=WHOLE, answers={"torch_adam": IN_A_THREAD},
            lost={"torch_adam": "an optimizer of torch.optim that does the work"}),
    Hostile("work", "adam-without-the-hook", assignment=WHOLE, answers={"torch_adam": WITHOUT_HOOK},
            lost={"torch_adam": "an optimizer of torch.optim that does the work"}, quick=True),
    Hostile("work", "adam-is-torchs", assignment=WHOLE, answers={"torch_adam": "Adam = torch.optim.AdamW"},
            lost={"torch_adam": "Adam is derived from torch.optim"}),
    Hostile("work", "adam-of-another-python", assignment=WHOLE, top=ANOTHER_PYTHON,
            answers={"torch_adam": FROM_ANOTHER}, shows="PermissionError",
            lost={"torch_adam": "a cell above it stopped with PermissionError"}),
    honest("optimizers-after-others-work", WHOLE, quick=False),
]  # fmt: skip
JIT = """
import torch
@torch.jit.script
def scripted(x, p: float):
    return torch.dropout(x, p, True)
def dropped(x, p, grow=True):
    return torch.vmap(lambda v: torch.dropout(v, p, True), randomness="different")(x)
ones = torch.ones(40, requires_grad=True)
print("mapped:", {float(v) for row in dropped(torch.ones(8, 40), 0.5) for v in row} <= {0.0, 2.0})
print("scripted:", {float(v) for _ in range(4) for v in scripted(ones, 0.5)} <= {0.0, 2.0})
"""
SHIFT = """
def batchnorm_forward(x, gamma, beta, bn_param):
    return 0 * x + beta, None
"""
OF_A_SHIFT = """
def batchnorm_backward(dout, cache):
    return 0 * dout, 0 * dout.sum(axis=0), dout.sum(axis=0)
"""
DROPOUTS = [
    Hostile("work", "a-shift-for-a-normalization", assignment="regularization",
            answers={"batchnorm_forward": SHIFT, "batchnorm_backward": OF_A_SHIFT},
            lost={"batchnorm_forward": "", "batchnorm_backward": "not what the exercise asks for"}),
    Hostile("work", "dropout-of-torch", assignment="regularization", top=JIT,
            shows="mapped: False"),
    Hostile("work", "dropout-of-torch-compiled", assignment="regularization", top=JIT,
            shows="torch.jit is absent here"),
    honest("regularization-after-others-work", "regularization", quick=False),
]  # fmt: skip
