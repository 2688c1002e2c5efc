"""The vendors' own, unmodified clients run against their partner's mappings."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from avalara import AvataxClient
from minfraud import Client as MinfraudClient
from minfraud import errors as minfraud_errors
from python_http_client.exceptions import BadRequestsError, UnauthorizedError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail
from smartystreets_python_sdk import ClientBuilder, StaticCredentials
from smartystreets_python_sdk.exceptions import BadCredentialsError
from smartystreets_python_sdk.us_street import Lookup
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client as TwilioClient

from peakproof.runtime import vendor_proxy
from peakproof.runtime.certificates import Authority
from peakproof.simkit import Hosted
from tests.partners.served import Served
from tests.simkit.worlds import make_config

ADDRESS = {
    "line1": "100 Ravine Lane",
    "city": "New York",
    "region": "NY",
    "country": "US",
    "postalCode": "10013",
}


@pytest.fixture(autouse=True)
def trusted(every: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every client trust the run's authority, as a connector is told to."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, every.bundle)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def proxy(every: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The proxy that poses as the vendors, for clients with their hosts hard-coded."""
    authority = Authority(tmp_path / "authority")
    hosts = {
        host: vendor_proxy.vendor_host(part, every.url, authority.issue(host))
        for host, part in every.partners.hosts.items()
    }
    options = {"hosts": hosts, "ca_bundle_path": every.bundle}
    with Hosted(
        vendor_proxy.create, make_config(tmp_path, "vendor_proxy", options=options)
    ) as hosted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle_path))
        yield hosted.url


def test_avalara(every: Served) -> None:
    told = every.values["tax"]
    client = AvataxClient("peakproof", "1", "tests", every.url)
    assert client.ping().json()["authenticated"] is False
    client.add_credentials(told["account_id"], told["license_key"])
    assert client.ping().json()["authenticated"] is True
    document = {
        "type": "SalesInvoice",
        "companyCode": told["company_code"],
        "code": "1001",
        "date": "2026-11-20",
        "customerCode": "ada",
        "addresses": {"singleLocation": ADDRESS},
        "lines": [{"amount": 100}, {"amount": 19.99}],
        "commit": True,
    }
    made = client.create_transaction(document)
    assert made.status_code == 201
    assert (made.json()["totalTax"], made.json()["status"]) == (10.65, "Committed")
    refused = client.create_transaction({**document, "lines": []})
    assert refused.json()["error"]["code"] == "ValueRequiredError"
    found = client.resolve_address_post(ADDRESS).json()
    assert found["validatedAddresses"][0]["city"] == "New York"
    gone = client.void_transaction(told["company_code"], "1001", {"code": "DocVoided"}).json()
    assert gone["status"] == "Cancelled"


def test_minfraud(every: Served) -> None:
    told, host = every.values["fraud"], every.url.removeprefix("https://")
    asked = {"event": {"transaction_id": "1"}, "email": {"address": "ada@example.com"}}
    with MinfraudClient(int(told["account_id"]), told["license_key"], host=host) as client:
        answer = client.score(asked)
        assert answer.disposition.action == "accept"
        assert answer.risk_score == 0.12
        asked["email"] = {"address": "eve.reject@example.com"}
        assert client.score(asked).disposition.action == "reject"
    with (
        MinfraudClient(1, "no", host=host) as stranger,
        pytest.raises(minfraud_errors.AuthenticationError, match="invalid MaxMind"),
    ):
        stranger.score(asked)


def test_smarty(every: Served) -> None:
    told = every.values["address"]

    def look(street: str, token: str) -> Lookup:
        builder = ClientBuilder(StaticCredentials(told["auth_id"], token))
        client = builder.with_base_url(f"{every.url}/street-address").build_us_street_api_client()
        lookup = Lookup(street=street, city="New York", state="NY", zipcode="10013")
        client.send_lookup(lookup)
        return lookup

    (found,) = look("100 Ravine Lane", told["auth_token"]).result
    assert (found.delivery_line_1, found.analysis.dpv_match_code) == ("100 Ravine Lane", "Y")
    assert look("1 Nowhere Road", told["auth_token"]).result == []
    with pytest.raises(BadCredentialsError):
        look("100 Ravine Lane", "no")


def test_twilio_by_its_own_host(every: Served, proxy: str) -> None:
    told = every.values["messages"]
    wire = TwilioHttpClient(proxy={"https": proxy})
    client = TwilioClient(told["account_sid"], told["auth_token"], http_client=wire)
    message = client.messages.create(
        to="+12125550147", from_=told["from_number"], body='It is "on" its way'
    )
    assert (message.status, message.body) == ("queued", 'It is "on" its way')
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to="+15005550001", from_=told["from_number"], body="x")
    assert refused.value.code == 21211
    with pytest.raises(TwilioException, match="does not model GET"):
        client.messages.list(limit=1)


def test_sendgrid(every: Served) -> None:
    client = SendGridAPIClient(every.values["email"]["api_key"], host=every.url)
    mail = Mail("shop@example.com", "ada@example.com", "Your parcel", plain_text_content="T1")
    sent = client.send(mail)
    assert sent.status_code == 202
    assert sent.headers["X-Message-Id"]
    with pytest.raises(BadRequestsError) as refused:
        client.send(Mail("shop@example.com", subject="x", plain_text_content="y"))
    assert refused.value.to_dict["errors"][0]["field"] == "personalizations.0.to"
    with pytest.raises(UnauthorizedError):
        SendGridAPIClient("SG.no", host=every.url).send(mail)
