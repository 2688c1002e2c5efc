"""The client of the parcel carriers' API (EasyPost's shape), with a no told from a silence.

There are no idempotency keys there: a purchase is safe to repeat on the same shipment only,
because a shipment takes one label. So a shipment's id is kept, and after a lost answer the
shipment is looked at first.
"""

import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec

from .errors import Refused, Unavailable, Unsure
from .settings import Settings

__all__ = ["EasyPost"]

TIMEOUT = httpx.Timeout(20.0, connect=3.0)  # a carrier may take its time to sell a label
PAGE_SIZE = 100


class EasyPost:
    """A client of one account. Safe to use from many tasks at once."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None):
        self.http = httpx.AsyncClient(
            base_url=settings.carrier.url,
            auth=(settings.carrier.key, ""),
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
            verify=ssl.create_default_context(cafile=settings.ca_bundle or None),
        )
        self.calls: dict[str, int] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def create(self, shipment: dict[str, Any]) -> dict[str, Any]:
        """Create a shipment and have it rated; costs nothing."""
        return await self._call("POST", "/v2/shipments", {"shipment": shipment})

    async def shipment(self, identity: str) -> dict[str, Any]:
        """Return a shipment as it is now."""
        return await self._call("GET", f"/v2/shipments/{identity}")

    async def rerate(self, identity: str) -> list[dict[str, Any]]:
        """Have a shipment rated anew; returns its rates."""
        answer = await self._call("POST", f"/v2/shipments/{identity}/rerate")
        return list(answer["rates"])

    async def buy(self, identity: str, rate_id: str) -> dict[str, Any]:
        """Buy a shipment's label at a rate; returns the shipment. Raises Unsure on silence."""
        return await self._call("POST", f"/v2/shipments/{identity}/buy", {"rate": {"id": rate_id}})

    async def refund(self, identity: str) -> dict[str, Any]:
        """Ask for a label's price back; returns the shipment."""
        return await self._call("POST", f"/v2/shipments/{identity}/refund")

    async def shipments(self, since: str, reference: str) -> AsyncIterator[dict[str, Any]]:
        """Yield the shipments with a reference that were made since a moment, newest first."""
        query = {"purchased": "false", "page_size": str(PAGE_SIZE), "start_datetime": since}
        while True:
            page = await self._call("GET", "/v2/shipments", query=query)
            for entry in page["shipments"]:
                if entry["reference"] == reference:
                    yield entry
            if not page["has_more"] or not page["shipments"]:
                return
            query["before_id"] = page["shipments"][-1]["id"]

    async def _call(
        self,
        verb: str,
        path: str,
        body: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        name = f"{verb} {path.rsplit('/', 1)[-1] if verb == 'POST' else 'shipments'}"
        self.calls[name] = self.calls.get(name, 0) + 1
        try:
            answer = await self.http.request(verb, path, json=body, params=query)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unavailable(f"carriers unreachable: {type(error).__name__}") from error
        except httpx.TransportError as error:
            raise _silence(verb, f"no answer to {name}: {type(error).__name__}") from error
        return _read(verb, name, answer)


def _silence(verb: str, reason: str) -> Unavailable:
    """Return the error of a lost answer: after a mere question nothing is unsure."""
    kind = Unavailable if verb == "GET" else Unsure
    return kind(f"carriers: {reason}", 0.5)


def _read(verb: str, name: str, answer: httpx.Response) -> dict[str, Any]:
    """Return an answer's object; raises the error that it stands for."""
    status = answer.status_code
    if status >= 500 or status == 408:
        raise _silence(verb, f"{name} was answered with {status}")
    if status == 429:
        raise Unavailable("carriers: too many requests", 1.0)
    if status in (401, 403):
        raise Unavailable("carriers: the key is refused", 2.0)
    try:
        body = msgspec.json.decode(answer.content)
    except msgspec.DecodeError as error:
        raise _silence(verb, f"the answer to {name} makes no sense") from error
    if not isinstance(body, dict):
        raise _silence(verb, f"the answer to {name} is no object")
    if status >= 400:
        error_ = body.get("error")
        said = error_ if isinstance(error_, dict) else {}
        code = str(said.get("code") or f"http_{status}")
        raise Refused(code, f"{said.get('message', '')} {said.get('errors') or ''}".strip()[:500])
    return body
