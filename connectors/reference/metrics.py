"""Metrics in the Prometheus text format. Every value is read from the database when asked."""

from collections.abc import Sequence
from typing import LiteralString

from .store import Store

__all__ = ["pending", "text"]

_HELP = {
    "connector_tasks_open": "Tasks that are wanted and not done",
    "connector_tasks_waiting": "Open tasks that wait because the other side is unavailable",
    "connector_oldest_task_seconds": "Age of the oldest open task",
    "connector_dirty_skus": "SKUs whose stock is still to be compared and pushed",
    "connector_dead_letters": "Dead letters that nobody has dealt with",
    "connector_orders": "Orders by status",
    "connector_webhooks_total": "Webhooks kept, by topic",
    "connector_bank_transactions": "Booked transactions of the bank, by whether Odoo has them",
    "connector_bank_pull_waits_seconds": "How long the bank wants us to wait",
    "connector_gateway_movements": "Movements of the gateway's balance, by whether Odoo has them",
    "connector_charges_open": "Charges and refunds that settle no invoice or credit note",
    "connector_payouts_unmatched": "Payouts that are not reconciled with the bank",
    "connector_payouts_overdue": "Those of them that should have arrived",
    "connector_events_total": "Other events since the database was made",
}


async def pending(store: Store) -> dict[str, int]:
    """Return what is still to do and what has failed; 0 and 0 is quiet."""
    row = await store.row(
        "select (select count(*) from tasks where wanted > done and not dead "
        "or verify_at is not null) "
        "+ (select count(*) from dirty where wanted > done and not dead) as pending, "
        "(select count(*) from dead_letters where resolved_at is null) as failed"
    )
    assert row is not None
    return {"pending": row["pending"], "failed": row["failed"]}


async def text(store: Store, figures: Sequence[LiteralString] = ()) -> str:
    """Return every metric; ``figures`` are queries of flows for name, label and value."""
    rows = await store.rows(
        "select 'connector_tasks_open' as name, '' as label, count(*)::float8 as value "
        "from tasks where wanted > done and not dead "
        "union all select 'connector_tasks_waiting', '', count(*) from tasks "
        "where wanted > done and not dead and waits > 0 "
        "union all select 'connector_oldest_task_seconds', '', "
        "coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0) from tasks "
        "where wanted > done and not dead "
        "union all select 'connector_dirty_skus', '', count(*) from dirty "
        "where wanted > done and not dead "
        "union all select 'connector_dead_letters', '', count(*) from dead_letters "
        "where resolved_at is null "
        "union all (select 'connector_orders', 'status=\"' || status || '\"', count(*) "
        "from orders group by status order by status) "
        "union all (select 'connector_webhooks_total', 'topic=\"' || topic || '\"', count(*) "
        "from inbox group by topic order by topic) "
        "union all (select 'connector_events_total', 'event=\"' || name || '\"', value "
        "from counters order by name)"
    )
    for query in figures:
        rows += await store.rows(query)
    lines: list[str] = []
    said: set[str] = set()
    for row in rows:
        name = row["name"]
        if name not in said:
            said.add(name)
            kind = "counter" if name.endswith("_total") else "gauge"
            lines += [f"# HELP {name} {_HELP[name]}", f"# TYPE {name} {kind}"]
        label = f"{{{row['label']}}}" if row["label"] else ""
        lines.append(f"{name}{label} {row['value']:g}")
    return "\n".join(lines) + "\n"
