"""Events, and the webhooks that tell of them.

An event's body is fixed when it happens and signed with the webhook's secret over its exact
bytes: ``X-Hmac-Signature: hmac-sha256-hex=...``, the secret normalised to NFKD, as EasyPost's
own clients verify it. EasyPost delivers at least once, retries what is not answered with 2xx
and disables addresses that keep failing; it publishes neither the retry calendar nor the
time-out nor the number of failures. Chosen by us: six retries within about six hours, 7 s,
and the option ``webhook_failures_max``. A webhook without a secret is not signed.

Not modelled: payloads of past deliveries, creating test events.
"""

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from peakproof.simkit import Delivery, Ids, Kit

from .payloads import moment
from .settings import Settings

__all__ = ["RETRY_CALENDAR_SECONDS", "Event", "Events", "Webhook"]

RETRY_CALENDAR_SECONDS = [60.0, 300.0, 900.0, 2700.0, 7200.0, 10800.0]
TOTAL_SECONDS = 7.0
_encode = msgspec.json.Encoder(enc_hook=str).encode


@dataclass
class Webhook:
    """An address that is told of events. Its secret and headers never leave it in a record."""

    id: str
    url: str
    created_at: datetime
    secret: str = field(default="", repr=False)
    custom_headers: list[dict[str, str]] = field(default_factory=list, repr=False)
    disabled_at: datetime | None = None

    def payload(self, mode: str) -> dict[str, Any]:
        """Return a Webhook as the API writes it."""
        return {
            "id": self.id,
            "object": "Webhook",
            "mode": mode,
            "url": self.url,
            "created_at": moment(self.created_at),
            "disabled_at": None if self.disabled_at is None else moment(self.disabled_at),
            "custom_headers": self.custom_headers,
        }


@dataclass
class Event:
    """Something that happened; ``open`` are the webhooks that have not acknowledged it."""

    id: str
    description: str
    created_at: datetime
    resource: str
    open: set[str]
    status: str = "pending"

    def payload(self, mode: str, user_id: str) -> dict[str, Any]:
        """Return an Event as lists and retrievals have it: without its result."""
        return {
            "description": self.description,
            "id": self.id,
            "user_id": user_id,
            "status": self.status,
            "created_at": _milliseconds(self.created_at),
            "mode": mode,
            "object": "Event",
        }


class Events:
    """All events, all webhooks, and the engine that delivers."""

    def __init__(self, kit: Kit, settings: Settings, mode: str) -> None:
        self._kit, self._settings, self.mode = kit, settings, mode
        self.user_id = "user_" + kit.seed.token("carrier|user")
        self.all: list[Event] = []
        self.by_id: dict[str, Event] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.ids = Ids(kit.seed)
        self.engine = kit.webhooks(
            self._headers,
            RETRY_CALENDAR_SECONDS,
            attempted=self._attempted,
            forge=_forged,
            total_seconds=TOTAL_SECONDS,
            ca_bundle_path=settings.ca_bundle_path,
        )

    def register(self, url: str, secret: str, headers: list[dict[str, str]]) -> Webhook:
        """Add an address; it is told of everything that happens from now on."""
        identity = "hook_" + self.ids.uuid("hook").replace("-", "")
        found = Webhook(identity, url, self._kit.calendar.now(), secret, headers)
        self.webhooks[found.id] = found
        return found

    def remove(self, found: Webhook) -> None:
        """Remove an address; what waits for it is given up."""
        del self.webhooks[found.id]
        self.engine.forget(found.id)

    def emit(
        self,
        description: str,
        resource: str,
        result: dict[str, Any],
        previous: dict[str, Any] | None = None,
    ) -> None:
        """Note an event and tell every webhook that is not disabled."""
        hooks = [hook for hook in self.webhooks.values() if hook.disabled_at is None]
        now = self._kit.calendar.now()
        identity = "evt_" + self.ids.uuid("event").replace("-", "")
        event = Event(identity, description, now, resource, {hook.id for hook in hooks})
        if not hooks:
            event.status = "completed"
        self.all.append(event)
        self.by_id[event.id] = event
        urls = [hook.url for hook in hooks]
        body = _encode(
            {
                "description": description,
                "mode": self.mode,
                "previous_attributes": previous or {},
                "created_at": _milliseconds(now),
                "pending_urls": urls,
                "completed_urls": [],
                "updated_at": _milliseconds(now),
                "id": event.id,
                "user_id": self.user_id,
                "status": "pending",
                "object": "Event",
                "result": result,
            }
        )
        for hook in hooks:
            self.engine.enqueue(
                Delivery(
                    webhook_id=f"{event.id}.{hook.id}",
                    topic=description,
                    uri=_without_credentials(hook.url),
                    payload=body,
                    event_id=event.id,
                    subscription=hook.id,
                    resource=resource,
                    updated_at=moment(now),
                )
            )

    def snapshot(self) -> dict[str, Any]:
        """Return the events for the history."""
        return {
            event.id: {
                "topic": event.description,
                "resource": event.resource,
                "status": event.status,
            }
            for event in self.all
        }

    def _headers(self, delivery: Delivery) -> Mapping[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "EasyPost/v2 Webhook"}
        hook = self.webhooks.get(delivery.subscription)
        if hook is None:
            return headers
        if hook.secret:
            key = unicodedata.normalize("NFKD", hook.secret).encode()
            digest = hmac.new(key, delivery.payload, hashlib.sha256).hexdigest()
            headers["X-Hmac-Signature"] = f"hmac-sha256-hex={digest}"
        parts = urlsplit(hook.url)
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        return headers | {entry["name"]: entry["value"] for entry in hook.custom_headers}

    def _attempted(self, delivery: Delivery, acknowledged: bool, failures: int) -> None:
        event = self.by_id.get(delivery.event_id)
        hook = self.webhooks.get(delivery.subscription)
        if event is not None and event.status != "failed":
            if acknowledged:
                event.open.discard(delivery.subscription)
                event.status = "retrying" if event.open else "completed"
            else:
                last = delivery.attempt > len(RETRY_CALENDAR_SECONDS)
                event.status = "failed" if last else "retrying"
        if hook is not None and failures >= self._settings.webhook_failures_max:
            hook.disabled_at = self._kit.calendar.now()
            self.engine.forget(hook.id)


def _milliseconds(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _without_credentials(url: str) -> str:
    """Return an address as it may be written down: without user and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _forged(payload: bytes) -> bytes:
    """Return an event as a forger would send it: a parcel delivered that was not."""
    value = msgspec.json.decode(payload)
    value["id"] = "evt_" + "f" * 32
    value["result"]["status"] = "delivered"
    value["result"]["tracking_code"] = f"FORGED-{value['result'].get('tracking_code')}"
    return msgspec.json.encode(value)
