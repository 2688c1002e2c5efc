"""An order as the channel has it now: read whole, with every page of its lines.

Amounts are the current ones in the shop's currency: after edits, refunds and removals.
``ChannelOrder.restored`` is the order before its refunds, as Odoo and its invoice keep it.
"""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from .channel_refund import Refund, RefundLine, read_refunds, split
from .errors import Refused, Unavailable
from .money import portion
from .shopify import Shopify

__all__ = ["Address", "ChannelLine", "ChannelOrder", "Tax", "read_order"]

REFUNDS_MAX = 20  # orders with more are for a person to look at
_MONEY = "{ shopMoney { amount } }"
_ADDRESS = (
    "{ firstName lastName company address1 address2 city provinceCode zip countryCodeV2 phone }"
)
_TAXES = f"{{ title rate priceSet {_MONEY} }}"
_LINES = f"""
lineItems(first: 15, after: $after) {{
  pageInfo {{ hasNextPage endCursor }}
  nodes {{
    id sku title quantity currentQuantity unfulfilledQuantity isGiftCard requiresShipping
    originalUnitPriceSet {_MONEY}
    discountAllocations {{ allocatedAmountSet {_MONEY} }}
    taxLines {_TAXES}
  }}
}}
"""
_HEAD = f"""
id name updatedAt cancelledAt currencyCode taxesIncluded email note
refunds(first: {REFUNDS_MAX}) {{ id }}
customer {{ id firstName lastName
  defaultEmailAddress {{ emailAddress }} defaultPhoneNumber {{ phoneNumber }} }}
shippingAddress {_ADDRESS}
billingAddress {_ADDRESS}
shippingLines(first: 5) {{ nodes {{ id title currentDiscountedPriceSet {_MONEY}
  discountedPriceSet {_MONEY} taxLines {_TAXES} }} }}
currentSubtotalPriceSet {_MONEY}
currentTotalTaxSet {_MONEY}
currentTotalPriceSet {_MONEY}
"""
FIRST_PAGE = f"query Order($id: ID!, $after: String) {{ order(id: $id) {{ {_HEAD} {_LINES} }} }}"
NEXT_PAGE = (
    f"query OrderLines($id: ID!, $after: String) {{ order(id: $id) {{ updatedAt {_LINES} }} }}"
)


class Tax(msgspec.Struct, kw_only=True):
    """One tax on a line: ``rate`` is a fraction, ``amount`` what the channel charged."""

    title: str
    rate: Decimal
    amount: Decimal


