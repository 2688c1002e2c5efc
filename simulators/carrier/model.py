"""The business with its carriers: quote, buy, refund. No HTTP here.

A shipment gets at most one label, but nothing keeps a caller from making a second shipment for
the same order and buying again: EasyPost has no idempotency keys, neither has this. A purchase
asks the carrier, which takes ``buy_seconds``; while it is under way a second one is refused
with SHIPMENT.PURCHASE.IN_PROGRESS, afterwards with SHIPMENT.POSTAGE.EXISTS. It is committed
before it is answered, whether or not the caller still listens.

Not published, chosen by us: a rate that expired, was replaced or belongs to another shipment is
refused with SHIPMENT.RATES.UNAVAILABLE; what is charged is the carrier's price at the moment of
the purchase, told in ``selected_rate`` under the id of the rate that was chosen; an outage of
the carrier is SHIPMENT.POSTAGE.FAILURE. A refund is refused at once when a driver has scanned
the parcel, and rejected later when one does so before it was decided.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from peakproof.simkit import Kit

from .errors import Refusal, field_error, not_found
from .events import Events
from .ledger import Books
from .payloads import Wire
from .records import Account, Address, Label, Parcel, Rate, Refund, Service, Shipment
from .tariffs import price_of
from .tracking import Tracking

__all__ = ["ACCOUNTS_MAX", "Carriers"]

ACCOUNTS_MAX = 60  # accounts that are asked for rates; EasyPost leaves the rest out
_SUBMITTED, _REFUNDED, _REJECTED = "refund_submitted", "refunded", "refund_rejected"


class Carriers:
    """What the business does with its carriers."""

    def __init__(
        self, kit: Kit, books: Books, tracking: Tracking, events: Events, wire: Wire
    ) -> None:
        self._kit, self.books, self.tracking = kit, books, tracking
        self._events, self._wire = events, wire
        self._settings = books.settings
        self._codes = kit.seed.stream("carrier|tracking codes")

    # addresses and parcels

    def add_address(self, fields: dict[str, Any]) -> Address:
        """Keep an address."""
        now = self.books.now()
        found = Address(self.books.new_id("adr"), now, now, **fields)
        self.books.addresses[found.id] = found
        return found

    def add_parcel(self, fields: dict[str, Any]) -> Parcel:
        """Keep a parcel."""
        found = Parcel(self.books.new_id("prcl"), self.books.now(), **fields)
        self.books.parcels[found.id] = found
        return found

    # rating

    def add_shipment(self, **fields: Any) -> Shipment:
        """Keep a shipment and ask its carriers for rates."""
        now = self.books.now()
        found = Shipment(
            id=self.books.new_id("shp"),
            created_at=now,
            updated_at=now,
            created_seconds=self._kit.clock.now(),
            **fields,
        )
        self.books.shipments[found.id] = found
        if found.reference:
            self.books.by_reference[found.reference] = found
        self.quote(found, "shipments.create")
        self.books.note_shipment(found)
        return found

    def quote(self, shipment: Shipment, operation: str) -> None:
        """Ask the carriers for rates; those that do not answer are named in ``messages``."""
        shipment.rates, shipment.messages = [], []
        for account in shipment.accounts[:ACCOUNTS_MAX]:
            if self._down(account, operation):
                shipment.messages.append(
                    {
                        "carrier": account.carrier,
                        "carrier_account_id": account.id,
                        "type": "rate_error",
                        "message": f"{account.carrier} is not available at the moment.",
                    }
                )
                continue
            for service in account.services:
                shipment.rates.append(self._rate(shipment, account, service))

    def _rate(self, shipment: Shipment, account: Account, service: Service) -> Rate:
        now = self.books.now()
        price = price_of(service, shipment.parcel, account.currency)
        found = Rate(
            self.books.new_id("rate"),
            shipment.id,
            account,
            service.name,
            price,
            service.days,
            now,
            now,
        )
        self.books.rates[found.id] = found
        return found

    def rerate(self, shipment: Shipment) -> None:
        """Replace a shipment's rates by new ones. Raises Refusal once it was bought."""
        self._unbought(shipment)
        self.quote(shipment, "shipments.rerate")
        self.books.note_shipment(shipment)

    def wait_seconds(self, accounts: list[Account], operation: str, base_seconds: float) -> float:
        """Return how long carriers take to answer, the faults ``slow_carrier`` included."""
        slow = 0.0
        for rule in self._kit.faults.at("slow_carrier"):
            wanted = rule.options.get("carrier")
            asked = any(wanted in (None, account.carrier) for account in accounts)
            if asked and rule.takes(operation):
                slow += rule.delay_seconds or 1.0
        return base_seconds + slow

    # buying

    def begin_purchase(self, shipment: Shipment, rate_id: str) -> Rate:
        """Check that a rate can be bought and begin; finish_purchase must follow."""
        self._unbought(shipment)
        if rate_id not in self.books.rates:
            raise not_found()
        rate = next((entry for entry in shipment.rates if entry.id == rate_id), None)
        if rate is None:
            raise _no_rate("The rate does not belong to this shipment or was replaced.")
        lifetime = self._kit.real_seconds(self._settings.rate_lifetime_seconds)
        if lifetime and self.books.now() - rate.created_at > timedelta(seconds=lifetime):
            raise _no_rate("The rate has expired; regenerate the shipment's rates.")
        shipment.buying = True
        self.books.under_way["purchases"] = self.books.under_way.get("purchases", 0) + 1
        return rate

    def finish_purchase(self, shipment: Shipment, rate: Rate) -> Label:
        """Buy: from here on the label exists and costs money. Raises Refusal in an outage."""
        shipment.buying = False
        self.books.under_way["purchases"] -= 1
        account = rate.account
        if self._down(account, "shipments.buy"):
            text = f"{account.carrier} is not available at the moment; no postage was bought."
            raise Refusal(422, "SHIPMENT.POSTAGE.FAILURE", text)
        now = self.books.now()
        service = next(entry for entry in account.services if entry.name == rate.service)
        price = price_of(service, shipment.parcel, account.currency)
        rate = replace(rate, price=price, updated_at=now)
        kind = str(shipment.options.get("label_format", "PNG")).upper()
        label = Label(
            id=self.books.new_id("pl"),
            shipment_id=shipment.id,
            reference=shipment.reference,
            tracking_code=self._tracking_code(account.carrier),
            carrier=account.carrier,
            service=rate.service,
            price=price,
            currency=account.currency,
            bought_at=now,
            bought_seconds=self._kit.clock.now(),
            format=kind,
            formats=[kind],
        )
        shipment.label, shipment.selected_rate = label, rate
        self.books.labels[label.tracking_code] = label
        self.books.note_label(label)
        self.books.charge(label, "postage")
        shipment.tracker = self.tracking.begin(shipment, label, rate.days)
        self.books.note_shipment(shipment)
        return label

    def _unbought(self, shipment: Shipment) -> None:
        if shipment.buying:
            text = "A purchase of this shipment is in progress."
            raise Refusal(422, "SHIPMENT.PURCHASE.IN_PROGRESS", text)
        if shipment.label is not None:
            text = "Postage already exists for this shipment."
            raise Refusal(422, "SHIPMENT.POSTAGE.EXISTS", text)

    def _down(self, account: Account, operation: str) -> bool:
        if account.down:
            return True
        return any(
            rule.options.get("carrier") in (None, account.carrier) and rule.takes(operation)
            for rule in self._kit.faults.at("carrier_down")
        )

    def _tracking_code(self, carrier: str) -> str:
        while True:
            if carrier.upper() == "USPS":
                code = "94" + "".join(str(self._codes.randrange(10)) for _ in range(20))
            elif carrier.upper() == "UPS":
                code = "1Z" + "".join(self._codes.choices("0123456789ABCDEFGHXYZ", k=16))
            else:
                prefix = "".join(letter for letter in carrier.upper() if letter.isalnum())[:4]
                code = prefix + "".join(str(self._codes.randrange(10)) for _ in range(14))
            if code not in self.books.trackers_by_code:
                return code

    # refunds

    def refundable(self, shipment: Shipment) -> Label:
        """Return the label whose postage may be asked back. Raises Refusal if none may."""
        label = shipment.label
        if label is None:
            text = "Unable to request refund. No postage was bought for the shipment."
            raise Refusal(422, "SHIPMENT.POSTAGE.REQUIRED", text)
        if label.dispatched:
            text = "Unable to request refund. The parcel has been shipped."
            raise Refusal(422, "SHIPMENT.REFUND.UNAVAILABLE", text)
        if label.status != "bought":
            text = "Unable to request refund. A refund was requested before."
            raise Refusal(422, "SHIPMENT.REFUND.UNAVAILABLE", text)
        return label

    def request_refund(self, shipment: Shipment) -> Refund:
        """Ask the carrier for the postage back. Raises Refusal when that cannot be."""
        label = self.refundable(shipment)
        now = self.books.now()
        refund = Refund(
            self.books.new_id("rfnd"), shipment.id, label.tracking_code, label.carrier, now, now
        )
        self.books.refunds[refund.id] = refund
        self._set(shipment, label, refund, _SUBMITTED)
        if self._settings.refund_days is None:
            self.books.after("refunds", self._settings.refund_seconds, lambda: self.decide(refund))
        return refund

    def decide(self, refund: Refund) -> None:
        """Have the carrier decide on a refund: money back unless the parcel was shipped."""
        shipment = self.books.shipments[refund.shipment_id]
        label = shipment.label
        if label is None or label.status != _SUBMITTED:
            return
        self._set(shipment, label, refund, _REJECTED if label.dispatched else _REFUNDED)
        if label.status == _REFUNDED:
            self.books.charge(label, "refund")
            self._events.emit("refund.successful", refund.id, self._wire.refund(refund))

    def day_began(self) -> None:
        """Decide the refunds that have waited ``refund_days``."""
        days = self._settings.refund_days
        if days is not None:
            due = self.books.now() - timedelta(days=days)
            for refund in list(self.books.refunds.values()):
                if refund.status == "submitted" and refund.created_at <= due:
                    self.decide(refund)

    def _set(self, shipment: Shipment, label: Label, refund: Refund, status: str) -> None:
        label.status = status
        word = status.removeprefix("refund_")
        shipment.refund_status = refund.status = word
        refund.updated_at = self.books.now()
        self.books.note_label(label)
        self.books.note_shipment(shipment)

    # tariffs

    def account(self, carrier: str) -> Account | None:
        """Return the account with a carrier."""
        return next((entry for entry in self.books.accounts if entry.carrier == carrier), None)

    def change_price(self, account: Account, service_name: str, price: Decimal) -> bool:
        """Change what a service costs from now on; False if there is no such service."""
        for service in account.services:
            if service.name == service_name:
                service.price, service.per_pound = price, Decimal(0)
                return True
        return False


def _no_rate(message: str) -> Refusal:
    return Refusal(422, "SHIPMENT.RATES.UNAVAILABLE", message, [field_error("rate", message)])
