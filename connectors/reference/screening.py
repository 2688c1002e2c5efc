"""Screening: no order is confirmed before fraud screening has spoken, or has had its time.

Each order is asked about once; the answer is kept. "Hold" waits for a person there, "refuse"
cancels the order at the channel, which then cancels it everywhere. The written policy for an
outage: an order waits ``SCREENING_PATIENCE_SECONDS`` for an answer and then goes on without one,
which the audit says.
"""

from typing import Any, LiteralString

from .audit import Audit
from .channel_order import ChannelOrder
from .errors import Refused, Unavailable
from .minfraud import Minfraud
from .shopify import Shopify
from .store import Store

__all__ = ["Screening"]

WORDS = {"accept": "accept", "reject": "refuse", "manual_review": "hold", "expired_review": "hold"}
POLL_SECONDS = 1.0
CANCEL = """
mutation ($order: ID!) {
  orderCancel(orderId: $order, reason: FRAUD, refund: true, restock: true, notifyCustomer: false) {
    orderCancelUserErrors { message }
  }
}
"""


class Screening:
    """Asks about one order at a time."""

    tables: LiteralString = """
    create table if not exists screenings (
        order_gid text primary key,
        decision text not null default '',
        screening_id text not null default '',
        since timestamptz not null default clock_timestamp()
    );
    """

    def __init__(
        self, store: Store, audit: Audit, shopify: Shopify, minfraud: Minfraud, patience: float
    ) -> None:
        self.store = store
        self.audit = audit
        self.shopify = shopify
        self.minfraud = minfraud
        self.patience_seconds = patience

    async def close(self) -> None:
        """Give connections back."""
        await self.minfraud.close()

    async def allows(self, order: ChannelOrder) -> bool:
        """Tell whether an order may be confirmed; raises Unavailable while that is open."""
        row = await self.store.row(
            "insert into screenings (order_gid) values (%(gid)s) on conflict (order_gid) "
            "do update set order_gid = excluded.order_gid returning *, "
            "extract(epoch from clock_timestamp() - since)::float8 as age_seconds, "
            "to_char(since at time zone 'UTC' - interval '1 hour', "
            '\'YYYY-MM-DD"T"HH24:MI:SS"Z"\') as earlier',
            gid=order.gid,
        )
        assert row is not None
        decision = row["decision"]
        if not decision:
            decision = await self._ask(order, row)
        if decision == "hold":
            decision = await self._reviewed(order, row)
        if decision == "refuse":
            await self._cancel(order)
        return bool(decision != "refuse")

    async def _ask(self, order: ChannelOrder, row: dict[str, Any]) -> str:
        try:
            identity, action = await self.minfraud.score(order)
        except Unavailable as error:
            if row["age_seconds"] < self.patience_seconds:
                raise Unavailable(str(error), 0.5, 2.0) from error
            await self._keep(order, "unscreened", "", str(error))
            return "unscreened"
        decision = WORDS.get(action)
        if decision is None:
            raise Refused("screening", f"nothing is known of its word {action!r}")
        row["screening_id"] = identity
        await self._keep(order, decision, identity)
        return decision

    async def _reviewed(self, order: ChannelOrder, row: dict[str, Any]) -> str:
        """Return what a person decided; raises Unavailable while nobody has."""
        found = await self.minfraud.decisions(row["earlier"])
        decision = WORDS.get(found.get(row["screening_id"], ""), "hold")
        if decision == "hold":
            raise Unavailable("screening: a person has to look", POLL_SECONDS, POLL_SECONDS)
        await self._keep(order, decision, row["screening_id"])
        return decision

    async def _keep(
        self, order: ChannelOrder, decision: str, identity: str, reason: str = ""
    ) -> None:
        await self.store.rows(
            "update screenings set decision = %(decision)s, screening_id = %(id)s "
            "where order_gid = %(gid)s",
            decision=decision,
            id=identity,
            gid=order.gid,
        )
        what = f"screening: {decision}"
        await self.audit.record(what, order.gid, name=order.name, reason=reason)

    async def _cancel(self, order: ChannelOrder) -> None:
        """Cancel an order at the channel; doing so again does no harm."""
        await self.audit.record("intent cancel refused order", order.gid, name=order.name)
        answer = await self.shopify.graphql(CANCEL, {"order": order.gid}, repeatable=False)
        errors = answer["orderCancel"]["orderCancelUserErrors"]
        if errors:
            raise Unavailable(f"not cancelled at the channel: {errors[0]['message']}", 1.0)
