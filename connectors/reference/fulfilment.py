"""Fulfilment: what a finished delivery moved is told to the channel, line by line, once.

A delivery is told step by step: the units of a step are written down with the fulfilments that
the channel shows already, then the fulfilment is made, then its id is kept. After a lost answer
a fulfilment that is new since and holds exactly those units is the one that we made.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from .audit import Audit
from .books import MODULE
from .errors import Refused, Unavailable, Unsure
from .odoo import Odoo
from .parcels import Parcel, Parcels, Units, plan, surplus
from .queue import Queue
from .settings import Place
from .store import Store

__all__ = ["Fulfilment", "numbers_of"]

LOST_SECONDS = 2.0  # a call whose answer was lost may still be running at the channel


class Delivery(msgspec.Struct, kw_only=True):
    """A finished delivery of a channel order: which line's units left, under which numbers."""

    id: int
    name: str
    order: str
    place: str
    numbers: list[str]
    company: str
    units: Units


class Step(msgspec.Struct, kw_only=True):
    """A fulfilment that is about to be made; ``seen`` are those that were there before."""

    units: Units
    seen: list[str]


class Told(msgspec.Struct, kw_only=True):
    """A fulfilment that stands for (a part of) a delivery."""

    id: str
    units: Units
    numbers: list[str]


