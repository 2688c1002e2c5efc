"""Buckets and idempotency keys, on a clock that the test sets."""

import pytest

from peakproof.simkit import Bucket, IdempotencyState, IdempotencyStore


class Hands:
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_a_bucket_empties_and_refills(hands: Hands) -> None:
    bucket = Bucket(hands.now, maximum=40, restore_per_second=2)
    assert all(bucket.charge() for _ in range(40))
    assert not bucket.charge()
    assert (bucket.used(), bucket.wait_seconds()) == (40, 0.5)
    hands.at = 1.0
    assert bucket.used() == 38
    assert [bucket.charge() for _ in range(3)] == [True, True, False]
    hands.at = 1000.0
    assert bucket.available() == 40


def test_a_refused_charge_costs_nothing_and_a_refund_is_capped(hands: Hands) -> None:
    bucket = Bucket(hands.now, maximum=100, restore_per_second=50)
    assert bucket.charge(80)
    assert not bucket.charge(30)
    assert bucket.available() == 20
    bucket.refund(30)
    assert bucket.available() == 50
    bucket.refund(500)
    assert bucket.available() == 100
    assert bucket.wait_seconds(101) == float("inf")


def test_a_drained_bucket_makes_others_wait(hands: Hands) -> None:
    bucket = Bucket(hands.now, maximum=10, restore_per_second=5)
    bucket.drain()
    assert bucket.wait_seconds(10) == 2


def test_a_key_replays_its_result(hands: Hands) -> None:
    store: IdempotencyStore[str] = IdempotencyStore(hands.now, 60)
    assert store.begin("k", {"a": 1, "b": 2}) == (IdempotencyState.NEW, None)
    assert store.begin("k", {"a": 1, "b": 2}) == (IdempotencyState.CONCURRENT, None)
    store.finish("k", "done")
    assert store.begin("k", {"b": 2, "a": 1}) == (IdempotencyState.REPLAY, "done")
    assert store.begin("k", {"a": 1, "b": 3}) == (IdempotencyState.MISMATCH, None)
    assert store.begin("other", {"a": 1})[0] is IdempotencyState.NEW


def test_a_failed_or_released_key(hands: Hands) -> None:
    store: IdempotencyStore[str] = IdempotencyStore(hands.now, 60)
    store.begin("k", 1)
    store.fail("k")
    assert store.begin("k", 1)[0] is IdempotencyState.PREVIOUS_FAILED
    store.release("k")
    assert store.begin("k", 1)[0] is IdempotencyState.NEW


def test_keys_are_forgotten_in_time(hands: Hands) -> None:
    store: IdempotencyStore[str] = IdempotencyStore(hands.now, 60)
    store.begin("old", 1)
    hands.at = 40
    store.begin("young", 1)
    hands.at = 70
    assert store.begin("old", 2)[0] is IdempotencyState.NEW
    assert store.begin("young", 1)[0] is IdempotencyState.CONCURRENT
    assert len(store) == 2
