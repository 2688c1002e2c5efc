"""What a world may set about the carriers: ``config.options`` of this simulator."""

from typing import Any

import msgspec

from peakproof.simkit import UsageError

__all__ = ["Settings", "settings_of"]


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Options; times are real seconds unless they say otherwise.

    ``buy_seconds`` is how long a carrier takes to sell a label, ``rate_seconds`` to quote.
    ``rate_lifetime_seconds`` (EasyPost's time; 0: for ever) is how long a rate can be bought.
    A refund is decided after ``refund_seconds``, or with ``refund_days`` when so many business
    days have passed; EasyPost speaks of 15 days and more. ``tracking_lag_seconds`` lie between
    a driver's scan and its tracker's update. With ``travel_seconds_between`` every label sets
    out by itself, one scan after the other. ``webhook_failures_max`` failed attempts in a row
    disable a webhook; EasyPost publishes no number.
    """

    api_key: str = ""
    webhook_secret: str = ""
    ca_bundle_path: str | None = None
    public_url: str = ""
    buy_seconds: float = 0.0
    rate_seconds: float = 0.0
    rate_lifetime_seconds: float = 0.0
    refund_seconds: float = 2.0
    refund_days: int | None = None
    pre_transit_seconds: float = 0.0
    tracking_lag_seconds: float = 0.0
    travel_seconds_between: float = 0.0
    webhook_failures_max: int = 20

    def __repr__(self) -> str:
        return "Settings()"  # two of them are secrets


def settings_of(options: dict[str, Any]) -> Settings:
    """Return the settings in ``options``. Raises UsageError for one that is not known."""
    try:
        return msgspec.convert(options, Settings)
    except msgspec.ValidationError as error:
        raise UsageError(f"options of the carrier simulator: {error}") from error
