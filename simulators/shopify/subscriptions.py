"""Webhook subscriptions and what they send.

A payload is fixed when its event happens; it is signed with the client secret over its exact
bytes, in which ``&``, ``<`` and ``>`` are escaped as Rails does: parsing and writing it anew
gives other bytes. Address, connect time 1 s, answer time 5 s, eight retries over four hours: the
gaps grow by 3/2 each, chosen by peakproof since Shopify says only "exponential". A subscription
is removed when one webhook failed through all its retries and nothing got through meanwhile; a
shorter outage costs no subscription, however many webhooks fail in it.

Not modelled: EventBridge and Pub/Sub delivery, XML, the newer "Events" channel, the up to one
hour for which Shopify may go on signing with an old secret (``rotate_secret`` has a delay).
Plain http is accepted for addresses of this machine only; Shopify wants https everywhere.
"""

import base64
import hashlib
import hmac
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from peakproof.simkit import Delivery, Kit, WebhookEngine, is_near

from .filters import picked, wanted_by
from .ids import Ids, gid
from .topics import topic_path
from .versions import NEWEST

if TYPE_CHECKING:
    from .shop import Shop

__all__ = ["RETRIES_MAX", "RETRY_CALENDAR_SECONDS", "Subscription", "Subscriptions", "bad_address"]

RETRIES_MAX = 8
_HOURS = 4 * 3600.0
_GROWTH = 1.5
_FIRST = _HOURS * (_GROWTH - 1) / (_GROWTH**RETRIES_MAX - 1)
RETRY_CALENDAR_SECONDS = [round(_FIRST * _GROWTH**number, 1) for number in range(RETRIES_MAX)]
_encode_json = msgspec.json.Encoder(enc_hook=str).encode
_ESCAPES = ((b"&", b"\\u0026"), (b"<", b"\\u003c"), (b">", b"\\u003e"))


def _encode(payload: Any) -> bytes:
    body = _encode_json(payload)
    for letter, escape in _ESCAPES:
        body = body.replace(letter, escape)
    return body


class Subscription:
    """One address for one topic; resolves ``WebhookSubscription``."""

    graphql_type = "WebhookSubscription"
    format = "JSON"

    def __init__(self, number: int, topic: str, uri: str, now: datetime) -> None:
        self.number = self.legacy_resource_id = number
        self.id = gid("WebhookSubscription", number)
        self.enum, self.uri = topic, uri
        self.name: str | None = None
        self.filter: str | None = None
        self.include_fields: list[str] = []
        self.metafield_namespaces: list[str] = []
        self.created_at = self.updated_at = now
        self.failures = 0
        self.removed = False
        self.last_sent: dict[str, str] = {}

    @property
    def topic(self) -> str:
        """The topic as the enum has it."""
        return self.enum

    @property
    def callback_url(self) -> str:
        """The address, by its old name."""
        return self.uri

    @property
    def endpoint(self) -> dict[str, Any]:
        """The address, by its older name."""
        return {"__typename": "WebhookHttpEndpoint", "callbackUrl": self.uri}


