"""Shipments: what is answered and recorded, labels, twice the same reference, refusals."""

from collections.abc import Callable
from typing import Any

import pytest

from peakproof.plan import Shop
from peakproof.seed import wait_until
from tests.simulators.dhl_parcel.conftest import Depot, events
from tests.simulators.dhl_parcel.customer import Customer, consignment, document


def test_a_shipment_is_answered_in_the_documented_shape(customer: Customer) -> None:
    answer = customer.send(Quantity=2)
    origin, code = customer.account.split("-")
    tracking = answer["Tracking"]
    assert list(answer) == ["Origin", "Customer", "Year", "Tracking", "AWB", "LP", "Label"]
    assert (answer["Origin"], answer["Customer"], answer["AWB"]) == (origin, code, "")
    assert len(tracking) == 10
    assert tracking.startswith(origin)
    assert answer["LP"] == [f"JJD00006{origin}00{tracking[2:]}{number:03d}" for number in (1, 2)]


def test_what_is_recorded_of_a_shipment(depot: Depot) -> None:
    answer = depot.customer.send(Quantity=2)
    (shipment,), (label,), (tracker,) = map(depot.records, ("shipment", "label", "tracker"))
    created = shipment.pop("created_seconds")
    assert shipment == {
        "id": shipment["id"], "reference": "WH/OUT/00001", "carrier": "DHL Parcel",
        "service": "B2B", "to_name": "Ada Núñez", "to_zip": "41004", "to_country": "ES",
        "weight_grams": 2350, "parcels": 2, "status": "open",
    }  # fmt: skip
    assert label.pop("bought_seconds") == created > 0
    assert label == {
        "id": label["id"], "shipment_id": shipment["id"], "reference": "WH/OUT/00001",
        "tracking_code": answer["Tracking"], "carrier": "DHL Parcel", "service": "B2B",
        "price": "14.20", "currency": "EUR", "status": "bought",
    }  # fmt: skip
    assert tracker == {
        "id": tracker["id"], "tracking_code": answer["Tracking"], "status": "pre_transit",
        "scans": [],
    }  # fmt: skip
    wait_until(lambda: len(events(depot.journal, "state")) == 3, 5, "the states")
    assert {event["name"] for event in events(depot.journal, "state")} == {
        "shipment", "label", "tracker",
    }  # fmt: skip


def test_prices_without_an_account_of_the_plan(open_depot: Callable[..., Depot]) -> None:
    depot = open_depot(Shop())
    depot.customer.send(Product="B2C")
    assert [(row["price"], row["currency"]) for row in depot.records("label")] == [("4.90", "EUR")]


def test_the_same_reference_twice_buys_two_labels(depot: Depot) -> None:
    """The trap: nothing in this API makes a repeated order harmless."""
    first, second = depot.customer.send("WH/OUT/7"), depot.customer.send("WH/OUT/7")
    assert first["Tracking"] != second["Tracking"]
    labels = depot.records("label")
    assert [row["reference"] for row in labels] == ["WH/OUT/7", "WH/OUT/7"]
    assert {row["status"] for row in labels} == {"bought"}
    found = depot.customer.track("WH/OUT/7", f"&Refcli={depot.customer.account}&show=status")
    assert found.json()["Tracking"] == second["Tracking"], "by reference: the newest"


@pytest.mark.parametrize(
    ("form", "begins", "ends"),
    [("PDF", b"%PDF-1.4", b"%%EOF\n"), ("ZPL", b"^XA", b"^XZ\n"), ("EPL", b"N\n", b"P1\n")],
)
def test_labels_come_in_three_formats(
    customer: Customer, form: str, begins: bytes, ends: bytes
) -> None:
    answer = customer.send(Quantity=3, Format=form)
    label = document(answer)
    assert label.startswith(begins)
    assert label.endswith(ends)
    for code in answer["LP"]:
        assert label.count(code.encode()) == 1
    assert b"Calle Sierpes 1" in label


