"""Finds what webhooks did not tell: missed orders, and subscriptions that are gone.

Orders are listed by update time from a cursor with overlap, ``>=`` and by id, so that nothing
with the cursor's own second is left out and nothing is done twice.
"""

from .audit import Audit
from .errors import Refused
from .inbox import TOPICS
from .queue import Queue
from .shopify import Shopify
from .store import Store

__all__ = ["PATH", "Reconciler"]

PATH = "/webhooks/shopify"
OVERLAP_SECONDS = 5
ORDERS = """
query ChangedOrders($query: String!, $after: String) {
  orders(first: 50, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes { id updatedAt }
  }
}
"""
SUBSCRIPTIONS = """
query Subscriptions($after: String) {
  webhookSubscriptions(first: 50, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id topic uri }
  }
}
"""
SUBSCRIBE = """
mutation Subscribe($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id }
    userErrors { field message }
  }
}
"""
UNSUBSCRIBE = """
mutation Unsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) {
    deletedWebhookSubscriptionId
    userErrors { field message }
  }
}
"""


class Reconciler:
    """Compares the channel with what we know of it."""

    def __init__(
        self, store: Store, audit: Audit, queue: Queue, shopify: Shopify, public_url: str
    ) -> None:
        self.store = store
        self.audit = audit
        self.queue = queue
        self.shopify = shopify
        self.uri = public_url + PATH

    async def find_orders(self, overlap_seconds: int = OVERLAP_SECONDS) -> set[str]:
        """Enqueue orders that have changed since we read them; return their gids.

        Orders from before this connector's first start are left alone.
        """
        since = await self.store.row(
            "insert into cursors values ('orders', to_char(clock_timestamp() at time zone 'UTC' "
            "- interval '60 seconds', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) on conflict (name) "
            "do update set value = cursors.value returning value, to_char((value::timestamptz "
            "at time zone 'UTC') - make_interval(secs => %(overlap)s), "
            '\'YYYY-MM-DD"T"HH24:MI:SS"Z"\') as begin',
            overlap=overlap_seconds,
        )
        assert since is not None
        query = f"updated_at:>='{since['begin']}'"
        changed: dict[str, str] = {}
        async for node in self.shopify.pages(ORDERS, "orders", {"query": query}):
            changed[node["id"]] = node["updatedAt"]
        outdated = {gid for gid, at in changed.items() if await self._outdated(gid, at)}
        newest = max(changed.values(), default="")
        if newest > since["value"]:
            await self.store.rows(
                "update cursors set value = greatest(value, %(v)s) where name = 'orders'", v=newest
            )
        return outdated

    async def _outdated(self, gid: str, updated_at: str) -> bool:
        """Tell whether an order changed since we read it; if so it is wanted (once)."""
        row = await self.store.row(
            "select coalesce(o.updated_at, '') as known, coalesce(t.seen, '') as seen, "
            "coalesce(t.wanted > t.done and not t.dead, false) as open, "
            "coalesce(o.read_at < %(at)s::timestamptz + interval '1 second', false) as early "
            "from (select 1) as one left join orders o on o.gid = %(gid)s "
            "left join tasks t on t.resource = %(gid)s",
            gid=gid,
            at=updated_at,
        )
        assert row is not None
        outdated = bool(row["known"] < updated_at)
        # Read in the very second of its last change: there may have been another one after.
        doubtful = outdated or (row["early"] and row["seen"] < updated_at)
        if doubtful and not row["open"] and row["seen"] < updated_at:
            async with self.store.pool.connection() as connection, connection.transaction():
                await self.queue.want(connection, "orders", gid, "reconciliation")
                await connection.execute(
                    "update tasks set seen = %s where resource = %s", [updated_at, gid]
                )
            if outdated:
                await self.store.count("missed_webhooks")
        return outdated

    async def check_subscriptions(self) -> None:
        """Subscribe where a subscription is missing; remove doubles and those of old addresses."""
        present: set[str] = set()
        async for node in self.shopify.pages(SUBSCRIPTIONS, "webhookSubscriptions", {}):
            if node["uri"] == self.uri and node["topic"] not in present:
                present.add(node["topic"])
            elif node["uri"].endswith(PATH):
                await self.shopify.graphql(UNSUBSCRIBE, {"id": node["id"]}, repeatable=False)
                await self.audit.record("unsubscribed", node["id"], topic=node["topic"])
        for topic in TOPICS.values():
            if topic not in present:
                await self._subscribe(topic)

    async def _subscribe(self, topic: str) -> None:
        answer = await self.shopify.graphql(
            SUBSCRIBE,
            {"topic": topic, "subscription": {"uri": self.uri, "format": "JSON"}},
            repeatable=False,  # after a lost answer the next check looks first
        )
        errors = answer["webhookSubscriptionCreate"]["userErrors"]
        if errors:
            raise Refused("subscription", f"{topic}: {errors[0]['message']}")
        await self.audit.record("subscribed", topic, uri=self.uri)
