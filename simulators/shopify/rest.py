"""The few REST resources that official clients and old connectors ask for.

``shop.json`` and what the parts declare in ``REST``; lists are paged with ``limit`` and
``page_info`` and a Link header. Anything else answers 404 naming peakproof.

Not modelled: writing through REST, ``fields``, every resource not listed in nouns.PARTS.
"""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from peakproof.simkit import Answer, Bucket, Kit, Request, Response, Route

from .api import authenticated, unauthorised
from .oauth import Client
from .payloads import shop_record
from .shop import Shop
from .versions import resolve

__all__ = ["LIMIT_DEFAULT", "LIMIT_MAX", "routes", "throttled"]

LIMIT_DEFAULT, LIMIT_MAX = 50, 250
RATES = {"standard": (40, 2), "advanced": (80, 4), "plus": (400, 20), "enterprise": (800, 40)}
_PREFIX = "/admin/api/{version}/"
Answering = Callable[[Shop, dict[str, str], dict[str, str]], Any]


def throttled() -> Response:
    """Return Shopify's answer to a REST caller over its limit."""
    text = (
        "Exceeded 2 calls per second for api client. Reduce request rates to resume "
        "uninterrupted service."
    )
    return Response.json({"errors": text}, 429, {"Retry-After": "2.0"})


def routes(
    declared: Mapping[str, Answering],
    shop: Callable[[], Shop | None],
    client: Client,
    kit: Kit,
) -> list[Route]:
    """Return the routes of every declared resource, and of ``shop.json``."""
    table = {"GET shop.json": _shop, **declared}
    made: list[Route] = []
    limiter = _Limiter(kit)
    for key, answer in table.items():
        method, _, pattern = key.partition(" ")
        made.append(
            Route(method, _PREFIX + pattern, _handler(shop, client, kit, limiter, pattern, answer))
        )
    return made


def _shop(found: Shop, _path: dict[str, str], _query: dict[str, str]) -> dict[str, Any]:
    return {"shop": shop_record(found)}


class _Limiter:
    """The REST bucket of the app, sized by the shop's plan."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._bucket: Bucket | None = None
        self._plan = ""

    def bucket(self, plan: str) -> Bucket:
        """Return the bucket for a plan."""
        if self._bucket is None or plan != self._plan:
            maximum, rate = RATES.get(plan, RATES["standard"])
            self._bucket, self._plan = Bucket(self._kit.clock.now, maximum, rate), plan
        return self._bucket


def _handler(
    shop: Callable[[], Shop | None],
    client: Client,
    kit: Kit,
    limiter: _Limiter,
    pattern: str,
    answer: Answering,
) -> Callable[[Request], Response]:
    def handle(request: Request) -> Response:
        requested = request.params["version"]
        record = request.record
        record.requested_version, record.api_version = requested, resolve(requested)
        record.operation_type = "query"
        record.arguments = request.query
        if kit.faults.fire("expired_token", request.name) is not None:
            return unauthorised()
        try:
            authenticated(request, client)
        except Answer as refusal:
            return refusal.response
        found = shop()
        if found is None:
            return Response.json({"errors": "Not Found"}, 404)
        bucket = limiter.bucket(found.plan.plan)
        if not bucket.charge():
            return throttled()
        path = {name: value for name, value in request.params.items() if name != "version"}
        place, filters = _asked(request.query)
        value = answer(found, path, filters)
        headers = [
            ("X-Shopify-API-Version", record.api_version),
            ("X-Shopify-Shop-Api-Call-Limit", f"{int(bucket.used()) or 1}/{int(bucket.maximum)}"),
            ("X-Request-Id", request.id),
        ]
        if value is None:
            return Response.json({"errors": "Not Found"}, 404, headers)
        if isinstance(value, list):
            name = pattern.rpartition("/")[2].removesuffix(".json")
            host = request.header("host") or client.shop_domain
            address = f"https://{host}{request.path}"
            value, link = _page(value, name, filters, place, address)
            if link:
                headers.append(("Link", link))
        return Response.json(value, 200, headers)

    return handle


def _asked(query: dict[str, str]) -> tuple[int, dict[str, str]]:
    """Return where a page begins and what was filtered for: a cursor remembers both."""
    if "page_info" not in query:
        return 0, query
    try:
        cursor = json.loads(base64.urlsafe_b64decode(query["page_info"]))
        filters = {str(name): str(value) for name, value in cursor["filters"].items()}
        place = int(cursor["place"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _wrong("page_info") from error
    return place, {**filters, **({"limit": query["limit"]} if "limit" in query else {})}


def _page(
    records: list[dict[str, Any]],
    name: str,
    filters: dict[str, str],
    start: int,
    address: str,
) -> tuple[dict[str, Any], str]:
    limit = min(LIMIT_MAX, max(1, _number(filters, "limit", LIMIT_DEFAULT)))
    if "since_id" in filters:
        since = _number(filters, "since_id", 0)
        records = sorted((r for r in records if r["id"] > since), key=lambda r: r["id"])
    links = []
    if start:
        links.append(_link(address, filters, limit, max(0, start - limit), "previous"))
    if start + limit < len(records):
        links.append(_link(address, filters, limit, start + limit, "next"))
    return {name: records[start : start + limit]}, ", ".join(links)


def _link(address: str, filters: dict[str, str], limit: int, place: int, relation: str) -> str:
    kept = {key: value for key, value in filters.items() if key != "limit"}
    cursor = json.dumps({"place": place, "filters": kept}).encode()
    words = {"limit": limit, "page_info": base64.urlsafe_b64encode(cursor).decode()}
    return f'<{address}?{urlencode(words)}>; rel="{relation}"'


def _number(query: dict[str, str], name: str, default: int) -> int:
    try:
        return int(query.get(name) or default)
    except ValueError as error:
        raise _wrong(name) from error


def _wrong(name: str) -> Answer:
    return Answer(Response.json({"errors": {name: "Invalid value."}}, 400))