class Subscriptions:
    """The app's subscriptions; they live until the app is uninstalled."""

    def __init__(self, kit: Kit, secret: str, shop_domain: str) -> None:
        options = kit.config.options
        self._kit, self.shop_domain = kit, shop_domain
        self.secret = secret
        self.api_version: str = options.get("webhook_api_version", NEWEST)
        self.ids = Ids()
        self.all: list[Subscription] = []
        self.gone: list[Subscription] = []
        self.events: dict[str, dict[str, Any]] = {}
        self._topics: dict[str, list[Subscription]] = {}
        self._random = kit.seed.stream("shopify|webhook ids")
        self.engine: WebhookEngine = kit.webhooks(
            self._headers,
            RETRY_CALENDAR_SECONDS,
            attempted=self._attempted,
            ca_bundle_path=options.get("ca_bundle_path"),
        )

    def wanted(self, topic: str) -> bool:
        """Tell whether anyone subscribed to a topic such as ``orders/create``."""
        return topic in self._topics

    def by_number(self, number: int) -> Subscription | None:
        """Return a live subscription."""
        return next((entry for entry in self.all if entry.number == number), None)

    def taken(self, topic: str, uri: str, filter_text: str | None, but: Any = None) -> bool:
        """Tell whether the same address already gets the same topic."""
        return any(
            entry is not but and (entry.enum, entry.uri, entry.filter) == (topic, uri, filter_text)
            for entry in self.all
        )

    def add(self, topic: str, uri: str, now: datetime) -> Subscription:
        """Add a subscription."""
        found = Subscription(self.ids.next("WebhookSubscription"), topic, uri, now)
        self.all.append(found)
        self._index()
        return found

    def remove(self, found: Subscription) -> None:
        """Remove a subscription; what waits for it is given up."""
        found.removed = True
        self.all.remove(found)
        self.gone.append(found)
        self._index()
        self.engine.forget(found.id)

    def _index(self) -> None:
        self._topics = {}
        for entry in self.all:
            self._topics.setdefault(topic_path(entry.enum), []).append(entry)

    def trigger(
        self, shop: "Shop", topic: str, resource: str, payload: dict[str, Any], updated_at: datetime
    ) -> None:
        """Send an event to every subscription of its topic."""
        event_id = self._uuid()
        subscribers = [
            entry
            for entry in self._topics.get(topic, ())
            if entry.filter is None or wanted_by(entry.filter, payload)
        ]
        if not subscribers:
            return
        self.events[event_id] = {
            "topic": topic,
            "resource": resource,
            "triggered_at_seconds": shop.seconds(),
            "deliveries": len(subscribers),
            "acknowledged": False,
        }
        whole = b""
        for entry in subscribers:
            chosen = picked(payload, entry.include_fields)
            if chosen is payload:
                body = whole = whole or _encode(payload)
            else:
                body = _encode(chosen)
                digest = hashlib.sha256(body).hexdigest()
                if entry.last_sent.get(resource) == digest:
                    self.events[event_id]["deliveries"] -= 1
                    continue
                entry.last_sent[resource] = digest
            self.engine.enqueue(
                Delivery(
                    webhook_id=self._uuid(),
                    topic=topic,
                    uri=entry.uri,
                    payload=body,
                    event_id=event_id,
                    subscription=entry.id,
                    resource=resource,
                    updated_at=updated_at.isoformat(timespec="microseconds")[:26] + "Z",
                    extra={"name": entry.name, "at": self._kit.clock.wall()},
                )
            )
        if not self.events[event_id]["deliveries"]:
            del self.events[event_id]

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def sign(self, payload: bytes) -> str:
        """Return the signature of a payload under the present secret."""
        digest = hmac.new(self.secret.encode(), payload, hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        moment: datetime = delivery.extra["at"]
        headers = {
            "Content-Type": "application/json",
            "Accept": "*/*",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": delivery.topic,
            "X-Shopify-Hmac-Sha256": self.sign(delivery.payload),
            "X-Shopify-Shop-Domain": self.shop_domain,
            "X-Shopify-API-Version": self.api_version,
            "X-Shopify-Webhook-Id": delivery.webhook_id,
            "X-Shopify-Event-Id": delivery.event_id,
            "X-Shopify-Triggered-At": moment.isoformat(timespec="microseconds")[:26] + "000Z",
        }
        if delivery.extra["name"]:
            headers["X-Shopify-Name"] = delivery.extra["name"]
        return headers

    def _attempted(self, delivery: Delivery, acknowledged: bool, failures: int) -> None:
        found = next((entry for entry in self.all if entry.id == delivery.subscription), None)
        if acknowledged and delivery.event_id in self.events:
            self.events[delivery.event_id]["acknowledged"] = True
        if found is None:
            return
        found.failures = failures
        retried = delivery.attempt - 1
        if failures > retried and retried >= RETRIES_MAX:
            self.remove(found)

    def snapshot(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return the final records: subscriptions, removed ones too, and events."""
        return {
            "subscription": {
                entry.id: {
                    "topic": topic_path(entry.enum),
                    "uri": entry.uri,
                    "failures": entry.failures,
                    "removed": entry.removed,
                }
                for entry in (*self.all, *self.gone)
            },
            "event": self.events,
        }


def bad_address(uri: str) -> str:
    """Return why an address cannot be used, or an empty text."""
    parts = urlsplit(uri)
    if parts.scheme == "http" and is_near(parts.hostname):
        return ""
    if parts.scheme in ("arn", "pubsub"):
        return "peakproof's Shopify simulator delivers webhooks over HTTPS only"
    if parts.scheme != "https" or not parts.hostname:
        return (
            "Address protocol http:// is not supported"
            if parts.scheme == "http"
            else ("Address is invalid")
        )
    return ""
