"""Histories of parcels and money written by hand, for the examples of invariants.

``Chain`` holds final records of the parts beyond the channel: Odoo's deliveries and bank lines,
a carrier's labels, a gateway's and a bank's money. Where ``Story`` plays a shop, this one only
writes down how things stand at the end::

    chain = Chain()
    chain.booked("T1", "120.00")
    chain.bank_line(1, "120.00", identity="T1")
    chain.history()
"""

from decimal import Decimal
from typing import Any

from peakproof.history import Event, History
from peakproof.plan import Plan, Shop

__all__ = ["DAY", "Chain"]

Record = dict[str, Any]

DAY = "2026-11-20"  # when everything in these examples is booked, unless they say otherwise


class Chain:
    """How things stand at the end of a run, record by record."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], dict[str, Record]] = {}
        self._events: list[Event] = []

    def final(self, source: str, entity: str, key: str, record: Record) -> None:
        """Write down how one record stands."""
        self._records.setdefault((source, entity), {})[key] = record

    def event(self, time: float, source: str, kind: str, name: str, **fields: Any) -> None:
        """Write down something that happened."""
        self._events.append(Event(time=time, source=source, kind=kind, name=name, **fields))

    def history(self) -> History:
        """Return the history: what happened, then the records as read at rest."""
        finals = [
            Event(
                time=100.0,
                source=source,
                kind="final",
                name=entity,
                key=key,
                outcome="settled",
                value=record,
            )
            for (source, entity), records in self._records.items()
            for key, record in records.items()
        ]
        read = Event(time=100.1, source="odoo", kind="final", name="location", key="1",
                     outcome="settled", value={"id": 1, "code": "MAIN"})  # fmt: skip
        return History([*self._events, *finals, read])

    def plan(self) -> Plan:
        """Return a plan without steps."""
        return Plan(scenario="chain", seed=1, options={}, shop=Shop(), stages=[])

    # A channel's order, and the order and deliveries that it became in Odoo

    def order(self, number: int, *lines: tuple[str, int]) -> str:
        """Write down an order of the channel, with the Odoo order of the same number."""
        gid = f"gid://shopify/Order/{number}"
        rows = [
            {
                "id": f"gid://shopify/LineItem/{number}{place}",
                "sku": sku,
                "quantity": units,
                "current_quantity": units,
                "requires_shipping": True,
            }
            for place, (sku, units) in enumerate(lines)
        ]
        record = {"id": gid, "name": f"#{number}", "lines": rows, "fulfillments": []}
        self.final("shopify", "order", gid, record)
        sale_lines = [
            {"id": number * 10 + place, "sku": sku, "quantity": units}
            for place, (sku, units) in enumerate(lines)
        ]
        self.final("odoo", "order", str(number), {"id": number, "state": "sale",
                                                  "lines": sale_lines})  # fmt: skip
        self.final("connector", "correlation", gid, {"odoo_order_ids": [number]})
        return gid

    def picked(
        self, identity: int, number: int, *moved: tuple[int, int], tracking: str = "",
        carrier: int | None = None, state: str = "done",
    ) -> None:  # fmt: skip
        """Write down a delivery: ``moved`` are (place of the order's line, units)."""
        sale = self._records["odoo", "order"][str(number)]
        lines = [
            {
                "sku": sale["lines"][place]["sku"],
                "sale_line_id": sale["lines"][place]["id"],
                "moved": units if state == "done" else 0,
                "return_of": None,
            }
            for place, units in moved
        ]
        self.final("odoo", "picking", str(identity), {
            "id": identity, "name": f"OUT/{identity}", "state": state, "sale_id": number,
            "type": "outgoing", "tracking": tracking, "carrier_id": carrier, "lines": lines,
            "return_of": None, "origin": f"S{number}",
        })  # fmt: skip

    def shown(
        self, gid: str, *shipped: tuple[int, int], tracking: str = "", status: str = "SUCCESS"
    ) -> None:
        """Write down a fulfilment that the channel shows."""
        order = self._records["shopify", "order"][gid]
        order["fulfillments"].append({
            "id": f"gid://shopify/Fulfillment/{len(order['fulfillments']) + 1}",
            "status": status,
            "tracking": [{"number": tracking}] if tracking else [],
            "lines": [
                {"line_id": order["lines"][place]["id"], "sku": order["lines"][place]["sku"],
                 "quantity": units}
                for place, units in shipped
            ],
        })  # fmt: skip

    def label(self, identity: str, reference: str, tracking: str, status: str = "bought") -> None:
        """Write down a label that a carrier sold."""
        self.final("carrier", "label", identity, {
            "id": identity, "reference": reference, "tracking_code": tracking, "status": status,
            "price": "7.50", "currency": "USD", "bought_seconds": 5.0,
        })  # fmt: skip

    # Money

    def booked(
        self, identity: str, amount: str, *, status: str = "booked", currency: str = "USD",
        day: str = DAY, remittance: str = "",
    ) -> None:  # fmt: skip
        """Write down a transaction at the bank."""
        self.final("bank", "transaction", identity, {
            "id": identity, "account": "MAIN", "amount": amount, "currency": currency,
            "status": status, "booking_date": day, "value_date": day, "remittance": remittance,
        })  # fmt: skip

    def bank_line(
        self, number: int, amount: str, *, identity: str = "", journal: str = "BNK1",
        currency: str = "USD", day: str = DAY, text: str = "",
    ) -> None:  # fmt: skip
        """Write down a bank statement line in Odoo."""
        self.final("odoo", "bank_line", str(number), {
            "id": number, "journal": journal, "currency": currency, "amount": amount, "date": day,
            "state": "posted", "payment_ref": text, "unique_import_id": identity,
        })  # fmt: skip

    def balance(
        self, identity: str, amount: str, fee: str = "0.00", *, kind: str = "charge",
        payout: str = "", currency: str = "USD", net: str = "",
    ) -> None:  # fmt: skip
        """Write down a movement of the gateway's balance."""
        self.final("gateway", "balance_transaction", identity, {
            "id": identity, "type": kind, "amount": amount, "fee": fee, "currency": currency,
            "net": net or str(Decimal(amount) - Decimal(fee)), "payout_id": payout or None,
        })  # fmt: skip

    def payout(
        self, identity: str, amount: str, *transactions: str, status: str = "paid",
        currency: str = "USD",
    ) -> None:  # fmt: skip
        """Write down a payout of the gateway."""
        self.final("gateway", "payout", identity, {
            "id": identity, "amount": amount, "currency": currency, "status": status,
            "arrival_date": DAY, "reference": identity, "transaction_ids": list(transactions),
        })  # fmt: skip
