"""Shipping: a finished delivery that goes by parcel gets one label, which is paid for once.

What is about to be done is written down first. A shipment costs nothing, a purchase does, and
a shipment takes one label only: so its id is kept before anything is bought, and after a lost
answer the shipment is looked up, by its id or by its reference (the delivery's name). A label
that turned out superfluous is given back.
"""

from decimal import Decimal
from typing import Any

from .addresses import Addresses
from .audit import Audit
from .books import Books
from .easypost import EasyPost
from .errors import Refused, Unavailable, Unsure
from .fulfilment import numbers_of
from .odoo import Odoo
from .queue import Queue
from .store import Store

__all__ = ["ROUNDS_MAX", "Shipping"]

ROUNDS_MAX = 8  # rounds over all carriers without a label; then somebody has to look
WAIT_SECONDS_MAX = 5.0
PICKING = ["name", "state", "carrier_id", "carrier_tracking_ref", "partner_id", "company_id",
           "picking_type_id"]  # fmt: skip


class Shipping:
    """Buys the label of one delivery at a time."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        queue: Queue,
        odoo: Odoo,
        books: Books,
        carriers: EasyPost,
        tells_channel: bool,
    ) -> None:
        """``tells_channel``: a delivery with its label is one for the fulfilment queue."""
        self.store = store
        self.audit = audit
        self.queue = queue
        self.odoo = odoo
        self.books = books
        self.carriers = carriers
        self.addresses = Addresses(odoo)
        self.tells_channel = tells_channel

    async def bring_up_to_date(self, resource: str) -> None:
        """See to it that a delivery bears the number of exactly one label."""
        picking_id = int(resource.rsplit(":", 1)[-1])
        found = await self.odoo.read("stock.picking", "read", ids=[picking_id], fields=PICKING)
        if not found or found[0]["state"] != "done":
            return
        picking: dict[str, Any] = found[0]
        row = await self._row(picking_id)
        shipment = await self._shipment(row, picking["name"])
        bought = _code(shipment)
        borne = numbers_of(picking["carrier_tracking_ref"])
        by_parcel = picking["carrier_id"] and picking["carrier_id"][0] == await self.books.parcel()
        if (borne and borne != [bought]) or not by_parcel:
            if shipment is not None and bought:
                await self._give_back(picking["name"], shipment)
            await self._end(picking, ",".join(borne), None)
            return
        if shipment is None:
            shipment = await self._create(picking)
        if not bought:
            shipment = await self._buy(picking, shipment, row["rounds"])
            bought = _code(shipment)
        if not borne:
            await self.odoo.load(
                "stock.picking", [".id", "carrier_tracking_ref"], [[str(picking_id), bought]]
            )
        await self._end(picking, bought, shipment)

    async def _row(self, picking_id: int) -> dict[str, Any]:
        row = await self.store.row(
            "insert into labels (picking_id) values (%(id)s) on conflict (picking_id) "
            "do update set picking_id = excluded.picking_id returning *, "
            "to_char(intended_at at time zone 'UTC' - interval '1 hour', "
            '\'YYYY-MM-DD"T"HH24:MI:SS"Z"\') as since',
            id=picking_id,
        )
        assert row is not None
        return row

    async def _shipment(self, row: dict[str, Any], reference: str) -> dict[str, Any] | None:
        """Return the delivery's shipment as the carriers have it; None when there is none.

        Of several that a lost answer left behind one is kept, and their labels given back.
        """
        if row["shipment_id"]:
            return await self.carriers.shipment(row["shipment_id"])
        if row["intended_at"] is None:
            return None
        found = [entry async for entry in self.carriers.shipments(row["since"], reference)]
        found.sort(key=lambda entry: not _code(entry))  # one with a label before others
        for entry in found[1:]:
            if _code(entry):
                await self._give_back(reference, entry)
        if not found:
            return None
        await self._keep(row["picking_id"], found[0]["id"])
        return found[0]

    async def _create(self, picking: dict[str, Any]) -> dict[str, Any]:
        """Create the shipment, written down before and after."""
        shipment = await self.addresses.shipment(picking)
        await self.store.rows(
            "update labels set intended_at = clock_timestamp() where picking_id = %(id)s",
            id=picking["id"],
        )
        await self.audit.record("intent ship", f"delivery:{picking['id']}", name=picking["name"])
        made = await self.carriers.create(shipment)
        await self._keep(picking["id"], made["id"])
        return made

    async def _keep(self, picking_id: int, shipment_id: str) -> None:
        await self.store.rows(
            "update labels set shipment_id = %(shipment)s where picking_id = %(id)s",
            shipment=shipment_id,
            id=picking_id,
        )

    async def _buy(
        self, picking: dict[str, Any], shipment: dict[str, Any], rounds: int
    ) -> dict[str, Any]:
        """Buy at the cheapest carrier that works; returns the shipment with its label."""
        resource = f"delivery:{picking['id']}"
        for message in shipment["messages"] or []:
            await self.audit.record(
                "carrier gave no rate", resource, carrier=message.get("carrier"),
                said=message.get("message"),
            )  # fmt: skip
        reasons: list[str] = []
        rates = shipment["rates"] or await self.carriers.rerate(shipment["id"])
        for rate in _offers(rates, await self.addresses.currency(picking)):
            await self.audit.record(
                "intent buy label", resource, carrier=rate["carrier"], price=rate["rate"],
                currency=rate["currency"], shipment=shipment["id"],
            )  # fmt: skip
            try:
                return await self.carriers.buy(shipment["id"], rate["id"])
            except Unsure as error:
                await self._count_round(picking, rounds, str(error))
                raise
            except Refused as error:
                if error.code == "SHIPMENT.POSTAGE.EXISTS":
                    return await self.carriers.shipment(shipment["id"])
                if error.code == "SHIPMENT.PURCHASE.IN_PROGRESS":
                    raise Unavailable("carriers: a purchase is under way", 0.5) from error
                reasons.append(f"{rate['carrier']}: {error}")
                await self.audit.record("carrier failed", resource, reason=reasons[-1])
        reason = "; ".join(reasons) or "no carrier gave a rate"
        await self.carriers.rerate(shipment["id"])  # for the next round, or who replays it
        await self._count_round(picking, rounds, reason)
        raise Unavailable(f"carriers: {reason}", 0.5, WAIT_SECONDS_MAX)

    async def _count_round(self, picking: dict[str, Any], rounds: int, reason: str) -> None:
        """Count a round without a label; raises Refused when it is time to release by hand."""
        await self.store.rows(
            "update labels set rounds = least(rounds + 1, %(max)s) where picking_id = %(id)s",
            max=ROUNDS_MAX - 1,
            id=picking["id"],
        )
        if rounds + 1 >= ROUNDS_MAX:
            raise Refused(
                "no_label",
                f"{picking['name']} gets no label, release it by hand (write its tracking "
                f"number in Odoo) or replay this: {reason}",
            )

    async def _give_back(self, reference: str, shipment: dict[str, Any]) -> None:
        """Ask for the price of a superfluous label back."""
        if shipment["refund_status"]:
            return
        code = _code(shipment)
        await self.audit.record("intent refund label", reference, tracking=code)
        try:
            await self.carriers.refund(shipment["id"])
        except Refused as error:
            if error.code == "SHIPMENT.REFUND.UNAVAILABLE":  # it has travelled: nothing to get
                await self.audit.record("label not refunded", reference, reason=str(error))
                return
            raise
        await self.audit.record("label refunded", reference, tracking=code)

    async def _end(
        self, picking: dict[str, Any], tracking: str, shipment: dict[str, Any] | None
    ) -> None:
        """Write down how it ended, and let the channel be told."""
        rate = (shipment or {}).get("selected_rate") or {}
        async with self.store.pool.connection() as connection, connection.transaction():
            await connection.execute(
                "update labels set tracking = %s, carrier = %s, price = %s, currency = %s, "
                "rounds = 0 where picking_id = %s",
                [
                    _code(shipment),
                    rate.get("carrier", ""),
                    Decimal(str(rate.get("rate", "0"))),
                    rate.get("currency", ""),
                    picking["id"],
                ],
            )
            carrier = picking["carrier_id"][0] if picking["carrier_id"] else 0
            await connection.execute(
                "update deliveries set seen = %s where picking_id = %s",
                [f"{carrier}|{tracking}", picking["id"]],
            )
            await self.audit.record(
                "label bought" if shipment else "no label needed",
                f"delivery:{picking['id']}",
                connection,
                name=picking["name"],
                tracking=tracking,
                price=rate.get("rate", ""),
            )
            if self.tells_channel:
                await self.queue.want(
                    connection, "fulfilment", f"delivery:{picking['id']}", picking["name"]
                )


def _code(shipment: dict[str, Any] | None) -> str:
    """Return the tracking code of a shipment's label that was not given back, or ''."""
    if shipment is None or not shipment["postage_label"]:
        return ""
    if shipment["refund_status"] in ("submitted", "refunded"):
        return ""
    return str(shipment["tracking_code"])


def _offers(rates: list[dict[str, Any]], currency: str) -> list[dict[str, Any]]:
    """Return the cheapest rate of each carrier account, the cheapest first.

    Prices are compared in our currency; rates in others count only where there is none in ours.
    """
    ours = [rate for rate in rates if rate["currency"] == currency] or rates
    best: dict[str, dict[str, Any]] = {}
    for rate in sorted(ours, key=lambda one: (Decimal(one["rate"]), one["id"])):
        best.setdefault(rate["carrier_account_id"], rate)
    return list(best.values())
