"""The one list of nouns: whose resolvers, acts, records and REST answers make up the simulator.

A part is a module that may have ``attach(shop)``, ``seed(shop, plan)``, ``ACTS`` (name ->
``(shop, arguments) -> result``), ``SNAPSHOT`` (entity -> ``(shop) -> records``) and ``REST``
("GET orders.json" -> ``(shop, path arguments, query) -> list or record``).
"""

from types import ModuleType
from typing import Any

from . import (
    acts,
    orders_attach,
    resolve_activation,
    resolve_bulk,
    resolve_business,
    resolve_catalog,
    resolve_customers,
    resolve_drafts,
    resolve_fulfilment,
    resolve_fulfilment_mutations,
    resolve_inventory,
    resolve_order_create,
    resolve_order_edits,
    resolve_order_lines,
    resolve_order_mutations,
    resolve_orders,
    resolve_payouts,
    resolve_products,
    resolve_quantities,
    resolve_refunds,
    resolve_returns,
    resolve_shop,
    resolve_webhooks,
)
from .nodes import FINDERS
from .registry import Resolvers

__all__ = ["NOUNS", "PARTS", "merged", "rest_table"]

NOUNS: tuple[Resolvers, ...] = (
    resolve_activation.RESOLVERS,
    resolve_bulk.RESOLVERS,
    resolve_business.RESOLVERS,
    resolve_catalog.RESOLVERS,
    resolve_customers.RESOLVERS,
    resolve_drafts.RESOLVERS,
    resolve_fulfilment.RESOLVERS,
    resolve_fulfilment_mutations.RESOLVERS,
    resolve_inventory.RESOLVERS,
    resolve_order_create.RESOLVERS,
    resolve_order_edits.RESOLVERS,
    resolve_order_lines.RESOLVERS,
    resolve_order_mutations.RESOLVERS,
    resolve_orders.RESOLVERS,
    resolve_payouts.RESOLVERS,
    resolve_products.RESOLVERS,
    resolve_quantities.RESOLVERS,
    resolve_refunds.RESOLVERS,
    resolve_returns.RESOLVERS,
    resolve_shop.RESOLVERS,
    resolve_webhooks.RESOLVERS,
)
PARTS: tuple[ModuleType, ...] = (
    acts,
    orders_attach,
)


def merged() -> Resolvers:
    """Return every noun's resolvers in one, and make nodes findable."""
    everything = Resolvers()
    for noun in NOUNS:
        everything.merge(noun)
    FINDERS.update(everything.nodes)
    return everything


def rest_table() -> dict[str, Any]:
    """Return every part's REST answers."""
    table: dict[str, Any] = {}
    for part in PARTS:
        table |= getattr(part, "REST", {})
    return table
