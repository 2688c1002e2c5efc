"""The audit log: who decided what, append-only, and one structured line on stderr for each.

Values that look like secrets are never passed here; personal data stays in the orders.
"""

import sys
from typing import Any

import msgspec

from .store import Connection, Store

__all__ = ["Audit", "say"]


def say(event: str, **detail: Any) -> None:
    """Write one structured line to the log."""
    line = msgspec.json.encode({"event": event, **detail}, enc_hook=str)
    sys.stderr.write(line.decode() + "\n")
    sys.stderr.flush()


class Audit:
    """Writes and reads the audit log."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def record(
        self, kind: str, resource: str, connection: Connection | None = None, **detail: Any
    ) -> None:
        """Append an entry, inside the caller's transaction when a connection is given."""
        say(kind, resource=resource, **detail)
        query = "insert into audit (kind, resource, detail) values (%(kind)s, %(resource)s, %(d)s)"
        values = {
            "kind": kind,
            "resource": resource,
            "d": msgspec.json.encode(detail, enc_hook=str).decode(),
        }
        if connection is not None:
            await connection.execute(query, values)
        else:
            await self.store.rows(query, **values)

    async def of(self, resource: str) -> list[dict[str, Any]]:
        """Return the entries of one resource, oldest first."""
        return await self.store.rows(
            "select id, at::text as at, kind, resource, detail from audit "
            "where resource = %(resource)s order by id",
            resource=resource,
        )
