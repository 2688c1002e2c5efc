"""The pieces that invariants share: findings, fault windows, orders' lives, stock, quants."""

import gc
import weakref

import pytest

from peakproof.evidence import Claims, Facts, Findings, ServiceLevel, Story, example_claims
from peakproof.evidence.faultwindows import FaultWindows
from peakproof.evidence.latencies import Latencies, percentile
from peakproof.evidence.quants import Quants
from peakproof.evidence.result import KEPT_MAX
from peakproof.evidence.saleorders import SaleOrders
from peakproof.evidence.stock import StockLedger
from peakproof.history import Event, History
from peakproof.invariants import stock_conserved
from peakproof.outcomes import Verdict


def facts_of(story: Story) -> Facts:
    return Facts.of(story.history(), example_claims(), story.plan())


def test_findings_are_bounded_and_counted_exactly() -> None:
    findings = Findings("demo")
    for number in range(KEPT_MAX + 7):
        findings.add("wrong", expected=1, found=number + 2, subject=str(number))
    result = findings.result("fine", 3, {})
    assert result.verdict is Verdict.VIOLATED
    assert (result.finding_count, len(result.findings)) == (KEPT_MAX + 7, KEPT_MAX)


def test_sync_window_is_the_maximum_where_one_is_promised() -> None:
    levels = {
        "inventory": ServiceLevel(p95_seconds=5, max_seconds=30),
        "orders": ServiceLevel(p95_seconds=7),
    }
    claims = Claims(service_levels=levels)
    assert claims.sync_window_seconds("inventory") == 30
    assert claims.sync_window_seconds("orders") == 7
    assert claims.sync_window_seconds("returns") == 10


def fault(name: str, begin: float, heal: float | None, key: str = "1") -> list[Event]:
    events = [
        Event(time=begin, source="harness", kind="fault", name=name, key=key, outcome="injected")
    ]
    if heal is not None:
        events.append(
            Event(time=heal, source="harness", kind="fault", name=name, key=key, outcome="healed")
        )
    return events


def test_a_fault_prolongs_deadlines_that_it_meets() -> None:
    windows = FaultWindows(History(fault("odoo_restart", 10, 20)))
    assert windows.deadline(1, 5, 30, "orders") == 6  # due before it began
    assert windows.deadline(7, 5, 30, "orders") == 50
    assert windows.deadline(15, 5, 30, "orders") == 50
    assert windows.deadline(40, 5, 30, "orders") == 50  # still recovering
    assert windows.deadline(60, 5, 30, "orders") == 65


def test_faults_in_a_row_prolong_one_another() -> None:
    events = fault("odoo_restart", 10, 20, "1") + fault("api_errors", 25, 40, "2")
    assert FaultWindows(History(events)).deadline(12, 5, 10, "orders") == 50


def test_a_fault_that_never_healed_excuses_for_ever() -> None:
    windows = FaultWindows(History(fault("odoo_restart", 10, None)))
    assert windows.deadline(12, 5, 10, "orders") == float("inf")


def test_webhook_faults_do_not_excuse_stock() -> None:
    windows = FaultWindows(History(fault("webhook_duplicate", 10, 20)))
    assert windows.deadline(12, 5, 10, "inventory") == 17
    assert windows.deadline(12, 5, 10, "orders") == 30
    assert not windows.disturbed(12, 13, 10, "inventory")


def sale_change(time: float, state: str, transaction: int, outcome: str = "update") -> Event:
    row = {"state": state, "amount_total": "5.00", "client_order_ref": "#1"}
    value = {"row": row, "transaction": transaction}
    return Event(
        time=time, source="odoo", kind="change", name="sale_order", key="7",
        outcome=outcome, value=value,
    )  # fmt: skip


def test_states_inside_a_transaction_do_not_count() -> None:
    orders = SaleOrders([sale_change(1, "draft", 1, "insert"), sale_change(1, "sale", 1)])
    order = orders.by_id[7]
    assert [stretch.state for stretch in order.stretches] == ["sale"]
    assert order.inserted
    assert order.live_from() == 1
    assert orders.references(7) == {"#1"}


