"""The wire of payments and refunds: shapes of requests, and what each call answers."""

from typing import Any

from peakproof.simkit import Route

from .api import Api, Call, paged
from .errors import Refusal, invalid, missing, not_found
from .shapes import ANY, MONEY, TIME, moment, stamp

__all__ = ["routes"]

Record = dict[str, Any]
KEY_LENGTH_MAX, PAGE_MAX = 45, 100
_PAYMENT = {
    "source_id!": str, "idempotency_key!": str, "amount_money": MONEY, "tip_money": MONEY,
    "delay_duration": str, "delay_action": ("CANCEL", "COMPLETE"), "autocomplete": bool,
    "order_id": str, "customer_id": str, "location_id": str, "reference_id": str,
    "verification_token": str, "buyer_email_address": str, "billing_address": ANY,
    "shipping_address": ANY, "note": str, "statement_description_identifier": str,
    "cash_details": {"buyer_supplied_money!": MONEY, "change_back_money": MONEY},
    "external_details": {"type!": str, "source!": str, "source_id": str,
                         "source_fee_money": MONEY},
    "offline_payment_details": {"client_created_at": TIME},
}  # fmt: skip
_REFUND = {
    "idempotency_key!": str, "amount_money!": MONEY, "payment_id": str, "reason": str,
    "payment_version_token": str, "location_id": str,
}  # fmt: skip
_TIMES = ("begin_time", "end_time", "updated_at_begin_time", "updated_at_end_time")
_LIST = (*_TIMES, "sort_order", "sort_field", "cursor", "location_id", "limit")
_OFFLINE = ("is_offline_payment", "offline_begin_time", "offline_end_time")


def routes(api: Api) -> list[Route]:
    """Return the routes of payments and refunds."""
    one = "/v2/payments/{payment_id}"
    return [
        api.route("POST", "/v2/payments", "payments.create", _create, body=_PAYMENT),
        api.route("GET", "/v2/payments", "payments.list", _list,
                  query=(*_LIST, "total", "last_4", "card_brand", *_OFFLINE)),
        api.route("POST", "/v2/payments/cancel", "payments.cancel_by_idempotency_key",
                  _cancel_by_key, body={"idempotency_key!": str}),
        api.route("GET", one, "payments.get", _get),
        api.route("POST", f"{one}/complete", "payments.complete", _complete,
                  body={"version_token": str}),
        api.route("POST", f"{one}/cancel", "payments.cancel", _cancel, body={}),
        api.route("POST", "/v2/refunds", "refunds.refund_payment", _refund, body=_REFUND),
        api.route("GET", "/v2/refunds", "refunds.list", _list_refunds,
                  query=(*_LIST, "status", "source_type")),
        api.route("GET", "/v2/refunds/{refund_id}", "refunds.get", _get_refund),
    ]  # fmt: skip


def _check_key(call: Call) -> None:
    if len(call.body["idempotency_key"]) > KEY_LENGTH_MAX:
        detail = f"The key has at most {KEY_LENGTH_MAX} characters."
        raise Refusal("VALUE_TOO_LONG", detail, "idempotency_key")


def _create(call: Call) -> Record:
    _check_key(call)
    payment = call.business.payments.create(call.body)
    payment.record_key = call.body["idempotency_key"]
    return {"payment": payment.record}


def _get(call: Call) -> Record:
    return {"payment": call.business.payments.find(call.params["payment_id"]).record}


def _complete(call: Call) -> Record:
    payment = call.business.payments.find(call.params["payment_id"])
    call.business.payments.complete(payment, call.body.get("version_token", ""))
    return {"payment": payment.record}


def _cancel(call: Call) -> Record:
    payment = call.business.payments.find(call.params["payment_id"])
    call.business.payments.cancel(payment)
    return {"payment": payment.record}


def _cancel_by_key(call: Call) -> Record:
    """Void the payment that a key made; with none there is nothing to do, as at Square."""
    for payment in call.business.payments.all.values():
        if payment.record_key == call.body["idempotency_key"]:
            if payment.record["status"] == "APPROVED":
                call.business.payments.cancel(payment)
            return {}
    raise not_found("Payment of the idempotency key", call.body["idempotency_key"])


