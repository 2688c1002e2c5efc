"""Mutations of products and variants.

Not modelled: asynchronous productSet and productDelete, media other than pictures, duplicates.
"""

from typing import Any

from .catalog import Product, Variant
from .context import Context
from .errors import not_modelled, user_error
from .product_write import VARIANTS_MAX, Writer
from .registry import Arguments, Resolvers
from .resolve_catalog import product_of, variant_of

__all__ = ["RESOLVERS"]

RESOLVERS = Resolvers()


def _finish(writer: Writer, product: Product, what: str) -> None:
    product.updated_at = writer.shop.now()
    writer.shop.catalog.announce(product, what)


@RESOLVERS.mutation("productCreate")
def product_create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.productCreate: with one variant of the first option values."""
    given = arguments.get("product") or arguments.get("input") or {}
    if not (given.get("title") or "").strip():
        text = "Title can't be blank"
        return {"product": None, "userErrors": [user_error(["title"], text)]}
    writer = Writer(context)
    product = context.shop.catalog.add_product(given["title"], given.get("handle") or "")
    writer.product_fields(product, {**given, "handle": None})
    writer.options(product, given.get("productOptions"))
    first = [option.option_values[0] for option in product.options if option.option_values]
    writer.stock_everywhere(context.shop.catalog.add_variant(product, first))
    _add_media(writer, product, arguments.get("media"))
    _finish(writer, product, "create")
    return {"product": product, "shop": None, "userErrors": []}


def _add_media(writer: Writer, product: Product, given: list[dict[str, Any]] | None) -> None:
    for index, entry in enumerate(given or ()):
        if entry["mediaContentType"] != "IMAGE":
            raise not_modelled(f"media of type {entry['mediaContentType']}", writer.context)
        media = writer.media(product, entry, ["media", str(index)])
        if media is not None and media not in product.media:
            product.media.append(media)


@RESOLVERS.mutation("productUpdate")
def product_update(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.productUpdate."""
    given = arguments.get("product") or arguments.get("input") or {}
    wanted = arguments.get("identifier") or {}
    identity = given.get("id") or wanted.get("id")
    product = product_of(context, identity) if identity else None
    if product is None and wanted.get("handle"):
        handles = {entry.handle: entry for entry in context.shop.catalog.products}
        product = handles.get(wanted["handle"])
    if product is None:
        text = "Product does not exist"
        return {"product": None, "userErrors": [user_error(["id"], text)]}
    if "title" in given and not (given["title"] or "").strip():
        text = "Title can't be blank"
        return {"product": product, "userErrors": [user_error(["title"], text)]}
    writer = Writer(context)
    writer.product_fields(product, given)
    _add_media(writer, product, arguments.get("media"))
    _finish(writer, product, "update")
    return {"product": product, "userErrors": []}


