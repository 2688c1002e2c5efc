"""Answers about products, variants, media and collections.

Not modelled: publications, translations, contextual pricing, smart collections' membership.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from .catalog import Collection, Product, ProductOption, Variant
from .connection import connection, filtered, search_connection
from .context import Context
from .errors import user_error
from .ids import number_of
from .money import Money
from .registry import Arguments, Resolvers
from .shop import Shop

__all__ = ["PRODUCT_FILTERS", "RESOLVERS", "VARIANT_FILTERS"]

RESOLVERS = Resolvers()
PRODUCT_FILTERS: dict[str, Any] = {
    "id": lambda entry: entry.number,
    "title": lambda entry: entry.title,
    "handle": lambda entry: entry.handle,
    "status": lambda entry: entry.status,
    "vendor": lambda entry: entry.vendor,
    "product_type": lambda entry: entry.product_type,
    "tag": lambda entry: entry.tags,
    "sku": lambda entry: [variant.sku for variant in entry.variants],
    "barcode": lambda entry: [variant.barcode for variant in entry.variants],
    "price": lambda entry: [variant.price for variant in entry.variants],
    "inventory_total": lambda entry: entry.total_inventory,
    "created_at": lambda entry: entry.created_at,
    "updated_at": lambda entry: entry.updated_at,
    "published_at": lambda entry: entry.published_at,
    "default": lambda entry: f"{entry.title} {' '.join(entry.tags)} {entry.vendor}",
}
_PRODUCT_SORTS: dict[str, Any] = {
    "ID": None,
    "RELEVANCE": None,
    "TITLE": lambda entry: entry.title,
    "VENDOR": lambda entry: entry.vendor,
    "PRODUCT_TYPE": lambda entry: entry.product_type,
    "INVENTORY_TOTAL": lambda entry: entry.total_inventory,
    "CREATED_AT": lambda entry: entry.created_at,
    "UPDATED_AT": lambda entry: entry.updated_at,
    "PUBLISHED_AT": lambda entry: entry.published_at,
}
VARIANT_FILTERS: dict[str, Any] = {
    "id": lambda entry: entry.number,
    "sku": lambda entry: entry.sku,
    "barcode": lambda entry: entry.barcode,
    "title": lambda entry: entry.title,
    "product_id": lambda entry: entry.product.number,
    "product_ids": lambda entry: entry.product.number,
    "product_status": lambda entry: entry.product.status,
    "vendor": lambda entry: entry.product.vendor,
    "tag": lambda entry: entry.product.tags,
    "taxable": lambda entry: entry.taxable,
    "inventory_quantity": lambda entry: entry.inventory_quantity,
    "updated_at": lambda entry: entry.updated_at,
    "default": lambda entry: f"{entry.title} {entry.sku} {entry.barcode} {entry.product.title}",
}
_VARIANT_SORTS: dict[str, Any] = {
    "ID": None,
    "RELEVANCE": None,
    "POSITION": lambda entry: entry.position,
    "SKU": lambda entry: entry.sku,
    "TITLE": lambda entry: entry.title,
    "NAME": lambda entry: entry.display_name,
    "INVENTORY_QUANTITY": lambda entry: entry.inventory_quantity,
}
_COLLECTION_FILTERS: dict[str, Any] = {
    "id": lambda entry: entry.number,
    "title": lambda entry: entry.title,
    "handle": lambda entry: entry.handle,
    "updated_at": lambda entry: entry.updated_at,
    "collection_type": lambda entry: "smart" if entry.rule_set else "custom",
    "default": lambda entry: entry.title,
}
_COLLECTION_SORTS: dict[str, Any] = {
    "ID": None,
    "RELEVANCE": None,
    "TITLE": lambda entry: entry.title,
    "UPDATED_AT": lambda entry: entry.updated_at,
}


def product_of(context: Context, identity: str) -> Product | None:
    """Return the product of a global id."""
    return context.shop.catalog.product(number_of(identity, "Product"))


def variant_of(context: Context, identity: str) -> Variant | None:
    """Return the variant of a global id."""
    return context.shop.catalog.variant(number_of(identity, "ProductVariant"))


def collection_of(context: Context, identity: str) -> Collection | None:
    """Return the collection of a global id."""
    number = number_of(identity, "Collection")
    return next((e for e in context.shop.catalog.collections if e.number == number), None)


@RESOLVERS.query("product")
def product(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.product."""
    return product_of(context, arguments["id"])


