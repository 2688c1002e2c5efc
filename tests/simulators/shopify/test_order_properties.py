"""Whatever happens to orders, in whatever order: the books balance after every single deed.

Sums of lines, shipping, tax and discount are the totals in both currencies; what is committed
is what open orders still want; no more goes back than came in; a refusal changes nothing.
"""

import tempfile
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peakproof.plan import TaxRule
from peakproof.simkit import SimulatorRefused
from simulators.shopify import fulfilment_orders, order_totals
from simulators.shopify.order_money import ZERO, allocate, portion
from simulators.shopify.payload_order import order_payload
from simulators.shopify.refund_money import refundable
from tests.simulators.shopify.desk import ADA, Desk, shop_plan

SKUS = ("TEE-S", "TEE-M", "MUG", "CARD")
NUMBER = st.integers(0, 3)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                "buy",
                "buy",
                "cancel",
                "edit",
                "refund",
                "refund",
                "refund_shipping",
                "refund_amount",
                "fulfil",
                "fulfil",
                "unfulfil",
                "give_back",
                "mark_paid",
                "hold",
                "release",
                "move",
                "split",
            )
        ),
        NUMBER,
        NUMBER,
        st.booleans(),
    ),
    min_size=3,
    max_size=14,
)
WORLDS = st.tuples(
    st.booleans(),
    st.sampled_from(["0.0825", "0.19", "0.21"]),
    st.sampled_from(["USD", "EUR", "JPY"]),
    st.sampled_from([None, "TEN", "FIVE"]),
    st.sampled_from(["paid", "paid", "authorized", "pending"]),
)


class Story:
    """Plays drawn steps on a desk and checks the books after each."""

    def __init__(self, desk: Desk, world: tuple[Any, ...]) -> None:
        self.desk = desk
        self.currency, self.code, self.payment = world[2], world[3], world[4]
        self.refusals = 0

    def order(self, number: int) -> Any:
        found = self.desk.orders.all
        return found[number % len(found)] if found else None

    def play(self, step: str, one: int, two: int, flag: bool) -> None:
        """Do a step; a refusal must leave every record as it was."""
        before = self.desk.simulator.snapshot() if self.desk.orders.all else None
        try:
            self.deed(step, one, two, flag)
        except SimulatorRefused:
            self.refusals += 1
            if before is not None:
                after = self.desk.simulator.snapshot()
                assert after["order"] == before["order"], step
                assert after["level"] == before["level"], step
        check(self.desk)

    def deed(self, step: str, one: int, two: int, flag: bool) -> None:
        desk, order = self.desk, self.order(one)
        sku = SKUS[two]
        if step == "buy" or order is None:
            lines = [{"sku": sku, "quantity": one + 1}, {"sku": SKUS[one], "quantity": 2}]
            desk.act("checkout", lines=lines, customer=ADA, discount_code=self.code,
                     shipping="Express" if flag else "Standard",
                     presentment_currency=self.currency, payment=self.payment)  # fmt: skip
            return
        lines = [{"sku": sku, "quantity": 1 + flag}]
        deeds = {
            "cancel": lambda: desk.act(
                "cancel_order", order_id=order.id, restock=flag, refund=two > 0
            ),
            "edit": lambda: desk.act(
                "edit_order", order_id=order.id, changes=[{"sku": sku, "quantity": one}]
            ),
            "refund": lambda: desk.act(
                "refund_order", order_id=order.id, lines=lines, restock=flag
            ),
            "refund_shipping": lambda: desk.act(
                "refund_order", order_id=order.id, lines=[], shipping=True if flag else "1.37"
            ),
            "refund_amount": lambda: desk.act(
                "refund_order", order_id=order.id, lines=[], amount=f"{two}.11"
            ),
            "fulfil": lambda: desk.act(
                "fulfil_order", order_id=order.id, **({"lines": lines} if flag else {})
            ),
            "unfulfil": lambda: desk.act("cancel_fulfilment", order_id=order.id),
            "give_back": lambda: self.give_back(order, lines, flag),
            "mark_paid": lambda: desk.act("mark_paid", order_id=order.id),
        }  # fmt: skip
        deeds.get(step, lambda: self.shuffle(step, order, two))()

    def give_back(self, order: Any, lines: list[dict[str, Any]], flag: bool) -> None:
        back = self.desk.act("request_return", order_id=order.id, lines=lines)
        self.desk.act("handle_return", return_id=back["return_id"], step="process",
                      restock=flag, refund=flag)  # fmt: skip

    def shuffle(self, step: str, order: Any, number: int) -> None:
        """Hold, release, move or split one of the order's fulfilment orders."""
        orders, entries = self.desk.orders, order.fulfillment_orders
        entry = entries[number % len(entries)]
        parts = [(line, 1) for line in entry.lines if line.remaining][:1]
        if step == "hold":
            chosen = parts if number else None
            fulfilment_orders.hold(orders, entry, handle=str(number), parts=chosen)
        elif step == "release":
            fulfilment_orders.release(orders, entry)
        elif step == "split":
            fulfilment_orders.split(orders, entry, parts)
        else:
            places = self.desk.shop.locations.all
            fulfilment_orders.move(orders, entry, places[number % 2], parts if number > 1 else None)


