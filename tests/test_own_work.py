"""What an assignment asks students to write is absent in its sandbox, by whatever way it is called."""

import pytest

from autograder.grading.releasing.handout import Handout, engine
from autograder.grading.running.session import Session

ADAM = """
import functools, sys, torch
optim_adam = sys.modules["torch.optim.adam"]
def ready(f):
    p, zero = torch.zeros(3), lambda: torch.zeros(3)
    state = [p], [torch.ones(3)], [zero()], [zero()], [], [torch.tensor(0.0)]
    try:
        f(*state)
    except Exception as error:
        print(type(error).__name__)
    return p
options = dict(lr=0.1, beta1=0.9, beta2=0.999, weight_decay=0.0, eps=1e-8, maximize=False)
more = dict(amsgrad=False)
single = dict(has_complex=False, capturable=False, differentiable=False,
              decoupled_weight_decay=False, grad_scale=None, found_inf=None)
def by_class(p, g, *rest):
    p[0].grad = g[0]
    torch.optim.Adam(p, lr=0.1).step()
def steps_done(f):
    def once(p, g, m, v, w, steps):
        steps[0] += 1
        f(p, g, m, v, w, steps)
    return once
"""
ADAM_WAYS = {
    "the class": "by_class",
    "the profile hook removed": "(__import__('sys').setprofile(None), by_class)[1]",
    "AdamW": "lambda p, g, *r: [setattr(p[0], 'grad', g[0]), "
             "torch.optim.AdamW(p, lr=0.1, weight_decay=0).step()]",
    "fused, by its option": "lambda p, g, *r: [setattr(p[0], 'grad', g[0]), "
                            "torch.optim.Adam(p, lr=0.1, fused=True).step()]",
    "foreach": "lambda p, g, *r: [setattr(p[0], 'grad', g[0]), "
               "torch.optim.Adam(p, lr=0.1, foreach=True).step()]",
    "the functional form": "functools.partial(optim_adam.adam, **options, **more)",
    "its inner function": "functools.partial(optim_adam._single_tensor_adam, "
                          "**options, **more, **single)",
    "the fused kernel": "steps_done(functools.partial(torch._fused_adam_, **options, **more))",
    "the fused kernel of aten": "steps_done(functools.partial("
                                "torch.ops.aten._fused_adam_.default, **options, **more))",
    "its code copied": "functools.partial(__import__('types').FunctionType("
                       "optim_adam._single_tensor_adam.__code__, vars(optim_adam)), "
                       "**options, **more, **single)",
    "the module loaded again": "functools.partial(__import__('importlib').reload("
                               "optim_adam)._single_tensor_adam, **options, **more, **single)",
    "a thread": "lambda *s: [t := __import__('threading').Thread(target=by_class, args=s), "
                "t.start(), t.join()]",
    "the stand-in replaced": "(setattr(__import__('autograder.absent', fromlist=['x']), "
                             "'telltale', lambda *a: None), by_class)[1]",
    "its source compiled": "functools.partial((exec(compile(open(optim_adam.__file__).read(),"
                           " 'mine', 'exec'), n := {'__name__': 'torch.optim.mine'}), "
                           "n['_single_tensor_adam'])[1], **options, **more, **single)",
}  # fmt: skip

DROPOUT = """
import functools, torch
x = torch.ones(2000)
def kept(f):
    try:
        out = f()
    except Exception as error:
        print(type(error).__name__)
        return "nothing"
    return sorted({round(v, 3) for v in out.flatten().tolist()})
"""
DROPOUT_WAYS = {
    "the layer": "lambda: torch.nn.Dropout(0.5)(x)",
    "the function": "lambda: torch.nn.functional.dropout(x, 0.5, True)",
    "at test time": "lambda: torch.nn.functional.dropout(x, 0.5, False)",
    "in place": "lambda: torch.nn.functional.dropout(x.clone(), 0.5, True, inplace=True)",
    "partial": "functools.partial(torch.dropout, x, 0.5, True)",
    "map": "lambda: list(map(torch.dropout, [x], [0.5], [True]))[0]",
    "aten": "lambda: torch.ops.aten.dropout(x, 0.5, True)",
    "native": "lambda: torch.native_dropout(x, 0.5, True)[0]",
    "decomposed": "lambda: torch.ops.aten.dropout.default.decompose(x, 0.5, True)",
    "of channels": "lambda: torch.nn.functional.dropout2d(x.view(20, 100, 1, 1), 0.5)",
    "features": "lambda: torch.feature_dropout(x.view(20, 100), 0.5, True)",
    "alpha": "lambda: torch.nn.functional.alpha_dropout(x, 0.5, True)",
    "attention": "lambda: torch.nn.functional.scaled_dot_product_attention("
                 "torch.zeros(1, 1, 2000, 1), torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1), "
                 "dropout_p=0.5)",
    "a script": "lambda: torch.jit.trace(lambda v: torch.dropout(v, 0.5, True), x)(x)",
    "the reference": "lambda: torch._refs.nn.functional.dropout(x, 0.5, True)",
    "the decomposition": "lambda: torch._decomp.decompositions.native_dropout(x, 0.5, True)[0]",
}  # fmt: skip


