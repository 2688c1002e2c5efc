"""What people do in the shops: cashiers sell and refund, go offline, come back, close the day;
clerks count, receive, set aside and hand over.

A till that is offline keeps its sales with its own clock's time (``clock_skew_seconds`` off)
and its own id (``reference``), and sends them in one batch when it is online again. From
Square's documents: an order is created when it reaches Square; the till's time is the payment's
``offline_payment_details.client_created_at``. Under the fault ``till_resends`` the till sends a
sale twice: a second order with the same ``reference_id`` and the same payment. Payment and stock
are known by the till's id, so that only the order is double (chosen by us).
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from peakproof.simkit import SimulatorRefused, parse_money, to_minor

from .errors import Refusal
from .orders import Order
from .refunds import Good
from .sales import amount_text
from .shapes import stamp

if TYPE_CHECKING:
    from .business import Business, Place

__all__ = ["Tills"]

Record = dict[str, Any]
_SOURCE = {"name": "Square Point of Sale"}


@dataclass
class _Till:
    """The tills of one location: whether they are offline, and what waits to be sent."""

    offline: bool = False
    skew_seconds: float = 0.0
    count: int = 0
    waiting: list[tuple[Record, Record]] = field(default_factory=list)  # (order, tender)


class Tills:
    """The shops' floor. Every act takes plain arguments and raises SimulatorRefused."""

    def __init__(self, business: "Business") -> None:
        self._business = business
        self._tills = {place.id: _Till() for place in business.places.values()}

    def snapshot(self) -> dict[str, Record]:
        """Return the tills by location: offline or not, and how many sales wait there."""
        return {
            self._business.places[place].code: {
                "location_code": self._business.places[place].code,
                "offline": till.offline,
                "waiting": len(till.waiting),
            }
            for place, till in self._tills.items()
        }

    # selling

    def sale(self, given: Record, _actor: str) -> Record:
        """Sell lines over the counter; with ``from_shelf`` only what lies there."""
        place, till = self._till(given)
        kind = str(given.get("tender", "cash")).upper()
        if kind not in ("CASH", "CARD"):
            raise SimulatorRefused("unknown_tender", f"tender is cash or card, not {kind}")
        till.count += 1
        reference = f"{place.code}-{till.count:06d}"
        at = stamp(
            self._business.at() + timedelta(seconds=till.skew_seconds if till.offline else 0)
        )
        order = self._order(place, given, reference)
        if given.get("from_shelf"):
            self._expect_on_shelf(place, given["lines"])
        tender = {
            "kind": kind,
            "tip": self._units(given.get("tip", "0")),
            "at": at,
            "offline": till.offline,
            "supplied": self._units(given["cash_given"]) if "cash_given" in given else None,
            "customer": given.get("customer"),
        }
        try:
            shown = self._business.orders.calculate(order)
        except Refusal as error:
            raise SimulatorRefused(error.code.lower(), error.detail) from error
        total = shown["total_money"]["amount"] + tender["tip"]
        if tender["supplied"] is not None and tender["supplied"] < total:
            raise SimulatorRefused("too_little_cash", "the customer gave less than the total")
        currency = self._business.currency
        result = {
            "order_id": "", "payment_id": "", "reference": reference,
            "total": amount_text(total, currency), "currency": currency, "offline": till.offline,
        }  # fmt: skip
        if till.offline:
            till.waiting.append((shown, tender))
            return result
        sold = self._record(shown, tender)
        return result | {"order_id": sold.id, "payment_id": self._payment_of(sold)}

    def _expect_on_shelf(self, place: "Place", wishes: list[Record]) -> None:
        """Raise SimulatorRefused where a customer's hands would find nothing."""
        for wish in wishes:
            there = self._business.stock.quantity(self._variation(wish), place.id)
            if there < self._quantity(wish):
                raise SimulatorRefused("sold_out", f"not enough {wish.get('sku')} on the shelf")

    def _order(self, place: "Place", given: Record, reference: str) -> Record:
        lines, discounts = [], []
        for number, wish in enumerate(given.get("lines") or []):
            line: Record = {
                "uid": f"line-{number + 1}",
                "quantity": str(self._quantity(wish)),
                "catalog_object_id": self._variation(wish),
            }
            if wish.get("discount"):
                discounts.append(self._discount(wish["discount"], f"line-discount-{number + 1}"))
                line["applied_discounts"] = [{"discount_uid": discounts[-1]["uid"]}]
                discounts[-1]["scope"] = "LINE_ITEM"
            lines.append(line)
        if not lines:
            raise SimulatorRefused("no_lines", "a sale needs at least one line")
        if given.get("discount"):
            discounts.append(self._discount(given["discount"], "order-discount"))
        order: Record = {
            "location_id": place.id,
            "reference_id": reference,
            "line_items": lines,
            "discounts": discounts,
            "pricing_options": {"auto_apply_taxes": True},
            "source": dict(_SOURCE),
        }
        return order

    def _discount(self, wish: Record, uid: str) -> Record:
        """Return a discount: ``{"percentage": "10"}`` or ``{"amount": "2.50"}``."""
        name = str(wish.get("name", "Discount"))
        if "percentage" in wish:
            return {"uid": uid, "name": name, "type": "FIXED_PERCENTAGE",
                    "percentage": str(wish["percentage"])}  # fmt: skip
        amount = self._business.money(self._units(wish["amount"]))
        return {"uid": uid, "name": name, "type": "FIXED_AMOUNT", "amount_money": amount}

    def _customer(self, wish: Any) -> str:
        person = wish if isinstance(wish, dict) else {"email": str(wish)}
        customers = self._business.customers
        found = customers.by_email(str(person.get("email", "")))
        if found is None:
            found = customers.create(
                {
                    "given_name": str(person.get("first_name", "")) or "Walk-in",
                    "family_name": str(person.get("last_name", "")) or "Customer",
                    "email_address": str(person.get("email", "")),
                }
            )
        return str(found["id"])

    def _record(self, given: Record, tender: Record, twin: Order | None = None) -> Order:
        """Put a sale into Square's books; ``twin`` is the order it repeats."""
        business = self._business
        if tender["customer"]:
            given = {**given, "customer_id": self._customer(tender["customer"])}
        order = business.orders.create(given, by_api=False, occurred_at=tender["at"], priced=True)
        order.offline = tender["offline"]
        if twin is not None:
            order.duplicate_of = twin.id
            order.record["tenders"] = [
                {**entry, "transaction_id": order.id} for entry in twin.record["tenders"]
            ]
            business.orders.announce(order)
            business.orders.settle(order)
            business.orders.touch(order)
            return order
        business.orders.announce(order)
        more: Record = {"reference_id": given["reference_id"]}
        if "customer_id" in given:
            more["customer_id"] = given["customer_id"]
        if tender["offline"]:
            more["is_offline_payment"] = True
            more["offline_payment_details"] = {"client_created_at": tender["at"]}
        business.payments.take(order, tender["kind"], tender["tip"], more, tender["supplied"])
        return order

    def refund_sale(self, given: Record, _actor: str) -> Record:
        """Give money back for a sale: some lines, an amount, or all that is left."""
        order = self._sale_of(given)
        if order.duplicate_of:  # the same goods and the same payment
            order = self._business.orders.find(order.duplicate_of)
        place = order.record["location_id"]
        if self._tills[place].offline:
            raise SimulatorRefused("till_offline", "an offline till cannot refund")
        if not order.record.get("tenders"):
            raise SimulatorRefused("not_paid", "the sale was not paid")
        payment = self._business.payments.find(order.record["tenders"][0]["payment_id"])
        refunds = self._business.refunds
        goods = self._goods(order, given.get("lines") or [])
        if goods:
            amount = sum(good.share("total_money") for good in goods)
        elif given.get("amount") is not None:
            amount = self._units(given["amount"])
        else:
            amount = refunds.refundable(payment)
            goods = refunds.left_of(order)
        restock = bool(given.get("restock", False))
        try:
            refund = refunds.create(payment, amount, str(given.get("reason", "")), goods, restock)
        except Refusal as error:
            raise SimulatorRefused(error.code.lower(), error.detail) from error
        return {
            "refund_id": refund.id,
            "sale_id": order.id,
            "amount": amount_text(amount, self._business.currency),
            "currency": self._business.currency,
        }

    def _goods(self, order: Order, wishes: list[Record]) -> list[Good]:
        """Return the pieces that are wished back, from the first lines that have them."""
        left, chosen = self._business.refunds.left_of(order), []
        for wish in wishes:
            variation, quantity = self._variation(wish), self._quantity(wish)
            for good in left:
                if good.line.get("catalog_object_id") == variation and quantity:
                    pieces = min(quantity, good.quantity)
                    chosen.append(Good(good.line, pieces, good.before))
                    good.before, good.quantity = good.before + pieces, good.quantity - pieces
                    quantity -= pieces
            if quantity:
                raise SimulatorRefused("too_many", f"{wish.get('sku')}: not so many are left")
        return [good for good in chosen if good.quantity]

    # offline

    def go_offline(self, given: Record, _actor: str) -> Record:
        """Cut a location's tills off; ``clock_skew_seconds`` is how wrong their clock goes."""
        place, till = self._till(given)
        if till.offline:
            raise SimulatorRefused("offline", f"{place.code} is offline already")
        till.offline = True
        till.skew_seconds = float(given.get("clock_skew_seconds", 0))
        return {"location_code": place.code, "clock_skew_seconds": till.skew_seconds}

    def come_online(self, given: Record, _actor: str) -> Record:
        """Connect a location's tills: what they sold arrives in one batch."""
        place, till = self._till(given)
        if not till.offline:
            raise SimulatorRefused("online", f"{place.code} is online")
        till.offline = False
        batch, till.waiting = till.waiting, []
        sales, duplicates = [], []
        for order, tender in batch:
            sold = self._record(order, tender)
            sales.append({"order_id": sold.id, "payment_id": self._payment_of(sold),
                          "reference": sold.record["reference_id"]})  # fmt: skip
            rule = self._business.kit.faults.fire("till_resends", order["reference_id"])
            if rule is not None:
                duplicates.append(self._record(order, tender, sold).id)
        return {"location_code": place.code, "sales": sales, "duplicates": duplicates}

    def close_day(self, given: Record, _actor: str) -> Record:
        """Count the drawer and close the day; ``counted_cash`` or ``difference`` is optional."""
        place, till = self._till(given)
        if till.offline:
            raise SimulatorRefused("till_offline", "the day cannot be closed while offline")
        drawers = self._business.drawers
        if "counted_cash" in given:
            expected = drawers.expected(drawers.current(place.id))
            difference = self._units(given["counted_cash"]) - expected
        else:
            difference = self._units(given.get("difference", "0"))
        return drawers.close(place, difference)

    # stock

    def count_stock(self, given: Record, _actor: str) -> Record:
        """Count a shelf: what is found is what there is."""
        place, _ = self._till(given)
        variation, quantity = self._variation(given), self._quantity(given, least=0)
        self._business.stock.count(variation, place.id, quantity)
        return self._level(variation, place)

    def receive_stock(self, given: Record, _actor: str) -> Record:
        """Put goods that came from a vendor onto the shelf."""
        place, _ = self._till(given)
        variation, quantity = self._variation(given), self._quantity(given)
        self._business.stock.move(variation, place.id, quantity, ("NONE", "IN_STOCK"))
        return self._level(variation, place)

    def reserve_pickup(self, given: Record, _actor: str) -> Record:
        """Set goods of an online order aside, to be collected in the shop."""
        place, _ = self._till(given)
        variation, quantity = self._variation(given), self._quantity(given)
        stock = self._business.stock
        if stock.quantity(variation, place.id) < quantity:
            raise SimulatorRefused("not_enough", f"not enough {given.get('sku')} on the shelf")
        channel_order = str(given.get("channel_order", ""))
        wish = {"lines": [{"sku": given["sku"], "quantity": quantity}]}
        order = self._order(place, wish, channel_order)
        order["fulfillments"] = [
            {
                "type": "PICKUP",
                "state": "RESERVED",
                "pickup_details": {
                    "recipient": {"display_name": "Online customer"},
                    "schedule_type": "ASAP",
                    "placed_at": self._business.now(),
                },
            }
        ]
        found = self._business.orders.create(order)
        found.channel_order, found.stock_from = channel_order, "RESERVED_FOR_SALE"
        stock.move(variation, place.id, quantity, ("IN_STOCK", "RESERVED_FOR_SALE"),
                   reference_id=channel_order)  # fmt: skip
        self._business.orders.announce(found)
        return {"order_id": found.id, "reference": channel_order, **self._level(variation, place)}

    def hand_over(self, given: Record, _actor: str) -> Record:
        """Give set-aside goods to who collects them; ``tender`` if they were not paid online."""
        order = self._sale_of(given)
        if order.record["state"] != "OPEN" or not order.record.get("fulfillments"):
            raise SimulatorRefused("nothing_to_hand_over", "the order is not waiting for pickup")
        if self._business.orders.due(order):
            kind = str(given.get("tender", "external")).upper()
            if kind not in ("CASH", "CARD", "EXTERNAL"):
                raise SimulatorRefused("unknown_tender", f"not a tender: {kind}")
            self._business.payments.take(order, kind, 0, {})
        self._business.orders.fulfil(order)
        return {"order_id": order.id, "state": order.record["state"].lower()}

    def release_pickup(self, given: Record, _actor: str) -> Record:
        """Put set-aside goods back that nobody collects; the order is canceled."""
        order = self._sale_of(given)
        if order.record["state"] != "OPEN" or order.record.get("tenders"):
            raise SimulatorRefused("nothing_to_release", "the order is not waiting unpaid")
        self._business.orders.cancel(order)
        self._business.orders.touch(order)
        return {"order_id": order.id, "state": order.record["state"].lower()}

    # reading arguments

    def _till(self, given: Record) -> tuple["Place", _Till]:
        code = str(given.get("location_code", ""))
        place = self._business.place_of(code)
        if place is None:
            raise SimulatorRefused("unknown_location", f"no location {code!r}")
        return place, self._tills[place.id]

    def _variation(self, given: Record) -> str:
        sku = str(given.get("sku", ""))
        found = self._business.catalog.skus.get(sku)
        if found is None or self._business.catalog.objects[found]["is_deleted"]:
            raise SimulatorRefused("unknown_sku", f"no variation with SKU {sku!r}")
        return found

    def _quantity(self, given: Record, least: int = 1) -> int:
        quantity = given.get("quantity")
        if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < least:
            raise SimulatorRefused("bad_quantity", f"quantity must be {least} or more")
        return quantity

    def _units(self, text: Any) -> int:
        currency = self._business.currency
        try:
            return to_minor(parse_money(str(text), currency), currency)
        except (ValueError, ArithmeticError) as error:
            raise SimulatorRefused("bad_amount", f"not an amount: {text!r}") from error

    def _sale_of(self, given: Record) -> Order:
        identity = str(given.get("order_id") or "")
        reference = str(given.get("reference") or given.get("channel_order") or "")
        for order in self._business.orders.all.values():
            same = order.record.get("reference_id") == reference if reference else False
            if order.id == identity or (not identity and same):
                return order
        raise SimulatorRefused("unknown_sale", f"no sale {identity or reference!r} has arrived")

    def _payment_of(self, order: Order) -> str:
        return str(order.record["tenders"][0]["payment_id"])

    def _level(self, variation: str, place: "Place") -> Record:
        stock = self._business.stock
        return {
            "quantity": stock.quantity(variation, place.id),
            "reserved": stock.quantity(variation, place.id, "RESERVED_FOR_SALE"),
        }
