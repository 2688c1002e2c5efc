"""Square's official Python client against every resource; its models must fit every answer."""

from typing import Any

import pytest
from pydantic import ValidationError
from square.core.api_error import ApiError
from square.types.create_order_response import CreateOrderResponse

from tests.simulators.pos.conftest import fits


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


def order_of(till: Any, quantity: str = "2", **more: Any) -> dict[str, Any]:
    line = {"quantity": quantity, "catalog_object_id": till.variation()}
    return {"location_id": till.place(), "line_items": [line], **more}


def created(till: Any, **more: Any) -> Any:
    return till.checked(
        till.square.orders.create(order=order_of(till, **more), idempotency_key=till.key())
    ).order


def test_locations(till: Any) -> None:
    found = till.checked(till.square.locations.list()).locations
    assert [place.name for place in found] == ["New York", "Los Angeles"]
    one = till.checked(till.square.locations.get(location_id=found[1].id)).location
    assert one.currency == "USD"
    main = till.checked(till.square.locations.get(location_id="main")).location
    assert main.id == found[0].id == till.seeded["values"]["main_location_id"]


def test_catalog_list_search_and_get(till: Any) -> None:
    listed = list(till.checked(till.square.catalog.list()))
    assert sorted(record.type for record in listed) == ["ITEM", "ITEM", "TAX"]
    tee = next(record for record in listed if record.type == "ITEM"
               and record.item_data.name == "Tee")  # fmt: skip
    assert {entry.item_variation_data.sku for entry in tee.item_data.variations} == {
        "TEE", "TEE-L"}  # fmt: skip
    found = till.checked(
        till.square.catalog.search(
            object_types=["ITEM_VARIATION"],
            query={"exact_query": {"attribute_name": "sku", "attribute_value": "TEE-L"}},
            include_related_objects=True,
        )
    )
    assert [record.id for record in found.objects] == [till.variation("TEE-L")]
    assert {record.type for record in found.related_objects} == {"ITEM", "TAX"}
    batch = till.checked(
        till.square.catalog.batch_get(object_ids=[till.variation("BOOK"), "UNKNOWN"])
    )
    assert [record.item_variation_data.price_money.amount for record in batch.objects] == [999]
    one = till.checked(till.square.catalog.object.get(object_id=tee.id))
    assert one.object.item_data.is_taxable is True


def test_catalog_versions_and_new_objects(till: Any) -> None:
    made = till.checked(
        till.square.catalog.object.upsert(
            idempotency_key=till.key(),
            object={
                "type": "ITEM",
                "id": "#mug",
                "item_data": {
                    "name": "Mug",
                    "variations": [
                        {
                            "type": "ITEM_VARIATION",
                            "id": "#mug-blue",
                            "item_variation_data": {
                                "name": "Blue",
                                "sku": "MUG",
                                "pricing_type": "FIXED_PRICING",
                                "price_money": usd(750),
                            },
                        }
                    ],
                },
            },
        )
    )
    names = {entry.client_object_id: entry.object_id for entry in made.id_mappings}
    mug = till.square.catalog.object.get(object_id=names["#mug-blue"]).object
    change = {"type": "ITEM_VARIATION", "id": mug.id, "version": mug.version,
              "item_variation_data": {"item_id": names["#mug"], "name": "Blue", "sku": "MUG",
                                      "price_money": usd(800)}}  # fmt: skip
    again = till.checked(
        till.square.catalog.batch_upsert(
            idempotency_key=till.key(), batches=[{"objects": [change]}]
        )
    )
    assert again.objects[0].version > mug.version
    with pytest.raises(ApiError) as refused:
        till.square.catalog.object.upsert(
            idempotency_key=till.key(), object=change, request_options={"max_retries": 0}
        )
    assert refused.value.status_code == 409
    assert refused.value.errors[0].code == "VERSION_MISMATCH"
    assert till.act("receive_stock", sku="MUG", location_code="NY", quantity=3)["quantity"] == 3
    gone = till.checked(till.square.catalog.object.delete(object_id=names["#mug"]))
    assert set(gone.deleted_object_ids) == set(names.values())
    with pytest.raises(ApiError) as missing:
        till.square.catalog.object.get(object_id=mug.id)
    assert (missing.value.status_code, missing.value.errors[0].code) == (404, "NOT_FOUND")


def test_customers(till: Any) -> None:
    made = till.checked(
        till.square.customers.create(
            idempotency_key=till.key(),
            given_name="Bob",
            email_address="bob@example.com",
            address={"address_line1": "2 St", "locality": "Austin", "country": "US"},
        )
    ).customer
    found = till.checked(
        till.square.customers.search(
            query={"filter": {"email_address": {"exact": "BOB@example.com"}}}
        )
    )
    assert [person.id for person in found.customers] == [made.id]
    assert till.checked(till.square.customers.get(customer_id=made.id)).customer.version == 0
    changed = till.checked(till.square.customers.update(customer_id=made.id, note="VIP", version=0))
    assert (changed.customer.note, changed.customer.version) == ("VIP", 1)


