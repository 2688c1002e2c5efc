"""The wire of locations, customers, cash drawers and webhook subscriptions."""

from collections.abc import Awaitable
from typing import Any

from peakproof.simkit import Response, Route

from .api import VERSION, Api, Call, paged
from .errors import Refusal, missing, not_modelled
from .shapes import READ_ONLY, TIME, moment, stamp

__all__ = ["routes"]

Record = dict[str, Any]
_ADDRESS = dict.fromkeys(
    (
        "address_line_1", "address_line_2", "address_line_3", "locality", "sublocality",
        "administrative_district_level_1", "postal_code", "country", "first_name", "last_name",
    ),
    str,
)  # fmt: skip
_CUSTOMER = {
    "given_name": str, "family_name": str, "company_name": str, "nickname": str,
    "email_address": str, "address": _ADDRESS, "phone_number": str, "reference_id": str,
    "note": str, "birthday": str,
}  # fmt: skip
_TEXT = {"exact": str, "fuzzy": str}
_RANGE = {"start_at": TIME, "end_at": TIME}
_CUSTOMER_QUERY = {
    "filter": {"email_address": _TEXT, "phone_number": _TEXT, "reference_id": _TEXT,
               "created_at": _RANGE, "updated_at": _RANGE},
    "sort": {"field": ("DEFAULT", "CREATED_AT"), "order": ("ASC", "DESC")},
}  # fmt: skip
_SUBSCRIPTION = {
    "id": READ_ONLY, "name": str, "enabled": bool, "event_types": [str],
    "notification_url": str, "api_version": str, "signature_key": READ_ONLY,
    "created_at": READ_ONLY, "updated_at": READ_ONLY,
}  # fmt: skip
CUSTOMERS_PAGE, SHIFTS_PAGE, SHIFTS_MAX, SUBSCRIPTIONS_PAGE = 100, 200, 1_000, 100


def routes(api: Api) -> list[Route]:
    """Return the routes of the shop around its sales."""
    shifts, hooks = "/v2/cash-drawers/shifts", "/v2/webhooks/subscriptions"
    one = f"{hooks}/{{subscription_id}}"
    key = {"idempotency_key": str}
    return [
        api.route("GET", "/v2/locations", "locations.list", _locations),
        api.route("GET", "/v2/locations/{location_id}", "locations.get", _location),
        api.route("POST", "/v2/customers", "customers.create", _create_customer,
                  body={**_CUSTOMER, **key}),
        api.route("POST", "/v2/customers/search", "customers.search", _search_customers,
                  body={"cursor": str, "limit": int, "query": _CUSTOMER_QUERY, "count": bool},
                  reads=True),
        api.route("GET", "/v2/customers/{customer_id}", "customers.get", _customer),
        api.route("PUT", "/v2/customers/{customer_id}", "customers.update", _update_customer,
                  body={**_CUSTOMER, "version": int}),
        api.route("GET", shifts, "cash_drawers.shifts.list", _shifts,
                  query=("location_id", "sort_order", "begin_time", "end_time", "limit",
                         "cursor")),
        api.route("GET", f"{shifts}/{{shift_id}}", "cash_drawers.shifts.get", _shift,
                  query=("location_id",)),
        api.route("GET", f"{shifts}/{{shift_id}}/events", "cash_drawers.shifts.list_events",
                  _shift_events, query=("location_id", "limit", "cursor")),
        api.route("GET", hooks, "webhooks.subscriptions.list", _subscriptions,
                  query=("cursor", "include_disabled", "sort_order", "limit")),
        api.route("POST", hooks, "webhooks.subscriptions.create", _create_subscription,
                  body={"subscription!": _SUBSCRIPTION, **key}),
        api.route("GET", one, "webhooks.subscriptions.get", _subscription),
        api.route("PUT", one, "webhooks.subscriptions.update", _update_subscription,
                  body={"subscription": _SUBSCRIPTION}),
        api.route("DELETE", one, "webhooks.subscriptions.delete", _delete_subscription),
        api.route("POST", f"{one}/signature-key", "webhooks.subscriptions.update_signature_key",
                  _new_key, body=key),
        api.route("POST", f"{one}/test", "webhooks.subscriptions.test", _test,
                  body={"event_type": str}),
    ]  # fmt: skip


def _locations(call: Call) -> Record:
    return {"locations": [place.record for place in call.business.places.values()]}


def _location(call: Call) -> Record:
    return {"location": call.business.place(call.params["location_id"]).record}


# customers


def _create_customer(call: Call) -> Record:
    given = {name: value for name, value in call.body.items() if name != "idempotency_key"}
    return {"customer": call.business.customers.create(given)}


def _customer(call: Call) -> Record:
    return {"customer": call.business.customers.find(call.params["customer_id"])}


def _update_customer(call: Call) -> Record:
    return {"customer": call.business.customers.update(call.params["customer_id"], call.body)}


