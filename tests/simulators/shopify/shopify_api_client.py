"""Uses the official Python client, unmodified, against HOST:PORT; prints what it saw as JSON.

Started by test_clients.py: ``python shopify_api_client.py PORT TOKEN``.
"""

import json
import sys
from typing import Any

import shopify
from shopify.api_version import ApiVersion, Release

__all__ = ["main"]


def main(port: int, token: str) -> dict[str, Any]:
    """Return what REST and GraphQL answered."""
    ApiVersion.define_version(Release("2026-10"))
    shopify.Session.setup(protocol="https", myshopify_domain="0.0.1", port=port)
    session = shopify.Session("127.0.0.1", "2026-10", token)
    shopify.ShopifyResource.activate_session(session)
    shop = shopify.Shop.current()
    answer = json.loads(shopify.GraphQL().execute("{ shop { name currencyCode } }"))
    first = shopify.Order.find(limit=1)
    second = first.next_page()
    return {
        "shop": shop.name,
        "currency": shop.currency,
        "graphql": answer["data"]["shop"],
        "orders": [order.name for order in (*first, *second)],
        "paid": [one.to_dict() for one in shopify.Transaction.find(order_id=second[0].id)],
        "more": second.has_next_page(),
        "used": shopify.Limits.credit_used(),
        "limit": shopify.Limits.credit_limit(),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2])))
