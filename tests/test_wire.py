"""Plain data survives the journey bit for bit; nothing else gets through as anything but a name."""

import base64
import json
import math
import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder import wire

ARRAYS = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.bool_, np.uint8]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@given(ARRAYS)
def test_arrays_arrive_bit_for_bit(array):
    back = wire.loads(wire.dumps(array))
    assert back.dtype == array.dtype and back.shape == array.shape
    assert back.tobytes() == array.tobytes()


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**52), 2**52)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_values_arrive_equal(value):
    assert wire.loads(wire.dumps(value)) == value


@given(PLAIN | ARRAYS)
def test_what_arrives_is_known_without_the_text(value):
    assert wire.dumps(wire.arrived(value)) == wire.dumps(value)
    same(wire.arrived(value), wire.loads(wire.dumps(value)))


def same(one, other):
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            same(one[name], other[name])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            same(*pair)
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes() and one.flags.writeable
    else:
        assert one == other or (one != one and other != other)


def test_odd_values_arrive_the_same_without_the_text():
    odd = [
        Fraction(1, 4), Fraction(10**400), np.longdouble(0.25), np.float32(0.1), np.nan, -np.inf,
        2**60, {1: 2}, {"\ud800": ("a\udfff", wire.Other("\ud800" * 100, "x" * 300))}, Agreeable(2.0),
        torch.ones(2, requires_grad=True), np.arange(6.0).reshape(2, 3).T, np.arange(3, dtype=">i4"),
        np.array("x"), np.array([None]), np.zeros(wire.MAX_ELEMENTS + 1), object(), 1j, b"x", True,
    ]  # fmt: skip
    for value in odd:
        same(wire.arrived(value), wire.loads(wire.dumps(value)))


def test_what_has_arrived_is_a_copy():
    array = np.zeros(3)
    wire.arrived([array])[0][:] = 1
    assert not array.any()


class Agreeable(float):
    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


@pytest.mark.parametrize(
    "number", [Fraction(1, 4), np.longdouble(0.25), Decimal("0.25"), Agreeable(0.25)]
)
def test_real_numbers_of_any_type_travel_as_floats(number):
    (back,) = wire.loads(wire.dumps([number]))
    assert back == 0.25 and type(back) is not Agreeable
    assert isinstance(wire.loads(wire.dumps(Fraction(10**400))), wire.Other)


def test_nan_and_torch_tensors():
    assert math.isnan(wire.loads(wire.dumps(math.nan)))
    back = wire.loads(wire.dumps(torch.arange(3.0, requires_grad=True)))
    np.testing.assert_array_equal(back, np.arange(3, dtype=np.float32))
    assert back.dtype == np.float32


@pytest.mark.parametrize(
    "value", [object(), lambda: 1, {1: 2}, np.array([object()]), 10**30, {"a": print}]
)
def test_anything_else_arrives_as_a_name_only(value):
    back = wire.loads(wire.dumps(value))
    if isinstance(back, dict):
        back = back["a"]
    assert type(back) is wire.Other


def test_an_object_whose_repr_raises():
    class Rude:
        def __repr__(self):
            raise RuntimeError

    assert wire.loads(wire.dumps(Rude())).type == "Rude"


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[1", '{"a": 1}', '{"!": "array", "d": "object", "s": [1], "v": ""}',
        '{"!": "array", "d": "float64", "s": [3], "v": "AAAA"}',
        '{"!": "array", "d": "float64", "s": [-1], "v": ""}',
        '{"!": "array", "d": "float64", "s": [1000000, 1000000], "v": ""}',
        '{"!": "code", "v": "print(1)"}', '{"!": "float", "v": "1"}', "[" * 100_000,
    ],
)  # fmt: skip
def test_malformed_text_is_refused(text):
    with pytest.raises(wire.WireError):
        wire.loads(text)


