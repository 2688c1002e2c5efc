"""The official client of GoCardless Bank Account Data, nordigen, unmodified."""

from typing import Any

import pytest
from nordigen import NordigenClient
from requests.models import HTTPError

from tests.simulators.bank.conftest import IBAN, SECRET_ID, SECRET_KEY


@pytest.fixture
def client(bank: Any) -> Any:
    made = NordigenClient(secret_key=SECRET_KEY, secret_id=SECRET_ID, base_url=bank.url + "/api/v2")
    made.generate_token()
    return made


def test_from_the_first_token_to_the_transactions(bank: Any, client: Any) -> None:
    tokens = client.generate_token()
    client.exchange_token(tokens["refresh"])
    institution = client.institution.get_institution_id_by_name("DE", "peak bank")
    assert client.institution.get_institution_by_id(institution)["bic"] == "PEAKDEFF"
    assert len(client.institution.get_institutions()) == 1
    session = client.initialize_session(
        redirect_uri="https://shop.example.com",
        institution_id=institution,
        reference_id="order-1",
        max_historical_days=60,
        access_valid_for_days=30,
    )
    assert client.requisition.get_requisition_by_id(session.requisition_id)["accounts"] == []
    bank.act("authorize_requisition", requisition=session.requisition_id)
    requisition = client.requisition.get_requisition_by_id(session.requisition_id)
    assert requisition["status"] == "LN"
    bank.act("receive", amount="10.00", counterparty="Ada")
    bank.act("pay_out", amount="2.50", counterparty="Supplier")
    account = client.account_api(requisition["accounts"][0])
    assert account.get_metadata()["iban"] == IBAN
    assert account.get_details()["account"]["ownerName"] == "Peak Demo BV"
    booked = account.get_transactions()["transactions"]["booked"]
    amounts = [one["transactionAmount"]["amount"] for one in booked]
    assert amounts == ["-2.50", "10.00"]
    day = booked[0]["bookingDate"]
    narrowed = account.get_transactions(date_from=day, date_to=day)["transactions"]["booked"]
    assert narrowed == booked
    balances = account.get_balances()["balances"]
    assert balances[1]["balanceAmount"]["amount"] == "1007.50"


def test_agreements_and_requisitions(client: Any, bank: Any) -> None:
    agreement = client.agreement.create_agreement(institution_id="PEAK_BANK_PEAKDEFF")
    assert client.agreement.get_agreement_by_id(agreement["id"]) == agreement
    assert client.agreement.get_agreements()["count"] >= 2
    client.agreement.delete_agreement(agreement["id"])
    other = client.agreement.create_agreement(institution_id="PEAK_BANK_PEAKDEFF")
    assert client.agreement.accept_agreement(other["id"], "10.0.0.1", "Firefox")["accepted"]
    made = client.requisition.create_requisition(
        redirect_uri="https://shop.example.com",
        reference_id="order-2",
        institution_id="PEAK_BANK_PEAKDEFF",
        agreement=other["id"],
        user_language="EN",
        account_selection=True,
    )
    assert made["account_selection"] is True
    assert client.requisition.get_requisitions()["results"][0]["id"] == made["id"]
    assert "deleted" in client.requisition.delete_requisition(made["id"])["summary"]


def test_errors_reach_the_client_in_its_own_shape(client: Any, bank: Any) -> None:
    bank.act("expire_consent")
    account = client.account_api(bank.values["gocardless_account_id"])
    with pytest.raises(HTTPError) as caught:
        account.get_transactions()
    assert caught.value.response is not None
    assert caught.value.response.status_code == 401
    assert "has expired" in caught.value.response.json()["summary"]
    wrong = NordigenClient(secret_key="x", secret_id="y", base_url=bank.url + "/api/v2")
    with pytest.raises(HTTPError):
        wrong.generate_token()
