"""The wire of orders: shapes of requests, and what each call answers."""

from typing import Any

from peakproof.simkit import Route

from .api import Api, Call, paged
from .errors import Refusal, missing
from .shapes import ANY, MONEY, READ_ONLY, TIME

__all__ = ["routes"]

Record = dict[str, Any]
_LINE_SUMS = dict.fromkeys(
    (
        "variation_total_price_money", "gross_sales_money", "total_tax_money", "total_money",
        "total_discount_money", "total_service_charge_money",
    ),
    READ_ONLY,
)  # fmt: skip
_LINE = {
    "uid": str, "name": str, "quantity": str, "note": str, "catalog_object_id": str,
    "catalog_version": int, "variation_name": str, "base_price_money": MONEY, "metadata": ANY,
    "item_type": ("ITEM", "CUSTOM_AMOUNT"),
    "applied_taxes": [{"uid": str, "tax_uid!": str, "applied_money": READ_ONLY,
                       "auto_applied": READ_ONLY}],
    "applied_discounts": [{"uid": str, "discount_uid!": str, "applied_money": READ_ONLY}],
    **_LINE_SUMS,
}  # fmt: skip
_TAX = {
    "uid": str, "catalog_object_id": str, "catalog_version": int, "name": str, "metadata": ANY,
    "type": ("ADDITIVE", "INCLUSIVE"), "percentage": str, "scope": ("ORDER", "LINE_ITEM"),
    "applied_money": READ_ONLY, "auto_applied": READ_ONLY,
}  # fmt: skip
_DISCOUNT = {
    "uid": str, "name": str, "percentage": str, "amount_money": MONEY, "metadata": ANY,
    "type": ("FIXED_PERCENTAGE", "FIXED_AMOUNT", "VARIABLE_PERCENTAGE", "VARIABLE_AMOUNT"),
    "scope": ("ORDER", "LINE_ITEM"), "applied_money": READ_ONLY,
}  # fmt: skip
_PICKUP = {
    "recipient": {"customer_id": str, "display_name": str, "email_address": str,
                  "phone_number": str, "address": ANY},
    "schedule_type": ("SCHEDULED", "ASAP"), "pickup_at": TIME, "pickup_window_duration": str,
    "prep_time_duration": str, "note": str, "expires_at": TIME, "cancel_reason": str,
    **dict.fromkeys(("placed_at", "accepted_at", "rejected_at", "ready_at", "expired_at",
                     "picked_up_at", "canceled_at"), READ_ONLY),
}  # fmt: skip
_FULFILMENT = {
    "uid": str, "type": ("PICKUP", "IN_STORE"), "metadata": ANY, "pickup_details": _PICKUP,
    "state": ("PROPOSED", "RESERVED", "PREPARED", "COMPLETED", "CANCELED", "FAILED"),
    "line_item_application": ("ALL",),
}  # fmt: skip
_ORDER_SUMS = dict.fromkeys(
    (
        "id", "created_at", "updated_at", "closed_at", "total_money", "total_tax_money",
        "total_discount_money", "total_tip_money", "total_service_charge_money", "net_amounts",
        "net_amount_due_money", "return_amounts", "tenders", "refunds",
    ),
    READ_ONLY,
)  # fmt: skip
_ORDER = {
    "location_id": str, "reference_id": str, "customer_id": str, "source": {"name": str},
    "line_items": [_LINE], "taxes": [_TAX], "discounts": [_DISCOUNT], "metadata": ANY,
    "fulfillments": [_FULFILMENT], "ticket_name": str, "version": int,
    "pricing_options": {"auto_apply_taxes": bool, "auto_apply_discounts": bool},
    "state": ("OPEN", "DRAFT", "COMPLETED", "CANCELED"), **_ORDER_SUMS,
}  # fmt: skip
_RANGE = {"start_at": TIME, "end_at": TIME}
_QUERY = {
    "filter": {
        "state_filter": {"states!": [("OPEN", "COMPLETED", "CANCELED", "DRAFT")]},
        "date_time_filter": {"created_at": _RANGE, "updated_at": _RANGE, "closed_at": _RANGE},
        "fulfillment_filter": {"fulfillment_types": [str], "fulfillment_states": [str]},
        "source_filter": {"source_names": [str]},
        "customer_filter": {"customer_ids": [str]},
    },
    "sort": {"sort_field!": ("CREATED_AT", "UPDATED_AT", "CLOSED_AT"),
             "sort_order": ("ASC", "DESC")},
}  # fmt: skip
PLACES_MAX, SEARCH_DEFAULT, SEARCH_MAX, BATCH_MAX = 10, 500, 1_000, 100


