"""What people do there: drivers scan, lose, return and deliver; carriers void and fail.

A parcel is named by ``tracking_code``, by ``shipment_id`` or by the ``reference`` that the
connector gave its shipment (a story knows the order, not the label). Of several labels with
one reference the newest that was not refunded is meant.
"""

from collections.abc import Mapping
from typing import Any

from peakproof.simkit import Action, SimulatorRefused, UsageError, parse_money

from .errors import Refusal
from .events import Events
from .model import Carriers
from .records import Account, Label, Tracker
from .tracking import JOURNEY, STATUSES

__all__ = ["Acts"]


class Acts:
    """The actions of the control API."""

    def __init__(self, carriers: Carriers, events: Events) -> None:
        self._carriers, self._events = carriers, events
        self._books, self._tracking = carriers.books, carriers.tracking

    def table(self) -> Mapping[str, Action]:
        """Return the actions by name."""
        return {
            "scan": self.scan,
            "deliver": self.deliver,
            "lose_parcel": self.lose_parcel,
            "return_to_sender": self.return_to_sender,
            "travel": self.travel,
            "void_at_carrier": self.void_at_carrier,
            "carrier_down": self.carrier_down,
            "carrier_up": self.carrier_up,
            "change_price": self.change_price,
            "register_webhook": self.register_webhook,
        }

    def scan(self, given: dict[str, Any], _actor: str) -> dict[str, Any]:
        """Scan a parcel: ``status``, optional ``location``, ``message``, ``seconds_ago``."""
        status = str(given.get("status", "in_transit"))
        return _scanned(self._tracking.scan(self._code(given), status, given), status)

    def deliver(self, given: dict[str, Any], _actor: str) -> dict[str, Any]:
        """Deliver a parcel; ``signed_by`` is optional."""
        tracker = self._tracking.scan(self._code(given), "delivered", given)
        tracker.signed_by = given.get("signed_by")
        return _scanned(tracker, "delivered")

    def lose_parcel(self, given: dict[str, Any], _actor: str) -> dict[str, Any]:
        """Lose a parcel: the carrier reports a failure."""
        told = {"message": "The parcel is lost", **given}
        return _scanned(self._tracking.scan(self._code(given), "failure", told), "failure")

    def return_to_sender(self, given: dict[str, Any], _actor: str) -> dict[str, Any]:
        """Bring a parcel back to its sender."""
        status = "return_to_sender"
        return _scanned(self._tracking.scan(self._code(given), status, given), status)

    def travel(self, given: dict[str, Any], _actor: str) -> dict[str, Any]:
        """Plan the usual scans, ``seconds`` apart, of one parcel or of all that wait.

        ``statuses`` replaces the usual journey.
        """
        journey = tuple(given.get("statuses") or JOURNEY)
        if any(status not in STATUSES for status in journey):
            raise UsageError(f"travel: statuses must be some of {STATUSES}, not {journey}.")
        seconds = float(given.get("seconds", 1.0))
        if any(given.get(name) for name in ("tracking_code", "shipment_id", "reference")):
            label = self._books.labels.get(self._code(given))
            if label is None:
                raise SimulatorRefused("unknown_label", "the parcel has no label of ours")
            labels = [label]
        else:
            labels = [
                label
                for label in self._books.labels.values()
                if label.status == "bought" and not label.dispatched and not label.travelling
            ]
        scans = sum(self._tracking.travel(label, seconds, journey) for label in labels)
        return {"tracking_codes": [label.tracking_code for label in labels], "scans": scans}

    def void_at_carrier(self, given: dict[str, Any], _actor: str) -> dict[str, Any]:
        """Void a label at the carrier's own desk: refunded at once, the connector not asked."""
        label = self._label(given)
        shipment = self._books.shipments[label.shipment_id]
        try:
            refund = self._carriers.request_refund(shipment)
        except Refusal as refusal:
            raise SimulatorRefused("not_voidable", refusal.message) from refusal
        self._carriers.decide(refund)
        return {"tracking_code": label.tracking_code, "status": label.status}

    def carrier_down(self, given: dict[str, Any], _actor: str) -> dict[str, Any]:
        """Let a carrier fail until carrier_up: ``carrier``."""
        return self._outage(given, True)

    def carrier_up(self, given: dict[str, Any], _actor: str) -> dict[str, Any]:
        """End a carrier's outage: ``carrier``."""
        return self._outage(given, False)

    def change_price(self, given: dict[str, Any], _actor: str) -> dict[str, Any]:
        """Change a tariff: ``carrier``, ``service``, ``price``; quoted rates do not follow."""
        account = self._account(given)
        try:
            price = parse_money(str(given.get("price")), account.currency)
        except (ValueError, ArithmeticError) as error:
            raise UsageError(f"change_price: {error}") from error
        service = str(given.get("service", ""))
        if not self._carriers.change_price(account, service, price):
            raise SimulatorRefused("unknown_service", f"{account.carrier} has no {service!r}")
        return {"carrier": account.carrier, "service": service, "price": str(price)}

    def register_webhook(self, given: dict[str, Any], _actor: str) -> dict[str, Any]:
        """Enter a webhook in the vendor's settings page: ``url``, optional ``secret``.

        Without ``secret`` it is the one that connectors get as ``webhook_secret``.
        """
        secret = str(given.get("secret") or self._books.settings.webhook_secret)
        return {"id": self._events.register(str(given["url"]), secret, []).id}

    def _outage(self, given: dict[str, Any], down: bool) -> dict[str, Any]:
        account = self._account(given)
        account.down = down
        return {"carrier": account.carrier, "down": down}

    def _account(self, given: dict[str, Any]) -> Account:
        name = str(given.get("carrier", ""))
        account = self._carriers.account(name)
        if account is None:
            known = ", ".join(entry.carrier for entry in self._books.accounts)
            raise SimulatorRefused("unknown_carrier", f"{name!r} is none of {known}")
        return account

    def _code(self, given: dict[str, Any]) -> str:
        code = given.get("tracking_code")
        return str(code) if code else self._label(given).tracking_code

    def _label(self, given: dict[str, Any]) -> Label:
        for name in ("tracking_code", "shipment_id", "reference"):
            wanted = given.get(name)
            if wanted:
                found = [
                    label
                    for label in self._books.labels.values()
                    if getattr(label, name) == str(wanted)
                ]
                live = [label for label in found if label.status != "refunded"] or found
                if not live:
                    raise SimulatorRefused("unknown_label", f"no label has {name} {wanted!r}")
                return live[-1]
        raise UsageError("Name a parcel by tracking_code, shipment_id or reference.")


def _scanned(tracker: Tracker, status: str) -> dict[str, Any]:
    return {
        "tracking_code": tracker.tracking_code,
        "tracker_id": tracker.id,
        "shipment_id": tracker.shipment_id,
        "scanned": status,
        "status": tracker.status,
    }
