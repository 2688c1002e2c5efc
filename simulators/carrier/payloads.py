"""Records as EasyPost writes them: field names, number formats and dates of its answers.

Taken from recorded answers of the real service (the official client's test cassettes): weights
and lengths are floats (15.0, never 15), money is text, fees have five decimals.
"""

import base64
from datetime import datetime
from decimal import Decimal
from typing import Any

from peakproof.simkit import money_text

from .labels import CONTENT_TYPES
from .reading import ADDRESS_FIELDS
from .records import (
    Account,
    Address,
    Charge,
    Label,
    Parcel,
    Rate,
    Refund,
    Scan,
    Shipment,
    Tracker,
)

__all__ = ["Wire", "charge_record", "label_record", "moment", "shipment_record", "tracker_record"]


def moment(at: datetime) -> str:
    """Return a moment as the API writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _float(number: Decimal | None) -> float | None:
    return None if number is None else float(number)


class Wire:
    """Writes records for one mode (``test`` or ``production``)."""

    def __init__(self, mode: str) -> None:
        self.mode = mode

    def address(self, found: Address) -> dict[str, Any]:
        """Return an Address."""
        return {
            "id": found.id,
            "object": "Address",
            "created_at": found.created_at.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            "updated_at": found.updated_at.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            **{name: getattr(found, name) for name in ADDRESS_FIELDS},
            "mode": self.mode,
            "verifications": found.verifications,
        }

    def parcel(self, found: Parcel) -> dict[str, Any]:
        """Return a Parcel."""
        return {
            "id": found.id,
            "object": "Parcel",
            "created_at": moment(found.created_at),
            "updated_at": moment(found.created_at),
            "length": _float(found.length),
            "width": _float(found.width),
            "height": _float(found.height),
            "predefined_package": found.predefined_package,
            "weight": float(found.weight),
            "mode": self.mode,
        }

    def rate(self, found: Rate) -> dict[str, Any]:
        """Return a Rate."""
        price = money_text(found.price, found.account.currency)
        return {
            "id": found.id,
            "object": "Rate",
            "created_at": moment(found.created_at),
            "updated_at": moment(found.updated_at),
            "mode": self.mode,
            "service": found.service,
            "carrier": found.account.carrier,
            "rate": price,
            "currency": found.account.currency,
            "retail_rate": price,
            "retail_currency": found.account.currency,
            "list_rate": price,
            "list_currency": found.account.currency,
            "billing_type": "easypost",
            "delivery_days": found.days,
            "delivery_date": None,
            "delivery_date_guaranteed": False,
            "est_delivery_days": found.days,
            "shipment_id": found.shipment_id,
            "carrier_account_id": found.account.id,
        }

    def account(self, found: Account) -> dict[str, Any]:
        """Return a CarrierAccount, without credentials."""
        name = found.carrier.lower().capitalize()
        return {
            "id": found.id,
            "object": "CarrierAccount",
            "type": f"{name}Account",
            "clone": False,
            "created_at": moment(found.created_at),
            "updated_at": moment(found.created_at),
            "description": f"{found.carrier} Account",
            "reference": None,
            "billing_type": "easypost",
            "readable": found.carrier,
            "logo": None,
            "fields": {"credentials": {}},
            "credentials": {},
            "test_credentials": None,
        }

    def label(self, found: Label, files_url: str) -> dict[str, Any]:
        """Return a PostageLabel; its files lie under ``files_url``."""
        base = f"{files_url}/files/postage_label/{found.id}"
        made = {kind: f"{base}.{kind.lower()}" for kind in found.formats}
        return {
            "object": "PostageLabel",
            "id": found.id,
            "created_at": moment(found.bought_at),
            "updated_at": moment(found.bought_at),
            "date_advance": 0,
            "integrated_form": "none",
            "label_date": moment(found.bought_at),
            "label_resolution": 300,
            "label_size": "4x6",
            "label_type": "default",
            "label_file_type": CONTENT_TYPES[found.format],
            "label_url": f"{base}.{found.format.lower()}",
            "label_pdf_url": made.get("PDF"),
            "label_zpl_url": made.get("ZPL"),
            "label_epl2_url": made.get("EPL2"),
            "label_file": None,
        }

    def tracker(self, found: Tracker) -> dict[str, Any]:
        """Return a Tracker."""
        code = base64.urlsafe_b64encode(f"v1:{found.id}".encode()).decode().rstrip("=")
        arrival = found.est_delivery_date
        return {
            "id": found.id,
            "object": "Tracker",
            "mode": self.mode,
            "tracking_code": found.tracking_code,
            "status": found.status,
            "status_detail": found.status_detail,
            "created_at": moment(found.created_at),
            "updated_at": moment(found.updated_at),
            "signed_by": found.signed_by,
            "weight": _float(found.weight),
            "est_delivery_date": None if arrival is None else moment(arrival),
            "shipment_id": found.shipment_id,
            "carrier": found.carrier,
            "tracking_details": [self._detail(scan, found.carrier) for scan in found.scans],
            "fees": [],
            "carrier_detail": None,
            "public_url": f"https://track.easypost.com/{code}",
        }

    def _detail(self, scan: Scan, carrier: str) -> dict[str, Any]:
        return {
            "object": "TrackingDetail",
            "message": scan.message,
            "description": None,
            "status": scan.status,
            "status_detail": "status_update",
            "datetime": moment(scan.at),
            "source": carrier,
            "carrier_code": None,
            "tracking_location": {"object": "TrackingLocation", **scan.location},
        }

    def refund(self, found: Refund) -> dict[str, Any]:
        """Return a Refund."""
        return {
            "id": found.id,
            "object": "Refund",
            "created_at": moment(found.created_at),
            "updated_at": moment(found.updated_at),
            "tracking_code": found.tracking_code,
            "confirmation_number": None,
            "status": found.status,
            "carrier": found.carrier,
            "shipment_id": found.shipment_id,
        }

    def shipment(self, found: Shipment, files_url: str) -> dict[str, Any]:
        """Return a Shipment, whole."""
        label, tracker, rate = found.label, found.tracker, found.selected_rate
        return {
            "id": found.id,
            "object": "Shipment",
            "created_at": moment(found.created_at),
            "updated_at": moment(found.updated_at),
            "mode": self.mode,
            "is_return": found.is_return,
            "messages": found.messages,
            "options": found.options,
            "reference": found.reference,
            "status": tracker.status if tracker else "unknown",
            "tracking_code": label.tracking_code if label else None,
            "batch_id": None,
            "batch_status": None,
            "batch_message": None,
            "customs_info": found.customs_info,
            "from_address": self.address(found.from_address),
            "to_address": self.address(found.to_address),
            "return_address": self.address(found.return_address),
            "buyer_address": self.address(found.buyer_address),
            "insurance": None,
            "order_id": None,
            "parcel": self.parcel(found.parcel),
            "postage_label": self.label(label, files_url) if label else None,
            "rates": [self.rate(entry) for entry in found.rates],
            "refund_status": found.refund_status,
            "scan_form": None,
            "selected_rate": self.rate(rate) if rate else None,
            "tracker": self.tracker(tracker) if tracker else None,
            "usps_zone": None,
            "forms": [],
            "fees": _fees(label) if label else [],
        }


def _fees(label: Label) -> list[dict[str, Any]]:
    amounts = (("LabelFee", Decimal(0)), ("PostageFee", label.price))
    return [
        {
            "object": "Fee",
            "type": kind,
            "amount": str(amount.quantize(Decimal("0.00001"))),
            "charged": True,
            "refunded": label.status == "refunded",
        }
        for kind, amount in amounts
    ]


def shipment_record(found: Shipment) -> dict[str, Any]:
    """Return a shipment for the history, in no vendor's words."""
    rate = found.selected_rate
    return {
        "id": found.id,
        "reference": found.reference,
        "carrier": rate.account.carrier if rate else None,
        "service": rate.service if rate else None,
        "to_name": found.to_address.name or found.to_address.company,
        "to_zip": found.to_address.zip,
        "to_country": found.to_address.country,
        "weight_grams": found.parcel.weight_grams,
        "status": found.tracker.status if found.tracker else "created",
        "created_seconds": round(found.created_seconds, 6),
    }


def label_record(found: Label) -> dict[str, Any]:
    """Return a label for the history."""
    return {
        "id": found.id,
        "shipment_id": found.shipment_id,
        "reference": found.reference,
        "tracking_code": found.tracking_code,
        "carrier": found.carrier,
        "service": found.service,
        "price": money_text(found.price, found.currency),
        "currency": found.currency,
        "status": found.status,
        "bought_seconds": round(found.bought_seconds, 6),
    }


def tracker_record(found: Tracker) -> dict[str, Any]:
    """Return a tracker for the history."""
    return {
        "id": found.id,
        "tracking_code": found.tracking_code,
        "shipment_id": found.shipment_id,
        "status": found.status,
        "scans": [{"status": scan.status, "at": moment(scan.at)} for scan in found.scans],
    }


def charge_record(found: Charge) -> dict[str, Any]:
    """Return a movement of money for the history."""
    return {
        "id": found.id,
        "label_id": found.label_id,
        "shipment_id": found.shipment_id,
        "kind": found.kind,
        "amount": money_text(found.amount, found.currency),
        "currency": found.currency,
        "at": moment(found.at),
    }
