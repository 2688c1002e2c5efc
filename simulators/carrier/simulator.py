"""The carriers as peakproof runs them: routes, acts, snapshot, seed.

Options: see settings.Settings.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from peakproof.simkit import (
    Action,
    Kit,
    Request,
    Response,
    Route,
    Scopes,
    Shop,
    Simulator,
    SimulatorConfig,
)

from .acts import Acts
from .api import ShipmentsApi
from .api_tracking import TrackingApi
from .door import Door
from .errors import Refusal, not_found, rate_limited, unauthorized
from .events import Events
from .ledger import Books
from .model import Carriers
from .payloads import Wire
from .settings import settings_of
from .tariffs import accounts_of
from .tracking import Tracking

__all__ = ["CarrierSimulator", "create"]


class CarrierSimulator(Simulator):
    """One business with its accounts at several carriers, behind EasyPost's API."""

    version = "EasyPost API v2"
    hosts = ("api.easypost.com",)
    fault_points = {
        "carrier_down": "a carrier (option carrier, else all) answers neither rating nor buying",
        "slow_carrier": "a carrier (option carrier, else all) takes delay_seconds longer",
        "scan_late": "a scan reaches its tracker delay_seconds late (option undated: with the "
        "report's time); match is a glob of scan statuses",
        "scan_twice": "a carrier reports a scan twice; match is a glob of scan statuses",
        "key_rejected": "answer 401 though the key is good",
    }
    scopes = (Scopes("API key", {}, note="EasyPost has no scopes: a key may do everything"),)

    def __init__(self, config: SimulatorConfig, kit: Kit) -> None:
        settings = settings_of(config.options)
        drawn = "EZAK" + kit.seed.token("carrier|api key", 54)
        self.api_key = settings.api_key or drawn
        secret = settings.webhook_secret or kit.seed.token("carrier|webhook secret")
        self.settings = msgspec.structs.replace(
            settings, api_key=self.api_key, webhook_secret=secret
        )
        mode = "test" if self.api_key.startswith("EZTK") else "production"
        wire = Wire(mode)
        self.kit = kit
        self.books = Books(kit, self.settings)
        self.events = Events(kit, self.settings, mode)
        tracking = Tracking(kit, self.books, self.events, wire)
        self.carriers = Carriers(kit, self.books, tracking, self.events, wire)
        door = Door(kit, self.api_key)
        self.parts = (
            ShipmentsApi(kit, self.carriers, wire, door),
            TrackingApi(self.books, tracking, self.events, wire, door),
        )

    def routes(self) -> Sequence[Route]:
        """Return the API."""
        return [route for part in self.parts for route in part.routes()]

    def actions(self) -> Mapping[str, Action]:
        """Return what drivers and carriers can do."""
        return Acts(self.carriers, self.events).table()

    def seed(self, shop: Shop) -> Mapping[str, Any]:
        """Open the plan's carrier accounts; return the credentials and the accounts' ids."""
        self.books.accounts = accounts_of(shop, self.kit)
        return {
            "values": {
                "api_key": self.api_key,
                "webhook_secret": self.settings.webhook_secret,
            },
            "carrier_accounts": {entry.carrier: entry.id for entry in self.books.accounts},
        }

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        """Return every shipment, label, tracker, charge and event."""
        return {**self.books.snapshot(), "carrier_event": self.events.snapshot()}

    def pending(self) -> Mapping[str, int]:
        """Return what is under way: purchases, scans and refunds on timers, deliveries."""
        return {**self.books.under_way, "deliveries": self.events.engine.pending()}

    def day_began(self) -> None:
        """Decide the refunds that are due."""
        self.carriers.day_began()

    def throttled(self, request: Request) -> Response:  # noqa: ARG002  the same for every call
        """Return EasyPost's 429."""
        return rate_limited().response()

    def failure(self, request: Request, status: int, message: str) -> Response:  # noqa: ARG002
        """Return an error in EasyPost's shape."""
        known = {401: unauthorized(), 404: not_found()}
        code = "INTERNAL_SERVER_ERROR" if status >= 500 else "BAD_REQUEST"
        return known.get(status, Refusal(status, code, message)).response()


def create(config: SimulatorConfig, kit: Kit) -> Simulator:
    """Return the simulator that a configuration describes."""
    return CarrierSimulator(config, kit)