def _refund(call: Call) -> Record:
    _check_key(call)
    if "payment_id" not in call.body:
        raise missing("payment_id")
    payment = call.business.payments.find(call.body["payment_id"])
    token = call.body.get("payment_version_token")
    if token is not None and token != payment.record["version_token"]:
        raise Refusal("VERSION_MISMATCH", "The payment changed.", "payment_version_token", 409)
    amount = call.business.amount(call.body["amount_money"], "amount_money")
    refund = call.business.refunds.create(payment, amount, call.body.get("reason", ""))
    return {"refund": refund.record}


def _get_refund(call: Call) -> Record:
    return {"refund": call.business.refunds.find(call.params["refund_id"]).record}


def _check_times(call: Call) -> None:
    for name in (*_TIMES, *_OFFLINE[1:]):
        if name in call.query:
            moment(call.query[name], name)


def _within(call: Call, low: str, high: str, value: str) -> bool:
    query = call.query
    if low in query and value < stamp(moment(query[low], low)):
        return False
    return high not in query or value <= stamp(moment(query[high], high))


def _listed(call: Call, entries: list[Any]) -> tuple[list[Record], Record]:
    query = call.query
    field = query.get("sort_field", "CREATED_AT").lower()
    if field not in ("created_at", "updated_at", "offline_created_at"):
        raise invalid("sort_field", f"`{field}` cannot be sorted by.", "INVALID_ENUM_VALUE")
    if field == "offline_created_at":
        raise invalid("sort_field", "peakproof does not sort by OFFLINE_CREATED_AT.")
    order = query.get("sort_order", "DESC")
    if order not in ("ASC", "DESC"):
        raise Refusal("INVALID_SORT_ORDER", f"`{order}` is not ASC or DESC.", "sort_order")
    chosen = [
        entry
        for entry in entries
        if _within(call, "begin_time", "end_time", entry.record["created_at"])
        and _within(
            call, "updated_at_begin_time", "updated_at_end_time", entry.record["updated_at"]
        )
    ]
    chosen.sort(key=lambda entry: (entry.record[field], entry.number))
    found, more = paged(
        call,
        chosen,
        lambda entry: (entry.record[field], entry.number),
        limit=min(PAGE_MAX, call.whole("limit", PAGE_MAX)),
        descending=order == "DESC",
    )
    return [entry.record for entry in found], more


def _list(call: Call) -> Record:
    """List the payments of a location: without ``location_id`` of the main one, as at Square."""
    _check_times(call)
    place = call.business.place(call.query.get("location_id") or "main").id
    entries = [
        entry
        for entry in call.business.payments.all.values()
        if entry.record["location_id"] == place and _matches(call, entry.record)
    ]
    payments, more = _listed(call, entries)
    return {"payments": payments, **more}


def _matches(call: Call, record: Record) -> bool:
    query = call.query
    card = record.get("card_details", {}).get("card", {})
    if "total" in query and str(record["total_money"]["amount"]) != query["total"]:
        return False
    if any(name in query and card.get(name) != query[name] for name in ("last_4", "card_brand")):
        return False
    offline = record.get("is_offline_payment", False)
    if "is_offline_payment" in query and offline != (query["is_offline_payment"] == "true"):
        return False
    if "offline_begin_time" in query or "offline_end_time" in query:
        at = record.get("offline_payment_details", {}).get("client_created_at", "")
        return bool(at) and _within(call, "offline_begin_time", "offline_end_time", at)
    return True


def _list_refunds(call: Call) -> Record:
    """List refunds, of every location unless one is named."""
    _check_times(call)
    query = call.query
    if "location_id" in query:
        call.business.place(query["location_id"])
    wanted = {"location_id": "location_id", "status": "status", "source_type": "destination_type"}
    entries = [
        entry
        for entry in call.business.refunds.all.values()
        if all(entry.record[name] == query[key] for key, name in wanted.items() if key in query)
    ]
    refunds, more = _listed(call, entries)
    return {"refunds": refunds, **more}