class Fulfilment:
    """Tells the channel of one delivery at a time per order."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        queue: Queue,
        odoo: Odoo,
        parcels: Parcels,
        places: tuple[Place, ...],
        shop: str,
    ) -> None:
        """``shop`` is the word for the shop in our external ids."""
        self.store = store
        self.audit = audit
        self.queue = queue
        self.odoo = odoo
        self.parcels = parcels
        self.places = {place.odoo_location_id: place.shopify_location_gid for place in places}
        self.prefix = f"{MODULE}.{shop}_order_"
        self.followers: list[Callable[[str, str, list[str]], Awaitable[None]]] = []

    async def bring_up_to_date(self, resource: str) -> None:
        """Tell the channel of a delivery, as far as it has not been told."""
        delivery = await self._delivery(int(resource.rsplit(":", 1)[-1]))
        if delivery is None or not delivery.units:
            return
        async with self.queue.lock(f"fulfilment of {delivery.order}") as held:
            if not held:
                raise Unavailable("another parcel of the order is being told", 0.3, 1.0)
            await self._tell(delivery)

    async def _tell(self, delivery: Delivery) -> None:
        row = await self.store.row(
            "select told, intent from deliveries where picking_id = %(id)s", id=delivery.id
        )
        if row is None:
            raise Refused("unknown_delivery", f"{delivery.name} was never found")
        told = msgspec.convert(row["told"], list[Told])
        step = msgspec.convert(row["intent"], Step | None)
        too_many = ""
        while True:
            rest = _less(delivery.units, told)
            if not rest and step is None:
                break
            shown = await self.parcels.shown(delivery.order)
            made = await self._ours(delivery, rest, step, shown)
            if made is not None:
                await self._keep(delivery, told, made, "found at the channel")
                step = None
                continue
            if not rest:  # its units were counted elsewhere meanwhile
                break
            waiting = await self.parcels.open(delivery.order)
            parts = plan(rest, waiting, delivery.place)
            if not parts:  # refunded before the channel heard of the parcel
                too_many = surplus(rest, waiting)
                break
            units: Units = {}
            for line, count in parts:
                units[line.line] = units.get(line.line, 0) + count
            step = Step(units=units, seen=[parcel.id for parcel in shown])
            await self._intend(delivery, step)
            try:
                identity = await self.parcels.create(parts, delivery.numbers, delivery.company)
            except Unsure as error:
                raise Unsure(str(error), LOST_SECONDS) from error
            made = Told(id=identity, units=units, numbers=delivery.numbers)
            await self._keep(delivery, told, made, "fulfilled")
            step = None
        if told or not too_many:
            await self._correct(delivery, told)
            for follow in self.followers:
                await follow(delivery.order, delivery.name, delivery.numbers)
        if too_many:
            raise Refused("not_open", too_many)

    async def _ours(
        self, delivery: Delivery, rest: Units, step: Step | None, shown: list[Parcel]
    ) -> Told | None:
        """Return a fulfilment at the channel that stands for this delivery and is not kept yet.

        It is one that is new since we wanted to make it and holds what we wanted to make, or
        one with our tracking number that a person made.
        """
        rows = await self.store.rows(
            "select jsonb_array_elements(told) ->> 'id' as id from deliveries "
            "where told <> '[]' and order_gid = %(order)s",
            order=delivery.order,
        )
        kept = {row["id"] for row in rows}
        for parcel in shown:
            if parcel.id in kept or parcel.status != "SUCCESS":
                continue
            same = bool(set(parcel.numbers) & set(delivery.numbers))
            fresh = step is not None and parcel.id not in step.seen
            if not same and (not fresh or (parcel.numbers and delivery.numbers)):
                continue
            units = await self.parcels.units(parcel.id)
            if (fresh and step and units == step.units) or (same and _fits(units, rest)):
                return Told(id=parcel.id, units=units, numbers=list(parcel.numbers))
        return None

    async def _intend(self, delivery: Delivery, step: Step) -> None:
        """Write down what is about to be made."""
        await self.store.rows(
            "update deliveries set intent = %(intent)s::jsonb, order_gid = %(order)s "
            "where picking_id = %(id)s",
            intent=msgspec.json.encode(step).decode(),
            order=delivery.order,
            id=delivery.id,
        )
        await self.audit.record(
            "intent fulfil", delivery.order, delivery=delivery.name, units=step.units
        )

    async def _keep(self, delivery: Delivery, told: list[Told], made: Told, how: str) -> None:
        """Write down a fulfilment that was made."""
        told.append(made)
        await self.store.rows(
            "update deliveries set told = %(told)s::jsonb, intent = null, order_gid = %(order)s "
            "where picking_id = %(id)s",
            told=msgspec.json.encode(told).decode(),
            order=delivery.order,
            id=delivery.id,
        )
        await self.audit.record(
            f"delivery {how}", delivery.order, delivery=delivery.name, fulfilment=made.id,
            units=made.units, numbers=made.numbers,
        )  # fmt: skip

    async def _correct(self, delivery: Delivery, told: list[Told]) -> None:
        """Tell the channel of tracking numbers that were written or changed afterwards."""
        for parcel in told:
            if delivery.numbers and parcel.numbers != delivery.numbers:
                await self.parcels.track(parcel.id, delivery.numbers, delivery.company)
                told.remove(parcel)
                made = Told(id=parcel.id, units=parcel.units, numbers=delivery.numbers)
                await self._keep(delivery, told, made, "tracking corrected")
                return await self._correct(delivery, told)
        return None

    async def _delivery(self, picking_id: int) -> Delivery | None:
        """Read a delivery; None when it is not a finished one of this channel's orders."""
        fields = ["name", "state", "sale_id", "location_id", "carrier_id", "carrier_tracking_ref"]
        found = await self.odoo.read("stock.picking", "read", ids=[picking_id], fields=fields)
        if not found or found[0]["state"] != "done" or not found[0]["sale_id"]:
            return None
        picking: dict[str, Any] = found[0]
        sale = await self._names("sale.order", [picking["sale_id"][0]])
        order = sale.get(picking["sale_id"][0], "")
        if not order.startswith(self.prefix):
            return None
        label = await self.store.row(
            "select carrier, tracking from labels where picking_id = %(id)s", id=picking_id
        )
        numbers = numbers_of(picking["carrier_tracking_ref"])
        company = picking["carrier_id"][1] if picking["carrier_id"] else ""
        if label is not None:  # our own delivery method says nothing of who carries it
            company = label["carrier"] if numbers == [label["tracking"]] else ""
        return Delivery(
            id=picking_id,
            name=picking["name"],
            order=f"gid://shopify/Order/{order.removeprefix(self.prefix)}",
            place=self.places.get(picking["location_id"][0], ""),
            numbers=numbers,
            company=company,
            units=await self._units(picking_id, f"{order}_line_"),
        )

    async def _units(self, picking_id: int, prefix: str) -> Units:
        """Return what left, by the channel's lines; what the channel did not sell is left out."""
        moves = await self.odoo.read(
            "stock.move",
            "search_read",
            domain=[["picking_id", "=", picking_id], ["state", "=", "done"]],
            fields=["sale_line_id", "quantity"],
        )
        names = await self._names(
            "sale.order.line", sorted({m["sale_line_id"][0] for m in moves if m["sale_line_id"]})
        )
        units: Units = {}
        for move in moves:
            name = names.get(move["sale_line_id"][0], "") if move["sale_line_id"] else ""
            if name.startswith(prefix) and move["quantity"]:
                line = f"gid://shopify/LineItem/{name.removeprefix(prefix)}"
                if move["quantity"] != int(move["quantity"]):
                    raise Refused("not_whole", f"{move['quantity']} units of {line} left")
                units[line] = units.get(line, 0) + int(move["quantity"])
        return units

    async def _names(self, model: str, ids: list[int]) -> dict[int, str]:
        """Return the external ids of records, by database id."""
        if not ids:
            return {}
        found = await self.odoo.read(model, "get_external_id", ids=ids)
        return {int(number): name for number, name in found.items()}


def numbers_of(text: Any) -> list[str]:
    """Return the tracking numbers in Odoo's field, which holds several with commas between."""
    return [part.strip() for part in str(text or "").split(",") if part.strip()]


def _less(units: Units, told: list[Told]) -> Units:
    """Return the units that nothing told stands for."""
    rest = dict(units)
    for parcel in told:
        for line, count in parcel.units.items():
            rest[line] = rest.get(line, 0) - count
    return {line: count for line, count in rest.items() if count > 0}


def _fits(units: Units, rest: Units) -> bool:
    """Tell whether a parcel holds nothing but what is still to be told."""
    return bool(units) and all(count <= rest.get(line, 0) for line, count in units.items())
