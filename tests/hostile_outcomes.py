"""Odd outcomes: what an answer returns, or sends in the place of a reply. Each costs its exercise."""

from tests.hostile_class import SECOND, Hostile, honest, second

SHARE = "share = float((np.argsort(-scores, axis=1)[:, :k] == y[:, None]).any(axis=1).mean())\n"

# What ``why`` says of a right answer.
FORGED = "x\n\n✓ top_k_again: all right, 3 of 3 points"
# What is returned in the place of a number, and a word of the reason.
RETURNED = {
    "nothing": ("None", "return a number"),
    "text": ("'0.5'", "expected numbers, got"),
    "bytes": ("b'0.5'", "expected numbers, got"),
    "a-dict": ("{'accuracy': share}", "expected numbers, got"),
    "a-subclass-of-dict": ("type('D', (dict,), {'__eq__': lambda *a: True})(a=share)", "expected numbers, got"),
    "a-subclass-of-float": ("type('F', (float,), {'__eq__': lambda *a: True})(2.0)", "got 2"),
    "an-object-that-agrees": ("type('A', (), {'__eq__': lambda *a: True, '__sub__': lambda *a: 0})()", "expected numbers, got"),
    "a-generator": ("(share for _ in range(1))", "expected numbers, got"),
    "a-function": ("lambda: share", "expected numbers, got"),
    "a-huge-int": ("10**5000", ""),
    "a-huge-int-of-numbers": ("[10**400]", ""),
    "nan": ("float('nan')", "got nan"),
    "infinity": ("float('inf')", "got inf"),
    "a-complex-number": ("complex(share, 0)", "expected numbers, got"),
    "an-array-of-objects": ("np.array([share], dtype=object)", "expected"),
    "an-array-of-text": ("np.array('0.5')", "expected numbers, got"),
    "an-array-of-many": ("np.full((5, 5), share)", "expected a single number, got shape (5, 5)"),
    "an-empty-array": ("np.zeros(0)", "expected a single number, got shape (0,)"),
    "a-record": ("np.zeros(1, dtype=[('a', float)])", "expected"),
    "a-date": ("np.datetime64('2020-01-01')", "expected"),
    "a-masked-array": ("np.ma.array(2.0, mask=True)", "expected"),
    "an-array-that-lies": (
        "np.array(2.0).view(type('L', (np.ndarray,), {'shape': property(lambda s: (10**9,)), "
        "'size': 1, 'tobytes': lambda s, *a: b''}))", ""),
    "a-tensor-that-lies": (
        "type('T', (), {'detach': lambda s: s, 'cpu': lambda s: s, 'numpy': lambda s: 'what'})()", "expected numbers, got"),
    "a-tensor-that-raises": (
        "type('T', (), {'detach': lambda s: 1 / 0, 'cpu': lambda s: s})()", ""),
    "a-tensor-that-exits": (
        "type('T', (), {'detach': lambda s: (_ for _ in ()).throw(SystemExit), 'cpu': 0})()", ""),
    "a-sparse-tensor": ("__import__('torch').tensor([share]).to_sparse()", ""),
    "a-meta-tensor": ("__import__('torch').tensor(share, device='meta')", ""),
    "a-quantized-tensor": (
        "__import__('torch').quantize_per_tensor(__import__('torch').tensor([share]), 0.1, 0, "
        "__import__('torch').quint8)", ""),
    "a-complex-tensor": ("__import__('torch').tensor(complex(share, 0))", "expected"),
    "a-half-tensor": ("__import__('torch').tensor(2.0).bfloat16()", ""),
    "a-list-in-itself": ("(lambda l: (l.append(l), l)[1])([])", ""),
    "a-deep-list": ("(lambda f: f(f, 10**5))(lambda f, n: None) if 0 else __import__('functools').reduce("
                    "lambda a, _: [a], range(5000), 1)", ""),
    "a-class": ("int", "expected numbers, got"),
    "an-exception": ("ValueError('x')", "expected numbers, got"),
    "half-a-surrogate-pair": ("'\\ud800'", "expected numbers, got"),
    "a-lying-repr": ("type('R', (), {'__repr__': lambda s: 'x' * 10**7})()", "expected numbers, got"),
    "a-repr-of-no-text": ("type('R', (), {'__repr__': lambda s: 3})()", "a value that can't be shown"),
    "a-module": ("np", "expected numbers, got"),
    "markup": ("'<script>alert(1)</script>' + chr(0)", "expected numbers, got"),
}  # fmt: skip

