"""Stock through Square's client, and the law of stock for any sequence of what people do."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from square.core.api_error import ApiError

from simulators.pos.shapes import stamp
from simulators.pos.stock import Level
from tests.simulators.pos.conftest import plan


def now(**ago: float) -> str:
    return stamp(datetime.now(UTC) - timedelta(**ago))


def counted(till: Any, quantity: int, at: str = "", **more: Any) -> dict[str, Any]:
    given = {
        "catalog_object_id": till.variation(),
        "location_id": till.place(),
        "state": "IN_STOCK",
        "quantity": str(quantity),
        "occurred_at": at or now(),
    }
    return {"type": "PHYSICAL_COUNT", "physical_count": {**given, **more}}


def moved(till: Any, quantity: int, start: str, end: str, at: str = "") -> dict[str, Any]:
    return {
        "type": "ADJUSTMENT",
        "adjustment": {
            "catalog_object_id": till.variation(),
            "from_location_id": till.place(),
            "to_location_id": till.place(),
            "from_state": start,
            "to_state": end,
            "quantity": str(quantity),
            "occurred_at": at or now(),
        },
    }


def change(till: Any, *changes: dict[str, Any], **more: Any) -> Any:
    return till.checked(
        till.square.inventory.batch_create_changes(
            idempotency_key=more.pop("key", till.key()), changes=list(changes), **more
        )
    )


def test_counts_of_one_and_of_many(till: Any) -> None:
    one = till.checked(till.square.inventory.get(catalog_object_id=till.variation()))
    assert {(count.location_id, count.quantity) for count in one} == {
        (till.place(), "50"), (till.place("LA"), "8")}  # fmt: skip
    pages = till.checked(till.square.inventory.batch_get_counts(limit=1))
    assert len(list(pages)) == 4
    fresh = till.square.inventory.batch_get_counts(updated_after=now(days=-1))
    assert list(fresh) == [], "nothing was calculated tomorrow"


def test_a_count_then_adjustments(till: Any) -> None:
    answer = change(
        till,
        counted(till, 40, now(minutes=5)),
        moved(till, 3, "IN_STOCK", "SOLD"),
        moved(till, 10, "NONE", "IN_STOCK"),
        moved(till, 2, "IN_STOCK", "WASTE"),
    )
    by_state = {count.state: count.quantity for count in answer.counts}
    assert by_state == {"IN_STOCK": "45", "WASTE": "2"}
    assert len(answer.changes) == 4
    history = till.checked(
        till.square.inventory.batch_get_changes(
            catalog_object_ids=[till.variation()],
            location_ids=[till.place()],
            types=["ADJUSTMENT"],
            states=["SOLD"],
        )
    )
    assert [entry.adjustment.quantity for entry in history] == ["3"]
    adjustment = answer.changes[1].adjustment
    found = till.checked(till.square.inventory.get_adjustment(adjustment_id=adjustment.id))
    assert found.adjustment.to_state == "SOLD"
    count_id = answer.changes[0].physical_count.id
    seen = till.checked(till.square.inventory.get_physical_count(physical_count_id=count_id))
    assert seen.count.quantity == "40"


def test_what_happened_before_a_count_does_not_change_it(till: Any) -> None:
    change(till, counted(till, 40, now(minutes=5)))
    change(till, moved(till, 3, "IN_STOCK", "SOLD", now(minutes=30)))
    assert till.level() == 40
    change(till, counted(till, 10, now(hours=2)), ignore_unchanged_counts=False)
    assert till.level() == 40, "an older count does not replace a newer one"


def test_a_repeated_batch_is_written_down_once(till: Any) -> None:
    wish = moved(till, 4, "IN_STOCK", "SOLD")
    first = change(till, wish, key="stock-1")
    again = change(till, wish, key="stock-1")
    assert till.level() == 46
    assert first == again
    with pytest.raises(ApiError) as refused:
        change(till, moved(till, 5, "IN_STOCK", "SOLD"), key="stock-1")
    assert (refused.value.status_code, refused.value.errors[0].code) == (
        400, "IDEMPOTENCY_KEY_REUSED")  # fmt: skip


def test_unchanged_counts_are_ignored_unless_asked_for(till: Any) -> None:
    assert change(till, counted(till, 50)).changes == []
    assert len(change(till, counted(till, 50), ignore_unchanged_counts=False).changes) == 1


def test_a_batch_is_refused_whole(till: Any) -> None:
    for wrong, code in (
        (moved(till, 1, "SOLD", "NONE"), "INVALID_VALUE"),
        (moved(till, 1, "IN_STOCK", "SOLD", now(days=2)), "INVALID_TIME"),
        (counted(till, 1, catalog_object_id="nobody"), "NOT_FOUND"),
        (moved(till, 0, "IN_STOCK", "LOST"), "INVALID_ENUM_VALUE"),
    ):
        with pytest.raises(ApiError) as refused:
            change(till, moved(till, 5, "IN_STOCK", "SOLD"), wrong)
        assert refused.value.errors[0].code == code
    assert till.level() == 50


def test_clients_of_a_story_in_the_past_may_use_their_own_clock(
    open_till: Callable[..., Any],
) -> None:
    till = open_till(plan(days_ago=5))
    change(till, moved(till, 1, "IN_STOCK", "SOLD"))
    till.act("sale", location_code="NY", lines=[{"sku": "TEE", "quantity": 1}])
    assert change(till, counted(till, 30)).counts[0].quantity == "30"
    assert till.act("receive_stock", sku="TEE", location_code="NY", quantity=1)["quantity"] == 31
    with pytest.raises(ApiError, match="INVALID_TIME"):
        change(till, moved(till, 1, "IN_STOCK", "SOLD", now(days=-2)))


def test_old_paths_still_work_and_are_noted(till: Any) -> None:
    till.checked(
        till.square.inventory.deprecated_batch_change(
            idempotency_key=till.key(), changes=[moved(till, 1, "IN_STOCK", "SOLD")]
        )
    )
    answer = till.square.inventory.deprecated_batch_get_counts(
        location_ids=[till.place()], catalog_object_ids=[till.variation()]
    )
    assert [count.quantity for count in till.checked(answer).counts] == ["49"]
    (noted,) = till.wait_for("request", "inventory.batch_get_counts")
    assert noted.value["deprecated"] == ["POST /v2/inventory/batch-retrieve-counts"]


def test_click_and_collect(till: Any) -> None:
    held = till.act("reserve_pickup", sku="TEE", quantity=2, location_code="NY",
                    channel_order="#1001")  # fmt: skip
    assert (held["quantity"], held["reserved"]) == (48, 2)
    order = till.checked(till.square.orders.get(order_id=held["order_id"])).order
    assert (order.state, order.reference_id, order.fulfillments[0].state) == (
        "OPEN", "#1001", "RESERVED")  # fmt: skip
    assert till.act("hand_over", channel_order="#1001")["state"] == "completed"
    level = till.snapshot("level")["TEE@NY"]
    assert (level["quantity"], level["reserved"]) == (48, 0)
    with pytest.raises(Exception, match="nothing_to_hand_over"):
        till.act("hand_over", channel_order="#1001")
    with pytest.raises(Exception, match="not_enough"):
        till.act("reserve_pickup", sku="TEE", quantity=49, location_code="NY")


def test_what_is_set_aside_goes_back(till: Any) -> None:
    held = [
        till.act("reserve_pickup", sku="TEE", quantity=2, location_code="NY", channel_order=name)
        for name in ("#1", "#2")
    ]
    assert held[1]["reserved"] == 4
    change = {"version": 1, "location_id": till.place(), "state": "CANCELED"}
    gone = till.checked(till.square.orders.update(order_id=held[0]["order_id"], order=change)).order
    assert (gone.state, gone.fulfillments[0].state) == ("CANCELED", "CANCELED")
    assert till.act("release_pickup", channel_order="#2")["state"] == "canceled"
    level = till.snapshot("level")["TEE@NY"]
    assert (level["quantity"], level["reserved"]) == (50, 0)
    with pytest.raises(Exception, match="nothing_to_release"):
        till.act("release_pickup", channel_order="#2")


STEPS = some.lists(
    some.one_of(
        some.tuples(some.just("sale"), some.integers(1, 4)),
        some.tuples(some.just("receive"), some.integers(1, 9)),
        some.tuples(some.just("refund"), some.booleans()),
        some.tuples(some.just("offline"), some.integers(-7200, 7200)),
        some.tuples(some.just("online"), some.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(steps=STEPS, resend=some.booleans())
def test_stock_is_opening_plus_received_less_sold_plus_restocked(
    till: Any, steps: list[tuple[str, Any]], resend: bool
) -> None:
    expected = till.level()
    known: list[str] = []
    offline, waiting = False, 0
    rule = till.hosted.client.inject("till_resends", {"probability": 0.5}) if resend else ""
    for step, value in [*steps, ("online", 0)]:
        if step == "sale":
            sold = till.act("sale", location_code="NY", tender="card",
                            lines=[{"sku": "TEE", "quantity": value}])  # fmt: skip
            if offline:
                waiting += value
            else:
                expected -= value
                known.append(sold["order_id"])
        elif step == "receive":
            till.act("receive_stock", sku="TEE", location_code="NY", quantity=value)
            expected += value
        elif step == "refund" and known and not offline:
            identity = known.pop()
            sale = till.snapshot("sale")[identity]
            till.act("refund_sale", order_id=identity, restock=value)
            expected += sale["lines"][0]["quantity"] if value else 0
        elif step == "offline" and not offline:
            till.act("go_offline", location_code="NY", clock_skew_seconds=value)
            offline = True
        elif step == "online" and offline:
            till.act("come_online", location_code="NY")
            expected, offline, waiting = expected - waiting, False, 0
        assert till.level() == expected
    if rule:
        till.hosted.client.heal(rule)
    for sale in till.snapshot("sale").values():
        assert sum(Decimal(line["total"]) for line in sale["lines"]) == Decimal(sale["total"])


HAPPENINGS = some.lists(
    some.tuples(some.booleans(), some.integers(-9, 9), some.integers(0, 10**6)),
    max_size=12,
    unique_by=lambda happening: happening[2],
)


@given(happenings=HAPPENINGS, data=some.data())
def test_a_count_does_not_depend_on_the_order_of_arrival(
    happenings: list[tuple[bool, int, int]], data: Any
) -> None:
    level, quantity = Level(), 0
    for counts, units, _ in sorted(happenings, key=lambda happening: happening[2]):
        quantity = units if counts else quantity + units
    for counts, units, at in data.draw(some.permutations(happenings)):
        moment = datetime.fromtimestamp(at, UTC)
        (level.count if counts else level.move)(units, moment)
    assert level.quantity == quantity


def test_in_the_same_moment_the_order_of_arrival_decides() -> None:
    level, at = Level(), datetime.fromtimestamp(1, UTC)
    level.count(10, at)
    level.move(-3, at)
    assert level.quantity == 7
    level.count(20, at)
    assert level.quantity == 20


def test_changes_of_levels_are_in_the_history(till: Any) -> None:
    till.act("sale", location_code="LA", lines=[{"sku": "TEE", "quantity": 9}])
    (noted,) = till.wait_for("state", "level")
    assert (noted.key, noted.value["quantity"]) == ("TEE@LA", -1)
