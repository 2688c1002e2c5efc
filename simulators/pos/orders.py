"""Orders: from lines and adjustments to a priced order, its payment, its completion, its search.

An order completes when it is paid in full and no fulfilment is open. Stock goes from IN_STOCK
(or, set aside for pickup, RESERVED_FOR_SALE) to SOLD when it is paid. Sales at the counter fire
order events too (years ago Square's did not).

From Square's documents: orders that were not created through the API have no version and cannot
be updated; ``created_at`` of an order of an offline till is when it reached Square.
"""

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import Refusal, conflict, invalid, missing, not_found
from .order_build import OrderBuilder, cleared, merged
from .pricing import money, price
from .sales import sale_record
from .shapes import moment, stamp

if TYPE_CHECKING:
    from .business import Business

__all__ = ["CLOSED", "Order", "Orders"]

Record = dict[str, Any]
CLOSED = ("COMPLETED", "CANCELED")
_DONE = ("COMPLETED", "CANCELED", "FAILED")


@dataclass
class Order:
    """An order as Square writes it, with what Square does not tell.

    ``occurred_at`` is when it happened by the till's clock; ``stock_from`` the state that its
    goods are sold from.
    """

    record: Record
    number: int
    occurred_at: str
    arrived_seconds: float
    offline: bool = False
    duplicate_of: str = ""
    channel_order: str = ""
    is_return: bool = False
    stock_from: str = "IN_STOCK"
    stock_taken: bool = False

    @property
    def id(self) -> str:
        """The order's id."""
        return str(self.record["id"])


