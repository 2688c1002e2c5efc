"""Events, the endpoints that want them, and their delivery with Stripe's signature.

An event keeps its object as it was when it happened. It goes to every enabled endpoint that
wants its type, with ``Stripe-Signature: t=<unix>,v1=<hmac>`` signed anew at each attempt: ``t``
is real time (receivers compare it with their own clock), ``created`` is business time. No order
is promised, and the same event may come twice.

Published: retries for up to three days with growing gaps, in a sandbox three attempts over a
few hours; 30 days of events. The gaps and the ten seconds to answer are chosen by us.

Not modelled: thin events, Connect endpoints, delivery to EventBridge, the disabling of
endpoints that fail for long.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from peakproof.simkit import Delivery, WebhookEngine, is_near

from .core import Core
from .errors import Refused
from .records import Record
from .wire import render

__all__ = [
    "EVENT_TYPES",
    "RETRY_CALENDARS",
    "Endpoint",
    "EventRecord",
    "Events",
    "check_address",
    "check_types",
    "endpoint_object",
    "event_object",
    "forged",
    "signature",
]

_HOUR = 3600.0
RETRY_CALENDARS: dict[str, list[float]] = {
    "live": [300.0, 1800.0, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 12 * _HOUR, 12 * _HOUR, 12 * _HOUR,
             12 * _HOUR],
    "sandbox": [_HOUR, 2 * _HOUR],
}  # fmt: skip
KEPT_SECONDS = 30 * 86_400
_TYPES = {
    "balance": ("available",),
    "charge": (
        "captured",
        "dispute.closed",
        "dispute.created",
        "dispute.funds_reinstated",
        "dispute.funds_withdrawn",
        "dispute.updated",
        "expired",
        "failed",
        "refund.updated",
        "refunded",
        "succeeded",
        "updated",
    ),
    "customer": (
        "created",
        "deleted",
        "updated",
    ),
    "payment_intent": (
        "amount_capturable_updated",
        "canceled",
        "created",
        "payment_failed",
        "succeeded",
    ),
    "payout": (
        "canceled",
        "created",
        "failed",
        "paid",
        "reconciliation_completed",
        "updated",
    ),
    "refund": (
        "created",
        "failed",
        "updated",
    ),
}
EVENT_TYPES = frozenset(f"{noun}.{verb}" for noun, verbs in _TYPES.items() for verb in verbs)
_encode = msgspec.json.Encoder(enc_hook=str).encode


@dataclass(kw_only=True, eq=False)
class Endpoint(Record):
    """An address for webhooks. The secret is shown once, when it is made."""

    kind: ClassVar[str] = "webhook_endpoint"
    url: str
    types: list[str]
    secret: str = field(repr=False)
    description: str | None = None
    api_version: str | None = None
    enabled: bool = True

    def wants(self, topic: str) -> bool:
        """Tell whether it takes events of a type."""
        return self.enabled and ("*" in self.types or topic in self.types)


@dataclass(kw_only=True, eq=False)
class EventRecord(Record):
    """Something that happened."""

    kind: ClassVar[str] = "event"
    topic: str
    data: dict[str, Any]
    cause: tuple[str | None, str | None]
    waiting: int = 0  # deliveries that nobody acknowledged yet


def signature(secret: str, payload: bytes, epoch_seconds: int) -> str:
    """Return the header's value for a payload sent at a moment (real time)."""
    signed = f"{epoch_seconds}.".encode() + payload
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={epoch_seconds},v1={digest}"


