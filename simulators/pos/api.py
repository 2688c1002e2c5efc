"""What every call of the API goes through: version, token, limit, shape, idempotency, errors.

From Square's documents: bearer token; ``Square-Version`` dates; idempotency keys in the body:
the same key with the same body is answered as the first time, with another body refused. Not
published, chosen by us: keys are kept for ever unless option ``idempotency_retention_seconds``
says less; a refused request (4xx) does not use its key up, a declined card does; no rate limit
unless option ``requests_per_second`` sets one (Square does not tell its own).
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import msgspec

from peakproof.simkit import (
    Answer,
    BadPage,
    Bucket,
    Handled,
    IdempotencyState,
    IdempotencyStore,
    Kit,
    Request,
    Response,
    Route,
    decode_cursor,
    page,
)

from .business import Business
from .errors import Refusal, invalid, not_modelled
from .permissions import insufficient, permissions
from .shapes import taken

__all__ = ["VERSION", "Api", "Call", "paged"]

Record = dict[str, Any]
VERSION = "2026-09-16"
OLDEST_VERSION = "2015-01-01"
_SECRETS = ("source_id", "verification_token", "billing_address", "shipping_address")
_STALE_MAX = 256
_encode = msgspec.json.Encoder(order="deterministic", enc_hook=str).encode


@dataclass
class Call:
    """A request that was let in: its body and query fit their shapes."""

    business: Business
    request: Request
    body: Record
    query: dict[str, str]

    @property
    def params(self) -> dict[str, str]:
        """What stood in the path."""
        return self.request.params

    def whole(self, name: str, default: int) -> int:
        """Return a whole number of the query or the body; raises Refusal."""
        value = self.body.get(name, self.query.get(name, default))
        try:
            number = int(value)
        except ValueError as error:
            raise Refusal("EXPECTED_INTEGER", "Expected integer value.", name) from error
        if number < 1:
            raise Refusal("VALUE_TOO_LOW", f"`{name}` must be at least 1.", name)
        return number


Handler: TypeAlias = Callable[[Call], Record | Awaitable[Response]]


class Api:
    """The guard in front of every route; ``business`` is there once the shop was seeded."""

    def __init__(self, kit: Kit, access_token: str) -> None:
        options = kit.config.options
        self.permissions = permissions(options.get("scopes") or ())
        self.kit = kit
        self.business: Business | None = None
        self._token = access_token
        retention = float(options.get("idempotency_retention_seconds", "inf"))
        self._keys: IdempotencyStore[Response] = IdempotencyStore(
            kit.clock.now, kit.real_seconds(retention)
        )
        rate = float(options.get("requests_per_second", 0))
        self._bucket = Bucket(kit.clock.now, max(rate, 1.0), rate) if rate else None
        self._seen: dict[bytes, Response] = {}

    def route(
        self,
        method: str,
        path: str,
        name: str,
        handler: Handler,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[str] = (),
        reads: bool = False,
        deprecated: bool = False,
    ) -> Route:
        """Return a route of the API; ``body`` is the shape of the body, ``query`` the names."""
        reads = reads or method == "GET"

        def handle(request: Request) -> Handled:
            record = request.record
            record.operation_type = "query" if reads else "mutation"
            if deprecated:
                record.deprecated = [f"{method} {path}"]
            try:
                self._admit(request)
                call = self._call(request, body, query)
                return self._answered(name, handler, call, reads)
            except Refusal as refusal:
                record.error_codes = [refusal.code]
                return self._finished(refusal.response())

        return Route(method, path, handle, name)

    def throttled(self) -> Response:
        """Return what Square answers to a caller over its rate limit."""
        refusal = Refusal(
            "RATE_LIMITED", "The request was rate limited.", "", 429, "RATE_LIMIT_ERROR"
        )
        return refusal.response()

    def _admit(self, request: Request) -> None:
        record = request.record
        wanted = request.header("square-version", VERSION)
        record.requested_version, record.api_version = wanted, VERSION
        given = request.header("authorization").removeprefix("Bearer ")
        record.client = hashlib.sha256(given.encode()).hexdigest()[:12]
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            detail = "This request could not be authorized."
            raise Refusal("UNAUTHORIZED", detail, "", 401, "AUTHENTICATION_ERROR")
        if self.kit.faults.fire("expired_token", request.name):
            detail = "The access token has expired."
            raise Refusal("ACCESS_TOKEN_EXPIRED", detail, "", 401, "AUTHENTICATION_ERROR")
        missing = self.permissions.missing(request)
        if missing:
            raise insufficient(missing)
        if self._bucket is not None and not self._bucket.charge():
            record.error_codes = ["RATE_LIMITED"]
            raise Answer(self.throttled())
        try:
            date.fromisoformat(wanted)
        except ValueError as error:
            raise invalid("Square-Version", f"`{wanted}` is not an API version.") from error
        if not OLDEST_VERSION <= wanted <= VERSION:
            raise invalid("Square-Version", f"There is no API version `{wanted}`.")

    def _call(
        self, request: Request, shape: Mapping[str, Any] | None, names: Sequence[str]
    ) -> Call:
        assert self.business is not None, "seed the shop first"
        query = taken(dict.fromkeys(names, str), dict(request.query))
        body: Record = {}
        if shape is not None:
            try:
                raw = msgspec.json.decode(request.body or b"{}")
            except msgspec.DecodeError as error:
                detail = "The request body is not JSON."
                raise Refusal("EXPECTED_JSON_BODY", detail) from error
            if request.header("x-clear-null").lower() == "true":
                raw = _with_nulls_cleared(raw, shape)
            body = taken(shape, raw)
        arguments = {**request.params, **query, **body}
        request.record.arguments = {
            name: value for name, value in arguments.items() if name not in _SECRETS
        }
        request.record.idempotency_key = str(body.get("idempotency_key", ""))
        return Call(self.business, request, body, query)

    def _answered(self, name: str, handler: Handler, call: Call, reads: bool) -> Handled:
        key = call.body.get("idempotency_key")
        if key is not None:
            return self._once(name, key, handler, call)
        told = _encode([name, call.params, call.query, call.body])
        if reads and told in self._seen and self.kit.faults.fire("stale_read", name):
            return self._seen[told]
        answer = self._told(handler, call)
        if reads and isinstance(answer, Response):
            self._seen.pop(told, None)
            self._seen[told] = Response(answer.status, answer.body, list(answer.headers))
            if len(self._seen) > _STALE_MAX:
                del self._seen[next(iter(self._seen))]
        return answer

    def _once(self, name: str, key: str, handler: Handler, call: Call) -> Handled:
        if not key:
            raise Refusal("VALUE_EMPTY", "The key must not be empty.", "idempotency_key")
        token = f"{name}|{key}"
        state, known = self._keys.begin(token, {"params": call.params, "body": call.body})
        if state is IdempotencyState.MISMATCH:
            raise Refusal(
                "IDEMPOTENCY_KEY_REUSED",
                "Different request parameters used for the same idempotency_key.",
                "idempotency_key",
            )
        if known is not None:
            return Response(known.status, known.body, list(known.headers))
        try:
            answer = self._told(handler, call)
        except Refusal as refusal:
            if refusal.status == 402:
                self._keys.finish(token, self._finished(refusal.response()))
            else:
                self._keys.release(token)
            raise
        except BaseException:
            self._keys.release(token)
            raise
        assert isinstance(answer, Response)
        self._keys.finish(token, Response(answer.status, answer.body, list(answer.headers)))
        return answer

    def _told(self, handler: Handler, call: Call) -> Response | Awaitable[Response]:
        result = handler(call)
        if not isinstance(result, dict):
            return result
        return self._finished(Response.json(result))

    def _finished(self, response: Response) -> Response:
        response.headers.append(("Square-Version", VERSION))
        return response


def _with_nulls_cleared(body: Any, shape: Mapping[str, Any]) -> Any:
    """Return an order's update under ``X-Clear-Null: true``: its nulls are fields to clear.

    Raises Refusal for a null elsewhere, which would clear what peakproof does not model.
    """
    order = body.get("order") if isinstance(body, dict) else None
    nulls = []
    if isinstance(order, dict) and "fields_to_clear" in shape:
        nulls = [name for name, value in order.items() if value is None]
        cleared = [*(body.get("fields_to_clear") or []), *nulls]
        order = {name: value for name, value in order.items() if value is not None}
        body = {**body, "order": order, "fields_to_clear": cleared}
    if _has_null(body):
        raise not_modelled("X-Clear-Null for a null that is not a field of an order's update")
    return body


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_null(part) for part in value.values())
    if isinstance(value, list):
        return any(_has_null(part) for part in value)
    return value is None


def paged(
    call: Call,
    items: Sequence[Any],
    key: Callable[[Any], tuple[Any, ...]],
    *,
    limit: int,
    descending: bool = False,
) -> tuple[list[Any], Record]:
    """Return the page asked for and ``{"cursor"}`` if there is another.

    ``items`` are ascending by ``key``. A cursor belongs to the query that it was issued for.
    """
    asked = {**call.query, **call.body}
    cursor = asked.pop("cursor", None)
    asked.pop("limit", None)
    mark = hashlib.sha256(_encode([call.request.path, asked])).hexdigest()[:12]

    def marked(item: Any) -> tuple[Any, ...]:
        return (mark, *key(item))

    try:
        found = page(
            items, marked, first=limit, after=cursor or None, limit_max=limit, descending=descending
        )
        if cursor and decode_cursor(cursor)[:1] != (mark,):
            raise BadPage("The cursor belongs to another query.")
    except BadPage as error:
        raise Refusal("INVALID_CURSOR", str(error), "cursor") from error
    more = {"cursor": found.end_cursor} if found.has_next and found.end_cursor else {}
    return found.items, more
