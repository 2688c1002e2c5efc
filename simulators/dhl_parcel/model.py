"""The carrier: shipments with their labels and scans, prices, the end of the day. No HTTP.

A shipment is ``open`` until the end of the day documents it (``documented``), may be ``held``
before that, and can be deleted (``cancelled``) until it is documented or first scanned.
Nothing here looks for an earlier shipment of the same reference: every order buys a label.

Prices come from the plan's carrier account that names DHL, else from DEFAULT_PRICES; the API
itself never tells a price. Not published, chosen by us: a new business day documents what is
open (the document calls the end of day on request optional); a documented shipment cannot be
deleted, held or released.
"""

from decimal import Decimal
from typing import Any

import msgspec

from peakproof.simkit import Ids, Kit, Shop, SimulatorRefused, money_text, parse_money

from .order import Order

__all__ = ["CARRIER", "SCANS", "Carrier", "Scan", "Settled", "Shipment"]

CARRIER = "DHL Parcel"
DEFAULT_PRICES = {"B2B": "6.40", "B2C": "4.90", "R2C": "4.90"}
SCANS = {
    "in_transit": ("T", "Tránsito en"),
    "out_for_delivery": ("A", "En reparto"),
    "delivered": ("R", "Entregado"),
    "failure": ("AI", "Es posible que la fecha prevista de entrega se posponga un día hábil"),
    "return_to_sender": ("D", "Devuelto al remitente"),  # code and text chosen by us
}
_PARCEL_CODE = "JJD00006"
_PICKED_UP = "Recogido en"
_ROUTE = ("in_transit", "in_transit", "out_for_delivery", "delivered")
_ENDS = ("delivered", "return_to_sender")


class Settled(Exception):
    """The shipment is past the point where it could be changed that way."""


class Scan(msgspec.Struct, kw_only=True, frozen=True):
    """One reading of the parcel's code; ``at`` is the business time, ISO 8601."""

    status: str
    at: str
    code: str
    text: str
    place: str


class Shipment(msgspec.Struct, kw_only=True):
    """A shipment and the label bought with it; ``number`` is the ten-digit tracking number.

    ``year`` is the last digit of the year, as callers must tell it.
    """

    number: str
    year: str
    order: Order
    price: Decimal
    currency: str
    created_seconds: float
    status: str = "open"
    scans: list[Scan] = []

    @property
    def parcel_codes(self) -> list[str]:
        """The codes of its parcels ("LP"), built as in the document's example."""
        number = self.number
        return [
            f"{_PARCEL_CODE}{number[:2]}00{number[2:]}{parcel:03d}"
            for parcel in range(1, self.order.parcels + 1)
        ]

    @property
    def whereabouts(self) -> str:
        """The neutral tracking status."""
        if self.status == "cancelled":
            return "cancelled"
        return self.scans[-1].status if self.scans else "pre_transit"


