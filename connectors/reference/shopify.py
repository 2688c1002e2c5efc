"""The Shopify Admin GraphQL client: token, cost, retries, pages and user errors.

What may be sent twice is sent again after a lost answer (queries; mutations that carry an
idempotency key, with the same key). Anything else raises Unsure, and the caller looks first.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec

from .errors import Refused, Unavailable, Unsure
from .queue import backoff_seconds
from .settings import Settings
from .throttle import Throttle

__all__ = ["Shopify"]

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
        self._token_failures = 0
        self._token_not_before = 0.0

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def graphql(
        self, document: str, variables: dict[str, Any] | None = None, *, repeatable: bool = True
    ) -> dict[str, Any]:
        """Run a document and return its ``data``.

        ``repeatable`` False is for a mutation that must not be sent twice. Raises Unavailable
        when the channel cannot be reached or throttles, Unsure when an answer is lost,
        Refused for GraphQL errors.
        """
        token = await self._bearer()
        answer = await self._post(document, variables, token, repeatable)
        if answer.status_code == 401:
            self._forget(token)
            answer = await self._post(document, variables, await self._bearer(), repeatable)
            if answer.status_code == 401:
                raise Unavailable("the channel refuses a fresh token", 2.0)
        return self._data(document, answer)

    async def _post(
        self, document: str, variables: dict[str, Any] | None, token: str, repeatable: bool
    ) -> httpx.Response:
        """Send a document when its cost fits; once more if a repeatable one got no answer.

        There is no loop here: whoever asked waits, longer each time, and asks again.
        """
        for again in (repeatable, False):
            await self.throttle.take(document)
            self.calls["graphql"] = self.calls.get("graphql", 0) + 1
            try:
                return await self.http.post(
                    f"/admin/api/{self.settings.shopify_api_version}/graphql.json",
                    json={"query": document, "variables": variables or {}},
                    headers={"X-Shopify-Access-Token": token},
                )
            except httpx.ConnectError as error:
                raise Unavailable(f"channel unreachable: {type(error).__name__}") from error
            except httpx.TransportError as error:
                if not again:
                    raise Unsure(f"channel gave no answer: {type(error).__name__}") from error
                await asyncio.sleep(backoff_seconds(0, 0.15, 0.3))
        raise AssertionError("unreachable")

    def _data(self, document: str, answer: httpx.Response) -> dict[str, Any]:
        """Read an answer; raises the error that it stands for."""
        status = answer.status_code
        if status in (429, 430):
            wait = _retry_after(answer)
            self.throttle.hold(wait)
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
                wait = max(0.25, self.throttle.wait_seconds(self.throttle.cost_of(document)))
                self.throttle.hold(wait)
                raise Unavailable("channel throttled the query", after_seconds=wait)
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
            wait = self._token_not_before - time.monotonic()
            if wait > 0:
                raise Unavailable("no token yet", wait)
            self._token_failures += 1
            pause = backoff_seconds(self._token_failures, 0.25, 10.0)
            self._token_not_before = time.monotonic() + pause
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
                raise Unavailable(f"no token: {type(error).__name__}", pause) from error
            if answer.status_code != 200:
                raise Unavailable(f"no token: the channel answered {answer.status_code}", pause)
            try:
                self._token = str(msgspec.json.decode(answer.content)["access_token"])
            except (msgspec.DecodeError, KeyError, TypeError) as error:
                raise Unavailable("no token: the answer made no sense", pause) from error
            self._token_failures, self._token_not_before = 0, 0.0
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