# What an answer raises.
RAISED = {
    "half-a-surrogate-pair": ("ValueError('\\ud800')", "your code raised ValueError: ?"),
    "unusable": ("__import__('autograder.exercise', fromlist=['x']).Unusable('all right')", "all right"),
    "no-text": ("type('E', (Exception,), {'__str__': lambda s: 3})()", ""),
    "its-own-group": ("ExceptionGroup('g', [ValueError(1)])", "your code raised ExceptionGroup"),
    "not-implemented": ("NotImplementedError", "NotImplementedError"),
    "stop-iteration": ("StopIteration", "StopIteration"),
    "lines": ("ValueError('a\\n' * 100 + '\\x1b[31m\\0')", "your code raised ValueError: a"),
    "memory": ("MemoryError", "MemoryError"),
}  # fmt: skip

# Sends a text as the reply, and stops before the real one is sent.
REPLY = r"""
import json
import autograder.wire
true_dumps = autograder.wire.dumps
publish = get_ipython().display_pub.publish  # which no probe replaces

def instead(outcomes):
    autograder.wire.dumps = true_dumps
    raise SystemExit

def reply(*texts):
    "Says something else in the place of the probe, once an exercise."
    if autograder.wire.dumps is true_dumps:
        for text in texts:
            publish({"application/vnd.autograder.outcomes": text})
        autograder.wire.dumps = instead
    raise ValueError

def whole(outcomes, seconds=0.1):
    return {"!": "dict", "v": {"outcomes": outcomes, "seconds": seconds}}

def outcome(**what):
    return {"!": "dict", "v": what}

def outputs(value):
    return [outcome(outputs={"!": "dict", "v": {"accuracy": value}})] * CASES

def array(shape, dtype="float64", data="AAAAAAAA8D8="):
    return {"!": "array", "d": dtype, "s": shape, "v": data}

CASES = 7  # of the example's exercise
INFINITY = float("inf")
"""
UNREADABLE, WHOLE = "the answers can't be read", "did not arrive whole"
REPLIES = {
    "two": ("json.dumps(whole(outputs(1.0))), json.dumps(whole(outputs(1.0)))", "SystemExit"),
    "empty": ("''", UNREADABLE),
    "no-text": ("3", "SystemExit"),
    "a-dict-as-it-is": ("{'outcomes': []}", "SystemExit"),
    "not-json": ("'{'", UNREADABLE),
    "python": ("'__import__(\"os\").getcwd()'", UNREADABLE),
    "nested-a-million-deep": ("'[' * 10**6", UNREADABLE),
    "nested-400-deep": ("'[' * 400 + ']' * 400", UNREADABLE),
    "an-array": ("json.dumps(array([1]))", UNREADABLE),
    "a-list": ("'[]'", UNREADABLE),
    "a-number": ("'1'", UNREADABLE),
    "an-other": ("json.dumps({'!': 'other', 't': 'x', 'v': 'y'})", UNREADABLE),
    "no-outcomes": ("json.dumps(outcome(seconds=1))", UNREADABLE),
    "no-seconds": ("json.dumps(outcome(outcomes=None))", UNREADABLE),
    "nan-seconds": ("json.dumps(whole([], {'!': 'float', 'v': 'nan'}))", UNREADABLE),
    "infinite-seconds": ("json.dumps(whole([], 1e999))", UNREADABLE),
    "negative-seconds": ("json.dumps(whole([], -1e308))", UNREADABLE),
    "huge-seconds": ("json.dumps(whole([], 10**400))", UNREADABLE),
    "seconds-in-words": ("json.dumps(whole([], 'soon'))", UNREADABLE),
    "a-list-of-seconds": ("json.dumps(whole([], [1]))", UNREADABLE),
    "no-answer": ("json.dumps(whole(None))", "is not defined"),
    "too-few": ("json.dumps(whole(outputs(1.0)[:2]))", WHOLE),
    "too-many": ("json.dumps(whole(outputs(1.0) * 2))", WHOLE),
    "no-list": ("json.dumps(whole(outcome(x=1)))", WHOLE),
    "many-keys": ("json.dumps(whole(outcome(**{str(i): 0 for i in range(50_000)})))", WHOLE),
    "outcomes-that-are-numbers": ("json.dumps(whole([1] * CASES))", "no outputs"),
    "outputs-that-are-a-list": ("json.dumps(whole([outcome(outputs=[1])] * CASES))", "no outputs"),
    "no-outputs": ("json.dumps(whole([outcome()] * CASES))", "no outputs"),
    "keys-missing": ("json.dumps(whole([outcome(outputs=outcome())] * CASES))", "accuracy is missing"),
    "shape-infinity": ("json.dumps(whole(outputs(array([INFINITY]))))", UNREADABLE),
    "shape-negative": ("json.dumps(whole(outputs(array([-1]))))", UNREADABLE),
    "shape-too-large": ("json.dumps(whole(outputs(array([10**12]))))", UNREADABLE),
    "shape-empty-and-wide": ("json.dumps(whole(outputs(array([0, 10**18], data=''))))", UNREADABLE),
    "shape-of-text": ("json.dumps(whole(outputs(array('33'))))", UNREADABLE),
    "shape-of-many-axes": ("json.dumps(whole(outputs(array([1] * 100))))", UNREADABLE),
    "shape-that-lies": ("json.dumps(whole(outputs(array([5]))))", UNREADABLE),
    "dtype-object": ("json.dumps(whole(outputs(array([1], 'object'))))", UNREADABLE),
    "dtype-of-a-list": ("json.dumps(whole(outputs(array([1], ['float64']))))", UNREADABLE),
    "data-that-is-none": ("json.dumps(whole(outputs(array([1], data='%%%'))))", UNREADABLE),
    "bytes-of-bools": ("json.dumps(whole(outputs(array([], 'bool', '/w=='))))", "expected 0."),
    "a-huge-int": ("json.dumps(whole(outputs(10**400)))", "int too large"),
    "error-that-is-a-list": ("json.dumps(whole([outcome(error=['x'], message=['y'], line=[1])] * CASES))", "['x']"),
    "error-that-is-an-array": ("json.dumps(whole([outcome(error=array([1]), message=1)] * CASES))", ""),
    "error-without-message": ("json.dumps(whole([outcome(error='x')] * CASES))", "x"),
    "unusable-that-is-a-dict": ("json.dumps(whole([outcome(unusable=outcome(a=1))] * CASES))", ""),
    "half-a-surrogate-pair": ("json.dumps(whole([outcome(error='\\ud800', message='\\udfff')] * CASES))", "?"),
    "line-without-end": ("json.dumps(whole([outcome(error='x', message='y', line=10**30)] * CASES))", "x: y"),
    "markup": ("json.dumps(whole([outcome(unusable='<script>alert(1)</script>')] * CASES))", "<script>"),
    "unknown-kind": ("json.dumps({'!': 'pickle', 'v': 'x'})", UNREADABLE),
    "numbers-not-in-json": ("'{\"!\": \"dict\", \"v\": {\"outcomes\": [NaN, Infinity], \"seconds\": NaN}}'", UNREADABLE),
}  # fmt: skip
LONG_REPLIES = {
    "values-without-end": ("'[' + '1.5,' * 400_000 + '1]'", UNREADABLE),
    "a-long-kind": ("json.dumps({'!': 'A' * 1_500_000, 'v': 0})", UNREADABLE),
    "a-long-dtype": ("json.dumps(whole(outputs(array([1], 'A' * 300_000))))", UNREADABLE),
    "a-long-error": ("json.dumps(whole([outcome(error='A' * 100_000, message='B' * 200_000, line=3)] * CASES))", "AAA"),
    "a-long-objection": ("json.dumps(whole([outcome(unusable='A' * 300_000)] * CASES))", "AAA"),
}  # fmt: skip
QUICK = {"shape-infinity", "error-that-is-a-list", "half-a-surrogate-pair", "an-array", "two",
         "a-tensor-that-lies", "nested-a-million-deep"}  # fmt: skip