class Orders:
    """Every order of the seller, by id."""

    def __init__(self, business: "Business") -> None:
        self._business = business
        self._builder = OrderBuilder(business)
        self.all: dict[str, Order] = {}

    def find(self, identity: str, field: str = "order_id") -> Order:
        """Return an order; raises Refusal."""
        found = self.all.get(identity)
        if found is None:
            raise not_found("Order", identity, field)
        return found

    def calculate(self, given: Record) -> Record:
        """Return what an order would be and cost; nothing is kept."""
        record = self._builder.built(given)
        self._price(record)
        return record

    def create(
        self, given: Record, *, by_api: bool = True, occurred_at: str = "", priced: bool = False
    ) -> Order:
        """Add an order, OPEN or DRAFT.

        ``occurred_at`` is the till's time; ``priced`` says that the till worked it out already.
        """
        record = copy.deepcopy(given) if priced else self.calculate(given)
        now = self._business.now()
        record |= {
            "id": self._business.identity(27),
            "created_at": now,
            "updated_at": now,
            "state": given.get("state", "OPEN"),
        }
        if by_api:
            record["version"] = 1
        if record["state"] not in ("OPEN", "DRAFT"):
            raise invalid("order.state", "A new order is OPEN or DRAFT.")
        number = self._business.next_number()
        order = Order(record, number, occurred_at or now, self._business.kit.clock.now())
        self.all[order.id] = order
        return order

    def announce(self, order: Order) -> None:
        """Tell that an order was created."""
        names = ("version", "location_id", "state", "created_at")
        self._tell(order, "order.created", "order_created", names)
        self._journal(order)

    def touch(self, order: Order) -> None:
        """Write down and tell that an order changed."""
        record = order.record
        record["updated_at"] = self._business.now()
        if "version" in record:
            record["version"] += 1
        names = ("version", "location_id", "state", "created_at", "updated_at")
        self._tell(order, "order.updated", "order_updated", names)
        self._journal(order)

    def _journal(self, order: Order) -> None:
        if not order.is_return:
            self._business.kit.journal.state("sale", order.id, self.sale(order))

    def _tell(self, order: Order, kind: str, name: str, names: tuple[str, ...]) -> None:
        record = order.record
        told = {"order_id": record["id"]} | {key: record[key] for key in names if key in record}
        data = {"type": name, "id": record["id"], "object": {name: told}}
        self._business.emit(kind, data, record["updated_at"])

    def sale(self, order: Order) -> Record:
        """Return the vendor-neutral record of an order."""
        return sale_record(self._business, order)

    def _price(self, record: Record) -> None:
        currency = self._business.currency
        place = self._business.places[record["location_id"]]
        tenders = record.get("tenders", [])
        tip = sum(tender.get("tip_money", {"amount": 0})["amount"] for tender in tenders)
        price(record, currency, place.country, tip)
        paid = sum(tender["amount_money"]["amount"] for tender in tenders)
        due = record["total_money"]["amount"] - paid
        record["net_amount_due_money"] = money(max(0, due), currency)

    def update(self, identity: str, given: Record, clear: list[str]) -> Order:
        """Change an open order sparsely; raises Refusal for an old version or a closed order."""
        order = self.find(identity)
        record = order.record
        if "version" not in record:
            raise Refusal("BAD_REQUEST", "Orders not created through the API cannot be updated.")
        if "version" not in given:
            raise missing("order.version")
        if given["version"] != record["version"]:
            raise conflict(
                f"Version mismatch: expected {record['version']}, got {given['version']}.",
                "order.version",
            )
        if record["state"] in CLOSED:
            raise Refusal("BAD_REQUEST", f"The order is {record['state']}.", "order.state")
        if given.get("location_id", record["location_id"]) != record["location_id"]:
            raise invalid("order.location_id", "An order's location cannot change.")
        if record.get("tenders") and ("line_items" in given or clear):
            raise Refusal("BAD_REQUEST", "A paid order's lines cannot change.", "order.line_items")
        state = given.get("state", record["state"])
        fulfilled = [part.get("state") for part in record.get("fulfillments", [])]
        changed = self._builder.built(merged(cleared(record, clear), given))
        self._price(changed)
        changed["state"] = record["state"]
        if state == "CANCELED" and record.get("tenders"):
            raise Refusal("BAD_REQUEST", "A paid order cannot be canceled.", "order.state")
        if state == "COMPLETED" and changed["net_amount_due_money"]["amount"]:
            raise Refusal("BAD_REQUEST", "The order is not paid in full.", "order.state")
        record.clear()
        record.update(changed)
        if state == "CANCELED":
            self.cancel(order)
        elif state == "OPEN":
            record["state"] = "OPEN"
        self.settle(order, for_nothing=state == "COMPLETED")
        self.touch(order)
        if fulfilled != [part.get("state") for part in record.get("fulfillments", [])]:
            self._fulfilment_changed(order)
        return order

    def cancel(self, order: Order) -> None:
        """Cancel an unpaid order: its fulfilments too, and what was set aside goes back."""
        for part in order.record.get("fulfillments", []):
            if part.get("state") not in _DONE:
                part["state"] = "CANCELED"
        if order.stock_from != "IN_STOCK" and not order.stock_taken:
            for variation, quantity in self.goods(order):
                place = order.record["location_id"]
                back = (order.stock_from, "IN_STOCK")
                self._business.stock.move(variation, place, quantity, back)
        self._close(order, "CANCELED")

    def _fulfilment_changed(self, order: Order) -> None:
        names = ("version", "location_id", "state", "created_at", "updated_at")
        name = "order_fulfillment_updated"
        self._tell(order, "order.fulfillment.updated", name, names)

    def _close(self, order: Order, state: str) -> None:
        order.record["state"] = state
        order.record["closed_at"] = self._business.now()

    def due(self, order: Order) -> int:
        """Return how many units are left to pay."""
        return int(order.record["net_amount_due_money"]["amount"])

    def settle(self, order: Order, for_nothing: bool = False) -> None:
        """Complete an order if all is paid and fulfilled; take its goods out of stock.

        One that costs nothing completes only when that is asked for (``for_nothing``).
        """
        record = order.record
        self._price(record)
        if record["state"] in CLOSED or self.due(order):
            return
        if not record.get("tenders") and not for_nothing:
            return
        self._take_stock(order)
        if all(part.get("state") in _DONE for part in record.get("fulfillments", [])):
            self._close(order, "COMPLETED")

    def _take_stock(self, order: Order) -> None:
        if order.stock_taken:
            return
        order.stock_taken = True
        if order.duplicate_of or order.is_return:
            return  # the till's own id of the sale is known: its goods left the shelf once
        for variation, quantity in self.goods(order):
            self._business.stock.move(
                variation,
                order.record["location_id"],
                quantity,
                (order.stock_from, "SOLD"),
                order.occurred_at if order.offline else "",
                transaction_id=order.id,
            )

    def snapshot(self) -> dict[str, Record]:
        """Return every sale; orders that only hold what was returned are none."""
        return {order.id: self.sale(order) for order in self.all.values() if not order.is_return}

    def goods(self, order: Order) -> list[tuple[str, int]]:
        """Return the variations of an order whose stock is counted, with quantities."""
        return [
            (line["catalog_object_id"], int(line["quantity"]))
            for line in order.record.get("line_items", [])
            if "catalog_object_id" in line
            and int(line["quantity"])
            and self._business.stock.tracked(line["catalog_object_id"])
        ]

    def fulfil(self, order: Order) -> None:
        """Hand the goods over: every open fulfilment is completed."""
        for part in order.record.get("fulfillments", []):
            if part.get("state") not in _DONE:
                part["state"] = "COMPLETED"
                part.setdefault("pickup_details", {})["picked_up_at"] = self._business.now()
        self.settle(order)
        self.touch(order)
        self._fulfilment_changed(order)

    # search

    def search(self, places: list[str], query: Record) -> tuple[list[Order], str, bool]:
        """Return the orders that fit, ascending by the field that is returned with them."""
        wanted, sort = query.get("filter", {}), query.get("sort", {})
        field = sort.get("sort_field", "CREATED_AT")
        ranges = wanted.get("date_time_filter", {})
        if len(ranges) > 1:
            raise invalid("query.filter.date_time_filter", "Only one time range at a time.")
        if ranges and next(iter(ranges)).upper() != field:
            raise Refusal(
                "BAD_REQUEST",
                f"The sort field {field} must be the field of the date time filter.",
                "query.sort.sort_field",
            )
        states = wanted.get("state_filter", {}).get("states", [])
        if field == "CLOSED_AT" and not (states and set(states) <= set(CLOSED)):
            raise Refusal(
                "BAD_REQUEST",
                "To use closed_at the states must be COMPLETED or CANCELED.",
                "query.filter.state_filter",
            )
        within = _within(ranges.get(field.lower(), {}))
        name = field.lower()
        found = [
            order
            for order in self.all.values()
            if order.record["location_id"] in places
            and name in order.record
            and within(order.record[name])
            and _fits(order.record, wanted, states)
        ]
        found.sort(key=lambda order: (order.record[name], order.number))
        return found, name, sort.get("sort_order", "DESC") == "DESC"


def _within(limits: Record) -> Any:
    path = "query.filter.date_time_filter"
    low = stamp(moment(limits["start_at"], path)) if "start_at" in limits else ""
    high = stamp(moment(limits["end_at"], path)) if "end_at" in limits else "9"
    return lambda text: low <= text <= high


def _fits(record: Record, wanted: Record, states: list[str]) -> bool:
    if states and record["state"] not in states:
        return False
    fulfilment = wanted.get("fulfillment_filter", {})
    parts = record.get("fulfillments", [])
    for key, name in (("fulfillment_types", "type"), ("fulfillment_states", "state")):
        if fulfilment.get(key) and not any(part.get(name) in fulfilment[key] for part in parts):
            return False
    sources = wanted.get("source_filter", {}).get("source_names", [])
    if sources and record.get("source", {}).get("name") not in sources:
        return False
    customers = wanted.get("customer_filter", {}).get("customer_ids", [])
    return not customers or record.get("customer_id") in customers
