"""The world behind a Story, and the records it is read out as."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

__all__ = [
    "LOCATION",
    "Record",
    "World",
    "cents",
    "channel_order",
    "finals",
    "odoo_order",
    "set_quantity",
]

LOCATION = "MAIN"
Record = dict[str, Any]


class World:
    """Both sides' books. Orders of the channel are known by number, Odoo's by id."""

    def __init__(
        self,
        stock: Mapping[str, int],
        prices: Mapping[str, str],
        tax_rate: str,
        taxes_included: bool,
        shipping: str,
    ) -> None:
        self.stock = dict(stock)
        self.prices = {sku: Decimal(prices.get(sku, "10.00")) for sku in self.stock}
        self.tax_rate, self.taxes_included = Decimal(tax_rate), taxes_included
        self.shipping = Decimal(shipping)
        self.available = dict(self.stock)  # as the channel shows it
        self.on_hand = dict(self.stock)  # in Odoo
        self.reserved = dict.fromkeys(self.stock, 0)  # in Odoo
        self.orders: dict[str, Record] = {}
        self.odoo: dict[int, Record] = {}
        self.correlation: dict[str, list[int]] = {}
        self.dead_letters: dict[str, str] = {}  # reason by number
        self.jobs: dict[str, Record] = {}


def cents(amount: Decimal) -> Decimal:
    """Round money half up to the cent, as the shop does."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def channel_order(
    world: World, number: str, basket: Mapping[str, int], discount: Decimal, time: float
) -> Record:
    """Return an order as the channel keeps it; the discount is a fraction of the price."""
    address = {
        "first_name": "Ada",
        "last_name": f"Buyer {number}",
        "address1": "1 Main Street",
        "address2": "",
        "city": "Austin",
        "province_code": "TX",
        "zip": "78701",
        "country_code": "US",
        "phone": "",
    }
    order: Record = {
        "id": f"gid://shopify/Order/{number}",
        "legacy_id": int(number),
        "name": f"#{number}",
        "email": f"buyer.{number}@example.com",
        "created_at_seconds": time,
        "updated_at": f"2026-11-27T00:00:{time:06.3f}Z",
        "cancelled": False,
        "edited": False,
        "currency": "USD",
        "presentment_currency": "USD",
        "financial_status": "PAID",
        "fulfillment_status": "UNFULFILLED",
        "taxes_included": world.taxes_included,
        "note": "",
        "lines": [],
        "shipping": [],
        "totals": {},
        "customer": {
            "id": f"gid://shopify/Customer/{number}",
            "email": f"buyer.{number}@example.com",
            "first_name": "Ada",
            "last_name": f"Buyer {number}",
            "phone": "",
        },
        "shipping_address": address,
        "billing_address": dict(address),
        "transactions": [],
        "refunds": [],
        "fulfillments": [],
    }
    order["lines"] = [
        _line(world, f"{number}{place}", sku, units, discount)
        for place, (sku, units) in enumerate(basket.items(), 1)
    ]
    _total(world, order)
    return order


def _line(world: World, number: str, sku: str, units: int, discount: Decimal) -> Record:
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "sku": sku,
        "title": sku.title(),
        "quantity": units,
        "current_quantity": units,
        "unit_price": str(world.prices[sku]),
        "discount_share": str(discount),
        "requires_shipping": True,
        "gift_card": False,
    }


def set_quantity(world: World, order: Record, sku: str, units: int) -> None:
    """Change how many units of an item an order has."""
    for line in order["lines"]:
        if line["sku"] == sku:
            line["current_quantity"] = units
    _total(world, order)


def _total(world: World, order: Record) -> None:
    """Work out taxes and totals, each line rounded by itself."""
    subtotal, discounts = Decimal("0.00"), Decimal("0.00")
    shipping, shipping_tax = world.shipping, _tax(world, world.shipping)
    tax, total = shipping_tax, shipping
    for line in order["lines"]:
        gross = Decimal(line["unit_price"]) * line["current_quantity"]
        discount = cents(gross * Decimal(line["discount_share"]))
        line_tax = _tax(world, gross - discount)
        line_total = gross - discount + (Decimal(0) if world.taxes_included else line_tax)
        line.update(discount=str(discount), tax=str(line_tax), total=str(line_total))
        subtotal, discounts = subtotal + gross - discount, discounts + discount
        tax, total = tax + line_tax, total + line_total
    if not world.taxes_included:
        total += shipping_tax
    order["shipping"] = [
        {
            "title": "Standard",
            "price": str(shipping),
            "discounted_price": str(shipping),
            "tax": str(shipping_tax),
        }
    ]
    order["totals"] = {
        "subtotal": str(subtotal),
        "discount": str(discounts),
        "shipping": str(shipping),
        "tax": str(tax),
        "total": str(total),
    }


