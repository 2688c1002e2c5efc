"""Webhooks: proven genuine, kept, and turned into tasks before they are acknowledged.

The payload is kept as evidence and never applied: what to do is read from the channel when
the task runs, so that a late or reordered webhook can do no harm.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from .audit import Audit
from .queue import Queue
from .store import Store

__all__ = ["BODY_BYTES_MAX", "TOPICS", "Delivery", "Inbox", "genuine"]

BODY_BYTES_MAX = 4 * 1024 * 1024

TOPICS = {
    "orders/create": "ORDERS_CREATE",
    "orders/updated": "ORDERS_UPDATED",
    "orders/edited": "ORDERS_EDITED",
    "orders/cancelled": "ORDERS_CANCELLED",
    "refunds/create": "REFUNDS_CREATE",
    "inventory_levels/update": "INVENTORY_LEVELS_UPDATE",
}


def genuine(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """Tell whether one of the secrets signed these very bytes. Takes the same time either way."""
    try:
        given = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        given = b""
    matches = [
        hmac.compare_digest(hmac.digest(secret.encode(), body, hashlib.sha256), given)
        for secret in secrets
        if secret
    ]
    return any(matches)


class Delivery(msgspec.Struct, kw_only=True):
    """What the headers and the body of a webhook say."""

    webhook_id: str
    event_id: str | None
    topic: str
    resource: str
    updated_at: str
    triggered_at: str

    @classmethod
    def read(cls, headers: Mapping[str, str], body: bytes) -> "Delivery | None":
        """Read a webhook; None when it is not one that we subscribed to or makes no sense."""
        topic = headers.get("x-shopify-topic", "")
        webhook_id = headers.get("x-shopify-webhook-id", "")
        if topic not in TOPICS or not webhook_id:
            return None
        try:
            payload = msgspec.json.decode(body)
            resource = _resource(topic, payload)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        return cls(
            webhook_id=webhook_id,
            event_id=headers.get("x-shopify-event-id"),
            topic=topic,
            resource=resource,
            updated_at=str(payload.get("updated_at") or ""),
            triggered_at=headers.get("x-shopify-triggered-at", ""),
        )


def _resource(topic: str, payload: dict[str, Any]) -> str:
    """Return the gid that a payload speaks of."""
    if topic == "inventory_levels/update":
        return f"gid://shopify/InventoryItem/{int(payload['inventory_item_id'])}"
    if topic == "orders/edited":
        return f"gid://shopify/Order/{int(payload['order_edit']['order_id'])}"
    if topic == "refunds/create":
        return f"gid://shopify/Order/{int(payload['order_id'])}"
    return f"gid://shopify/Order/{int(payload['id'])}"


class Inbox:
    """Keeps deliveries, each once, together with the task that they cause."""

    def __init__(self, store: Store, queue: Queue, audit: Audit) -> None:
        self.store = store
        self.queue = queue
        self.audit = audit

    async def take(self, delivery: Delivery, body: bytes) -> bool:
        """Keep a delivery and want its resource, in one transaction; False for a duplicate.

        A duplicate is one with a webhook id seen before, or of an event seen before about the
        same resource. Only after this may it be acknowledged.
        """
        async with self.store.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "insert into inbox (webhook_id, event_id, topic, resource, updated_at, "
                "triggered_at, payload) values (%s, %s, %s, %s, %s, %s, %s) "
                "on conflict do nothing returning webhook_id",
                [
                    delivery.webhook_id,
                    delivery.event_id,
                    delivery.topic,
                    delivery.resource,
                    delivery.updated_at,
                    delivery.triggered_at,
                    body,
                ],
            )
            if await cursor.fetchone() is None:
                return False
            if delivery.topic == "inventory_levels/update":
                await connection.execute(
                    "insert into dirty (sku) select sku from variants where item_gid = %s "
                    "on conflict (sku) do update set wanted = dirty.wanted + 1, dead = false, "
                    "refusals = 0, since = case when dirty.wanted = dirty.done "
                    "then clock_timestamp() else dirty.since end",
                    [delivery.resource],
                )
            else:
                await self.queue.want(connection, "orders", delivery.resource, delivery.topic)
        return True
