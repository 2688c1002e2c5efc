"""What simulators are made of. Everything a simulator may use is named here.

``python -m simulators.NAME CONFIG.json`` runs one; the docstring of ``simulator`` says how a
simulator is built.
"""

from peakproof.errors import SimulatorRefused, UnknownName, UsageError
from peakproof.history import Event
from peakproof.outcomes import Outcome
from peakproof.plan import (
    BankAccount,
    CarrierAccount,
    CarrierService,
    Customer,
    DiscountCode,
    Location,
    Product,
    ShippingRate,
    Shop,
    TaxRule,
    Variant,
)
from peakproof.seed import Clock, Seed
from peakproof.simkit.addresses import is_near
from peakproof.simkit.app import App, Route
from peakproof.simkit.calendar import BusinessCalendar
from peakproof.simkit.client import SimulatorClient
from peakproof.simkit.config import SimulatorConfig
from peakproof.simkit.faults import REQUEST_EFFECTS, WEBHOOK_EFFECTS, FaultPoints, FaultRule
from peakproof.simkit.ids import Gid, Ids, gid, parse_gid
from peakproof.simkit.journal import DeliveryRecord, Journal, RequestRecord
from peakproof.simkit.limits import Bucket, IdempotencyState, IdempotencyStore
from peakproof.simkit.messages import (
    Answer,
    Ending,
    Handled,
    Handler,
    Headers,
    Later,
    Request,
    Response,
)
from peakproof.simkit.money import (
    allocate,
    converted,
    exponent,
    from_minor,
    money_text,
    parse_money,
    percentage,
    rounded,
    smallest_unit,
    tax_on,
    to_minor,
)
from peakproof.simkit.pagination import BadPage, Page, decode_cursor, encode_cursor, page
from peakproof.simkit.scopes import Scopes
from peakproof.simkit.serve import Hosted, serve
from peakproof.simkit.simulator import Action, Create, Kit, Simulator
from peakproof.simkit.webhooks import Delivery, WebhookEngine, altered_payload

__all__ = [
    "REQUEST_EFFECTS",
    "WEBHOOK_EFFECTS",
    "Action",
    "Answer",
    "App",
    "BadPage",
    "BankAccount",
    "Bucket",
    "BusinessCalendar",
    "CarrierAccount",
    "CarrierService",
    "Clock",
    "Create",
    "Customer",
    "Delivery",
    "DeliveryRecord",
    "DiscountCode",
    "Ending",
    "Event",
    "FaultPoints",
    "FaultRule",
    "Gid",
    "Handled",
    "Handler",
    "Headers",
    "Hosted",
    "IdempotencyState",
    "IdempotencyStore",
    "Ids",
    "Journal",
    "Kit",
    "Later",
    "Location",
    "Outcome",
    "Page",
    "Product",
    "Request",
    "RequestRecord",
    "Response",
    "Route",
    "Scopes",
    "Seed",
    "ShippingRate",
    "Shop",
    "Simulator",
    "SimulatorClient",
    "SimulatorConfig",
    "SimulatorRefused",
    "TaxRule",
    "UnknownName",
    "UsageError",
    "Variant",
    "WebhookEngine",
    "allocate",
    "altered_payload",
    "converted",
    "decode_cursor",
    "encode_cursor",
    "exponent",
    "from_minor",
    "gid",
    "is_near",
    "money_text",
    "page",
    "parse_gid",
    "parse_money",
    "percentage",
    "rounded",
    "serve",
    "smallest_unit",
    "tax_on",
    "to_minor",
]
