"""What the business keeps: accounts, addresses, parcels, shipments, labels, trackers.

Plain data. Money is Decimal, moments are business datetimes (UTC), weights are the ounces that
the API speaks, kept exactly. model.py changes them, payloads.py writes them for the wire.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

__all__ = [
    "GRAMS_PER_OUNCE",
    "Account",
    "Address",
    "Charge",
    "Label",
    "Parcel",
    "Rate",
    "Refund",
    "Scan",
    "Service",
    "Shipment",
    "Tracker",
]

GRAMS_PER_OUNCE = Decimal("28.349523125")


@dataclass
class Service:
    """What a carrier offers. ``per_pound`` is added for every begun pound above the first."""

    name: str
    price: Decimal
    days: int
    per_pound: Decimal = Decimal(0)


@dataclass
class Account:
    """The business's account with a carrier. ``down`` is an outage of the carrier."""

    id: str
    carrier: str
    currency: str
    services: list[Service]
    created_at: datetime
    down: bool = False


@dataclass
class Address:
    """A place and who is there; ``verifications`` is what the checks found."""

    id: str
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    company: str | None = None
    street1: str | None = None
    street2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    phone: str | None = None
    email: str | None = None
    carrier_facility: str | None = None
    residential: bool | None = None
    federal_tax_id: str | None = None
    state_tax_id: str | None = None
    verifications: dict[str, Any] = field(default_factory=dict)


@dataclass
class Parcel:
    """A box: ounces and inches."""

    id: str
    created_at: datetime
    weight: Decimal
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    predefined_package: str | None = None

    @property
    def weight_grams(self) -> int:
        """The weight in whole grams."""
        return int((self.weight * GRAMS_PER_OUNCE).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass
class Rate:
    """A price a carrier quoted for a shipment."""

    id: str
    shipment_id: str
    account: Account
    service: str
    price: Decimal
    days: int
    created_at: datetime
    updated_at: datetime


@dataclass
class Scan:
    """One thing that befell a parcel. ``at`` is when it happened, as its carrier tells."""

    status: str
    message: str
    at: datetime
    location: dict[str, str | None]


@dataclass
class Tracker:
    """What is known of a parcel; ``scans`` in order of ``at``."""

    id: str
    tracking_code: str
    carrier: str
    shipment_id: str | None
    weight: Decimal | None
    created_at: datetime
    updated_at: datetime
    status: str = "unknown"
    status_detail: str = "unknown"
    signed_by: str | None = None
    est_delivery_date: datetime | None = None
    scans: list[Scan] = field(default_factory=list)


@dataclass
class Label:
    """Postage that was bought: ``status`` bought, refund_submitted, refunded, refund_rejected."""

    id: str
    shipment_id: str
    reference: str | None
    tracking_code: str
    carrier: str
    service: str
    price: Decimal
    currency: str
    bought_at: datetime
    bought_seconds: float
    format: str
    status: str = "bought"
    formats: list[str] = field(default_factory=list)
    physical: str = ""  # what last befell the parcel, whoever knows of it
    travelling: bool = False  # its journey was planned

    @property
    def dispatched(self) -> bool:
        """Whether a driver has had the parcel in hand."""
        return self.physical not in ("", "pre_transit")


@dataclass
class Shipment:
    """Something to be sent; it gets at most one label."""

    id: str
    created_at: datetime
    updated_at: datetime
    created_seconds: float
    to_address: Address
    from_address: Address
    return_address: Address
    buyer_address: Address
    parcel: Parcel
    options: dict[str, Any]
    reference: str | None
    is_return: bool
    customs_info: dict[str, Any] | None
    accounts: list[Account]
    rates: list[Rate] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    selected_rate: Rate | None = None
    label: Label | None = None
    tracker: Tracker | None = None
    refund_status: str | None = None
    buying: bool = False  # a purchase is under way at the carrier


@dataclass
class Refund:
    """A wish to get postage back."""

    id: str
    shipment_id: str
    tracking_code: str
    carrier: str
    created_at: datetime
    updated_at: datetime
    status: str = "submitted"


@dataclass
class Charge:
    """Money that went (``postage``) or came back (``refund``) for a label."""

    id: str
    label_id: str
    shipment_id: str
    kind: str
    amount: Decimal
    currency: str
    at: datetime
