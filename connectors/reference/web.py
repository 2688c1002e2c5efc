"""The connector's HTTP side: webhooks in; for its operators health, metrics, letters, audit.

Webhooks prove themselves by signature, everything about operation needs the control token.
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import psycopg
from psycopg_pool import PoolTimeout
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from . import metrics
from .audit import say
from .inbox import BODY_BYTES_MAX, Delivery, genuine
from .reconcile import PATH
from .service import SCHEDULES, Service
from .transfers import UNMATCHED, Transfers

__all__ = ["create_app"]

Endpoint = Callable[[Request], Awaitable[Response]]


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def create_app(service: Service) -> Starlette:
    """Return the application."""
    web = Web(service)
    return Starlette(
        routes=[
            Route(PATH, web.webhook, methods=["POST"]),
            Route("/health", web.health),
            Route("/ready", web.ready),
            Route("/metrics", web.guard(web.metrics)),
            Route("/settled", web.guard(web.settled)),
            Route("/correlation", web.guard(web.correlation)),
            Route("/audit", web.guard(web.audit)),
            Route("/unmatched", web.guard(web.unmatched)),
            Route("/approvals", web.guard(web.approvals)),
            Route("/approvals/{number:int}", web.guard(web.approve), methods=["POST"]),
            Route("/dead-letters", web.guard(web.dead_letters)),
            Route("/dead-letters/{number:int}/replay", web.guard(web.replay), methods=["POST"]),
            Route("/kick/{name}", web.guard(web.kick), methods=["POST"]),
        ]
    )


class Web:
    """The endpoints."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.store = service.store

    def guard(self, endpoint: Endpoint) -> Endpoint:
        """Let an endpoint through only with the control token."""
        expected = f"Bearer {self.service.settings.control_token}".encode()

        async def guarded(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode()
            if not hmac.compare_digest(given, expected):
                return _json({"error": "the control token is missing or wrong"}, 401)
            return await endpoint(request)

        return guarded

    async def webhook(self, request: Request) -> Response:
        """Keep a genuine webhook, then acknowledge it; 401 for a forged one."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                return _json({"error": "too large"}, 413)
        settings = self.service.settings
        signature = request.headers.get("x-shopify-hmac-sha256", "")
        keys = (settings.shopify_client_secret, settings.shopify_previous_secret)
        topic = request.headers.get("x-shopify-topic", "")
        try:
            if not genuine(body, signature, keys):
                await self.service.audit.record(
                    "webhook rejected",
                    request.headers.get("x-shopify-webhook-id", ""),
                    topic=topic[:100],
                    reason="signature",
                )
                await self.store.count("webhooks_rejected")
                return _json({"error": "signature"}, 401)
            delivery = Delivery.read(request.headers, body)
            if delivery is None:
                await self.store.count("webhooks_ignored")
                say("webhook ignored", topic=topic[:100])
                return _json({"ignored": True})
            fresh = await self.service.inbox.take(delivery, body)
            if not fresh:
                await self.store.count("webhooks_duplicate")
        except (psycopg.Error, PoolTimeout) as error:
            # Not kept, so not acknowledged: the channel sends it again.
            say("webhook not kept", reason=type(error).__name__)
            return _json({"error": "not kept"}, 503)
        return _json({"kept": fresh})

    async def health(self, _: Request) -> Response:
        """Say that the process lives."""
        return _json({"alive": True})

    async def ready(self, _: Request) -> Response:
        """Say whether webhooks are subscribed to and work is taken."""
        return _json({"ready": self.service.ready}, 200 if self.service.ready else 503)

    async def settled(self, _: Request) -> Response:
        """Say what is still to do and what has failed."""
        return _json(await metrics.pending(self.store))

    async def metrics(self, _: Request) -> Response:
        """Give the metrics."""
        return PlainTextResponse(await metrics.text(self.store, self.service.figures))

    async def correlation(self, _: Request) -> Response:
        """Say which Odoo order became of which channel order."""
        rows = await self.store.rows(
            "select gid as channel_order, odoo_id as odoo_order from orders "
            "where odoo_id is not null order by odoo_id"
        )
        return _json(rows)

    async def audit(self, request: Request) -> Response:
        """Give the audit entries of one order (``?order=``) or another resource."""
        resource = request.query_params.get("order") or request.query_params.get("resource", "")
        return _json(await self.service.audit.of(resource))

    async def dead_letters(self, _: Request) -> Response:
        """Give the dead letters that nobody has dealt with."""
        rows = await self.store.rows(
            "select id, flow, resource, topic, reason, created_at::text as created_at, "
            "replayed_at is not null as replayed from dead_letters "
            "where resolved_at is null order by id"
        )
        return _json(rows)

    async def unmatched(self, _: Request) -> Response:
        """Give the payouts that are not reconciled with the bank, and why."""
        there = any(isinstance(flow, Transfers) for flow in self.service.flows)
        return _json(await self.store.rows(UNMATCHED) if there else [])

    async def replay(self, request: Request) -> Response:
        """Try a dead letter again."""
        number = request.path_params["number"]
        if not await self.service.queue.replay(number):
            return _json({"error": f"there is no dead letter {number}"}, 404)
        return _json({"replayed": number}, 202)

    async def approvals(self, _: Request) -> Response:
        """Give every approval: those waited for first, then who approved what, and when."""
        found = self.service.approvals
        return _json(await found.listed() if found else [])

    async def approve(self, request: Request) -> Response:
        """Approve something in somebody's name: ``{"who": "..."}``."""
        number = request.path_params["number"]
        try:
            who = str(msgspec.json.decode(await request.body())["who"]).strip()
        except (msgspec.DecodeError, KeyError, TypeError):
            who = ""
        if not who:
            return _json({"error": "say who approves"}, 422)
        found = self.service.approvals
        if found is None or not await found.approve(number, who):
            return _json({"error": f"there is no approval {number}"}, 404)
        return _json({"approved": number, "who": who})

    async def kick(self, request: Request) -> Response:
        """Run a schedule now, or ``reconcile``, which is all of them; idle where it has no part."""
        name = request.path_params["name"]
        if name in SCHEDULES and name not in self.service.schedules:
            return _json({"done": name, "idle": True})
        if name not in self.service.schedules and name != "reconcile":
            return _json({"error": f"unknown: {name}", "known": [*self.service.schedules]}, 404)
        await self.service.kick(name)
        return _json({"done": name})
