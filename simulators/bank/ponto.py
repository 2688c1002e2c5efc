"""Ponto's API as accounting programs call it at api.myponto.com: JSON:API and OAuth.

From the vendor's documents and client libraries: tokens by client credentials (Basic), the
attributes of accounts, transactions and synchronizations, paging by ``after`` and ``before``
(ids, newest first). Not published, chosen by us: limits of calls, codes of some errors.

What is listed is what the last successful synchronization saw. Ponto synchronises by itself;
here that happens on every booking, unless the option ``ponto_automatic`` is false (then at each
new day only). When the customer's consent has expired no synchronization succeeds.

Faults: ``sync_stuck`` leaves a synchronization pending, ``sync_error`` ends it with an error,
``list_changes_between_pages`` moves a transaction across the border of two pages; stale_list
and duplicate_transaction as at GoCardless.

Everything here needs the scope ``ai`` (account information), which the client credentials give.

Not modelled: payments, onboarding, webhooks, sandbox, tokens by authorization code.
"""

import base64
import binascii
import hmac
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from peakproof.simkit import Answer, Bucket, Kit, Request, Response, Route, Scopes

from .ponto_accounts import Listings
from .ponto_wire import body_of, error, fields, refused
from .synchronizations import SUBTYPES, Synchronization, Synchronizations
from .tokens import Tokens, bearer, short_hash

__all__ = ["FAULT_POINTS", "Ponto"]

FAULT_POINTS = {
    "list_changes_between_pages": "move a transaction across the border of two pages",
    "sync_stuck": "leave a synchronization pending for ever",
    "sync_error": "end a synchronization with an error",
}
_TOKEN_SECONDS = 1_799
_BURST, _PER_SECOND = 100.0, 20.0


