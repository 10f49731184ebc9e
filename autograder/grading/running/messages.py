"""What a kernel sends: read within bounds, and collected as a cell's outputs."""

import contextlib
import json
from typing import Any

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient
from nbformat import NotebookNode

from autograder import wire

OUTPUT_CHARACTERS = 100_000
RICH_CHARACTERS = 2_000_000
PROBE_CHARACTERS = 20_000_000  # raw outputs of some exercises take three million
LONGEST_PARENT = 10_000  # bytes of what a message says of what it came of
REPLIES = 100  # that are looked at in a row: those of cells before are there too
KINDS = 50  # of data in one output: of each a page shows one
CUT = "\n[the rest of the output was cut]\n"


class TooLarge(ValueError):
    """A message is too large to be read; ``of`` is the id of what it came of, empty if that is unknown."""

    def __init__(self, parts: list[bytes]) -> None:
        super().__init__("a message is too large to be read")
        self.of = ""
        with contextlib.suppress(Exception):  # student code wrote to the socket
            if len(parent := parts[2]) <= LONGEST_PARENT:
                self.of = json.loads(parent)["msg_id"]


def _without_halves(content: Any) -> Any:
    """A message's content that can be written: no half of a surrogate pair in it."""
    if isinstance(content, str):
        return wire.whole(content)
    if isinstance(content, list):
        return [_without_halves(one) for one in content]
    if isinstance(content, dict):
        return {wire.whole(name): _without_halves(one) for name, one in content.items()}
    return content


def _characters(content: Any) -> int:
    """About how many there are in a message's content."""
    if isinstance(content, dict):
        return sum(len(name) + _characters(one) for name, one in content.items())
    if isinstance(content, list):
        return sum(map(_characters, content)) + len(content)
    return len(content) if isinstance(content, str) else len(str(content))


class Outputs:
    """Collects a cell's outputs from its messages, streams merged and bounded."""

    def __init__(self, rich_characters: int) -> None:
        self.outputs: list[NotebookNode] = []
        self._left = OUTPUT_CHARACTERS
        self._rich_left = rich_characters

    def add(self, message: dict) -> None:
        """Take in what a message shows, if it is of a kind that shows anything."""
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            self._stream(content["name"], content["text"])
        elif kind in ("error", "display_data", "execute_result"):
            if len(content.get("data", ())) > KINDS:
                return
            content.setdefault("metadata", {})
            message["content"] = content = _without_halves(content)
            output = nbformat.v4.output_from_msg(message)  # which validates it
            self._rich_left -= _characters(content)
            if self._rich_left > 0:
                self.outputs.append(output)
        elif kind == "clear_output":
            self.outputs.clear()

    def add_cut(self) -> None:
        """Note that there was more than can be read."""
        self._stream("stderr", CUT)

    def _stream(self, name: str, text: str) -> None:
        if self._left <= 0 or name not in ("stdout", "stderr") or not isinstance(text, str):
            return
        text = wire.whole(text)
        if len(text) > self._left:
            text = text[: self._left] + CUT
        self._left -= len(text)
        last = self.outputs[-1] if self.outputs else None
        if last is not None and last.output_type == "stream" and last.name == name:
            last.text += text
        else:
            self.outputs.append(nbformat.v4.new_output("stream", name=name, text=text))


class Shown:
    """What a kernel shows of one piece of code, which is sent to it: taken in message by message.

    ``began`` says whether anything came of it yet, ``ended`` whether all did. Raises zmq.Again if the
    kernel takes nothing more.
    """

    def __init__(self, client: BlockingKernelClient, code: str, silent: bool) -> None:
        self.began = self.ended = False
        self._client = client
        self._at_most = PROBE_CHARACTERS if silent else RICH_CHARACTERS
        self._collected = Outputs(self._at_most)
        self._replied = False
        self._sent = client.execute(code, silent, store_history=False, allow_stdin=False)

    @property
    def outputs(self) -> list[NotebookNode]:
        return self._collected.outputs

    def take(self, seconds: float) -> bool:
        """Take in the next message, whatever it is of; whether one came in so many seconds.

        A message may have twice as many characters as are kept: more is noted, and not read.
        """
        try:
            message = self._next(self._client.iopub_channel.socket, seconds, 2 * self._at_most)
            if message is None:
                return False
            if message["parent_header"]["msg_id"] == self._sent:
                self.began = True
                self._add(message)
        except TooLarge as large:
            if large.of in ("", self._sent):
                self._collected.add_cut()
        except Exception:  # not signed, no message, or an odd one: student code wrote to the socket
            pass
        return True

    def look_for_reply(self) -> None:
        """Where nothing comes: the code has ended too if the kernel had replied when it was last asked.

        Of what it shows, messages are lost where they come faster than they are read, the last one too.
        """
        self.ended = self._replied
        self._replied = self._replied or self._has_replied()

    def _add(self, message: dict) -> None:
        if message["msg_type"] == "status":
            self.ended = message["content"]["execution_state"] == "idle"
        else:
            self._collected.add(message)

    def _has_replied(self) -> bool:
        for _ in range(REPLIES):
            with contextlib.suppress(Exception):  # student code wrote to the socket
                message = self._next(self._client.shell_channel.socket, 0, self._at_most)
                if message is None:
                    break
                if message["parent_header"]["msg_id"] == self._sent:
                    return True
        return False

    def _next(self, socket: Any, seconds: float, at_most: int) -> dict | None:
        """The next message on a socket, None if none comes in so many seconds.

        Raises TooLarge if it has more than ``at_most`` characters, ValueError if it is no message.
        """
        if not socket.poll(1000 * seconds):
            return None
        _, parts = self._client.session.feed_identities(socket.recv_multipart(), copy=True)
        if sum(map(len, parts)) > at_most:
            raise TooLarge(parts)
        return self._client.session.deserialize(parts)
