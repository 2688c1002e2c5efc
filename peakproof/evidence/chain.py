"""Histories of parcels and money written by hand, for the examples of invariants.

``Chain`` holds final records of the parts beyond the channel: Odoo's deliveries and bank lines,
a carrier's labels, a gateway's and a bank's money. Where ``Story`` plays a shop, this one only
writes down how things stand at the end::

    chain = Chain()
    chain.booked("T1", "120.00")
    chain.bank_line(1, "120.00", identity="T1")
    chain.history()
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from peakproof.history import Event, History
from peakproof.plan import Location, Plan, Product, Shop, Variant

__all__ = ["DAY", "Chain"]

Record = dict[str, Any]

DAY = "2026-11-20"  # when everything in these examples is booked, unless they say otherwise


class Chain:
    """How things stand at the end of a run, record by record."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], dict[str, Record]] = {}
        self._events: list[Event] = []
        self._opening: dict[str, dict[str, int]] = {}
        self.timezone = "America/New_York"  # where the business is

    def final(self, source: str, entity: str, key: str, record: Record) -> None:
        """Write down how one record stands."""
        self._records.setdefault((source, entity), {})[key] = record

    def amend(self, source: str, entity: str, key: str, **values: Any) -> None:
        """Change fields of a record that was written down before."""
        self._records[source, entity][key] |= values

    def change_final(self, source: str, entity: str, key: str, **fields: Any) -> None:
        """Change fields of a record that was written down before."""
        self._records[source, entity][key].update(fields)

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
        """Return a plan without steps; its shop has what ``stocked`` put there."""
        variants = [
            Variant(sku=sku, title=sku, price="10.00", stock=stock)
            for sku, stock in self._opening.items()
        ]
        codes = sorted({code for stock in self._opening.values() for code in stock})
        shop = Shop(
            locations=[Location(code=code, name=code) for code in codes],
            products=[Product(title="Goods", variants=variants)] if variants else [],
            timezone=self.timezone,
        )
        return Plan(scenario="chain", seed=1, options={}, shop=shop, stages=[])

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
        sale = {"id": number, "name": f"S{number}", "state": "sale", "lines": sale_lines}
        self.final("odoo", "order", str(number), sale)
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
                "id": identity * 100 + place,
                "sku": sale["lines"][place]["sku"],
                "sale_line_id": sale["lines"][place]["id"],
                "demand": units,
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

    # Money given back, and goods that come back for it

    def refunded(
        self, gid: str, amount: str, *units: tuple[int, int, str], paid: str = "100.00",
        tax: str = "0.00",
    ) -> None:  # fmt: skip
        """Write down a refund: ``units`` are (place of the order's line, units, restock type).

        The amount is what the lines, all alike, are worth with ``tax`` in it.
        """
        order = self._records["shopify", "order"][gid]
        order["transactions"] = [{"kind": "SALE", "status": "SUCCESS", "amount": paid}]
        refunds = order.setdefault("refunds", [])
        lines = []
        for place, count, restock in units:
            order["lines"][place]["current_quantity"] -= count
            sku = order["lines"][place]["sku"]
            share = Decimal(tax) / len(units)
            subtotal = Decimal(amount) / len(units) - share
            lines.append({"sku": sku, "quantity": count, "restock_type": restock,
                          "subtotal": str(subtotal), "tax": str(share)})  # fmt: skip
        identity = f"gid://shopify/Refund/{len(refunds) + 1}"
        refunds.append({"id": identity, "amount": amount, "lines": lines})

    def credited(
        self, identity: int, number: int, amount: str, *, state: str = "posted",
        time: float = 50.0, tax: str = "0.00", kind: str = "out_refund",
    ) -> None:  # fmt: skip
        """Write down a credit note for an order (or an invoice, by kind), posted at a time."""
        record = {
            "id": identity, "name": f"RINV/{identity}", "move_type": kind, "state": state,
            "amount_total": amount, "amount_tax": tax, "invoice_origin": f"S{number}", "ref": "",
            "reversed_entry_id": "",
        }  # fmt: skip
        self.final("odoo", "invoice", str(identity), record)
        self.event(time, "odoo", "change", "account_move", key=str(identity),
                   value={"row": record})  # fmt: skip

    def came_back(self, identity: int, number: int, sent: int, *moved: tuple[int, int]) -> None:
        """Write down a return of the delivery ``sent``: (place of the order's line, units)."""
        self.picked(identity, number, *moved)
        record = self._records["odoo", "picking"][str(identity)]
        record |= {"type": "incoming", "return_of": sent}
        for (place, _), line in zip(moved, record["lines"], strict=True):
            line["return_of"] = sent * 100 + place

    # Money

    def booked(
        self, identity: str, amount: str, *, status: str = "booked", currency: str = "USD",
        day: str = DAY, remittance: str = "", end_to_end_id: str = "",
        payments: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Write down a transaction at the bank."""
        self.final("bank", "transaction", identity, {
            "id": identity, "account": "MAIN", "amount": amount, "currency": currency,
            "status": status, "booking_date": day, "value_date": day, "remittance": remittance,
            "end_to_end_id": end_to_end_id,
            "batch_of": [{"amount": payment} for payment in payments],
        })  # fmt: skip

    def bank_line(
        self, number: int, amount: str, *, identity: str = "", journal: str = "BNK1",
        currency: str = "USD", day: str = DAY, text: str = "", counterparts: Sequence[int] = (),
        invoices: Sequence[int] = (), reconciled: bool = False,
    ) -> None:  # fmt: skip
        """Write down a bank statement line in Odoo, and what it is reconciled with."""
        self.final("odoo", "bank_line", str(number), {
            "id": number, "journal": journal, "currency": currency, "amount": amount, "date": day,
            "state": "posted", "payment_ref": text, "unique_import_id": identity,
            "is_reconciled": reconciled or bool(counterparts) or bool(invoices),
            "counterparts": list(counterparts), "invoices": list(invoices),
        })  # fmt: skip

    def balance(
        self, identity: str, amount: str, fee: str = "0.00", *, kind: str = "charge",
        payout: str = "", currency: str = "USD", net: str = "", source: str = "",
        system: str = "gateway", created: str = "", available_on: str = "",
    ) -> None:  # fmt: skip
        """Write down a movement of the gateway's balance, or of the channel's as a ``system``.

        ``created`` and ``available_on`` are moments such as "2026-07-01T00:20:00Z".
        """
        self.final(system, "balance_transaction", identity, {
            "id": identity, "type": kind, "amount": amount, "fee": fee, "currency": currency,
            "net": net or str(Decimal(amount) - Decimal(fee)), "payout_id": payout or None,
            "source": source,
            **({"created": created, "available_on": available_on or created} if created else {}),
        })  # fmt: skip

    def charge(self, identity: str, amount: str, order: str, currency: str = "USD") -> None:
        """Write down a charge of the gateway for an order."""
        self.final("gateway", "charge", identity, {
            "id": identity, "order_reference": order, "amount": amount, "currency": currency,
            "status": "succeeded", "captured": True,
        })  # fmt: skip

    def refund(self, identity: str, amount: str, charge: str, currency: str = "USD") -> None:
        """Write down a refund of a charge."""
        self.final("gateway", "refund", identity, {
            "id": identity, "charge_id": charge, "amount": amount, "currency": currency,
            "status": "succeeded",
        })  # fmt: skip

    def invoice(
        self, number: int, amount: str, ref: str, *, kind: str = "out_invoice",
        residual: str = "0.00", currency: str = "USD",
    ) -> None:  # fmt: skip
        """Write down a posted invoice or credit note of an order."""
        self.final("odoo", "invoice", str(number), {
            "id": number, "name": f"INV/{number}", "move_type": kind, "state": "posted",
            "ref": ref, "currency": currency, "amount_total": amount, "amount_residual": residual,
        })  # fmt: skip

    def payout(
        self, identity: str, amount: str, *transactions: str, status: str = "paid",
        currency: str = "USD", system: str = "gateway", reference: str = "",
    ) -> None:  # fmt: skip
        """Write down a payout of the gateway, or of the channel as a ``system``."""
        self.final(system, "payout", identity, {
            "id": identity, "amount": amount, "currency": currency, "status": status,
            "arrival_date": DAY, "reference": reference or identity,
            "transaction_ids": list(transactions),
        })  # fmt: skip

    def entry(
        self, number: int, amount: str, ref: str, *, state: str = "posted", currency: str = "USD",
        journal: str = "BNK1",
    ) -> None:  # fmt: skip
        """Write down an entry of a bank's journal that is no bank line."""
        self.final("odoo", "entry", str(number), {
            "id": number, "name": f"{journal}/{number}", "state": state, "ref": ref,
            "journal": journal, "currency": currency, "amount": amount, "labels": [],
        })  # fmt: skip

    # Shops

    def stocked(self, sku: str, code: str, opening: int, on_hand: int) -> None:
        """Write down what a shop had of an item, and what Odoo says that it has at the end."""
        self._opening.setdefault(sku, {})[code] = opening
        self.final("odoo", "stock", f"{sku}@{code}", {
            "sku": sku, "location_code": code, "on_hand": on_hand, "reserved": 0, "promised": 0,
            "free": on_hand,
        })  # fmt: skip

    def sold(
        self, reference: str, total: str, *lines: tuple[str, int], code: str = "MAIN",
        tender: str = "cash", duplicate_of: str = "", channel_order: str = "",
    ) -> str:  # fmt: skip
        """Write down a sale of a shop's till; return its id."""
        identity = f"SQ{reference}" + ("TWIN" if duplicate_of else "")
        self.final("pos", "sale", identity, {
            "id": identity, "reference": reference, "location_code": code, "state": "completed",
            "lines": [{"sku": sku, "quantity": units} for sku, units in lines], "total": total,
            "currency": "USD", "tender": tender, "payment_ids": [f"PAY{reference}"],
            "duplicate_of": duplicate_of, "channel_order": channel_order,
        })  # fmt: skip
        return identity

    def gave_back(
        self, identity: str, sale: str, amount: str, *lines: tuple[str, int],
        restocked: bool = False,
    ) -> None:  # fmt: skip
        """Write down a refund of a sale."""
        sold = self._records["pos", "sale"][sale]
        self.final("pos", "sale_refund", identity, {
            "id": identity, "sale_id": sale, "reference": sold["reference"], "amount": amount,
            "location_code": sold["location_code"], "tender": sold["tender"], "currency": "USD",
            "state": "completed", "restocked": restocked, "created": f"{DAY}T12:00:00.000Z",
            "lines": [{"sku": sku, "quantity": units} for sku, units in lines],
            "return_order_id": f"RO{identity}",
        })  # fmt: skip

    def day_closed(
        self, *sales: str, refund_total: str = "0.00", counted: str, code: str = "MAIN"
    ) -> None:
        """Write down the close of a shop's day; all its sales were paid in cash."""
        records = [self._records["pos", "sale"][sale] for sale in sales]
        total = sum((Decimal(record["total"]) for record in records), Decimal(0))
        self.final("pos", "day_close", f"{DAY}@{code}", {
            "location_code": code, "date": DAY, "currency": "USD", "sale_ids": list(sales),
            "total": str(total), "refund_total": refund_total, "counted_cash": counted,
            "net": str(total - Decimal(refund_total)), "closed": f"{DAY}T20:00:00.000Z",
            "tenders": {"cash": str(total)}, "refunds": {"cash": refund_total},
        })  # fmt: skip

    def receipt(
        self, number: int, reference: str, total: str, *lines: tuple[str, int],
        refund_of: int = 0, session: int = 1,
    ) -> None:  # fmt: skip
        """Write down an order of Odoo's point of sale; a refund's amounts are negative."""
        self.final("odoo", "pos_order", str(number), {
            "id": number, "name": f"Shop/{number}", "pos_reference": reference, "state": "done",
            "uuid": f"uuid-{number}", "session_id": session, "amount_total": total,
            "currency": "USD", "note": "", "internal_note": "",
            "refunded_order_ids": [refund_of] if refund_of else [],
            "lines": [{"sku": sku, "quantity": units} for sku, units in lines],
            "payments": [{"amount": total, "is_cash": True, "transaction_id": "", "uuid": ""}],
        })  # fmt: skip

    def session(self, number: int, counted: str, state: str = "closed") -> None:
        """Write down a session of Odoo's point of sale."""
        self.final("odoo", "pos_session", str(number), {
            "id": number, "name": f"POS/{number}", "state": state, "config": "MAIN",
            "opening_cash": "100.00", "counted_cash": counted,
        })  # fmt: skip
