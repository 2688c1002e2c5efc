"""What is to be shipped and what was: fulfilment orders, holds, fulfilments, tracking events.

Models Admin API 2026-10. A fulfilment order belongs to one location; its remaining quantities
are the stock that is committed there.

Not modelled: fulfilment services other than the merchant's own, pickup and local delivery,
scheduled (pre-order) fulfilment.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import msgspec

from .ids import gid

if TYPE_CHECKING:
    from .locations import Location
    from .order_records import Line, Order

__all__ = [
    "Fulfillment",
    "FulfillmentEvent",
    "FulfillmentHold",
    "FulfillmentLine",
    "FulfillmentOrder",
    "FulfillmentOrderLine",
    "Tracking",
]


class FulfillmentOrderLine(msgspec.Struct, eq=False, gc=False):
    """Units of an order line that one location has to ship."""

    graphql_type: ClassVar[str] = "FulfillmentOrderLineItem"

    number: int
    fulfillment_order: FulfillmentOrder
    line: Line
    total: int
    remaining: int

    @property
    def id(self) -> str:
        """The global id."""
        return gid("FulfillmentOrderLineItem", self.number)


class FulfillmentHold(msgspec.Struct, eq=False, gc=False):
    """A reason not to ship yet."""

    graphql_type: ClassVar[str] = "FulfillmentHold"

    number: int
    id: str
    reason: str
    reason_notes: str | None
    handle: str | None
    client: str


class FulfillmentOrder(msgspec.Struct, eq=False, gc=False):
    """What one location has to ship for an order.

    ``status`` OPEN, IN_PROGRESS, ON_HOLD, INCOMPLETE, CLOSED or CANCELLED; ``request_status``
    UNSUBMITTED, SUBMITTED, ACCEPTED, REJECTED or CLOSED.
    """

    graphql_type: ClassVar[str] = "FulfillmentOrder"

    number: int
    id: str
    order: Order
    location: Location
    requires_shipping: bool
    created_at: datetime
    updated_at: datetime
    status: str = "OPEN"
    request_status: str = "UNSUBMITTED"
    lines: list[FulfillmentOrderLine] = []
    holds: list[FulfillmentHold] = []
    fulfillments: list[Fulfillment] = []

    @property
    def open(self) -> bool:
        """Whether its remaining quantities are still to be shipped."""
        return self.status in ("OPEN", "IN_PROGRESS", "ON_HOLD")

    @property
    def remaining(self) -> int:
        """Units still to be shipped from here."""
        return sum(line.remaining for line in self.lines)


class Tracking(msgspec.Struct, eq=False, gc=False):
    """Where a parcel is followed."""

    company: str | None = None
    number: str | None = None
    url: str | None = None


class FulfillmentEvent(msgspec.Struct, eq=False, gc=False):
    """A carrier's report about a parcel; ``status`` such as IN_TRANSIT or DELIVERED."""

    graphql_type: ClassVar[str] = "FulfillmentEvent"

    number: int
    id: str
    fulfillment: Fulfillment
    status: str
    happened_at: datetime
    created_at: datetime
    message: str | None = None
    city: str | None = None
    province: str | None = None
    country: str | None = None
    zip: str | None = None
    address1: str | None = None
    estimated_delivery_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None


class FulfillmentLine(msgspec.Struct, eq=False, gc=False):
    """Units of an order line in a parcel; ``returned`` of them are in a return."""

    graphql_type: ClassVar[str] = "FulfillmentLineItem"

    number: int
    id: str
    fulfillment: Fulfillment
    source: FulfillmentOrderLine
    line: Line
    quantity: int
    returned: int = 0


class Fulfillment(msgspec.Struct, eq=False, gc=False):
    """A shipment of goods. ``status`` SUCCESS or CANCELLED."""

    graphql_type: ClassVar[str] = "Fulfillment"

    number: int
    id: str
    order: Order
    name: str
    location: Location
    created_at: datetime
    updated_at: datetime
    status: str = "SUCCESS"
    lines: list[FulfillmentLine] = []
    tracking: list[Tracking] = []
    events: list[FulfillmentEvent] = []
    fulfillment_orders: list[FulfillmentOrder] = []
    notify_customer: bool = False

    def first_event(self, status: str) -> FulfillmentEvent | None:
        """Return the first event of a status, or None."""
        return next((event for event in self.events if event.status == status), None)
