"""One order's way through every system."""

from peakproof.evidence import Story, example_claims, trail


def told() -> Story:
    story = Story()
    story.fault(0.9, 1.2)
    story.checkout(1.0, "1001", {"MUG": 1})
    story.request(1.2, "order", {"id": "gid://shopify/Order/1001"})
    story.request(1.3, "order", {"id": "gid://shopify/Order/10011"})
    story.imported(1.5, "1001")
    story.checkout(2.0, "1002", {"MUG": 1})
    story.imported(2.5, "1002")
    story.cancel(3.0, "1001")
    story.updated_in_odoo(3.5, "1001")
    return story.finish()


def test_trail_holds_every_system_in_order_of_time() -> None:
    story = told()
    events = trail(story.history(), "gid://shopify/Order/1001", example_claims(), story.plan())
    assert [event.time for event in events] == sorted(event.time for event in events)
    kinds = {(event.kind, event.name, event.outcome) for event in events}
    for expected in [
        ("operation", "checkout", "ok"),
        ("operation", "cancel_order", "ok"),
        ("state", "order", ""),
        ("state", "inventory_level", ""),
        ("delivery", "orders/create", "ok"),
        ("delivery", "orders/cancelled", "ok"),
        ("change", "sale_order", "insert"),
        ("change", "sale_order", "update"),
        ("fault", "odoo_restart", "healed"),
        ("final", "order", "settled"),
        ("final", "correlation", "settled"),
    ]:
        assert expected in kinds
    assert sum(event.kind == "request" for event in events) == 1


def test_trail_leaves_out_other_orders() -> None:
    story = told()
    events = trail(story.history(), "gid://shopify/Order/1001", example_claims(), story.plan())
    assert not [event for event in events if "1002" in str(event.value) + event.key]


def test_trail_finds_an_order_by_what_a_finding_says() -> None:
    story, history = told(), told().history()
    by_gid = trail(history, "gid://shopify/Order/1001", example_claims(), story.plan())
    for subject in ("#1001", "#1001 gid://shopify/Order/1001", "MUG, order #1001"):
        assert trail(history, subject, example_claims(), story.plan()) == by_gid
    assert trail(history, "#1001") == by_gid
    assert trail(history, "#9999") == []


def test_trail_of_an_item_tells_what_moved_its_stock() -> None:
    story = Story(stock={"MUG": 5, "CUP": 5})
    story.checkout(1.0, "1001", {"MUG": 2})
    story.imported(1.5, "1001")
    story.store_sale(2.0, "MUG", 1)
    story.store_sale(2.5, "CUP", 1)
    story.finish()
    steps = trail(story.history(), "MUG@MAIN", example_claims(), story.plan())
    assert {event.name for event in steps} >= {"inventory_level", "store_sale", "level", "stock"}
    keys = {event.key for event in steps if event.kind in ("state", "final")}
    assert keys == {"MUG@MAIN"}
    assert steps == sorted(steps, key=lambda event: event.time)
    assert trail(story.history(), "LAMP@MAIN", example_claims(), story.plan()) == []
