"""The operations of money and news: balance, balance transactions, payouts, webhook endpoints,
events."""

from typing import Any

from .account import Account
from .api import Call, Operation
from .errors import Refused, not_modelled
from .events import (
    Endpoint,
    EventRecord,
    check_address,
    check_types,
    endpoint_object,
    event_object,
)
from .lists import LIST, in_time, page_of
from .operations import OPERATIONS as PAYMENT_OPERATIONS
from .operations import listed, merge, retrieve, show
from .records import Payout, Transaction

__all__ = ["OPERATIONS", "SEARCHES"]


def _balance(account: Account, _call: Call) -> dict[str, Any]:
    return account.ledger.balance_object()


def _transaction_list(account: Account, call: Call) -> dict[str, Any]:
    """List movements; those of an automatic payout include its own, with the opposite sign."""
    given = call.given
    kind, source = given.get("type"), given.get("source")
    currency, payout = given.get("currency"), None
    if given.get("payout"):
        payout = account.core.get(Payout, given["payout"], "payout", 400)
        if not payout.automatic:
            raise Refused(
                "Balance transaction history can only be filtered on automatic transfers, not "
                "manual.",
                param="payout",
            )

    def matches(entry: Transaction) -> bool:
        return (
            kind in (None, entry.type)
            and source in (None, entry.source)
            and currency in (None, entry.currency.lower())
            and (payout is None or entry.paid_in is payout or entry is payout.own)
        )

    return listed(account, call, Transaction, "balance_transactions", matches)


def _payout_create(account: Account, call: Call) -> dict[str, Any]:
    given = call.given
    if given["amount"] < 1:
        raise Refused("Invalid positive integer", "parameter_invalid_integer", "amount")
    bank = account.payouts.banks.get(given["currency"].upper())
    if given.get("destination") not in (None, bank and bank.id):
        raise Refused(
            f"No such external account: '{given['destination']}'",
            "resource_missing",
            "destination",
        )
    if given.get("method") == "instant":
        raise not_modelled("instant payouts", "method")
    payout = account.payouts.manual(
        given["amount"],
        given["currency"].upper(),
        given.get("description"),
        merge({}, given.get("metadata")),
        given.get("statement_descriptor"),
    )
    return show(account, payout)


def _payout_update(account: Account, call: Call) -> dict[str, Any]:
    payout = account.core.get(Payout, call.id)
    payout.metadata = merge(payout.metadata, call.given.get("metadata"))
    return show(account, payout)


def _payout_cancel(account: Account, call: Call) -> dict[str, Any]:
    return show(account, account.payouts.cancel(account.core.get(Payout, call.id)))


def _payout_list(account: Account, call: Call) -> dict[str, Any]:
    given = call.given
    status, destination = given.get("status"), given.get("destination")
    return listed(
        account, call, Payout, "payouts",
        lambda payout: status in (None, payout.status)
        and destination in (None, payout.destination)
        and in_time(payout.arrival_date, given.get("arrival_date")),
    )  # fmt: skip


def _endpoint_create(account: Account, call: Call) -> dict[str, Any]:
    given = call.given
    version = given.get("api_version")
    if version not in (None, account.core.settings.api_version):
        raise not_modelled(f"events of the API version {version}", "api_version")
    if given.get("connect"):
        raise not_modelled("endpoints of Connect", "connect")
    made = account.events.add_endpoint(
        given["url"],
        given["enabled_events"],
        description=given.get("description"),
        metadata=merge({}, given.get("metadata")),
        api_version=version,
    )
    return endpoint_object(made, with_secret=True)


def _endpoint_update(account: Account, call: Call) -> dict[str, Any]:
    found, given = account.core.get(Endpoint, call.id), call.given
    metadata = merge(found.metadata, given.get("metadata"))
    if given.get("url"):
        check_address(given["url"])
    if given.get("enabled_events") is not None:
        check_types(given["enabled_events"])
        found.types = given["enabled_events"]
    found.metadata, found.url = metadata, given.get("url") or found.url
    found.enabled = not given.get("disabled", not found.enabled)
    if "description" in given:
        found.description = given["description"]
    return endpoint_object(found)


def _endpoint_retrieve(account: Account, call: Call) -> dict[str, Any]:
    return endpoint_object(account.core.get(Endpoint, call.id))


def _endpoint_delete(account: Account, call: Call) -> dict[str, Any]:
    found = account.core.get(Endpoint, call.id)
    account.events.remove_endpoint(found)
    return {"id": found.id, "object": found.kind, "deleted": True}


