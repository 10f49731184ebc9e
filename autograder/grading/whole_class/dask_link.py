"""The command's side of a Dask cluster: a thread that has its runners run submissions.

Dask hands an order on when the worker dies that does it. This side does when the scheduler was started
anew, or when all the runners that an order was for are gone.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Coroutine, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import dask
from distributed import Client, Future

from autograder.grading.course import GradingImpossible
from autograder.grading.judge.without_verdict import cause_of
from autograder.grading.whole_class import dask_worker
from autograder.grading.whole_class.fleet import Fleet, say
from autograder.grading.whole_class.orders import Expected, Order

CONNECT_SECONDS = 10.0
LOOK_SECONDS = 1.0
SECONDS_TO_END = 0.7
PATIENCE = 600.0
QUIET = {"distributed.admin.large-graph-warning-threshold": "1GB"}  # an order may be large
logger = logging.getLogger("autograder")


@dataclass(eq=False)
class Handed:
    """An order, whose it is, and on the cluster: its future, and the runners that it is for."""

    of: Any
    order: Order
    future: Future | None = None
    runners: frozenset[str] = frozenset()


@dataclass
class Link:
    """A thread that has orders done by a cluster's runners, and brings home what comes of them.

    ``devices`` says what runners are still needed for. After ``patience`` seconds without a runner
    for one of them, it gives up.
    """

    address: str
    patience: float = PATIENCE
    devices: set[str] = field(default_factory=set)
    _fleet: Fleet | None = None
    _waiting: deque[Handed] = field(default_factory=deque)
    _running: set[Handed] = field(default_factory=set)
    _tasks: set[asyncio.Task] = field(default_factory=set)
    _answers: SimpleQueue = field(default_factory=SimpleQueue)
    _news: threading.Event = field(default_factory=threading.Event)
    _opened: threading.Event = field(default_factory=threading.Event)
    _failed: GradingImpossible | None = None

    # ---- what the command calls

    def open(self, wanted: Expected, kind: str | None) -> set[str]:
        """Examine the workers that there are, and wait for a runner, of one kind if that is given.

        Returns the kinds that there are; raises GradingImpossible if none comes.
        """
        self._wanted, self._kind, self._useful = wanted, kind, time.monotonic()
        self._loop = asyncio.new_event_loop()
        self._life = self._loop.create_task(self._live())
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        while not self._opened.wait(LOOK_SECONDS):  # meanwhile a signal is heeded
            pass
        if self._failed is not None:
            raise self._failed
        return self._fleet.kinds if self._fleet else set()

    def slots(self, device: str) -> int:
        """How many submissions can be run at a time on a device."""
        fleet = self._fleet
        return fleet.slots(device) if fleet else 0

    def hand(self, of: Any, order: Order) -> None:
        """Have a submission run; the answer will be its record or an exception."""
        self._loop.call_soon_threadsafe(self._take, Handed(of, order))

    def wait(self, seconds: float) -> None:
        """Wait for an answer, but not longer than this."""
        self._news.wait(seconds)

    def answers(self) -> Iterator[tuple[Any, Any]]:
        """What has come back; raises GradingImpossible if nothing more will."""
        self._news.clear()
        while not self._answers.empty():
            yield self._answers.get()
        if self._failed is not None:
            raise self._failed

    def end(self) -> None:
        """Leave the cluster at once, whatever it does."""
        if hasattr(self, "_thread"):
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._life.cancel)
            self._thread.join(SECONDS_TO_END)

    # ---- the thread

    def _serve(self) -> None:
        with contextlib.suppress(asyncio.CancelledError), dask.config.set(QUIET):
            try:
                self._loop.run_until_complete(self._life)
            except GradingImpossible as error:
                self._failed = error
            except Exception as error:
                logger.exception("the link to the cluster broke")
                self._failed = GradingImpossible(f"the link to the cluster broke: {error}")
            self._opened.set()
            self._news.set()

    async def _live(self) -> None:
        """Be a client of the scheduler, and of the next one if it is started anew."""
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is said here
        connected = False
        while True:
            try:
                async with Client(
                    self.address, asynchronous=True, set_as_default=False, timeout=CONNECT_SECONDS
                ) as client:
                    say(f"cluster {self.address}, dashboard: {client.dashboard_link}")
                    connected = True
                    await self._be_client(client)
            except (TimeoutError, OSError, ValueError) as error:
                if not connected:
                    raise GradingImpossible(
                        f"no scheduler answers at {self.address} ({cause_of(error)}): start one with "
                        "`dask scheduler`, and give --cluster the address that it shows"
                    ) from None
                if self._fleet is not None:
                    say("the cluster's scheduler is gone; waiting for it")
                    self._fleet = None
            self._check_patience()
            await asyncio.sleep(LOOK_SECONDS)

    async def _be_client(self, client: Client) -> None:
        """Look after runners and orders until the scheduler is lost, which raises OSError."""
        assert client.scheduler is not None
        fleet = self._fleet = Fleet(client, self._wanted, self._start)
        try:
            while True:
                look = client.scheduler.identity(n_workers=-1)
                workers = (await asyncio.wait_for(look, CONNECT_SECONDS))["workers"]
                if not (workers or fleet.seen or self._opened.is_set()):
                    say("no runner is there yet; waiting for one")
                fleet.look_at(workers)
                for handed in self._running:
                    if handed.future is not None and not handed.runners & set(workers):
                        self._start(handed.future.cancel())
                self._hand_out()
                if self._is_useful(fleet):
                    self._useful = time.monotonic()
                self._check_patience()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._waiting.extendleft(self._running)
            self._running.clear()

    def _is_useful(self, fleet: Fleet) -> bool:
        """Whether there are runners for what is to be done; at first, whether it can begin."""
        if not self._opened.is_set():
            needed = {self._kind} if self._kind else fleet.kinds
            if fleet.kinds and needed <= fleet.kinds and not fleet.examined:
                self._opened.set()
            return self._opened.is_set()
        handed = {one.order.device for one in (*self._waiting, *self._running)}
        return all(map(fleet.slots, self.devices | handed))

    def _check_patience(self) -> None:
        if (waited := time.monotonic() - self._useful) > self.patience:
            raise GradingImpossible(
                f"the cluster at {self.address} has had no runner for {waited:.0f} s; what was graded "
                "is in the gradebook, and the same command goes on from there"
            )

    # ---- orders

    def _take(self, handed: Handed) -> None:
        self._waiting.append(handed)
        self._hand_out()

    def _hand_out(self) -> None:
        """Put on the cluster what waits and has a runner."""
        for _ in range(len(self._waiting)):
            handed = self._waiting.popleft()
            if self._fleet is not None and self._fleet.slots(handed.order.device):
                self._running.add(handed)
                self._start(self._have_run(handed, self._fleet))
            else:
                self._waiting.append(handed)

    async def _have_run(self, handed: Handed, fleet: Fleet) -> None:
        """Bring home the record of one submission, or why there is none."""
        kind = fleet.kind_for(handed.order.device)
        handed.runners = fleet.runners_of(kind)
        handed.future = fleet.client.submit(
            dask_worker.run,
            handed.order,
            self._wanted,
            workers=sorted(handed.runners),
            resources={kind: 1},
            pure=False,
        )
        answer: Any = None
        try:
            answer = await handed.future
        except CancelledError:  # its runners are gone, or the scheduler
            pass
        except dask_worker.RefusedBy as refused:
            fleet.refuse(*refused.args)
        except Exception as error:
            answer = RuntimeError(cause_of(error))
        self._running.discard(handed)
        if answer is None:
            self._waiting.append(handed)
        else:
            self._answers.put((handed.of, answer))
            self._news.set()

    def _start(self, work: Coroutine) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
