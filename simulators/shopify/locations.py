"""Places that hold stock.

Not modelled: fulfilment services, local pickup, deletion of locations.
"""

from typing import TYPE_CHECKING, Any

from peakproof.simkit import Location as PlanLocation

from .countries import country_name
from .ids import gid

if TYPE_CHECKING:
    from .shop import Shop

__all__ = ["Location", "Locations"]


class Location:
    """A place. ``code`` is the plan's name for it; resolves ``Location``."""

    graphql_type = "Location"

    def __init__(self, shop: "Shop", code: str, name: str) -> None:
        self.shop = shop
        self.number = self.legacy_resource_id = shop.ids.next("Location")
        self.id = gid("Location", self.number)
        self.code, self.name = code, name
        self.address: dict[str, Any] = {}
        self.country = "US"
        self.fulfills_online = True
        self.active = True
        self.created_at = self.updated_at = shop.now()
        self.deactivated_at: str | None = None

    is_fulfillment_service = False
    address_verified = False
    deletable = False

    @property
    def is_active(self) -> bool:
        """Whether stock can be sold from here."""
        return self.active

    @property
    def fulfills_online_orders(self) -> bool:
        """Whether orders of the online shop are sent from here."""
        return self.fulfills_online

    @property
    def ships_inventory(self) -> bool:
        """Whether it is a place that ships."""
        return self.active and self.fulfills_online

    @property
    def is_primary(self) -> bool:
        """Whether it is the first active place."""
        return self.shop.locations.primary() is self

    @property
    def activatable(self) -> bool:
        """Whether it can be activated."""
        return not self.active

    @property
    def deactivatable(self) -> bool:
        """Whether it can be deactivated: it is active and not the last one."""
        return self.active and sum(entry.active for entry in self.shop.locations.all) > 1

    @property
    def has_active_inventory(self) -> bool:
        """Whether any stock is kept here."""
        return any(level.on_hand for level in self.shop.inventory.levels_at(self))

    @property
    def has_unfulfilled_orders(self) -> bool:
        """Whether sold goods wait here."""
        return any(level.committed for level in self.shop.inventory.levels_at(self))

    def set_address(self, given: dict[str, Any]) -> None:
        """Take the fields of an address input, in GraphQL names."""
        self.address |= given
        code = self.address.get("countryCode") or self.country
        self.country = code
        self.address |= {"countryCode": code, "country": country_name(code)}
        parts = [self.address.get(key) for key in ("address1", "city", "provinceCode", "zip")]
        self.address["formatted"] = [str(part) for part in parts if part]


class Locations:
    """Every place of the shop."""

    def __init__(self, shop: "Shop") -> None:
        self._shop = shop
        self.all: list[Location] = []
        self.by_number: dict[int, Location] = {}
        self.by_code: dict[str, Location] = {}

    def add(self, code: str, name: str, address: dict[str, Any]) -> Location:
        """Add a place."""
        found = Location(self._shop, code, name)
        found.set_address(address)
        self.all.append(found)
        self.by_number[found.number] = found
        self.by_code[code] = found
        return found

    def seed(self, given: PlanLocation) -> Location:
        """Add a place of the plan."""
        found = self.add(given.code, given.name, {"countryCode": given.country})
        found.active, found.fulfills_online = given.active, given.fulfills_online
        return found

    def primary(self) -> Location | None:
        """Return the first active place."""
        return next((entry for entry in self.all if entry.active), None)

    def online(self) -> list[Location]:
        """Return the places that online orders are sent from, in order of preference."""
        return [entry for entry in self.all if entry.active and entry.fulfills_online]
