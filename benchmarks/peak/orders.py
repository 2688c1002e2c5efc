"""Orders of the online shop as the channel knows them: what shoppers and merchants do."""

from typing import Any

import msgspec

from benchmarks.peak.book import MAIN, Book, Item, money, tax_on

__all__ = ["SHIPPING", "Line", "Order", "call", "checkout", "edited", "refunded", "sold_out",
           "told", "touched"]  # fmt: skip

SHIPPING = 590
NAMES = ("Ada", "Grace", "Edith", "Joan", "Mary", "Radia", "Sophie", "Barbara")
CITIES = ("Austin", "Houston", "Dallas", "El Paso", "Waco")


class Line(msgspec.Struct):
    """Units of an item in an order; ``now`` is what is left of them after refunds."""

    id: int
    item: Item
    units: int
    now: int

    def money(self, units: int) -> tuple[int, int]:
        """Return what so many units cost before tax, and the tax on it."""
        cost = self.item.price * units
        return cost, tax_on(cost)


class Order(msgspec.Struct, kw_only=True):
    """An order of the channel, and what it became in Odoo (0: not there)."""

    number: int
    time: float
    customer: int  # 0 for a guest
    email: str
    first: str
    last: str
    address: dict[str, Any]
    lines: list[Line]
    paid: int = 0
    cancelled: bool = False
    edited: bool = False
    refunds: list[dict[str, Any]] = []
    fulfilments: list[dict[str, Any]] = []
    transactions: list[dict[str, Any]] = []
    touched: int = 0
    sale: int = 0
    partner: int = 0
    picking: int = 0
    invoice: int = 0
    cents_off: int = 0  # by which Odoo holds a wrong total
    charge: str = ""
    line: int = 0  # of its charge, in Odoo's bank journal

    @property
    def gid(self) -> str:
        """Its id in the channel."""
        return f"gid://shopify/Order/{5_000_000_000_000 + self.number}"

    @property
    def name(self) -> str:
        """Its number as people say it."""
        return f"#{1000 + self.number}"

    @property
    def updated(self) -> str:
        """When it was last touched: a moment that grows with each touch."""
        return f"2026-11-20T10:00:{self.touched:02d}.{self.number % 1000000:06d}Z"

    def total(self) -> tuple[int, int]:
        """Return the total of what is in it now, and the tax in that."""
        parts = [line.money(line.now) for line in self.lines]
        tax = sum(part[1] for part in parts)
        return sum(part[0] for part in parts) + tax + SHIPPING, tax

    def record(self) -> dict[str, Any]:
        """Return it as the channel keeps it."""
        total, tax = self.total()
        person = {"first_name": self.first, "last_name": self.last}
        customer = {
            "id": f"gid://shopify/Customer/{7_000_000_000_000 + self.customer}",
            "email": self.email, **person, "phone": "+15125550003",
        }  # fmt: skip
        return {
            "id": self.gid, "legacy_id": 5_000_000_000_000 + self.number, "name": self.name,
            "email": self.email, "created_at_seconds": self.time, "updated_at": self.updated,
            "cancelled": self.cancelled, "edited": self.edited, "currency": "USD",
            "presentment_currency": "USD", "financial_status": "PAID",
            "fulfillment_status": "FULFILLED" if self.fulfilments else "UNFULFILLED",
            "taxes_included": False, "note": None, "tags": [],
            "lines": [_line(line) for line in self.lines],
            "shipping": [{"title": "Standard", "price": money(SHIPPING),
                          "discounted_price": money(SHIPPING), "tax": "0.00"}],
            "totals": {"subtotal": money(total - tax - SHIPPING), "discount": "0.00",
                       "shipping": money(SHIPPING), "tax": money(tax), "total": money(total)},
            "customer": customer if self.customer else None,
            "shipping_address": self.address, "billing_address": self.address,
            "transactions": self.transactions, "refunds": self.refunds,
            "fulfillments": self.fulfilments, "returns": [],
        }  # fmt: skip


def _line(line: Line) -> dict[str, Any]:
    cost, tax = line.money(line.now)
    return {
        "id": f"gid://shopify/LineItem/{line.id}", "sku": line.item.sku, "title": line.item.sku,
        "quantity": line.units, "current_quantity": line.now,
        "unit_price": money(line.item.price), "discount": "0.00", "tax": money(tax),
        "total": money(cost + tax), "requires_shipping": True, "gift_card": False,
    }  # fmt: skip


