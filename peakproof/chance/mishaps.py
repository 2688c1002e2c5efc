"""What breaks in a stretch of a random story of trade: interfaces, webhooks, processes."""

from random import Random
from typing import Any

from peakproof.plan import PlannedFault

__all__ = ["FAULTS", "draw_mishaps"]

_PROCESSES = {"connector_kill", "connector_pause", "odoo_restart", "odoo_pause"}
_BESIDE_ODOO = {"odoo_acknowledgement_lost", "connector_kill", "connector_pause"}
_TOPICS = {"orders/*": 4, "refunds/*": 1, "*": 2}  # which webhooks are concerned, and how often
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("webhook_duplicate", {"copies": 1, "count": 3}),
    ("webhook_duplicate", {"copies": 1, "count": 3, "delay_seconds": 4.0}),
    ("webhook_reorder", {"count": 3}),
    ("webhook_late", {"delay_seconds": 3.0, "count": 3}),
    ("webhook_drop", {"count": 2}),
    ("webhook_forge", {"count": 2, "signature": "wrong"}),
    ("webhook_forge", {"count": 2, "signature": "missing"}),
    ("webhook_acknowledgement_lost", {"count": 2}),
    ("subscription_removed", {}),
    ("api_throttle", {"style": "cost", "count": 3}),
    ("api_throttle", {"style": "status", "count": 2, "retry_after_seconds": 1}),
    ("api_errors", {"operation": "*", "count": 2}),
    ("api_latency", {"operation": "*", "count": 2, "delay_seconds": 2.0}),
    ("token_expired", {"operation": "*", "count": 1}),
    ("token_expired", {"operation": "*", "count": 1, "lasting": True}),
    ("lost_acknowledgement", {"operation": "inventory*Quantities", "count": 2}),
    ("lost_acknowledgement", {"operation": "fulfillment*", "count": 2}),
    ("lost_acknowledgement", {"simulator": "carrier", "operation": "*.buy", "count": 1}),
    ("api_errors", {"simulator": "carrier", "operation": "*.buy", "count": 2}),
    ("till_resends", {"count": 1}),
    ("odoo_acknowledgement_lost", {"operation": "sale.order.*", "count": 2}),
    ("odoo_acknowledgement_lost", {"operation": "*", "count": 2}),
    *((name, {}) for name in sorted(_PROCESSES)),
]


def draw_mishaps(draws: Random, most: int, stage_seconds: float) -> list[PlannedFault]:
    """Draw up to ``most`` faults of a stretch: of processes at most one."""
    chosen = draws.sample(FAULTS, draws.randint(0, most))
    processes = [name for name, _ in chosen if name in _PROCESSES]
    return [
        _planned(draws, name, options, stage_seconds)
        for name, options in chosen
        if name not in _PROCESSES or name == processes[0]
    ]


def _planned(
    draws: Random, name: str, options: dict[str, Any], stage_seconds: float
) -> PlannedFault:
    begin = draws.uniform(0, stage_seconds / 2)
    heal = begin + draws.uniform(0.5, 3.0) if name in _PROCESSES else None
    topic = draws.choices(list(_TOPICS), list(_TOPICS.values()))[0]
    about_webhooks = name.startswith("webhook_") or name == "subscription_removed"
    return PlannedFault(
        fault=name,
        at_seconds=begin if heal else 0.0,
        heal_at_seconds=heal,
        options={**({"topic": topic} if about_webhooks else {}), **options},
        must_fire=False,
        only_for="external" if name in _BESIDE_ODOO else "",
    )