@pytest.mark.parametrize("count", [1, 400, 100_000])
def test_no_product_of_huge_numbers_is_taken(count):
    sizes = ",".join(["9" * 4200] * min(count, 400) + ["2"] * (count - min(count, 400)))
    began = time.perf_counter()
    with pytest.raises(wire.WireError):
        wire.loads(f'{{"!": "array", "d": "float64", "s": [{sizes}], "v": ""}}')
    assert time.perf_counter() - began < 3  # it took minutes


@pytest.mark.parametrize("item", ["1.5", "[]", '{"!":"dict","v":{}}', '{"!":"float","v":"nan"}'])
def test_values_without_end_are_refused_before_they_are_read(item):
    text = f"[{','.join([item] * (20_000_000 // (len(item) + 1)))}]"  # all that a probe may send
    began = time.process_time()
    with pytest.raises(wire.WireError, match="more than"):
        wire.loads(text)
    assert time.process_time() - began < 0.5


def test_a_long_list_that_is_honest_is_read():
    assert wire.loads(wire.dumps([0.5] * 250_000)) == [0.5] * 250_000


def test_a_huge_array_is_not_sent():
    text = wire.dumps(np.zeros(wire.MAX_ELEMENTS + 1))
    assert len(text) < 200 and type(wire.loads(text)) is wire.Other


def test_the_text_is_json():
    json.loads(wire.dumps({"x": [np.zeros(2), math.inf]}))


def test_half_a_surrogate_pair_is_replaced():
    read = wire.loads(wire.dumps({"\ud800": ["a\udfff", wire.Other("\ud800", "\ud800")]}))
    assert read == {"?": ["a?", wire.Other("?", "?")]}


def test_an_array_of_infinitely_many_elements_is_not_plain_data():
    text = '{"!": "array", "d": "float64", "s": [Infinity], "v": ""}'
    with pytest.raises(wire.WireError):
        wire.loads(text)


# Arrays that are 0 for the most part.


@pytest.mark.parametrize("dtype", wire.DTYPES)
def test_an_array_of_zeros_for_the_most_part_takes_little_room_and_arrives_bit_for_bit(dtype):
    array = np.zeros((50, 7, 31), dtype)
    array[::3, 2, 5:9] = 1
    if array.dtype.kind == "f":
        array[1, 1, :5] = [-0.0, np.nan, np.inf, -np.inf, np.finfo(dtype).smallest_subnormal]
    text = wire.dumps([array, array.T])
    assert len(text) < 0.5 * len(wire.dumps(np.ones_like(array, np.float64)))
    for back, sent in zip(wire.loads(text), (array, array.T), strict=True):
        assert (back.dtype, back.shape, back.tobytes()) == (sent.dtype, sent.shape, sent.tobytes())


def without_zeros(size: int, at: bytes, held: np.ndarray) -> str:
    texts = [base64.b64encode(data).decode() for data in (held.tobytes(), at)]
    return f'{{"!":"array","d":"float64","s":[{size}],"v":"{texts[0]}","at":"{texts[1]}"}}'


@pytest.mark.parametrize(
    ("at", "held"), [(b"", 1), (b"\xff\x00", 1), (b"\xff", 8), (b"\xff" * 9, 8)]
)
def test_as_many_places_as_elements_are_needed(at, held):
    with pytest.raises(wire.WireError):
        wire.loads(without_zeros(16, at, np.ones(held)))
    assert wire.loads(without_zeros(16, b"\x80\x00", np.ones(1))).sum() == 1


def test_what_unfolds_from_nothing_is_bounded():
    zeros = np.zeros(wire.MAX_ELEMENTS)
    many = [zeros] * (wire.MAX_ZEROS // wire.MAX_ELEMENTS)
    assert (
        len(wire.dumps(many)) < len(wire.dumps([*many, zeros[:1_000_000]])) / 5
    )  # the last is whole
    assert len(wire.loads(wire.dumps([*many, zeros[:9_999]]))) == len(many) + 1
    text = without_zeros(wire.MAX_ELEMENTS, bytes(wire.MAX_ELEMENTS // 8), np.ones(0))
    with pytest.raises(wire.WireError, match="zeros"):
        wire.loads(f"[{','.join([text] * (len(many) + 1))}]")
