"""Stock: physical counts and adjustments, and the counts that follow from them.

As Square documents it, a count is the latest physical count (by ``occurred_at``) and every
adjustment that occurred after it, whenever they arrive: a sale of an offline till that happened
before a recount and arrives after it does not change the count again. NONE, SOLD and
UNLINKED_RETURN are not counted. Tills may sell what the books do not have: counts go below zero.

Not published, chosen by us: adjustments between states other than those in MOVES are refused.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .errors import invalid, not_found
from .shapes import moment, stamp

if TYPE_CHECKING:
    from .business import Business

__all__ = ["MOVES", "Level", "Stock"]

Record = dict[str, Any]
Key = tuple[str, str, str]  # variation, location, state
UNCOUNTED = ("NONE", "SOLD", "UNLINKED_RETURN")
MOVES = {
    "NONE": ("IN_STOCK", "WASTE"),
    "IN_STOCK": ("SOLD", "WASTE", "RESERVED_FOR_SALE", "NONE"),
    "RESERVED_FOR_SALE": ("IN_STOCK", "SOLD"),
    "SOLD": ("IN_STOCK", "RETURNED_BY_CUSTOMER"),
    "RETURNED_BY_CUSTOMER": ("IN_STOCK", "WASTE"),
    "UNLINKED_RETURN": ("IN_STOCK", "WASTE"),
}
_AGE_MAX = timedelta(hours=24)
_EARLY_DAYS = 30  # the opening count is older than anything a skewed till can report


@dataclass
class Level:
    """One count: the latest physical count and what moved after it, in any order of arrival."""

    quantity: int = 0
    counted_at: datetime | None = None
    calculated_at: str = ""
    moves: list[tuple[datetime, int]] = field(default_factory=list)

    def count(self, quantity: int, at: datetime) -> None:
        """Take in that so many were counted at a time."""
        if self.counted_at is None or at >= self.counted_at:
            self.counted_at = at
            self.moves = [move for move in self.moves if move[0] > at]
            self.quantity = quantity + sum(units for _, units in self.moves)

    def move(self, units: int, at: datetime) -> None:
        """Take in that units came (or, negative, went) at a time.

        Of two in the same millisecond the one that arrives later occurred later.
        """
        if self.counted_at is None or at >= self.counted_at:
            self.moves.append((at, units))
            self.quantity += units


class Stock:
    """Counts by variation, location and state, and every change that led to them."""

    def __init__(self, business: "Business") -> None:
        self._business = business
        self._levels: dict[Key, Level] = {}
        self.changes: list[tuple[int, str, Record]] = []  # (number, occurred_at, change)

    def seed(self) -> None:
        """Put the plan's stock onto the shelves."""
        business = self._business
        before = stamp(business.at() - timedelta(days=_EARLY_DAYS))
        for variant in business.shop.variants():
            if not variant.tracked:
                continue
            for place in business.places.values():
                if place.code in variant.stock:
                    self.count(
                        business.catalog.skus[variant.sku],
                        place.id,
                        variant.stock[place.code],
                        before,
                        product="DASHBOARD",
                        announce=False,
                    )

    def quantity(self, variation: str, location: str, state: str = "IN_STOCK") -> int:
        """Return a count, 0 if nothing was ever counted."""
        level = self._levels.get((variation, location, state))
        return level.quantity if level else 0

    def tracked(self, variation: str) -> bool:
        """Tell whether the stock of a variation is counted."""
        data = self._business.catalog.objects[variation]["item_variation_data"]
        return bool(data.get("track_inventory", True))

    def counts(self) -> list[Record]:
        """Return every count that there is, in the order in which they came about."""
        return [self._count_record(key) for key in self._levels]

    def _count_record(self, key: Key) -> Record:
        level = self._levels[key]
        return {
            "catalog_object_id": key[0],
            "catalog_object_type": "ITEM_VARIATION",
            "state": key[2],
            "location_id": key[1],
            "quantity": str(level.quantity),
            "calculated_at": level.calculated_at,
        }

    # what happens to stock

    def count(
        self,
        variation: str,
        location: str,
        quantity: int,
        occurred_at: str = "",
        *,
        product: str = "SQUARE_POS",
        announce: bool = True,
        **more: Any,
    ) -> Record:
        """Write down a physical count and return the change."""
        record = self._record(variation, quantity, occurred_at, product, more)
        record |= {"state": more.get("state", "IN_STOCK"), "location_id": location}
        key = (variation, location, record["state"])
        level = self._levels.setdefault(key, Level())
        level.count(quantity, moment(record["occurred_at"], "occurred_at"))
        change = {"type": "PHYSICAL_COUNT", "physical_count": record}
        return self._took_place(change, record, [key], announce)

    def move(
        self,
        variation: str,
        location: str,
        quantity: int,
        states: tuple[str, str],
        occurred_at: str = "",
        *,
        product: str = "SQUARE_POS",
        **more: Any,
    ) -> Record:
        """Write down that units went from one state to another and return the change."""
        record = self._record(variation, quantity, occurred_at, product, more)
        record |= {
            "from_state": states[0], "to_state": states[1],
            "from_location_id": location, "to_location_id": location,
        }  # fmt: skip
        at = moment(record["occurred_at"], "occurred_at")
        keys = []
        for state, units in ((states[0], -quantity), (states[1], quantity)):
            if state not in UNCOUNTED:
                keys.append((variation, location, state))
                self._levels.setdefault(keys[-1], Level()).move(units, at)
        change = {"type": "ADJUSTMENT", "adjustment": record}
        return self._took_place(change, record, keys, True)

    def _record(
        self, variation: str, quantity: int, occurred_at: str, product: str, more: Record
    ) -> Record:
        now = self._business.now()
        return {
            "id": self._business.identity(24),
            "catalog_object_id": variation,
            "catalog_object_type": "ITEM_VARIATION",
            "quantity": str(quantity),
            "source": {"product": product},
            "occurred_at": occurred_at or now,
            "created_at": now,
            **{name: value for name, value in more.items() if value and name != "state"},
        }

    def _took_place(
        self, change: Record, record: Record, keys: list[Key], announce: bool
    ) -> Record:
        number = self._business.next_number()
        self.changes.append((number, record["occurred_at"], change))
        for key in keys:
            self._levels[key].calculated_at = record["created_at"]
            if announce:
                self._business.kit.journal.state("level", *self._journalled(key))
        counts = [self._count_record(key) for key in keys]
        if announce and counts:
            data = {
                "type": "inventory_counts",
                "id": self._business.ids.uuid("inventory event"),
                "object": {"inventory_counts": counts},
            }
            about = f"{keys[0][0]}@{keys[0][1]}"
            self._business.emit("inventory.count.updated", data, record["created_at"], about)
        return change

    def _journalled(self, key: Key) -> tuple[str, Record]:
        catalog, place = self._business.catalog, self._business.places[key[1]]
        sku = catalog.sku(key[0])
        return f"{sku}@{place.code}", {
            "sku": sku,
            "location_code": place.code,
            "quantity": self.quantity(key[0], key[1]),
            "reserved": self.quantity(key[0], key[1], "RESERVED_FOR_SALE"),
        }

    def snapshot(self) -> dict[str, Record]:
        """Return what is on the shelves: ``sku@location`` -> quantity and reserved."""
        return dict(self._journalled(key) for key in self._levels)

    # the API's batches

    def apply(self, changes: list[Record], ignore_unchanged: bool) -> list[Record]:
        """Check a batch, then write all of it down; raises Refusal and writes nothing."""
        prepared = [self._checked(change, f"changes[{at}]") for at, change in enumerate(changes)]
        done = []
        for kind, given, quantity in prepared:
            variation = given["catalog_object_id"]
            more = {"reference_id": given.get("reference_id", ""), "product": "EXTERNAL_API"}
            if kind == "PHYSICAL_COUNT":
                place = given["location_id"]
                level = self._levels.get((variation, place, given["state"]))
                if ignore_unchanged and level is not None and level.quantity == quantity:
                    continue
                more["state"] = given["state"]
                done.append(self.count(variation, place, quantity, given["occurred_at"], **more))
            else:
                states = (given["from_state"], given["to_state"])
                place = given.get("location_id") or given["from_location_id"]
                done.append(
                    self.move(variation, place, quantity, states, given["occurred_at"], **more)
                )
        return done

    def _checked(self, change: Record, path: str) -> tuple[str, Record, int]:
        kind = change["type"]
        name = kind.lower()
        path = f"{path}.{name}"
        given = change.get(name)
        if given is None:
            raise invalid(path, f"A change of type {kind} needs `{name}`.")
        self._business.catalog.variation(given["catalog_object_id"], f"{path}.catalog_object_id")
        text = given["quantity"]
        if not text.isdecimal():
            raise invalid(f"{path}.quantity", f"`{text}` is not a whole number of units.")
        given["occurred_at"] = self._occurred(given["occurred_at"], f"{path}.occurred_at")
        places = {given[key] for key in given if key.endswith("location_id")}
        for place in places:
            self._business.place(place, f"{path}.location_id")
        if kind == "ADJUSTMENT":
            if len(places) != 1:
                raise invalid(path, "An adjustment stays at one location.")
            if given["to_state"] not in MOVES.get(given["from_state"], ()):
                detail = f"Cannot go from {given['from_state']} to {given['to_state']}."
                raise invalid(f"{path}.from_state", detail)
        elif given["state"] not in ("IN_STOCK", "RESERVED_FOR_SALE", "WASTE"):
            raise invalid(f"{path}.state", f"{given['state']} cannot be counted.")
        return kind, given, int(text)

    def _occurred(self, text: str, path: str) -> str:
        """Return when a client's change occurred; raises Refusal if too long ago or to come.

        In a story that began days ago clients read the machine's clock, which is ahead of the
        business's: what lies ahead by no more than that occurred just now.
        """
        age = self._business.at() - moment(text, path)
        ahead = timedelta(days=self._business.kit.calendar.days_ago, seconds=60)
        if not -ahead <= age <= _AGE_MAX:
            detail = "occurred_at must not be older than 24 hours or in the future."
            raise invalid(path, detail, "INVALID_TIME")
        return stamp(min(moment(text, path), self._business.at()))

    def change(self, identity: str, kind: str) -> Record:
        """Return the physical count or adjustment of an id; raises Refusal."""
        for _, _, change in self.changes:
            record = change.get(kind)
            if record is not None and record["id"] == identity:
                return dict(record)
        raise not_found(kind.replace("_", " ").capitalize(), identity)