def call(
    book: Book, after: float, source: str, name: str, arguments: dict[str, Any],
    outcome: str = "ok", **more: Any,
) -> str:  # fmt: skip
    """The connector calls a vendor or Odoo; return the request's id."""
    key = f"{source}-{book.number('request ' + source)}"
    channel = source == "shopify"
    value = {
        "status": 200, "duration_seconds": 0.012,
        "api_version": "2026-10" if channel else "", "requested_version": "2026-10" if channel
        else "", "client": "9e9d0dbe02fb", "operation_type": "query" if channel else "",
        "arguments": arguments, "error_codes": [], "user_errors": [],
        "cost": {"requested": 20, "actual": 10, "available": 1900} if channel else None,
        "fault": "", "deprecated": [], "idempotency_key": "",
        "document": f"document of {name}" if channel else "", **more,
    }  # fmt: skip
    book.event(after, source, "request", name, key, outcome, value)
    return key


def told(
    book: Book, after: float, topic: str, resource: str, updated: str, *, tag: str = "",
    event_id: str = "", outcome: str = "ok", attempt: int = 1,
) -> str:  # fmt: skip
    """The channel tells the connector of something; return the event's id."""
    number = book.number("webhook")
    event_id = event_id or f"{number:08x}-350d-4545-8901-016825f9d395"
    status = 200 if outcome == "ok" else 401
    value = {
        "event_id": event_id, "attempt": attempt, "status": status, "duration_seconds": 0.012652,
        "uri": "http://127.0.0.1:26546/webhooks/shopify", "resource": resource,
        "updated_at": updated, "triggered_at_seconds": round(book.now, 6), "tag": tag,
        "fault": "", "gave_up": False, "payload_sha256": f"{number:064x}", "error": "",
        "subscription": "gid://shopify/WebhookSubscription/1100000000001",
    }  # fmt: skip
    book.event(after, "shopify", "delivery", topic, f"{number:08x}-e196-4b33-9d78-b29c90df3362",
               outcome, value)  # fmt: skip
    book.final("shopify", "event", event_id, {
        "topic": topic, "resource": resource, "triggered_at_seconds": round(book.now, 6),
        "deliveries": attempt, "acknowledged": True,
    })  # fmt: skip
    return event_id


def checkout(book: Book, order: Order) -> None:
    """A shopper buys, and the connector is told."""
    source, key = f"shopper:{order.email}", f"op-{book.number('operation')}"
    lines = [{"sku": line.item.sku, "quantity": line.units} for line in order.lines]
    arguments = {"lines": lines, "customer": {"email": order.email, **order.address},
                 "shipping": "Standard"}  # fmt: skip
    book.event(0.0, source, "operation", "checkout", key, "invoke", {
        "system": "shopify", "arguments": arguments, "label": f"order-{order.number}"})  # fmt: skip
    for line in order.lines:
        book.level(0.001, line.item, -line.units, kind="order", id=order.gid)
        line.item.taken += line.units
        _level_told(book, 0.003, line.item)
    total, _ = order.total()
    order.paid = total
    order.transactions = [{"id": f"gid://shopify/OrderTransaction/{order.number}", "kind": "SALE",
                           "status": "SUCCESS", "amount": money(total),
                           "gateway": "shopify_payments"}]  # fmt: skip
    book.event(0.002, "shopify", "state", "order", order.gid, "", {
        "change": "create", "updated_at": order.updated, "name": order.name})  # fmt: skip
    event_id = told(book, 0.004, "orders/create", order.gid, order.updated)
    told(book, 0.005, "orders/updated", order.gid, order.updated)
    if order.number % 50 == 7:  # the answer was lost on its way, so it is told again
        told(book, 5.0, "orders/create", order.gid, order.updated, tag="duplicate",
             event_id=event_id, attempt=2)  # fmt: skip
    if order.number % 200 == 9:
        told(book, 6.0, "orders/updated", order.gid, order.updated, tag="forged", outcome="fail")
    book.event(0.006, source, "operation", "checkout", key, "ok", {"result": {
        "order_id": order.gid, "legacy_id": 5_000_000_000_000 + order.number, "name": order.name,
        "total": money(total)}})  # fmt: skip
    book.final("shopify", "order", order.gid, order.record())


