"""Every field that the schema lists for orders is answered, in every version, without an error."""

from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from simulators.shopify.schema import load_schema
from simulators.shopify.versions import VERSIONS
from tests.simulators.shopify.desk import Desk

DEPTH = 4
GIVEN = {"first": "first: 3", "key": 'key: "k"', "namespace": 'namespace: "n"'}
SHALLOW = ("Customer", "Location", "Product", "ProductVariant", "Order", "FulfillmentOrder",
           "Image", "Fulfillment", "InventoryItem", "QueryRoot", "App")  # fmt: skip


def arguments(field: Any) -> str | None:
    """Return the arguments that a field needs, or None if we cannot give them."""
    texts = []
    for name, argument in field.args.items():
        required = is_required_argument(argument)
        if name == "first" or required:
            if name not in GIVEN:
                return None
            texts.append(GIVEN[name])
    return f"({', '.join(texts)})" if texts else ""


def everything(
    schema: GraphQLSchema, kind: Any, depth: int, top: bool = True, member: str = ""
) -> str:
    """Return a selection of all fields of a type, to a depth; members of unions get aliases."""
    if not top and kind.name in SHALLOW:
        return "{ id }" if "id" in kind.fields else "{ __typename }"
    if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
        parts = [
            f"... on {found.name} {everything(schema, found, depth, False, found.name)}"
            for found in schema.get_possible_types(kind)
        ]
        return "{ __typename " + " ".join(parts) + " }"
    assert isinstance(kind, GraphQLObjectType)
    parts = ["__typename"]
    for name, field in kind.fields.items():
        given = arguments(field)
        inner = get_named_type(field.type)
        if given is None:
            continue
        alias = f"{member}_{name}: " if member else ""
        if is_leaf_type(inner):
            parts.append(f"{alias}{name}{given}")
        elif depth:
            parts.append(f"{alias}{name}{given} {everything(schema, inner, depth - 1, False)}")
    return "{ " + " ".join(dict.fromkeys(parts)) + " }"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return a shop in which everything that can happen to an order has happened."""
    desk = Desk(Path(tmp_path_factory.mktemp("fields")))
    order = desk.buy(
        ("TEE-S", 3), ("MUG", 2), ("CARD", 1), discount_code="TEN", presentment_currency="EUR"
    )
    desk.act("fulfil_order", order_id=order.id, lines=[{"sku": "TEE-S", "quantity": 2}],
             tracking_number="1Z", tracking_company="UPS",
             tracking_url="https://ups.test/1Z")  # fmt: skip
    desk.act("tracking_event", order_id=order.id, status="in_transit", city="Austin")
    back = desk.act("request_return", order_id=order.id, lines=[{"sku": "TEE-S", "quantity": 1}])
    desk.act("handle_return", return_id=back["return_id"], step="process")
    desk.act("refund_order", order_id=order.id, lines=[{"sku": "MUG", "quantity": 1}],
             shipping="2.00")  # fmt: skip
    desk.act("refund_order", order_id=order.id, amount="1.00")
    desk.act("open_dispute", order_id=order.id)
    desk.act("advance_payouts")
    entry = next(found for found in order.fulfillment_orders if found.open)
    hold = """mutation($id: ID!) { fulfillmentOrderHold(id: $id, fulfillmentHold: {reason: OTHER,
      handle: "h"}) { userErrors { message } } }"""
    desk.query(hold, {"id": entry.id})
    desk.act("create_draft", lines=[{"sku": "MUG", "quantity": 2}], shipping="Express")
    return desk


def ask(desk: Desk, version: str, root: str, kind: str, identity: str | None) -> Any:
    schema = load_schema(version)
    selection = everything(schema, schema.type_map[kind], DEPTH)
    given = "(id: $id)" if identity else ""
    head = "query($id: ID!)" if identity else "query"
    variables = {"id": identity} if identity else {}
    return desk.query(f"{head} {{ {root}{given} {selection} }}", variables, version)[root]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("root", "kind"),
    [
        ("order", "Order"),
        ("fulfillmentOrder", "FulfillmentOrder"),
        ("fulfillment", "Fulfillment"),
        ("refund", "Refund"),
        ("return", "Return"),
        ("draftOrder", "DraftOrder"),
        ("dispute", "ShopifyPaymentsDispute"),
    ],
)
def test_every_field_of_a_node(desk: Desk, version: str, root: str, kind: str) -> None:
    order = desk.orders.all[0]
    identities = {
        "order": order.id,
        "fulfillmentOrder": order.fulfillment_orders[0].id,
        "fulfillment": order.fulfillments[0].id,
        "refund": order.refunds[0].id,
        "return": order.returns[0].id,
        "draftOrder": next(iter(desk.orders.drafts.values())).id,
        "dispute": desk.orders.payouts.disputes[0].id,
    }
    found = ask(desk, version, root, kind, identities[root])
    assert found["id"] == identities[root]
    assert found["__typename"] == kind


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_of_the_payments_account(desk: Desk, version: str) -> None:
    found = ask(desk, version, "shopifyPaymentsAccount", "ShopifyPaymentsAccount", None)
    kinds = [node["type"] for node in found["balanceTransactions"]["nodes"]]
    assert kinds == ["CHARGE", "REFUND", "REFUND"]
    assert found["payouts"]["nodes"][0]["summary"]["chargesGross"]["amount"] != "0.0"


def test_every_field_of_a_calculated_order(desk: Desk) -> None:
    schema = load_schema("2026-10")
    selection = everything(schema, schema.type_map["CalculatedOrder"], DEPTH)
    order = desk.buy(("TEE-M", 2))
    begun = desk.query(
        "mutation($id: ID!) { orderEditBegin(id: $id) { calculatedOrder { id } } }",
        {"id": order.id},
    )["orderEditBegin"]["calculatedOrder"]["id"]
    variant = desk.shop.catalog.variant_by_sku("MUG").id
    found = desk.query(
        f"""mutation($id: ID!, $variant: ID!) {{ orderEditAddVariant(id: $id, variantId: $variant,
        quantity: 2) {{ calculatedOrder {selection} userErrors {{ message }} }} }}""",
        {"id": begun, "variant": variant},
    )["orderEditAddVariant"]
    assert found["userErrors"] == []
    assert found["calculatedOrder"]["stagedChanges"]["nodes"][0] == {
        "__typename": "OrderStagedChangeAddVariant",
        "OrderStagedChangeAddVariant_quantity": 2,
        "OrderStagedChangeAddVariant_variant": {"id": variant},
    }


def test_the_connectors_own_documents_are_answered(desk: Desk) -> None:
    """The fields that a connector reads of orders come with the values of the final record."""
    order = desk.orders.all[0]
    record = desk.record(order)
    found = ask(desk, "2026-01", "order", "Order", order.id)
    money = {
        "subtotal": "currentSubtotalPriceSet",
        "discount": "currentTotalDiscountsSet",
        "shipping": "currentShippingPriceSet",
        "tax": "currentTotalTaxSet",
        "total": "currentTotalPriceSet",
    }
    for name, field in money.items():
        shop = found[field]["shopMoney"]["amount"]
        assert float(shop) == float(record["totals"][name]), field
    assert found["displayFinancialStatus"] == record["financial_status"]
    assert found["displayFulfillmentStatus"] == record["fulfillment_status"]
    quantities = [node["currentQuantity"] for node in found["lineItems"]["nodes"]]
    assert quantities == [line["current_quantity"] for line in record["lines"]]