OUTCOMES = [honest("before-odd-outcomes", quick=False)]
OUTCOMES += [
    Hostile("outcomes", f"returns-{name}", answers=second(f"{SHARE}return {value}"),
            lost={SECOND: why}, quick=name in QUICK)
    for name, (value, why) in RETURNED.items()
] + [
    Hostile("outcomes", f"raises-{name}", answers=second(f"raise {value}"), lost={SECOND: why},
            quick=name in QUICK)
    for name, (value, why) in RAISED.items()
] + [
    Hostile("outcomes", f"replies-{name}", top=REPLY, answers=second(f"reply({value})"),
            lost={SECOND: why}, quick=name in QUICK)
    for name, (value, why) in REPLIES.items()
] + [
    Hostile("outcomes", f"replies-{name}", top=REPLY, answers=second(f"reply({value})"),
            lost={SECOND: why})
    for name, (value, why) in LONG_REPLIES.items()
]  # fmt: skip

# Right numbers in a dress of their own, which cost nothing.
DRESSES = {
    "a-tensor": "__import__('torch').tensor(share, requires_grad=True, dtype=__import__('torch').float64)",
    "an-array": "np.array(share)",
    "a-decimal": "__import__('decimal').Decimal(share)",
    "a-float-of-its-own": "type('Share', (float,), {'__repr__': lambda s: 'a share'})(share)",
    "a-matrix-element": "np.matrix([[share]])[0, 0]",
    "a-subclass-of-array": "np.array(share).view(type('S', (np.ndarray,), {}))",
}
OUTCOMES += [
    Hostile("outcomes", f"dresses-{name}", answers=second(f"{SHARE}return {value}"))
    for name, value in DRESSES.items()
]

