"""Plain data between two processes: JSON that carries NumPy arrays, numbers, strings and no code.

Arrays travel as base64 of their little-endian bytes, so floats arrive bit for bit; of large ones that
are 0 for the most part (what dropout leaves) the rest alone, and where it stood. Anything that is not
plain (an object, a function, an array of objects) travels as an ``Other``: its type's name and the
beginning of its repr. Reading never executes anything and never trusts a length.
"""

import base64
import json
import math
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from numbers import Real
from typing import Any

import numpy as np

MAX_ELEMENTS = 2_000_000  # the head of a real network has 1.3 million
MAX_DIMENSIONS = 32
MAX_VALUES = 300_000  # outside of arrays; right answers, written as lists, take a third of it
MAX_ZEROS = (
    4_000_000  # elements of arrays that travel without their zeros, which unfold from nothing
)
FEW = 1_000  # elements that are not worth it
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
DTYPES = ("bool", *INTEGERS, "float16", "float32", "float64")


class WireError(ValueError):
    """The text is not what ``dumps`` writes."""


@dataclass(frozen=True)
class Other:
    """Stands for a value that is not plain data."""

    type: str
    shown: str

    def __str__(self) -> str:
        return f"{self.shown} ({self.type})"


class Room:
    """How many elements may still unfold."""

    def __init__(self, left: int) -> None:
        self.left = left

    def takes(self, size: int) -> bool:
        """Whether there is room for so many, which then is taken."""
        if fits := size <= self.left:
            self.left -= size
        return fits


@lru_cache
def name_of(dtype: np.dtype) -> str:
    """The name of a dtype, which NumPy makes anew each time that it is asked."""
    return dtype.name


def dumps(value: Any) -> str:
    """Write plain data, torch tensors included, as JSON text."""
    room = Room(MAX_ZEROS)
    return json.dumps(_encode(arrived(value), room), allow_nan=False, separators=(",", ":"))


def loads(text: str) -> Any:
    """Read what ``dumps`` wrote; raises WireError for anything else."""
    try:
        # each value but the first stands behind one of these, and counting them takes no time
        if sum(map(text.count, ",[{")) > MAX_VALUES:
            raise WireError(f"more than {MAX_VALUES:,} values outside of arrays")
        return decode(json.loads(text))
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
        OverflowError,
        MemoryError,
    ) as error:
        raise WireError(f"not plain data: {error}") from None


def arrived(value: Any) -> Any:
    """What ``loads`` makes of what ``dumps`` writes of a value, without the text: a copy."""
    if value is None or type(value) in (bool, float):
        return value
    if type(value) is str:
        return whole(value)
    if type(value) is int and abs(value) < 2**53:
        return value
    if type(value) in (list, tuple):
        return [arrived(v) for v in value]
    if type(value) is dict and all(type(k) is str for k in value):
        return {whole(k): arrived(v) for k, v in value.items()}
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.kind == "f" and name_of(array.dtype) not in DTYPES:
            array = array.astype(np.float64)  # longdouble
        if name_of(array.dtype) in DTYPES and array.size <= MAX_ELEMENTS:
            return np.array(array, array.dtype.newbyteorder("="), order="C")
        return _other(value, f"array of {array.dtype} with shape {array.shape}")
    if type(value) is Other:
        return _other(value, value.shown, value.type)
    if isinstance(value, Real | Decimal) and not isinstance(value, int):
        with suppress(Exception):  # a fraction, say; a huge one is no float
            return float(value)
    return _other(value)


def _other(value: Any, shown: str | None = None, kind: str | None = None) -> Other:
    if shown is None:
        try:
            shown = repr(value)
        except Exception:
            shown = "a value that can't be shown"
    return Other(whole(kind or type(value).__name__)[:80], whole(str(shown))[:200])


def _encode(value: Any, room: Room) -> Any:
    """The JSON of what has ``arrived``."""
    if isinstance(value, list):
        return [_encode(v, room) for v in value]
    if isinstance(value, dict):
        return {"!": "dict", "v": {k: _encode(v, room) for k, v in value.items()}}
    if isinstance(value, float) and not math.isfinite(value):
        return {"!": "float", "v": repr(value)}
    if isinstance(value, np.ndarray):
        little = value.astype(value.dtype.newbyteorder("<"), copy=False)
        said = {"!": "array", "d": name_of(value.dtype), "s": list(value.shape)}
        if value.size > FEW:
            bits = little.view(f"u{value.itemsize}")  # of which a negative zero is none
            there = bits != 0
            if 2 * np.count_nonzero(there) < value.size and room.takes(value.size):
                return {**said, "v": _base64(little[there]), "at": _base64(np.packbits(there))}
        return {**said, "v": _base64(little)}
    if isinstance(value, Other):
        return {"!": "other", "t": value.type, "v": value.shown}
    return value


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def decode(value: Any, room: Room | None = None) -> Any:
    """What a piece of the JSON stands for; raises WireError, or what Python does, for anything odd."""
    room = room or Room(MAX_ZEROS)
    if isinstance(value, list):
        return [decode(v, room) for v in value]
    if isinstance(value, str):
        return whole(value)
    if not isinstance(value, dict):
        return value
    kind, v = value["!"], value["v"]
    if kind == "dict":
        return {whole(str(k)): decode(x, room) for k, x in v.items()}
    if kind == "float":
        return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[v]
    if kind == "other":
        return Other(whole(str(value["t"]))[:80], whole(str(v))[:200])
    if kind == "array":
        dtype, shape = value["d"], value["s"]
        if dtype not in DTYPES or not _is_shape(shape):
            raise WireError("no array of a dtype and a shape that can travel")
        little = np.dtype(dtype).newbyteorder("<")
        held = np.frombuffer(base64.b64decode(v), little).astype(dtype)
        if "at" in value:
            held = _with_zeros(held, base64.b64decode(value["at"]), math.prod(shape), room)
        return held.reshape(shape)
    raise WireError(f"unknown kind {kind!r}")


def _with_zeros(held: np.ndarray, at: bytes, size: int, room: Room) -> np.ndarray:
    """So many elements, of which those ``at`` certain places are held and the others are 0."""
    if not room.takes(size):
        raise WireError(f"more than {MAX_ZEROS:,} elements without their zeros")
    there = np.unpackbits(np.frombuffer(at, np.uint8))[:size].astype(bool)
    if there.size != size or there.sum() != held.size:  # one alone would be put everywhere
        raise WireError("as many places as elements are needed")
    array = np.zeros(size, held.dtype)
    array[there] = held
    return array


def _is_shape(shape: Any) -> bool:
    """Whether these are the sizes of an array; a product of huge numbers alone takes minutes."""
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        return False
    if not all(type(n) is int and 0 <= n <= MAX_ELEMENTS for n in shape):
        return False
    return math.prod(shape) <= MAX_ELEMENTS


def whole(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair, which no file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
