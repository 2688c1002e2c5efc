"""Returns: a customer asks, the merchant approves, goods come back, money goes back.

Models returnRequest, returnApproveRequest, returnDeclineRequest, returnCreate, returnProcess,
returnClose, returnReopen and returnCancel of Admin API 2026-10. Processing units makes a refund
record that is tied to the return; what is restocked and what is paid back is up to the caller.

Not modelled: return fees, reverse deliveries and labels, inspection.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from . import exchanges
from .catalog import Variant
from .errors import Refused
from .fulfilment_records import FulfillmentLine
from .locations import Location
from .order_money import ZERO
from .order_records import Order, Transaction
from .orders import Orders
from .payload_refund import return_closed_payload, return_declined_payload, return_payload
from .refund import give_back
from .refund_money import RefundPlan, RefundUnits
from .refund_records import Refund, Return, ReturnLine

__all__ = [
    "RETURN_REASONS",
    "Sending",
    "approve",
    "cancel_return",
    "close",
    "decline",
    "process",
    "reopen",
    "request",
    "returnable",
]

RETURN_REASONS = (
    "COLOR",
    "DEFECTIVE",
    "NOT_AS_DESCRIBED",
    "OTHER",
    "SIZE_TOO_LARGE",
    "SIZE_TOO_SMALL",
    "STYLE",
    "UNKNOWN",
    "UNWANTED",
    "WRONG_ITEM",
)


@dataclass(slots=True)
class Sending:
    """Units of a parcel that come back, and why."""

    fulfillment_line: FulfillmentLine
    quantity: int
    reason: str = "UNKNOWN"
    note: str = ""
    customer_note: str | None = None


def returnable(entry: FulfillmentLine) -> int:
    """Return the shipped units of a parcel line that are in no return and not refunded."""
    if entry.fulfillment.status != "SUCCESS":
        return 0
    return max(0, min(entry.quantity - entry.returned, entry.line.shipped_current))


def request(
    orders: Orders,
    order: Order,
    sendings: Sequence[Sending],
    *,
    approved: bool = False,
    exchange: Sequence[tuple[Variant, int]] = (),
) -> Return:
    """Open a return, as a request or already approved; raises Refused.

    ``exchange`` is what goes out for it, variants with units; a mere request has none.
    """
    if exchange and not approved:
        raise Refused("not_approved", "Only a return that is approved at once has exchange lines.")
    counts: dict[int, int] = {}
    for sending in sendings:
        entry = sending.fulfillment_line
        if entry.fulfillment.order is not order:
            raise Refused("unknown_line", f"{entry.id} is no shipped line of {order.name}.")
        counts[entry.number] = counts.get(entry.number, 0) + sending.quantity
        if sending.quantity < 1 or counts[entry.number] > returnable(entry):
            raise Refused(
                "not_returnable",
                f"{entry.line.sku}: {sending.quantity} units, {returnable(entry)} can come back.",
            )
        if sending.reason not in RETURN_REASONS:
            raise Refused("bad_reason", f"{sending.reason!r}: not a reason for a return.")
    if not counts:
        raise Refused("nothing_to_return", f"{order.name}: no units are named.")
    number, identity = orders.identity("Return")
    now = orders.shop.now()
    name = f"{order.name}-R{len(order.returns) + 1}"
    back = Return(number, identity, order, name, "REQUESTED", now)
    exchanges.announce(orders, back, exchange)
    for sending in sendings:
        line_number, line_identity = orders.identity("ReturnLineItem")
        sending.fulfillment_line.returned += sending.quantity
        back.lines.append(
            ReturnLine(
                line_number, line_identity, back, sending.fulfillment_line, sending.quantity,
                sending.reason, sending.note, sending.customer_note,
            )
        )  # fmt: skip
    order.returns.append(back)
    orders.returns[number] = back
    if approved:
        back.status, back.approved_at = "OPEN", now
        orders.shop.emit("returns/approve", identity, lambda: return_payload(back))
    else:
        orders.shop.emit("returns/request", identity, lambda: return_payload(back))
    orders.changed(order, "return")
    return back


def _expect(back: Return, *statuses: str) -> None:
    if back.status not in statuses:
        raise Refused("bad_status", f"{back.name} is {back.status}, not {' or '.join(statuses)}.")


def _freed(back: Return) -> None:
    for line in back.lines:
        line.fulfillment_line.returned -= line.unprocessed


def approve(orders: Orders, back: Return) -> None:
    """Accept a request; raises Refused ``bad_status``."""
    _expect(back, "REQUESTED")
    back.status, back.approved_at = "OPEN", orders.shop.now()
    orders.shop.emit("returns/approve", back.id, lambda: return_payload(back))
    orders.changed(back.order, "return")


def decline(orders: Orders, back: Return, reason: str = "OTHER", note: str | None = None) -> None:
    """Turn a request down; raises Refused ``bad_status``."""
    _expect(back, "REQUESTED")
    back.status, back.decline_reason, back.decline_note = "DECLINED", reason, note
    _freed(back)
    orders.shop.emit("returns/decline", back.id, lambda: return_declined_payload(back))
    orders.changed(back.order, "return")


def process(
    orders: Orders,
    back: Return,
    units: Sequence[tuple[ReturnLine, int]],
    *,
    restock: bool = True,
    location: Location | None = None,
    payments: Sequence[tuple[Decimal, Transaction | None]] | None = None,
    shipping: Decimal = ZERO,
    note: str | None = None,
    exchange: exchanges.Chosen = (),
) -> Refund | None:
    """Take units back, refund them (``payments`` as in RefundPlan), let others go out for them.

    Returns None if nothing came back. Raises Refused before anything has changed.
    """
    _expect(back, "OPEN")
    _check_units(back, units)
    if not units and not exchange:
        raise Refused("nothing_to_return", f"{back.name}: no units are named.")
    placed = exchanges.prepare(orders, back, exchange)
    kind = "RETURN" if restock else "NO_RESTOCK"
    refund = None
    if units:
        plan = RefundPlan(
            back.order,
            [
                RefundUnits(line.fulfillment_line.line, quantity, kind, location)
                for line, quantity in units
            ],
            shipping,
            payments,
            note,
            return_=back,
            owed=exchanges.owed(back.order, [line for line, _ in placed])
            if back.exchange_lines
            else (),
            change="return",
        )
        refund = give_back(orders, plan)
    for line, quantity in units:
        line.processed += quantity
        line.refunded += quantity
    if exchange:
        exchanges.commit(orders, back, exchange, placed)
    orders.shop.emit("returns/process", back.id, lambda: return_payload(back))
    orders.changed(back.order, "refund" if units else "return")
    if back.complete:
        close(orders, back)
    return refund


def _check_units(back: Return, units: Sequence[tuple[ReturnLine, int]]) -> None:
    counts: dict[int, int] = {}
    for line, quantity in units:
        counts[line.number] = counts.get(line.number, 0) + quantity
        open_units = line.unprocessed
        if line.return_ is not back or quantity < 1 or counts[line.number] > open_units:
            raise Refused(
                "bad_quantity", f"{line.id}: {quantity} units, {open_units} are unprocessed."
            )


def close(orders: Orders, back: Return) -> None:
    """Close a return; raises Refused ``bad_status``."""
    _expect(back, "OPEN")
    back.status, back.closed_at = "CLOSED", orders.shop.now()
    orders.shop.emit("returns/close", back.id, lambda: return_closed_payload(back))
    orders.changed(back.order, "return")


def reopen(orders: Orders, back: Return) -> None:
    """Open a closed return again; raises Refused ``bad_status``."""
    _expect(back, "CLOSED")
    back.status, back.closed_at = "OPEN", None
    orders.shop.emit("returns/reopen", back.id, lambda: return_closed_payload(back))
    orders.changed(back.order, "return")


def cancel_return(orders: Orders, back: Return) -> None:
    """Cancel a return of which nothing was processed; raises Refused ``bad_status``."""
    _expect(back, "REQUESTED", "OPEN")
    if back.begun:
        raise Refused("bad_status", f"{back.name} has processed units.")
    back.status = "CANCELED"
    _freed(back)
    orders.shop.emit("returns/cancel", back.id, lambda: return_closed_payload(back))
    orders.changed(back.order, "return")
