"""What the shop sells: products, their variants, options, media and collections.

Not modelled: publications, bundles, selling plans, gift card products, categories, smart
collections that compute their members (their rules are kept, their members are set by hand).
"""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from peakproof.simkit import Product as PlanProduct

from . import payloads
from .ids import gid
from .inventory import InventoryItem

if TYPE_CHECKING:
    from .shop import Shop

__all__ = ["Catalog", "Collection", "Media", "Product", "ProductOption", "Variant"]

DEFAULT_TITLE = "Default Title"


class OptionValue:
    """One value of an option, such as "M"."""

    graphql_type = "ProductOptionValue"

    def __init__(self, shop: "Shop", option: "ProductOption", name: str) -> None:
        self.number = shop.ids.next("ProductOptionValue")
        self.id = gid("ProductOptionValue", self.number)
        self.option, self.name = option, name

    @property
    def has_variants(self) -> bool:
        """Whether any variant has this value."""
        return any(self in variant.values for variant in self.option.product.variants)


class ProductOption:
    """A way in which variants differ, such as "Size"."""

    graphql_type = "ProductOption"

    def __init__(self, shop: "Shop", product: "Product", name: str) -> None:
        self.shop, self.product, self.name = shop, product, name
        self.number = shop.ids.next("ProductOption")
        self.id = gid("ProductOption", self.number)
        self.option_values: list[OptionValue] = []

    @property
    def position(self) -> int:
        """Its place among the product's options, from 1."""
        return self.product.options.index(self) + 1

    @property
    def values(self) -> list[str]:
        """The names of its values."""
        return [value.name for value in self.option_values]

    def value(self, name: str) -> OptionValue:
        """Return the value of that name, made if need be."""
        for found in self.option_values:
            if found.name == name:
                return found
        made = OptionValue(self.shop, self, name)
        self.option_values.append(made)
        return made


class Media:
    """A picture."""

    graphql_type = "MediaImage"
    media_content_type = "IMAGE"
    status = file_status = "READY"

    def __init__(self, shop: "Shop", source: str, alt: str | None) -> None:
        self.number = shop.ids.next("MediaImage")
        self.id = gid("MediaImage", self.number)
        self.image_number = shop.ids.next("ProductImage")
        self.alt, self.url = alt, source
        self.created_at = self.updated_at = shop.now()
        name = source.partition("?")[0].lower()
        self.mime_type = "image/png" if name.endswith(".png") else "image/jpeg"

    @property
    def image(self) -> dict[str, Any]:
        """The picture itself."""
        return {
            "__typename": "Image", "id": gid("ImageSource", self.image_number), "url": self.url,
            "src": self.url, "originalSrc": self.url, "altText": self.alt, "width": 1000,
            "height": 1000,
        }  # fmt: skip


class Variant:
    """One thing that can be bought."""

    graphql_type = "ProductVariant"

    def __init__(self, shop: "Shop", product: "Product", values: list[OptionValue]) -> None:
        self.shop, self.product, self.values = shop, product, values
        self.number = self.legacy_resource_id = shop.ids.next("ProductVariant")
        self.id = gid("ProductVariant", self.number)
        self.sku = ""
        self.barcode: str | None = None
        self.price = Decimal(0)
        self.compare_at_price: Decimal | None = None
        self.taxable = True
        self.inventory_policy = "DENY"
        self.media: list[Media] = []
        self.created_at = self.updated_at = shop.now()
        self.item = InventoryItem(shop, self)

    @property
    def title(self) -> str:
        """The values of its options."""
        values = self.values
        if len(values) == 1:
            return values[0].name or DEFAULT_TITLE
        return " / ".join(value.name for value in values) or DEFAULT_TITLE

    @property
    def display_name(self) -> str:
        """The product's title with its own."""
        return f"{self.product.title} - {self.title}"

    @property
    def position(self) -> int:
        """Its place among the product's variants, from 1."""
        return self.product.variants.index(self) + 1

    @property
    def inventory_item(self) -> InventoryItem:
        """Its physical side."""
        return self.item

    @property
    def inventory_quantity(self) -> int:
        """What can be sold over all places."""
        return self.item.total()

    @property
    def sellable_online_quantity(self) -> int:
        """What can be sold online."""
        return sum(
            self.shop.inventory.available(self.item, place)
            for place in self.shop.locations.online()
        )

    @property
    def available_for_sale(self) -> bool:
        """Whether it can be bought now."""
        open_ended = not self.item.tracked or self.inventory_policy == "CONTINUE"
        return self.product.status == "ACTIVE" and (open_ended or self.inventory_quantity > 0)

    @property
    def requires_shipping(self) -> bool:
        """Whether it is a physical thing."""
        return self.item.requires_shipping

    @property
    def weight_grams(self) -> Decimal:
        """Its weight."""
        return self.item.weight_grams

    @property
    def selected_options(self) -> list[dict[str, Any]]:
        """The value of each option."""
        return [
            {"name": value.option.name, "value": value.name, "optionValue": value}
            for value in self.values
        ]


