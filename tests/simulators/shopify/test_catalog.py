"""Products, variants, collections, customers, metafields, tags, search and pages."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from simulators.shopify.scalars import write_decimal, write_money, write_time
from simulators.shopify.search import compile_search

SET = """mutation($input: ProductSetInput!, $identifier: ProductSetIdentifiers) {
  productSet(input: $input, identifier: $identifier) {
    product { id title handle variants(first: 10) { nodes { id sku price title
      inventoryItem { id } } } media(first: 5) { nodes { alt } } }
    userErrors { code field message } } }"""


def product(title: str, *sizes: str) -> dict[str, Any]:
    return {
        "title": title,
        "productOptions": [{"name": "Size", "values": [{"name": size} for size in sizes]}],
        "variants": [
            {"optionValues": [{"optionName": "Size", "name": size}], "sku": f"{title}-{size}",
             "price": "12.50"} for size in sizes
        ],
    }  # fmt: skip


def test_product_set_makes_the_product_what_the_input_says(store: Any) -> None:
    made = store.data(SET, {"input": product("Hat", "S", "M")})["productSet"]
    assert made["userErrors"] == []
    variants = made["product"]["variants"]["nodes"]
    assert [entry["title"] for entry in variants] == ["S", "M"]
    assert variants[0]["price"] == "12.50"
    again = product("Hat", "M", "L")
    again["files"] = [{"originalSource": "https://x.example/a.png", "alt": "front"}]
    found = store.data(SET, {"input": again, "identifier": {"id": made["product"]["id"]}})
    after = found["productSet"]["product"]
    assert [entry["title"] for entry in after["variants"]["nodes"]] == ["M", "L"]
    assert after["variants"]["nodes"][0]["id"] == variants[1]["id"], "M is the same variant"
    assert after["media"]["nodes"] == [{"alt": "front"}]
    gone = store.data("query($id: ID!) { node(id: $id) { id } }", {"id": variants[0]["id"]})
    assert gone["node"] is None


def test_a_custom_id_finds_what_it_made(store: Any) -> None:
    identifier = {"customId": {"namespace": "erp", "key": "id", "value": "T-1"}}
    body = store.data(SET, {"input": product("Cap", "S"), "identifier": identifier})["productSet"]
    assert body["userErrors"], "a custom id needs a definition"
    store.data("""mutation { metafieldDefinitionCreate(definition: {namespace: "erp", key: "id",
      name: "ERP", type: "id", ownerType: PRODUCT}) { userErrors { message } } }""")
    first = store.data(SET, {"input": product("Cap", "S"), "identifier": identifier})["productSet"]
    second = store.data(SET, {"input": product("Cap 2", "S"), "identifier": identifier})
    assert first["product"]["id"] == second["productSet"]["product"]["id"]
    assert second["productSet"]["product"]["title"] == "Cap 2"


def test_variants_in_bulk_create_update_delete(store: Any) -> None:
    identity = store.data(SET, {"input": product("Sock", "S")})["productSet"]["product"]["id"]
    create = """mutation($id: ID!, $variants: [ProductVariantsBulkInput!]!) {
      productVariantsBulkCreate(productId: $id, variants: $variants) {
        productVariants { id sku price } userErrors { code } } }"""
    entry = {
        "optionValues": [{"optionName": "Size", "name": "XL"}],
        "price": "9",
        "inventoryItem": {"sku": "SOCK-XL"},
        "inventoryQuantities": [{"locationId": store.place("NY"), "availableQuantity": 4}],
    }
    made = store.data(create, {"id": identity, "variants": [entry]})["productVariantsBulkCreate"]
    assert made["userErrors"] == []
    variant = made["productVariants"][0]
    assert (variant["sku"], variant["price"]) == ("SOCK-XL", "9.00")
    twice = store.data(create, {"id": identity, "variants": [entry]})["productVariantsBulkCreate"]
    assert twice["userErrors"] == [{"code": "VARIANT_ALREADY_EXISTS"}]
    update = create.replace("Create", "Update")
    changed = store.data(update, {"id": identity, "variants": [{"id": variant["id"],
                                                                "price": "7.25"}]})  # fmt: skip
    assert changed["productVariantsBulkUpdate"]["productVariants"][0]["price"] == "7.25"
    wrong = store.data(update, {"id": identity, "variants": [{"id": variant["id"], "price": "-1"}]})
    assert wrong["productVariantsBulkUpdate"]["userErrors"] == [
        {"code": "GREATER_THAN_OR_EQUAL_TO"}
    ]
    delete = """mutation($id: ID!, $ids: [ID!]!) { productVariantsBulkDelete(productId: $id,
      variantsIds: $ids) { product { variantsCount { count } } userErrors { message } } }"""
    data = store.data(delete, {"id": identity, "ids": [variant["id"]]})
    assert data["productVariantsBulkDelete"]["product"]["variantsCount"]["count"] == 1


def test_customers_are_unique_by_email_and_phone(store: Any) -> None:
    create = """mutation($input: CustomerInput!) { customerCreate(input: $input) {
      customer { id email defaultAddress { city countryCodeV2 } }
      userErrors { field message } } }"""
    given = {
        "email": "eve@example.com",
        "phone": "+15125550100",
        "addresses": [{"city": "Austin", "countryCode": "US", "provinceCode": "TX"}],
    }
    made = store.data(create, {"input": given})["customerCreate"]
    assert made["customer"]["defaultAddress"] == {"city": "Austin", "countryCodeV2": "US"}
    for change in ({"email": "EVE@example.com"}, {"phone": "+15125550100"}, {"email": "none"}, {}):
        assert store.data(create, {"input": change})["customerCreate"]["userErrors"], change


def test_metafields_and_tags(store: Any) -> None:
    owner = store.seeded["variants"]["MUG"]["product"]
    written = store.data(
        """mutation($id: ID!) { metafieldsSet(metafields: [{ownerId: $id,
      namespace: "a", key: "b", type: "json", value: "{\\"x\\": 1}"}]) {
      metafields { jsonValue compareDigest } userErrors { code } }
      tagsAdd(id: $id, tags: ["new", "sale"]) { userErrors { message } } }""",
        {"id": owner},
    )
    assert written["metafieldsSet"]["metafields"][0]["jsonValue"] == {"x": 1}
    data = store.data("""query($id: ID!) { product(id: $id) { tags
      metafield(namespace: "a", key: "b") { value owner { ... on Product { title } } } } }""",
      {"id": owner})  # fmt: skip
    assert data["product"]["tags"] == ["new", "sale"]
    assert data["product"]["metafield"]["owner"]["title"] == "Mug"
    stale = store.data("""mutation($id: ID!) { metafieldsSet(metafields: [{ownerId: $id,
      namespace: "a", key: "b", type: "json", value: "1", compareDigest: "old"}]) {
      userErrors { code } } }""", {"id": owner})  # fmt: skip
    assert stale["metafieldsSet"]["userErrors"] == [{"code": "STALE_OBJECT"}]


def test_pages_do_not_shift_when_something_is_added(store: Any) -> None:
    query = """query($after: String) { productVariants(first: 2, after: $after) {
      nodes { sku } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    page = store.data(query)["productVariants"]
    assert [entry["sku"] for entry in page["nodes"]] == ["TEE-S", "TEE-M"]
    assert page["pageInfo"]["hasNextPage"] is True
    store.data(SET, {"input": product("Late", "S")})
    after = store.data(query, {"after": page["pageInfo"]["endCursor"]})["productVariants"]
    assert [entry["sku"] for entry in after["nodes"]] == ["MUG", "Late-S"]
    assert after["pageInfo"]["hasPreviousPage"] is True
    back = store.data("""query($before: String) { productVariants(last: 1, before: $before) {
      nodes { sku } } }""", {"before": after["pageInfo"]["endCursor"]})  # fmt: skip
    assert back["productVariants"]["nodes"] == [{"sku": "MUG"}]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [("", "you must provide one of first or last"), ("(first: 251)", "first cannot exceed 250"),
     ("(first: 1, last: 1)", "both first and last"), ("(first: 0)", "greater than 0"),
     ('(first: 1, after: "x")', "Invalid cursor")],
)  # fmt: skip
def test_page_arguments_are_checked(store: Any, arguments: str, text: str) -> None:
    body = store.post(f"{{ products{arguments} {{ nodes {{ id }} }} }}")
    assert text in body["errors"][0]["message"]


def test_sorting_backwards_through_pages(store: Any) -> None:
    query = """query($after: String) { products(first: 1, after: $after, sortKey: TITLE,
      reverse: true) { nodes { title } pageInfo { endCursor hasNextPage } } }"""
    seen, after = [], None
    while True:
        page = store.data(query, {"after": after})["products"]
        seen += [entry["title"] for entry in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == ["Tee", "Mug"]


FIELDS = {
    "name": lambda item: item["name"],
    "total": lambda item: item["total"],
    "tag": lambda item: item["tags"],
    "created_at": lambda item: item["at"],
    "default": lambda item: item["name"],
}
ITEM = {"name": "#1001", "total": Decimal("12.50"), "tags": ["vip", "eu"],
        "at": datetime(2026, 11, 23, 9, 30, tzinfo=UTC)}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name:#1001", True), ('name:"#1001"', True), ("name:#10*", True), ("name:#2*", False),
        ("total:>12", True), ("total:<=12.5", True), ("total:>12.50", False),
        ("tag:vip tag:eu", True), ("tag:vip tag:us", False), ("tag:us OR tag:eu", True),
        ("-tag:vip", False), ("NOT tag:us", True), ("(tag:us OR tag:eu) total:>1", True),
        ("created_at:>=2026-11-23", True), ("created_at:<=2026-11-23", True),
        ("created_at:>2026-11-23", False), ("created_at:2026-11-23", True),
        ("created_at:>'2026-11-23T09:00:00Z'", True), ("created_at:<2026-11-23T09:00:00Z", False),
        ("1001", True), ("2002", False), ("tag:us,eu", True), ("", True),
    ],
)  # fmt: skip
def test_search_syntax(query: str, found: bool) -> None:
    assert compile_search(query, FIELDS)(ITEM) is found


def test_an_unknown_search_field_is_let_be_and_warned_about(store: Any) -> None:
    warned: list[str] = []
    assert compile_search("colour:red tag:vip", FIELDS, warned.append)(ITEM)
    assert warned == ["colour"]
    body = store.post('{ products(first: 5, query: "colour:red") { nodes { id } } }')
    assert body["extensions"]["search"][0]["warnings"][0]["field"] == "colour"
    assert len(body["data"]["products"]["nodes"]) == 2


def test_how_amounts_and_moments_are_written() -> None:
    assert [write_decimal(Decimal(text)) for text in ("40", "40.00", "0.5", "12.345")] == [
        "40.0", "40.0", "0.5", "12.345",
    ]  # fmt: skip
    assert [write_money(Decimal(text)) for text in ("40", "9.5", "12.345")] == [
        "40.00", "9.50", "12.345",
    ]  # fmt: skip
    assert write_time(ITEM["at"]) == "2026-11-23T09:30:00Z"
