"""Every order of the shop, how one is found, and what happens whenever one changes.

Models Admin API 2026-10. ``changed`` is the one door: it moves ``updated_at`` on, writes the
change into the history and emits the webhooks, ``orders/updated`` always among them. The
payload of all topics of one change is built once, and only if somebody subscribed.

Not modelled: deleting and archiving by hand, order risk beyond one low assessment.
"""

import difflib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .errors import Refused
from .fulfilment_records import (
    Fulfillment,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentOrderLine,
)
from .gift_cards import GiftCard, GiftCards
from .order_records import Line, Order, TaxRate, Transaction
from .order_totals import financial_status
from .payload_order import order_payload
from .payload_refund import announced_transaction
from .payouts import Payouts
from .refund_records import Refund, Return
from .shop import Shop

__all__ = ["FIRST_NUMBER", "Orders"]

FIRST_NUMBER = 1001
GATEWAY = "shopify_payments"


class Orders:
    """The shop's orders and what hangs on them, by number."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.identity = shop.ids.identity  # a fresh number of a kind, and its gid
        self.next_part = shop.ids.series("FulfillmentOrderLineItem")
        self.next_shipping = shop.ids.series("ShippingLine")
        self.all: list[Order] = []
        self.by_number: dict[int, Order] = {}
        self.by_name: dict[str, Order] = {}
        self.lines: dict[int, Line] = {}
        self.transactions: dict[int, Transaction] = {}
        self.fulfillment_orders: dict[int, FulfillmentOrder] = {}
        self.fulfillment_order_lines: dict[int, FulfillmentOrderLine] = {}
        self.fulfillments: dict[int, Fulfillment] = {}
        self.fulfillment_lines: dict[int, FulfillmentLine] = {}
        self.refunds: dict[int, Refund] = {}
        self.returns: dict[int, Return] = {}
        self.refund_parts: dict[int, Order] = {}
        self.sequence = FIRST_NUMBER - 1
        self.tax_shipping = False
        self._origin_epoch_seconds = shop.kit.clock.origin_epoch_seconds
        self._second = (-1, "")  # an epoch second and its text: many orders share one
        tax = shop.plan.tax
        self.tax_rates = (TaxRate(tax.title, Decimal(tax.rate)),) if tax else ()
        self.edits: dict[int, Any] = {}  # order_edit.Edit by number
        self.drafts: dict[int, Any] = {}  # drafts.Draft by number
        self.payouts = Payouts(shop)
        self.gift_cards = GiftCards(shop)

    def next_sequence(self) -> int:
        """Return the next order number (the one in ``#1001``)."""
        self.sequence += 1
        return self.sequence

    def find(self, reference: str) -> Order:
        """Return an order by gid, number or name; raises Refused unknown_order."""
        text = str(reference)
        order = self.by_name.get(text)
        if order is None:
            tail = text.rsplit("/", 1)[-1]
            order = self.by_number.get(int(tail)) if tail.isdigit() else None
        if order is None:
            near = difflib.get_close_matches(text, [*self.by_name], n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise Refused("unknown_order", f"There is no order {text!r}.{hint}")
        return order

    def add(self, order: Order) -> None:
        """Take an order in, with its lines and fulfilment orders."""
        self.all.append(order)
        self.by_number[order.number] = order
        self.by_name[order.name] = order
        lines = self.lines
        for line in order.lines:
            lines[line.number] = line
        for entry in order.fulfillment_orders:
            self.add_fulfillment_order(entry)

    def add_fulfillment_order(self, entry: FulfillmentOrder) -> None:
        """Take a fulfilment order in, with its lines."""
        self.fulfillment_orders[entry.number] = entry
        for line in entry.lines:
            self.fulfillment_order_lines[line.number] = line

    def pay(
        self,
        order: Order,
        kind: str,
        amounts: list[Decimal],
        *,
        gateway: str = GATEWAY,
        status: str = "SUCCESS",
        parent: Transaction | None = None,
        gift_card: GiftCard | None = None,
    ) -> Transaction:
        """Add a transaction to an order; a refund goes back on the gift card that paid."""
        card = gift_card or (parent.gift_card if parent else None)
        number, identity = self.identity("OrderTransaction")
        now = self.shop.now()
        transaction = Transaction(
            number,
            identity,
            order,
            kind,
            status,
            gateway,
            amounts,
            now,  # created
            now,  # processed
            f"{order.name}.{len(order.transactions) + 1}",
            parent,
            f"pi_{number}" if gateway == GATEWAY else None,
            gift_card=card,
        )
        if card is not None:
            card.moved(kind, amounts[0])
        order.transactions.append(transaction)
        self.transactions[number] = transaction
        self.payouts.booked(transaction)
        return transaction

    def announce_payment(self, transaction: Transaction) -> None:
        """Emit the webhook of a transaction."""
        self.shop.emit(
            "order_transactions/create",
            transaction.id,
            lambda: announced_transaction(self.shop, transaction),
        )

    def stamp(self, order: Order) -> None:
        """Move the order's times on; the exact one is always later than the one before."""
        shop, earliest = self.shop, order.changed_at_seconds + 2e-6
        seconds, now = shop.seconds(), shop.now()
        order.changed_at_seconds = seconds if seconds > earliest else earliest
        if now > order.updated_at:
            order.updated_at = now

    def exact(self, order: Order) -> datetime:
        """Return the moment of the order's last change, with microseconds."""
        epoch = self._origin_epoch_seconds + order.changed_at_seconds
        whole = int(epoch)
        moment = datetime.fromtimestamp(whole, UTC)
        return moment.replace(microsecond=int((epoch - whole) * 1e6))

    def exact_text(self, order: Order) -> str:
        """Return the moment of the order's last change as the history has it."""
        epoch = self._origin_epoch_seconds + order.changed_at_seconds
        whole = int(epoch)
        micro = int((epoch - whole) * 1e6)
        if whole != self._second[0]:
            self._second = (whole, datetime.fromtimestamp(whole, UTC).isoformat()[:19])
        return f"{self._second[1]}.{micro:06d}Z"

    def created(self, order: Order) -> None:
        """Record a new order and emit ``orders/create``."""
        self._record(order, "create")
        self._emit(order, ("orders/create",))

    def routed(self, order: Order, topics: tuple[str, ...]) -> None:
        """Emit what follows a new order: ``topics`` and ``orders/updated``.

        The real platform touches an order again while it is routed, so its ``updated_at`` moves.
        """
        self.stamp(order)
        self._emit(order, (*topics, "orders/updated"))

    def changed(self, order: Order, change: str, topics: tuple[str, ...] = ()) -> None:
        """Record that an order changed and emit ``topics``, then ``orders/updated``.

        ``change`` is a word such as edit, cancel, refund, fulfilment or note.
        """
        self.stamp(order)
        self._record(order, change)
        self._emit(order, (*topics, "orders/updated"))

    announce = changed  # what resolve_shop calls when tags changed

    def _record(self, order: Order, change: str) -> None:
        value = {"change": change, "updated_at": self.exact_text(order), "name": order.name}
        self.shop.record("order", order.id, value)

    def _emit(self, order: Order, topics: tuple[str, ...]) -> None:
        shop = self.shop
        wanted = [topic for topic in topics if shop.subscriptions.wanted(topic)]
        if wanted:
            payload, moment = order_payload(shop, order), self.exact(order)
            for topic in wanted:
                shop.emit(topic, order.id, lambda: payload, moment)

    def paid_topics(self, order: Order, before: str) -> tuple[str, ...]:
        """Return ``orders/paid`` if the order became paid since its status was ``before``."""
        became = before != "PAID" and financial_status(order) == "PAID"
        return ("orders/paid",) if became else ()
