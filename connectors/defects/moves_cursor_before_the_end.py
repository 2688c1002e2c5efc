"""How far the gateway was read is noted page by page, though pages begin with the newest.

Real cases: a connector stores that it is in sync up to now also when it failed on the way
(https://github.com/Giszmo/nostroid/issues/64), and the window of a pull that failed is not asked
for again (https://github.com/OCA/bank-statement-import/pull/498). Here the gateway fails after
the first page of a busy day: the older part of that day is never read. Without overlap, for the
cursor is taken at its word.
"""

from ..reference import gateway_lines
from ..reference.gateway import Movement
from ..reference.gateway_lines import GatewayLines
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="moves its cursor to the newest movement before it has read the older ones",
    flow="payouts",
    scenario="payout_day",
    options={"busy_payments": "130", "days": "2", "outage_day": "2", "outage_pages": "1"},
    invariants=("payout_lines_once",),
)


def install() -> None:
    """Note with each page how far it went."""

    async def keep(lines: GatewayLines, page: list[Movement]) -> int:
        fresh: int = await whole(lines, page)
        await lines.store.rows(
            "insert into cursors values ('gateway', %(newest)s) on conflict (name) do update "
            "set value = greatest(cursors.value::bigint, excluded.value::bigint)::text",
            newest=str(max(entry.created_seconds for entry in page)),
        )
        return fresh

    whole = replace(GatewayLines, "_keep", keep)
    replace(gateway_lines, "OVERLAP_SECONDS", 0)
