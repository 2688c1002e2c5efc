"""What counts as a difference between a gate among processes and one in containers."""

from types import SimpleNamespace
from typing import Any

from benchmarks.both_runtimes import differences
from peakproof.outcomes import Verdict


def gate(whole: Verdict = Verdict.PASS, **stories: dict[str, Verdict]) -> Any:
    runs = [
        SimpleNamespace(
            scenario=name,
            verdict=whole,
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
    assert differences([processes], [processes]) == ([], [])
    assert differences([processes], [containers]) == (["calm kept: pass 1; unknown 1"], [])


def test_what_one_runtime_judges_now_so_now_so_does_not_depend_on_it() -> None:
    kept, lost = gate(rush={"once": Verdict.PASS}), gate(rush={"once": Verdict.VIOLATED})
    assert differences([kept, lost], [lost, lost]) == (
        [],
        ["rush once: pass 1, violated 1; violated 2"],
    )
    assert differences([kept, lost], [kept, lost]) == (
        [],
        ["rush once: pass 1, violated 1; pass 1, violated 1"],
    )
    assert differences([kept, kept], [lost, lost]) == (["rush once: pass 2; violated 2"], [])


def test_an_invariant_that_only_one_judged_is_a_difference() -> None:
    told = differences([gate(calm={"once": Verdict.PASS})], [gate(calm={})])
    assert told == (["calm once: pass 1; not judged"], [])


def test_a_story_for_containers_alone_is_none() -> None:
    more = gate(calm={"once": Verdict.PASS}, torn={"once": Verdict.VIOLATED})
    assert differences([gate(calm={"once": Verdict.PASS})], [more]) == ([], [])


def test_a_story_in_which_something_did_not_happen_is_a_difference() -> None:
    """Every invariant passes, but a planned fault never fired: unknown as a whole."""
    told = differences([gate(calm={})], [gate(Verdict.UNKNOWN, calm={})])
    assert told == (["calm as a whole: pass 1; unknown 1"], [])
