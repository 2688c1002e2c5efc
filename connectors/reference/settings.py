"""Every setting of the connector, read once from environment variables.

Secrets are kept out of ``repr`` and never logged. ``Settings.read(os.environ)`` raises
SettingsError naming every variable that is missing or unusable, all at once.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

__all__ = ["Place", "Settings", "SettingsError", "Vendor"]


class SettingsError(Exception):
    """The environment does not make a usable configuration; says which variables and why."""


class Place(msgspec.Struct, kw_only=True, frozen=True):
    """A location: the ids by which channel, point of sale and Odoo know it; "" means not."""

    code: str
    odoo_location_id: int
    shopify_location_gid: str
    pos_location_id: str = ""


class Vendor(msgspec.Struct, kw_only=True, frozen=True):
    """A system besides Odoo: its address and up to two secrets. Without address: not there."""

    url: str
    key: str = ""
    secret: str = ""

    def __bool__(self) -> bool:
        return bool(self.url)

    def __repr__(self) -> str:
        return f"Vendor(url={self.url!r})"


class Settings(msgspec.Struct, kw_only=True):
    """Addresses, credentials, locations and schedules.

    A flow whose other side has no address is not worked: without ``shopify_url`` there are no
    orders, without ``carrier`` no labels are bought, and so on.
    """

    shopify_url: str
    shopify_domain: str
    shopify_client_id: str
    shopify_client_secret: str
    shopify_previous_secret: str
    shopify_api_version: str
    carrier: Vendor
    gateway: Vendor
    bank: Vendor
    pos: Vendor
    fraud: Vendor
    email: Vendor
    email_from: str  # who tells customers of their parcels
    screening_patience_seconds: float  # how long an order waits for screening that is down
    bank_ibans: tuple[str, ...]  # of the accounts whose transactions are fetched
    time_zone: str  # where the business is: it tells on which day the gateway's money moved
    money_seconds: float  # how often the gateway and the bank are asked
    parcels_seconds: float  # how often Odoo is asked for finished deliveries
    pos_seconds: float  # how often the shops' tills are asked
    ca_bundle: str  # a file of certificates to trust instead of the system's
    odoo_url: str
    odoo_database: str
    odoo_api_key: str
    database_url: str
    public_url: str
    host: str  # the address to listen on
    port: int
    control_token: str
    places: tuple[Place, ...]
    orders_seconds: float  # how often missed orders are looked for
    subscriptions_seconds: float  # how often webhook subscriptions are checked
    stock_poll_seconds: float  # how often Odoo's stock is compared with what was last seen
    stock_audit_seconds: float  # how often every level is compared on both sides
    refund_approval_above: Decimal | None  # larger refunds wait for a person; None: none does
    attempts: int  # refusals after which a task becomes a dead letter
    concurrency: int  # orders worked on side by side

    def __repr__(self) -> str:
        return (
            f"Settings(shopify_domain={self.shopify_domain!r}, odoo_url={self.odoo_url!r}, "
            f"odoo_database={self.odoo_database!r}, port={self.port})"
        )

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings; raises SettingsError with everything that is wrong."""
        reader = _Reader(environment)
        settings = cls(
            shopify_url=reader.text("SHOPIFY_URL").rstrip("/"),
            shopify_domain=reader.text("SHOPIFY_DOMAIN"),
            shopify_client_id=reader.text("SHOPIFY_CLIENT_ID"),
            shopify_client_secret=reader.text("SHOPIFY_CLIENT_SECRET"),
            carrier=reader.vendor("CARRIER", "API_KEY"),
            gateway=reader.vendor("GATEWAY", "SECRET_KEY"),
            bank=reader.vendor("BANK", "SECRET_ID", "SECRET_KEY"),
            pos=reader.vendor("POS", "ACCESS_TOKEN"),
            fraud=reader.vendor("FRAUD", "ACCOUNT_ID", "LICENSE_KEY"),
            email=reader.vendor("EMAIL", "API_KEY"),
            email_from=reader.text("EMAIL_FROM", ""),
            screening_patience_seconds=reader.number("SCREENING_PATIENCE_SECONDS", "60"),
            bank_ibans=tuple(reader.text("BANK_IBANS", "").replace(",", " ").split()),
            time_zone=reader.zone("TIME_ZONE"),
            money_seconds=reader.number("MONEY_SECONDS", "3600"),
            parcels_seconds=reader.number("PARCELS_SECONDS", "2"),
            pos_seconds=reader.number("POS_SECONDS", "10"),
            shopify_previous_secret=reader.text("SHOPIFY_PREVIOUS_SECRET", ""),
            shopify_api_version=reader.text("SHOPIFY_API_VERSION", "2026-10"),
            ca_bundle=reader.text("CA_BUNDLE", ""),
            odoo_url=reader.text("ODOO_URL").rstrip("/"),
            odoo_database=reader.text("ODOO_DATABASE"),
            odoo_api_key=reader.text("ODOO_API_KEY"),
            database_url=reader.text("DATABASE_URL"),
            public_url=reader.text("PUBLIC_URL").rstrip("/"),
            host=reader.text("HOST", "127.0.0.1"),
            port=int(reader.number("PORT", "0")),
            control_token=reader.text("CONTROL_TOKEN"),
            places=reader.places("LOCATIONS_FILE"),
            orders_seconds=reader.number("ORDERS_SECONDS", "300"),
            subscriptions_seconds=reader.number("SUBSCRIPTIONS_SECONDS", "300"),
            stock_poll_seconds=reader.number("STOCK_POLL_SECONDS", "0.5"),
            stock_audit_seconds=reader.number("STOCK_AUDIT_SECONDS", "900"),
            refund_approval_above=reader.amount("REFUND_APPROVAL_ABOVE"),
            attempts=int(reader.number("ATTEMPTS", "5")),
            concurrency=int(reader.number("CONCURRENCY", "6")),
        )
        if reader.problems:
            raise SettingsError("; ".join(reader.problems))
        return settings


class _Reader:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self.environment.get(name, default)
        if value is None:
            self.problems.append(f"{name} is not set")
            return ""
        return value

    def number(self, name: str, default: str) -> float:
        value = self.text(name, default)
        try:
            return float(value)
        except ValueError:
            self.problems.append(f"{name} should be a number")
            return 0.0

    def amount(self, name: str) -> Decimal | None:
        value = self.text(name, "")
        try:
            return Decimal(value) if value else None
        except InvalidOperation:
            self.problems.append(f"{name} should be an amount of money or empty")
            return None

    def zone(self, name: str) -> str:
        value = self.text(name, "") or "UTC"
        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError):
            self.problems.append(f"{name} should be a time zone such as America/New_York")
            return "UTC"

    def vendor(self, name: str, key: str, secret: str = "") -> Vendor:
        return Vendor(
            url=self.text(f"{name}_URL", "").rstrip("/"),
            key=self.text(f"{name}_{key}", ""),
            secret=self.text(f"{name}_{secret}", "") if secret else "",
        )

    def places(self, name: str) -> tuple[Place, ...]:
        """Read ``{"locations": {code: {odoo_location_id, shopify_location_gid}}}``."""
        path = self.text(name)
        try:
            document: dict[str, Any] = msgspec.json.decode(Path(path).read_bytes())
            rows = document["locations"]
            return tuple(
                Place(
                    code=code,
                    odoo_location_id=int(row["odoo_location_id"]),
                    shopify_location_gid=row.get("shopify_location_gid", ""),
                    pos_location_id=row.get("pos_location_gid", ""),
                )
                for code, row in rows.items()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            self.problems.append(f"{name} should name a JSON file with locations ({error!r})")
            return ()
