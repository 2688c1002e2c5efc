"""Parcels on their way: drivers' scans, and the trackers that learn of them later.

A scan happens to the parcel at once; its tracker hears of it after ``tracking_lag_seconds``,
late, twice or out of order if a fault says so. ``tracking_details`` are kept in order of the
times that the carrier tells, and a tracker's status is that of the newest. With the option
``undated`` of the fault ``scan_late`` a carrier tells the time of its report instead of the
scan's, so that a tracker falls back from delivered to in_transit.

A second tracker for the same code and carrier is the first one again.
"""

from bisect import insort
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from peakproof.simkit import FaultRule, Kit, SimulatorRefused

from .errors import Refusal, missing
from .events import Events
from .ledger import Books
from .payloads import Wire, tracker_record
from .records import Label, Scan, Shipment, Tracker

__all__ = ["JOURNEY", "STATUSES", "Tracking"]

_MESSAGES = {
    "pre_transit": "Shipping label created, carrier awaits the parcel",
    "in_transit": "Departed from the carrier's facility",
    "out_for_delivery": "Out for delivery",
    "available_for_pickup": "Available for pickup",
    "delivered": "Delivered",
    "return_to_sender": "Returned to sender",
    "failure": "Delivery failed",
}
STATUSES = tuple(_MESSAGES)
JOURNEY = ("in_transit", "in_transit", "out_for_delivery", "delivered")
_FINAL = ("delivered", "return_to_sender")
_DETAILS = {
    "delivered": "arrived_at_destination",
    "out_for_delivery": "out_for_delivery",
    "return_to_sender": "return",
    "failure": "cancelled",
}


