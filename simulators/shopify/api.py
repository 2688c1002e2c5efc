"""The wire: POST /admin/api/{version}/graphql.json.

Who asks (401), which version answers, what it costs (THROTTLED inside a 200), the answer with
``extensions.cost``. Reads that are repeated while nothing changed are answered from memory;
their cost is charged all the same.

Not modelled: 423 (shop locked), 430, limits on the size of a request.
"""

from typing import Any

import msgspec

from peakproof.simkit import Answer, Kit, Request, Response

from .context import Context
from .cost import throttle_status
from .execute import BadDocument, Engine, Prepared, Result
from .oauth import Client, Token
from .outlook import ended_on
from .shop import Shop
from .versions import NEWEST, dated, resolve

__all__ = ["KEPT_MAX", "GraphqlApi", "authenticated", "unauthorised"]

KEPT_MAX = 4_096
_JSON = "application/json; charset=utf-8"
_STAGE = ("X-Shopify-Stage", "production")
# Published: from that day on requests of public apps with such tokens are refused.
_FOR_EVER = {"offline access token without an end (public apps)": ["", "2027-01-01"]}
_encode = msgspec.json.Encoder(enc_hook=str).encode


class Call(msgspec.Struct):
    """The body of a GraphQL request."""

    query: str
    variables: dict[str, Any] | None = None
    operationName: str | None = None


_decode = msgspec.json.Decoder(Call).decode


class _Kept:
    __slots__ = ("actual", "data", "prepared", "requested", "variables")

    def __init__(
        self, data: bytes, prepared: Prepared, requested: int, actual: int, variables: Any
    ) -> None:
        self.data, self.prepared, self.variables = data, prepared, variables
        self.requested, self.actual = requested, actual


def unauthorised() -> Response:
    """Return the answer to a token that is not good."""
    text = "[API] Invalid API key or access token (unrecognized login or wrong password)"
    return Response.json({"errors": text}, 401)


def authenticated(request: Request, client: Client) -> Token:
    """Return the token of a request; raises Answer 401 if it is not good."""
    token = client.token(request.header("x-shopify-access-token"))
    if token is None:
        request.record.error_codes = ["unauthorised"]
        raise Answer(unauthorised())
    request.record.client = token.hash
    if token.expires_at is None:
        request.record.breaks = dict(_FOR_EVER)
    return token


