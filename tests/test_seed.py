"""Seeds, the clock and waiting on conditions."""

import pytest

from peakproof.errors import WaitExpired
from peakproof.seed import Clock, Seed, wait_until


def test_streams_repeat_and_do_not_disturb_each_other() -> None:
    first = Seed(7).stream("shoppers").random()
    other = Seed(7)
    other.stream("store").random()
    assert other.stream("shoppers").random() == first
    assert Seed(8).stream("shoppers").random() != first


def test_tokens_depend_on_seed_and_name() -> None:
    assert Seed(1).token("a") == Seed(1).token("a")
    assert len({Seed(1).token("a"), Seed(1).token("b"), Seed(2).token("a")}) == 3


def test_clock_agrees_between_processes_and_with_the_wall() -> None:
    clock = Clock.start()
    twin = Clock(clock.origin_monotonic_ns, clock.origin_epoch_seconds)
    assert abs(twin.now() - clock.now()) < 0.1
    assert clock.from_epoch(clock.wall(2.5).timestamp()) == pytest.approx(2.5, abs=1e-3)


def test_wait_until_returns_the_value_or_says_what_it_waited_for() -> None:
    answers = iter([0, 0, 42])
    assert wait_until(lambda: next(answers), 1, "an answer", poll_seconds=0) == 42
    with pytest.raises(WaitExpired, match="the moon"):
        wait_until(lambda: False, 0, "the moon")
