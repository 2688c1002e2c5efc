"""What an order is made of: lines, shipping, discounts, transactions, refunds, returns.

Records live as long as the shop does, so they are kept out of the garbage collector's sight.

Models Admin API 2026-10. Every record knows its number (REST id) and gid. Amounts stand in
``sides``: one entry in the shop's currency and, for orders in another currency, a second one
in the presentment currency. Records hold facts; ``order_totals`` adds them up.

Not modelled: duties, tips, additional fees, selling plans, bundles.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from .ids import gid
from .order_money import ZERO

if TYPE_CHECKING:
    from .catalog import Variant
    from .customers import Address, Customer
    from .fulfilment_records import Fulfillment, FulfillmentOrder
    from .gift_cards import GiftCard
    from .inventory import InventoryItem
    from .locations import Location
    from .refund_records import Refund, Return

__all__ = [
    "Allocation",
    "DiscountApplication",
    "Line",
    "LineMoney",
    "Order",
    "Share",
    "ShippingLine",
    "ShippingMoney",
    "TaxRate",
    "Transaction",
]


class TaxRate(msgspec.Struct, frozen=True):
    """A tax: ``rate`` is a decimal fraction."""

    title: str
    rate: Decimal


class DiscountApplication(msgspec.Struct, eq=False, gc=False):
    """A discount that was applied: ``value`` is a percentage (0-100) or an amount."""

    index: int
    code: str
    kind: str  # percentage or fixed
    value: Decimal
    currency: str
    target_type: str = "LINE_ITEM"
    target_selection: str = "ALL"
    allocation_method: str = "ACROSS"
    graphql_type: str = "DiscountCodeApplication"
    title: str = ""

    @property
    def number(self) -> int:
        """Its place among the order's discounts, from 1."""
        return self.index + 1


class Allocation(msgspec.Struct, eq=False, gc=False):
    """The part of a discount that a line bears, per currency, for the units ever ordered."""

    application: DiscountApplication
    amounts: list[Decimal]


class Share(msgspec.Struct, eq=False, gc=False):
    """Money of some units of a line in one currency: what leaves with them."""

    gross: Decimal
    discount: Decimal
    taxes: tuple[Decimal, ...]

    @property
    def subtotal(self) -> Decimal:
        """Price less discount; holds the taxes where prices include them."""
        return self.gross - self.discount

    @property
    def tax(self) -> Decimal:
        """All taxes together."""
        return sum(self.taxes, ZERO)


class LineMoney(msgspec.Struct, eq=False, gc=False):
    """A line in one currency: as ordered, and what is still current."""

    currency: str
    unit: Decimal
    discount: Decimal
    taxes: tuple[Decimal, ...]
    current_discount: Decimal
    current_taxes: tuple[Decimal, ...]


class Line(msgspec.Struct, eq=False, gc=False):
    """An order line. ``unfulfilled`` units still have to be shipped.

    ``current_quantity`` is what is left of ``quantity`` after edits, cancellation and refunds;
    ``shipped_current`` of them have left.
    """

    graphql_type: ClassVar[str] = "LineItem"

    number: int
    id: str
    order: Order
    variant: Variant | None
    sku: str
    title: str
    variant_title: str | None
    vendor: str | None
    grams: int
    requires_shipping: bool
    taxable: bool
    gift_card: bool
    quantity: int
    current_quantity: int
    unfulfilled: int
    tax_rates: tuple[TaxRate, ...]
    sides: tuple[LineMoney, ...]
    allocations: list[Allocation] = []
    added_by_edit: bool = False
    reserved: bool = True  # whether its units take part in the stock
    properties: tuple[tuple[str, str], ...] = ()  # what the buyer said about it: name, value

    @property
    def item(self) -> InventoryItem | None:
        """What is stocked of it; None for custom lines and orders that bypassed the stock."""
        return self.variant.item if self.reserved and self.variant is not None else None

    @property
    def name(self) -> str:
        """Title and variant title as the shop prints them."""
        return f"{self.title} - {self.variant_title}" if self.variant_title else self.title

    @property
    def shipped_current(self) -> int:
        """Units that were shipped and are neither refunded nor removed."""
        return max(0, self.current_quantity - self.unfulfilled)


