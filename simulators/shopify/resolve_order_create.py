"""orderCreate: an app brings in an order of its own (another channel, a migration).

Models Mutation.orderCreate of Admin API 2026-10: variants or custom items, prices of its own,
a customer, addresses, shipping, one discount code, transactions or a financial status, and the
three inventory behaviours.

Not modelled: fulfilments, tax lines of its own (the shop's taxes apply), line properties,
companies, receipts by mail.
"""

from decimal import Decimal
from typing import Any

from .context import Context
from .errors import Refused
from .gift_cards import GATEWAY as GIFT_CARD
from .ids import number_of
from .order_change import update
from .order_checkout import Cart, CartItem, buy
from .order_money import quantum_of, rounded
from .order_records import DiscountApplication, Order
from .orders import Orders
from .refusals import refusal
from .registry import Arguments, Resolvers
from .resolve_order_mutations import address_from

__all__ = ["RESOLVERS", "customer_of", "rate_of"]

RESOLVERS = Resolvers()
STOCK = {
    "BYPASS": "bypass",
    "DECREMENT_IGNORING_POLICY": "ignore",
    "DECREMENT_OBEYING_POLICY": "obey",
}


def _shop_amount(bag: dict[str, Any] | None) -> Decimal | None:
    return None if bag is None else bag["shopMoney"]["amount"]


def _items(given: list[dict[str, Any]], context: Context) -> list[CartItem]:
    items = []
    for entry in given:
        price = _shop_amount(entry.get("priceSet"))
        quantity, title, sku = entry["quantity"], entry.get("title"), entry.get("sku")
        if quantity < 1:
            raise Refused("bad_quantity", "Quantity must be greater than 0")
        variant = None
        if entry.get("variantId"):
            number = number_of(entry["variantId"], "ProductVariant")
            variant = context.shop.catalog.variant(number)
            if variant is None:
                raise Refused("unknown_variant", "Variant does not exist")
        elif not title:
            raise Refused("no_title", "Line items title can't be blank")
        if price is None:
            price = variant.price if variant else Decimal(0)
        items.append(CartItem(variant, quantity, price, title or "", sku or ""))
    if not items:
        raise Refused("no_lines", "Line items must have at least one line item")
    return items


def customer_of(given: dict[str, Any] | None, context: Context) -> Any:
    """Return the customer of an OrderCreateCustomerInput; raises Refused."""
    if not given:
        return None
    customers = context.shop.customers
    if "toAssociate" in given:
        wanted = given["toAssociate"]
        found = (
            customers.by_number.get(number_of(wanted["id"], "Customer"))
            if wanted.get("id")
            else customers.by_email(wanted.get("email") or "")
        )
        if found is None:
            raise Refused("unknown_customer", "Customer does not exist")
        return found
    fields = given["toUpsert"]
    if fields.get("id"):
        return customers.by_number.get(number_of(fields["id"], "Customer"))
    names = {"firstName": "first_name", "lastName": "last_name"}
    return customers.find_or_create({names.get(key, key): fields[key] for key in fields})


def _discount(given: dict[str, Any] | None, currency: str) -> DiscountApplication | None:
    if not given:
        return None
    fixed = given.get("itemFixedDiscountCode")
    if fixed:
        amount = _shop_amount(fixed.get("amountSet")) or Decimal(0)
        return DiscountApplication(0, fixed["code"], "fixed", amount, currency)
    part = given.get("itemPercentageDiscountCode")
    if part:
        value = Decimal(str(part.get("percentage") or 0))
        return DiscountApplication(0, part["code"], "percentage", value, currency)
    return None


def rate_of(currency: str | None, context: Context) -> tuple[str, Decimal]:
    """Return a presentment currency with its rate; raises Refused."""
    shop = context.shop
    if currency in (None, shop.currency):
        return shop.currency, Decimal(1)
    rates = shop.plan.exchange_rates
    if currency not in rates:
        raise Refused("unknown_currency", f"Currency {currency} is not enabled")
    return currency, Decimal(rates[currency])


def _cart(given: dict[str, Any], stock: str, context: Context) -> Cart:
    shop = context.shop
    if given.get("currency") not in (None, shop.currency):
        raise Refused("bad_currency", f"Currency must be {shop.currency}")
    currency, rate = rate_of(given.get("presentmentCurrency"), context)
    customer = customer_of(given.get("customer"), context)
    shipping = given.get("shippingAddress")
    billing = given.get("billingAddress")
    return Cart(
        items=_items(given.get("lineItems") or [], context),
        customer=customer,
        email=given.get("email") or (customer.email if customer else None) or "",
        shipping_address=address_from(shipping, context) if shipping else None,
        billing_address=address_from(billing, context) if billing else None,
        shipping=[
            (entry["title"], entry["priceSet"]["shopMoney"]["amount"])
            for entry in given.get("shippingLines") or []
        ],
        discount=_discount(given.get("discountCode"), shop.currency),
        presentment_currency=currency,
        rate=rate,
        note=given.get("note"),
        tags=sorted(given.get("tags") or []),
        attributes=[
            {"name": entry["key"], "value": entry["value"]}
            for entry in given.get("customAttributes") or []
        ],
        payment="pending",
        source_name=given.get("sourceName") or str(context.client.id),
        source_identifier=given.get("sourceIdentifier"),
        test=bool(given.get("test")),
        stock=stock,
        name=given.get("name") or "",
        phone=given.get("phone"),
        po_number=given.get("poNumber"),
        processed_at=given.get("processedAt"),
    )


def _pay(order: Order, given: dict[str, Any], orders: Orders) -> None:
    last = len(order.currencies) - 1
    for entry in given.get("transactions") or []:
        bag = entry["amountSet"]
        amounts = [bag["shopMoney"]["amount"]]
        if last:
            amounts.append((bag.get("presentmentMoney") or bag["shopMoney"])["amount"])
        amounts = [
            rounded(amount, quantum_of(currency))
            for amount, currency in zip(amounts, order.currencies, strict=True)
        ]
        paid = orders.pay(
            order,
            entry.get("kind") or "SALE",
            amounts,
            gateway=entry.get("gateway") or "manual",
            status=entry.get("status") or "SUCCESS",
        )
        orders.announce_payment(paid)


@RESOLVERS.mutation("orderCreate")
def order_create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.orderCreate."""
    given = arguments["order"]
    options = arguments.get("options") or {}
    stock = STOCK[options.get("inventoryBehaviour") or "BYPASS"]
    orders = context.shop.orders
    assert isinstance(orders, Orders)
    try:
        cart = _cart(given, stock, context)
        status = given.get("financialStatus")
        if status in ("PAID", "AUTHORIZED") and not given.get("transactions"):
            cart.payment, cart.gateway = status.lower(), "manual"
        elif status not in (None, "PENDING", "PAID", "AUTHORIZED"):
            raise Refused("bad_status", f"Financial status {status} cannot be given")
        if any(one.get("gateway") == GIFT_CARD for one in given.get("transactions") or []):
            raise Refused("bad_payment", "Gift card can't be blank")  # giftCardId is not modelled
        order = buy(orders, cart)
    except Refused as error:
        code = "INVENTORY_CLAIM_FAILED" if error.code == "sold_out" else "INVALID"
        return refusal(error, ["order"], payload={"order": None}, code=code)
    for entry in given.get("metafields") or []:
        context.shop.metafields.write(order.id, entry)
    if given.get("transactions"):
        _pay(order, given, orders)
        orders.changed(order, "paid")
    if given.get("closedAt"):
        update(orders, order, {"closed_at": given["closedAt"]})
    return {"order": order, "userErrors": []}