def test_a_deleted_order_stands_until_it_was_deleted() -> None:
    changes = [
        sale_change(1, "draft", 1, "insert"),
        sale_change(2, "sale", 2),
        sale_change(4, "sale", 3, "delete"),
    ]
    order = SaleOrders(changes).by_id[7]
    assert order.standing() == [(1, 4)]
    assert order.gone_from() == 4
    assert SaleOrders(changes[:2]).by_id[7].gone_from() is None


def test_orders_of_one_reference_belong_together_even_when_deleted() -> None:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.5, "1001")
    second = story.imported(1.6, "1001", correlate=False)
    story.cancelled_in_odoo(2.0, second)
    del story.odoo[second]
    assert facts_of(story.finish()).odoo_ids["gid://shopify/Order/1001"] == [1, 2]


def test_a_reference_that_many_orders_share_tells_nothing() -> None:
    story = Story()
    for number in ("1001", "1002"):
        story.checkout(1.0, number, {"MUG": 1})
        story.odoo[story.imported(1.5, number)]["client_order_ref"] = "web"
    for event in story.events:
        if event.name == "sale_order":
            event.value["row"].update(client_order_ref="web", origin="shop")
    stranger = story.events[-1]
    row = {"state": "sale", "client_order_ref": "web"}
    story.add(
        9.0, "odoo", "change", "sale_order", key="99", outcome="insert",
        value={**stranger.value, "row": row, "transaction": 9999},
    )  # fmt: skip
    found = facts_of(story.finish()).odoo_ids
    assert sorted(number for ids in found.values() for number in ids) == [1, 2]


def test_facts_do_not_keep_a_history_alive() -> None:
    story = Story()
    history = story.history()
    facts = Facts.of(history, (claims := example_claims()), (plan := story.plan()))
    assert Facts.of(history, claims, plan) is facts
    gone = weakref.ref(history)
    del history
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("action", "arguments", "result", "units"),
    [
        ("store_sale", {"quantity": 2}, {}, -2),
        ("store_sale", {"quantity": 2}, {"quantity": 1}, -1),
        ("receive_stock", {"quantity": 3}, {}, 3),
        ("adjust_stock", {"change": -1}, {"on_hand_before": 5, "on_hand_after": 4}, -1),
        ("adjust_stock", {}, {"on_hand_before": 5.0, "on_hand_after": 9.0}, 4),
    ],
)
def test_what_a_deed_moves(action, arguments, result, units) -> None:
    story = Story()
    value = {"system": "odoo", "arguments": {"sku": "MUG", "location_code": "MAIN", **arguments}}
    story.add(1.0, "store-1", "operation", action, key="1", outcome="invoke", value=value)
    done = {"result": result}
    story.add(1.2, "store-1", "operation", action, key="1", outcome="ok", value=done)
    (move,) = StockLedger.of(facts_of(story)).moves
    assert (move.sku, move.location, move.units, move.certain) == ("MUG", "MAIN", units, True)


def test_a_transfer_is_two_moves() -> None:
    story = Story()
    arguments = {"sku": "MUG", "from": "MAIN", "to": "STORE", "quantity": 2}
    value = {"system": "odoo", "arguments": arguments}
    story.add(1.0, "clerk", "operation", "transfer_stock", key="1", outcome="invoke", value=value)
    moves = StockLedger.of(facts_of(story)).moves
    assert [(move.location, move.units) for move in moves] == [("MAIN", -2), ("STORE", 2)]
    assert not moves[0].certain
    assert moves[0].ended_seconds == float("inf")


def test_a_sale_at_a_till_is_a_move_a_line_and_an_offline_one_is_told_to_nobody() -> None:
    story = Story()
    lines = [{"sku": "MUG", "quantity": 2}, {"sku": "TEE", "quantity": 1}]
    value = {"system": "pos", "arguments": {"location_code": "MAIN", "lines": lines}}
    for key, offline in (("1", False), ("2", True)):
        story.add(1.0, "cashier", "operation", "sale", key=key, outcome="invoke", value=value)
        done = {"result": {"offline": offline}}
        story.add(1.2, "cashier", "operation", "sale", key=key, outcome="ok", value=done)
    moves = StockLedger.of(facts_of(story)).moves
    assert [(move.sku, move.units) for move in moves] == [("MUG", -2), ("TEE", -1)] * 2
    assert [move.ended_seconds for move in moves] == [1.2, 1.2, float("inf"), float("inf")]


