"""Approvals: what a person must agree to before it is booked, and who agreed, and when."""

from decimal import Decimal
from typing import LiteralString

from .audit import Audit
from .queue import Queue
from .store import Store

__all__ = ["TABLES", "Approvals"]

TABLES: LiteralString = """
create table if not exists approvals (
    id bigserial primary key,
    flow text not null,
    task text not null,
    record text not null unique,
    order_gid text not null,
    amount numeric not null,
    currency text not null,
    asked_at timestamptz not null default clock_timestamp(),
    who text not null default '',
    approved_at timestamptz
);
"""


class Approvals:
    """Asks, lists and takes approvals; what waits for one is no open task meanwhile."""

    def __init__(self, store: Store, audit: Audit, queue: Queue) -> None:
        self.store = store
        self.audit = audit
        self.queue = queue

    async def granted(
        self, flow: str, task: str, record: str, order_gid: str, amount: Decimal, currency: str
    ) -> bool:
        """Tell whether a record is approved; asks for it, once, where nobody has been asked."""
        row = await self.store.row(
            "insert into approvals (flow, task, record, order_gid, amount, currency) values "
            "(%(flow)s, %(task)s, %(record)s, %(order)s, %(amount)s, %(currency)s) "
            "on conflict (record) do nothing returning id",
            flow=flow,
            task=task,
            record=record,
            order=order_gid,
            amount=amount,
            currency=currency,
        )
        if row is not None:
            detail = {"approval": row["id"], "record": record, "amount": str(amount)}
            await self.audit.record("approval asked", order_gid, **detail)
            return False
        found = await self.store.row(
            "select approved_at is not null as granted from approvals where record = %(r)s",
            r=record,
        )
        return bool(found and found["granted"])

    async def listed(self) -> list[dict[str, object]]:
        """Return every approval, those that are waited for first."""
        return await self.store.rows(
            "select id, flow, record, order_gid as order, amount::text as amount, currency, "
            "approved_at is null as pending, who, asked_at::text as asked_at, "
            "approved_at::text as approved_at from approvals order by approved_at nulls first, id"
        )

    async def approve(self, number: int, who: str) -> bool:
        """Approve; False when there is no such approval. The first to approve stays named."""
        async with self.store.pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "select * from approvals where id = %s for update", [number]
            )
            row = await cursor.fetchone()
            if row is None:
                return False
            if row["approved_at"] is not None:
                return True
            await connection.execute(
                "update approvals set who = %s, approved_at = clock_timestamp() where id = %s",
                [who, number],
            )
            await self.audit.record(
                "approved", row["order_gid"], connection, approval=number,
                record=row["record"], amount=str(row["amount"]), who=who,
            )  # fmt: skip
            await self.queue.want(connection, row["flow"], row["task"], "approval")
        return True
