"""The wire of trackers, webhooks, events and carrier accounts (EasyPost API v2)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from peakproof.simkit import Handled, Request, Response, Route

from .door import Door, body_of, object_of
from .errors import Refusal, field_error, not_found, not_modelled
from .events import Events, Webhook
from .ledger import Books
from .paging import page_of
from .payloads import Wire
from .reading import text
from .tracking import Tracking

__all__ = ["TrackingApi"]


class TrackingApi:
    """Answers for everything after the label, and for the account's settings."""

    def __init__(
        self, books: Books, tracking: Tracking, events: Events, wire: Wire, door: Door
    ) -> None:
        self._books, self._tracking, self._events = books, tracking, events
        self._wire, self._door = wire, door

    def routes(self) -> list[Route]:
        """Return the routes."""
        hook = "/v2/webhooks/{id}"
        table: list[tuple[str, str, Callable[[Request], Handled], str]] = [
            ("POST", "/v2/trackers", self.create_tracker, "trackers.create"),
            ("GET", "/v2/trackers/{id}", self.tracker, "trackers.retrieve"),
            ("GET", "/v2/events/{id}", self.event, "events.retrieve"),
            ("POST", "/v2/webhooks", self.create_webhook, "webhooks.create"),
            ("GET", hook, self.webhook, "webhooks.retrieve"),
            ("PATCH", hook, self.update_webhook, "webhooks.update"),
            ("PUT", hook, self.update_webhook, "webhooks.update"),
            ("DELETE", hook, self.delete_webhook, "webhooks.delete"),
            ("GET", "/v2/carrier_accounts/{id}", self.account, "carrier_accounts.retrieve"),
        ]
        lists: list[tuple[str, Callable[[Request], Handled], str]] = [
            ("/v2/trackers", self.list_trackers, "trackers.list"),
            ("/v2/events", self.list_events, "events.list"),
            ("/v2/webhooks", self.list_webhooks, "webhooks.list"),
            ("/v2/carrier_accounts", self.list_accounts, "carrier_accounts.list"),
        ]
        door = self._door.guarded
        return [
            *(
                Route(verb, path, door(call, secret="webhook" in path), name)
                for verb, path, call, name in table
            ),
            *(Route("GET", path, door(call, listing=True), name) for path, call, name in lists),
        ]

    # trackers

    def create_tracker(self, request: Request) -> Response:
        """Create a tracker, or return the one there is for the code."""
        given = object_of(request, "tracker")
        carriers = [account.carrier for account in self._books.accounts]
        found = self._tracking.track(
            text(given.get("tracking_code")), text(given.get("carrier")), carriers
        )
        return Response.json(self._wire.tracker(found), 201)

    def tracker(self, request: Request) -> Response:
        """Return a tracker, by its id or its tracking code."""
        key = request.params["id"]
        found = self._books.trackers.get(key) or self._books.trackers_by_code.get(key)
        if found is None:
            raise not_found()
        return Response.json(self._wire.tracker(found))

    def list_trackers(self, request: Request) -> Response:
        """Return a page of trackers, of one carrier or some codes if the caller wishes."""
        query = request.query
        many = request.query_string.replace("%5B%5D", "[]")
        codes = [
            part.partition("=")[2] for part in many.split("&") if part.startswith("tracking_codes")
        ]
        if query.get("tracking_code"):
            codes.append(query["tracking_code"])
        carrier = query.get("carrier", "").lower()
        found, more = page_of(
            list(self._books.trackers.values()),
            query,
            lambda entry: (
                (not codes or entry.tracking_code in codes)
                and (not carrier or entry.carrier.lower() == carrier)
            ),
            ("tracking_code", "tracking_codes", "tracking_codes[]", "carrier"),
        )
        rows = [self._wire.tracker(entry) for entry in found]
        return Response.json({"trackers": rows, "has_more": more})

    # events

    def event(self, request: Request) -> Response:
        """Return an event."""
        found = self._events.by_id.get(request.params["id"])
        if found is None:
            raise not_found()
        return Response.json(found.payload(self._events.mode, self._events.user_id))

    def list_events(self, request: Request) -> Response:
        """Return a page of events."""
        found, more = page_of(self._events.all, request.query)
        rows = [entry.payload(self._events.mode, self._events.user_id) for entry in found]
        return Response.json({"events": rows, "has_more": more})

    # webhooks

    def create_webhook(self, request: Request) -> Response:
        """Add an address for events."""
        given = object_of(request, "webhook")
        url = text(given.get("url")) or ""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _bad_webhook("url", "is not a valid url")
        found = self._events.register(
            url, text(given.get("webhook_secret")) or "", _headers(given.get("custom_headers"))
        )
        return self._webhook(found, 201)

    def webhook(self, request: Request) -> Response:
        """Return an address for events."""
        return self._webhook(self._hook(request))

    def update_webhook(self, request: Request) -> Response:
        """Change secret and headers of an address; enable it again if it was disabled."""
        found = self._hook(request)
        body = body_of(request)
        given: dict[str, Any] = body.get("webhook") or body
        for name in given:
            if name not in ("webhook_secret", "custom_headers"):
                raise not_modelled(name, "cannot be updated here")
        if "webhook_secret" in given:
            found.secret = text(given["webhook_secret"]) or ""
        if "custom_headers" in given:
            found.custom_headers = _headers(given["custom_headers"])
        found.disabled_at = None
        return self._webhook(found, 201)

    def delete_webhook(self, request: Request) -> Response:
        """Remove an address."""
        self._events.remove(self._hook(request))
        return Response.json({})

    def list_webhooks(self, _request: Request) -> Response:
        """Return every address."""
        rows = [hook.payload(self._events.mode) for hook in self._events.webhooks.values()]
        return Response.json({"webhooks": rows})

    def _hook(self, request: Request) -> Webhook:
        found = self._events.webhooks.get(request.params["id"])
        if found is None:
            raise not_found()
        return found

    def _webhook(self, found: Webhook, status: int = 200) -> Response:
        return Response.json(found.payload(self._events.mode), status)

    # carrier accounts

    def list_accounts(self, _request: Request) -> Response:
        """Return every carrier account: a bare list, not paged."""
        return Response.json([self._wire.account(entry) for entry in self._books.accounts])

    def account(self, request: Request) -> Response:
        """Return a carrier account."""
        for entry in self._books.accounts:
            if entry.id == request.params["id"]:
                return Response.json(self._wire.account(entry))
        raise not_found()


def _headers(given: Any) -> list[dict[str, str]]:
    if not given:
        return []
    rows = given if isinstance(given, list) else [given]
    if not all(isinstance(row, dict) and row.get("name") and "value" in row for row in rows):
        raise _bad_webhook("custom_headers", "must be a list of name and value")
    return [{"name": str(row["name"]), "value": str(row["value"])} for row in rows]


def _bad_webhook(field: str, message: str) -> Refusal:
    return Refusal(422, "WEBHOOK.INVALID", "Invalid webhook.", [field_error(field, message)])