class ShippingMoney(msgspec.Struct, eq=False, gc=False):
    """A shipping line in one currency; ``refunded`` was given back of ``discounted``."""

    currency: str
    price: Decimal
    discounted: Decimal
    taxes: tuple[Decimal, ...]
    refunded: Decimal
    refunded_taxes: list[Decimal]

    @property
    def current(self) -> Decimal:
        """What the customer still pays for shipping."""
        return self.discounted - self.refunded

    @property
    def current_tax(self) -> Decimal:
        """The taxes in or on the current price."""
        return sum(self.taxes, ZERO) - sum(self.refunded_taxes, ZERO)


class ShippingLine(msgspec.Struct, eq=False, gc=False):
    """A way of shipping that was bought."""

    graphql_type: ClassVar[str] = "ShippingLine"

    number: int
    title: str
    code: str
    source: str
    tax_rates: tuple[TaxRate, ...]
    sides: tuple[ShippingMoney, ...]
    allocations: list[Allocation] = []

    @property
    def id(self) -> str:
        """The global id."""
        return gid("ShippingLine", self.number)


class Transaction(msgspec.Struct, eq=False, gc=False):
    """Money that moved or was promised. ``amounts`` per currency, like the order's sides.

    ``kind`` AUTHORIZATION, CAPTURE, SALE, REFUND or VOID; ``status`` SUCCESS, PENDING, FAILURE.
    """

    graphql_type: ClassVar[str] = "OrderTransaction"

    number: int
    id: str
    order: Order
    kind: str
    status: str
    gateway: str
    amounts: list[Decimal]
    created_at: datetime
    processed_at: datetime
    payment_id: str
    parent: Transaction | None = None
    authorization: str | None = None
    error_code: str | None = None
    message: str | None = None
    gift_card: GiftCard | None = None

    @property
    def receipt(self) -> dict[str, Any]:
        """What the gateway said about it: of a gift card, which one it was."""
        card = self.gift_card
        if card is None:
            return {}
        return {"gift_card_id": card.number, "gift_card_last_characters": card.last_characters}


class Order(msgspec.Struct, eq=False, gc=False):
    """An order with all that belongs to it.

    ``updated_at`` is the vendor's (whole seconds, never backwards); ``changed_at_seconds``
    counts from the run's start and strictly increases with every change of the order.
    """

    graphql_type: ClassVar[str] = "Order"

    number: int
    id: str
    sequence: int
    name: str
    currency: str
    presentment_currency: str
    rate: Decimal  # presentment units per shop unit
    taxes_included: bool
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    created_at_seconds: float
    changed_at_seconds: float
    email: str
    phone: str | None = None
    customer: Customer | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    note: str | None = None
    tags: list[str] = []
    note_attributes: list[dict[str, str]] = []
    source_name: str = "web"
    source_identifier: str | None = None
    retail_location: Location | None = None
    po_number: str | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    cancel_note: str | None = None
    closed_at: datetime | None = None
    edited: bool = False
    test: bool = False
    discount_codes: list[str] = []
    applications: list[DiscountApplication] = []
    lines: list[Line] = []
    shipping_lines: list[ShippingLine] = []
    transactions: list[Transaction] = []
    refunds: list[Refund] = []
    returns: list[Return] = []
    fulfillment_orders: list[FulfillmentOrder] = []
    fulfillments: list[Fulfillment] = []
    disputes: list[Any] = []
    fulfillment_count: int = 0

    @property
    def confirmation_number(self) -> str:
        """The word that the buyer is told."""
        return f"PP{self.number % 36**7:07d}"

    @property
    def token(self) -> str:
        """The word in the address of its status page."""
        return f"{self.number:032x}"

    @property
    def currencies(self) -> tuple[str, ...]:
        """The shop's currency and, where it differs, the presentment currency."""
        if self.presentment_currency == self.currency:
            return (self.currency,)
        return (self.currency, self.presentment_currency)