def test_the_pdf_is_well_formed(customer: Customer) -> None:
    """Its table of contents points at its objects, a page a parcel."""
    label = document(customer.send(Quantity=2))
    table = int(label.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert label[table:].startswith(b"xref\n")
    rows = label[table:].split(b"\n")[3:]
    places = [int(row.split()[0]) for row in rows if row.endswith(b" n ")]
    for number, place in enumerate(places, 1):
        assert label[place:].startswith(b"%d 0 obj" % number)
    assert label.count(b"/Type /Page ") == 2
    assert b"Calle Sierpes 1 \\(patio\\)" in label


def test_names_of_fields_in_any_case_and_codes_left_out(customer: Customer) -> None:
    """The product defaults to B2B, the format to PDF; texts that are too long are cut."""
    customer.log_in()
    body = consignment(customer.account)
    for name in ("Product", "Format", "Reference", "Sender"):
        del body[name]
    body["Receiver"]["Name"] = "A" * 60
    answer = customer.call("POST", "shipment", {name.upper(): item for name, item in body.items()})
    assert answer.status_code == 200
    assert document(answer.json()).startswith(b"%PDF")


RECEIVER: dict[str, Any] = consignment("")["Receiver"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Customer": False}, "Customer: dato obligatorio"),
        ({"Customer": "001000"}, "xx-xxxxxx"),
        ({"Customer": "99-999999"}, "no pertenece"),
        ({"Receiver": None}, "Receiver: dato obligatorio"),
        ({"Receiver": "Ada"}, "Receiver: dato obligatorio"),
        ({"Receiver": RECEIVER | {"Name": ""}}, "Receiver.Name: dato obligatorio"),
        ({"Receiver": RECEIVER | {"Name": ["Ada"]}}, "Receiver.Name: se espera un texto"),
        ({"Receiver": RECEIVER | {"PostalCode": ""}}, "Receiver.PostalCode: dato obligatorio"),
        ({"Receiver": RECEIVER | {"PostalCode": "78701"}}, "no es válido en ES"),
        ({"Receiver": RECEIVER | {"PostalCode": "1234"}}, "no es válido en ES"),
        ({"Receiver": RECEIVER | {"Country": ""}}, "Receiver.Country: dato obligatorio"),
        ({"Receiver": RECEIVER | {"Country": "Spain"}}, "ISO"),
        ({"Receiver": RECEIVER | {"Country": "AD"}}, "se documenta como ES"),
        ({"Receiver": RECEIVER | {"Country": "US"}}, "ContactName: obligatorio"),
        ({"Quantity": 0}, "Quantity"),
        ({"Quantity": 1000}, "Quantity"),
        ({"Quantity": 1.5}, "Quantity"),
        ({"Quantity": "two"}, "no es un número"),
        ({"Weight": 0.4}, "Weight"),
        ({"Weight": 2.345}, "decimales"),
        ({"Weight": ""}, "Weight: dato obligatorio"),
        ({"Incoterms": False}, "Incoterms: dato obligatorio"),
        ({"Incoterms": "DDP"}, "Incoterms"),
        ({"Product": "EXPRESS"}, "Product"),
        ({"Format": "PNG"}, "Format"),
        ({"CODAmount": 12.5}, "CODExpenses: dato obligatorio"),
        ({"CODAmount": 12.5, "CODExpenses": "P"}, "CODCurrency"),
        ({"InsuranceAmount": 5, "InsuranceExpenses": "X"}, "InsuranceExpenses"),
        ({"Features": [{"Key": "999"}]}, "Features: '999'"),
        ({"Features": [{"Key": "701", "Value": "x"}]}, "no está modelado"),
        ({"Features": "714"}, "Features"),
        ({"DeliveryNote": "N"}, "DeliveryNote"),
        ({"ServiceType": "T"}, "ServiceType"),
        ({"LP": ["00184123650248789761"]}, "no está modelado"),
        ({"Customs": {"Export_Reason": "permanent"}}, "no está modelado"),
        (
            {"Receiver": RECEIVER | {"Country": "US"}, "Product": "B2C"},
            "no está modelado",
        ),
    ],
)
def test_bad_input_is_refused_with_a_message(
    depot: Depot, changes: dict[str, Any], said: str
) -> None:
    depot.customer.log_in()
    answer = depot.customer.try_to_send(**changes)
    assert answer.status_code == 400
    assert list(answer.json()) == ["Message"]
    assert said in answer.json()["Message"]
    assert depot.records("label") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"CODAmount": 59.9, "CODExpenses": "P", "CODCurrency": "EUR"},
        {"InsuranceAmount": 100, "InsuranceExpenses": "D", "InsuranceCurrency": "EUR"},
        {"CODAmount": 0, "CODExpenses": "P", "CODCurrency": "EUR", "DeliveryNote": "S"},
        {"Features": [{"Key": "714"}]},
        {"Product": "R2C", "Incoterms": "EXW"},
        {"Receiver": RECEIVER | {"Country": "PT", "PostalCode": "1100-148"}},
        {"Receiver": RECEIVER | {"Country": "GB", "PostalCode": "BT24 7LZ"}},
        {
            "Receiver": RECEIVER | {"Country": "CH", "PostalCode": "8001"},
            "Incoterms": "DAP", "ContactName": "Ada", "GoodsDescription": "Mugs",
        },
    ],
)  # fmt: skip
def test_what_the_document_allows_is_taken(customer: Customer, changes: dict[str, Any]) -> None:
    assert customer.send(**changes)["Tracking"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"text"'])
def test_a_body_that_is_no_object_is_refused(customer: Customer, body: bytes) -> None:
    customer.log_in()
    answer = customer.session.post(
        customer.root + "shipment",
        data=body,
        headers={"Authorization": f"Bearer {customer.token}"},
        timeout=20,
    )
    assert answer.status_code == 400
    assert "JSON" in answer.json()["Message"]


@pytest.mark.parametrize("path", ["servicepoint?Country=ES", "pickup"])
def test_what_is_not_modelled_says_so(customer: Customer, path: str) -> None:
    answer = customer.call("GET", path)
    assert answer.status_code == 404
    assert "does not model" in answer.text
