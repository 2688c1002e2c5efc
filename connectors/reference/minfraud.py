"""The client of fraud screening (minFraud's shape): one question, and what people decided later.

Asking is repeatable: it changes nothing there, it only costs. So a lost answer is followed by the
same question again.
"""

import ssl
from typing import Any

import httpx
import msgspec

from .channel_order import ChannelOrder
from .errors import Refused, Unavailable
from .settings import Settings

__all__ = ["Minfraud"]

TIMEOUT = httpx.Timeout(5.0, connect=2.0)
SCORE = "/minfraud/v2.0/score"
UPDATES = "/minfraud/disposition/v1.0/updates"


class Minfraud:
    """A client of one account."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None):
        self.http = httpx.AsyncClient(
            base_url=settings.fraud.url,
            auth=(settings.fraud.key, settings.fraud.secret),
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
            verify=ssl.create_default_context(cafile=settings.ca_bundle or None),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def score(self, order: ChannelOrder) -> tuple[str, str]:
        """Ask about an order; returns the screening's id and what is to be done with it."""
        home = order.shipping_address or order.billing_address
        asked: dict[str, Any] = {
            "event": {"transaction_id": order.gid, "type": "purchase"},
            "order": {"amount": float(order.total), "currency": order.currency},
        }
        if order.email:
            asked["email"] = {"address": order.email}
        if home is not None:
            asked["shipping"] = {
                "city": home.city,
                "region": home.province_code,
                "postal": home.zip,
                "country": home.country_code,
            }
        answer = await self._call("POST", SCORE, json=asked)
        return str(answer.get("id", "")), str((answer.get("disposition") or {}).get("action", ""))

    async def decisions(self, since: str) -> dict[str, str]:
        """Return what people decided since a moment (RFC 3339), by the screening's id."""
        answer = await self._call("GET", UPDATES, params={"updates_after": since})
        return {row["minfraud_id"]: row["action"] for row in answer.get("updates", [])}

    async def _call(self, verb: str, path: str, **what: Any) -> dict[str, Any]:
        try:
            answer = await self.http.request(verb, path, **what)
        except httpx.TransportError as error:
            raise Unavailable(f"screening: no answer ({type(error).__name__})") from error
        if answer.status_code >= 500 or answer.status_code in (401, 403, 408, 429):
            raise Unavailable(f"screening answered {answer.status_code}", 0.5)
        try:
            body = msgspec.json.decode(answer.content)
        except msgspec.DecodeError as error:
            raise Unavailable("screening: the answer makes no sense") from error
        if answer.status_code != 200 or not isinstance(body, dict):
            code = body.get("code") if isinstance(body, dict) else ""
            raise Refused("screening", f"answered {answer.status_code} {code}")
        return body