def routes(api: Api) -> list[Route]:
    """Return the routes of orders."""
    key = {"idempotency_key": str}
    return [
        api.route("POST", "/v2/orders", "orders.create", _create, body={"order": _ORDER, **key}),
        api.route("POST", "/v2/orders/calculate", "orders.calculate", _calculate,
                  body={"order!": _ORDER}, reads=True),
        api.route("POST", "/v2/orders/batch-retrieve", "orders.batch_get", _batch_get, reads=True,
                  body={"location_id": str, "order_ids!": [str]}),
        api.route("POST", "/v2/orders/search", "orders.search", _search, reads=True,
                  body={"location_ids": [str], "cursor": str, "query": _QUERY, "limit": int,
                        "return_entries": bool}),
        api.route("GET", "/v2/orders/{order_id}", "orders.get", _get),
        api.route("PUT", "/v2/orders/{order_id}", "orders.update", _update,
                  body={"order": _ORDER, "fields_to_clear": [str], **key}),
        api.route("POST", "/v2/orders/{order_id}/pay", "orders.pay", _pay,
                  body={"idempotency_key!": str, "order_version": int, "payment_ids": [str]}),
    ]  # fmt: skip


def _given(call: Call) -> Record:
    order = call.body.get("order")
    if order is None:
        raise missing("order")
    if "location_id" not in order:
        raise missing("order.location_id")
    for at, line in enumerate(order.get("line_items", [])):
        if "quantity" not in line:
            raise missing(f"order.line_items[{at}].quantity")
    return dict(order)


def _create(call: Call) -> Record:
    given = _given(call)
    given.pop("version", None)
    order = call.business.orders.create(given)
    call.business.orders.announce(order)
    return {"order": order.record}


def _calculate(call: Call) -> Record:
    return {"order": call.business.orders.calculate(_given(call))}


def _get(call: Call) -> Record:
    return {"order": call.business.orders.find(call.params["order_id"]).record}


def _batch_get(call: Call) -> Record:
    identities = call.body["order_ids"]
    if len(identities) > BATCH_MAX:
        detail = f"At most {BATCH_MAX} ids."
        raise Refusal("ARRAY_LENGTH_TOO_LONG", detail, "order_ids")
    place = call.body.get("location_id")
    found = [call.business.orders.all.get(identity) for identity in identities]
    return {
        "orders": [
            order.record
            for order in found
            if order is not None and place in (None, order.record["location_id"])
        ]
    }


def _search(call: Call) -> Record:
    places = call.body.get("location_ids", [])
    if not places:
        raise missing("location_ids")
    if len(places) > PLACES_MAX:
        detail = f"At most {PLACES_MAX} locations."
        raise Refusal("ARRAY_LENGTH_TOO_LONG", detail, "location_ids")
    identities = [call.business.place(place, "location_ids").id for place in places]
    limit = call.whole("limit", SEARCH_DEFAULT)
    if limit > SEARCH_MAX:
        raise Refusal("VALUE_TOO_HIGH", f"The limit is at most {SEARCH_MAX}.", "limit")
    found, field, descending = call.business.orders.search(identities, call.body.get("query", {}))
    chosen, more = paged(
        call,
        found,
        lambda order: (order.record[field], order.number),
        limit=limit,
        descending=descending,
    )
    if call.body.get("return_entries"):
        names = {"order_id": "id", "version": "version", "location_id": "location_id"}
        entries = [
            {name: order.record[key] for name, key in names.items() if key in order.record}
            for order in chosen
        ]
        return {"order_entries": entries, **more}
    return {"orders": [order.record for order in chosen], **more}


def _update(call: Call) -> Record:
    clear = call.body.get("fields_to_clear", [])
    given = dict(call.body.get("order") or {})
    order = call.business.orders.find(call.params["order_id"])
    for at, line in enumerate(given.get("line_items", [])):
        known = any(part["uid"] == line.get("uid") for part in order.record.get("line_items", []))
        if not known and "quantity" not in line:
            raise missing(f"order.line_items[{at}].quantity")
    return {"order": call.business.orders.update(order.id, given, clear).record}


def _pay(call: Call) -> Record:
    business = call.business
    order = business.orders.find(call.params["order_id"])
    version = call.body.get("order_version")
    if version is not None and version != order.record.get("version"):
        raise Refusal("VERSION_MISMATCH", "The order has another version.", "order_version", 409)
    if order.record["state"] != "OPEN":
        raise Refusal("BAD_REQUEST", f"The order is {order.record['state']}.", "order_id")
    payments = [business.payments.find(each) for each in call.body.get("payment_ids", [])]
    if not payments and business.orders.due(order):
        raise missing("payment_ids")
    business.payments.pay(payments, order)
    return {"order": order.record}
