"""Answers about draft orders, and their creation, completion and deletion.

Models ``draftOrder``, ``draftOrders`` and draftOrderCreate, draftOrderComplete and
draftOrderDelete of Admin API 2026-10.

Not modelled: updates, invoices, custom items, discounts of a draft's own.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .connection import connection, filtered, search_connection
from .context import Context
from .drafts import Draft, complete_draft, create_draft, delete_draft
from .errors import Refused
from .ids import gid, number_of
from .money import Bag
from .order_arguments import discount_of
from .order_checkout import Cart, CartItem
from .order_money import ZERO
from .order_records import Line
from .order_totals import original_totals
from .orders import Orders
from .payload_line import order_tax_lines
from .refusals import missing, refusal
from .registry import Arguments, Resolvers
from .resolve_order_create import rate_of
from .resolve_order_mutations import address_from
from .resolve_orders import bag_of, counted, tax_line

__all__ = ["RESOLVERS"]

RESOLVERS = Resolvers()
FILTERS: dict[str, Callable[[Draft], Any]] = {
    "id": lambda draft: draft.number,
    "created_at": lambda draft: draft.created_at,
    "updated_at": lambda draft: draft.updated_at,
    "status": lambda draft: draft.status.lower(),
    "tag": lambda draft: draft.cart.tags,
    "default": lambda draft: [draft.name, draft.quote.email],
}
SORTS: dict[str, Any] = {
    "ID": None,
    "NUMBER": None,
    "RELEVANCE": None,
    "STATUS": lambda draft: draft.status,
    "UPDATED_AT": lambda draft: draft.updated_at,
    "TOTAL_PRICE": lambda draft: original_totals(draft.quote).total,
}


def _orders(context: Context) -> Orders:
    orders = context.shop.orders
    assert isinstance(orders, Orders)
    return orders


def _all(context: Context) -> list[Draft]:
    return list(_orders(context).drafts.values())


@RESOLVERS.query("draftOrder")
def draft_order(arguments: Arguments, context: Context) -> Draft | None:
    """Answer QueryRoot.draftOrder."""
    return _orders(context).drafts.get(number_of(arguments["id"], "DraftOrder"))


@RESOLVERS.query("draftOrders")
def draft_orders(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.draftOrders."""
    return search_connection(_all(context), arguments, context, FILTERS, SORTS)


