"""What every request passes: the key, the limit on lists, the body, and the shape of refusals.

The key comes as ``Authorization: Bearer KEY`` (Python client) or as the user name of Basic
authentication (Node client, curl). Lists share five requests a second; EasyPost limits other
calls by its own load, which is not modelled.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import msgspec

from peakproof.simkit import Bucket, Handled, Handler, Kit, Later, Request

from .errors import Refusal, missing, rate_limited, unauthorized

__all__ = ["LIST_REQUESTS_PER_SECOND", "Door", "body_of", "object_of"]

LIST_REQUESTS_PER_SECOND = 5


class Door:
    """Lets requests in."""

    def __init__(self, kit: Kit, api_key: str) -> None:
        self._kit, self._key = kit, api_key.encode()
        self._client = hashlib.sha256(self._key).hexdigest()[:12]
        rate = float(LIST_REQUESTS_PER_SECOND)
        self._lists = Bucket(kit.clock.now, rate, rate)

    def guarded(self, handler: Handler, listing: bool = False, secret: bool = False) -> Handler:
        """Return a handler behind the door. ``secret`` keeps the body out of the history."""

        def handle(request: Request) -> Handled:
            record = request.record
            record.api_version = "v2"
            record.operation_type = "query" if request.method in ("GET", "HEAD") else "mutation"
            return self._caught(request, lambda: self._enter(request, handler, listing, secret))

        return handle

    def _enter(self, request: Request, handler: Handler, listing: bool, secret: bool) -> Handled:
        if self._kit.faults.fire("key_rejected", request.name) or not self._known(request):
            raise unauthorized()
        record = request.record
        record.client = self._client
        if listing and not self._lists.charge():
            raise rate_limited()
        body = body_of(request)
        record.arguments = {**request.params, **request.query, **({} if secret else body)}
        return handler(request)

    def _caught(self, request: Request, call: Callable[[], Handled]) -> Handled:
        try:
            handled = call()
        except Refusal as refusal:
            request.record.error_codes = [refusal.code]
            return refusal.response()
        if isinstance(handled, Later):
            return Later(handled.seconds, lambda: self._caught(request, handled.then))
        return handled

    def _known(self, request: Request) -> bool:
        kind, _, value = request.header("authorization").partition(" ")
        given = value.strip().encode("latin-1", "replace")
        if kind.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).partition(b":")[0]
            except binascii.Error:
                return False
        elif kind.lower() != "bearer":
            return False
        return hmac.compare_digest(given, self._key)


def body_of(request: Request) -> dict[str, Any]:
    """Return the body, an empty one as {}. Raises Refusal 400 if it is no JSON object."""
    if not request.body.strip():
        return {}
    known = request.context.get("body")
    if known is not None:
        return dict(known)
    try:
        value = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        text = f"The body must be JSON (forms are not modelled): {error}"
        raise Refusal(400, "BAD_REQUEST", text) from error
    if not isinstance(value, dict):
        raise Refusal(400, "BAD_REQUEST", "The body must be a JSON object.")
    request.context["body"] = value
    return value


def object_of(request: Request, name: str) -> dict[str, Any]:
    """Return the object that a body wraps, such as {"shipment": {...}}. Raises Refusal."""
    value = body_of(request).get(name)
    if not isinstance(value, dict) or not value:
        raise missing(name)
    return value
