"""Shortening a plan: what is left still fails, nothing more can go, the plan given is untouched."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from peakproof.plan import Plan, PlannedFault, Shop, Stage, Step, reference
from peakproof.shrinking import shorter


def step(label: str, needs: str = "") -> Step:
    arguments = {"order": reference(needs, "id")} if needs else {}
    return Step(at_seconds=0, actor="a", system="s", action="do", label=label, arguments=arguments)


def story(stages: list[list[Step]], faults: list[str]) -> Plan:
    made = [Stage(name=str(number), steps=steps) for number, steps in enumerate(stages)]
    made[0].faults = [PlannedFault(fault=fault) for fault in faults]
    return Plan(scenario="s", seed=1, options={}, shop=Shop(), stages=made)


def labels(plan: Plan) -> set[str]:
    return {step.label for stage in plan.stages for step in stage.steps}


def faults(plan: Plan) -> set[str]:
    return {fault.fault for stage in plan.stages for fault in stage.faults}


@given(
    sizes=st.lists(st.integers(0, 7), min_size=1, max_size=4),
    wanted=st.sets(st.integers(0, 20), min_size=1, max_size=3),
    needed_faults=st.sets(st.sampled_from(["kill", "drop"])),
    batch=st.integers(1, 3),
)
def test_only_what_matters_is_left(
    sizes: list[int], wanted: set[int], needed_faults: set[str], batch: int
) -> None:
    numbers = iter(range(100))
    plan = story([[step(str(next(numbers))) for _ in range(size)] for size in sizes],
                 ["kill", "drop", "late"])  # fmt: skip
    wanted_labels = {str(number) for number in wanted} & labels(plan)
    if not wanted_labels:
        wanted_labels = set(sorted(labels(plan))[:1])
    before = msgspec.json.encode(plan)

    def fails(plans: list[Plan]) -> int | None:
        assert len(plans) <= batch
        for number, one in enumerate(plans):
            if wanted_labels <= labels(one) and needed_faults <= faults(one):
                return number
        return None

    left = shorter(plan, fails, batch, lambda: True)
    assert faults(left) == needed_faults
    assert labels(left) == (wanted_labels or labels(left))
    assert msgspec.json.encode(plan) == before


def test_a_step_goes_with_those_that_need_it() -> None:
    chain = [step("order"), step("ship", "order"), step("refund", "ship"), step("other")]
    seen: list[set[str]] = []

    def fails(plans: list[Plan]) -> int | None:
        seen.extend(labels(plan) for plan in plans)
        return next((n for n, plan in enumerate(plans) if "other" in labels(plan)), None)

    assert labels(shorter(story([chain], []), fails, 1, lambda: True)) == {"other"}
    assert all("order" in found for found in seen if found & {"ship", "refund"})


def test_it_stops_when_told_to() -> None:
    plan = story([[step("1"), step("2")]], ["kill"])
    tries = iter([True, False])
    left = shorter(plan, lambda plans: 0, 1, lambda: next(tries, False))
    assert left.stages[0].steps == plan.stages[0].steps
