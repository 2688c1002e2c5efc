"""The seller's business: places, and the parts that hold catalogue, stock, orders and money.

Every part keeps its records as Square writes them (dictionaries with money in minor units) and
tells the business when one changed: that writes the history and notifies subscribers.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peakproof.simkit import Ids, Kit, Location, Shop

from .catalog import Catalog
from .customers import Customers
from .drawers import Drawers
from .errors import Refusal, not_found
from .orders import Orders
from .payments import Payments
from .pricing import money
from .refunds import Refunds
from .shapes import stamp
from .stock import Stock
from .subscriptions import Subscriptions

__all__ = ["Business", "Place"]

Record = dict[str, Any]
_LETTERS = "0123456789ABCDEFGHJKLMNPQRSTVWXYZ"


@dataclass
class Place:
    """A location of the seller; ``code`` is the plan's name for it."""

    code: str
    id: str
    country: str
    record: Record


class Business:
    """One seller. The parts know it and reach each other through it."""

    def __init__(self, kit: Kit, shop: Shop, subscriptions: Subscriptions, merchant: str) -> None:
        self.kit, self.shop, self.merchant_id = kit, shop, merchant
        self.currency, self.country = shop.currency, shop.country
        self.subscriptions = subscriptions
        self.ids = Ids(kit.seed)
        self.sequence = 0
        self._letters = kit.seed.stream("pos|ids")
        self.places: dict[str, Place] = {}
        for location in shop.locations or [Location(code="MAIN", name=shop.name)]:
            self._open(location)
        self.catalog = Catalog(self)
        self.customers = Customers(self)
        self.stock = Stock(self)
        self.orders = Orders(self)
        self.payments = Payments(self)
        self.refunds = Refunds(self)
        self.drawers = Drawers(self)

    def _open(self, location: Location) -> None:
        identity = "L" + self.identity(12)
        self.places[identity] = Place(
            location.code,
            identity,
            location.country,
            {
                "id": identity,
                "name": location.name,
                "timezone": self.shop.timezone,
                "capabilities": ["CREDIT_CARD_PROCESSING", "AUTOMATIC_TRANSFERS"],
                "status": "ACTIVE" if location.active else "INACTIVE",
                "created_at": self.now(),
                "merchant_id": self.merchant_id,
                "country": location.country,
                "language_code": "en-US",
                "currency": self.currency,
                "business_name": self.shop.name,
                "type": "PHYSICAL",
            },
        )

    def identity(self, length: int = 24) -> str:
        """Return a new id, in Square's manner a word of capitals and digits."""
        return "".join(self._letters.choices(_LETTERS, k=length))

    def next_number(self) -> int:
        """Return the next number of the business's own order of events (for stable pages)."""
        self.sequence += 1
        return self.sequence

    def at(self) -> datetime:
        """Return the business date and time."""
        return self.kit.calendar.now()

    def now(self) -> str:
        """Return the business date and time as Square writes it."""
        return stamp(self.at())

    def money(self, amount: int) -> Record:
        """Return an amount of minor units in the seller's currency."""
        return money(amount, self.currency)

    def amount(self, given: Record, field: str) -> int:
        """Return the units of an amount; raises Refusal for another currency."""
        if given["currency"] != self.currency:
            raise Refusal(
                "CURRENCY_MISMATCH",
                f"The currency must be {self.currency}, not {given['currency']}.",
                f"{field}.currency",
            )
        return int(given["amount"])

    @property
    def main_place(self) -> Place:
        """The main location: what Square takes where a request names none."""
        return next(iter(self.places.values()))

    def place(self, identity: str, field: str = "location_id") -> Place:
        """Return a location; raises Refusal."""
        if identity == "main":
            return self.main_place
        found = self.places.get(identity)
        if found is None:
            raise not_found("Location", identity, field)
        return found

    def place_of(self, code: str) -> Place | None:
        """Return the location of a plan's code."""
        return next((place for place in self.places.values() if place.code == code), None)

    def emit(self, kind: str, data: Record, updated_at: str = "", resource: str = "") -> None:
        """Notify the subscribers of an event's type."""
        self.subscriptions.send(kind, data, updated_at, resource)