class Events:
    """Every event of the account and every endpoint."""

    def __init__(self, core: Core, engine: WebhookEngine) -> None:
        self._core, self.engine = core, engine
        core.on_event = self.happened

    def happened(self, topic: str, record: Record, previous: dict[str, Any] | None) -> None:
        """Take note of an event and send it out."""
        self.note(topic, render(record, self._core.now()), previous)

    def note(
        self, topic: str, body: dict[str, Any], previous: dict[str, Any] | None = None
    ) -> EventRecord:
        """Make an event about an object as it is written now."""
        data: dict[str, Any] = {"object": body}
        if previous is not None:
            data["previous_attributes"] = previous
        event = self._core.add(
            EventRecord(
                id=self._core.new_id("evt"),
                created=self._core.now(),
                topic=topic,
                data=data,
                cause=self._core.cause,
            )
        )
        wanting = [entry for entry in self.endpoints() if entry.wants(topic)]
        event.waiting = len(wanting)
        payload = _encode(event_object(event, self._core.settings.api_version)) if wanting else b""
        for endpoint in wanting:
            self.engine.enqueue(
                Delivery(
                    webhook_id=f"{event.id}-{endpoint.id}",
                    topic=topic,
                    uri=endpoint.url,
                    payload=payload,
                    event_id=event.id,
                    subscription=endpoint.id,
                    resource=str(body.get("id", "")),
                    updated_at=str(event.created),
                    extra={"secret": endpoint.secret},
                )
            )
        return event

    def endpoints(self) -> list[Endpoint]:
        """Return the endpoints, oldest first."""
        return self._core.all(Endpoint)

    def kept(self) -> list[EventRecord]:
        """Return the events that the vendor still has, oldest first."""
        oldest = self._core.now() - KEPT_SECONDS
        return [event for event in self._core.all(EventRecord) if event.created >= oldest]

    def add_endpoint(
        self,
        url: str,
        types: list[str],
        *,
        secret: str = "",
        description: str | None = None,
        metadata: dict[str, str] | None = None,
        api_version: str | None = None,
    ) -> Endpoint:
        """Register an address; raises Refused for one that cannot be used."""
        check_address(url)
        check_types(types)
        return self._core.add(
            Endpoint(
                id=self._core.new_id("we"),
                created=self._core.now(),
                metadata=metadata or {},
                url=url,
                types=types,
                secret=secret or f"whsec_{self._core.word(32)}",
                description=description,
                api_version=api_version,
            )
        )

    def remove_endpoint(self, endpoint: Endpoint) -> None:
        """Delete an address; what waits for it is given up."""
        del self._core.tables[Endpoint.kind][endpoint.id]
        self.engine.forget(endpoint.id)

    def attempted(self, delivery: Delivery, acknowledged: bool, _failures: int) -> None:
        """Count down what is still to be delivered of an event."""
        event = self._core.find(delivery.event_id)
        if acknowledged and isinstance(event, EventRecord):
            event.waiting = max(0, event.waiting - 1)


def event_object(event: EventRecord, api_version: str) -> dict[str, Any]:
    """Return an event as Stripe writes it."""
    request_id, key = event.cause
    return {
        "id": event.id,
        "object": "event",
        "api_version": api_version,
        "created": event.created,
        "data": event.data,
        "livemode": False,
        "pending_webhooks": event.waiting,
        "request": {"id": request_id, "idempotency_key": key},
        "type": event.topic,
    }


def endpoint_object(endpoint: Endpoint, with_secret: bool = False) -> dict[str, Any]:
    """Return an endpoint as Stripe writes it; the secret only when it was just made."""
    body: dict[str, Any] = {
        "id": endpoint.id,
        "object": "webhook_endpoint",
        "api_version": endpoint.api_version,
        "application": None,
        "created": endpoint.created,
        "description": endpoint.description,
        "enabled_events": list(endpoint.types),
        "livemode": False,
        "metadata": dict(endpoint.metadata),
        "status": "enabled" if endpoint.enabled else "disabled",
        "url": endpoint.url,
    }
    return body | {"secret": endpoint.secret} if with_secret else body


def forged(payload: bytes) -> bytes:
    """Return an event as a forger would send it: other ids, ten times the money."""
    event = msgspec.json.decode(payload)
    event["id"] = f"{event['id']}FORGED"
    body = event["data"]["object"]
    if "id" in body:
        body["id"] = f"{body['id']}FORGED"
    if isinstance(body.get("amount"), int):
        body["amount"] *= 10
    return _encode(event)


def check_address(url: str) -> None:
    """Raise Refused for an address that webhooks cannot be sent to."""
    parts = urlsplit(url)
    near = parts.scheme == "http" and is_near(parts.hostname)
    if not near and (parts.scheme != "https" or not parts.hostname):
        raise Refused(
            "Invalid URL: An explicit scheme (such as https) must be provided, and plain http "
            "is taken for this machine and private networks only.",
            "url_invalid",
            "url",
        )


def check_types(types: list[str]) -> None:
    """Raise Refused for event types that this simulator does not send."""
    for topic in types:
        if topic != "*" and topic not in EVENT_TYPES:
            raise Refused(
                f"peakproof's gateway simulator sends no events of type {topic}; it sends "
                f"{', '.join(sorted(EVENT_TYPES))}.",
                "peakproof_not_modelled",
                "enabled_events",
            )
    if not types:
        raise Refused("enabled_events cannot be empty", "parameter_missing", "enabled_events")
