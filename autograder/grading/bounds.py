"""How much of a submission is shown: processor time, and room on the page."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

SECONDS_A_PIECE = 0.5  # of the processor's time; what people write takes a few thousandths
SECONDS = 1.5
PAINTING_SECONDS = 20.0  # of pictures; a phone's photo takes a fifth of one
AGAIN = 0.05  # an alarm that rings inside a destructor is lost: it rings until it is heard
ROOM = 2_000_000  # characters
LARGEST_PICTURE = 24_000_000  # pixels; a phone's photo has 12 million
SMALLEST_PICTURE = 20_000  # pixels; to open one costs as much
PIXELS = 100_000_000
COSTLY = "<>&\"'[\x1b"  # characters that pages are searched for, or that are written in another way
EACH_COSTLY = 10


class OutOfTime(BaseException):
    """What a student wrote takes too long; no ``except Exception`` on the way catches it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise OutOfTime within the block after so long, even inside a regular expression.

    Seconds are the processor's. Signals reach the main thread alone: in another there is no limit.
    A limit around the block goes on after it, where it stood.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _stop)
    around, again = signal.setitimer(signal.ITIMER_VIRTUAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        signal.setitimer(signal.ITIMER_VIRTUAL, around, again)


class Allowance:
    """Processor time that is left for work of a kind; no piece of it may take longer than ``piece``."""

    def __init__(self, seconds: float, piece: float) -> None:
        self.seconds, self.piece = seconds, piece

    @contextmanager
    def spend(self) -> Iterator[None]:
        """Raise OutOfTime within the block once its time is up; nothing is done without a limit."""
        if self.seconds <= 0 or threading.current_thread() is not threading.main_thread():
            raise OutOfTime
        began = time.process_time()
        try:
            with limited(min(self.piece, self.seconds)):
                yield
        finally:
            self.seconds -= time.process_time() - began


class Bounds:
    """What is left for a notebook: some time for each piece of it, and a sum for all; and room."""

    def __init__(self) -> None:
        self._reading = Allowance(SECONDS, SECONDS_A_PIECE)
        self._painting = Allowance(PAINTING_SECONDS, PAINTING_SECONDS)
        self.room = ROOM
        self.pixels = PIXELS
        self.painted: dict[str, tuple[str, str] | None] = {}  # pictures, by what came

    def time(self) -> AbstractContextManager[None]:
        """Raise OutOfTime within the block once its time is up, even inside a regular expression."""
        return self._reading.spend()

    def painting(self) -> AbstractContextManager[None]:
        """Raise OutOfTime within the block once the time of all pictures together is up."""
        return self._painting.spend()

    def take(self, text: str) -> bool:
        """Whether there is room for a text; then it is taken."""
        cost = len(text) + (EACH_COSTLY - 1) * sum(map(text.count, COSTLY))
        if cost > self.room:
            return False
        self.room -= cost
        return True

    def take_pixels(self, count: int) -> bool:
        """Whether a picture of so many is small enough and there is room for it; then it is taken."""
        if count > min(LARGEST_PICTURE, self.pixels):
            return False
        self.pixels -= max(count, SMALLEST_PICTURE)
        return True

    def cut(self, text: str) -> str:
        """The text, or its beginning if there is no room for more."""
        if self.take(text):
            return text
        start = text[: self.room // EACH_COSTLY]
        self.take(start)
        return f"{start}\n[{len(text) - len(start)} more characters are not shown]\n"


def _stop(number: int, frame: FrameType | None) -> None:
    raise OutOfTime