class Address(msgspec.Struct, kw_only=True):
    """Where somebody lives."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    province_code: str = ""
    zip: str = ""
    country_code: str = ""
    phone: str = ""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


class ChannelLine(msgspec.Struct, kw_only=True):
    """A line, or a way of shipping (``sku`` None), as it stands now.

    ``net`` is the price of all units less discounts, as the customer sees it: with taxes in
    it where the shop's prices include them.
    """

    gid: str
    sku: str | None
    title: str
    quantity: int
    unfulfilled: int
    unit_price: Decimal
    discount: Decimal
    taxes: list[Tax]
    shipping: bool = False

    @property
    def net(self) -> Decimal:
        """What all units cost after discounts."""
        return self.unit_price * self.quantity - self.discount

    @property
    def tax(self) -> Decimal:
        """All taxes of the line."""
        return sum((tax.amount for tax in self.taxes), Decimal(0))

    def with_more(self, units: int, amount: Decimal, tax: Decimal) -> "ChannelLine":
        """Return the line with units more, which cost so much with so much tax."""
        weights = [part.amount for part in self.taxes]
        if not any(weights):
            weights = [part.rate for part in self.taxes]
        shares = split(tax, weights)
        taxes = [
            msgspec.structs.replace(part, amount=part.amount + share)
            for part, share in zip(self.taxes, shares, strict=True)
        ]
        if self.shipping:
            return msgspec.structs.replace(self, unit_price=self.unit_price + amount, taxes=taxes)
        quantity = self.quantity + units
        discount = self.unit_price * quantity - (self.net + amount)
        return msgspec.structs.replace(self, quantity=quantity, discount=discount, taxes=taxes)


class ChannelOrder(msgspec.Struct, kw_only=True):
    """An order with its current lines and the totals that they must add up to."""

    gid: str
    name: str
    updated_at: str
    cancelled: bool
    currency: str
    taxes_included: bool
    note: str
    email: str
    phone: str
    customer_gid: str
    customer_name: str
    shipping_address: Address | None
    billing_address: Address | None
    lines: list[ChannelLine]
    total_tax: Decimal
    total: Decimal
    refunds: list[Refund] = []

    def refunded(self, line_gid: str) -> list[RefundLine]:
        """What refunds took off a line."""
        return [part for one in self.refunds for part in one.lines if part.line_gid == line_gid]

    def restored(self, units: Mapping[str, int] | None = None) -> "ChannelOrder":
        """Return the order with refunds put back: of each line only so many ``units``, if given.

        Shipping always comes back whole, for Odoo's order keeps what it was sold with.
        """
        lines = []
        tax = total = Decimal(0)
        for line in self.lines:
            parts = self.refunded(line.gid)
            whole = sum(part.units for part in parts)
            back = whole if units is None else min(whole, units.get(line.gid, 0))
            more = portion(sum((part.amount for part in parts), Decimal(0)), back, whole)
            more_tax = portion(sum((part.tax for part in parts), Decimal(0)), back, whole)
            lines.append(line.with_more(back, more, more_tax))
            tax += more_tax
            total += more if self.taxes_included else more + more_tax
        return msgspec.structs.replace(
            self, lines=lines, total_tax=self.total_tax + tax, total=self.total + total
        )

    def content_hash(self) -> str:
        """Return a digest of everything that is carried over."""
        return hashlib.sha256(msgspec.json.encode(self, enc_hook=str)).hexdigest()


async def read_order(shopify: Shopify, gid: str) -> ChannelOrder | None:
    """Read an order with all its lines; None when the channel does not know it.

    Raises Unavailable when the order changed between two pages: it is to be read again.
    """
    found = (await shopify.graphql(FIRST_PAGE, {"id": gid}))["order"]
    if found is None:
        return None
    nodes = list(found["lineItems"]["nodes"])
    info = found["lineItems"]["pageInfo"]
    while info["hasNextPage"]:
        variables = {"id": gid, "after": info["endCursor"]}
        page = (await shopify.graphql(NEXT_PAGE, variables))["order"]
        if page is None or page["updatedAt"] != found["updatedAt"]:
            raise Unavailable("the order changed while it was read", 0.1)
        nodes += page["lineItems"]["nodes"]
        info = page["lineItems"]["pageInfo"]
    order = _order(found, nodes)
    refunds = [node["id"] for node in found.get("refunds") or []]
    if len(refunds) == REFUNDS_MAX:
        raise Refused("refunds", f"{order.name} has {REFUNDS_MAX} refunds or more")
    order.refunds = await read_refunds(shopify, refunds)
    return order


def _money(bag: dict[str, Any] | None) -> Decimal:
    return Decimal(str(bag["shopMoney"]["amount"])) if bag else Decimal(0)


def _order(found: dict[str, Any], nodes: list[dict[str, Any]]) -> ChannelOrder:
    """Build the order; raises Refused when its parts do not add up to its totals."""
    customer = found["customer"] or {}
    email = found["email"] or (customer.get("defaultEmailAddress") or {}).get("emailAddress") or ""
    phone = (customer.get("defaultPhoneNumber") or {}).get("phoneNumber") or ""
    name = f"{customer.get('firstName') or ''} {customer.get('lastName') or ''}".strip()
    lines = [_line(node) for node in nodes]
    lines += [_shipping(node) for node in found["shippingLines"]["nodes"]]
    order = ChannelOrder(
        gid=found["id"],
        name=found["name"],
        updated_at=found["updatedAt"],
        cancelled=found["cancelledAt"] is not None,
        currency=found["currencyCode"],
        taxes_included=found["taxesIncluded"],
        note=found["note"] or "",
        email=email,
        phone=phone,
        customer_gid=customer.get("id") or "",
        customer_name=name,
        shipping_address=_address(found["shippingAddress"]),
        billing_address=_address(found["billingAddress"]),
        lines=lines,
        total_tax=_money(found["currentTotalTaxSet"]),
        total=_money(found["currentTotalPriceSet"]),
    )
    if not order.cancelled:
        changed = {node["id"] for node in nodes if node["currentQuantity"] != node["quantity"]}
        _settle(order, changed, _money(found["currentSubtotalPriceSet"]))
    return order


def _settle(order: ChannelOrder, changed: set[str], subtotal: Decimal) -> None:
    """Make the lines add up to the channel's current totals.

    The channel tells discounts and taxes of a line for the units ever ordered, and what is
    current only for the whole order. What rounding the shares leaves over belongs to the lines
    that were changed. Raises Refused when lines that were not changed do not add up.
    """
    goods = [line for line in order.lines if not line.shipping]
    gap = sum((line.net for line in goods), Decimal(0)) - subtotal
    edited = [line for line in goods if line.gid in changed]
    for line in edited if gap else []:
        share = max(-line.discount, min(gap, line.net))
        line.discount += share
        gap -= share
    gap = sum((line.tax for line in order.lines), Decimal(0)) - order.total_tax
    for line in edited if gap else []:
        for tax in line.taxes:
            share = min(gap, tax.amount)
            tax.amount -= share
            gap -= share
    _check(order)


def _check(order: ChannelOrder) -> None:
    tax = sum((line.tax for line in order.lines), Decimal(0))
    total = sum((line.net for line in order.lines), Decimal(0))
    if not order.taxes_included:
        total += tax
    if (tax, total) != (order.total_tax, order.total):
        raise Refused(
            "totals",
            f"the lines of {order.name} add up to {total} with {tax} tax, the channel says "
            f"{order.total} with {order.total_tax}",
        )


def _line(node: dict[str, Any]) -> ChannelLine:
    """Read a line. Discounts and taxes are the channel's share for the units still current."""
    ordered, current = node["quantity"], node["currentQuantity"]
    allocated = sum(
        (_money(part["allocatedAmountSet"]) for part in node["discountAllocations"]), Decimal(0)
    )
    return ChannelLine(
        gid=node["id"],
        sku=node["sku"] or "",
        title=node["title"],
        quantity=current,
        unfulfilled=min(current, node["unfulfilledQuantity"]),
        unit_price=_money(node["originalUnitPriceSet"]),
        discount=portion(allocated, current, ordered),
        taxes=[_tax(part, current, ordered) for part in node["taxLines"]],
    )


