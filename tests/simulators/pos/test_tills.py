"""What people do in the shops: sales with discounts and tips, offline batches, the day's close."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from peakproof.errors import SimulatorRefused
from peakproof.plan import TaxRule
from tests.simulators.pos.conftest import plan


def sell(till: Any, sku: str = "TEE", quantity: int = 1, **more: Any) -> Any:
    place = more.pop("location_code", "NY")
    return till.act("sale", location_code=place, lines=[{"sku": sku, "quantity": quantity}], **more)


def test_a_sale_with_discounts_and_a_tip(till: Any) -> None:
    sold = till.act(
        "sale", location_code="NY", tender="card", tip="3.00", customer="ada@example.com",
        lines=[{"sku": "TEE", "quantity": 2, "discount": {"percentage": "25"}},
               {"sku": "BOOK", "quantity": 1}],
        discount={"amount": "5.00"},
    )  # fmt: skip
    order = till.checked(till.square.orders.get(order_id=sold["order_id"])).order
    assert order.reference_id == sold["reference"] == "NY-000001"
    assert order.state == "COMPLETED"
    assert order.version is None, "orders that the API did not create have no version"
    assert [item.total_discount_money.amount for item in order.line_items] == [1_375, 125]
    assert [item.total_tax_money.amount for item in order.line_items] == [217, 0]
    assert order.total_money.amount == 4_000 + 999 - 1_500 + 217 + 300
    assert sold["total"] == "40.16"
    person = till.square.customers.get(customer_id=order.customer_id).customer
    assert person.email_address == "ada@example.com"
    record = till.snapshot("sale")[order.id]
    assert (record["tender"], record["tax"], record["tip"]) == ("card", "2.17", "3.00")
    assert record["payment_ids"] == [sold["payment_id"]]
    (noted, *_) = till.wait_for("state", "sale", 2)
    assert noted.key == order.id


def test_taxes_in_the_price(open_till: Callable[..., Any]) -> None:
    till = open_till(plan(currency="EUR", country="DE", taxes_included=True,
                          tax=TaxRule(title="VAT", rate="0.19")))  # fmt: skip
    sold = sell(till, quantity=2)
    record = till.snapshot("sale")[sold["order_id"]]
    assert (sold["total"], record["tax"], sold["currency"]) == ("40.00", "6.39", "EUR")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"location_code": "XX", "lines": []}, "unknown_location"),
        ({"location_code": "NY", "lines": []}, "no_lines"),
        ({"location_code": "NY", "lines": [{"sku": "?", "quantity": 1}]}, "unknown_sku"),
        ({"location_code": "NY", "lines": [{"sku": "TEE", "quantity": 0}]}, "bad_quantity"),
        ({"location_code": "NY", "lines": [{"sku": "TEE", "quantity": 1}], "tender": "gold"},
         "unknown_tender"),
        ({"location_code": "NY", "lines": [{"sku": "TEE", "quantity": 1}], "cash_given": "1.00"},
         "too_little_cash"),
        ({"location_code": "NY", "lines": [{"sku": "TEE", "quantity": 1}], "tip": "0.001"},
         "bad_amount"),
        ({"location_code": "NY", "lines": [{"sku": "TEE", "quantity": 1}],
          "discount": {"percentage": "150"}}, "invalid_value"),
    ],
)  # fmt: skip
def test_sales_that_cannot_be(till: Any, arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(SimulatorRefused, match=code):
        till.act("sale", **arguments)
    assert till.snapshot("sale") == {}
    assert till.level() == 50


def test_hands_find_on_the_shelf_only_what_lies_there(till: Any) -> None:
    left = till.level()
    aside = {"location_code": "NY", "sku": "TEE", "quantity": left - 1}
    till.act("reserve_pickup", **aside, channel_order="#1001")
    line = {"sku": "TEE", "quantity": 1}
    till.act("sale", location_code="NY", lines=[line], from_shelf=True)
    with pytest.raises(SimulatorRefused, match="on the shelf") as refused:
        till.act("sale", location_code="NY", lines=[line], from_shelf=True)
    assert refused.value.code == "sold_out"
    assert till.level() == 0


def test_an_offline_store_sends_its_sales_later(till: Any) -> None:
    till.act("go_offline", location_code="NY", clock_skew_seconds=-3600)
    sold = [sell(till, quantity=quantity, tender="card") for quantity in (1, 2)]
    assert [each["order_id"] for each in sold] == ["", ""]
    assert till.snapshot("till")["NY"] == {"location_code": "NY", "offline": True, "waiting": 2}
    assert till.level() == 50, "Square does not know yet"
    assert sell(till, location_code="LA")["order_id"], "other stores are online"
    before = till.square.orders.search(location_ids=[till.place()])
    assert not before.orders
    back = till.act("come_online", location_code="NY")
    assert [each["reference"] for each in back["sales"]] == [each["reference"] for each in sold]
    assert till.level() == 47
    order_id = back["sales"][0]["order_id"]
    record = till.snapshot("sale")[order_id]
    assert record["offline"] is True
    late = datetime.fromisoformat(record["arrived"]) - datetime.fromisoformat(record["created"])
    assert 3_590 < late.total_seconds() < 3_700
    order = till.checked(till.square.orders.get(order_id=order_id)).order
    assert order.created_at == record["arrived"], "an order is created when it arrives"
    payment = till.checked(till.square.payments.get(payment_id=record["payment_ids"][0])).payment
    assert payment.is_offline_payment is True
    assert payment.offline_payment_details.client_created_at == record["created"]
    taken = till.checked(
        till.square.payments.list(
            is_offline_payment=True, offline_begin_time="2020-01-01T00:00:00Z"
        )
    )
    assert len(list(taken)) == 2
    assert till.square.payments.list(offline_end_time="2020-01-01T00:00:00Z").items == []


def test_a_till_that_sends_a_sale_twice(till: Any) -> None:
    till.hosted.client.inject("till_resends", {"count": 1})
    till.act("go_offline", location_code="NY")
    for _ in range(2):
        sell(till, tender="cash")
    back = till.act("come_online", location_code="NY")
    (twin,) = back["duplicates"]
    found = till.square.orders.search(location_ids=[till.place()]).orders
    references = sorted(order.reference_id for order in found)
    assert references == ["NY-000001", "NY-000001", "NY-000002"]
    sales = till.snapshot("sale")
    first = back["sales"][0]
    assert sales[twin]["duplicate_of"] == first["order_id"]
    assert sales[twin]["payment_ids"] == [first["payment_id"]]
    assert till.level() == 48, "goods leave the shelf once"
    assert len(list(till.square.payments.list())) == 2
    closed = till.act("close_day", location_code="NY")
    assert (closed["sales_count"], closed["tenders"]["cash"]) == (2, "43.30")


def test_offline_tills_neither_refund_nor_close(till: Any) -> None:
    sold = sell(till)
    till.act("go_offline", location_code="NY")
    for action, arguments in (
        ("refund_sale", {"order_id": sold["order_id"]}),
        ("close_day", {"location_code": "NY"}),
    ):
        with pytest.raises(SimulatorRefused, match="till_offline"):
            till.act(action, **arguments)
    with pytest.raises(SimulatorRefused, match="offline already"):
        till.act("go_offline", location_code="NY")
    till.act("come_online", location_code="NY")
    with pytest.raises(SimulatorRefused, match="is online"):
        till.act("come_online", location_code="NY")
    with pytest.raises(SimulatorRefused, match="unknown_sale"):
        till.act("refund_sale", reference="NY-999999")


def test_the_day_is_closed_with_its_totals(open_till: Callable[..., Any]) -> None:
    till = open_till(plan(days_ago=3), card_refund_seconds=0)
    cash = sell(till, quantity=2)
    sell(till, tender="card", tip="1.00")
    sell(till, location_code="LA")
    till.act("refund_sale", order_id=cash["order_id"], lines=[{"sku": "TEE", "quantity": 1}])
    closed = till.act("close_day", location_code="NY", difference="-0.50")
    assert closed["sales_count"] == 2
    assert closed["tenders"] == {"card": "22.65", "cash": "43.30", "external": "0.00"}
    assert closed["refunds"] == {"card": "0.00", "cash": "21.65", "external": "0.00"}
    assert (closed["total"], closed["tax"], closed["tip"]) == ("65.95", "4.95", "1.00")
    assert closed["net"] == "44.30"
    assert (closed["expected_cash"], closed["counted_cash"], closed["difference"]) == (
        "121.65", "121.15", "-0.50")  # fmt: skip
    shift = till.checked(
        till.square.cash_drawers.shifts.get(shift_id=closed["shift_id"], location_id=till.place())
    ).cash_drawer_shift
    assert (shift.state, shift.closed_cash_money.amount) == ("CLOSED", 12_115)
    till.act("pass_days", days=1)
    sell(till)
    second = till.act("close_day", location_code="NY", counted_cash="121.65")
    assert (second["sales_count"], second["difference"]) == (1, "0.00")
    assert second["date"] > closed["date"]
    assert list(till.snapshot("day_close")) == [closed["key"], second["key"]]
    listed = till.checked(till.square.cash_drawers.shifts.list(location_id=till.place()))
    assert [each.state for each in listed] == ["CLOSED", "CLOSED"]


def test_what_is_counted_and_received(till: Any) -> None:
    assert till.act("receive_stock", sku="TEE", location_code="NY", quantity=5)["quantity"] == 55
    assert till.act("count_stock", sku="TEE", location_code="NY", quantity=0)["quantity"] == 0
    sell(till, quantity=2)
    assert till.snapshot("level")["TEE@NY"] == {
        "sku": "TEE", "location_code": "NY", "quantity": -2, "reserved": 0}  # fmt: skip


def test_any_shop_will_do(open_till: Callable[..., Any]) -> None:
    till = open_till(plan(locations=[], tax=None, products=[], customers=[]))
    assert till.seeded["locations"] == {"MAIN": till.place("MAIN")}
    assert till.checked(till.square.catalog.list()).items in ([], None)


def test_a_whole_refund_takes_the_tip_along(till: Any) -> None:
    sold = sell(till, tip="2.00")
    back = till.act("refund_sale", order_id=sold["order_id"], restock=True)
    assert Decimal(back["amount"]) == Decimal(sold["total"])
    assert till.snapshot("sale")[sold["order_id"]]["refunded"] == back["amount"]
    assert till.level() == 50


def test_pieces_refunded_one_by_one_come_to_the_whole(till: Any) -> None:
    sold = sell(till, "BOOK", 3, discount={"amount": "0.01"})
    amounts = [
        till.act("refund_sale", order_id=sold["order_id"], lines=[{"sku": "BOOK", "quantity": 1}],
                 restock=True)["amount"]
        for _ in range(3)
    ]  # fmt: skip
    assert sum(map(Decimal, amounts)) == Decimal(sold["total"]) == Decimal("29.96")
    assert till.level("BOOK") == 9
    with pytest.raises(SimulatorRefused, match="too_many"):
        till.act("refund_sale", order_id=sold["order_id"], lines=[{"sku": "BOOK", "quantity": 1}])


def test_what_is_left_after_a_partial_refund(till: Any) -> None:
    sold = sell(till, quantity=3)
    till.act("refund_sale", order_id=sold["order_id"], lines=[{"sku": "TEE", "quantity": 1}],
             restock=True)  # fmt: skip
    back = till.act("refund_sale", order_id=sold["order_id"], restock=True)
    assert back["amount"] == "43.30"
    assert till.level() == 50
    assert till.snapshot("sale_refund")[back["refund_id"]]["lines"] == [
        {"sku": "TEE", "quantity": 2}]  # fmt: skip


def test_an_offline_sale_keeps_the_price_that_it_was_sold_for(till: Any) -> None:
    till.act("go_offline", location_code="NY")
    sold = sell(till, "BOOK", customer={"email": "new@example.com"})
    assert len(till.square.customers.search().customers) == 1, "nobody told Square yet"
    book = till.square.catalog.object.get(object_id=till.variation("BOOK")).object
    till.square.catalog.object.delete(object_id=book.item_variation_data.item_id)
    (arrived,) = till.act("come_online", location_code="NY")["sales"]
    record = till.snapshot("sale")[arrived["order_id"]]
    assert (record["total"], record["lines"][0]["sku"]) == (sold["total"], "BOOK")
    assert len(till.square.customers.search().customers) == 2
