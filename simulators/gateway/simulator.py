"""The gateway as peakproof runs it: routes, acts, snapshot, seed. Options: settings.Settings."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from peakproof.simkit import (
    Action,
    Delivery,
    Kit,
    Request,
    Response,
    Route,
    Shop,
    Simulator,
    SimulatorConfig,
    SimulatorRefused,
)

from .account import Account
from .acts import ACTS, perform
from .api import Api
from .events import RETRY_CALENDARS, forged, signature
from .operations_money import OPERATIONS
from .settings import NEWEST, Settings

__all__ = ["Gateway", "create"]


class Gateway(Simulator):
    """One merchant's account in test mode."""

    version = f"Stripe-Version {NEWEST}"
    hosts = ("api.stripe.com",)
    fault_points = {
        "expired_key": "answer 401 api_key_expired though the key is good",
        "lock_timeout": "answer a writing request 429 lock_timeout, nothing done",
        "server_error": "do the work, answer 500 and keep that for the key (how: before: do not)",
        "slow_processing": "work for delay_seconds; the same key is answered 409 meanwhile",
    }

    def __init__(self, config: SimulatorConfig, kit: Kit) -> None:
        self.kit = kit
        settings = msgspec.convert(config.options, Settings)
        kind = "rk" if config.options.get("scopes") else "sk"
        settings.secret_key = settings.secret_key or f"{kind}_test_51{self._word('secret key')}"
        settings.publishable_key = (
            settings.publishable_key or f"pk_test_51{self._word('publishable key')}"
        )
        settings.webhook_secret = settings.webhook_secret or f"whsec_{self._word('webhooks')}"
        self.settings = settings
        self.account: Account | None = None
        self.api = Api(kit, settings, OPERATIONS)
        self.scopes = [self.api.permissions]
        self.engine = kit.webhooks(
            self._headers,
            RETRY_CALENDARS[settings.webhook_retries],
            attempted=self._attempted,
            forge=forged,
            total_seconds=settings.webhook_timeout_seconds,
            ca_bundle_path=settings.ca_bundle_path,
        )

    def _word(self, name: str) -> str:
        return self.kit.seed.token(f"gateway {name}", 40)

    def routes(self) -> Sequence[Route]:
        """Return the API."""
        return [self.api.route(operation) for operation in OPERATIONS]

    def actions(self) -> Mapping[str, Action]:
        """Return what people can do there."""
        return {name: partial(self._act, act) for name, act in ACTS.items()}

    def _act(self, act: Any, arguments: dict[str, Any], _actor: str) -> dict[str, Any]:
        if self.account is None:
            raise SimulatorRefused("not_seeded", "the gateway has no account before the seed")
        return perform(act, self.account, arguments)

    def seed(self, shop: Shop) -> Mapping[str, Any] | None:
        """Open the account of the plan's shop."""
        self.account = self.api.account = Account(self.kit, self.settings, shop, self.engine)
        return {
            "values": {
                "secret_key": self.settings.secret_key,
                "publishable_key": self.settings.publishable_key,
                "webhook_secret": self.settings.webhook_secret,
                "api_version": self.settings.api_version,
                "currency": shop.currency,
                "currencies": ",".join(self.account.core.currencies),
                "timezone": shop.timezone,
            }
        }

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the final records."""
        return self.account.snapshot() if self.account is not None else {}

    def pending(self) -> Mapping[str, int]:
        """Return what is under way: webhooks, captures in the background."""
        captures = len(self.account.payments.waiting) if self.account is not None else 0
        return {"deliveries": self.engine.pending(), "captures": captures}

    def day_began(self) -> None:
        """Let refunds and payouts go on and pay out what became available."""
        if self.account is not None:
            self.account.day_began()

    def throttled(self, request: Request) -> Response:
        """Return the 429 of a caller over its rate limit."""
        return self.api.throttled(request)

    def failure(self, request: Request, status: int, message: str) -> Response:
        """Return an error in Stripe's shape."""
        return self.api.failure(request, status, message)

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        epoch_seconds = int(self.kit.clock.wall().timestamp())
        secret = str(delivery.extra["secret"])
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(secret, delivery.payload, epoch_seconds),
        }

    def _attempted(self, delivery: Delivery, acknowledged: bool, failures: int) -> None:
        if self.account is not None:
            self.account.events.attempted(delivery, acknowledged, failures)


def create(config: SimulatorConfig, kit: Kit) -> Simulator:
    """Return the simulator that a configuration describes."""
    return Gateway(config, kit)
