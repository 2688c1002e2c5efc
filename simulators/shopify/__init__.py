"""Shopify's Admin API as a simulator: GraphQL 2026-10, 2026-07, 2026-04 and 2026-01.

A proven subset of the published schema over a state machine of a shop: products, stock,
customers, orders, fulfilments, refunds, returns, payouts, webhooks, bulk operations, OAuth.
Everything Shopify has and this has not is answered with an error that names it.

    python -m simulators.shopify CONFIG.json

Read shop.py (the state), execute.py (how a call runs) and nouns.py (who answers what) first.

Not modelled: storefront and customer account APIs, markets, themes, discounts as records,
metaobjects, publications; docs/shopify_operations.md lists every operation.
"""

from .simulator import create

__all__ = ["NAME", "create"]

NAME = "shopify"
