"""After the purchase: print again, delete, hold, release, the end of the day."""

import pytest

from tests.simulators.dhl_parcel.conftest import Depot
from tests.simulators.dhl_parcel.customer import Customer, document


def status(depot: Depot, entity: str = "shipment") -> list[str]:
    return [row["status"] for row in depot.records(entity)]


def test_a_label_is_printed_again_in_any_format(customer: Customer) -> None:
    shipment = customer.send(Quantity=3)
    whole = customer.manage(shipment, "PRINT").json()
    assert whole == shipment
    part = customer.manage(shipment, "PRINT", "&LabelFrom=2&Labelto=3&Format=ZPL").json()
    text = document(part).decode()
    assert [code in text for code in shipment["LP"]] == [False, True, True]
    path = f"shipment?Year={shipment['Year']}&Tracking={shipment['Tracking']}"
    assert customer.call("GET", path).json() == shipment, "PRINT is the default"


@pytest.mark.parametrize(
    "more",
    ["&LabelFrom=0", "&LabelFrom=2&LabelTo=1", "&LabelTo=9", "&LabelFrom=x", "&Format=PNG"],
)
def test_a_wrong_range_or_format_is_refused(customer: Customer, more: str) -> None:
    answer = customer.manage(customer.send(Quantity=3), "PRINT", more)
    assert answer.status_code == 400
    assert answer.json()["Message"]


def test_a_deleted_shipment_is_gone_and_its_label_cancelled(depot: Depot) -> None:
    customer = depot.customer
    shipment = customer.send()
    assert customer.manage(shipment, "DELETE").status_code == 200
    assert (status(depot), status(depot, "label")) == (["cancelled"], ["cancelled"])
    assert status(depot, "tracker") == ["cancelled"]
    for action in ("DELETE", "PRINT", "HOLD", "RELEASE"):
        answer = customer.manage(shipment, action)
        assert (answer.status_code, answer.content) == (404, b"")
    assert customer.track(shipment["Tracking"]).status_code == 404


def test_a_held_shipment_stays_out_of_the_end_of_the_day(depot: Depot) -> None:
    customer = depot.customer
    held, free = customer.send("WH/OUT/1"), customer.send("WH/OUT/2")
    for _ in range(2):
        assert customer.manage(held, "HOLD").status_code == 200
    assert status(depot) == ["held", "open"]
    listed = customer.end_day().json()["Shipments"]
    assert [row["Tracking"] for row in listed] == [free["Tracking"]]
    assert customer.manage(held, "RELEASE").status_code == 200
    listed = customer.end_day(customer.account).json()["Shipments"]
    assert [row["Tracking"] for row in listed] == [held["Tracking"]]
    assert status(depot) == ["documented", "documented"]


def test_the_end_of_the_day_answers_a_list_and_a_report(customer: Customer) -> None:
    shipment = customer.send("WH/OUT/1")
    answer = customer.end_day().json()
    names = ("Origin", "Customer", "Year", "Tracking")
    assert answer["Shipments"] == [{name: shipment[name] for name in names}]
    report = document(answer, "Report")
    assert report.startswith(b"%PDF")
    assert shipment["Tracking"].encode() in report
    assert customer.end_day("ALL", "").json() == {"Shipments": [], "Report": ""}


@pytest.mark.parametrize(
    ("accounts", "report"), [("", "PDF"), ("99-999999", "PDF"), ("ALL", "XLS"), ("ALL", "PNG")]
)
def test_a_wrong_end_of_the_day_is_refused(depot: Depot, accounts: str, report: str) -> None:
    depot.customer.send()
    answer = depot.customer.end_day(accounts, report)
    assert answer.status_code == 400
    assert answer.json()["Message"]
    assert status(depot) == ["open"]


def test_a_documented_shipment_cannot_be_changed(depot: Depot) -> None:
    customer = depot.customer
    shipment = customer.send()
    customer.end_day()
    for action in ("DELETE", "HOLD", "RELEASE"):
        answer = customer.manage(shipment, action)
        assert answer.status_code == 400
        assert "documentado" in answer.json()["Message"]
    assert status(depot, "label") == ["bought"]
    assert customer.manage(shipment, "PRINT").status_code == 200


def test_a_new_business_day_documents_what_is_open(depot: Depot) -> None:
    depot.customer.send()
    depot.act("pass_days", days=1)
    assert status(depot) == ["documented"]


@pytest.mark.parametrize(
    "query",
    ["Tracking=0812345678", "Year=26&Tracking=0812345678", "Year=6&Tracking=08123", "Year=6",
     "Year=6&Tracking=0812345678&Action=BURN"],
)  # fmt: skip
def test_wrong_parameters_are_refused(customer: Customer, query: str) -> None:
    customer.log_in()
    answer = customer.call("GET", f"shipment?{query}")
    assert answer.status_code == 400
    assert answer.json()["Message"]


def test_a_number_of_another_year_is_not_found(customer: Customer) -> None:
    shipment = customer.send()
    other = str((int(shipment["Year"]) + 1) % 10)
    assert customer.manage(shipment | {"Year": other}, "PRINT").status_code == 404
