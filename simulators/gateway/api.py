"""What every request to the gateway goes through, in Stripe's order: key, version, rate limit,
parameters, idempotency, the operation, expansion, the answer with its headers.

An operation is a function of (account, call) that returns the answer's object. A result is kept
for its ``Idempotency-Key`` once the work began, whatever it was, a 500 too; a refusal before
that (wrong parameters, rate limit) leaves the key free. Fault points of its own:

``expired_key``  401 with code api_key_expired though the key is good
``lock_timeout``  429 with code lock_timeout, nothing done, ``Stripe-Should-Retry: true``
``server_error``  500 after the work was done (``how: before`` leaves it undone); kept for the key
``slow_processing``  the work takes ``delay_seconds``; meanwhile the same key is answered 409

Not modelled: Connect (``Stripe-Account`` is refused), the limit of updates of
one intent in an hour, limits of concurrency, other API versions' shapes.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

import msgspec

from peakproof.simkit import (
    Bucket,
    Handled,
    IdempotencyState,
    IdempotencyStore,
    Kit,
    Later,
    Request,
    Response,
    Route,
)

from .account import Account
from .errors import Refused, not_modelled
from .form import parse_form, read
from .lists import check_paths, expand
from .permissions import forbidden, permissions, to_expand
from .settings import Settings
from .wire import render, rendered_extra

__all__ = ["Api", "Call", "Operation"]

KEPT_SECONDS = 86_400.0
KEY_LENGTH_MAX = 255
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
_SECRETS = ("client_secret", "payment_method_data", "card", "source", "confirmation_token")
_encode = msgspec.json.Encoder(enc_hook=str).encode
_Kept: TypeAlias = tuple[int, bytes, str]  # status, body, request id


class Call(msgspec.Struct):
    """One call: its parameters by kind, the id in the path, and the request id."""

    given: dict[str, Any]
    id: str
    request_id: str


Run: TypeAlias = Callable[[Account, Call], dict[str, Any]]


class Operation(msgspec.Struct, frozen=True):
    """An operation of the API: ``name`` as in the SDKs, its parameters and what does it.

    ``unmodelled`` are parameters that Stripe has and this simulator has not.
    """

    name: str
    method: str
    path: str
    run: Run
    table: Mapping[str, str] = {}
    unmodelled: str = ""


class Api:
    """Answers requests for the account, which is None until the simulator was seeded."""

    def __init__(self, kit: Kit, settings: Settings, operations: Iterable[Operation]) -> None:
        self._kit, self._settings = kit, settings
        self.account: Account | None = None
        names = [operation.name for operation in operations]
        self.permissions = permissions(names, kit.config.options.get("scopes") or ())
        self._random = kit.seed.stream("gateway|request ids")
        rate = settings.requests_per_second
        self._bucket = Bucket(kit.clock.now, rate, rate)
        self._kept: IdempotencyStore[_Kept] = IdempotencyStore(
            kit.clock.now, kit.real_seconds(KEPT_SECONDS)
        )

    def route(self, operation: Operation) -> Route:
        """Return the route of an operation."""

        def handle(request: Request) -> Handled:
            return self._handle(operation, request)

        return Route(operation.method, operation.path, handle, operation.name)

    def request_id(self, request: Request) -> str:
        """Return the id of a request as Stripe gives it."""
        found = request.context.get("request_id")
        if found is None:
            found = f"req_{self._random.getrandbits(64):016x}"[:18]
            request.context["request_id"] = found
        return str(found)

    def _handle(self, operation: Operation, request: Request) -> Handled:
        request.record.operation_type = "query" if operation.method == "GET" else "mutation"
        try:
            self._admit(request)
            return self._work(operation, request)
        except Refused as error:
            return self.refusal(request, error)

    # who is asking

    def _admit(self, request: Request) -> None:
        record = request.record
        key = _key(request.header("authorization"))
        record.requested_version = request.header("stripe-version")
        record.api_version = self._settings.api_version
        if not key:
            raise Refused(
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY').",
                status=401,
            )
        record.client = hashlib.sha256(key.encode()).hexdigest()[:12]
        if key == self._settings.publishable_key:
            raise Refused(
                "This API call cannot be made with a publishable API key. Please use a secret "
                "API key.",
                "secret_key_required",
                status=401,
            )
        if key != self._settings.secret_key:
            masked = f"{key[:8]}{'*' * 12}{key[-4:]}" if len(key) > 16 else "*" * len(key)
            raise Refused(f"Invalid API Key provided: {masked}", status=401)
        if self._kit.faults.fire("expired_key", request.name):
            raise Refused("Expired API Key provided", "api_key_expired", status=401)
        if self.account is None:
            raise Refused("The simulator was not seeded yet.", status=503, kind="api_error")
        self._check_version(record.requested_version)
        if request.header("stripe-account") or request.header("stripe-context"):
            raise not_modelled("Connect: the header Stripe-Account")
        if not self._bucket.charge():
            raise _over_limit()

    def _check_version(self, wanted: str) -> None:
        own = self._settings.api_version
        if not wanted or wanted == own:
            return
        if _VERSION.fullmatch(wanted) is None:
            raise Refused(f"Invalid Stripe API version: {wanted}")
        if not any(fnmatchcase(wanted, glob) for glob in self._settings.accepted_versions):
            raise not_modelled(
                f"the API version {wanted}, only {own}; the option accepted_versions lets a "
                "client of another version in"
            )

    # what is asked

    def _work(self, operation: Operation, request: Request) -> Handled:
        text = request.body.decode("utf-8", "replace")
        given = parse_form(request.query_string if operation.method == "GET" else text)
        request.record.arguments = {
            **request.params,
            **{name: value for name, value in given.items() if name not in _SECRETS},
        }
        key = request.header("idempotency-key") if operation.method == "POST" else ""
        request.record.idempotency_key = key
        if operation.method != "GET" and self._kit.faults.fire("lock_timeout", operation.name):
            raise Refused(
                "This object cannot be accessed right now because another API request or Stripe "
                "process is currently accessing it. If you see this error intermittently, retry "
                "the request.",
                "lock_timeout",
                status=429,
            )
        table = {"expand": "texts", **operation.table}
        values = read(given, table, operation.unmodelled.split())
        noun, _, verb = operation.name.partition(".")
        check_paths(noun.removesuffix("s"), values.get("expand") or [], verb == "list")
        missing = self.permissions.missing(request, to_expand(values.get("expand") or []))
        if missing:
            raise forbidden(self._settings.secret_key, missing)
        call = Call(values, request.params.get("id", ""), self.request_id(request))
        if not key:
            return self._slowly(operation, request, lambda: self._result(operation, call, ""))
        return self._once(operation, request, call, key, given)

    def _once(
        self, operation: Operation, request: Request, call: Call, key: str, given: dict[str, Any]
    ) -> Handled:
        """Do the work unless its key says that it was done."""
        if len(key) > KEY_LENGTH_MAX:
            raise Refused(f"Idempotency keys are up to {KEY_LENGTH_MAX} characters long.")
        owned = f"{request.record.client}|{key}"
        state, kept = self._kept.begin(owned, {"path": request.path, "given": given})
        if state is IdempotencyState.REPLAY and kept is not None:
            status, body, original = kept
            headers = [("Idempotent-Replayed", "true"), ("Original-Request", original)]
            if status >= 500:
                headers.append(("Stripe-Should-Retry", "false"))
            return self._response(request, status, body, headers)
        if state is IdempotencyState.MISMATCH:
            raise Refused(
                "Keys for idempotent requests can only be used with the same parameters they "
                f"were first used with. Try using a key other than '{key}' if you meant to "
                "execute a different request.",
                kind="idempotency_error",
            )
        if state is not IdempotencyState.NEW:
            raise Refused(
                "There is currently another in-progress request using this Idempotent Key "
                "(that probably means you submitted twice, and the other request is still "
                f"going through): {key}.",
                "idempotency_key_in_use",
                status=409,
                kind="idempotency_error",
            )

        def work() -> _Kept:
            try:
                result = self._result(operation, call, key)
            except BaseException:
                self._kept.release(owned)
                raise
            self._kept.finish(owned, result)
            return result

        return self._slowly(operation, request, work)

    def _slowly(
        self, operation: Operation, request: Request, work: Callable[[], _Kept]
    ) -> Response | Later:
        def finish() -> Response:
            try:
                status, body, _ = work()
            except Refused as error:
                return self.refusal(request, error)
            if status >= 400:
                error_body = msgspec.json.decode(body)["error"]
                request.record.error_codes = [error_body.get("code") or error_body["type"]]
            return self._response(request, status, body)

        rule = self._kit.faults.fire("slow_processing", operation.name)
        return finish() if rule is None else Later(rule.delay_seconds, finish)

    def _result(self, operation: Operation, call: Call, key: str) -> _Kept:
        """Run an operation; a refusal after it began is a result as well."""
        rule = self._kit.faults.fire("server_error", operation.name)
        account = self.account
        assert account is not None, "admitted only after the seed"
        status, body = 500, _failure(call.request_id)
        if rule is None or rule.options.get("how") != "before":
            account.core.cause = (call.request_id, key or None)
            try:
                done = operation.run(account, call)
                self._expand(account, done, call.given.get("expand") or [])
                if rule is None:
                    status, body = 200, done
            except Refused as error:
                if not error.began:
                    raise
                if rule is None:
                    status, body = error.status, self._error_body(error, call.request_id)
            finally:
                account.core.cause = (None, None)
        return status, _encode(body), call.request_id

    def _expand(self, account: Account, body: dict[str, Any], paths: list[str]) -> None:
        def look_up(field: str, identity: str) -> dict[str, Any] | None:
            found = account.core.find(identity)
            if found is None:
                return None
            now = account.core.now()
            if field != "refunds":
                return render(found, now)
            rows = [render(entry, now) for entry in reversed(getattr(found, "refunds", []))]
            return {
                "object": "list",
                "data": rows[:10],
                "has_more": len(rows) > 10,
                "url": f"/v1/charges/{identity}/refunds",
            }

        expand(body, paths, look_up)

    # what is answered

    def _error_body(self, error: Refused, request_id: str) -> dict[str, Any]:
        assert self.account is not None, "an operation ran"
        error.extra = rendered_extra(error.extra, self.account.core.now())
        return error.body(request_id)

    def refusal(self, request: Request, error: Refused) -> Response:
        """Return the answer of a refusal."""
        request.record.error_codes = [error.code or error.kind]
        headers: list[tuple[str, str]] = []
        if error.code == "rate_limit":
            headers = [("Stripe-Rate-Limited-Reason", "global-rate")]
        elif error.code == "lock_timeout":
            headers = [("Stripe-Should-Retry", "true")]
        elif error.status == 401:
            headers = [("WWW-Authenticate", 'Basic realm="Stripe"')]
        if self.account is not None:
            error.extra = rendered_extra(error.extra, self.account.core.now())
        body = _encode(error.body(self.request_id(request)))
        return self._response(request, error.status, body, headers)

    def throttled(self, request: Request) -> Response:
        """Return the answer to a caller over its rate limit."""
        return self.refusal(request, _over_limit())

    def failure(self, request: Request, status: int, message: str) -> Response:
        """Return an error in Stripe's shape, for faults that name only a status."""
        kind = "api_error" if status >= 500 else "invalid_request_error"
        return self.refusal(request, Refused(message, status=status, kind=kind))

    def _response(
        self, request: Request, status: int, body: bytes, more: list[tuple[str, str]] | None = None
    ) -> Response:
        headers = [
            ("Request-Id", self.request_id(request)),
            ("Stripe-Version", request.header("stripe-version") or self._settings.api_version),
            ("Access-Control-Allow-Origin", "*"),
            ("Cache-Control", "no-cache, no-store"),
        ]
        key = request.record.idempotency_key
        if key:
            headers.append(("Idempotency-Key", key))
        return Response(status, body, headers + (more or []), "application/json")


def _key(header: str) -> str:
    """Return the API key of an Authorization header, Bearer or Basic (the key is the user)."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            return ""
    return ""


def _over_limit() -> Refused:
    return Refused(
        "Request rate limit exceeded. Learn more about rate limits here "
        "https://docs.stripe.com/rate-limits.",
        "rate_limit",
        status=429,
    )


def _failure(request_id: str) -> dict[str, Any]:
    text = (
        "An unknown error occurred; the request may or may not have been carried out "
        "(injected by peakproof)."
    )
    return Refused(text, status=500, kind="api_error").body(request_id)