class Carrier:
    """The shipments of one customer account, by tracking number."""

    def __init__(self, kit: Kit, account: str) -> None:
        self._kit = kit
        self._ids = Ids(kit.seed, start=20_000_000, step_max=7)
        self._prices = {name: Decimal(price) for name, price in DEFAULT_PRICES.items()}
        self._currency = "EUR"
        self.account = account
        self.shipments: dict[str, Shipment] = {}

    def open_account(self, shop: Shop) -> None:
        """Take the prices of the plan's account with DHL, if it has one."""
        for account in shop.carrier_accounts:
            if "dhl" not in account.carrier.lower() or not account.services:
                continue
            self._currency = account.currency
            for product in self._prices:
                service = next(
                    (s for s in account.services if product in s.name.upper()), account.services[0]
                )
                self._prices[product] = parse_money(service.price, account.currency)
            return

    def buy(self, order: Order) -> Shipment:
        """Buy a shipment with its label, whatever was bought for the reference before."""
        found = Shipment(
            number=f"{order.customer[:2]}{self._ids.next('shipment'):08d}",
            # The machine's year, not the business calendar's: callers take it from their clock.
            year=str(self._kit.clock.wall().year)[-1],
            order=order,
            price=self._prices[order.product] * order.parcels,
            currency=self._currency,
            created_seconds=round(self._kit.clock.now(), 3),
        )
        self.shipments[found.number] = found
        self._note(found)
        return found

    def find(self, year: str, number: str) -> Shipment | None:
        """Return a shipment that was not deleted."""
        found = self.shipments.get(number)
        if found is None or found.year != year or found.status == "cancelled":
            return None
        return found

    def traced(self, code: str) -> Shipment | None:
        """Return the shipment of a tracking number or of a parcel's code."""
        found = self.shipments.get(code)
        if found is None and code.startswith(_PARCEL_CODE):
            found = self.shipments.get(code[8:10] + code[12:20])
            if found is not None and code not in found.parcel_codes:
                return None
        return found if found is not None and found.status != "cancelled" else None

    def with_reference(self, reference: str) -> Shipment | None:
        """Return the newest shipment of a customer's reference that was not deleted."""
        known = (s for s in reversed(self.shipments.values()) if s.order.reference == reference)
        return next((s for s in known if s.status != "cancelled"), None)

    def delete(self, shipment: Shipment) -> None:
        """Delete a shipment: the label is not charged. Raises Settled."""
        self._change(shipment, "cancelled")

    def hold(self, shipment: Shipment) -> None:
        """Keep a shipment out of the end of the day; again without harm. Raises Settled."""
        self._change(shipment, "held")

    def release(self, shipment: Shipment) -> None:
        """Undo a hold; again without harm. Raises Settled."""
        self._change(shipment, "open")

    def end_day(self) -> list[Shipment]:
        """Document every open shipment and return them."""
        open_ones = [s for s in self.shipments.values() if s.status == "open"]
        for shipment in open_ones:
            shipment.status = "documented"
            self._note(shipment)
        return open_ones

    def scan(self, number: str, status: str) -> Shipment:
        """Read a parcel's code on its way; the first scan documents the shipment.

        Raises SimulatorRefused when there is no such parcel or it is not on its way.
        """
        if status not in SCANS:
            raise SimulatorRefused("unknown_status", f"{status!r}; known: {', '.join(SCANS)}.")
        shipment = self.shipments.get(number)
        if shipment is None:
            raise SimulatorRefused("unknown_tracking_code", f"No shipment has {number!r}.")
        if shipment.status in ("cancelled", "held") or shipment.whereabouts in _ENDS:
            state = shipment.status if shipment.status != "documented" else shipment.whereabouts
            raise SimulatorRefused("not_on_its_way", f"{number} is {state}.")
        code, text = SCANS[status]
        begins = not shipment.scans
        if begins and status == "in_transit":
            text = _PICKED_UP
        order = shipment.order
        origin = order.sender.city if order.sender else ""
        shipment.scans = [
            *shipment.scans,
            Scan(
                status=status,
                at=self._kit.calendar.now().strftime("%Y-%m-%dT%H:%M:%S"),
                code=code,
                text=text,
                place=(begins and origin) or order.receiver.city,
            ),
        ]
        shipment.status = "documented"
        self._note(shipment)
        return shipment

    def move(self, shipment: Shipment) -> bool:
        """Take a parcel one scan further on the usual route; False when it does not move."""
        if shipment.status in ("cancelled", "held") or shipment.whereabouts in _ENDS:
            return False
        step = min(len(shipment.scans), len(_ROUTE) - 1)
        self.scan(shipment.number, _ROUTE[step])
        return True

    def records(self, entity: str) -> dict[str, dict[str, Any]]:
        """Return the final records of ``shipment``, ``label`` or ``tracker``."""
        found = (_RECORDS[entity](shipment) for shipment in self.shipments.values())
        return {record["id"]: record for record in found}

    def _change(self, shipment: Shipment, status: str) -> None:
        if shipment.status == "documented":
            raise Settled
        if shipment.status != status:
            shipment.status = status
            self._note(shipment)

    def _note(self, shipment: Shipment) -> None:
        for entity, record_of in _RECORDS.items():
            record = record_of(shipment)
            self._kit.journal.state(entity, record["id"], record)


def _shipment_record(shipment: Shipment) -> dict[str, Any]:
    order = shipment.order
    return {
        "id": f"shipment-{shipment.number}",
        "reference": order.reference,
        "carrier": CARRIER,
        "service": order.product,
        "to_name": order.receiver.name,
        "to_zip": order.receiver.postal_code,
        "to_country": order.receiver.country,
        "weight_grams": int(order.weight_kilograms * 1000),
        "parcels": order.parcels,
        "status": shipment.status,
        "created_seconds": shipment.created_seconds,
    }


def _label_record(shipment: Shipment) -> dict[str, Any]:
    return {
        "id": f"label-{shipment.number}",
        "shipment_id": f"shipment-{shipment.number}",
        "reference": shipment.order.reference,
        "tracking_code": shipment.number,
        "carrier": CARRIER,
        "service": shipment.order.product,
        "price": money_text(shipment.price, shipment.currency),
        "currency": shipment.currency,
        "status": "cancelled" if shipment.status == "cancelled" else "bought",
        "bought_seconds": shipment.created_seconds,
    }


def _tracker_record(shipment: Shipment) -> dict[str, Any]:
    return {
        "id": f"tracker-{shipment.number}",
        "tracking_code": shipment.number,
        "status": shipment.whereabouts,
        "scans": [{"status": scan.status, "at": scan.at} for scan in shipment.scans],
    }


_RECORDS = {"shipment": _shipment_record, "label": _label_record, "tracker": _tracker_record}
