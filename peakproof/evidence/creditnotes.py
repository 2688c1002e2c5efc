"""Which customer credit notes in Odoo belong to which order of the channel, and when posted.

``refund_times`` pairs refunds with credit notes: each stands for one, in order of time. Where a
person had to approve, the connector's own time begins with the approval.
"""

import re
from collections import defaultdict
from collections.abc import Mapping

from peakproof.evidence.facts import Facts, Record

__all__ = ["credit_notes", "invoiced_origins", "invoices", "posted_seconds", "refund_times"]


def credit_notes(facts: Facts) -> dict[str, list[Record]]:
    """Return the credit notes (of any state) of each channel order; unknown ones under "".

    A document belongs to an order that its origin or reference names, by gid, by name, or by the
    name of the sale order; or to the order of the invoice that it reverses.
    """
    return facts.once("credit notes", lambda facts: _documents(facts, "out_refund"))


def invoices(facts: Facts) -> dict[str, list[Record]]:
    """Return the invoices (of any state) of each channel order, found in the same way."""
    return facts.once("invoices", lambda facts: _documents(facts, "out_invoice"))


def invoiced_origins(facts: Facts) -> set[str]:
    """Return the origins of all invoices: names of sale orders, as a rule."""
    return facts.once("invoiced origins", _invoiced_origins)


def _invoiced_origins(facts: Facts) -> set[str]:
    moves = facts.final("odoo", "invoice").values()
    return {one["invoice_origin"] for one in moves if one["move_type"] == "out_invoice"}


def _documents(facts: Facts, kind: str) -> dict[str, list[Record]]:
    owners = facts.once("owners of documents", _owners)
    moves = facts.final("odoo", "invoice")
    found: dict[str, list[Record]] = defaultdict(list)
    for move in moves.values():
        if move["move_type"] == kind:
            found[_owner(move, moves, owners)].append(move)
    return found


def _owners(facts: Facts) -> dict[str, str]:
    """Return the order that a document means by each word."""
    owners: dict[str, str] = {}
    for gid, order in facts.orders.items():
        words = {gid, str(order.get("name"))}
        for number in facts.odoo_ids.get(gid, []):
            sale = facts.odoo_orders.get(number) or {}
            words |= {str(sale.get("name")), str(sale.get("client_order_ref"))}
        for word in words - {"", "None"}:
            owners.setdefault(word, gid)
    return owners


def _owner(move: Record, moves: Mapping[str, Record], owners: dict[str, str]) -> str:
    text = f"{move.get('invoice_origin') or ''} {move.get('ref') or ''}"
    for word in re.split(r"[\s,;]+", text):
        if word in owners:
            return owners[word]
    reversed_move = moves.get(str(move.get("reversed_entry_id") or ""))
    return _owner(reversed_move, moves, owners) if reversed_move else ""


def posted_seconds(facts: Facts) -> dict[str, float]:
    """Return when each credit note was first posted, by its id."""
    return facts.once("credit notes posted", _posted_seconds)


def _posted_seconds(facts: Facts) -> dict[str, float]:
    times: dict[str, float] = {}
    for event in facts.mentioning("change", ['"out_refund"'], "account_move"):
        row = event.value.get("row") or {}
        if row.get("move_type") == "out_refund" and row.get("state") == "posted":
            times.setdefault(event.key, event.time)
    return times


def refund_times(facts: Facts) -> list[tuple[str, float, float | None]]:
    """Return (order, begun, posted) of every refund; None where no credit note followed."""
    begun: dict[str, list[float]] = defaultdict(list)
    for event in facts.of_kind("state", "order"):
        if event.value.get("change") == "refund":
            begun[event.key].append(event.time)
    posted = posted_seconds(facts)
    notes = credit_notes(facts)
    found: list[tuple[str, float, float | None]] = []
    for gid, times in begun.items():
        ends = sorted(
            posted[str(note["id"])] for note in notes.get(gid, []) if str(note["id"]) in posted
        )
        for time in times:
            end = next((one for one in ends if one >= time), None)
            if end is not None:
                ends.remove(end)
                time = max([time, *(one for one in _approved(facts, gid) if one <= end)])
            found.append((gid, time, end))
    return found


def _approved(facts: Facts, gid: str) -> list[float]:
    """Return when people began to approve something about an order."""
    return [
        one.began_seconds
        for one in facts.operations_on.get(gid, [])
        if one.action == "approve" and one.arguments.get("order") == gid
    ]