def _tax(part: dict[str, Any], current: int, ordered: int) -> Tax:
    return Tax(
        title=part["title"],
        rate=Decimal(str(part["rate"] or 0)),
        amount=portion(_money(part["priceSet"]), current, ordered),
    )


def _shipping(node: dict[str, Any]) -> ChannelLine:
    price = _money(node["currentDiscountedPriceSet"])
    whole = _money(node["discountedPriceSet"])
    taxes = [_tax(part, 1, 1) for part in node["taxLines"]]
    if price != whole and whole:
        for tax in taxes:
            tax.amount = (tax.amount * price / whole).quantize(tax.amount)
    return ChannelLine(
        gid=node["id"],
        sku=None,
        title=node["title"],
        quantity=1,
        unfulfilled=0,
        unit_price=price,
        discount=Decimal(0),
        taxes=taxes,
        shipping=True,
    )


def _address(node: dict[str, Any] | None) -> Address | None:
    if node is None:
        return None
    return Address(
        first_name=node["firstName"] or "",
        last_name=node["lastName"] or "",
        company=node["company"] or "",
        address1=node["address1"] or "",
        address2=node["address2"] or "",
        city=node["city"] or "",
        province_code=node["provinceCode"] or "",
        zip=node["zip"] or "",
        country_code=node["countryCodeV2"] or "",
        phone=node["phone"] or "",
    )