TRAINING = """(torch.manual_seed(0), n := torch.nn.Sequential(torch.nn.Linear(3, 9),
    torch.nn.Dropout(0.3), torch.nn.Linear(9, 1)), n(torch.ones(2, 3)).sum().backward(),
    all(p.grad is not None for p in n.parameters()))[-1]"""


def said(session, code):
    outputs = session.run(f"print({code})", 60)
    printed = [o.text for o in outputs if o.get("name") == "stdout"]
    assert printed, outputs
    return printed[0]


def tried(handout):
    """What each way gives in a kernel of this sandbox."""
    with Session(handout) as session:
        assert session.run(ADAM + DROPOUT, 60) == []
        yield TRAINING, said(session, TRAINING)
        for way, code in DROPOUT_WAYS.items():
            yield way, said(session, f"kept({code})")
        for way, code in ADAM_WAYS.items():
            yield way, said(session, f"(ready({code}) + 0.1).abs().max().item() < 1e-5")


ABSENT = Handout("absent", engine().files, ("dropout", "optimizer"))
SEARCH = """
import ctypes
kind = torch._C._DispatchModule
mark, undone, size = id(kind).to_bytes(8, "little"), 0, ctypes.sizeof(ctypes.c_ssize_t)
for line in open("/proc/self/maps"):
    where, mode, _, _, _, *name = line.split()
    first, last = (int(n, 16) for n in where.split("-"))
    if not mode.startswith("rw") or last - first > 2**28 or (name and name[0].startswith("/dev")):
        continue
    with open("/proc/self/mem", "rb", 0) as memory:
        memory.seek(first)
        try:
            held = memory.read(last - first)
        except OSError:
            continue
    at = held.find(mark)
    while at >= 0:
        object_at = first + at - size
        if at % 8 == 0 and 0 < ctypes.c_ssize_t.from_address(object_at).value < 5:
            found = ctypes.cast(object_at, ctypes.py_object).value
            if type(found) is kind:
                undone += found.reset() is None
        at = held.find(mark, at + 1)
"""


@pytest.fixture(scope="module")
def absent():
    return dict(tried(ABSENT))


@pytest.fixture(scope="module")
def present():
    return dict(tried(engine()))


@pytest.mark.parametrize("way", ADAM_WAYS)
def test_no_update_of_torchs_own(absent, present, way):
    assert "True" in present[way], "no way to torch's Adam at all"
    assert "False" in absent[way]


@pytest.mark.parametrize("way", DROPOUT_WAYS)
def test_no_dropout_of_torchs_own(absent, present, way):
    assert absent[way] != present[way]
    assert not absent[way].startswith(("[0.0, 2.0]", "[1.0]"))


def test_what_is_absent_stays_so_for_who_searches_the_memory():
    """The object whose end would bring torch's kernels back is not to be found by its type."""
    with Session(ABSENT) as session:
        assert session.run(ADAM + DROPOUT + SEARCH, 120) == []
        assert int(said(session, "undone")) > 0, "the search finds no object of this kind at all"
        for way in ("the function", "aten"):
            assert "[0.0, 2.0]" not in said(session, f"kept({DROPOUT_WAYS[way]})")
        fused = ADAM_WAYS["the fused kernel"]
        assert "False" in said(session, f"(ready({fused}) + 0.1).abs().max().item() < 1e-5")


def test_what_is_installed_beside_torch_is_no_way_either():
    elsewhere = {
        "from sklearn.neural_network._stochastic_optimizers import AdamOptimizer": "sklearn",
        "from efficientnet_lite_pytorch.utils import drop_connect": "efficientnet_lite_pytorch",
    }
    with Session(ABSENT) as session:
        for line, package in elsewhere.items():
            exec(line, {})  # it is there, outside
            (error,) = session.run(line, 60)
            assert error.ename == "ModuleNotFoundError" and package in error.evalue
        assert session.run("import sklearn.linear_model, sklearn.datasets", 60) == []


def test_what_stands_below_a_line_for_another_machine_still_runs():
    """Programs can't be started here, as they could at home; nor is there a front end."""
    with Session(ABSENT) as session:
        for line in ("!pip install x", "files = !ls", "%pip install x", "%cd /content",
                     "%matplotlib widget", "%load_ext autotime"):  # fmt: skip
            outputs = session.run(f"{line}\nprint('below')", 60)
            printed = "".join(o.text for o in outputs if o.get("name") == "stdout")
            assert printed.endswith("below\n"), outputs
        failing = session.run("%time 1 / 0\nprint('below')", 60)
        assert not any("below" in o.get("text", "") for o in failing)


def test_a_network_with_dropout_still_trains(absent):
    assert absent[TRAINING] == "True\n"
