"""Notices: the customer is told of each parcel's tracking number by e-mail, and told once.

That a message is about to be sent is written down before. When its answer is lost nobody knows
whether it was sent: it is not sent again by itself, for a customer who is told twice is told
nonsense, but becomes a dead letter. Who replays that letter has decided to send it once more.
"""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from .audit import Audit
from .channel_order import read_order
from .errors import Refused, Unavailable, Unsure
from .flow import Action, Handler
from .queue import Queue
from .sendgrid import SendGrid
from .shopify import Shopify
from .store import Store

__all__ = ["Notices"]


class Notices:
    """The flow of messages: queue ``messages``, one task a parcel's number."""

    tables: LiteralString = """
    create table if not exists notices (
        resource text primary key,
        order_gid text not null,
        number text not null,
        intended_at timestamptz,
        sent_at timestamptz
    );
    """

    def __init__(
        self, store: Store, audit: Audit, queue: Queue, shopify: Shopify, mail: SendGrid
    ) -> None:
        self.store = store
        self.audit = audit
        self.queue = queue
        self.shopify = shopify
        self.mail = mail
        self.handlers: Mapping[str, Handler] = {"messages": self.send}
        self.schedules: Mapping[str, tuple[Action, float]] = {}

    async def close(self) -> None:
        """Give connections back."""
        await self.mail.close()

    async def want(self, order_gid: str, parcel: str, numbers: Sequence[str]) -> None:
        """Have the customer told of a parcel's numbers, as far as nobody has wanted that yet."""
        for number in numbers:
            resource = f"notice:{parcel}:{number}"
            async with self.store.pool.connection() as connection, connection.transaction():
                cursor = await connection.execute(
                    "insert into notices (resource, order_gid, number) values (%s, %s, %s) "
                    "on conflict do nothing returning resource",
                    [resource, order_gid, number],
                )
                if await cursor.fetchone() is not None:
                    await self.queue.want(connection, "messages", resource, parcel)

    async def send(self, resource: str) -> None:
        """Send one notice, unless it was sent or may have been."""
        row = await self.store.row("select * from notices where resource = %(r)s", r=resource)
        if row is None or row["sent_at"] is not None:
            return
        if row["intended_at"] is not None and not await self._replayed(resource):
            raise Refused("unsure", f"{resource} may have been sent; replay this to send it again")
        order = await read_order(self.shopify, row["order_gid"])
        if order is None or not order.email:
            await self.audit.record("nobody to tell", row["order_gid"], notice=resource)
            return
        await self._note(resource, "intended_at")
        await self.audit.record("intent tell", row["order_gid"], notice=resource)
        subject = f"Your order {order.name} is on its way"
        text = f"{subject}. Its tracking number is {row['number']}."
        try:
            await self.mail.send(order.email, subject, text)
        except Unsure as error:
            raise Refused("unsure", f"{resource} may have been sent: {error}") from error
        except (Refused, Unavailable):  # it was certainly not sent
            await self.store.rows(
                "update notices set intended_at = null where resource = %(r)s", r=resource
            )
            raise
        await self._note(resource, "sent_at")
        await self.audit.record("told", row["order_gid"], notice=resource)

    async def _note(self, resource: str, what: str) -> None:
        queries: dict[str, LiteralString] = {
            "intended_at": "update notices set intended_at = clock_timestamp() "
            "where resource = %(r)s",
            "sent_at": "update notices set sent_at = clock_timestamp() where resource = %(r)s",
        }
        await self.store.rows(queries[what], r=resource)

    async def _replayed(self, resource: str) -> bool:
        """Tell whether a person has decided to send it once more."""
        row: dict[str, Any] | None = await self.store.row(
            "select 1 from dead_letters where flow = 'messages' and resource = %(r)s "
            "and replayed_at is not null and resolved_at is null",
            r=resource,
        )
        return row is not None
