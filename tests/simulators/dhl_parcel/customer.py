"""Plays a customer's program: the requests that OCA's delivery_dhl_parcel makes, with requests.

Derived from reading that module: the same addresses and parameters, the same body down to the
empty texts and the two fields that are the module's own. ``Customer.call`` is a plain request.
"""

import base64
from typing import Any

import requests

__all__ = ["Customer", "consignment", "document"]

ROOT = "https://external.dhl.es/cimapi/api/v1/customer/"
EMPTY = (
    "WeightVolume", "CODAmount", "CODExpenses", "CODCurrency", "InsuranceAmount",
    "InsuranceExpenses", "InsuranceCurrency", "DeliveryNote", "ServiceType", "Remarks1",
    "Remarks2", "ContactName", "GoodsDescription", "CustomsValue", "CustomsCurrency",
)  # fmt: skip


def consignment(account: str, reference: str = "WH/OUT/00001", **changes: Any) -> dict[str, Any]:
    """Return the body of a shipment from Barcelona to Seville."""
    body: dict[str, Any] = dict.fromkeys(EMPTY, "") | {
        "Customer": account,
        "Receiver": {
            "Name": "Ada Núñez", "Address": "Calle Sierpes 1 (patio)", "City": "Sevilla",
            "PostalCode": "41004", "Country": "ES", "Phone": "954000000",
            "Email": "ada@example.com",
        },
        "Sender": {
            "Name": "Peak Demo", "Address": "Carrer de Mallorca 401", "City": "Barcelona",
            "PostalCode": "08013", "Country": "ES", "Phone": "", "Email": "",
        },
        "Reference": reference,
        "Quantity": 1,
        "Weight": 2.35,
        "Incoterms": "CPT",
        "Product": "B2B",
        "Format": "PDF",
        "tracking_number": False,
        "exact_price": 0,
    }  # fmt: skip
    return body | changes


class Customer:
    """One customer; ``url`` is where the vendor's host name leads."""

    def __init__(self, url: str, values: dict[str, str]) -> None:
        self.root = ROOT.replace("https://external.dhl.es", url)
        self.user, self.password = values["user_id"], values["key"]
        self.account = values["account_id"]
        self.session = requests.Session()
        self.session.trust_env = False
        self.token = ""

    def call(
        self, method: str, path: str, body: Any = None, authorization: str | None = None
    ) -> requests.Response:
        """Send a request with the token; return the answer whatever it is."""
        given = f"Bearer {self.token}" if authorization is None else authorization
        return self.session.request(
            method,
            self.root + path,
            json=body,
            headers={"Authorization": given} if given else {},
            timeout=20,
        )

    def log_in(self, password: str = "") -> requests.Response:
        """Ask for a token and keep it."""
        credentials = {"Username": self.user, "Password": password or self.password}
        answer = self.call("POST", "authenticate", credentials, authorization="")
        if answer.ok:
            self.token = answer.json()
        return answer

    def send(self, reference: str = "WH/OUT/00001", **changes: Any) -> dict[str, Any]:
        """Buy a shipment that must succeed; a new token first, as the module does."""
        self.log_in()
        answer = self.try_to_send(reference, **changes)
        answer.raise_for_status()
        return dict(answer.json())

    def try_to_send(self, reference: str = "WH/OUT/00001", **changes: Any) -> requests.Response:
        """Buy a shipment; return the answer whatever it is."""
        return self.call("POST", "shipment", consignment(self.account, reference, **changes))

    def manage(self, shipment: dict[str, Any], action: str, more: str = "") -> requests.Response:
        """Print, delete, hold or release."""
        year, tracking = shipment["Year"], shipment["Tracking"]
        path = f"shipment?Year={year}&Tracking={tracking}&Action={action}{more}"
        return self.call("GET", path)

    def track(self, code: str, more: str = "&idioma=es&show=events") -> requests.Response:
        """Ask where a shipment is."""
        return self.call("GET", f"track?id={code}{more}")

    def end_day(self, accounts: str = "ALL", report: str = "PDF") -> requests.Response:
        """Close the day."""
        return self.call("POST", "endday", {"Accounts": accounts, "Report": report})


def document(answer: dict[str, Any], name: str = "Label") -> bytes:
    """Return the decoded label or report of an answer."""
    return base64.b64decode(answer[name], validate=True)
