"""Mutations of fulfilments and fulfilment orders.

Models fulfillmentCreate (and the deprecated V2), fulfillmentCancel,
fulfillmentTrackingInfoUpdate, fulfillmentEventCreate, fulfillmentOrderMove, -Hold,
-ReleaseHold, -Split, -Open and -ReportProgress of Admin API 2026-10.

Not modelled: requests to fulfilment services, merging, deadlines, notifications.
"""

from collections.abc import Callable
from typing import Any

from . import fulfilment, fulfilment_orders
from .context import Context
from .errors import Refused
from .fulfilment_records import (
    Fulfillment,
    FulfillmentOrder,
    FulfillmentOrderLine,
    Tracking,
)
from .ids import number_of
from .orders import Orders
from .refusals import missing, refusal
from .registry import Arguments, Resolvers
from .resolve_refunds import location_of

__all__ = ["RESOLVERS"]

RESOLVERS = Resolvers()
Parts = list[tuple[FulfillmentOrderLine, int]]


def _orders(context: Context) -> Orders:
    orders = context.shop.orders
    assert isinstance(orders, Orders)
    return orders


def _entry(identity: str, context: Context) -> FulfillmentOrder | None:
    return _orders(context).fulfillment_orders.get(number_of(identity, "FulfillmentOrder"))


def _parcel(identity: str, context: Context) -> Fulfillment | None:
    return _orders(context).fulfillments.get(number_of(identity, "Fulfillment"))


def _parts(given: list[dict[str, Any]] | None, context: Context) -> Parts | None:
    if not given:
        return None
    parts: Parts = []
    for entry in given:
        number = number_of(entry["id"], "FulfillmentOrderLineItem")
        line = _orders(context).fulfillment_order_lines.get(number)
        if line is None:
            raise Refused("unknown_line", "Fulfillment order line item does not exist.")
        parts.append((line, entry["quantity"]))
    return parts


def _tracking(given: dict[str, Any] | None) -> list[Tracking]:
    if not given:
        return []
    numbers = given.get("numbers") or ([given["number"]] if given.get("number") else [])
    urls = given.get("urls") or ([given["url"]] if given.get("url") else [])
    company = given.get("company")
    if not numbers and not urls and not company:
        return []
    count = max(1, len(numbers), len(urls))
    numbers = [*numbers, *[None] * (count - len(numbers))]
    urls = [*urls, *[None] * (count - len(urls))]
    return [Tracking(company, number, url) for number, url in zip(numbers, urls, strict=True)]


def _create(given: dict[str, Any], context: Context) -> dict[str, Any]:
    empty = {"fulfillment": None}
    field = ["fulfillment"]
    units: list[tuple[FulfillmentOrder, Parts | None]] = []
    try:
        for entry in given["lineItemsByFulfillmentOrder"]:
            found = _entry(entry["fulfillmentOrderId"], context)
            if found is None:
                return missing("Fulfillment order", field, payload=empty)
            units.append((found, _parts(entry.get("fulfillmentOrderLineItems"), context)))
        parcel = fulfilment.ship(
            _orders(context),
            units,
            _tracking(given.get("trackingInfo")),
            notify_customer=bool(given.get("notifyCustomer")),
        )
    except Refused as error:
        return refusal(error, field, payload=empty)
    return {"fulfillment": parcel, "userErrors": []}


@RESOLVERS.mutation("fulfillmentCreate")
def fulfillment_create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.fulfillmentCreate."""
    return _create(arguments["fulfillment"], context)


@RESOLVERS.mutation("fulfillmentCreateV2")
def fulfillment_create_v2(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.fulfillmentCreateV2, the deprecated name."""
    return _create(arguments["fulfillment"], context)


def _with_parcel(
    identity: str, field: str, context: Context, work: Callable[[Orders, Fulfillment], Any]
) -> dict[str, Any]:
    parcel = _parcel(identity, context)
    if parcel is None:
        return missing("Fulfillment", [field], payload={"fulfillment": None})
    try:
        work(_orders(context), parcel)
    except Refused as error:
        return refusal(error, [field], payload={"fulfillment": None})
    return {"fulfillment": parcel, "userErrors": []}