def test_order_life(till: Any) -> None:
    tax = next(record for record in till.square.catalog.list() if record.type == "TAX")
    wish = order_of(till, taxes=[{"uid": "t", "catalog_object_id": tax.id}])
    preview = till.checked(till.square.orders.calculate(order=wish)).order
    assert (preview.total_money.amount, preview.id) == (4_330, None)
    order = created(till, taxes=[{"uid": "t", "catalog_object_id": tax.id}], reference_id="web-1")
    assert (order.state, order.version, order.total_tax_money.amount) == ("OPEN", 1, 330)
    line = order.line_items[0]
    updated = till.checked(
        till.square.orders.update(
            order_id=order.id,
            order={
                "version": 1,
                "location_id": till.place(),
                "line_items": [{"uid": line.uid, "quantity": "3"}],
            },
            idempotency_key=till.key(),
        )
    ).order
    assert (updated.version, updated.total_money.amount) == (2, 6_495)
    cleared = till.checked(
        till.square.orders.update(
            order_id=order.id,
            order={"version": 2, "location_id": till.place()},
            fields_to_clear=["taxes[t]"],
        )
    ).order
    assert cleared.total_money.amount == 6_000
    payment = till.checked(
        till.square.payments.create(
            source_id="cnon:card-nonce-ok",
            idempotency_key=till.key(),
            order_id=order.id,
            amount_money=usd(6_000),
            tip_money=usd(500),
            location_id=till.place(),
        )
    ).payment
    assert payment.status == "COMPLETED"
    paid = till.checked(till.square.orders.get(order_id=order.id)).order
    assert (paid.state, paid.total_money.amount, paid.total_tip_money.amount) == (
        "COMPLETED", 6_500, 500)  # fmt: skip
    assert paid.net_amount_due_money.amount == 0
    assert paid.tenders[0].payment_id == payment.id
    assert till.level() == 47
    batch = till.checked(till.square.orders.batch_get(order_ids=[order.id, "nobody"]))
    assert [each.id for each in batch.orders] == [order.id]


def test_an_order_that_costs_nothing_is_paid_with_nothing(till: Any) -> None:
    order = created(till, discounts=[{"percentage": "100", "type": "FIXED_PERCENTAGE"}])
    assert (order.state, order.total_money.amount) == ("OPEN", 0)
    paid = till.checked(till.square.orders.pay(order_id=order.id, idempotency_key=till.key())).order
    assert (paid.state, till.level()) == ("COMPLETED", 48)


def test_clearing_a_list_clears_what_points_at_it(till: Any) -> None:
    order = created(till, taxes=[{"percentage": "10"}], discounts=[{"percentage": "50"}])
    assert order.total_money.amount == 2_200
    change = {"version": 1, "location_id": till.place()}
    bare = till.checked(
        till.square.orders.update(
            order_id=order.id, order=change, fields_to_clear=["taxes", "discounts"]
        )
    ).order
    assert bare.total_money.amount == 4_000
    assert not bare.line_items[0].applied_taxes


def test_stale_order_version(till: Any) -> None:
    order = created(till)
    with pytest.raises(ApiError) as refused:
        till.square.orders.update(
            order_id=order.id, order={"version": 7, "location_id": till.place()},
            request_options={"max_retries": 0},
        )  # fmt: skip
    assert (refused.value.status_code, refused.value.errors[0].code) == (409, "VERSION_MISMATCH")


def test_cancelling_an_order(till: Any) -> None:
    order = created(till)
    change = {"version": 1, "location_id": till.place(), "state": "CANCELED"}
    gone = till.checked(till.square.orders.update(order_id=order.id, order=change)).order
    assert gone.state == "CANCELED"
    assert gone.closed_at
    with pytest.raises(ApiError, match="CANCELED"):
        till.square.payments.create(
            source_id="CASH", idempotency_key=till.key(), order_id=order.id,
            amount_money=usd(4_000), cash_details={"buyer_supplied_money": usd(4_000)},
        )  # fmt: skip


def test_two_payments_for_one_order(till: Any) -> None:
    order = created(till)
    parts = [
        till.checked(
            till.square.payments.create(
                source_id="cnon:card-nonce-ok",
                idempotency_key=till.key(),
                order_id=order.id,
                amount_money=usd(amount),
                autocomplete=False,
            )
        ).payment
        for amount in (1_500, 2_500)
    ]
    assert [part.status for part in parts] == ["APPROVED", "APPROVED"]
    with pytest.raises(ApiError, match="PAYMENT_AMOUNT_MISMATCH"):
        till.square.orders.pay(
            order_id=order.id, idempotency_key=till.key(), payment_ids=[parts[0].id]
        )
    paid = till.checked(
        till.square.orders.pay(
            order_id=order.id,
            idempotency_key=till.key(),
            order_version=1,
            payment_ids=[part.id for part in parts],
        )
    ).order
    assert paid.state == "COMPLETED"
    assert [tender.amount_money.amount for tender in paid.tenders] == [1_500, 2_500]


