"""Jobs done side by side by forked processes that see all that this one has in memory.

For pure functions over one large thing: nothing is copied to them, and only results come back.
"""

import gc
import multiprocessing
import os
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, TypeVar

__all__ = ["side_by_side"]

PROCESSES_MAX = 2  # each comes to hold a copy of what it looks at

Outcome = TypeVar("Outcome")


def side_by_side(jobs: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """Return what each job returns, in order. Results must be picklable.

    This process takes jobs from the front and the others from the back: so neighbours, which
    have much in common that is worked out once, are mostly done by one. What another one fails
    to deliver, for it failed or was killed, is done again here, so that errors are raised as if
    nobody else had been there.
    """
    others = min(PROCESSES_MAX, os.cpu_count() or 1, len(jobs)) - 1
    context = multiprocessing.get_context("fork")
    ends = context.Array("i", [0, len(jobs) - 1])

    def take(from_front: bool) -> int | None:
        with ends.get_lock():
            if ends[0] > ends[1]:
                return None
            number: int = ends[0] if from_front else ends[1]
            ends[0 if from_front else 1] += 1 if from_front else -1
            return number

    def work(from_front: bool) -> dict[int, Outcome]:
        done: dict[int, Outcome] = {}
        while (number := take(from_front)) is not None:
            done[number] = jobs[number]()
        return done

    gc.freeze()  # the collector would write to every page that is shared
    helpers = [_Helper(context, partial(work, False)) for _ in range(others)]
    try:
        done = work(True)
        for helper in helpers:
            done |= helper.delivered()
    finally:
        for helper in helpers:
            helper.stop()
        gc.unfreeze()
    return [done[number] if number in done else job() for number, job in enumerate(jobs)]


class _Helper:
    """Another process that works on the jobs."""

    def __init__(self, context: Any, work: Callable[[], dict[int, Any]]) -> None:
        self._ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_deliver, args=(work, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def delivered(self) -> dict[int, Any]:
        """Wait for it; return what it did, nothing if it failed."""
        try:
            done: dict[int, Any] = self._ours.recv()
        except EOFError:
            done = {}
        return done

    def stop(self) -> None:
        """End it; nobody needs what it has not delivered."""
        self._ours.close()
        self._process.terminate()
        self._process.join()


def _deliver(work: Callable[[], dict[int, Any]], pipe: Connection) -> None:
    try:
        pipe.send(work())
    # It is done again where somebody can see what is wrong.
    except Exception:  # noqa: BLE001
        pipe.close()
