"""The gateway's options, with Stripe's own figures as defaults.

Published: 2.9 % + 0.30 for cards in the US, 1 % for converting, 15.00 for a dispute, funds
after two business days, 25 requests a second in a sandbox. Chosen by us: that a payout arrives
two banking days after it was made (Stripe says it depends on the bank), that the background
part of an ``automatic_async`` capture takes a fifth of a second, that in a further settlement
currency fixed amounts are those of the account's own, at the shop's exchange rate (Stripe
publishes a price list for each).
"""

from decimal import Decimal

import msgspec

__all__ = ["NEWEST", "Fees", "Settings"]

NEWEST = "2026-10-28.endive"


class Fees(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the gateway keeps, as decimals: percents of the settled amount, money in its currency.

    A refund does not give the fee back. ``dispute_returned`` gives the dispute's fee back when
    the dispute is won.
    """

    percent: str = "2.9"
    fixed: str = "0.30"
    conversion_percent: str = "1"
    dispute: str = "15.00"
    dispute_returned: bool = False

    def dispute_amount(self) -> Decimal:
        """Return what a dispute costs."""
        return Decimal(self.dispute)


class Settings(msgspec.Struct, kw_only=True):
    """Options of the simulator, ``options`` in its configuration; unknown ones are ignored.

    Keys left empty are drawn from the run's seed. ``api_version`` is the account's default
    version; ``accepted_versions`` are globs of others that a client may ask for although the
    answers are those of the default one. ``payout_schedule`` is ``daily`` or ``manual``;
    ``webhook_retries`` ``live`` (three days) or ``sandbox`` (three attempts).
    """

    secret_key: str = ""
    publishable_key: str = ""
    webhook_secret: str = ""
    api_version: str = NEWEST
    accepted_versions: tuple[str, ...] = ("*.endive",)
    fees: Fees = msgspec.field(default_factory=Fees)
    minimum_charge: str = "0.50"
    available_after_banking_days: int = 2
    arrival_after_banking_days: int = 2
    payout_schedule: str = "daily"
    requests_per_second: float = 25.0
    async_capture_seconds: float = 0.2
    refunds_pending: bool = False
    webhook_retries: str = "live"
    webhook_timeout_seconds: float = 10.0
    ca_bundle_path: str | None = None

    def __repr__(self) -> str:
        return f"Settings(api_version={self.api_version!r}, fees={self.fees!r})"
