"""The simulated shop: everything that its API, its shoppers and its staff act upon.

One process, one thread: whatever happens between two awaits happens at once. Times shown to
clients are whole seconds of the wall clock; the history has run time.

Not modelled: markets, staff members, sales channels, themes, apps other than the one under test.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from peakproof.simkit import IdempotencyStore, Kit
from peakproof.simkit import Shop as Plan

from .catalog import Catalog
from .customers import Customers
from .ids import Ids, gid
from .inventory import Inventory
from .locations import Locations
from .metafields import Metafields
from .oauth import Client
from .subscriptions import Subscriptions

__all__ = ["IDEMPOTENCY_SECONDS", "Cause", "Shop"]

IDEMPOTENCY_SECONDS = 24 * 3600.0


class Cause(msgspec.Struct, frozen=True):
    """Why a quantity changed: what kind of deed, on which record, by which API request."""

    kind: str
    id: str = ""
    request: str = ""


class Shop:
    """The root of all state. ``plan`` is the business as the scenario drew it.

    ``orders`` and what belongs to them is set by the modules in nouns.PARTS.
    """

    orders: Any = None
    bulk: Any = None

    def __init__(self, kit: Kit, plan: Plan, client: Client) -> None:
        options = kit.config.options
        self.kit, self.plan, self.client = kit, plan, client
        self.ids = Ids()
        self.number = self.ids.next("Shop")
        self.id = gid("Shop", self.number)
        self.domain: str = options.get("shop_domain", "peak-demo.myshopify.com")
        self._public_url: str = options.get("public_url", "").rstrip("/")
        self.host = self.domain
        self.currency = plan.currency
        self.zone = ZoneInfo(plan.timezone)
        self.revision = 0
        self.request_id = ""
        self.jobs = 0
        self._clock = kit.clock
        self._shown = datetime.fromtimestamp(0, UTC)
        self._shown_from = self._shown_until = 0.0
        self._journal = kit.journal
        self.seconds = kit.clock.now  # the run time
        self.idempotency: IdempotencyStore[Any] = IdempotencyStore(
            kit.clock.now, kit.real_seconds(IDEMPOTENCY_SECONDS)
        )
        self.subscriptions: Subscriptions = client.subscriptions
        self.metafields = Metafields(self)
        self.locations: Locations = Locations(self)
        self.inventory: Inventory = Inventory(self)
        self.catalog: Catalog = Catalog(self)
        self.customers: Customers = Customers(self)
        self.created_at = self.now()
        self.updated_at = self.created_at

    @property
    def public_url(self) -> str:
        """The address under which clients reach the shop: as configured, or as last used."""
        scheme = "https" if self.kit.config.tls_certificate_path else "http"
        return self._public_url or f"{scheme}://{self.host}"

    def now(self) -> datetime:
        """Return the time that Shopify would show: UTC, whole seconds."""
        moment = self._clock.now()
        if not self._shown_from <= moment < self._shown_until:
            origin = self._clock.origin_epoch_seconds
            whole = int(origin + moment)
            self._shown = datetime.fromtimestamp(whole, UTC)
            self._shown_from, self._shown_until = whole - origin, whole + 1 - origin
        return self._shown

    def iso(self, moment: datetime | None) -> str | None:
        """Write a moment in the shop's time zone, as REST payloads do."""
        return None if moment is None else moment.astimezone(self.zone).isoformat()

    def touch(self) -> None:
        """Note that something changed: answers kept for repeated reads are void."""
        self.revision += 1

    def random(self, name: str) -> Random:
        """Return a random stream of the run's seed."""
        return self.kit.seed.stream(f"shopify|{name}")

    def cause(self, kind: str, identity: str = "") -> Cause:
        """Return the cause of a change, with the API request that is being served."""
        return Cause(kind, identity, self.request_id)

    def record(self, entity: str, key: str, value: dict[str, Any]) -> None:
        """Write a change of state into the history."""
        self._journal.state(entity, key, value)

    def emit(
        self,
        topic: str,
        resource: str,
        payload: Callable[[], dict[str, Any]],
        updated_at: datetime | None = None,
    ) -> None:
        """Send a webhook to whoever subscribed; the payload is what holds at this moment."""
        if self.subscriptions.wanted(topic):
            self.subscriptions.trigger(self, topic, resource, payload(), updated_at or self.now())

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Run a job after real seconds; until then the shop is not quiet."""
        self.jobs += 1

        def run() -> None:
            self.jobs -= 1
            call()
            self.touch()

        self.kit.later(seconds, run)
