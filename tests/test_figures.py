"""The figures of a run, and that judging a long one takes linear time."""

from peakproof.evidence import Story, example_claims
from peakproof.figures import FIVE, Figures, figures
from peakproof.invariants import REGISTRY, judge
from peakproof.outcomes import Verdict


def measured(story: Story) -> Figures:
    return figures(story.history(), example_claims(), story.plan())


def day() -> Story:
    story = Story(stock={"MUG": 9})
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(2.0, "1001")
    story.checkout(1.5, "1002", {"MUG": 1})
    story.imported(4.5, "1002")
    story.store_sale(10.0, "MUG")
    story.pushed(12.05, "MUG")
    story.request(13.0, "orders")
    return story


def test_the_five_come_in_their_order() -> None:
    assert tuple(figure.name for figure in measured(day().finish()).business) == FIVE


def test_what_was_not_exercised_is_none_with_a_reason() -> None:
    for figure in measured(Story().finish()).business:
        if figure.name != "reconciliation_exceptions":
            assert figure.value is None
            assert figure.detail
    shown = {figure.name: figure for figure in measured(day().finish()).business}
    assert shown["refund_processing_seconds"].value is None
    assert shown["shipment_status_freshness_seconds"].value is None


def test_figures_of_a_good_day() -> None:
    result = measured(day().finish())
    shown = {figure.name: figure.value for figure in [*result.business, *result.others]}
    assert shown["order_creation_success_rate"] == 1.0
    assert round(shown["inventory_sync_delay_seconds"] or 0, 2) == 2.0
    assert shown["reconciliation_exceptions"] == 0
    assert shown["api_calls_per_order"] == 1.0
    assert shown["order_peak"] == 2
    assert round(shown["order_throughput"] or 0, 3) == round(2 / 3.5, 3)
    orders = next(latency for latency in result.latencies if latency.flow == "orders")
    assert (orders.count, orders.p50_seconds, orders.p95_seconds) == (2, 1.0, 3.0)
    assert orders.level_p95_seconds == 10


def test_a_lost_order_and_a_wrong_level_show() -> None:
    story = day()
    story.checkout(20.0, "1003", {"MUG": 1})
    story.dead_letters["1003"] = "unknown country"
    shown = {figure.name: figure for figure in measured(story.finish()).business}
    assert shown["order_creation_success_rate"].value == 2 / 3
    assert shown["reconciliation_exceptions"].value == 3  # the order, its level, its letter


def test_an_order_found_by_the_last_reconciliation_was_no_success() -> None:
    story = day()
    story.checkout(20.0, "1003", {"MUG": 1})
    story.finish(50.0, "settled")
    story.imported(60.0, "1003")
    shown = {figure.name: figure for figure in measured(story.finish(90, "reconciled")).business}
    assert shown["order_creation_success_rate"].value == 2 / 3


def test_recovery_counts_what_a_fault_held_up() -> None:
    story = Story()
    story.fault(1.0, 10.0)
    story.checkout(2.0, "1001", {"MUG": 1})
    story.imported(14.0, "1001")
    (recovery,) = measured(story.finish()).recoveries
    assert (recovery.fault, recovery.seconds, recovery.held_up) == ("odoo_restart", 4.0, 1)


def test_queue_depth_over_time() -> None:
    story = day()
    value = {"pending": 3, "failed": 1}
    story.add(5.0, "connector", "sample", "queue_depth", value=value)
    (depth,) = measured(story.finish()).queue_depth
    assert (depth.time_seconds, depth.pending, depth.failed) == (5.0, 3, 1)


def credited(story: Story, key: str, *times: float) -> None:
    """A credit note of the first order is posted, and changed again at the later times."""
    row = {"move_type": "out_refund", "state": "posted", "invoice_origin": "S00001"}
    for time in times:
        story.add(time, "odoo", "change", "account_move", key=key, value={"row": row})
    final = {**row, "id": int(key), "ref": "", "reversed_entry_id": ""}
    story.add(90.0, "odoo", "final", "invoice", key=key, outcome="settled", value=final)


def test_a_refund_is_measured_up_to_its_credit_note() -> None:
    story = day()
    gid = "gid://shopify/Order/1001"
    story.add(20.0, "shopify", "state", "order", key=gid, value={"change": "refund"})
    credited(story, "5", 26.0)
    shown = {figure.name: figure for figure in measured(story.finish()).business}
    assert shown["refund_processing_seconds"].value == 6.0


def test_each_credit_note_stands_for_one_refund() -> None:
    """Two refunds of one order, the notes of which come late and are changed again afterwards."""
    story = day()
    gid = "gid://shopify/Order/1001"
    for time in (20.0, 21.0):
        story.add(time, "shopify", "state", "order", key=gid, value={"change": "refund"})
    credited(story, "5", 24.0, 24.5)
    credited(story, "6", 31.0)
    shown = {figure.name: figure for figure in measured(story.finish()).business}
    assert shown["refund_processing_seconds"].value == 10.0
    assert shown["refund_processing_seconds"].detail == "p95 of 2 refunds"


def test_waiting_for_a_person_is_not_the_connectors_time() -> None:
    story = day()
    gid = "gid://shopify/Order/1001"
    story.add(20.0, "shopify", "state", "order", key=gid, value={"change": "refund"})
    arguments = {"system": "connector", "arguments": {"order": gid, "who": "Ada"}, "label": ""}
    story.add(50.0, "Ada", "operation", "approve", key="op-9", outcome="invoke", value=arguments)
    credited(story, "5", 53.0)
    shown = {figure.name: figure for figure in measured(story.finish()).business}
    assert shown["refund_processing_seconds"].value == 3.0


def rush(orders: int) -> Story:
    """Many orders one after the other, each imported, with stock changes between."""
    story = Story(stock={f"SKU-{number}": orders for number in range(40)})
    for number in range(orders):
        time = 1.0 + number * 0.05
        sku = f"SKU-{number % 40}"
        story.checkout(time, str(1001 + number), {sku: 1, f"SKU-{(number + 7) % 40}": 1})
        story.imported(time + 0.03, str(1001 + number))
        story.request(time + 0.01, "order", {"id": str(1001 + number)})
        if number % 5 == 0:
            story.store_sale(time + 0.031, sku)
            story.pushed(time + 0.04 + 0.05, sku)
    return story.finish(orders * 0.05 + 30)


def test_a_long_run_is_judged_without_a_false_alarm() -> None:
    # Forty thousand events; what grows with the square of them would run into the time limit.
    story = rush(3000)
    history, plan, claims = story.history(), story.plan(), example_claims()
    assert len(history) > 35_000
    for result in judge(history, claims, plan, REGISTRY):
        assert result.verdict in (Verdict.PASS, Verdict.UNKNOWN, Verdict.NOT_CLAIMED), result
    assert figures(history, claims, plan).business[0].value == 1.0