@RESOLVERS.mutation("productChangeStatus")
def product_change_status(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.productChangeStatus."""
    product = product_of(context, arguments["productId"])
    if product is None:
        error = user_error(["productId"], "Product does not exist", "PRODUCT_NOT_FOUND")
        return {"product": None, "userErrors": [error]}
    product.status = arguments["status"]
    _finish(Writer(context), product, "update")
    return {"product": product, "userErrors": []}


@RESOLVERS.mutation("productDelete")
def product_delete(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.productDelete."""
    if not arguments.get("synchronous", True):
        raise not_modelled("productDelete(synchronous: false)", context)
    product = product_of(context, arguments["input"]["id"])
    record = {"__typename": "Shop", "id": context.shop.id, "name": context.shop.plan.name}
    if product is None:
        error = user_error(["id"], "Product does not exist")
        return {"deletedProductId": None, "shop": record, "userErrors": [error]}
    context.shop.catalog.remove_product(product)
    return {"deletedProductId": product.id, "shop": record, "userErrors": []}


@RESOLVERS.mutation("productSet")
def product_set(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.productSet: the product becomes what the input says."""
    if not arguments.get("synchronous", True):
        raise not_modelled("productSet(synchronous: false)", context)
    given, writer = arguments["input"], Writer(context)
    product, custom = _identified(arguments, writer)
    if writer.errors:
        return {"product": None, "userErrors": writer.errors}
    is_new = product is None
    if product is None:
        if not (given.get("title") or "").strip():
            text = "Title can't be blank"
            return {"product": None, "userErrors": [
                user_error(["input", "title"], text, "INVALID_INPUT")]}  # fmt: skip
        product = context.shop.catalog.add_product(given["title"], given.get("handle") or "")
    if given.get("productOptions") is not None and given.get("variants") is None:
        writer.refuse(["input", "variants"], "Variants input is required when updating product "
                      "options", "VARIANTS_INPUT_MISSING")  # fmt: skip
    if not writer.errors:
        _set_all(writer, product, given)
    if writer.errors:
        if is_new:
            context.shop.catalog.remove_product(product)
        return {"product": None, "userErrors": writer.errors}
    if custom is not None:
        context.shop.metafields.write(product.id, {**custom, "type": "id"})
    _finish(writer, product, "create" if is_new else "update")
    return {"product": product, "productSetOperation": None, "userErrors": []}


def _identified(
    arguments: Arguments, writer: Writer
) -> tuple[Product | None, dict[str, Any] | None]:
    """Return the product that is meant, and the custom id to give a new one."""
    wanted = arguments.get("identifier") or {}
    shop = writer.shop
    identity = wanted.get("id") or arguments["input"].get("id")
    if identity:
        product = product_of(writer.context, identity)
        if product is None:
            writer.refuse(["input"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
        return product, None
    if wanted.get("handle"):
        handles = {entry.handle: entry for entry in shop.catalog.products}
        return handles.get(wanted["handle"]), None
    custom = wanted.get("customId")
    if custom is None:
        return None, None
    namespace = custom.get("namespace") or "$app"
    if shop.metafields.definition("PRODUCT", namespace, custom["key"]) is None:
        text = "Metafield definition of type 'id' is required when using custom ids."
        writer.refuse(["identifier", "customId"], text, "METAFIELD_MISMATCH")
        return None, None
    owner = shop.metafields.owner_of("Product", namespace, custom["key"], custom["value"])
    found = product_of(writer.context, owner) if owner else None
    return found, {"namespace": namespace, "key": custom["key"], "value": custom["value"]}


def _set_all(writer: Writer, product: Product, given: dict[str, Any]) -> None:
    writer.product_fields(product, given)
    files = writer.files(product, given.get("files"))
    writer.options(product, given.get("productOptions"))
    catalog = writer.shop.catalog
    wanted = given.get("variants")
    if wanted is None:
        if not product.variants:
            first = [option.option_values[0] for option in product.options]
            writer.stock_everywhere(catalog.add_variant(product, first))
        return
    if len(wanted) > VARIANTS_MAX:
        text = f"Variants cannot exceed {VARIANTS_MAX}."
        writer.refuse(["input", "variants"], text, "VARIANTS_OVER_LIMIT")
        return
    kept: list[Variant] = []
    for index, entry in enumerate(wanted):
        variant = _set_variant(writer, product, entry, ["input", "variants", str(index)])
        if variant is None:
            continue
        kept.append(variant)
        file = entry.get("file")
        if file is not None:
            place = next((i for i, f in enumerate(given.get("files") or ()) if f == file), None)
            media = files.get(place) if place is not None else None
            variant.media = [media] if media else []
    if writer.errors:
        return
    for variant in [entry for entry in product.variants if entry not in kept]:
        catalog.remove_variant(variant)
    product.variants[:] = kept


def _set_variant(
    writer: Writer, product: Product, entry: dict[str, Any], path: list[str]
) -> Variant | None:
    values = writer.values_for(product, entry["optionValues"], path)
    if values is None:
        return None
    variant = variant_of(writer.context, entry["id"]) if entry.get("id") else None
    if entry.get("id") and (variant is None or variant.product is not product):
        text = "Product variant does not exist"
        writer.refuse([*path, "id"], text, "PRODUCT_VARIANT_DOES_NOT_EXIST")
        return None
    if variant is None:
        variant = next((v for v in product.variants if v.values == values), None)
    if variant is None:
        variant = writer.shop.catalog.add_variant(product, values)
        writer.variant_fields(variant, entry, path)
        writer.quantities(variant, entry.get("inventoryQuantities"), path)
        writer.stock_everywhere(variant)
    else:
        variant.values = values
        writer.variant_fields(variant, entry, path)
        writer.quantities(variant, entry.get("inventoryQuantities"), path)
    return variant


def _bulk(product: Product | None, made: list[Variant] | None, errors: list[Any]) -> dict[str, Any]:
    return {"product": product, "productVariants": made, "userErrors": errors}


@RESOLVERS.mutation("productVariantsBulkCreate")
def variants_create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.productVariantsBulkCreate."""
    product, writer = product_of(context, arguments["productId"]), Writer(context)
    if product is None:
        error = user_error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
        return _bulk(None, None, [error])
    catalog = context.shop.catalog
    if (
        arguments.get("strategy") == "REMOVE_STANDALONE_VARIANT"
        and product.has_only_default_variant
    ):
        catalog.remove_variant(product.variants[0])
    made: list[Variant] = []
    for index, entry in enumerate(arguments["variants"]):
        path = ["variants", str(index)]
        values = writer.values_for(product, entry.get("optionValues") or [], path)
        if values is None:
            continue
        if any(variant.values == values for variant in product.variants):
            name = " / ".join(value.name for value in values)
            text = f"The variant '{name}' already exists."
            writer.refuse(path, text, "VARIANT_ALREADY_EXISTS")
            continue
        variant = catalog.add_variant(product, values)
        made.append(variant)
        writer.variant_fields(variant, entry, path)
        writer.quantities(variant, entry.get("inventoryQuantities"), path)
        writer.stock_everywhere(variant)
        _variant_media(writer, variant, entry)
    if writer.errors:
        for variant in made:
            catalog.remove_variant(variant)
        return _bulk(None, None, writer.errors)
    _add_media(writer, product, arguments.get("media"))
    _finish(writer, product, "update")
    return _bulk(product, made, [])


def _variant_media(writer: Writer, variant: Variant, entry: dict[str, Any]) -> None:
    if entry.get("mediaId"):
        media = writer.media(variant.product, {"id": entry["mediaId"]}, ["mediaId"])
        variant.media = [media] if media else []
    for source in entry.get("mediaSrc") or ():
        media = writer.media(variant.product, {"originalSource": source}, ["mediaSrc"])
        if media is not None:
            variant.product.media.append(media)
            variant.media = [media]


@RESOLVERS.mutation("productVariantsBulkUpdate")
def variants_update(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.productVariantsBulkUpdate."""
    product, writer = product_of(context, arguments["productId"]), Writer(context)
    if product is None:
        error = user_error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
        return _bulk(None, None, [error])
    found: list[tuple[Variant, dict[str, Any], list[str]]] = []
    for index, entry in enumerate(arguments["variants"]):
        path = ["variants", str(index)]
        variant = variant_of(context, entry["id"]) if entry.get("id") else None
        if variant is None or variant.product is not product:
            text, code = "Product variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST"
            if not entry.get("id"):
                text, code = "Product variant is missing ID attribute", "PRODUCT_VARIANT_ID_MISSING"
            writer.refuse([*path, "id"], text, code)
        elif entry.get("inventoryQuantities"):
            text = "Inventory quantities can only be provided during create."
            code = "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE"
            writer.refuse([*path, "inventoryQuantities"], text, code)
        elif entry.get("price") is not None and entry["price"] < 0:
            text = "Price must be greater than or equal to 0"
            writer.refuse([*path, "price"], text, "GREATER_THAN_OR_EQUAL_TO")
        else:
            found.append((variant, entry, path))
    if writer.errors and not arguments.get("allowPartialUpdates"):
        return _bulk(product, None, writer.errors)
    for variant, entry, path in found:
        if entry.get("optionValues"):
            variant.values = (
                writer.values_for(product, entry["optionValues"], path) or variant.values
            )
        writer.variant_fields(variant, entry, path)
        _variant_media(writer, variant, entry)
    _add_media(writer, product, arguments.get("media"))
    _finish(writer, product, "update")
    return _bulk(product, [variant for variant, _, _ in found], writer.errors)


@RESOLVERS.mutation("productVariantsBulkDelete")
def variants_delete(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.productVariantsBulkDelete."""
    product, writer = product_of(context, arguments["productId"]), Writer(context)
    if product is None:
        error = user_error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
        return {"product": None, "userErrors": [error]}
    found = [variant_of(context, identity) for identity in arguments["variantsIds"]]
    for index, variant in enumerate(found):
        if variant is None or variant.product is not product:
            text = "At least one variant does not belong to the product"
            code = "AT_LEAST_ONE_VARIANT_DOES_NOT_BELONG_TO_THE_PRODUCT"
            writer.refuse(["variantsIds", str(index)], text, code)
    if writer.errors:
        return {"product": None, "userErrors": writer.errors}
    for variant in found:
        assert variant is not None
        context.shop.catalog.remove_variant(variant)
    _finish(writer, product, "update")
    return {"product": product, "userErrors": []}


def _pictures(arguments: Arguments, context: Context, attach: bool) -> dict[str, Any]:
    product = product_of(context, arguments["productId"])
    if product is None:
        error = user_error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
        return {"product": None, "productVariants": None, "userErrors": [error]}
    media = {entry.id: entry for entry in product.media}
    work, errors = [], []
    for index, entry in enumerate(arguments["variantMedia"]):
        path = ["variantMedia", str(index)]
        variant = variant_of(context, entry["variantId"])
        if variant is None or variant.product is not product:
            text = "Variant does not exist on the specified product."
            code = "PRODUCT_VARIANT_DOES_NOT_EXIST_ON_PRODUCT"
            errors.append(user_error([*path, "variantId"], text, code))
            continue
        for identity in entry["mediaIds"]:
            if identity not in media:
                text = "Media does not exist on the specified product."
                code = "MEDIA_DOES_NOT_EXIST_ON_PRODUCT"
                errors.append(user_error([*path, "mediaIds"], text, code))
            else:
                work.append((variant, media[identity]))
    if errors:
        return {"product": product, "productVariants": None, "userErrors": errors}
    for variant, picture in work:
        if attach:
            variant.media = [picture]
        elif picture in variant.media:
            variant.media.remove(picture)
    _finish(Writer(context), product, "update")
    return {"product": product, "productVariants": [v for v, _ in work], "userErrors": []}


@RESOLVERS.mutation("productVariantAppendMedia")
def append_media(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.productVariantAppendMedia."""
    return _pictures(arguments, context, attach=True)


@RESOLVERS.mutation("productVariantDetachMedia")
def detach_media(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.productVariantDetachMedia."""
    return _pictures(arguments, context, attach=False)
