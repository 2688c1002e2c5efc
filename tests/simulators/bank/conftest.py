"""A seeded bank over real TCP, and a small client for its doors."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from peakproof.plan import BankAccount, Shop
from peakproof.seed import Clock, wait_until
from peakproof.simkit import Hosted, SimulatorConfig
from simulators.bank import create

SECRET_ID, SECRET_KEY = "secret-id", "secret-key"
CLIENT_ID, CLIENT_SECRET = "client-id", "client-secret"
DAYS_AGO = 30
IBAN = "DE89370400440532013000"


class Bank:
    """A running simulator with its answers decoded."""

    def __init__(self, hosted: Hosted, seeded: dict[str, Any], journal: Path) -> None:
        self.hosted, self.seeded, self.journal = hosted, seeded, journal
        self.url, self.client = hosted.url, hosted.client
        self.values: dict[str, str] = seeded["values"]
        self.http = httpx.Client(base_url=self.url, timeout=20, trust_env=False)
        self.api_token = ""
        self.ponto_token = ""

    def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        """Do what a person would do."""
        return self.client.act(action, arguments, "clerk-1")

    def to_banking_day(self) -> date:
        """Let days pass until banks work (none if they do today); return the day."""
        day = self.today()
        while day.weekday() >= 5:
            day = date.fromisoformat(self.act("pass_days", days=1)["today"])
        return day

    def next_banking_day(self) -> date:
        """Let days pass until the next day on which banks work."""
        self.act("pass_days", days=1)
        return self.to_banking_day()

    def today(self) -> date:
        """Return the business date (UTC), read from GoCardless's door."""
        record = self.api("POST", "/requisitions/", 201, json={
            "redirect": "https://shop.example.com", "institution_id": "PEAK_BANK_PEAKDEFF",
        })  # fmt: skip
        return date.fromisoformat(str(record["created"])[:10])

    def log_in(self) -> None:
        """Fetch a GoCardless token."""
        body = {"secret_id": SECRET_ID, "secret_key": SECRET_KEY}
        answer = self.http.post("/api/v2/token/new/", json=body)
        assert answer.status_code == 200, answer.text
        self.api_token = answer.json()["access"]

    def api_answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call GoCardless's API with a good token."""
        if not self.api_token:
            self.log_in()
        headers = {"Authorization": f"Bearer {self.api_token}"}
        return self.http.request(method, "/api/v2" + path, headers=headers, **options)

    def api(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """Call GoCardless's API; return the decoded body of an answer with that status."""
        answer = self.api_answer(method, path, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    def ponto_answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call Ponto's API with a good token."""
        if not self.ponto_token:
            word = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
            answer = self.http.post(
                "/oauth2/token",
                data={"grant_type": "client_credentials"},
                headers={"Authorization": f"Basic {word}"},
            )
            assert answer.status_code == 200, answer.text
            self.ponto_token = answer.json()["access_token"]
        headers = {"Authorization": f"Bearer {self.ponto_token}"}
        return self.http.request(method, path, headers=headers, **options)

    def ponto(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """Call Ponto's API; return the decoded body of an answer with that status."""
        answer = self.ponto_answer(method, path, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    def booked(self, account: str = "") -> list[dict[str, Any]]:
        """Return the booked transactions as GoCardless tells them."""
        identity = account or self.values["gocardless_account_id"]
        body = self.api("GET", f"/accounts/{identity}/transactions/")
        return list(body["transactions"]["booked"])

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Return what the journal holds of a kind so far."""
        lines = self.journal.read_text().splitlines()
        return [event for line in lines if (event := json.loads(line))["kind"] == kind]

    def wait_for(self, kind: str, count: int = 1, **values: Any) -> list[dict[str, Any]]:
        """Wait until the journal holds so many events of a kind with these fields."""

        def found() -> list[dict[str, Any]]:
            return [
                event
                for event in self.events(kind)
                if all(event.get(name) == value for name, value in values.items())
            ]

        wait_until(lambda: len(found()) >= count, 10, f"{count} {kind} events with {values}")
        return found()


def plan(**changes: Any) -> Shop:
    """Return a shop with two accounts, whose story begins a month ago."""
    settings: dict[str, Any] = {
        "currency": "EUR",
        "days_ago": DAYS_AGO,
        "bank_accounts": [
            BankAccount(code="MAIN", iban=IBAN, currency="EUR", owner="Peak Demo BV",
                        opening_balance="1000.00"),
            BankAccount(code="YEN", iban="", currency="JPY", opening_balance="50000"),
        ],
    }  # fmt: skip
    return Shop(**(settings | changes))


def config(folder: Path, **options: Any) -> SimulatorConfig:
    """Return the configuration of a simulator whose vendor time runs 600 times as fast."""
    clock = Clock.start()
    return SimulatorConfig(
        name="bank",
        journal_path=str(folder / "journal.jsonl"),
        control_token="control",
        seed=7,
        clock_origin_monotonic_ns=clock.origin_monotonic_ns,
        clock_origin_epoch_seconds=clock.origin_epoch_seconds,
        time_scale=options.pop("time_scale", 600.0),
        options={
            "gocardless_secret_id": SECRET_ID,
            "gocardless_secret_key": SECRET_KEY,
            "ponto_client_id": CLIENT_ID,
            "ponto_client_secret": CLIENT_SECRET,
            "pulls_per_day": 1000,
            "statement_folder": str(folder / "statements"),
            **options,
        },
    )


@pytest.fixture
def open_bank(tmp_path: Path) -> Iterator[Callable[..., Bank]]:
    """Return a function that opens a bank; ``shop`` is its plan, the rest are options."""
    running: list[tuple[Hosted, Bank]] = []

    def start(shop: Shop | None = None, **options: Any) -> Bank:
        folder = tmp_path / f"bank-{len(running)}"
        folder.mkdir()
        hosted = Hosted(create, config(folder, **options))
        hosted.__enter__()
        found = Bank(hosted, hosted.client.seed(shop or plan()), folder / "journal.jsonl")
        running.append((hosted, found))
        return found

    yield start
    for hosted, found in running:
        found.http.close()
        hosted.__exit__(None, None, None)


@pytest.fixture
def bank(open_bank: Callable[..., Bank]) -> Bank:
    """Return an open bank on a banking day."""
    found = open_bank()
    found.to_banking_day()
    return found