class GraphqlApi:
    """Answers GraphQL requests for one shop and one app."""

    def __init__(self, kit: Kit, client: Client, engine: Engine) -> None:
        self._kit, self.client, self.engine = kit, client, engine
        self.shop: Shop | None = None
        self._kept: dict[tuple[str, bytes], _Kept] = {}
        self._kept_at = -1
        self._old: dict[tuple[str, bytes], _Kept] = {}
        self._stale_rules = kit.faults.at("stale_read")
        self._expired_rules = kit.faults.at("expired_token")

    def name(self, request: Request) -> str:
        """Name the operation of a request by its root fields, before any fault rule.

        Document and arguments are noted here: one that a rule refuses is told from others too.
        """
        requested = request.params["version"]
        version = resolve(requested)
        record = request.record
        record.requested_version, record.api_version = requested, version
        if dated(requested) and requested < NEWEST:
            record.sunset = ended_on(requested)
        kept = self._find(request, version)
        if kept is not None:
            request.context["kept"] = kept
            record.document, record.arguments = kept.prepared.digest, kept.variables
            return kept.prepared.names
        try:
            call = _decode(request.body)
        except msgspec.DecodeError as error:
            request.context["bad"] = Response.json(
                {"errors": {"query": "Required parameter missing or invalid"},
                 "detail": str(error)}, 400)  # fmt: skip
            return "graphql"
        request.context["call"] = call
        try:
            prepared = self.engine.prepare(version, call.query, call.operationName or "")
        except BadDocument as error:
            request.context["bad"] = self._errors(request, error.errors)
            return "graphql"
        request.context["prepared"] = prepared
        record.document, record.arguments = prepared.digest, call.variables or {}
        return prepared.names or "graphql"

    def _find(self, request: Request, version: str) -> _Kept | None:
        shop = self.shop
        if shop is None or self._kept_at != shop.revision:
            if self._stale_rules:
                self._old |= self._kept
            self._kept.clear()
            self._kept_at = -1 if shop is None else shop.revision
            return None
        return self._kept.get((version, request.body))

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        response = self._handle(request)
        response.headers += (
            ("X-Shopify-API-Version", request.record.api_version),
            ("X-Request-Id", request.id),
            _STAGE,
        )
        return response

    def _handle(self, request: Request) -> Response:
        fault = self._expired_rules and self._kit.faults.fire("expired_token", request.name)
        if fault:
            if fault.options.get("lasting"):
                self.client.end_renewable_tokens()
            request.record.fault = fault.fault
            request.record.error_codes = ["unauthorised"]
            return unauthorised()
        try:
            authenticated(request, self.client)
        except Answer as answer:
            return answer.response
        context = request.context
        if "bad" in context:
            refused: Response = context["bad"]
            request.outcome = "fail"
            return refused
        shop = self.shop
        if shop is None:
            return Response.json({"errors": "Not Found: the shop was not seeded yet"}, 404)
        kept: _Kept | None = context.get("kept")
        if kept is None and self._stale_rules:
            kept = self._stale(request)
        if kept is not None:
            return self._again(request, kept)
        return self._run(request, shop, context["prepared"], context["call"])

    def _stale(self, request: Request) -> _Kept | None:
        """Return an answer from before the last changes, if a fault rule wants one."""
        old = self._old.get((request.record.api_version, request.body))
        if old is None:
            return None
        rule = self._kit.faults.fire("stale_read", request.name)
        if rule is None:
            return None
        request.record.fault = rule.fault
        return old

    def _again(self, request: Request, kept: _Kept) -> Response:
        record = request.record
        record.operation_type, record.deprecated = "query", kept.prepared.deprecated
        record.scopes = kept.prepared.scopes
        record.breaks = {**record.breaks, **kept.prepared.outlook.of(kept.variables)}
        throttled = self._charge(request, kept.requested)
        if throttled is not None:
            return throttled
        cost = self._settle(request, kept.requested, kept.actual)
        return _answered(kept.data, cost)

    def _run(self, request: Request, shop: Shop, prepared: Prepared, call: Call) -> Response:
        record = request.record
        record.operation_type = "mutation" if prepared.is_mutation else "query"
        given = call.variables or {}
        try:
            variables = prepared.variables(given)
        except BadDocument as error:
            request.outcome = "fail"
            return self._errors(request, error.errors)
        requested = prepared.cost.requested(variables)
        if requested > self.engine.settings.maximum:
            return self._too_costly(request, requested)
        throttled = self._charge(request, requested)
        if throttled is not None:
            return throttled
        context = Context(shop, prepared.version, self.client, request.id)
        shop.request_id = request.id
        shop.host = request.header("host") or shop.domain
        try:
            result = self.engine.run(prepared, variables, context, self.client.granted)
        finally:
            shop.request_id = ""
        record.deprecated, record.scopes = prepared.deprecated, [*prepared.scopes, *context.scopes]
        record.breaks = {**record.breaks, **prepared.outlook.of(given)}
        record.idempotency_key = context.idempotency_key
        actual = requested if prepared.is_mutation else min(requested, context.objects or 1)
        cost = self._settle(request, requested, actual)
        extensions: dict[str, Any] = {"cost": cost}
        if request.header("shopify-graphql-cost-debug"):
            cost["fields"] = prepared.cost.debug(variables)
        elif not (context.warnings or result.errors or prepared.is_mutation):
            data = _encode(result.data)
            self._keep(request, shop, _Kept(data, prepared, requested, actual, given))
            return _answered(data, cost)
        if context.warnings:
            extensions["search"] = [{"path": [prepared.names], "query": given.get("query"),
                                     "warnings": context.warnings}]  # fmt: skip
        return self._whole(request, prepared, result, extensions)

    def _whole(
        self, request: Request, prepared: Prepared, result: Result, extensions: dict[str, Any]
    ) -> Response:
        """Return an answer that is not kept: a mutation's, or one with errors or warnings."""
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = result.errors
            request.record.error_codes = [
                str(entry.get("extensions", {}).get("code", "")) for entry in result.errors
            ]
            request.outcome = "" if _any_data(result.data) else "fail"
        if prepared.is_mutation and result.data:
            self._note_user_errors(request, result.data)
        answer["extensions"] = extensions
        return Response(200, _encode(answer), content_type=_JSON)

    def _too_costly(self, request: Request, requested: int) -> Response:
        request.outcome = "fail"
        maximum = self.engine.settings.maximum
        text = (
            f"Query cost is {requested}, which exceeds the single query max cost limit "
            f"({maximum:g})."
        )
        extensions = {
            "code": "MAX_COST_EXCEEDED",
            "cost": requested,
            "maxCost": int(maximum),
            "documentation": "https://shopify.dev/api/usage/rate-limits",
        }
        return self._errors(request, [{"message": text, "extensions": extensions}])

    def _keep(self, request: Request, shop: Shop, kept: _Kept) -> None:
        if self._kept_at == shop.revision:
            if len(self._kept) >= KEPT_MAX:  # what is asked for now is worth more
                self._kept.clear()
            self._kept[kept.prepared.version, request.body] = kept

    def _note_user_errors(self, request: Request, data: dict[str, Any]) -> None:
        found = [
            entry
            for payload in data.values()
            if isinstance(payload, dict)
            for name, errors in payload.items()
            if name.lower().endswith("usererrors") and errors
            for entry in errors
        ]
        request.record.user_errors = found
        if found:
            request.outcome = "fail"

    def _charge(self, request: Request, requested: int) -> Response | None:
        if self.client.bucket.charge(requested):
            return None
        return self.throttled(request, requested)

    def throttled(self, request: Request, requested: int = 10) -> Response:
        """Return Shopify's answer to an app that is over its limit: a 200."""
        request.outcome = "fail"
        request.record.error_codes = ["THROTTLED"]
        status = throttle_status(self.client.bucket)
        request.record.cost = {"requested": requested, "actual": None,
                               "available": status["currentlyAvailable"]}  # fmt: skip
        return Response.json(
            {
                "errors": [
                    {
                        "message": "Throttled",
                        "extensions": {
                            "code": "THROTTLED",
                            "documentation": "https://shopify.dev/api/usage/rate-limits",
                        },
                    }
                ],
                "extensions": {
                    "cost": {
                        "requestedQueryCost": requested,
                        "actualQueryCost": None,
                        "throttleStatus": status,
                    }
                },
            }
        )

    def _settle(self, request: Request, requested: int, actual: int) -> dict[str, Any]:
        bucket = self.client.bucket
        if actual < requested:
            bucket.refund(requested - actual)
        status = throttle_status(bucket)
        request.record.cost = {"requested": requested, "actual": actual,
                               "available": status["currentlyAvailable"]}  # fmt: skip
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": status,
        }

    def _errors(self, request: Request, errors: list[dict[str, Any]]) -> Response:
        request.record.error_codes = [
            str(entry.get("extensions", {}).get("code", "")) for entry in errors
        ]
        return Response.json({"errors": errors})


def _answered(data: bytes, cost: dict[str, Any]) -> Response:
    body = b'{"data":' + data + b',"extensions":{"cost":' + _encode(cost) + b"}}"
    return Response(200, body, content_type=_JSON)


def _any_data(data: dict[str, Any] | None) -> bool:
    return data is not None and any(value is not None for value in data.values())
