"""The point of sale's client (Square's API): reads only, so that every call may be repeated.

A dead token, a busy or a broken side waits; only what is really wrong is refused.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection
from typing import Any

import httpx
import msgspec

from .errors import Refused, Unavailable
from .queue import backoff_seconds
from .settings import Settings

__all__ = ["VERSION", "Square"]

VERSION = "2026-09-16"
PAGE = 100
BATCH = 100  # catalogue objects in one call
TIMEOUT = httpx.Timeout(8.0, connect=3.0)
Record = dict[str, Any]


class Square:
    """A client of one seller."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None):
        self.http = httpx.AsyncClient(
            base_url=settings.pos.url,
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
            verify=ssl.create_default_context(cafile=settings.ca_bundle or None),
            headers={"Authorization": f"Bearer {settings.pos.key}", "Square-Version": VERSION},
        )
        self._skus: dict[str, str] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def order(self, identity: str) -> Record:
        """Return an order."""
        return await self._one(f"/v2/orders/{identity}", "order")

    async def payment(self, identity: str) -> Record:
        """Return a payment."""
        return await self._one(f"/v2/payments/{identity}", "payment")

    async def refund(self, identity: str) -> Record:
        """Return a refund."""
        return await self._one(f"/v2/refunds/{identity}", "refund")

    async def orders_since(self, places: Collection[str], updated_at: str) -> AsyncIterator[Record]:
        """Yield the orders that changed at or after a moment ("" means all), oldest first."""
        query: Record = {"sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"}}
        if updated_at:
            query["filter"] = {"date_time_filter": {"updated_at": {"start_at": updated_at}}}
        body = {"location_ids": sorted(places), "query": query, "limit": PAGE}
        async for order in self._pages("POST", "/v2/orders/search", "orders", body):
            yield order

    async def refunds_since(self, place: str, updated_at: str) -> AsyncIterator[Record]:
        """Yield a location's refunds that changed at or after a moment, oldest first."""
        query = {"location_id": place, "sort_field": "UPDATED_AT", "sort_order": "ASC"}
        if updated_at:
            query["updated_at_begin_time"] = updated_at
        async for refund in self._pages("GET", "/v2/refunds", "refunds", query):
            yield refund

    async def shifts_since(self, place: str, opened_at: str) -> AsyncIterator[Record]:
        """Yield a location's cash drawer shifts that opened at or after a moment."""
        query = {"location_id": place, "sort_order": "ASC"}
        if opened_at:
            query["begin_time"] = opened_at
        path = "/v2/cash-drawers/shifts"
        async for shift in self._pages("GET", path, "cash_drawer_shifts", query):
            yield shift

    async def restocked(self, refund: Record, items: Collection[str]) -> dict[str, int]:
        """Return how many pieces of each item a refund put back on the shelf."""
        back: dict[str, int] = {}
        body = {
            "catalog_object_ids": sorted(items),
            "location_ids": [refund["location_id"]],
            "types": ["ADJUSTMENT"],
            "states": ["SOLD"],
        }
        path = "/v2/inventory/changes/batch-retrieve"
        async for change in self._pages("POST", path, "changes", body):
            moved = change["adjustment"]
            if moved.get("refund_id") == refund["id"] and moved["to_state"] == "IN_STOCK":
                item = moved["catalog_object_id"]
                back[item] = back.get(item, 0) + int(moved["quantity"])
        return back

    async def skus(self, items: Collection[str]) -> dict[str, str]:
        """Return the SKUs of item variations; they are asked for once."""
        unknown = sorted({item for item in items if item not in self._skus})
        for begin in range(0, len(unknown), BATCH):
            body = {"object_ids": unknown[begin : begin + BATCH]}
            answer = await self._call("POST", "/v2/catalog/batch-retrieve", body)
            for found in answer.get("objects", []):
                self._skus[found["id"]] = found.get("item_variation_data", {}).get("sku", "")
        return {item: self._skus.get(item, "") for item in items}

    async def _one(self, path: str, name: str) -> Record:
        record: Record = (await self._call("GET", path, {}))[name]
        return record

    async def _pages(self, method: str, path: str, name: str, asked: Record) -> Any:
        cursor = ""
        while True:
            answer = await self._call(method, path, asked | ({"cursor": cursor} if cursor else {}))
            for record in answer.get(name, []):
                yield record
            cursor = answer.get("cursor", "")
            if not cursor:
                return

    async def _call(self, method: str, path: str, asked: Record) -> Record:
        """Ask, once more when there was no answer; raises Unavailable or Refused."""
        for attempt in (0, 1):
            try:
                if method == "GET":
                    answer = await self.http.get(path, params=asked)
                else:
                    answer = await self.http.post(path, json=asked)
            except httpx.TransportError as error:
                reason = f"point of sale unreachable: {type(error).__name__}"
                if attempt:
                    raise Unavailable(reason, 0.0, 5.0) from error
                await asyncio.sleep(backoff_seconds(0, 0.15, 0.3))
            else:
                return _read(path, answer)
        raise AssertionError("unreachable")


def _read(path: str, answer: httpx.Response) -> Record:
    status = answer.status_code
    if status == 429:
        raise Unavailable("point of sale answered 429", _retry_after(answer), 10.0)
    if status >= 500:
        raise Unavailable(f"point of sale answered {status}", 0.5, 10.0)
    try:
        body = msgspec.json.decode(answer.content)
    except msgspec.DecodeError as error:
        raise Unavailable(f"point of sale answered {path} without sense", 0.5) from error
    if status == 401:  # an operator gives a new token, or the old one works again
        raise Unavailable("point of sale does not take the token", 1.0, 10.0)
    if status != 200:
        told = (body.get("errors") or [{}])[0]
        code = str(told.get("code", status)).lower()
        raise Refused(f"square_{code}", f"{path}: {told.get('detail', '')}")
    return dict(body)


def _retry_after(answer: httpx.Response) -> float:
    try:
        return max(1.0, float(answer.headers.get("retry-after", "1")))
    except ValueError:
        return 1.0