@RESOLVERS.query("draftOrdersCount")
def draft_orders_count(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer QueryRoot.draftOrdersCount."""
    return counted(len(filtered(_all(context), arguments, context, FILTERS)), arguments)


RESOLVERS.node("DraftOrder", lambda shop, number: shop.orders.drafts.get(number))


def _total(name: str) -> Callable[[Draft], Bag]:
    return lambda draft: bag_of(
        draft.quote,
        [
            getattr(original_totals(draft.quote, side), name)
            for side in range(len(draft.quote.currencies))
        ],
    )


BAGS = {
    "subtotalPriceSet": _total("subtotal"),
    "totalDiscountsSet": _total("discount"),
    "totalShippingPriceSet": _total("shipping"),
    "totalTaxSet": _total("tax"),
    "totalPriceSet": _total("total"),
    "totalLineItemsPriceSet": _total("gross"),
    "lineItemsSubtotalPrice": _total("gross"),
}
FIELDS: dict[str, Callable[[Draft], Any]] = {
    **BAGS,
    "subtotalPrice": lambda draft: BAGS["subtotalPriceSet"](draft).shop_money.amount,
    "totalPrice": lambda draft: BAGS["totalPriceSet"](draft).shop_money.amount,
    "totalShippingPrice": lambda draft: BAGS["totalShippingPriceSet"](draft).shop_money.amount,
    "totalTax": lambda draft: BAGS["totalTaxSet"](draft).shop_money.amount,
    "legacyResourceId": lambda draft: draft.number,
    "note2": lambda draft: draft.quote.note,
    "tags": lambda draft: draft.quote.tags,
    "email": lambda draft: draft.quote.email or None,
    "phone": lambda draft: draft.quote.phone,
    "poNumber": lambda draft: draft.quote.po_number,
    "taxExempt": lambda _draft: False,
    "taxesIncluded": lambda draft: draft.quote.taxes_included,
    "currencyCode": lambda draft: draft.quote.currency,
    "presentmentCurrencyCode": lambda draft: draft.quote.presentment_currency,
    "customer": lambda draft: draft.quote.customer,
    "shippingAddress": lambda draft: draft.quote.shipping_address,
    "billingAddress": lambda draft: draft.quote.billing_address,
    "billingAddressMatchesShippingAddress": lambda draft: (
        draft.quote.billing_address is draft.quote.shipping_address
    ),
    "discountCodes": lambda draft: draft.quote.discount_codes,
    "shippingLine": lambda draft: next(iter(draft.quote.shipping_lines), None),
    "taxLines": lambda draft: [
        tax_line(rate.title, rate.rate, bag_of(draft.quote, amounts))
        for rate, amounts in order_tax_lines(draft.quote, current=False)
    ],
    "ready": lambda _draft: True,
    "customAttributes": lambda draft: [
        {"key": entry["name"], "value": entry["value"]} for entry in draft.quote.note_attributes
    ],
    "totalQuantityOfLineItems": lambda draft: sum(line.quantity for line in draft.quote.lines),
    "totalWeight": lambda draft: sum(line.grams * line.quantity for line in draft.quote.lines),
    "invoiceSentAt": lambda _draft: None,
    "invoiceUrl": lambda _draft: None,
}


class DraftLine:
    """A line of a draft."""

    graphql_type = "DraftOrderLineItem"

    def __init__(self, line: Line) -> None:
        self.line, self.number = line, line.number
        self.id = gid("DraftOrderLineItem", line.number)
        self.name, self.title, self.sku = line.name, line.title, line.sku
        self.quantity, self.variant_title, self.vendor = (
            line.quantity, line.variant_title, line.vendor,
        )  # fmt: skip
        self.requires_shipping, self.taxable = line.requires_shipping, line.taxable
        self.is_gift_card, self.custom = line.gift_card, line.variant is None
        self.uuid = f"{line.number:032x}"
        self.variant = line.variant
        self.custom_attributes: list[dict[str, str]] = []

    def bag(self, work: Callable[[Any], Decimal]) -> Bag:
        """Return an amount per currency."""
        return bag_of(self.line.order, [work(side) for side in self.line.sides])


LINES: dict[str, Callable[[DraftLine], Any]] = {
    "product": lambda entry: entry.variant.product if entry.variant else None,
    "originalUnitPriceSet": lambda entry: entry.bag(lambda side: side.unit),
    "originalUnitPrice": lambda entry: entry.line.sides[0].unit,
    "originalTotalSet": lambda entry: entry.bag(lambda side: side.unit * entry.quantity),
    "originalTotal": lambda entry: entry.line.sides[0].unit * entry.quantity,
    "discountedTotalSet": lambda entry: entry.bag(lambda side: side.unit * entry.quantity),
    "discountedTotal": lambda entry: entry.line.sides[0].unit * entry.quantity,
    "approximateDiscountedUnitPriceSet": lambda entry: entry.bag(lambda side: side.unit),
    "totalDiscountSet": lambda entry: entry.bag(lambda _side: ZERO),
    "totalDiscount": lambda _entry: ZERO,
    "taxLines": lambda entry: [
        tax_line(
            rate.title,
            rate.rate,
            bag_of(entry.line.order, [side.taxes[index] for side in entry.line.sides]),
        )
        for index, rate in enumerate(entry.line.tax_rates)
    ],
}


def _field(type_name: str, name: str, work: Callable[[Any], Any]) -> None:
    RESOLVERS.field(type_name, name)(lambda found, _arguments, _context: work(found))


for _name, _work in FIELDS.items():
    _field("DraftOrder", _name, _work)
for _name, _line_work in LINES.items():
    _field("DraftOrderLineItem", _name, _line_work)


@RESOLVERS.field("DraftOrder", "lineItems")
def line_items(draft: Draft, arguments: Arguments, context: Context) -> Any:
    """Answer DraftOrder.lineItems."""
    return connection([DraftLine(line) for line in draft.quote.lines], arguments, context)


def _shipping(given: dict[str, Any] | None) -> list[tuple[str, Decimal]]:
    if not given:
        return []
    price = (given.get("priceWithCurrency") or {}).get("amount", given.get("price"))
    return [(given.get("title") or "Custom", price if price is not None else ZERO)]


def _cart(given: dict[str, Any], context: Context) -> Cart:
    shop = context.shop
    items = []
    for entry in given.get("lineItems") or []:
        number = number_of(entry.get("variantId") or "", "ProductVariant")
        variant = shop.catalog.variant(number)
        if variant is None:
            raise Refused("unknown_variant", "Product with ID does not exist")
        price = entry.get("originalUnitPrice")
        items.append(
            CartItem(variant, entry["quantity"], variant.price if price is None else price)
        )
    if not items:
        raise Refused("no_lines", "Add at least 1 product")
    customer = None
    if given.get("customerId"):
        customer = shop.customers.by_number.get(number_of(given["customerId"], "Customer"))
        if customer is None:
            raise Refused("unknown_customer", "Customer does not exist")
    currency, rate = rate_of(given.get("presentmentCurrencyCode"), context)
    shipping, billing = given.get("shippingAddress"), given.get("billingAddress")
    return Cart(
        items=items,
        customer=customer,
        email=given.get("email") or (customer.email if customer else None) or "",
        shipping_address=address_from(shipping, context) if shipping else None,
        billing_address=address_from(billing, context) if billing else None,
        shipping=_shipping(given.get("shippingLine")),
        discount=discount_of(shop, next(iter(given.get("discountCodes") or []), None)),
        presentment_currency=currency,
        rate=rate,
        note=given.get("note"),
        tags=sorted(given.get("tags") or []),
        attributes=[
            {"name": entry["key"], "value": entry["value"]}
            for entry in given.get("customAttributes") or []
        ],
        phone=given.get("phone"),
        po_number=given.get("poNumber"),
    )


@RESOLVERS.mutation("draftOrderCreate")
def draft_order_create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.draftOrderCreate."""
    try:
        draft = create_draft(_orders(context), _cart(arguments["input"], context))
    except Refused as error:
        return refusal(error, None, payload={"draftOrder": None})
    return {"draftOrder": draft, "userErrors": []}


@RESOLVERS.mutation("draftOrderComplete")
def draft_order_complete(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.draftOrderComplete."""
    draft = draft_order(arguments, context)
    if draft is None:
        return missing("Draft order", ["id"], payload={"draftOrder": None})
    try:
        complete_draft(_orders(context), draft, paid=not arguments.get("paymentPending"))
    except Refused as error:
        return refusal(error, ["id"], payload={"draftOrder": None})
    return {"draftOrder": draft, "userErrors": []}


@RESOLVERS.mutation("draftOrderDelete")
def draft_order_delete(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.draftOrderDelete."""
    identity = arguments["input"]["id"]
    draft = draft_order({"id": identity}, context)
    if draft is None:
        return missing("Draft order", ["id"], payload={"deletedId": None})
    try:
        delete_draft(_orders(context), draft)
    except Refused as error:
        return refusal(error, ["id"], payload={"deletedId": None})
    return {"deletedId": identity, "userErrors": []}
