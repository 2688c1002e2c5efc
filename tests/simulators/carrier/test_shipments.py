"""Rating, buying and lists through EasyPost's own Python client."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from easypost.errors import EndOfPaginationError

from peakproof.simkit import Shop
from tests.simulators.carrier.conftest import FROM, PARCEL, TO, Desk, refusal


def test_a_shipment_is_rated_bought_and_tracked(desk: Desk) -> None:
    made = desk.shipment(reference="S00001", options={"label_format": "PDF"})
    assert made.id.startswith("shp_")
    assert made.to_address.id.startswith("adr_")
    assert made.parcel.weight == 15.4
    assert [(rate.carrier, rate.service, rate.rate, rate.currency) for rate in made.rates] == [
        ("USPS", "GroundAdvantage", "5.93", "USD"),
        ("USPS", "Priority", "6.95", "USD"),
        ("FedEx", "GROUND", "9.10", "USD"),
    ]
    assert made.selected_rate is None
    assert made.tracker is None
    bought = desk.api.shipment.buy(made.id, rate=made.lowest_rate(["FedEx"]))
    assert bought.selected_rate.rate == "9.10"
    assert bought.tracker.id.startswith("trk_")
    assert bought.tracker.tracking_code == bought.tracking_code
    assert bought.refund_status is None
    assert {fee.type: fee.amount for fee in bought.fees} == {
        "LabelFee": "0.00000",
        "PostageFee": "9.10000",
    }
    label = desk.http.get(bought.postage_label.label_url)
    assert label.headers["content-type"] == "application/pdf"
    assert bought.tracking_code.encode() in label.content
    desk.quiet()
    found = desk.api.shipment.retrieve("S00001")
    assert found.id == made.id
    assert found.status == "pre_transit"


def test_the_snapshot_speaks_no_vendors_words(desk: Desk) -> None:
    bought = desk.bought(reference="S00002")
    desk.quiet()
    [shipment] = desk.snapshot("shipment")
    assert shipment.pop("created_seconds") > 0
    assert shipment == {
        "id": bought.id,
        "reference": "S00002",
        "carrier": "USPS",
        "service": "GroundAdvantage",
        "to_name": "Elizabeth Swan",
        "to_zip": "90277",
        "to_country": "US",
        "weight_grams": 437,
        "status": "pre_transit",
    }
    [label] = desk.snapshot("label")
    assert label.pop("bought_seconds") > 0
    assert label == {
        "id": bought.postage_label.id,
        "shipment_id": bought.id,
        "reference": "S00002",
        "tracking_code": bought.tracking_code,
        "carrier": "USPS",
        "service": "GroundAdvantage",
        "price": "5.93",
        "currency": "USD",
        "status": "bought",
    }
    [tracker] = desk.snapshot("tracker")
    assert (tracker["id"], tracker["status"]) == (bought.tracker.id, "pre_transit")
    assert [scan["status"] for scan in tracker["scans"]] == ["pre_transit"]
    [charge] = desk.snapshot("carrier_charge")
    assert (charge["kind"], charge["amount"], charge["label_id"]) == (
        "postage",
        "5.93",
        label["id"],
    )


def test_a_bought_shipment_is_not_bought_again(desk: Desk) -> None:
    bought = desk.bought()
    error = refusal(lambda: desk.api.shipment.buy(bought.id, rate=bought.rates[1]))
    assert (error.http_status, error.code) == (422, "SHIPMENT.POSTAGE.EXISTS")
    assert error.message == "Postage already exists for this shipment."
    error = refusal(lambda: desk.api.shipment.regenerate_rates(bought.id))
    assert error.code == "SHIPMENT.POSTAGE.EXISTS"
    assert len(desk.snapshot("label")) == 1


def test_a_second_shipment_for_the_same_order_costs_a_second_label(desk: Desk) -> None:
    first, second = desk.bought(reference="S00003"), desk.bought(reference="S00003")
    assert first.tracking_code != second.tracking_code
    labels = desk.snapshot("label")
    assert [label["reference"] for label in labels] == ["S00003", "S00003"]
    assert sum(Decimal(row["amount"]) for row in desk.snapshot("carrier_charge")) == Decimal(
        "11.86"
    )
    assert desk.api.shipment.retrieve("S00003").id == second.id


def test_a_rate_of_another_shipment_or_a_replaced_one_is_refused(desk: Desk) -> None:
    one, two = desk.shipment(), desk.shipment()
    error = refusal(lambda: desk.api.shipment.buy(one.id, rate=two.rates[0]))
    assert (error.http_status, error.code) == (422, "SHIPMENT.RATES.UNAVAILABLE")
    again = desk.api.shipment.regenerate_rates(one.id)
    assert {rate.id for rate in again.rates}.isdisjoint(rate.id for rate in one.rates)
    error = refusal(lambda: desk.api.shipment.buy(one.id, rate=one.rates[0]))
    assert error.code == "SHIPMENT.RATES.UNAVAILABLE"
    error = refusal(lambda: desk.api.shipment.buy(one.id, rate={"id": "rate_none"}))
    assert (error.http_status, error.code) == (404, "NOT_FOUND")
    error = refusal(lambda: desk.api.shipment.buy(one.id))
    assert error.code == "PARAMETER.REQUIRED"
    assert desk.snapshot("label") == []
    assert desk.api.shipment.buy(one.id, rate=again.rates[0]).tracking_code
    assert desk.api.rate.retrieve(two.rates[0].id).rate == "5.93"


def test_the_callers_choice_of_carrier_accounts_is_kept(desk: Desk) -> None:
    accounts = {entry.readable: entry.id for entry in desk.api.carrier_account.all()}
    assert accounts == desk.seeded["carrier_accounts"]
    made = desk.shipment(carrier_accounts=[accounts["FedEx"]])
    assert [rate.service for rate in made.rates] == ["GROUND"]
    error = refusal(lambda: desk.shipment(carrier_accounts=["ca_none"]))
    assert error.code == "SHIPMENT.RATE.CARRIER_ACCOUNT_INVALID"
    bought = desk.shipment(carrier_accounts=[accounts["USPS"]], service="Priority")
    assert (bought.selected_rate.service, bought.fees[1].amount) == ("Priority", "6.95000")
    error = refusal(lambda: desk.shipment(service="Priority"))
    assert error.code == "SHIPMENT.INVALID_PARAMS"


def test_without_a_plan_two_carriers_charge_by_weight(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(Shop())

    def price(ounces: float) -> dict[str, str]:
        made = desk.shipment(parcel={"weight": ounces})
        return {f"{rate.carrier} {rate.service}": rate.rate for rate in made.rates}

    light = price(3)
    assert price(3) == price(16) == light
    assert light == {
        "USPS Priority": "7.90",
        "USPS GroundAdvantage": "5.40",
        "UPS Ground": "9.20",
        "UPS NextDayAir": "32.50",
    }
    assert price(16.1)["USPS Priority"] == "8.75"
    assert price(160)["UPS NextDayAir"] == "60.40"


def test_lists_are_paged_newest_first(desk: Desk) -> None:
    ids = [desk.bought().id for _ in range(5)]
    unbought = desk.shipment().id
    page = desk.api.shipment.all(page_size=2)
    assert [entry.id for entry in page.shipments] == [ids[4], ids[3]]
    assert page.has_more is True
    page = desk.api.shipment.get_next_page(page, page_size=2)
    assert [entry.id for entry in page.shipments] == [ids[2], ids[1]]
    page = desk.api.shipment.get_next_page(page, page_size=2)
    assert [entry.id for entry in page.shipments] == [ids[0]]
    with pytest.raises(EndOfPaginationError):
        desk.api.shipment.get_next_page(page, page_size=2)
    everything = desk.http.get("/v2/shipments", params={"purchased": "false"}).json()
    assert [entry["id"] for entry in everything["shipments"]] == [unbought, *reversed(ids)]
    newer = desk.http.get("/v2/shipments", params={"after_id": ids[2]}).json()
    assert [entry["id"] for entry in newer["shipments"]] == [ids[4], ids[3]]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"page_size": "0"}, "PARAMETER.INVALID"),
        ({"page_size": "101"}, "PARAMETER.INVALID"),
        ({"start_datetime": "yesterday"}, "PARAMETER.INVALID"),
        ({"before_id": "shp_none"}, "NOT_FOUND"),
        ({"sort": "oldest"}, "PARAMETER.FORBIDDEN"),
    ],
)
def test_a_list_refuses_what_it_does_not_understand(
    desk: Desk, query: dict[str, str], code: str
) -> None:
    assert desk.http.get("/v2/shipments", params=query).json()["error"]["code"] == code


def test_dates_bound_a_list(desk: Desk) -> None:
    made = desk.bought()
    far = "2999-01-01T00:00:00Z"
    after = desk.http.get("/v2/shipments", params={"start_datetime": far}).json()
    before = desk.http.get("/v2/shipments", params={"end_datetime": far}).json()
    assert after == {"shipments": [], "has_more": False}
    assert [entry["id"] for entry in before["shipments"]] == [made.id]


@pytest.mark.parametrize("kind", ["PNG", "PDF", "ZPL", "EPL2"])
def test_labels_are_converted(desk: Desk, kind: str) -> None:
    bought = desk.bought()
    found = desk.api.shipment.label(bought.id, file_format=kind)
    posted = desk.http.post(f"/v2/shipments/{bought.id}/label", json={"file_format": kind})
    label = posted.json()["postage_label"]
    assert label["id"] == found.postage_label.id
    url = label["label_url"] if kind == "PNG" else label[f"label_{kind.lower()}_url"]
    file = desk.http.get(url)
    assert file.status_code == 200
    assert bought.tracking_code.encode() in file.content


def test_labels_that_cannot_be(desk: Desk) -> None:
    made = desk.shipment()
    error = refusal(lambda: desk.api.shipment.label(made.id, file_format="ZPL"))
    assert error.code == "SHIPMENT.POSTAGE.REQUIRED"
    bought = desk.api.shipment.buy(made.id, rate=made.rates[0])
    error = refusal(lambda: desk.api.shipment.label(bought.id, file_format="GIF"))
    assert error.code == "SHIPMENT.POSTAGE.INVALID_FORMAT"
    assert desk.http.get("/files/postage_label/pl_none.png").status_code == 404


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"parcel": None}, "SHIPMENT.INVALID_PARAMS"),
        ({"to_address": "adr_none"}, "NOT_FOUND"),
        ({"to_address": 7}, "SHIPMENT.INVALID_PARAMS"),
        ({"to_address": {**TO, "country": "USA"}}, "ADDRESS.COUNTRY.INVALID"),
        ({"to_address": {**TO, "street1": ["a"]}}, "ADDRESS.PARAMETERS.INVALID"),
        ({"parcel": {"length": 3}}, "PARCEL.PARAMETERS.INVALID"),
        ({"parcel": {"weight": "heavy"}}, "PARCEL.PARAMETERS.INVALID"),
        ({"parcel": {"weight": -1}}, "PARCEL.PARAMETERS.INVALID"),
        (
            {"parcel": {"weight": 1, "predefined_package": "FlatRateEnvelope"}},
            "PARAMETER.FORBIDDEN",
        ),
        ({"options": {"saturday_delivery": True}}, "PARAMETER.FORBIDDEN"),
        ({"options": {"label_format": "GIF"}}, "SHIPMENT.POSTAGE.INVALID_FORMAT"),
        ({"insurance": "100"}, "PARAMETER.FORBIDDEN"),
    ],
)
def test_a_wrong_shipment_is_refused_and_nothing_is_kept(
    desk: Desk, changes: dict[str, object], code: str
) -> None:
    body = {"to_address": TO, "from_address": FROM, "parcel": PARCEL, **changes}
    error = refusal(lambda: desk.api.shipment.create(**body))
    assert error.code == code
    assert error.http_status in (404, 422)
    assert desk.snapshot("shipment") == []


def test_records_made_before_are_named_by_id(desk: Desk) -> None:
    to_address, parcel = desk.api.address.create(**TO), desk.api.parcel.create(**PARCEL)
    assert desk.api.parcel.retrieve(parcel.id).weight == 15.4
    made = desk.shipment(
        to_address=to_address,
        parcel=parcel,
        customs_info={"contents_type": "merchandise"},
        return_address=TO,
    )
    assert (made.to_address.id, made.parcel.id) == (to_address.id, parcel.id)
    assert made.buyer_address.id == to_address.id
    assert made.return_address.id not in (to_address.id, made.from_address.id)
    assert made.customs_info.contents_type == "merchandise"
    error = refusal(lambda: desk.api.shipment.buy(made.id, rate=made.rates[0], insurance="50"))
    assert error.code == "PARAMETER.FORBIDDEN"