def quant(time: float, product: int, location: int, units: int) -> Event:
    row = {"product_id": product, "location_id": location, "quantity": str(units)}
    return Event(
        time=time, source="odoo", kind="change", name="stock_quant", key=f"{product}-{location}",
        outcome="insert", value={"row": row, "transaction": int(time * 100)},
    )  # fmt: skip


def test_places_are_told_by_opening_stock_where_nothing_names_them() -> None:
    story = Story(stock={"MUG": 5, "TEE": 3})
    story.store_sale(1.0, "MUG")
    story.finish()
    story.events = [e for e in story.events if e.name not in ("product", "location")]
    for number, sku in enumerate(("MUG", "TEE"), 1):
        story.add(
            0.1, "odoo", "change", "product_product", key=str(number), outcome="insert",
            value={"row": {"default_code": sku}, "transaction": 1},
        )  # fmt: skip
    seeded = [quant(0.2, 1, 8, 5), quant(0.2, 1, 14, -5), quant(0.3, 2, 8, 3)]
    story.events += [*seeded, quant(0.3, 2, 14, -3)]
    quants = Quants.of(facts_of(story))
    assert quants.locations == {"8": "MAIN"}
    assert quants.known
    assert [state.on_hand for state in quants.during(("MUG", "MAIN"))][-1] == 9  # both rows


def test_percentile_is_a_value_that_was_measured() -> None:
    values = [float(number) for number in range(1, 21)]
    assert percentile(values, 0.95) == 19
    assert percentile(values, 0.5) == 10
    assert percentile([3.0], 0.95) == 3
    assert percentile([], 0.95) is None


def test_stock_latency_allows_a_level_that_is_a_little_behind() -> None:
    story = Story(stock={"MUG": 9})
    story.store_sale(1.0, "MUG", 2)  # commits at 1.05
    story.store_sale(2.0, "MUG", 3)  # commits at 2.05
    story.pushed(3.0, "MUG", 7)  # read between the two
    story.pushed(4.0, "MUG")
    samples = Latencies.of(facts_of(story.finish())).inventory
    assert [round(sample.seconds or 0, 2) for sample in samples] == [1.95, 1.95]


def test_stock_latency_allows_for_orders_that_odoo_does_not_know_yet() -> None:
    story = Story(stock={"MUG": 9})
    story.store_sale(1.0, "MUG", -2)
    story.checkout(1.5, "1001", {"MUG": 1})
    story.pushed(2.0, "MUG", 10)  # eleven in Odoo, one of them sold already
    (sample,) = Latencies.of(facts_of(story.finish())).inventory
    assert round(sample.seconds or 0, 2) == 0.95


def test_a_stock_change_that_never_arrives_has_no_latency() -> None:
    story = Story(stock={"MUG": 9})
    story.store_sale(1.0, "MUG", 2)
    (sample,) = Latencies.of(facts_of(story.finish())).inventory
    assert sample.seconds is None


@pytest.mark.parametrize(("booked", "found"), [(False, 1), (True, 0)])
def test_what_a_till_has_sold_lay_there_whatever_the_books_say(booked: bool, found: int) -> None:
    story = Story(stock={"MUG": 5})
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.5, "1001")
    story.on_hand["MUG"] = -1
    story.moved(9.0, "MUG")
    if booked:
        of_the_quant = story.events[-1].value["transaction"]
        story.add(
            9.0, "odoo", "change", "pos_order", key="3", outcome="insert",
            value={"row": {"state": "done"}, "transaction": of_the_quant},
        )  # fmt: skip
    story.finish()
    result = stock_conserved.check(story.history(), example_claims(), story.plan())
    below = [one for one in result.findings if one.what.startswith("stock on hand below zero")]
    assert len(below) == found
