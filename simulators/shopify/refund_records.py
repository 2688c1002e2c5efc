"""What a refund and a return are made of.

Models Admin API 2026-10. Amounts in ``sides`` and ``amounts`` are per currency, like an order's.

Not modelled: duties, restocking fees, return shipping fees, store credit.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import msgspec

if TYPE_CHECKING:
    from .catalog import Variant
    from .fulfilment_records import FulfillmentLine
    from .locations import Location
    from .order_records import Line, Order, Share, ShippingLine, Transaction

__all__ = [
    "Adjustment",
    "ExchangeLine",
    "Refund",
    "RefundLine",
    "RefundShipping",
    "Return",
    "ReturnLine",
]


class RefundLine(msgspec.Struct, eq=False, gc=False):
    """Units of a line that are taken back. ``restock_type`` RETURN, CANCEL or NO_RESTOCK."""

    graphql_type: ClassVar[str] = "RefundLineItem"

    number: int
    id: str
    line: Line
    quantity: int
    restock_type: str
    location: Location | None
    sides: list[Share]


class RefundShipping(msgspec.Struct, eq=False, gc=False):
    """Shipping money given back."""

    graphql_type: ClassVar[str] = "RefundShippingLine"

    number: int
    id: str
    shipping_line: ShippingLine
    amounts: list[Decimal]
    taxes: list[Decimal]


class Adjustment(msgspec.Struct, eq=False, gc=False):
    """The difference between what the lines come to and what was paid back.

    Negative when more was paid back than the lines are worth.
    """

    graphql_type: ClassVar[str] = "OrderAdjustment"

    number: int
    id: str
    kind: str  # refund_discrepancy or shipping_refund
    reason: str
    amounts: list[Decimal]
    taxes: list[Decimal]


class Refund(msgspec.Struct, eq=False, gc=False):
    """Goods taken back, money given back, or both."""

    graphql_type: ClassVar[str] = "Refund"

    number: int
    id: str
    order: Order
    created_at: datetime
    note: str | None
    lines: list[RefundLine] = []
    shipping: list[RefundShipping] = []
    adjustments: list[Adjustment] = []
    transactions: list[Transaction] = []
    return_: Return | None = None


class ReturnLine(msgspec.Struct, eq=False, gc=False):
    """Units of a parcel that the customer sends back."""

    graphql_type: ClassVar[str] = "ReturnLineItem"

    number: int
    id: str
    return_: Return
    fulfillment_line: FulfillmentLine
    quantity: int
    reason: str
    reason_note: str
    customer_note: str | None = None
    processed: int = 0
    refunded: int = 0

    @property
    def unprocessed(self) -> int:
        """Units that were not processed yet."""
        return self.quantity - self.processed


class ExchangeLine(msgspec.Struct, eq=False, gc=False):
    """Units that go out for those that come back; ``lines`` of the order once processed."""

    graphql_type: ClassVar[str] = "ExchangeLineItem"

    number: int
    id: str
    return_: Return
    variant: Variant
    quantity: int
    processed: int = 0
    lines: list[Line] = []

    @property
    def unprocessed(self) -> int:
        """Units that were not processed yet."""
        return self.quantity - self.processed


class Return(msgspec.Struct, eq=False, gc=False):
    """A return. ``status`` REQUESTED, OPEN, CLOSED, DECLINED or CANCELED."""

    graphql_type: ClassVar[str] = "Return"

    number: int
    id: str
    order: Order
    name: str
    status: str
    created_at: datetime
    lines: list[ReturnLine] = []
    exchange_lines: list[ExchangeLine] = []
    refunds: list[Refund] = []
    approved_at: datetime | None = None
    closed_at: datetime | None = None
    decline_reason: str | None = None
    decline_note: str | None = None

    @property
    def begun(self) -> bool:
        """Whether anything of it was processed."""
        return any(line.processed for line in self.lines) or any(
            line.processed for line in self.exchange_lines
        )

    @property
    def complete(self) -> bool:
        """Whether all of it was processed."""
        return not any(line.unprocessed for line in self.lines) and not any(
            line.unprocessed for line in self.exchange_lines
        )