def _tax(world: World, amount: Decimal) -> Decimal:
    if world.taxes_included:
        return cents(amount - amount / (1 + world.tax_rate))
    return cents(amount * world.tax_rate)


def odoo_order(order: Record, identity: int, state: str) -> Record:
    """Return the sale order that says the same as a channel order."""
    included = order["taxes_included"]
    lines = [
        _odoo_line(line, Decimal(line["unit_price"]), line["current_quantity"])
        for line in order["lines"]
    ]
    for rate in order["shipping"]:
        charge = Decimal(rate["discounted_price"])
        paid = charge if included else charge + Decimal(rate["tax"])
        shown = {"sku": "", "title": rate["title"], "tax": rate["tax"], "total": str(paid)}
        lines.append(_odoo_line({**shown, "discount": "0"}, charge, 1))
    address = order["shipping_address"]
    name = f"{address['first_name']} {address['last_name']}"
    place = {
        "name": name,
        "street": address["address1"],
        "street2": address["address2"],
        "city": address["city"],
        "zip": address["zip"],
        "state_code": address["province_code"],
        "country_code": address["country_code"],
        "phone": address["phone"],
    }
    totals = order["totals"]
    return {
        "id": identity,
        "name": f"S{identity:05d}",
        "state": state,
        "client_order_ref": order["name"],
        "origin": order["id"],
        "currency": order["currency"],
        "amount_untaxed": str(Decimal(totals["total"]) - Decimal(totals["tax"])),
        "amount_tax": totals["tax"],
        "amount_total": totals["total"],
        "lines": lines,
        "partner": {"id": identity, "name": name, "email": order["email"], "phone": ""},
        "invoice_address": dict(place),
        "shipping": place,
        "write_date": "",
    }


def _odoo_line(line: Record, price: Decimal, units: int) -> Record:
    total, tax = Decimal(line["total"]), Decimal(line["tax"])
    gross = price * units
    share = Decimal(line["discount"]) / gross * 100 if gross else Decimal(0)
    return {
        "id": 0,
        "sku": line["sku"],
        "name": line["title"],
        "quantity": str(units),
        "unit_price": str(price),
        "discount_percent": str(share),
        "subtotal": str(total - tax),
        "tax": str(tax),
        "total": str(total),
    }


def finals(world: World) -> Iterator[tuple[str, str, str, Record]]:
    """Yield source, entity, key and record of all there is to read."""
    for number, order in world.orders.items():
        yield "shopify", "order", order["id"], order
        ids = world.correlation.get(number)
        if ids:
            yield "connector", "correlation", order["id"], {"odoo_order_ids": ids}
    for identity, record in world.odoo.items():
        yield "odoo", "order", str(identity), record
    for place, sku in enumerate(world.stock, 1):
        key = f"{sku}@{LOCATION}"
        where = {"sku": sku, "location_code": LOCATION}
        shown = {**where, "available": world.available[sku], "tracked": True}
        yield "shopify", "level", key, shown
        held, reserved = world.on_hand[sku], world.reserved[sku]
        stock = {**where, "on_hand": held, "reserved": reserved, "free": held - reserved}
        yield "odoo", "stock", key, stock
        yield "odoo", "product", str(place), {"id": place, "sku": sku}
    yield "odoo", "location", "8", {"id": 8, "code": LOCATION}
    for number, reason in world.dead_letters.items():
        resource = f"gid://shopify/Order/{number}"
        letter = {"flow": "orders", "resource": resource, "topic": "orders/create"}
        yield "connector", "dead_letter", f"letter-{number}", {**letter, "reason": reason}
    for key, job in world.jobs.items():
        yield "odoo", "job", key, job
