"""The DHL Parcel simulator as peakproof runs it: routes, acts, snapshot, seed.

Options: user_id, key (the password), account_id (the customer code ``xx-xxxxxx``); what is not
given is drawn from the run's seed. They are also the ``values`` for connector.toml.
"""

from collections.abc import Mapping, Sequence
from typing import Any

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
    SimulatorRefused,
)

from .api import Api, refusal
from .model import Carrier
from .tokens import Tokens

__all__ = ["DhlParcel", "create"]


class DhlParcel(Simulator):
    """The carrier with one customer account."""

    version = "B2B/B2C v6"
    hosts = ("external.dhl.es",)
    fault_points = {"expired_token": "answer 401 though the token is good"}
    scopes = (Scopes("user", {}, note="DHL Parcel has no scopes: a user may do everything"),)

    def __init__(self, config: SimulatorConfig, kit: Kit) -> None:
        options, draw = config.options, kit.seed.token
        digits = f"{int(draw('dhl_parcel|customer', 12), 16) % 1_000_000:06d}"
        word = draw("dhl_parcel|password")
        password = "-".join((word[:8], word[8:12], word[12:16], word[16:20], word[20:]))
        self._values: dict[str, str] = {
            "user_id": str(options.get("user_id") or f"08{digits}PEAKPROOF"),
            "key": str(options.get("key") or password),
            "account_id": str(options.get("account_id") or f"08-{digits}"),
        }
        self._carrier = Carrier(kit, self._values["account_id"])
        tokens = Tokens(kit, self._values["user_id"], self._values["key"])
        self._api = Api(kit, self._carrier, tokens)

    def routes(self) -> Sequence[Route]:
        """Return the customer API."""
        return self._api.routes()

    def actions(self) -> Mapping[str, Action]:
        """Return what the carrier's people can do."""
        return {
            "scan": self._scan,
            "deliver": self._deliver,
            "travel": self._travel,
            "carrier_down": lambda _arguments, _actor: self._set_down(True),
            "carrier_up": lambda _arguments, _actor: self._set_down(False),
        }

    def seed(self, shop: Shop) -> Mapping[str, Any]:
        """Open the customer's account; the plan's account with DHL tells its prices."""
        self._carrier.open_account(shop)
        return {"values": dict(self._values)}

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the final records of shipments, labels and trackers."""
        return {name: self._carrier.records(name) for name in ("shipment", "label", "tracker")}

    def pending(self) -> Mapping[str, int]:
        """Return nothing: every call is answered when it is done."""
        return {}

    def day_began(self) -> None:
        """Document what is open, as the carrier does overnight without being asked."""
        self._carrier.end_day()

    def throttled(self, request: Request) -> Response:
        """Return a 429 in the vendor's shape; the vendor publishes no rate limit."""
        return refusal(request, 429, "Demasiadas peticiones.")

    def failure(self, request: Request, status: int, message: str) -> Response:
        """Return an error in the vendor's shape."""
        return refusal(request, status, "" if status in (401, 404) else message)

    def _scan(self, arguments: dict[str, Any], _actor: str) -> Mapping[str, Any]:
        """Read a parcel's code: ``{"tracking_code", "status"}``."""
        shipment = self._carrier.scan(_code(arguments), str(arguments.get("status", "")))
        return {"tracking_code": shipment.number, "status": shipment.whereabouts}

    def _deliver(self, arguments: dict[str, Any], _actor: str) -> Mapping[str, Any]:
        """Hand a parcel to its receiver, with the scans on the way that are still missing."""
        number = _code(arguments)
        shipment = self._carrier.shipments.get(number)
        scanned = {scan.status for scan in shipment.scans} if shipment else set()
        for status in ("in_transit", "out_for_delivery", "delivered"):
            if status not in scanned:
                shipment = self._carrier.scan(number, status)
        if shipment is None or "delivered" in scanned:
            raise SimulatorRefused("not_on_its_way", f"{number} is delivered.")
        return {"tracking_code": number, "status": shipment.whereabouts}

    def _travel(self, arguments: dict[str, Any], _actor: str) -> Mapping[str, Any]:
        """Take every parcel one scan further, or the one of ``{"tracking_code"}``."""
        wanted = arguments.get("tracking_code")
        if wanted is not None and _code(arguments) not in self._carrier.shipments:
            raise SimulatorRefused("unknown_tracking_code", f"No shipment has {wanted!r}.")
        moved = [
            number
            for number, shipment in self._carrier.shipments.items()
            if wanted in (None, number) and self._carrier.move(shipment)
        ]
        return {"moved": len(moved), "tracking_codes": moved}

    def _set_down(self, down: bool) -> Mapping[str, Any]:
        self._api.down = down
        return {"down": down}


def _code(arguments: dict[str, Any]) -> str:
    return str(arguments.get("tracking_code", ""))


def create(config: SimulatorConfig, kit: Kit) -> Simulator:
    """Return the simulator that a configuration describes."""
    return DhlParcel(config, kit)
