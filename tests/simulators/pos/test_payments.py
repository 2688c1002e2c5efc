"""Payments and refunds through Square's client: tenders, declines, capture, partial refunds."""

from collections.abc import Callable
from typing import Any

import pytest
from square.core.api_error import ApiError

from peakproof.seed import wait_until
from tests.simulators.pos.conftest import plan


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


def pay(till: Any, amount: int = 1_000, source: str = "cnon:card-nonce-ok", **more: Any) -> Any:
    answer = till.square.payments.create(
        source_id=source, idempotency_key=till.key(), amount_money=usd(amount), **more
    )
    return till.checked(answer).payment


def refund(till: Any, payment: str, amount: int, **more: Any) -> Any:
    answer = till.square.refunds.refund_payment(
        idempotency_key=till.key(), payment_id=payment, amount_money=usd(amount), **more
    )
    return till.checked(answer).refund


def test_cash_with_change_and_an_order_of_its_own(till: Any) -> None:
    payment = pay(till, 1_250, "CASH", cash_details={"buyer_supplied_money": usd(2_000)})
    assert payment.cash_details.change_back_money.amount == 750
    order = till.checked(till.square.orders.get(order_id=payment.order_id)).order
    assert (order.state, order.line_items[0].item_type) == ("COMPLETED", "CUSTOM_AMOUNT")
    with pytest.raises(ApiError, match="VALUE_TOO_LOW"):
        pay(till, 1_250, "CASH", cash_details={"buyer_supplied_money": usd(1_000)})
    with pytest.raises(ApiError, match="cash_details"):
        pay(till, 1_250, "CASH")


@pytest.mark.parametrize(
    ("nonce", "code"),
    [
        ("cnon:card-nonce-declined", "GENERIC_DECLINE"),
        ("cnon:card-nonce-rejected-cvv", "CVV_FAILURE"),
    ],
)
def test_declined_cards(till: Any, nonce: str, code: str) -> None:
    key = till.key()
    for _ in range(2):  # the key is used up: the same answer again, no second payment
        with pytest.raises(ApiError) as declined:
            till.square.payments.create(source_id=nonce, idempotency_key=key, amount_money=usd(100))
        assert declined.value.status_code == 402
        assert (declined.value.errors[0].category, declined.value.errors[0].code) == (
            "PAYMENT_METHOD_ERROR", code)  # fmt: skip
    (failed,) = till.checked(till.square.payments.list())
    assert failed.status == "FAILED"
    assert failed.id == declined.value.body["payment"]["id"]


def test_delayed_capture(till: Any) -> None:
    held = pay(till, autocomplete=False, delay_duration="PT36H")
    assert (held.status, held.delay_action) == ("APPROVED", "CANCEL")
    with pytest.raises(ApiError, match="VERSION_MISMATCH"):
        till.square.payments.complete(
            payment_id=held.id, version_token="old", request_options={"max_retries": 0}
        )
    done = till.checked(
        till.square.payments.complete(payment_id=held.id, version_token=held.version_token)
    ).payment
    assert done.status == "COMPLETED"
    with pytest.raises(ApiError, match="not APPROVED"):
        till.square.payments.cancel(payment_id=held.id)
    other = pay(till, autocomplete=False)
    gone = till.checked(till.square.payments.cancel(payment_id=other.id)).payment
    assert (gone.status, gone.card_details.status) == ("CANCELED", "VOIDED")
    order = till.square.orders.get(order_id=other.order_id).order
    assert (order.state, order.net_amount_due_money.amount) == ("OPEN", 1_000)


def test_a_hold_ends_when_its_days_are_over(open_till: Callable[..., Any]) -> None:
    till = open_till(plan(days_ago=10))
    held, kept = (
        pay(till, autocomplete=False),
        pay(till, autocomplete=False, delay_action="COMPLETE", delay_duration="P2D"),
    )
    till.act("pass_days", days=3)
    status = {each.id: each.status for each in till.square.payments.list()}
    assert status == {held.id: "APPROVED", kept.id: "COMPLETED"}
    till.act("pass_days", days=5)
    assert till.square.payments.get(payment_id=held.id).payment.status == "CANCELED"


def test_cancel_by_idempotency_key(till: Any) -> None:
    key = till.key()
    held = till.square.payments.create(
        source_id="cnon:card-nonce-ok", idempotency_key=key, amount_money=usd(5), autocomplete=False
    ).payment
    till.checked(till.square.payments.cancel_by_idempotency_key(idempotency_key=key))
    assert till.square.payments.get(payment_id=held.id).payment.status == "CANCELED"


