"""The workers of a cluster, and which of them are runners.

Whether a worker is one is for ``dask_worker.examine`` to say, on that worker. One that is not gets no
submission, and the reason is shown.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any

from distributed import Client, Future

from autograder.grading.judge.without_verdict import cause_of
from autograder.grading.whole_class import dask_worker
from autograder.grading.whole_class.orders import Expected

KINDS = ("CPU", "GPU")  # resources that workers are tagged with
EXAMINE_SECONDS = 180.0
logger = logging.getLogger("autograder")


@dataclass
class Fleet:
    """Who is there; ``start`` runs a coroutine beside the others.

    ``runners`` says of each runner's address how many submissions of each kind it takes at a time. It
    is replaced and never changed, so that any thread may read it.
    """

    client: Client
    wanted: Expected
    start: Callable[[Coroutine], None]
    runners: dict[str, dict[str, int]] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)  # addresses of workers, and their names
    examined: dict[str, Future] = field(default_factory=dict)  # at this moment

    @property
    def kinds(self) -> set[str]:
        """The resources that there are: CPU, GPU, or both."""
        return {kind for slots in self.runners.values() for kind in slots}

    def kind_for(self, device: str) -> str:
        """Which resource a submission takes: what needs no GPU leaves them to the others."""
        return "CPU" if device == "cpu" and "CPU" in self.kinds else "GPU"

    def slots(self, device: str) -> int:
        """How many submissions can be run at a time on a device."""
        kind = self.kind_for(device)
        return sum(slots.get(kind, 0) for slots in self.runners.values())

    def runners_of(self, kind: str) -> frozenset[str]:
        """The addresses of the runners that have a resource."""
        return frozenset(address for address, slots in self.runners.items() if kind in slots)

    def look_at(self, workers: dict[str, dict]) -> None:
        """Have new workers examined, and forget those that are gone."""
        for address in set(self.seen) - set(workers):
            if address in self.runners:
                say(f"runner {self.seen[address]} is gone")
            self._drop(address)
            del self.seen[address]
            if address in self.examined:
                self.start(self.examined[address].cancel())
        for address in set(workers) - set(self.seen):
            held = workers[address]
            self.seen[address] = f"{held['name']} ({address})"
            self.start(self._examine(address, held["resources"]))

    def refuse(self, address: str, reason: str) -> None:
        """Give a worker no submission from now on."""
        name = self.seen.get(address, address)
        self._drop(address)
        say(f"runner {name} is refused: {reason}")
        logger.warning("runner %s is refused: %s", name, reason)

    async def _examine(self, address: str, resources: dict[str, float]) -> None:
        """Make a worker a runner, or say why not."""
        slots = {kind: int(resources[kind]) for kind in KINDS if resources.get(kind, 0) >= 1}
        if not slots:
            self.refuse(address, 'start it with --resources "CPU=1" or "GPU=1"')
            return
        examination = self.client.submit(
            dask_worker.examine, self.wanted, list(slots), workers=[address], pure=False
        )
        self.examined[address] = examination
        try:
            reason = await asyncio.wait_for(_result(examination), EXAMINE_SECONDS)
        except CancelledError:  # it is gone
            return
        except Exception as error:
            reason = f"it can't be examined: {cause_of(error)}"
        finally:
            del self.examined[address]
        if reason:
            self.refuse(address, reason)
        elif address in self.seen:
            self.runners = {**self.runners, address: slots}
            say(f"runner {self.seen[address]}: {', '.join(slots)}")

    def _drop(self, address: str) -> None:
        self.runners = {a: slots for a, slots in self.runners.items() if a != address}


async def _result(future: Future) -> Any:
    return await future


def say(what: str) -> None:
    """Tell the terminal of the cluster."""
    print(f"autograder: {what}", flush=True)
