"""The books: everything that exists, by id, and the notes of its changes in the history."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from peakproof.simkit import Ids, Kit

from .payloads import charge_record, label_record, shipment_record, tracker_record
from .records import Account, Address, Charge, Label, Parcel, Rate, Refund, Shipment, Tracker
from .settings import Settings

__all__ = ["Books"]


class Books:
    """The records of one business; every change of a record is noted here."""

    def __init__(self, kit: Kit, settings: Settings) -> None:
        self._kit, self.settings = kit, settings
        self._ids = Ids(kit.seed)
        self.accounts: list[Account] = []
        self.addresses: dict[str, Address] = {}
        self.parcels: dict[str, Parcel] = {}
        self.shipments: dict[str, Shipment] = {}
        self.by_reference: dict[str, Shipment] = {}
        self.rates: dict[str, Rate] = {}
        self.labels: dict[str, Label] = {}  # by tracking code
        self.trackers: dict[str, Tracker] = {}
        self.trackers_by_code: dict[str, Tracker] = {}
        self.refunds: dict[str, Refund] = {}
        self.charges: list[Charge] = []
        self.under_way: dict[str, int] = {}

    def new_id(self, prefix: str) -> str:
        """Return a new id such as ``shp_`` and 32 hexadecimal digits."""
        return f"{prefix}_{self._ids.uuid(prefix).replace('-', '')}"

    def now(self) -> datetime:
        """Return the business date and time."""
        return self._kit.calendar.now()

    def after(self, kind: str, seconds: float, call: Callable[[], None]) -> None:
        """Run ``call`` after real seconds; until then it counts as under way."""
        self.under_way[kind] = self.under_way.get(kind, 0) + 1

        def due() -> None:
            self.under_way[kind] -= 1
            call()

        self._kit.later(seconds, due)

    def note_shipment(self, found: Shipment) -> None:
        """Write down a shipment that changed."""
        found.updated_at = self.now()
        self._kit.journal.state("shipment", found.id, shipment_record(found))

    def note_label(self, found: Label) -> None:
        """Write down a label that changed."""
        self._kit.journal.state("label", found.id, label_record(found))

    def note_tracker(self, found: Tracker) -> None:
        """Write down a tracker that changed, and with it its shipment's status."""
        self._kit.journal.state("tracker", found.id, tracker_record(found))
        shipment = self.shipments.get(found.shipment_id or "")
        if shipment is not None:
            self.note_shipment(shipment)

    def charge(self, label: Label, kind: str) -> None:
        """Book the price of a label: ``postage`` spent, or its ``refund``."""
        found = Charge(
            self.new_id("chrg"),
            label.id,
            label.shipment_id,
            kind,
            label.price,
            label.currency,
            self.now(),
        )
        self.charges.append(found)
        self._kit.journal.state("carrier_charge", found.id, charge_record(found))

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every record, entity -> id -> record."""
        return {
            "shipment": {key: shipment_record(found) for key, found in self.shipments.items()},
            "label": {found.id: label_record(found) for found in self.labels.values()},
            "tracker": {key: tracker_record(found) for key, found in self.trackers.items()},
            "carrier_charge": {found.id: charge_record(found) for found in self.charges},
        }
