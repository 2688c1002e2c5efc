"""A running gateway, with the official client and with plain HTTP."""

import json
from pathlib import Path
from typing import Any

import httpx
import stripe

from peakproof.plan import BankAccount, Customer, Shop
from peakproof.seed import Clock, wait_until
from peakproof.simkit import Hosted, Kit, SimulatorConfig

__all__ = ["KEY", "Desk", "config", "kit_of", "plan"]

KEY = "sk_test_desk"


class Desk:
    """A seeded gateway. ``stripe`` is the official client, ``http`` plain requests."""

    def __init__(self, hosted: Hosted, values: dict[str, Any], journal: Path) -> None:
        self.hosted, self.values, self.journal = hosted, values, journal
        self.url, self.client = hosted.url, hosted.client
        self.http = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False
        )
        self.connections = stripe.RequestsClient()
        self.stripe = self.official()

    def official(self, retries: int = 0) -> stripe.StripeClient:
        """Return the official client, which repeats so often by itself."""
        return stripe.StripeClient(
            KEY,
            base_addresses={"api": self.url, "files": self.url},
            max_network_retries=retries,
            http_client=self.connections,
        )

    def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        """Do what a person would do."""
        return self.client.act(action, arguments)

    def pay(self, amount: str = "100.00", **arguments: Any) -> dict[str, Any]:
        """Let a shopper pay."""
        return self.act("pay", amount=amount, **arguments)

    def days(self, count: int = 1) -> None:
        """Let business days pass."""
        self.act("pass_days", days=count)

    def post(self, path: str, data: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form."""
        return self.http.post(f"/v1/{path}", data=data, headers=headers)

    def get(self, path: str, **headers: str) -> Any:
        """Read something that must be there."""
        answer = self.http.get(f"/v1/{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, answer: httpx.Response, status: int) -> dict[str, Any]:
        """Return the error of an answer that must have this status."""
        assert answer.status_code == status, answer.text
        assert answer.headers["Request-Id"].startswith("req_")
        return dict(answer.json()["error"])

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """Return the final records."""
        return self.client.snapshot()

    def quiet(self) -> None:
        """Wait until nothing is under way."""
        wait_until(lambda: not any(self.client.pending().values()), 20, "the gateway to be quiet")

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

    def close(self) -> None:
        """Close the connections."""
        self.http.close()
        self.connections.close()


def plan(**changes: Any) -> Shop:
    """Return a shop in dollars that also sells in euros and yen, three weeks before today."""
    settings: dict[str, Any] = {
        "days_ago": 40,
        "exchange_rates": {"EUR": "0.9", "JPY": "150"},
        "bank_accounts": [BankAccount(code="main", iban="US00BANK000012346789")],
        "customers": [Customer(email="ada@example.com", first_name="Ada", last_name="Lovelace")],
    }
    return Shop(**(settings | changes))


def config(folder: Path, **options: Any) -> SimulatorConfig:
    """Return a configuration whose vendor time runs 36,000 times as fast."""
    clock = Clock.start()
    return SimulatorConfig(
        name="gateway",
        journal_path=str(folder / "journal.jsonl"),
        control_token="control",
        seed=7,
        clock_origin_monotonic_ns=clock.origin_monotonic_ns,
        clock_origin_epoch_seconds=clock.origin_epoch_seconds,
        time_scale=options.pop("time_scale", 36_000.0),
        options={"secret_key": KEY, "requests_per_second": 10_000.0} | options,
    )


def kit_of(folder: Path, days_ago: int = 400, **options: Any) -> Kit:
    """Return a kit without a server, its story far in the past."""
    kit = Kit(config(folder, **options))
    kit.calendar.begin(days_ago, [])
    return kit
