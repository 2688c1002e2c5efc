"""One lane for everything that moves stock in Odoo, in which confirmations travel together.

Side by side, orders of the same goods only make Odoo roll back, wait and do it again; one
after the other they queue up in a rush. Odoo confirms several orders in one call for little
more than one costs, so those that wait are confirmed together.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from .errors import ConnectorError, Refused, Unsure
from .odoo import Odoo

__all__ = ["Lane"]

TOGETHER_MAX = 4  # a long transaction meets others more often and is then done again


class Lane:
    """Takes turns; the first in the lane confirms for those behind it."""

    def __init__(self, odoo: Odoo) -> None:
        self.odoo = odoo
        self._turn = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[None]] = {}

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold the lane for a call of another kind (a cancellation, an edit)."""
        async with self._turn:
            yield

    async def confirm(self, odoo_id: int) -> None:
        """Confirm a sale order, together with others that wait; raises what Odoo says of it."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[odoo_id] = future
        try:
            async with self._turn:
                while not future.done():
                    ids = list(self._waiting)[:TOGETHER_MAX]
                    batch = {one: self._waiting.pop(one) for one in ids}
                    await self._carry(batch)
            await future
        finally:
            self._waiting.pop(odoo_id, None)

    async def _carry(self, batch: dict[int, asyncio.Future[None]]) -> None:
        """Confirm a batch; after a refusal, which undid all of it, one by one."""
        error: ConnectorError | None = None
        try:
            await self.odoo.write("sale.order", "action_confirm", ids=list(batch))
        except Refused as refusal:
            if len(batch) > 1:
                for odoo_id, future in batch.items():
                    await self._carry({odoo_id: future})
                return
            error = refusal
        except ConnectorError as failure:
            error = failure
        except BaseException:
            _tell(batch, Unsure("the confirmation was broken off"))
            raise
        _tell(batch, error)


def _tell(batch: dict[int, asyncio.Future[None]], error: ConnectorError | None) -> None:
    """Tell everyone who waits how it went."""
    for future in batch.values():
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
            future.exception()  # whoever asked may be gone; that is no leak to warn of
