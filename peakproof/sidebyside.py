"""Jobs done side by side by forked processes that see all that this one has in memory.

For pure functions over one large thing: nothing is copied to them, and only results come back.
"""

import gc
import multiprocessing
import os
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, TypeVar

__all__ = ["side_by_side"]

PROCESSES_MAX = 2  # each comes to hold a copy of what it looks at

Outcome = TypeVar("Outcome")


def side_by_side(jobs: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """Return what each job returns, in order. Results must be picklable.

    This process works as well. What another one fails to deliver, for it failed or was killed,
    is done again here, so that errors are raised as if nobody else had been there.
    """
    others = min(PROCESSES_MAX, os.cpu_count() or 1, len(jobs)) - 1
    context = multiprocessing.get_context("fork")
    following = context.Value("i", 0)

    def work() -> dict[int, Outcome]:
        done: dict[int, Outcome] = {}
        while True:
            with following.get_lock():
                number = following.value
                following.value += 1
            if number >= len(jobs):
                return done
            done[number] = jobs[number]()

    gc.freeze()  # the collector would write to every page that is shared
    helpers = [_Helper(context, work) for _ in range(others)]
    try:
        done = work()
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