class Product:
    """Something sold, in one or more variants."""

    graphql_type = "Product"
    is_gift_card = False
    requires_selling_plan = False
    online_store_url: str | None = None

    def __init__(self, shop: "Shop", title: str) -> None:
        self.shop, self.title = shop, title
        self.number = self.legacy_resource_id = shop.ids.next("Product")
        self.id = gid("Product", self.number)
        self.handle = ""
        self.description_html = ""
        self.vendor = shop.plan.name
        self.product_type = ""
        self.status = "ACTIVE"
        self.tags: list[str] = []
        self.template_suffix: str | None = None
        self.options: list[ProductOption] = []
        self.variants: list[Variant] = []
        self.media: list[Media] = []
        self.created_at = self.updated_at = shop.now()
        self.published_at: datetime | None = self.created_at

    @property
    def body_html(self) -> str:
        """The description, by its old name."""
        return self.description_html

    @property
    def description(self) -> str:
        """The description without markup."""
        return re.sub(r"<[^>]*>", "", self.description_html)

    @property
    def featured_media(self) -> Media | None:
        """The first picture."""
        return self.media[0] if self.media else None

    @property
    def total_inventory(self) -> int:
        """What can be sold of all variants."""
        return sum(variant.inventory_quantity for variant in self.variants if variant.item.tracked)

    @property
    def tracks_inventory(self) -> bool:
        """Whether any variant's stock is counted."""
        return any(variant.item.tracked for variant in self.variants)

    @property
    def has_only_default_variant(self) -> bool:
        """Whether there are no choices to make."""
        return len(self.variants) == 1 and self.variants[0].title == DEFAULT_TITLE

    @property
    def has_out_of_stock_variants(self) -> bool:
        """Whether something is sold out."""
        return any(v.item.tracked and v.inventory_quantity <= 0 for v in self.variants)

    def option(self, name: str) -> ProductOption | None:
        """Return the option of that name."""
        return next((entry for entry in self.options if entry.name == name), None)


class Collection:
    """A group of products."""

    graphql_type = "Collection"

    def __init__(self, shop: "Shop", title: str, handle: str) -> None:
        self.number = self.legacy_resource_id = shop.ids.next("Collection")
        self.id = gid("Collection", self.number)
        self.title, self.handle = title, handle
        self.description_html = ""
        self.sort_order = "BEST_SELLING"
        self.rule_set: dict[str, Any] | None = None
        self.products: list[Product] = []
        self.updated_at = shop.now()

    @property
    def description(self) -> str:
        """The description without markup."""
        return re.sub(r"<[^>]*>", "", self.description_html)


