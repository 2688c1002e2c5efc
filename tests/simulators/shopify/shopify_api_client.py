"""Uses the official Python client, unmodified, against HOST:PORT; prints what it saw as JSON.

Started by test_clients.py: ``python shopify_api_client.py PORT TOKEN VARIANT``. The first order's
piece, which was sent, is exchanged for the variant.
"""

import json
import sys
from typing import Any

import shopify
from shopify.api_version import ApiVersion, Release

__all__ = ["main"]


RETURNABLE = """query($id: ID!) { returnableFulfillments(orderId: $id, first: 1) { nodes {
  returnableFulfillmentLineItems(first: 1) { nodes { fulfillmentLineItem { id } } } } } }"""
CREATE = """mutation($input: ReturnInput!) { returnCreate(returnInput: $input) {
  return { id returnLineItems(first: 1) { nodes { id } }
    exchangeLineItems(first: 1) { nodes { id } } } userErrors { message } } }"""
PROCESS = """mutation($input: ReturnProcessInput!) { returnProcess(input: $input) {
  return { status exchangeLineItems(first: 1) { nodes { lineItems { sku } } } }
  userErrors { message } } }"""


def ask(document: str, variables: dict[str, Any]) -> Any:
    """Return the data of a GraphQL call."""
    return json.loads(shopify.GraphQL().execute(document, variables))["data"]


def exchange(order: str, variant: str) -> Any:
    """Send the first piece of an order back for a variant; return the processed return."""
    found = ask(RETURNABLE, {"id": order})["returnableFulfillments"]["nodes"][0]
    line = found["returnableFulfillmentLineItems"]["nodes"][0]["fulfillmentLineItem"]["id"]
    given: dict[str, Any] = {
        "orderId": order,
        "returnLineItems": [{"fulfillmentLineItemId": line, "quantity": 1}],
        "exchangeLineItems": [{"variantId": variant, "quantity": 1}],
    }
    made = ask(CREATE, {"input": given})["returnCreate"]["return"]
    chosen = {
        name: [{"id": made[name]["nodes"][0]["id"], "quantity": 1}]
        for name in ("returnLineItems", "exchangeLineItems")
    }
    return ask(PROCESS, {"input": {"returnId": made["id"], **chosen}})["returnProcess"]


def main(port: int, token: str, variant: str) -> dict[str, Any]:
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
        "exchanged": exchange(first[0].admin_graphql_api_id, variant),
        "more": second.has_next_page(),
        "used": shopify.Limits.credit_used(),
        "limit": shopify.Limits.credit_limit(),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), *sys.argv[2:])))
