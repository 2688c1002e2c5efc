"""Plays the stages of a plan: actors side by side, faults on time, everything recorded.

Each actor is a thread that does its steps in order. Faults are injected and healed at their
times by one more thread, the nemesis; whatever is still active when a stage ends is healed
before the next begins. Nothing here knows a vendor or a scenario.
"""

import itertools
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx
import psycopg

from peakproof.errors import PeakproofError, SimulatorRefused, UnknownName, WaitExpired
from peakproof.history import Event, HistoryWriter
from peakproof.outcomes import Outcome
from peakproof.plan import PlannedFault, Stage, Step
from peakproof.seed import Clock, wait_until

__all__ = ["Fault", "Nemesis", "Stagehand"]

_STEP_LIMIT_SECONDS = 60.0


class Fault(Protocol):
    """What a module of peakproof.faults offers."""

    def inject(self, world: Any, options: Mapping[str, Any]) -> Any:
        """Begin the fault; return a token for heal and fired."""

    def heal(self, world: Any, token: Any) -> None:
        """End the fault; may be called again."""

    def fired(self, world: Any, token: Any) -> int:
        """Return how often it has had an effect."""


class Stagehand:
    """Performs steps: resolves references, calls the system, records what came of it."""

    def __init__(
        self,
        clock: Clock,
        writer: HistoryWriter,
        act: Callable[[str, str, str, dict[str, Any]], dict[str, Any]],
    ) -> None:
        self._clock = clock
        self._writer = writer
        self._act = act
        self._ids = itertools.count(1)
        self._results: dict[str, dict[str, Any] | None] = {}
        self._done: defaultdict[str, threading.Event] = defaultdict(threading.Event)

    def play(self, stage: Stage) -> None:
        """Play every step of a stage; return when all actors are done."""
        begin = self._clock.now()
        by_actor: dict[str, list[Step]] = {}
        for step in sorted(stage.steps, key=lambda step: step.at_seconds):
            by_actor.setdefault(step.actor, []).append(step)
        failures: list[BaseException] = []

        def run(steps: list[Step]) -> None:
            try:
                for step in steps:
                    _sleep_until(self._clock, begin + step.at_seconds)
                    self._perform_anyhow(step)
            except BaseException as error:  # noqa: BLE001 - re-raised in the caller's thread
                failures.append(error)

        threads = [
            threading.Thread(target=run, args=(steps,), name=actor, daemon=True)
            for actor, steps in by_actor.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def perform(self, step: Step) -> dict[str, Any]:
        """Do one step now, record what came of it, return its result; raises what went wrong."""
        key = f"op-{next(self._ids)}"
        try:
            arguments = self._resolve(step)
        except SimulatorRefused as refused:
            self._record(step, key, Outcome.INVOKE, {"system": step.system, "label": step.label})
            self._finish(step, key, Outcome.FAIL, {"code": refused.code, "message": str(refused)})
            raise
        self._record(
            step,
            key,
            Outcome.INVOKE,
            {"system": step.system, "arguments": arguments, "label": step.label},
        )
        try:
            result = self._act(step.system, step.action, step.actor, arguments)
        except SimulatorRefused as refused:
            self._finish(step, key, Outcome.FAIL, {"code": refused.code, "message": str(refused)})
            raise
        except (httpx.ConnectError, psycopg.OperationalError) as error:
            value = {"code": "unreachable", "message": str(error)}
            self._finish(step, key, Outcome.FAIL, value)
            raise
        except httpx.HTTPError as error:
            self._finish(step, key, Outcome.INFO, {"message": repr(error)})
            raise
        except UnknownName:
            raise
        except PeakproofError as error:
            value = {"code": type(error).__name__, "message": str(error)}
            self._finish(step, key, Outcome.FAIL, value)
            raise
        self._finish(step, key, Outcome.OK, {"result": result})
        return result

    def _perform_anyhow(self, step: Step) -> None:
        """Do a step of a story, which goes on whatever becomes of it; only a wrong plan raises."""
        try:
            self.perform(step)
        except UnknownName:
            raise
        except (PeakproofError, httpx.HTTPError, psycopg.OperationalError):
            return  # the history tells of it

    def _resolve(self, step: Step) -> dict[str, Any]:
        """Replace references by results; SimulatorRefused("dependency") when there is none."""
        arguments = {}
        for name, value in step.arguments.items():
            if isinstance(value, dict) and set(value) == {"$result"}:
                label, field = value["$result"].rsplit(".", 1)
                if not self._done[label].wait(_STEP_LIMIT_SECONDS):
                    raise SimulatorRefused("dependency", f"{label} did not end in time")
                result = self._results.get(label)
                if result is None or field not in result:
                    raise SimulatorRefused("dependency", f"{label} did not succeed")
                value = result[field]
            arguments[name] = value
        return arguments

    def _finish(self, step: Step, key: str, outcome: Outcome, value: dict[str, Any]) -> None:
        self._record(step, key, outcome, value)
        if step.label:
            self._results[step.label] = value.get("result")
            self._done[step.label].set()

    def _record(self, step: Step, key: str, outcome: Outcome, value: dict[str, Any]) -> None:
        self._writer.append(
            Event(
                time=self._clock.now(),
                source=step.actor,
                kind="operation",
                name=step.action,
                key=key,
                outcome=outcome,
                value=value,
            )
        )


class Nemesis:
    """Injects and heals the faults of a stage on time, and tells which of them fired.

    At a stage's end it has ``patience_seconds`` for calls that are to meet a fault: a connector
    has its own pace, and a slow machine another one. Once nothing came of waiting, later stages
    do without.
    """

    def __init__(
        self,
        clock: Clock,
        writer: HistoryWriter,
        faults: Mapping[str, Fault],
        world: Any,
        patience_seconds: float = 0.0,
    ) -> None:
        self._clock = clock
        self._writer = writer
        self._faults = faults
        self._world = world
        self._ids = itertools.count(1)
        self._active: dict[str, tuple[PlannedFault, Any]] = {}
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._patience_seconds = patience_seconds

    def begin(self, stage: Stage) -> None:
        """Start working off the stage's faults; those of second zero are active on return."""
        origin = self._clock.now()
        moments: list[tuple[float, str, PlannedFault, str]] = []
        for fault in stage.faults:
            key = f"fault-{next(self._ids)}"
            self._record(fault, key, "planned")
            moments.append((fault.at_seconds, "inject", fault, key))
            if fault.heal_at_seconds is not None:
                moments.append((fault.heal_at_seconds, "heal", fault, key))
        moments.sort(key=lambda moment: (moment[0], moment[1]))
        while moments and moments[0][0] <= 0:
            _, deed, fault, key = moments.pop(0)
            self._do(deed, fault, key)
        self._stop.clear()

        def run() -> None:
            try:
                for at_seconds, deed, fault, key in moments:
                    while self._clock.now() < origin + at_seconds:
                        if self._stop.wait(min(0.1, origin + at_seconds - self._clock.now())):
                            break
                    # A stage that ends early still gets its faults: they were planned.
                    self._do(deed, fault, key)
            except BaseException as error:  # noqa: BLE001 - re-raised by end()
                self._failure = error

        self._thread = threading.Thread(target=run, name="nemesis", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Heal whatever is still active; raise what failed first, here or in between."""
        self._stop.set()
        if self._thread:
            self._thread.join()
            self._thread = None
        failure, self._failure = self._failure, None
        try:
            self._wait_for_calls()
        except Exception as error:  # noqa: BLE001 - the faults are to be healed all the same
            failure = failure or error
        for key, (fault, _) in list(self._active.items()):
            try:
                self._do("heal", fault, key)
            except Exception as error:  # noqa: BLE001 - the other faults are to be healed too
                failure = failure or error
        if failure:
            raise failure

    def _wait_for_calls(self) -> None:
        """Leave what must fire and has not in place for a while: the call may yet come."""

        def all_fired() -> bool:
            return all(
                self._faults[fault.fault].fired(self._world, token)
                for fault, token in self._active.values()
                if fault.must_fire
            )

        if not self._patience_seconds:
            return
        try:
            wait_until(all_fired, self._patience_seconds, "the faults to fire", 0.3)
        except WaitExpired:
            self._patience_seconds = 0.0

    def _do(self, deed: str, fault: PlannedFault, key: str) -> None:
        module = self._faults[fault.fault]
        if deed == "inject":
            token = module.inject(self._world, fault.options)
            self._active[key] = (fault, token)
            self._record(fault, key, "injected")
        elif key in self._active:
            _, token = self._active.pop(key)
            fired = module.fired(self._world, token)
            module.heal(self._world, token)
            if fired:
                self._record(fault, key, "fired", {"count": fired})
            self._record(fault, key, "healed")

    def _record(
        self,
        fault: PlannedFault,
        key: str,
        outcome: str,
        detail: dict[str, Any] | None = None,
    ) -> None:
        self._writer.append(
            Event(
                time=self._clock.now(),
                source="harness",
                kind="fault",
                name=fault.fault,
                key=key,
                outcome=outcome,
                value={"options": fault.options, "must_fire": fault.must_fire, **(detail or {})},
            )
        )


def _sleep_until(clock: Clock, moment: float) -> None:
    """Sleep until a moment of the run; the story's own pace, not a wait for a condition."""
    pause = moment - clock.now()
    if pause > 0:
        threading.Event().wait(pause)