class Ponto:
    """The wire of the second door."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        options = kit.config.options
        self.client_id = str(
            options.get("ponto_client_id")
            or uuid.UUID(hex=kit.seed.token("bank|ponto|id"), version=4)
        )
        self.client_secret = str(
            options.get("ponto_client_secret") or kit.seed.token("bank|ponto|secret", 64)
        )
        self.tokens = Tokens(kit, "ponto", _TOKEN_SECONDS)
        names = [route.name for route in self.routes()[1:] if isinstance(route.name, str)]
        self.scopes = Scopes("Ponto scopes", {name: ["ai"] for name in names})
        self._bucket = Bucket(kit.clock.now, _BURST, _PER_SECOND)
        self.listings: Listings | None = None

    def __repr__(self) -> str:
        return f"Ponto(client={short_hash(self.client_id)})"

    @property
    def synchronizations(self) -> Synchronizations:
        """The synchronizations of the seeded bank."""
        return self._known().synchronizations

    def routes(self) -> list[Route]:
        """Return the routes."""
        account = "/accounts/{id}"
        table: list[tuple[str, str, Callable[[Request], Response], str]] = [
            ("GET", "/accounts", lambda r: self._known().accounts(r), "accounts.list"),
            ("GET", account, lambda r: self._known().one_account(r), "accounts.get"),
            ("GET", account + "/transactions", self._booked, "transactions.list"),
            ("GET", account + "/transactions/{transaction}", self._one, "transactions.get"),
            ("GET", account + "/pending-transactions", self._pending, "pending_transactions.list"),
            ("POST", "/synchronizations", self._synchronize, "synchronizations.create"),
            ("GET", "/synchronizations/{id}", self._synchronization, "synchronizations.get"),
            (
                "GET",
                "/synchronizations/{id}/updated-transactions",
                self._updated,
                "synchronizations.updated_transactions",
            ),
        ]
        return [
            Route("POST", "/oauth2/token", self._token, "ponto.oauth2.token"),
            *(
                Route(method, path, self._guarded(handler), f"ponto.{name}")
                for method, path, handler, name in table
            ),
        ]

    def _guarded(self, handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def handle(request: Request) -> Response:
            request.record.client = short_hash(self.client_id)
            request.record.operation_type = "query" if request.method == "GET" else "mutation"
            self.scopes.missing(request)  # a token always has it
            token = bearer(request)
            if not self.tokens.good(token) or self.tokens.expired_by(
                self._kit.faults.fire("expired_token", request.name)
            ):
                code = "invalidAccessToken" if token else "missingAccessToken"
                return refused(request, 401, code, "The access token is missing or not valid.")
            if not self._bucket.charge():
                return self.throttled(request)
            if request.query:
                request.record.arguments = dict(request.query)
            return handler(request)

        return handle

    def throttled(self, request: Request) -> Response:
        """Return the 429."""
        seconds = int(self._bucket.wait_seconds()) + 1
        response = refused(request, 429, "tooManyRequests", "Too many requests.")
        response.headers.append(("Retry-After", str(seconds)))
        return response

    def _token(self, request: Request) -> Response:
        request.record.operation_type = "mutation"
        given = dict(request.form()) | request.query  # the OCA addon puts it into the query
        grant = given.get("grant_type", "")
        request.record.arguments = {"grant_type": grant}
        if not self._is_client(request.header("authorization")):
            request.record.error_codes = ["invalid_client"]
            headers = {"WWW-Authenticate": 'Basic realm="Ponto"'}
            body = {"error": "invalid_client", "error_description": "Client authentication failed."}
            return Response.json(body, 401, headers)
        request.record.client = short_hash(self.client_id)
        if grant != "client_credentials":
            request.record.error_codes = ["unsupported_grant_type"]
            body = {
                "error": "unsupported_grant_type",
                "error_description": f"The grant type {grant!r} is not supported.",
            }
            return Response.json(body, 400)
        return Response.json(
            {
                "access_token": self.tokens.issue(),
                "expires_in": self.tokens.told_seconds(),
                "scope": " ".join(self.scopes.granted),
                "token_type": "bearer",
            }
        )

    def _is_client(self, header: str) -> bool:
        scheme, _, encoded = header.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, f"{self.client_id}:{self.client_secret}".encode())

    def _booked(self, request: Request) -> Response:
        return self._known().transactions(request)

    def _one(self, request: Request) -> Response:
        return self._known().one_transaction(request)

    def _pending(self, request: Request) -> Response:
        return self._known().pending_transactions(request)

    def _synchronize(self, request: Request) -> Response:
        known = self._known()
        attributes = _attributes(request)
        fields(
            request,
            attributes,
            ("resourceType", "resourceId", "subtype", "customerIpAddress"),
            ("resourceType", "resourceId", "subtype"),
        )
        request.record.arguments = dict(attributes)
        if attributes["resourceType"] != "account":
            return refused(request, 400, "invalidResourceType", "resourceType must be account.")
        if attributes["subtype"] not in SUBTYPES:
            expected = ", ".join(SUBTYPES)
            return refused(request, 400, "invalidSubtype", f"subtype must be one of {expected}.")
        account = known.find(request, str(attributes["resourceId"]))
        if known.synchronizations.too_many(account):
            return refused(
                request, 429, "tooManySynchronizations", "Too many synchronizations in one day."
            )
        made = known.synchronizations.begin(account, str(attributes["subtype"]))
        return Response.json({"data": known.synchronization(request, made)}, 201)

    def _synchronization(self, request: Request) -> Response:
        found = self._find(request)
        return Response.json({"data": self._known().synchronization(request, found)})

    def _updated(self, request: Request) -> Response:
        return self._known().updated_transactions(request, self._find(request))

    def _find(self, request: Request) -> Synchronization:
        found = self.synchronizations.by_id.get(request.params["id"])
        if found is None:
            raise Answer(error(request, 404, "resourceNotFound", resource="synchronization"))
        return found

    def _known(self) -> Listings:
        assert self.listings is not None, "seed the bank first"
        return self.listings


def _attributes(request: Request) -> Mapping[str, Any]:
    body = body_of(request)
    data = body.get("data") if isinstance(body, dict) else None
    attributes = data.get("attributes") if isinstance(data, dict) else None
    kind = data.get("type") if isinstance(data, dict) else None
    if not isinstance(attributes, dict) or kind != "synchronization":
        raise Answer(refused(request, 400, "invalidRequestBody", "Expected a synchronization."))
    return attributes