@RESOLVERS.mutation("fulfillmentCancel")
def fulfillment_cancel(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.fulfillmentCancel."""
    return _with_parcel(arguments["id"], "id", context, fulfilment.cancel_fulfillment)


@RESOLVERS.mutation("fulfillmentTrackingInfoUpdate")
def tracking_update(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.fulfillmentTrackingInfoUpdate."""
    tracking = _tracking(arguments["trackingInfoInput"])
    return _with_parcel(
        arguments["fulfillmentId"],
        "fulfillmentId",
        context,
        lambda orders, parcel: fulfilment.track(orders, parcel, tracking),
    )


@RESOLVERS.mutation("fulfillmentEventCreate")
def event_create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.fulfillmentEventCreate."""
    given = arguments["fulfillmentEvent"]
    parcel = _parcel(given["fulfillmentId"], context)
    empty = {"fulfillmentEvent": None}
    if parcel is None:
        return missing("Fulfillment", ["fulfillmentEvent", "fulfillmentId"], payload=empty)
    names = {"happenedAt": "happened_at", "estimatedDeliveryAt": "estimated_delivery_at"}
    values = {
        names.get(name, name): value
        for name, value in given.items()
        if name not in ("fulfillmentId", "status") and value is not None
    }
    try:
        event = fulfilment.add_event(_orders(context), parcel, given["status"], values)
    except Refused as error:
        return refusal(error, ["fulfillmentEvent"], payload=empty)
    return {"fulfillmentEvent": event, "userErrors": []}


@RESOLVERS.mutation("fulfillmentOrderMove")
def order_move(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.fulfillmentOrderMove."""
    names = ("movedFulfillmentOrder", "originalFulfillmentOrder", "remainingFulfillmentOrder")
    empty = dict.fromkeys(names)
    entry = _entry(arguments["id"], context)
    if entry is None:
        return missing(
            "Fulfillment order", ["id"], payload=empty, code="FULFILLMENT_ORDER_NOT_FOUND"
        )
    try:
        location = location_of(arguments["newLocationId"], context)
        parts = _parts(arguments.get("fulfillmentOrderLineItems"), context)
        moved = fulfilment_orders.move(_orders(context), entry, location, parts)
    except Refused as error:
        code = "LOCATION_NOT_FOUND" if error.code == "unknown_location" else "INVALID_STATUS"
        return refusal(error, ["id"], payload=empty, code=code)
    return {**dict(zip(names, moved, strict=True)), "userErrors": []}


HOLD_CODES = {
    "duplicate_handle": "DUPLICATE_FULFILLMENT_HOLD_HANDLE",
    "too_many_holds": "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED",
    "on_hold": "FULFILLMENT_ORDER_NOT_SPLITTABLE",
    "bad_quantity": "GREATER_THAN_ZERO",
    "unknown_line": "INVALID_LINE_ITEM_QUANTITY",
}


@RESOLVERS.mutation("fulfillmentOrderHold")
def order_hold(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.fulfillmentOrderHold."""
    empty: dict[str, Any] = {
        "fulfillmentHold": None,
        "fulfillmentOrder": None,
        "remainingFulfillmentOrder": None,
    }
    entry = _entry(arguments["id"], context)
    if entry is None:
        return missing(
            "Fulfillment order", ["id"], payload=empty, code="FULFILLMENT_ORDER_NOT_FOUND"
        )
    given = arguments["fulfillmentHold"]
    try:
        found, remaining = fulfilment_orders.hold(
            _orders(context),
            entry,
            given["reason"],
            given.get("reasonNotes"),
            given.get("handle") or None,
            context.client.id,
            _parts(given.get("fulfillmentOrderLineItems"), context),
        )
    except Refused as error:
        code = HOLD_CODES.get(error.code, "TAKEN")
        return refusal(error, ["fulfillmentHold"], payload=empty, code=code)
    return {
        "fulfillmentHold": found,
        "fulfillmentOrder": entry,
        "remainingFulfillmentOrder": remaining,
        "userErrors": [],
    }


def _with_entry(
    arguments: Arguments, context: Context, work: Callable[[Orders, FulfillmentOrder], Any]
) -> dict[str, Any]:
    entry = _entry(arguments["id"], context)
    empty = {"fulfillmentOrder": None}
    if entry is None:
        return missing(
            "Fulfillment order", ["id"], payload=empty, code="FULFILLMENT_ORDER_NOT_FOUND"
        )
    try:
        work(_orders(context), entry)
    except Refused as error:
        return refusal(error, ["id"], payload=empty, code="INVALID_ACCESS")
    return {"fulfillmentOrder": entry, "userErrors": []}


@RESOLVERS.mutation("fulfillmentOrderReleaseHold")
def order_release(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.fulfillmentOrderReleaseHold."""
    holds = arguments.get("holdIds")
    return _with_entry(
        arguments, context, lambda orders, entry: fulfilment_orders.release(orders, entry, holds)
    )


@RESOLVERS.mutation("fulfillmentOrderOpen")
def order_open(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.fulfillmentOrderOpen."""
    return _with_entry(arguments, context, fulfilment_orders.set_open)


@RESOLVERS.mutation("fulfillmentOrderReportProgress")
def order_progress(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.fulfillmentOrderReportProgress."""
    return _with_entry(arguments, context, fulfilment_orders.report_progress)


@RESOLVERS.mutation("fulfillmentOrderSplit")
def order_split(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.fulfillmentOrderSplit."""
    results = []
    for given in arguments["fulfillmentOrderSplits"]:
        entry = _entry(given["fulfillmentOrderId"], context)
        field = ["fulfillmentOrderSplits", "fulfillmentOrderId"]
        empty = {"fulfillmentOrderSplits": None}
        if entry is None:
            return missing(
                "Fulfillment order", field, payload=empty, code="FULFILLMENT_ORDER_NOT_FOUND"
            )
        try:
            parts = _parts(given["fulfillmentOrderLineItems"], context) or []
            fresh = fulfilment_orders.split(_orders(context), entry, parts)
        except Refused as error:
            code = "INVALID_LINE_ITEM_QUANTITY"
            return refusal(error, field, payload=empty, code=code)
        results.append(
            {
                "fulfillmentOrder": entry,
                "remainingFulfillmentOrder": fresh,
                "replacementFulfillmentOrder": None,
            }
        )
    return {"fulfillmentOrderSplits": results, "userErrors": []}
