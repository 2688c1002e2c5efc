"""What a scenario draws before anything starts: the shop, the stages, the faults.

A plan is data. ``Scenario.plan(options, seed)`` is pure, so that the same seed gives the same
plan, a stored plan replays, and a failing plan can be shrunk. ``peakproof.run`` plays it.
"""

from collections.abc import Callable
from typing import Any

import msgspec

__all__ = [
    "BankAccount",
    "CarrierAccount",
    "CarrierService",
    "Customer",
    "DiscountCode",
    "GiftCard",
    "Location",
    "Plan",
    "PlannedFault",
    "Product",
    "Scenario",
    "ShippingRate",
    "Shop",
    "Stage",
    "Step",
    "TaxRule",
    "Variant",
    "reference",
]


class Location(msgspec.Struct, kw_only=True):
    """A place that holds stock. ``code`` joins the channel's location with Odoo's."""

    code: str
    name: str
    country: str = "US"
    active: bool = True
    fulfills_online: bool = True


class Variant(msgspec.Struct, kw_only=True):
    """Something that can be bought. ``stock`` is units by location code; ``price`` a decimal."""

    sku: str
    title: str
    price: str
    barcode: str = ""
    weight_grams: int = 0
    stock: dict[str, int] = {}
    taxable: bool = True
    requires_shipping: bool = True
    tracked: bool = True
    inventory_policy: str = "deny"  # or "continue": sell below zero
    in_odoo: bool = True  # False: the channel sells it and nobody told Odoo


class Product(msgspec.Struct, kw_only=True):
    """A product with one or more variants."""

    title: str
    variants: list[Variant]


class TaxRule(msgspec.Struct, kw_only=True):
    """One tax: ``rate`` is a decimal fraction such as ``0.0825``."""

    title: str
    rate: str


class ShippingRate(msgspec.Struct, kw_only=True):
    """A way to ship, with its price in the shop's currency."""

    title: str
    price: str


class DiscountCode(msgspec.Struct, kw_only=True):
    """A code a shopper may enter. ``kind`` is ``percentage`` (0-100) or ``fixed`` (money)."""

    code: str
    kind: str
    value: str


class GiftCard(msgspec.Struct, kw_only=True):
    """A gift card that a shopper may pay with: its code, and the money on it."""

    code: str
    balance: str


class Customer(msgspec.Struct, kw_only=True):
    """A person with one address, used for shipping and billing."""

    email: str
    first_name: str
    last_name: str
    phone: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    province_code: str = ""
    zip: str = ""
    country_code: str = "US"


class BankAccount(msgspec.Struct, kw_only=True):
    """An account of the business at its bank. ``code`` names it in the story."""

    code: str
    iban: str
    currency: str = "USD"
    owner: str = ""
    opening_balance: str = "0.00"


class CarrierService(msgspec.Struct, kw_only=True):
    """What a carrier offers: its price for a parcel and how many days the parcel travels."""

    name: str
    price: str
    days: int = 3


class CarrierAccount(msgspec.Struct, kw_only=True):
    """An account of the business with a carrier, as a parcel service knows it."""

    carrier: str
    services: list[CarrierService]
    currency: str = "USD"


class Shop(msgspec.Struct, kw_only=True):
    """The business before the story begins: seeded alike into the channel and into Odoo."""

    name: str = "Peak Demo"
    currency: str = "USD"
    timezone: str = "America/New_York"
    country: str = "US"
    plan: str = "standard"  # sizes the channel's rate limits: standard, advanced, plus
    taxes_included: bool = False
    tax: TaxRule | None = None
    tax_rounding: str = ""  # in Odoo: round_per_line, round_globally, or as Odoo comes
    locations: list[Location] = []
    products: list[Product] = []
    customers: list[Customer] = []
    shipping_rates: list[ShippingRate] = []
    discount_codes: list[DiscountCode] = []
    gift_cards: list[GiftCard] = []
    exchange_rates: dict[str, str] = {}  # presentment currency -> units per shop unit
    bank_accounts: list[BankAccount] = []
    carrier_accounts: list[CarrierAccount] = []
    invoices: bool = False  # the business invoices its orders in Odoo when they are paid
    days_ago: int = 0  # the story's first business day lies so many days before today
    first_weekday: int | None = None  # and is that day of the week (0 is Monday): then up to 6 more
    month_end_day: int | None = None  # a month ends with that day of the story (1 is the first)
    day_begins: str = ""  # at which time (UTC) each business day begins; empty: as the machine's
    holidays: list[str] = []  # days on which banks rest, as ISO dates, besides weekends

    def variants(self) -> list[Variant]:
        """Return every variant of every product."""
        return [variant for product in self.products for variant in product.variants]


class Step(msgspec.Struct, kw_only=True):
    """One deed of one actor.

    Steps of an actor run one after the other, actors run side by side; ``at_seconds`` counts
    from the beginning of the stage. An argument ``{"$result": "label.field"}`` stands for a
    field of an earlier step's result; if that step did not succeed, this one is left out and
    recorded as ``fail`` with code ``dependency``. A step of a ``flow`` is played only for
    connectors that claim it.
    """

    at_seconds: float
    actor: str  # shopper-3, store-1, merchant ...: becomes the event's source process
    system: str  # whose act it is: the part of a simulator, "odoo" or "calendar"
    action: str
    arguments: dict[str, Any] = {}
    label: str = ""
    flow: str = ""


class PlannedFault(msgspec.Struct, kw_only=True):
    """A fault of the registry, injected and healed at set times of its stage.

    ``heal_at_seconds`` None means: heal when the stage ends. ``must_fire`` False is for faults
    that need an opportunity which the plan cannot promise. ``only_for`` restricts a fault to
    connectors beside Odoo ("external") or inside it ("addons").
    """

    fault: str
    at_seconds: float = 0.0
    heal_at_seconds: float | None = None
    options: dict[str, Any] = {}
    must_fire: bool = True
    only_for: str = ""


class Stage(msgspec.Struct, kw_only=True):
    """A stretch of the story. With ``settle`` the next one begins only when all is quiet."""

    name: str
    steps: list[Step] = []
    faults: list[PlannedFault] = []
    settle: bool = True


class Plan(msgspec.Struct, kw_only=True):
    """Everything that a scenario drew."""

    scenario: str
    seed: int
    options: dict[str, Any]
    shop: Shop
    stages: list[Stage]
    webhook_time_scale: float = 600.0  # channel seconds per real second in its retry calendar


class Scenario(msgspec.Struct, kw_only=True, frozen=True):
    """A story that can be planned: what it is, what it needs, what judges it."""

    name: str
    summary: str
    flows: tuple[str, ...]  # flows that a connector must claim for the story to apply
    simulators: tuple[str, ...]  # the parts to be played: shopify, carrier, bank ...
    options: type[msgspec.Struct]
    invariants: tuple[str, ...]
    plan: Callable[[Any, Any], Plan]  # (options, peakproof.seed.Seed) -> Plan
    flows_any: tuple[str, ...] = ()  # of these at least one must be claimed
    partners: tuple[str, ...] = ()  # parts played by WireMock: tax, fraud, messages ...
    runtimes: tuple[str, ...] = ()  # the only ones whose worlds it can be played in; () is any
    random: bool = False  # drawn anew for each seed, for `peakproof explore`: not for gates


def reference(label: str, field: str) -> dict[str, str]:
    """Return the argument that stands for a field of an earlier step's result."""
    return {"$result": f"{label}.{field}"}