def _search_customers(call: Call) -> Record:
    query = call.body.get("query", {})
    wanted, sort = query.get("filter", {}), query.get("sort", {})
    found = [record for record in call.business.customers.records.values()
             if _fits(record, wanted)]  # fmt: skip
    found.sort(key=lambda record: (record["created_at"], record["id"]))
    chosen, more = paged(
        call,
        found,
        lambda record: (record["created_at"], record["id"]),
        limit=min(CUSTOMERS_PAGE, call.whole("limit", CUSTOMERS_PAGE)),
        descending=sort.get("order") == "DESC",
    )
    count = {"count": len(found)} if call.body.get("count") else {}
    return {"customers": chosen, **more, **count}


def _fits(record: Record, wanted: Record) -> bool:
    for name, wish in wanted.items():
        value = str(record.get(name, ""))
        if "exact" in wish and value.casefold() != wish["exact"].casefold():
            return False
        if "fuzzy" in wish and wish["fuzzy"].casefold() not in value.casefold():
            return False
        if "start_at" in wish and value < stamp(moment(wish["start_at"], name)):
            return False
        if "end_at" in wish and value > stamp(moment(wish["end_at"], name)):
            return False
    return True


# cash drawers


def _place(call: Call) -> str:
    if "location_id" not in call.query:
        raise missing("location_id")
    return call.business.place(call.query["location_id"]).id


def _shifts(call: Call) -> Record:
    place, query = _place(call), call.query
    low = stamp(moment(query["begin_time"], "begin_time")) if "begin_time" in query else ""
    high = stamp(moment(query["end_time"], "end_time")) if "end_time" in query else "9"
    found = [
        shift
        for shift in call.business.drawers.shifts
        if shift.record["location_id"] == place and low <= shift.record["opened_at"] < high
    ]
    chosen, more = paged(
        call,
        found,
        lambda shift: (shift.record["opened_at"], shift.number),
        limit=min(SHIFTS_MAX, call.whole("limit", SHIFTS_PAGE)),
        descending=query.get("sort_order", "ASC") == "DESC",
    )
    names = (
        "id", "state", "opened_at", "ended_at", "closed_at", "description", "opened_cash_money",
        "expected_cash_money", "closed_cash_money", "created_at", "updated_at", "location_id",
    )  # fmt: skip
    summaries = []
    for shift in chosen:
        whole = call.business.drawers.shown(shift)
        summaries.append({name: whole[name] for name in names if name in whole})
    return {"cash_drawer_shifts": summaries, **more}


def _shift(call: Call) -> Record:
    drawers = call.business.drawers
    shift = drawers.find(call.params["shift_id"], _place(call))
    return {"cash_drawer_shift": drawers.shown(shift)}


def _shift_events(call: Call) -> Record:
    shift = call.business.drawers.find(call.params["shift_id"], _place(call))
    numbered = list(enumerate(shift.events))
    limit = min(SHIFTS_MAX, call.whole("limit", SHIFTS_PAGE))
    chosen, more = paged(call, numbered, lambda entry: (entry[0],), limit=limit)
    return {"cash_drawer_shift_events": [event for _, event in chosen], **more}


# webhook subscriptions


def _subscriptions(call: Call) -> Record:
    query, found = call.query, call.business.subscriptions
    records = [
        record
        for record in found.records.values()
        if record["enabled"] or query.get("include_disabled") == "true"
    ]
    records.sort(key=lambda record: (record["created_at"], record["id"]))
    chosen, more = paged(
        call,
        records,
        lambda record: (record["created_at"], record["id"]),
        limit=min(SUBSCRIPTIONS_PAGE, call.whole("limit", SUBSCRIPTIONS_PAGE)),
        descending=query.get("sort_order", "ASC") == "DESC",
    )
    return {"subscriptions": [found.shown(record) for record in chosen], **more}


def _create_subscription(call: Call) -> Record:
    found = call.business.subscriptions
    given = {"api_version": VERSION, **call.body["subscription"]}
    if given["api_version"] > VERSION:
        raise not_modelled(f"the API version {given['api_version']}")
    return {"subscription": found.shown(found.create(given))}


def _subscription(call: Call) -> Record:
    found = call.business.subscriptions
    return {"subscription": found.shown(found.find(call.params["subscription_id"]))}


def _update_subscription(call: Call) -> Record:
    found = call.business.subscriptions
    record = found.update(call.params["subscription_id"], call.body.get("subscription", {}))
    return {"subscription": dict(record)}


def _delete_subscription(call: Call) -> Record:
    call.business.subscriptions.delete(call.params["subscription_id"])
    return {}


def _new_key(call: Call) -> Record:
    return {"signature_key": call.business.subscriptions.new_key(call.params["subscription_id"])}


def _test(call: Call) -> Awaitable[Response]:
    found = call.business.subscriptions
    identity = call.params["subscription_id"]
    payload, sent = found.test(identity, call.body.get("event_type", ""))
    business, record = call.business, found.find(identity)
    began = business.now()

    async def answer() -> Response:
        status = await sent
        if not status:
            detail = "The notification URL could not be reached."
            return Refusal("BAD_REQUEST", detail, "subscription_id").response()
        result = {
            "id": business.ids.uuid("subscription test"),
            "status_code": status,
            "payload": payload,
            "created_at": began,
            "updated_at": business.now(),
        }
        url = record["notification_url"]
        more = {"notification_url": url, "status_code": status, "passes_filter": True}
        return Response.json({"subscription_test_result": {**result, **more}, **more,
                              "payload": payload})  # fmt: skip

    return answer()