def check(desk: Desk) -> None:
    """Every book balances."""
    committed: Counter[tuple[int, int]] = Counter()
    for order in desk.orders.all:
        check_order(desk, order)
        for entry in order.fulfillment_orders:
            assert entry.open or not entry.remaining, entry
            for part in entry.lines:
                assert 0 <= part.remaining <= part.total
                if part.line.item is not None and part.line.item.tracked and entry.open:
                    committed[part.line.item.number, entry.location.number] += part.remaining
    for level in desk.shop.inventory.levels.values():
        key = (level.item.number, level.location.number)
        assert level.committed == committed[key], level.key
        assert level.on_hand == level.available + level.committed
    entries = desk.orders.payouts.entries
    kept = sum((refundable(order) for order in desk.orders.all), ZERO)
    manual = sum(
        (entry.amounts[0] if entry.kind == "SALE" else -entry.amounts[0]
         for entry in desk.orders.transactions.values()
         if entry.gateway == "manual" and entry.kind in ("SALE", "REFUND")), ZERO,
    )  # fmt: skip
    assert sum((entry.amount for entry in entries), ZERO) == kept - manual


def check_order(desk: Desk, order: Any) -> None:
    """One order: quantities, money in every currency, the record and the payload."""
    wanted: Counter[int] = Counter()
    for entry in order.fulfillment_orders:
        for part in entry.lines if entry.open else []:
            wanted[part.line.number] += part.remaining
    for line in order.lines:
        assert 0 <= line.unfulfilled <= line.current_quantity <= line.quantity
        assert line.unfulfilled == wanted[line.number]
    for side, currency in enumerate(order.currencies):
        quantum = Decimal(1) if currency == "JPY" else Decimal("0.01")
        now = order_totals.current_totals(order, side)
        then = order_totals.original_totals(order, side)
        for totals in (now, then):
            tax = ZERO if order.taxes_included else totals.tax
            assert totals.gross - totals.discount == totals.subtotal
            assert totals.subtotal + totals.shipping + tax == totals.total
            for name in ("gross", "discount", "shipping", "tax", "total"):
                value = getattr(totals, name)
                assert value >= 0, name
                assert value == value.quantize(quantum), (name, value)
        assert now.total <= then.total
        for line in order.lines:
            money = line.sides[side]
            assert ZERO <= money.current_discount <= money.discount
            pairs = zip(money.current_taxes, money.taxes, strict=True)
            assert all(ZERO <= left <= whole for left, whole in pairs)
            if not line.current_quantity:
                assert money.current_discount == sum(money.current_taxes) == 0
        assert ZERO <= order_totals.refunded(order, side) <= order_totals.received(order, side)
    if order.cancelled_at is not None:
        assert order_totals.current_totals(order).total == 0
    record, payload = desk.record(order), order_payload(desk.shop, order)
    assert payload["current_total_price"] == record["totals"]["total"]
    assert sum(Decimal(line["total"]) for line in record["lines"]) + Decimal(
        record["totals"]["shipping"]
    ) == Decimal(record["totals"]["total"]), "lines and shipping are the total (shipping untaxed)"


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(world=WORLDS, steps=STEPS)
def test_the_books_balance_after_every_deed(world: Any, steps: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plan = shop_plan(taxes_included=world[0], tax=TaxRule(title="Tax", rate=world[1]))
        desk = Desk(Path(folder), plan)
        story = Story(desk, world)
        for step in steps:
            story.play(*step)
        desk.kit.journal.close()


AMOUNT = st.decimals(0, 9999, places=2, allow_nan=False)


@settings(derandomize=True, database=None)
@given(total=AMOUNT, weights=st.lists(AMOUNT, min_size=1, max_size=8))
def test_shares_add_up_and_exceed_no_weight(total: Decimal, weights: list[Decimal]) -> None:
    whole = sum(weights, ZERO)
    total = min(total, whole)
    shares = allocate(total, weights, Decimal("0.01"))
    assert sum(shares, ZERO) == (total if whole else ZERO)
    assert all(ZERO <= share <= weight for share, weight in zip(shares, weights, strict=True))


@settings(derandomize=True, database=None)
@given(total=AMOUNT, whole=st.integers(1, 50))
def test_portions_grow_to_the_whole(total: Decimal, whole: int) -> None:
    parts = [portion(total, part, whole, Decimal("0.01")) for part in range(whole + 1)]
    assert parts == sorted(parts)
    assert (parts[0], parts[-1]) == (ZERO, total)
