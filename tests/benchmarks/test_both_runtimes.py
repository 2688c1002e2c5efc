"""What counts as a difference between a gate among processes and one in containers."""

from types import SimpleNamespace
from typing import Any

from benchmarks.both_runtimes import differences
from peakproof.outcomes import Verdict


def gate(**stories: dict[str, Verdict]) -> Any:
    runs = [
        SimpleNamespace(
            scenario=name,
            results=[SimpleNamespace(invariant=one, verdict=said) for one, said in told.items()],
        )
        for name, told in stories.items()
    ]
    return SimpleNamespace(runs=runs)


def test_every_verdict_that_differs_is_told() -> None:
    processes = gate(
        calm={"once": Verdict.PASS, "kept": Verdict.PASS}, rush={"once": Verdict.VIOLATED}
    )
    containers = gate(
        calm={"once": Verdict.PASS, "kept": Verdict.UNKNOWN}, rush={"once": Verdict.VIOLATED}
    )
    assert differences(processes, processes) == []
    assert differences(processes, containers) == ["calm kept: pass and unknown"]


def test_an_invariant_that_only_one_judged_is_a_difference() -> None:
    told = differences(gate(calm={"once": Verdict.PASS}), gate(calm={}))
    assert told == ["calm once: pass and not judged"]


def test_a_story_for_containers_alone_is_none() -> None:
    more = gate(calm={"once": Verdict.PASS}, torn={"once": Verdict.VIOLATED})
    assert differences(gate(calm={"once": Verdict.PASS}), more) == []