class Catalog:
    """Every product, variant and collection of the shop, in order of their numbers."""

    def __init__(self, shop: "Shop") -> None:
        self._shop = shop
        self.products: list[Product] = []
        self.variants: list[Variant] = []
        self.collections: list[Collection] = []
        self._products: dict[int, Product] = {}
        self._variants: dict[int, Variant] = {}
        self._skus: dict[str, Variant] = {}

    def product(self, number: int) -> Product | None:
        """Return a product by its number."""
        return self._products.get(number)

    def variant(self, number: int) -> Variant | None:
        """Return a variant by its number."""
        return self._variants.get(number)

    def variant_by_sku(self, sku: str) -> Variant | None:
        """Return the first variant with that stock keeping unit."""
        found = self._skus.get(sku)
        if found is not None and found.sku == sku and found.number in self._variants:
            return found
        return next((variant for variant in self.variants if variant.sku == sku), None)

    def add_product(self, title: str, handle: str = "") -> Product:
        """Add a product without variants; its handle is made unique."""
        product = Product(self._shop, title)
        product.handle = self.free_handle(handle or title)
        self.products.append(product)
        self._products[product.number] = product
        return product

    def free_handle(self, text: str) -> str:
        """Return a handle that no product has yet."""
        base = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "product"
        taken = {product.handle for product in self.products}
        handle, number = base, 0
        while handle in taken:
            number += 1
            handle = f"{base}-{number}"
        return handle

    def add_variant(self, product: Product, values: list[OptionValue], sku: str = "") -> Variant:
        """Add a variant; it is stocked wherever the shop has active places."""
        variant = Variant(self._shop, product, values)
        variant.sku = sku
        product.variants.append(variant)
        self.variants.append(variant)
        self._variants[variant.number] = variant
        if sku:
            self._skus.setdefault(sku, variant)
        self._shop.inventory.add(variant.item)
        return variant

    def remove_variant(self, variant: Variant) -> None:
        """Delete a variant and its stock."""
        variant.product.variants.remove(variant)
        self.variants.remove(variant)
        del self._variants[variant.number]
        self._shop.inventory.remove(variant.item)

    def remove_product(self, product: Product) -> None:
        """Delete a product with its variants."""
        for variant in list(product.variants):
            self.remove_variant(variant)
        self.products.remove(product)
        del self._products[product.number]
        for collection in self.collections:
            if product in collection.products:
                collection.products.remove(product)
        self._shop.emit("products/delete", product.id, lambda: {"id": product.number})

    def collections_of(self, product: Product) -> list[Collection]:
        """Return the collections that hold a product."""
        return [entry for entry in self.collections if product in entry.products]

    def announce(self, product: Product, what: str) -> None:
        """Tell subscribers that a product was created or updated."""
        shop = self._shop
        shop.emit(
            f"products/{what}",
            product.id,
            lambda: payloads.product(shop, product),
            product.updated_at,
        )

    def announce_stock(self, variant: Variant, what: str) -> None:
        """Tell subscribers that a variant ran out or is back (``in_stock``, ``out_of_stock``)."""
        shop = self._shop
        shop.emit(f"variants/{what}", variant.id, lambda: payloads.variant(shop, variant))

    def seed(self, products: Iterable[PlanProduct]) -> None:
        """Add the products of the plan, with their stock."""
        for given in products:
            self._seed_product(given)

    def _seed_product(self, given: PlanProduct) -> None:
        shop = self._shop
        product = self.add_product(given.title)
        titles = [entry.title for entry in given.variants]
        plain = len(titles) == 1 and titles[0] in ("", DEFAULT_TITLE, given.title)
        option = ProductOption(shop, product, "Title" if plain else "Style")
        product.options.append(option)
        for entry in given.variants:
            name = DEFAULT_TITLE if plain else entry.title or entry.sku
            variant = self.add_variant(product, [option.value(name)], entry.sku)
            variant.price = Decimal(entry.price)
            variant.barcode = entry.barcode or None
            variant.taxable = entry.taxable
            variant.inventory_policy = entry.inventory_policy.upper()
            item = variant.item
            item.tracked, item.requires_shipping = entry.tracked, entry.requires_shipping
            item.weight_grams = Decimal(entry.weight_grams)
            for code, quantity in entry.stock.items():
                level = shop.inventory.connect(item, shop.locations.by_code[code])
                level.quantities["available"] = quantity
                shop.inventory.write(level, quantity, shop.cause("seed"))