@RESOLVERS.query("products")
def products(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.products."""
    found = context.shop.catalog.products
    return search_connection(found, arguments, context, PRODUCT_FILTERS, _PRODUCT_SORTS)


@RESOLVERS.query("productsCount")
def products_count(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer QueryRoot.productsCount."""
    return _count(context.shop.catalog.products, arguments, context, PRODUCT_FILTERS)


@RESOLVERS.query("productByIdentifier")
def product_by_identifier(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.productByIdentifier."""
    wanted = arguments["identifier"]
    if wanted.get("id"):
        return product_of(context, wanted["id"])
    return product_by_handle({"handle": wanted.get("handle")}, context)


@RESOLVERS.query("productByHandle")
def product_by_handle(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.productByHandle."""
    handle = arguments["handle"]
    return next((e for e in context.shop.catalog.products if e.handle == handle), None)


@RESOLVERS.query("productVariant")
def product_variant(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.productVariant."""
    return variant_of(context, arguments["id"])


@RESOLVERS.query("productVariants")
def product_variants(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.productVariants."""
    found = context.shop.catalog.variants
    return search_connection(found, arguments, context, VARIANT_FILTERS, _VARIANT_SORTS)


@RESOLVERS.query("productVariantsCount")
def product_variants_count(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer QueryRoot.productVariantsCount."""
    return _count(context.shop.catalog.variants, arguments, context, VARIANT_FILTERS)


@RESOLVERS.query("collection")
def collection(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.collection."""
    return collection_of(context, arguments["id"])


@RESOLVERS.query("collections")
def collections(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.collections."""
    found = context.shop.catalog.collections
    return search_connection(found, arguments, context, _COLLECTION_FILTERS, _COLLECTION_SORTS)


def _count(
    items: list[Any], arguments: Arguments, context: Context, filters: dict[str, Any]
) -> dict[str, Any]:
    count = len(filtered(items, arguments, context, filters))
    limit = arguments.get("limit")
    if limit is not None and count > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": count, "precision": "EXACT"}


@RESOLVERS.field("Product", "options")
def options(entry: Product, arguments: Arguments, _context: Context) -> list[ProductOption]:
    """Answer Product.options."""
    return entry.options[: arguments.get("first") or len(entry.options)]


@RESOLVERS.field("Product", "variants")
def variants(entry: Product, arguments: Arguments, context: Context) -> Any:
    """Answer Product.variants: by position unless another order is asked for."""
    if (arguments.get("sortKey") or "POSITION") == "POSITION":
        ordered = sorted(entry.variants, key=lambda variant: variant.number)
        if ordered == entry.variants:
            return connection(ordered, arguments, context)
    found = sorted(entry.variants, key=lambda variant: variant.number)
    return search_connection(found, arguments, context, VARIANT_FILTERS, _VARIANT_SORTS)


@RESOLVERS.field("Product", "variantsCount")
def variants_count(entry: Product, _arguments: Arguments, _context: Context) -> dict[str, Any]:
    """Answer Product.variantsCount."""
    return {"count": len(entry.variants), "precision": "EXACT"}


@RESOLVERS.field("Product", "media")
def product_media(entry: Product, arguments: Arguments, context: Context) -> Any:
    """Answer Product.media."""
    return connection(entry.media, arguments, context, sort=entry.media.index)


@RESOLVERS.field("Product", "mediaCount")
def media_count(entry: Product, _arguments: Arguments, _context: Context) -> dict[str, Any]:
    """Answer Product.mediaCount."""
    return {"count": len(entry.media), "precision": "EXACT"}


@RESOLVERS.field("Product", "description")
def product_description(entry: Product, arguments: Arguments, _context: Context) -> str:
    """Answer Product.description."""
    return _cut(entry.description, arguments.get("truncateAt"))


@RESOLVERS.field("Collection", "description")
def collection_description(entry: Collection, arguments: Arguments, _context: Context) -> str:
    """Answer Collection.description."""
    return _cut(entry.description, arguments.get("truncateAt"))


def _cut(text: str, size: int | None) -> str:
    return text if size is None or len(text) <= size else text[: max(0, size - 3)] + "..."


@RESOLVERS.field("Product", "collections")
def product_collections(entry: Product, arguments: Arguments, context: Context) -> Any:
    """Answer Product.collections."""
    return connection(context.shop.catalog.collections_of(entry), arguments, context)


@RESOLVERS.field("Product", "priceRangeV2")
def price_range(entry: Product, _arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Product.priceRangeV2."""
    prices = [variant.price for variant in entry.variants] or [Decimal(0)]
    currency = context.shop.currency
    return {
        "minVariantPrice": Money(min(prices), currency),
        "maxVariantPrice": Money(max(prices), currency),
    }


@RESOLVERS.field("ProductVariant", "media")
def variant_media(entry: Variant, arguments: Arguments, context: Context) -> Any:
    """Answer ProductVariant.media."""
    return connection(entry.media, arguments, context, sort=entry.media.index)


@RESOLVERS.field("ProductVariant", "image")
def variant_image(entry: Variant, _arguments: Arguments, _context: Context) -> Any:
    """Answer ProductVariant.image."""
    return entry.media[0].image if entry.media else None


@RESOLVERS.field("Collection", "products")
def collection_products(entry: Collection, arguments: Arguments, context: Context) -> Any:
    """Answer Collection.products."""
    return connection(sorted(entry.products, key=lambda p: p.number), arguments, context)


@RESOLVERS.field("Collection", "productsCount")
def collection_count(entry: Collection, _arguments: Arguments, _context: Context) -> Any:
    """Answer Collection.productsCount."""
    return {"count": len(entry.products), "precision": "EXACT"}


@RESOLVERS.field("Collection", "hasProduct")
def has_product(entry: Collection, arguments: Arguments, _context: Context) -> bool:
    """Answer Collection.hasProduct."""
    return any(found.id == arguments["id"] for found in entry.products)


@RESOLVERS.mutation("collectionCreate")
def collection_create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.collectionCreate."""
    given = arguments.get("collection") or arguments.get("input") or {}
    shop = context.shop
    if not given.get("title"):
        text = "Title can't be blank"
        return {"collection": None, "userErrors": [user_error(["title"], text)]}
    title = given["title"]
    entry = Collection(shop, title, given.get("handle") or title.lower().replace(" ", "-"))
    entry.description_html = given.get("descriptionHtml") or ""
    entry.sort_order = given.get("sortOrder") or entry.sort_order
    entry.rule_set = given.get("ruleSet")
    for identity in given.get("products") or ():
        found = product_of(context, identity)
        if found is not None:
            entry.products.append(found)
    for metafield in given.get("metafields") or ():
        shop.metafields.write(entry.id, metafield)
    shop.catalog.collections.append(entry)
    shop.emit("collections/create", entry.id, lambda: _collection_payload(entry, context))
    return {"collection": entry, "userErrors": []}


@RESOLVERS.mutation("collectionDelete")
def collection_delete(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.collectionDelete."""
    entry, shop = collection_of(context, arguments["input"]["id"]), context.shop
    record = {"__typename": "Shop", "id": shop.id, "name": shop.plan.name}
    if entry is None:
        return {"deletedCollectionId": None, "shop": record,
                "userErrors": [user_error(["id"], "Collection does not exist")]}  # fmt: skip
    shop.catalog.collections.remove(entry)
    shop.emit("collections/delete", entry.id, lambda: {"id": entry.number})
    return {"deletedCollectionId": entry.id, "shop": record, "userErrors": []}


def _members(arguments: Arguments, context: Context, add: bool) -> dict[str, Any]:
    entry = collection_of(context, arguments["id"])
    if entry is None:
        return {"collection": None, "job": None,
                "userErrors": [user_error(["id"], "Collection does not exist")]}  # fmt: skip
    for identity in arguments["productIds"]:
        found = product_of(context, identity)
        if found is not None and (found in entry.products) is not add:
            (entry.products.append if add else entry.products.remove)(found)
    entry.updated_at = context.shop.now()
    context.shop.emit("collections/update", entry.id, lambda: _collection_payload(entry, context))
    job = {"__typename": "Job", "id": context.shop.ids.next_gid("Job"), "done": True}
    return {"collection": entry, "job": job, "userErrors": []}


@RESOLVERS.mutation("collectionAddProducts")
def collection_add(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.collectionAddProducts."""
    return _members(arguments, context, add=True)


@RESOLVERS.mutation("collectionRemoveProducts")
def collection_remove(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.collectionRemoveProducts."""
    return _members(arguments, context, add=False)


def _collection_payload(entry: Collection, context: Context) -> dict[str, Any]:
    return {
        "id": entry.number, "handle": entry.handle, "title": entry.title,
        "updated_at": context.shop.iso(entry.updated_at), "body_html": entry.description_html,
        "published_at": None, "sort_order": entry.sort_order.lower().replace("_", "-"),
        "template_suffix": None, "published_scope": "global", "admin_graphql_api_id": entry.id,
    }  # fmt: skip


RESOLVERS.node("Product", lambda shop, number: shop.catalog.product(number))
RESOLVERS.node("ProductVariant", lambda shop, number: shop.catalog.variant(number))
RESOLVERS.node("Collection", lambda shop, number: _numbered(shop.catalog.collections, number))
RESOLVERS.node("MediaImage", lambda shop, number: _numbered(_pictures(shop), number))


def _numbered(items: Iterable[Any], number: int) -> Any:
    return next((entry for entry in items if entry.number == number), None)


def _pictures(shop: Shop) -> list[Any]:
    return [media for product in shop.catalog.products for media in product.media]
