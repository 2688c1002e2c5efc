"""What deliveries do to the books: sent as promised, or given up."""

from collections import Counter

from peakproof.evidence import Chain, Claims, Facts
from peakproof.evidence.levelwatch import LevelWatch
from peakproof.evidence.quants import QuantState
from peakproof.evidence.stock import StockLedger
from peakproof.history import Event


def state(at: float, on_hand: float, reserved: float, transaction: int) -> QuantState:
    event = Event(time=at, source="odoo", kind="change", name="stock_quant", key="1")
    return QuantState(
        time_seconds=at, on_hand=on_hand, reserved=reserved, transaction=transaction, event=event
    )


def test_only_goods_that_could_be_sold_ask_for_a_new_level() -> None:
    # Two leave for an order, then one is sold over the counter, then one comes back.
    states = [state(1, 8, 2, 10), state(2, 7, 2, 11), state(3, 8, 2, 10)]
    deliveries = {10}
    waiting = [begun for begun, _, _ in LevelWatch(10, deliveries).follow(states, [], [])]
    assert waiting == [2, 3]
    assert [begun for begun, _, _ in LevelWatch(10).follow(states, [], [])] == [1, 2, 3]


def given_up(outcome: str, **changes: object) -> Counter[str]:
    chain = Chain()
    gid = chain.order(1001, ("MUG", 4), ("TEE", 2))
    chain.picked(1, 1001, (0, 3), (1, 2))
    if changes:
        chain.amend("shopify", "order", gid, **changes)
    deed = {"source": "packer-1", "kind": "operation", "name": "cancel_rest", "key": "op-1"}
    asked = {"system": "odoo", "arguments": {"order": gid}}
    chain.event(5.0, **deed, outcome="invoke", value=asked)
    chain.event(6.0, **deed, outcome=outcome, value={"result": {"pickings": [2]}})
    history = chain.history()
    return +StockLedger.of(Facts.of(history, Claims(), chain.plan())).given_up


def test_what_the_warehouse_gave_up_is_what_it_has_not_sent() -> None:
    assert given_up("ok") == Counter(MUG=1)
    assert given_up("fail") == Counter()
    assert given_up("ok", cancelled=True) == Counter()