def test_payments_are_listed_of_one_location_in_pages(till: Any) -> None:
    here = [pay(till, 100 + number).id for number in range(3)]
    pay(till, 900, location_id=till.place("LA"))
    newest_first = till.square.payments.list(limit=2)
    assert [each.id for each in newest_first] == here[::-1]
    assert [each.id for each in till.square.payments.list(sort_order="ASC", limit=1)] == here
    (one,) = till.square.payments.list(total=101)
    assert one.id == here[1]
    assert list(till.square.payments.list(end_time="2020-01-01T00:00:00Z")) == []
    elsewhere = till.square.payments.list(location_id=till.place("LA"))
    assert [each.amount_money.amount for each in elsewhere] == [900]


def test_partial_refunds_and_no_more_than_was_paid(till: Any) -> None:
    payment = pay(till, 1_000)
    first = refund(till, payment.id, 300, reason="late")
    assert first.status == "PENDING"
    wait_until(
        lambda: till.square.refunds.get(refund_id=first.id).refund.status == "COMPLETED",
        5, "the card refund to complete",
    )  # fmt: skip
    with pytest.raises(ApiError) as refused:
        refund(till, payment.id, 701)
    assert refused.value.errors[0].category == "REFUND_ERROR"
    assert refused.value.errors[0].code == "REFUND_AMOUNT_INVALID"
    second = refund(till, payment.id, 700)
    now = till.checked(till.square.payments.get(payment_id=payment.id)).payment
    assert (now.refunded_money.amount, now.refund_ids) == (1_000, [first.id, second.id])
    listed = till.checked(till.square.refunds.list(location_id=till.place(), sort_order="ASC"))
    assert [each.id for each in listed] == [first.id, second.id]
    order = till.checked(till.square.orders.get(order_id=payment.order_id)).order
    assert sum(each.amount_money.amount for each in order.refunds) == 1_000
    back = till.checked(till.square.orders.get(order_id=first.order_id)).order
    assert back.returns[0].source_order_id == payment.order_id
    assert back.net_amounts.total_money.amount == -300


def test_a_refund_may_fail_later(till: Any) -> None:
    payment = pay(till, 1_000)
    till.hosted.client.inject("refund_fails", {"count": 1})
    failed = refund(till, payment.id, 1_000)
    wait_until(
        lambda: till.square.refunds.get(refund_id=failed.id).refund.status == "FAILED",
        5, "the refund to fail",
    )  # fmt: skip
    assert till.snapshot("sale_refund")[failed.id]["state"] == "failed"
    assert refund(till, payment.id, 1_000).id != failed.id, "the money is still there"


def test_only_completed_payments_are_refunded(till: Any) -> None:
    held = pay(till, autocomplete=False)
    with pytest.raises(ApiError, match="PAYMENT_NOT_REFUNDABLE"):
        refund(till, held.id, 10)
    with pytest.raises(ApiError) as missing:
        refund(till, "nobody", 10)
    assert missing.value.status_code == 404


def test_itemized_refund_at_the_counter_restocks(till: Any) -> None:
    lines = [{"sku": "TEE", "quantity": 3}, {"sku": "BOOK", "quantity": 1}]
    sold = till.act("sale", location_code="NY", tender="card", lines=lines)
    assert (sold["total"], till.level()) == ("74.94", 47)
    back = till.act("refund_sale", reference=sold["reference"], restock=True,
                    lines=[{"sku": "TEE", "quantity": 2}])  # fmt: skip
    assert (back["amount"], till.level()) == ("43.30", 49)
    record = till.snapshot("sale_refund")[back["refund_id"]]
    assert record["lines"] == [{"sku": "TEE", "quantity": 2}]
    assert record["restocked"] is True
    order_id = till.square.refunds.get(refund_id=back["refund_id"]).refund.order_id
    (line,) = till.checked(till.square.orders.get(order_id=order_id)).order.returns[
        0].return_line_items  # fmt: skip
    assert (line.quantity, line.total_tax_money.amount) == ("2", 330)
    assert order_id not in till.snapshot("sale"), "an order of a return is no sale"
    with pytest.raises(Exception, match="too_many"):
        till.act("refund_sale", reference=sold["reference"], lines=[{"sku": "TEE", "quantity": 2}])
