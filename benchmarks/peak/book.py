"""The book in which a peak is written: what happens when, lines in order of time, final records.

Deeds are put down for a moment with ``at`` and done in order of time; each writes its events with
``event`` and how a record stands with ``final``. Times are seconds since the run began.
"""

import heapq
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import msgspec

from peakproof.history import Event
from peakproof.plan import Location, Plan, Product, ShippingRate, Shop, Stage, TaxRule, Variant

__all__ = ["MAIN", "SHOPS", "TAX_RATE", "Book", "Item", "money", "tax_on"]

MAIN = "MAIN"
SHOPS = ("NORTH", "SOUTH")
LOCATIONS = {MAIN: 5, SHOPS[0]: 8, SHOPS[1]: 9}  # their ids in Odoo
TAX_RATE = 825  # hundredths of a percent
ITEMS = 500
HOT_EVERY = 50  # each so manieth item is scarce
HOT_STOCK = 2

_ENCODE = msgspec.json.Encoder().encode


class Item(msgspec.Struct, kw_only=True):
    """Something that is sold: price in cents, units on hand and reserved by place in Odoo."""

    sku: str
    product: int
    price: int
    hot: bool
    opening: dict[str, int]
    on_hand: dict[str, int]
    available: int  # as the channel shows it
    reserved: int = 0  # at MAIN
    taken: int = 0  # sold by the channel, and not yet known in Odoo


def money(cents: int) -> str:
    """Return cents as a decimal string."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def tax_on(cents: int) -> int:
    """Return the tax on an amount, rounded half up to the cent."""
    return (cents * TAX_RATE + 5000) // 10000


class Book:
    """The time, the items, what is still to be done, and what was written."""

    def __init__(self, seed: int, units: int) -> None:
        self.random = Random(seed)
        self.now = 0.0
        self.written = 0
        self._numbers: dict[str, int] = {}
        self._order = 0
        self._deeds: list[tuple[float, int, Callable[[], None]]] = []
        self._lines: list[tuple[float, int, bytes]] = []
        self._finals: dict[tuple[str, str], dict[str, bytes]] = {}
        self.items = [_item(number, self.random, units) for number in range(1, ITEMS + 1)]
        self.strange = Item(sku="NEW-1", product=ITEMS + 9, price=1000, hot=False, available=1,
                            opening={MAIN: 1}, on_hand={MAIN: 1})  # fmt: skip

    def number(self, what: str, first: int = 1) -> int:
        """Return the next number of a kind of record."""
        self._numbers[what] = self._numbers.get(what, first - 1) + 1
        return self._numbers[what]

    def at(self, time: float, deed: Callable[[], None]) -> None:
        """Have something done at a time."""
        self._order += 1
        heapq.heappush(self._deeds, (time, self._order, deed))

    def event(
        self, after: float, source: str, kind: str, name: str, key: str = "", outcome: str = "",
        value: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Write down an event, ``after`` seconds from now."""
        time = round(self.now + after, 6)
        line = _ENCODE(Event(time=time, source=source, kind=kind, name=name, key=key,
                             outcome=outcome, value=value or {}))  # fmt: skip
        self._order += 1
        heapq.heappush(self._lines, (time, self._order, line))

    def change(
        self, after: float, table: str, key: int, outcome: str, transaction: int,
        row: dict[str, Any],
    ) -> None:  # fmt: skip
        """Write down what Odoo committed."""
        value = {"row": row, "transaction": transaction, "sequence": self.number("sequence")}
        self.event(after, "odoo", "change", table, str(key), outcome, value)

    def final(self, source: str, entity: str, key: str, record: dict[str, Any]) -> None:
        """Say how a record stands; the last word is what is read in the end."""
        self._finals.setdefault((source, entity), {})[key] = _ENCODE(record)

    def forget(self, source: str, entity: str, key: str) -> None:
        """Take a record out of what is read in the end."""
        del self._finals[source, entity][key]

    def play(self) -> Iterator[bytes]:
        """Do what is to be done; yield the lines in order of time."""
        while self._deeds:
            self.now, _, deed = heapq.heappop(self._deeds)
            while self._lines and self._lines[0][0] <= self.now:
                yield self._line()
            deed()
        while self._lines:
            self.now = max(self.now, self._lines[0][0])
            yield self._line()

    def _line(self) -> bytes:
        self.written += 1
        return heapq.heappop(self._lines)[2] + b"\n"

    def reads(self, checkpoint: str) -> Iterator[bytes]:
        """Yield every record as read now."""
        self.now += 1.0
        for (source, entity), records in self._finals.items():
            for key, record in records.items():
                self.now += 1e-6
                self.written += 1
                head = Event(time=round(self.now, 6), source=source, kind="final", name=entity,
                             key=key, outcome=checkpoint)  # fmt: skip
                yield _ENCODE(head)[:-1] + b',"value":' + record + b"}\n"

    def plan(self, seed: int) -> Plan:
        """Return the plan of it: a shop, and one stage without steps."""
        variants = [
            Variant(sku=item.sku, title=item.sku, price=money(item.price), stock=item.opening)
            for item in self.items
        ]
        strange = Variant(sku="NEW-1", title="New", price="10.00", stock={MAIN: 1}, in_odoo=False)
        shop = Shop(
            tax=TaxRule(title="Tax", rate="0.0825"),
            locations=[
                Location(code=code, name=code, fulfills_online=code == MAIN) for code in LOCATIONS
            ],
            products=[Product(title="Goods", variants=[*variants, strange])],
            shipping_rates=[ShippingRate(title="Standard", price="5.90")],
        )
        stage = Stage(name="the peak")
        return Plan(scenario="peak", seed=seed, options={}, shop=shop, stages=[stage])

    # Stock

    def level(self, after: float, item: Item, units: int, **cause: str) -> None:
        """The channel shows so many more (or less) of an item."""
        item.available += units
        value = {
            "available": item.available, "on_hand": item.available, "committed": 0,
            "delta": units, "cause": {"kind": "", "id": "", "request": "", **cause},
        }  # fmt: skip
        self.event(after, "shopify", "state", "inventory_level", f"{item.sku}@{MAIN}", "", value)

    def quant(self, after: float, item: Item, code: str, transaction: int,
              outcome: str = "update") -> None:  # fmt: skip
        """Odoo commits what it holds of an item at a place."""
        place = LOCATIONS[code]
        reserved = item.reserved if code == MAIN else 0
        row = {
            "lot_id": None, "owner_id": None, "quantity": f"{item.on_hand[code]}.00",
            "package_id": None, "product_id": item.product, "location_id": place,
            "reserved_quantity": f"{reserved}.00", "inventory_quantity": None,
        }  # fmt: skip
        self.change(after, "stock_quant", item.product * 10 + place, outcome, transaction, row)


def _item(number: int, random: Random, units: int) -> Item:
    hot = number % HOT_EVERY == 0
    stock = {MAIN: HOT_STOCK if hot else units, **dict.fromkeys(SHOPS, units)}
    return Item(
        sku=f"PP-{number:04d}",
        product=number + 3,
        price=random.randrange(500, 30000),
        hot=hot,
        opening=dict(stock),
        on_hand=stock,
        available=stock[MAIN],
    )