def _level_told(book: Book, after: float, item: Item) -> None:
    resource = f"gid://shopify/InventoryLevel/1000481000001?inventory_item_id={item.product}"
    told(book, after, "inventory_levels/update", resource, "2026-11-20T10:00:00.000000Z")


def sold_out(book: Book, email: str, item: Item) -> None:
    """A shopper wants what is not there."""
    source, key = f"shopper:{email}", f"op-{book.number('operation')}"
    arguments = {"lines": [{"sku": item.sku, "quantity": 1}], "customer": {"email": email}}
    book.event(0.0, source, "operation", "checkout", key, "invoke",
               {"system": "shopify", "arguments": arguments, "label": ""})  # fmt: skip
    book.event(0.004, source, "operation", "checkout", key, "fail",
               {"code": "sold_out", "message": f"{item.sku} is sold out", "sku": item.sku
               })  # fmt: skip


def touched(book: Book, order: Order, change: str, *topics: str) -> None:
    """An order is changed in the channel, and the connector is told."""
    order.touched += 1
    book.event(0.002, "shopify", "state", "order", order.gid, "", {
        "change": change, "updated_at": order.updated, "name": order.name})  # fmt: skip
    tag = "late" if change == "edit" and order.number % 3 == 0 else ""
    for topic in topics:
        told(book, 0.004, topic, order.gid, order.updated, tag=tag)
    book.final("shopify", "order", order.gid, order.record())


def edited(book: Book, order: Order) -> None:
    """The merchant adds a piece to the first line."""
    line, key = order.lines[0], f"op-{book.number('operation')}"
    changes = [{"sku": line.item.sku, "quantity": line.units + 1}]
    book.event(0.0, "merchant:edits", "operation", "edit_order", key, "invoke", {
        "system": "shopify", "arguments": {"order_id": order.gid, "changes": changes},
        "label": ""})  # fmt: skip
    book.level(0.001, line.item, -1, kind="edit", id=order.gid)
    line.item.taken += 1
    line.units += 1
    line.now += 1
    order.edited = True
    touched(book, order, "edit", "orders/updated")
    book.event(0.01, "merchant:edits", "operation", "edit_order", key, "ok",
               {"result": {"total": money(order.total()[0])}})  # fmt: skip


def refunded(book: Book, order: Order, units: list[int], restock: str) -> tuple[int, int]:
    """The merchant gives back money for units of each line, with shipping if all is cancelled.

    Return the amount and the tax in it.
    """
    cancel, key = restock == "CANCEL", f"op-{book.number('operation')}"
    action = "cancel_order" if cancel else "refund_order"
    book.event(0.0, "merchant:refunds", "operation", action, key, "invoke", {
        "system": "shopify", "arguments": {"order_id": order.gid}, "label": ""})  # fmt: skip
    lines, amount, taxes = [], SHIPPING if cancel else 0, 0
    for line, count in zip(order.lines, units, strict=True):
        if not count:
            continue
        # The tax given back is what the line's tax becomes less by.
        cost = line.item.price * count
        tax = line.money(line.now)[1] - line.money(line.now - count)[1]
        line.now -= count
        amount, taxes = amount + cost + tax, taxes + tax
        lines.append({
            "line_id": f"gid://shopify/LineItem/{line.id}", "sku": line.item.sku,
            "quantity": count, "restock_type": restock, "location_code": MAIN,
            "subtotal": money(cost), "tax": money(tax)})  # fmt: skip
        book.level(0.001, line.item, count, kind="cancel" if cancel else "refund", id=order.gid)
    identity = f"gid://shopify/Refund/{book.number('refund')}"
    order.refunds = [{"id": identity, "note": None, "amount": money(amount), "lines": lines,
                      "shipping": money(SHIPPING if cancel else 0), "return_id": None}]  # fmt: skip
    order.cancelled = cancel
    touched(book, order, "cancel" if cancel else "refund", "orders/updated",
            *(("orders/cancelled",) if cancel else ()))  # fmt: skip
    told(book, 0.005, "refunds/create", identity, order.updated)
    book.event(0.01, "merchant:refunds", "operation", action, key, "ok",
               {"result": {"refund_id": identity, "amount": money(amount)}})  # fmt: skip
    return amount, taxes
