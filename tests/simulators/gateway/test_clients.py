"""Every operation of the gateway, called through the official client, unmodified."""

from collections.abc import Callable
from typing import Any

import stripe

from peakproof.seed import wait_until
from simulators.gateway.operations_money import OPERATIONS, SEARCHES
from tests.simulators.gateway.desk import Desk


def pay(api: Any, **given: Any) -> Any:
    base = {"amount": 2_000, "currency": "usd", "payment_method": "pm_card_visa"}
    return api.payment_intents.create(base | given)


def customers(api: Any) -> None:
    ada = api.customers.create(
        {"email": "ada@example.org", "name": "Ada", "address": {"city": "London", "country": "GB"},
         "metadata": {"odoo_id": "7"}})  # fmt: skip
    assert ada.address.city == "London"
    assert api.customers.update(ada.id, {"phone": "1", "metadata": {"odoo_id": ""}}).phone == "1"
    assert api.customers.retrieve(ada.id).metadata.to_dict() == {}
    assert [found.id for found in api.customers.list({"email": "ada@example.org"})] == [ada.id]
    assert api.customers.delete(ada.id).deleted
    assert api.customers.retrieve(ada.id).deleted
    assert list(api.customers.list({"email": "ada@example.org"})) == []


def payments(api: Any) -> None:
    intent = pay(api, metadata={"order_id": "1"})
    api.payment_intents.update(intent.id, {"description": "Order 1"})
    confirmed = api.payment_intents.confirm(intent.id, {"expand": ["payment_method"]})
    assert confirmed.payment_method.card.last4 == "4242"
    # Captured asynchronously, as is the default: the money is booked a moment later.
    taken = confirmed.latest_charge
    wait_until(
        lambda: api.charges.retrieve(taken).balance_transaction, 10.0, "the capture of a charge"
    )
    assert api.payment_methods.retrieve(confirmed.payment_method.id).type == "card"
    held = pay(api, confirm=True, capture_method="manual")
    assert api.payment_intents.capture(held.id).status == "succeeded"
    assert api.payment_intents.cancel(pay(api).id).status == "canceled"
    assert api.payment_intents.retrieve(held.id).latest_charge == held.latest_charge
    listed = api.payment_intents.list({"limit": 1})
    assert len(list(listed.auto_paging_iter())) == 3
    charge = api.charges.update(held.latest_charge, {"metadata": {"checked": "yes"}})
    assert api.charges.retrieve(charge.id).metadata["checked"] == "yes"
    assert len(list(api.charges.list({"limit": 1}).auto_paging_iter())) == 2
    refund = api.refunds.create({"payment_intent": held.id, "amount": 500})
    api.refunds.update(refund.id, {"metadata": {"rma": "2"}})
    assert api.refunds.retrieve(refund.id).metadata["rma"] == "2"
    assert [found.id for found in api.refunds.list({"payment_intent": held.id})] == [refund.id]


def disputes(api: Any) -> None:
    intent = pay(api, payment_method="pm_card_createDispute", confirm=True)
    (dispute,) = api.disputes.list({"payment_intent": intent.id}).data
    draft = api.disputes.update(dispute.id, {"evidence": {"product_description": "A tee"},
                                             "submit": False})  # fmt: skip
    assert draft.status == "needs_response"
    assert api.disputes.retrieve(dispute.id).evidence["product_description"] == "A tee"
    assert api.disputes.close(dispute.id).status == "lost"


def money(api: Any) -> None:
    for _ in range(2):
        pay(api, amount=50_000, confirm=True, capture_method="automatic")
    entries = list(api.balance_transactions.list({"limit": 2}).auto_paging_iter())
    assert api.balance_transactions.retrieve(entries[0].id).net == entries[0].net
    balance = api.balance.retrieve()
    assert balance.available[0].amount + balance.pending[0].amount == sum(e.net for e in entries)
    payout = api.payouts.create({"amount": 1_000, "currency": "usd"})
    api.payouts.update(payout.id, {"metadata": {"a": "b"}})
    assert api.payouts.retrieve(payout.id).metadata["a"] == "b"
    assert api.payouts.cancel(payout.id).status == "canceled"
    assert [found.id for found in api.payouts.list({"status": "canceled"})] == [payout.id]


def news(api: Any) -> None:
    made = api.webhook_endpoints.create(
        {"url": "https://shop.example/hook", "enabled_events": ["payout.paid"]}
    )
    api.webhook_endpoints.update(made.id, {"description": "books"})
    assert api.webhook_endpoints.retrieve(made.id).description == "books"
    assert [found.id for found in api.webhook_endpoints.list()] == [made.id]
    assert api.webhook_endpoints.delete(made.id).deleted
    event = api.events.list({"limit": 1}).data[0]
    assert api.events.retrieve(event.id).type == event.type
    total = len(list(api.events.list({"limit": 7}).auto_paging_iter()))
    assert total == len(list(api.events.list({"limit": 100}).auto_paging_iter())) > 7


def test_every_operation_is_called_by_the_official_client(
    open_desk: Callable[..., Desk],
) -> None:
    desk = open_desk(available_after_banking_days=0)
    api = desk.stripe.v1
    for part in (customers, payments, disputes, money, news):
        part(api)
    wanted = {operation.name for operation in OPERATIONS} - {each.name for each in SEARCHES}
    desk.quiet()
    desk.wait_for("request", 1, name="events.retrieve")
    requests = desk.events("request")
    assert {event["name"] for event in requests} == wanted
    assert {event["outcome"] for event in requests} == {"ok"}
    kinds = {event["name"].split(".")[1]: event["value"]["operation_type"] for event in requests}
    assert (kinds["list"], kinds["create"], kinds["delete"]) == ("query", "mutation", "mutation")
    record = next(event["value"] for event in requests if event["name"] == "customers.create")
    assert record["arguments"]["email"] == "ada@example.org"
    assert record["requested_version"] == record["api_version"] == stripe.api_version
    assert len(record["client"]) == 12


def test_the_official_client_pages_backwards(desk: Desk) -> None:
    made = [desk.pay(f"{amount}.00")["charge_id"] for amount in range(10, 20)]
    listed = desk.stripe.v1.charges.list({"limit": 3, "ending_before": made[0]})
    assert [charge.id for charge in listed.auto_paging_iter()] == made[1:]