class Tracking:
    """All trackers, and what drivers do."""

    def __init__(self, kit: Kit, books: Books, events: Events, wire: Wire) -> None:
        self._kit, self._books, self._events, self._wire = kit, books, events, wire
        self._settings = books.settings
        self._held: dict[str, str] = {}  # code of a parcel that was not bought here: last scan

    def begin(self, shipment: Shipment, label: Label, days: int) -> Tracker:
        """Begin to track a label that was just bought."""
        tracker = self._add(label.tracking_code, label.carrier, shipment.id, shipment.parcel.weight)
        tracker.est_delivery_date = label.bought_at + timedelta(days=days)
        self._created(tracker)

        def known() -> None:
            self._report(tracker, self._scan("pre_transit"))

        self._books.after("scans", self._settings.pre_transit_seconds, known)
        if self._settings.travel_seconds_between:
            self.travel(label, self._settings.travel_seconds_between, JOURNEY)
        return tracker

    def track(self, code: str | None, carrier: str | None, carriers: list[str]) -> Tracker:
        """Return the tracker of a code that a caller asks for. Raises Refusal."""
        if not code:
            raise missing("tracking_code")
        known = self._books.trackers_by_code.get(code)
        if known is not None:
            if carrier is not None and carrier.lower() != known.carrier.lower():
                text = f"The tracking code does not belong to {carrier}."
                raise Refusal(422, "TRACKER.CARRIER_CODE_MISMATCH", text)
            return known
        if carrier is None:
            text = "No carrier could be found for the tracking code; pass one."
            raise Refusal(422, "TRACKER.NO_CARRIER_FOR_CODE", text)
        name = next((entry for entry in carriers if entry.lower() == carrier.lower()), None)
        if name is None:
            text = f"The carrier {carrier} is not supported here."
            raise Refusal(422, "TRACKER.UNSUPPORTED_CARRIER", text)
        tracker = self._add(code, name, None, None)
        self._created(tracker)
        return tracker

    def scan(self, code: str, status: str, given: dict[str, Any]) -> Tracker:
        """Have a driver scan a parcel. Raises SimulatorRefused when that cannot be.

        ``given`` may hold ``location`` {city, state, country, zip}, ``message`` and
        ``seconds_ago``: it happened so long ago and is only reported now.
        """
        tracker = self._books.trackers_by_code.get(code)
        if tracker is None:
            raise SimulatorRefused("unknown_parcel", f"nobody knows the tracking code {code!r}")
        if status not in _MESSAGES:
            known = ", ".join(STATUSES)
            raise SimulatorRefused("unknown_status", f"{status!r} is none of {known}")
        label = self._books.labels.get(code)
        if label is not None and label.status == "refunded":
            raise SimulatorRefused(
                "label_void", f"the label {code} was refunded: no driver takes it"
            )
        before = label.physical if label is not None else self._held.get(code, "")
        if before in _FINAL:
            raise SimulatorRefused("parcel_arrived", f"the parcel {code} is {before} already")
        if label is not None:
            label.physical = status
        else:
            self._held[code] = status
        self._tell(tracker, self._scan(status, given))
        return tracker

    def travel(self, label: Label, seconds_between: float, journey: tuple[str, ...]) -> int:
        """Plan a parcel's journey, one scan every so many seconds; return how many scans."""
        label.travelling = True

        def step(number: int) -> None:
            try:
                self.scan(label.tracking_code, journey[number], {})
            except SimulatorRefused:
                return  # refunded or arrived meanwhile: the journey ends here
            if number + 1 < len(journey):
                self._books.after("scans", seconds_between, lambda: step(number + 1))

        self._books.after("scans", seconds_between, lambda: step(0))
        return len(journey)

    def _scan(self, status: str, given: dict[str, Any] | None = None) -> Scan:
        given = given or {}
        place = given.get("location") or {}
        location = {name: place.get(name) for name in ("city", "state", "country", "zip")}
        happened = self._kit.calendar.now() - timedelta(seconds=float(given.get("seconds_ago", 0)))
        return Scan(status, str(given.get("message") or _MESSAGES[status]), happened, location)

    def _tell(self, tracker: Tracker, scan: Scan) -> None:
        """Let the tracker hear of a scan, when and as often as lag and faults say."""
        wait_seconds = self._settings.tracking_lag_seconds
        late = _taken(self._kit.faults.at("scan_late"), tracker.carrier, scan.status)
        if late is not None:
            wait_seconds += late.delay_seconds or 1.0
        twice = _taken(self._kit.faults.at("scan_twice"), tracker.carrier, scan.status)

        def report() -> None:
            if late is not None and late.options.get("undated"):
                scan.at = self._kit.calendar.now()
            self._report(tracker, scan)
            if twice is not None:
                self._report(tracker, Scan(scan.status, scan.message, scan.at, scan.location))

        if wait_seconds > 0:
            self._books.after("scans", wait_seconds, report)
        else:
            report()

    def _report(self, tracker: Tracker, scan: Scan) -> None:
        before = tracker.status
        insort(tracker.scans, scan, key=lambda entry: entry.at)
        newest = tracker.scans[-1]
        tracker.status = newest.status
        tracker.status_detail = _DETAILS.get(newest.status, "status_update")
        tracker.updated_at = self._kit.calendar.now()
        self._books.note_tracker(tracker)
        self._events.emit(
            "tracker.updated", tracker.id, self._wire.tracker(tracker), {"status": before}
        )

    def _add(
        self, code: str, carrier: str, shipment_id: str | None, weight: Decimal | None
    ) -> Tracker:
        now: datetime = self._kit.calendar.now()
        identity = self._books.new_id("trk")
        tracker = Tracker(identity, code, carrier, shipment_id, weight, now, now)
        self._books.trackers[tracker.id] = tracker
        self._books.trackers_by_code[code] = tracker
        return tracker

    def _created(self, tracker: Tracker) -> None:
        self._kit.journal.state("tracker", tracker.id, tracker_record(tracker))
        self._events.emit("tracker.created", tracker.id, self._wire.tracker(tracker))


def _taken(rules: list[FaultRule], carrier: str, status: str) -> FaultRule | None:
    """Return the first rule that takes a scan; its ``match`` is a glob of scan statuses."""
    for rule in rules:
        if rule.options.get("carrier") in (None, carrier) and rule.takes(status):
            return rule
    return None