def test_order_search_filters_sorts_and_pages(till: Any) -> None:
    for number in range(5):
        created(till, reference_id=f"web-{number}")
    till.act("sale", location_code="NY", lines=[{"sku": "BOOK", "quantity": 1}])
    till.act("sale", location_code="LA", lines=[{"sku": "TEE", "quantity": 1}], tender="card")
    pages = till.square.orders.search(
        location_ids=[till.place()], limit=2,
        query={"filter": {"state_filter": {"states": ["OPEN"]}},
               "sort": {"sort_field": "CREATED_AT", "sort_order": "ASC"}},
    )  # fmt: skip
    till.checked(pages)
    seen, cursor = [order.reference_id for order in pages.orders], pages.cursor
    while cursor:
        pages = till.checked(
            till.square.orders.search(
                location_ids=[till.place()],
                limit=2,
                cursor=cursor,
                query={
                    "filter": {"state_filter": {"states": ["OPEN"]}},
                    "sort": {"sort_field": "CREATED_AT", "sort_order": "ASC"},
                },
            )
        )
        seen += [order.reference_id for order in pages.orders]
        last, cursor = cursor, pages.cursor
    assert seen == [f"web-{number}" for number in range(5)]
    with pytest.raises(ApiError, match="INVALID_CURSOR"):
        till.square.orders.search(location_ids=[till.place()], cursor=last)
    closed = till.checked(
        till.square.orders.search(
            location_ids=[till.place(), till.place("LA")],
            query={
                "filter": {
                    "state_filter": {"states": ["COMPLETED"]},
                    "date_time_filter": {"closed_at": {"start_at": "2020-01-01T00:00:00Z"}},
                },
                "sort": {"sort_field": "CLOSED_AT"},
            },
            return_entries=True,
        )
    )
    assert [entry.location_id for entry in closed.order_entries] == [
        till.place("LA"), till.place()]  # fmt: skip
    with pytest.raises(ApiError, match="sort field"):
        till.square.orders.search(
            location_ids=[till.place()],
            query={"filter": {"date_time_filter": {"updated_at": {
                "start_at": "2020-01-01T00:00:00Z"}}}},
        )  # fmt: skip


def test_pickup_orders(till: Any) -> None:
    order = created(till, fulfillments=[
        {"type": "PICKUP", "pickup_details": {"schedule_type": "ASAP",
                                              "recipient": {"display_name": "Ada"}}}])  # fmt: skip
    till.square.payments.create(
        source_id="EXTERNAL", idempotency_key=till.key(), order_id=order.id,
        amount_money=usd(4_000), external_details={"type": "OTHER", "source": "Web shop"},
    )  # fmt: skip
    paid = till.square.orders.get(order_id=order.id).order
    assert paid.state == "OPEN", "it is paid but not handed over"
    part = {"uid": paid.fulfillments[0].uid, "state": "COMPLETED"}
    done = till.checked(
        till.square.orders.update(
            order_id=order.id,
            order={"version": paid.version, "location_id": till.place(), "fulfillments": [part]},
        )
    ).order
    assert done.state == "COMPLETED"
    found = till.square.orders.search(
        location_ids=[till.place()],
        query={"filter": {"fulfillment_filter": {"fulfillment_types": ["PICKUP"],
                                                 "fulfillment_states": ["COMPLETED"]}}},
    )  # fmt: skip
    assert [each.id for each in found.orders] == [order.id]


def test_cash_drawers(till: Any) -> None:
    sold = till.act("sale", location_code="NY", lines=[{"sku": "TEE", "quantity": 1}],
                    tender="cash", cash_given="25.00")  # fmt: skip
    till.act("refund_sale", order_id=sold["order_id"], amount="5.00")
    pager = till.checked(till.square.cash_drawers.shifts.list(location_id=till.place()))
    (shift,) = pager
    assert (shift.state, shift.expected_cash_money.amount) == ("OPEN", 10_000 + 2_165 - 500)
    whole = till.checked(
        till.square.cash_drawers.shifts.get(shift_id=shift.id, location_id=till.place())
    ).cash_drawer_shift
    assert (whole.cash_payment_money.amount, whole.cash_refunds_money.amount) == (2_165, 500)
    happened = till.checked(
        till.square.cash_drawers.shifts.list_events(shift_id=shift.id, location_id=till.place())
    )
    assert [event.event_type for event in happened] == ["CASH_TENDER_PAYMENT",
                                                        "CASH_TENDER_REFUND"]  # fmt: skip


def test_the_strict_reader_catches_what_the_client_lets_pass() -> None:
    good = {"order": {"location_id": "L1", "state": "OPEN", "line_items": [{"quantity": "1"}]}}
    fits(CreateOrderResponse, good)
    for wrong in ({"state": "PAID"}, {"surprise": 1}, {"version": "one"}):
        with pytest.raises((AssertionError, ValidationError)):
            fits(CreateOrderResponse, {"order": {**good["order"], **wrong}})
