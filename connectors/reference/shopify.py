"""The Shopify Admin GraphQL client: token, cost, retries, pages and user errors.

What may be sent twice is sent again after a lost answer (queries; mutations that carry an
idempotency key, with the same key). Anything else raises Unsure, and the caller looks first.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec

from .errors import Refused, Unavailable, Unsure
from .queue import backoff_seconds
from .settings import Settings
from .throttle import Throttle

__all__ = ["Shopify"]

ATTEMPTS = 5
TIMEOUT = httpx.Timeout(8.0, connect=3.0)


class Shopify:
    """A client of one shop. Safe to use from many tasks at once."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None):
        self.settings = settings
        self.throttle = Throttle()
        self.http = httpx.AsyncClient(
            base_url=settings.shopify_url,
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
            verify=ssl.create_default_context(cafile=settings.ca_bundle or None),
        )
        self.calls: dict[str, int] = {}
        self._token = ""
        self._token_turn = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def graphql(
        self, document: str, variables: dict[str, Any] | None = None, *, repeatable: bool = True
    ) -> dict[str, Any]:
        """Run a document and return its ``data``.

        ``repeatable`` False is for a mutation that must not be sent twice. Raises Unavailable
        when the channel cannot be reached or throttles for long, Unsure when an answer to
        such a mutation is lost, Refused for GraphQL errors.
        """
        last = Unavailable("the channel was not asked")
        renewed = False
        for attempt in range(ATTEMPTS):
            token = await self._bearer()
            await self.throttle.take(document)
            self.calls["graphql"] = self.calls.get("graphql", 0) + 1
            try:
                answer = await self.http.post(
                    f"/admin/api/{self.settings.shopify_api_version}/graphql.json",
                    json={"query": document, "variables": variables or {}},
                    headers={"X-Shopify-Access-Token": token},
                )
                if answer.status_code == 401 and not renewed:
                    renewed = True
                    self._forget(token)
                    continue
                return self._data(document, answer)
            except httpx.ConnectError as error:
                last = Unavailable(f"channel unreachable: {type(error).__name__}")
            except httpx.TransportError as error:
                last = Unsure(f"channel gave no answer: {type(error).__name__}")
            except Unavailable as error:
                last = error
            if isinstance(last, Unsure) and not repeatable:
                raise last
            if attempt + 1 < ATTEMPTS:
                pause = max(last.after_seconds, backoff_seconds(attempt, 0.2, 3.0))
                await asyncio.sleep(pause)
        raise last

    def _data(self, document: str, answer: httpx.Response) -> dict[str, Any]:
        """Read an answer; raises the error that it stands for."""
        status = answer.status_code
        if status in (429, 430):
            wait = _retry_after(answer)
            raise Unavailable("channel answered 429", after_seconds=wait)
        if status >= 500:
            raise Unsure(f"channel answered {status}")
        if status != 200:
            raise Refused(f"http_{status}", f"the channel answered {status}")
        try:
            body: dict[str, Any] = msgspec.json.decode(answer.content)
        except msgspec.DecodeError as error:
            raise Unsure("channel answered 200 with something that is not JSON") from error
        if not isinstance(body, dict):
            raise Unsure("channel answered 200 with something that is not an object")
        self.throttle.learn(document, body.get("extensions") or {})
        errors = body.get("errors")
        if errors:
            code, message = _first(errors)
            if code == "THROTTLED":
                wait = self.throttle.wait_seconds(self.throttle.cost_of(document))
                raise Unavailable("channel throttled the query", after_seconds=max(wait, 0.2))
            if code == "INTERNAL_SERVER_ERROR":
                raise Unsure(f"channel failed inside: {message}")
            raise Refused(code or "graphql", message)
        data = body.get("data")
        if not isinstance(data, dict):
            raise Unsure("channel answered 200 without data")
        return data

    async def pages(
        self, document: str, path: str, variables: dict[str, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the nodes of every page of the connection at ``path`` (dotted)."""
        after: str | None = None
        while True:
            found: Any = await self.graphql(document, {**variables, "after": after})
            for part in path.split("."):
                found = (found or {}).get(part)
            if not found:
                return
            for node in found["nodes"]:
                yield node
            info = found["pageInfo"]
            if not info["hasNextPage"] or not found["nodes"] or info["endCursor"] == after:
                return
            after = info["endCursor"]

    async def _bearer(self) -> str:
        """Return an access token; fetch one by client credentials when there is none."""
        async with self._token_turn:
            if self._token:
                return self._token
            try:
                answer = await self.http.post(
                    "/admin/oauth/access_token",
                    json={
                        "client_id": self.settings.shopify_client_id,
                        "client_secret": self.settings.shopify_client_secret,
                        "grant_type": "client_credentials",
                    },
                )
            except httpx.TransportError as error:
                raise Unavailable(f"no token: {type(error).__name__}") from error
            if answer.status_code != 200:
                raise Unavailable(f"no token: the channel answered {answer.status_code}", 0.5)
            try:
                self._token = str(msgspec.json.decode(answer.content)["access_token"])
            except (msgspec.DecodeError, KeyError, TypeError) as error:
                raise Unavailable("no token: the answer made no sense", 0.5) from error
            return self._token

    def _forget(self, token: str) -> None:
        """Drop a token that was refused, unless another task has renewed it already."""
        if self._token == token:
            self._token = ""


def _retry_after(answer: httpx.Response) -> float:
    """Return the seconds of ``Retry-After``; 1 when it is missing or makes no sense."""
    try:
        return min(30.0, max(0.0, float(answer.headers.get("Retry-After", "1"))))
    except ValueError:
        return 1.0


def _first(errors: Any) -> tuple[str, str]:
    """Return code and message of the first GraphQL error."""
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        extensions = errors[0].get("extensions") or {}
        return str(extensions.get("code") or ""), str(errors[0].get("message"))
    return "", str(errors)