def _endpoint_list(account: Account, call: Call) -> dict[str, Any]:
    found, more = page_of(
        account.events.endpoints(), lambda _entry: True, call.given, Endpoint.kind
    )
    rows = [endpoint_object(entry) for entry in found if isinstance(entry, Endpoint)]
    return {"object": "list", "data": rows, "has_more": more, "url": "/v1/webhook_endpoints"}


def _event_retrieve(account: Account, call: Call) -> dict[str, Any]:
    found = account.core.get(EventRecord, call.id)
    return event_object(found, account.core.settings.api_version)


def _event_list(account: Account, call: Call) -> dict[str, Any]:
    given = call.given
    topic, topics = given.get("type"), given.get("types")
    if topic and topics:
        raise Refused("You may only specify one of these parameters: type, types.", param="type")
    prefix = topic[:-1] if topic and topic.endswith(".*") else None

    def matches(event: EventRecord) -> bool:
        wanted = topic in (None, event.topic) or (
            prefix is not None and event.topic.startswith(prefix)
        )
        delivered = given.get("delivery_success")
        return (
            wanted
            and (not topics or event.topic in topics)
            and in_time(event.created, given.get("created"))
            and delivered in (None, event.waiting == 0)
        )

    found, more = page_of(account.events.kept(), matches, given, EventRecord.kind)
    version = account.core.settings.api_version
    rows = [event_object(event, version) for event in found if isinstance(event, EventRecord)]
    return {"object": "list", "data": rows, "has_more": more, "url": "/v1/events"}


def _search(account: Account, _call: Call) -> dict[str, Any]:
    raise not_modelled(f"search (the account has {len(account.customers())} customers; list them)")


_TIMED = LIST | {"created": "time"}
_HOOK = {"description": "text", "enabled_events": "texts", "metadata": "map", "url": "text"}
_HOOKS = "/v1/webhook_endpoints"

SEARCHES: list[Operation] = [
    Operation(f"{noun}.search", "GET", f"/v1/{noun}/search", _search,
              {"limit": "int", "page": "text", "query": "text!"})
    for noun in ("charges", "customers", "payment_intents")
]  # fmt: skip

OPERATIONS: list[Operation] = [
    *SEARCHES,
    *PAYMENT_OPERATIONS,
    Operation("balance.retrieve", "GET", "/v1/balance", _balance),
    Operation(
        "balance_transactions.list", "GET", "/v1/balance_transactions", _transaction_list,
        _TIMED | {"currency": "text", "payout": "text", "source": "text", "type": "text"}),
    Operation("balance_transactions.retrieve", "GET", "/v1/balance_transactions/{id}",
              retrieve(Transaction)),
    Operation(
        "payouts.create", "POST", "/v1/payouts", _payout_create,
        {"amount": "int!", "currency": "text!", "description": "text", "destination": "text",
         "metadata": "map", "method": "standard|instant", "statement_descriptor": "text"},
        "payout_method source_type"),
    Operation(
        "payouts.list", "GET", "/v1/payouts", _payout_list,
        _TIMED | {"arrival_date": "time", "destination": "text",
                  "status": "pending|paid|failed|canceled|in_transit"}),
    Operation("payouts.retrieve", "GET", "/v1/payouts/{id}", retrieve(Payout)),
    Operation("payouts.update", "POST", "/v1/payouts/{id}", _payout_update, {"metadata": "map"}),
    Operation("payouts.cancel", "POST", "/v1/payouts/{id}/cancel", _payout_cancel),
    Operation(
        "webhook_endpoints.create", "POST", _HOOKS, _endpoint_create,
        {"api_version": "text", "connect": "bool", **_HOOK, "enabled_events": "texts!",
         "url": "text!"}),
    Operation("webhook_endpoints.list", "GET", _HOOKS, _endpoint_list, LIST),
    Operation("webhook_endpoints.retrieve", "GET", _HOOKS + "/{id}", _endpoint_retrieve),
    Operation("webhook_endpoints.update", "POST", _HOOKS + "/{id}", _endpoint_update,
              {**_HOOK, "disabled": "bool"}),
    Operation("webhook_endpoints.delete", "DELETE", _HOOKS + "/{id}", _endpoint_delete),
    Operation(
        "events.list", "GET", "/v1/events", _event_list,
        _TIMED | {"delivery_success": "bool", "type": "text", "types": "texts"}),
    Operation("events.retrieve", "GET", "/v1/events/{id}", _event_retrieve),
]  # fmt: skip
