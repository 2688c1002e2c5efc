"""Webhook subscriptions and what they send.

From Square's documents: the signature is base64 of HMAC-SHA256 over the notification URL and the
raw body, under the subscription's own key; 10 s to acknowledge with any 2xx; retries after 1, 2,
4, 8, 16 and 32 minutes and then hourly, for 24 hours (an older page says 72), then dropped; a
notification may come more than once and out of order. A delivery keeps the address that it was
triggered for, and is signed for it; every attempt uses the key of its moment.

Not published, chosen by us: a subscription is not disabled for failures (Square does so after
three weeks of them). Plain http is accepted for addresses of this machine only.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Awaitable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from peakproof.simkit import Delivery, Ids, Kit, is_near

from .errors import Refusal, invalid, not_found
from .shapes import stamp

__all__ = ["RETRY_CALENDAR_SECONDS", "Subscriptions", "signature"]

Record = dict[str, Any]
RETRY_CALENDAR_SECONDS = [60.0 * 2**number for number in range(6)] + [3600.0] * 22
ACKNOWLEDGE_SECONDS = 10.0
_EVENT_TYPE = re.compile(r"[a-z_]+(\.[a-z_]+)+")
_encode = msgspec.json.Encoder(enc_hook=str).encode


def signature(key: str, notification_url: str, payload: bytes) -> str:
    """Return the value of the header x-square-hmacsha256-signature."""
    digest = hmac.new(key.encode(), notification_url.encode() + payload, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Subscriptions:
    """The application's subscriptions. Keys are secrets: no record of ours holds them."""

    def __init__(self, kit: Kit, merchant_id: str) -> None:
        self._kit, self._merchant_id = kit, merchant_id
        self._ids = Ids(kit.seed)
        self._random = kit.seed.stream("pos|signature keys")
        self.records: dict[str, Record] = {}
        self._keys: dict[str, str] = {}
        self.engine = kit.webhooks(
            self._headers,
            RETRY_CALENDAR_SECONDS,
            forge=_forged,
            total_seconds=ACKNOWLEDGE_SECONDS,
            ca_bundle_path=kit.config.options.get("ca_bundle_path"),
        )

    def _new_key(self) -> str:
        raw = self._random.getrandbits(128).to_bytes(16, "big")
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def shown(self, record: Record) -> Record:
        """Return a subscription as its owner sees it, key included."""
        return {**record, "signature_key": self._keys[record["id"]]}

    def find(self, identity: str) -> Record:
        """Return a subscription; raises Refusal."""
        found = self.records.get(identity)
        if found is None:
            raise not_found("Webhook subscription", identity, "subscription_id")
        return found

    def create(self, given: Record) -> Record:
        """Add a subscription; its key is drawn here."""
        _check(given)
        now = stamp(self._kit.calendar.now())
        record: Record = {
            "id": f"wbhk_{self._ids.uuid('subscription').replace('-', '')}",
            "enabled": True,
            **given,
            "created_at": now,
            "updated_at": now,
        }
        self._keys[record["id"]] = self._new_key()
        self.records[record["id"]] = record
        return record

    def update(self, identity: str, given: Record) -> Record:
        """Change name, types, address, version or whether it is enabled."""
        record = self.find(identity)
        changed = {**record, **given}
        _check(changed)
        record.update(given, updated_at=stamp(self._kit.calendar.now()))
        return record

    def delete(self, identity: str) -> None:
        """Remove a subscription; what waits for it is given up."""
        self.find(identity)
        del self.records[identity]
        self.engine.forget(identity)

    def new_key(self, identity: str) -> str:
        """Replace a subscription's signature key and return the new one."""
        self.find(identity)["updated_at"] = stamp(self._kit.calendar.now())
        self._keys[identity] = self._new_key()
        return self._keys[identity]

    def send(self, kind: str, data: Record, updated_at: str = "", resource: str = "") -> None:
        """Notify every enabled subscription of an event's type.

        ``resource`` is what the event is about, where the event's own id does not tell.
        """
        wanted = [
            record
            for record in self.records.values()
            if record["enabled"] and kind in record["event_types"]
        ]
        if wanted:
            payload = self._payload(kind, data)
            for record in wanted:
                delivery = self._delivery(record, payload, data, updated_at)
                delivery.resource = resource or delivery.resource
                self.engine.enqueue(delivery)

    def test(self, identity: str, kind: str) -> tuple[Record, Awaitable[int]]:
        """Return a test event of a type and the sending of it: one attempt, whatever comes."""
        record = self.find(identity)
        kind = kind or record["event_types"][0]
        if kind not in record["event_types"]:
            raise invalid("event_type", f"The subscription is not subscribed to `{kind}`.")
        data: Record = {"type": kind.split(".")[0], "id": self._ids.uuid("test"), "object": {}}
        payload = self._payload(kind, data)
        return payload, self.engine.attempt_once(self._delivery(record, payload, data, ""))

    def _payload(self, kind: str, data: Record) -> Record:
        return {
            "merchant_id": self._merchant_id,
            "type": kind,
            "event_id": self._ids.uuid("event"),
            "created_at": stamp(self._kit.calendar.now()),
            "data": data,
        }

    def _delivery(self, record: Record, payload: Record, data: Record, at: str) -> Delivery:
        return Delivery(
            webhook_id=self._ids.uuid("delivery"),
            topic=payload["type"],
            uri=record["notification_url"],
            payload=_encode(payload),
            event_id=payload["event_id"],
            subscription=record["id"],
            resource=str(data.get("id", "")),
            updated_at=at,
            extra={"at": payload["created_at"]},
        )

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        key = self._keys[delivery.subscription]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Square Connect v2",
            "square-environment": "Production",
            "square-initial-delivery-timestamp": delivery.extra["at"],
            "x-square-hmacsha256-signature": signature(key, delivery.uri, delivery.payload),
        }
        if delivery.attempt > 1:
            headers["square-retry-number"] = str(delivery.attempt - 1)
            headers["square-retry-reason"] = "http_error"
        return headers


def _check(record: Record) -> None:
    for name in ("name", "event_types", "notification_url"):
        if not record.get(name):
            raise Refusal(
                "MISSING_REQUIRED_PARAMETER", f"`{name}` is required.", f"subscription.{name}"
            )
    for kind in record["event_types"]:
        if not _EVENT_TYPE.fullmatch(kind):
            raise invalid("subscription.event_types", f"`{kind}` is not a valid event type.")
    parts = urlsplit(record["notification_url"])
    ours = parts.scheme == "http" and is_near(parts.hostname)
    if not ours and (parts.scheme != "https" or not parts.hostname):
        raise invalid("subscription.notification_url", "The notification URL must use HTTPS.")


def _forged(payload: bytes) -> bytes:
    """Return the payload of a forger: another event about something that does not exist."""
    value = msgspec.json.decode(payload)
    digest = hashlib.sha256(payload).hexdigest()
    value["event_id"] = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{'0' * 12}"
    value["data"]["id"] = f"FORGED{digest[:20]}"
    for part in value["data"].get("object", {}).values():
        if isinstance(part, dict):
            for name in ("id", "order_id"):
                if name in part:
                    part[name] = f"FORGED{digest[:20]}"
    return msgspec.json.encode(value)