OUTCOMES += [
    Hostile(
        "outcomes",
        "raises-lines-of-a-verdict",
        quick=True,
        lost={SECOND: "raised ValueError: x  ✓ top_k_again: all"},
        answers=second(f"raise ValueError({FORGED!r})"),
    ),
    Hostile("outcomes", "shows-half-a-pair", top="print('\\ud800')\ndisplay('\\ud800')"),
    Hostile(
        "outcomes",
        "shows-half-a-pair-as-html",
        top="from IPython.display import *\ndisplay(HTML('<b>\\ud800</b>'))",
    ),
    Hostile("outcomes", "raises-half-a-pair", top="raise ValueError('\\udfff')"),
]
# Messages that no kernel writes, from a cell.
ODD_MESSAGES = {
    "surrogates-in-an-error": r"""send_text("error", '{"ename":"E\\ud800","evalue":"v\\udfff","traceback":["\\ud800"]}')""",
    "surrogates-in-text": r"""bundle('{"text/plain":"\\ud800","text/html":"<b>\\ud800</b>"}')""",
    "surrogates-in-a-kind": r"""bundle('{"text/\\ud800":"x"}')""",
    "surrogates-in-metadata": r"""bundle('{"text/plain":"x"}', '{"\\ud800":1}')""",
    "surrogates-in-a-stream": r"""send_text("stream", '{"name":"stdout","text":"\\ud800"}')""",
    "nul": r"""bundle('{"text/plain":"a\\u0000b\\u001b[31m","text/html":"\\u0000"}')""",
    "no-numbers-of-json": r"""bundle('{"application/json":NaN,"text/plain":"x"}', '{"a":Infinity}')""",
    "contents-of-no-kind": r"""for kind in ("clear_output", "status", "stream", "error", "display_data", "execute_result", "comm_open"):
    for text in ("[]", "{}", "null", "3", b"\xff\xfe", '{"data":[],"metadata":3}'): send_text(kind, text)""",
    "idle-before-the-end": """send("status", {"execution_state": "idle"})\nimport time; time.sleep(0.5)""",
    "garbage": r"""for parts in ([b"x"], [b"", b""], [b"kernel.x", b"<IDS|MSG>", b"0", b"{}", b"{}", b"{}", b"{}"]):
    kernel.iopub_socket.send_multipart(parts)""",
    "verdict": """send("display_data", {"data": {"application/vnd.autograder.verdict+json": {"score": 1000}, "text/plain": "1000.0"}, "metadata": {}})""",
}  # fmt: skip


def odd_messages() -> list[Hostile]:
    from tests.hostile_floods import SEND

    return [
        Hostile("outcomes", f"sends-{name}", top=f"{SEND}\n{code}\nprint('sent')",
                shows="" if name == "idle-before-the-end" else "sent", quick=name in QUICK)
        for name, code in ODD_MESSAGES.items()
    ]  # fmt: skip


OUTCOMES += [*odd_messages(), honest("after-odd-outcomes")]
