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


def received(client: BlockingKernelClient, seconds: float, at_most: int) -> dict | None:
    """The next message of what the kernel shows, None if none comes in so many seconds.

    Raises TooLarge if it has more than twice ``at_most`` characters, ValueError if it is no message.
    """
    return _next(client, client.iopub_channel.socket, seconds, 2 * at_most)


def has_replied(client: BlockingKernelClient, sent: str, at_most: int) -> bool:
    """Whether the kernel has replied to what was sent: so it has ended, even if nothing shows it.

    Of what it shows, messages are lost where they come faster than they are read, the last one too.
    """
    for _ in range(REPLIES):
        with contextlib.suppress(Exception):  # student code wrote to the socket
            message = _next(client, client.shell_channel.socket, 0, at_most)
            if message is None:
                break
            if message["parent_header"]["msg_id"] == sent:
                return True
    return False


def _next(client: BlockingKernelClient, socket: Any, seconds: float, at_most: int) -> dict | None:
    """The next message on a socket, as ``received`` says; ``at_most`` characters are read."""
    if not socket.poll(1000 * seconds):
        return None
    _, parts = client.session.feed_identities(socket.recv_multipart(), copy=True)
    if sum(map(len, parts)) > at_most:
        raise TooLarge(parts)
    return client.session.deserialize(parts)


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
