"""Makes a failing plan shorter: without faults, without stages, without steps, as long as it fails.

Pure: whoever calls says which of some candidates still fails (by playing them). After Zeller and
Hildebrandt's delta debugging, with candidates in batches, since several worlds play at a time.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from peakproof.plan import Plan, Stage, Step

__all__ = ["shorter"]

Fails = Callable[[list[Plan]], int | None]


def shorter(plan: Plan, fails: Fails, batch: int, going_on: Callable[[], bool]) -> Plan:
    """Return the shortest plan found that ``fails`` (the plan itself, if nothing less does).

    ``fails`` is given up to ``batch`` plans and returns the number of the first that fails, or
    None. ``going_on`` says whether to try further.
    """
    for smaller in (_without_faults, _without_stages, _without_steps):
        again = True
        while again and going_on():
            again = False
            for some in _batches(smaller(plan), batch):
                if not going_on():
                    break
                found = fails(some)
                if found is not None:
                    plan, again = some[found], True
                    break
    return plan


def _batches(plans: Iterable[Plan], size: int) -> Iterator[list[Plan]]:
    source = iter(plans)
    while some := list(itertools.islice(source, size)):
        yield some


def _without_faults(plan: Plan) -> Iterator[Plan]:
    """All of them gone, then one after the other."""
    places = [(number, fault) for number, stage in enumerate(plan.stages) for fault in stage.faults]
    if len(places) > 1:
        yield _with(plan, [msgspec.structs.replace(stage, faults=[]) for stage in plan.stages])
    for number, fault in places:
        stages = list(plan.stages)
        rest = [other for other in stages[number].faults if other is not fault]
        stages[number] = msgspec.structs.replace(stages[number], faults=rest)
        yield _with(plan, stages)


def _without_stages(plan: Plan) -> Iterator[Plan]:
    if len(plan.stages) > 1:
        for number in range(len(plan.stages)):
            yield _with(plan, plan.stages[:number] + plan.stages[number + 1 :])


def _without_steps(plan: Plan) -> Iterator[Plan]:
    """Halves, quarters ... single steps gone, each with the steps that need their results."""
    steps = [step for stage in plan.stages for step in stage.steps]
    size = (len(steps) + 1) // 2
    while size and len(steps) > 1:
        for begin in range(0, len(steps), size):
            gone = _with_dependents(steps, steps[begin : begin + size])
            if 0 < len(gone) < len(steps):
                yield _with(
                    plan,
                    [
                        msgspec.structs.replace(
                            stage, steps=[step for step in stage.steps if id(step) not in gone]
                        )
                        for stage in plan.stages
                    ],
                )
        size = size // 2 if size > 1 else 0


def _with_dependents(steps: list[Step], gone: list[Step]) -> set[int]:
    """Return the ids of steps that go, and of those that rest on their results."""
    found = {id(step) for step in gone}
    labels = {step.label for step in gone if step.label}
    more = True
    while more:
        more = False
        for step in steps:
            if id(step) not in found and labels & _needs(step.arguments):
                found.add(id(step))
                labels |= {step.label} - {""}
                more = True
    return found


def _needs(value: Any) -> set[str]:
    """Return the labels that arguments refer to."""
    if isinstance(value, dict):
        if set(value) == {"$result"}:
            return {str(value["$result"]).rsplit(".", 1)[0]}
        return set().union(*map(_needs, value.values())) if value else set()
    return set().union(*map(_needs, value)) if isinstance(value, list) and value else set()


def _with(plan: Plan, stages: list[Stage]) -> Plan:
    return msgspec.structs.replace(plan, stages=stages)
