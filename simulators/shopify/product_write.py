"""How inputs change products, variants, options and pictures.

``Writer`` collects user errors as it goes; a mutation that has any is undone by not having been
begun: everything is checked before the first change where a change could not be taken back.

Not modelled: categories, selling plans, linked options, unit prices.
"""

from typing import Any

from .catalog import DEFAULT_TITLE, Media, OptionValue, Product, ProductOption, Variant
from .context import Context
from .errors import user_error
from .ids import number_of
from .resolve_inventory import location_of, take_item

__all__ = ["OPTIONS_MAX", "VARIANTS_MAX", "Writer"]

OPTIONS_MAX, VARIANTS_MAX = 3, 2_048
_PLAIN = (
    ("title", "title"), ("descriptionHtml", "description_html"), ("vendor", "vendor"),
    ("productType", "product_type"), ("status", "status"), ("templateSuffix", "template_suffix"),
)  # fmt: skip


class Writer:
    """Applies one mutation's input to the catalog."""

    def __init__(self, context: Context) -> None:
        self.context, self.shop = context, context.shop
        self.errors: list[dict[str, Any]] = []

    def refuse(self, path: list[str], message: str, code: str) -> None:
        """Note a user error."""
        self.errors.append(user_error(path, message, code))

    def product_fields(self, product: Product, given: dict[str, Any]) -> None:
        """Take a product's own fields."""
        for name, attribute in _PLAIN:
            if name in given and (given[name] is not None or name == "templateSuffix"):
                setattr(product, attribute, given[name])
        if given.get("handle"):
            handle = given["handle"]
            if handle != product.handle:
                product.handle = self.shop.catalog.free_handle(handle)
        if given.get("tags") is not None:
            tags = [part.strip() for tag in given["tags"] for part in tag.split(",")]
            product.tags = sorted(dict.fromkeys(filter(None, tags)), key=str.lower)
        if given.get("giftCard"):
            product.is_gift_card = True
        for metafield in given.get("metafields") or ():
            self.shop.metafields.write(product.id, metafield)
        self.collections(product, given)
        product.updated_at = self.shop.now()

    def collections(self, product: Product, given: dict[str, Any]) -> None:
        """Put the product into collections, or take it out."""
        wanted = given.get("collections")
        for entry in self.shop.catalog.collections:
            member = product in entry.products
            if entry.id in (given.get("collectionsToJoin") or ()) and not member:
                entry.products.append(product)
            elif entry.id in (given.get("collectionsToLeave") or ()) and member:
                entry.products.remove(product)
            elif wanted is not None and (entry.id in wanted) is not member:
                (entry.products.remove if member else entry.products.append)(product)

    def options(self, product: Product, given: list[dict[str, Any]] | None) -> None:
        """Make the product's options those of the input."""
        if given is None:
            if not product.options:
                option = ProductOption(self.shop, product, "Title")
                option.value(DEFAULT_TITLE)
                product.options.append(option)
            return
        if len(given) > OPTIONS_MAX:
            text = f"Options cannot exceed {OPTIONS_MAX}."
            self.refuse(["input", "productOptions"], text, "OPTIONS_OVER_LIMIT")
            return
        by_id = {option.id: option for option in product.options}
        by_name = {option.name: option for option in product.options}
        kept: list[ProductOption] = []
        for entry in given:
            name = entry.get("name") or ""
            known = by_id.get(entry.get("id") or "") or by_name.get(name)
            option = known or ProductOption(self.shop, product, name)
            option.name = name or option.name
            self._values(option, entry.get("values") or [])
            kept.append(option)
        product.options = kept

    def _values(self, option: ProductOption, given: list[dict[str, Any]]) -> None:
        by_id = {value.id: value for value in option.option_values}
        kept: list[OptionValue] = []
        for entry in given:
            value = by_id.get(entry.get("id") or "") or option.value(entry.get("name") or "")
            value.name = entry.get("name") or value.name
            kept.append(value)
        option.option_values = kept

    def values_for(
        self, product: Product, given: list[dict[str, Any]], path: list[str]
    ) -> list[OptionValue] | None:
        """Return the option values that a variant's input names, in order of the options."""
        chosen: dict[int, OptionValue] = {}
        for index, entry in enumerate(given):
            option = product.option(entry.get("optionName") or "")
            if option is None and entry.get("optionId"):
                option = next((o for o in product.options if o.id == entry["optionId"]), None)
            if option is None:
                where = [*path, "optionValues", str(index)]
                self.refuse(where, "Option does not exist", "OPTION_DOES_NOT_EXIST")
                return None
            known = next((v for v in option.option_values if v.id == entry.get("id")), None)
            chosen[option.number] = known or option.value(entry.get("name") or "")
        if len(chosen) != len(product.options):
            where = [*path, "optionValues"]
            text = "You need to add option values for " + ", ".join(
                option.name for option in product.options if option.number not in chosen
            )
            self.refuse(where, text, "NEED_TO_ADD_OPTION_VALUES")
            return None
        return [chosen[option.number] for option in product.options]

    def variant_fields(self, variant: Variant, given: dict[str, Any], path: list[str]) -> None:
        """Take a variant's own fields and its item's."""
        price = given.get("price")
        if price is not None and price < 0:
            text = "Price must be greater than or equal to 0"
            self.refuse([*path, "price"], text, "GREATER_THAN_OR_EQUAL_TO")
            return
        if price is not None:
            variant.price = price
        if "compareAtPrice" in given:
            variant.compare_at_price = given["compareAtPrice"]
        if "barcode" in given:
            variant.barcode = given["barcode"] or None
        if "sku" in given:
            variant.sku = given["sku"] or ""
        if given.get("taxable") is not None:
            variant.taxable = bool(given["taxable"])
        if given.get("inventoryPolicy"):
            variant.inventory_policy = given["inventoryPolicy"]
        if given.get("inventoryItem"):
            take_item(variant.item, given["inventoryItem"], self.context)
        for metafield in given.get("metafields") or ():
            self.shop.metafields.write(variant.id, metafield)
        variant.updated_at = self.shop.now()

    def quantities(
        self, variant: Variant, given: list[dict[str, Any]] | None, path: list[str]
    ) -> None:
        """Set stock at places, as inputs of new variants may."""
        for index, entry in enumerate(given or ()):
            place = location_of(self.context, entry["locationId"])
            if place is None:
                where = [*path, "inventoryQuantities", str(index), "locationId"]
                self.refuse(where, "Location does not exist", "TRACKED_VARIANT_LOCATION_NOT_FOUND")
                continue
            level = self.shop.inventory.connect(variant.item, place)
            name = entry.get("name") or "available"
            wanted = entry.get("quantity", entry.get("availableQuantity", 0))
            delta = wanted - level.quantity(name)
            if delta:
                cause = self.shop.cause("api")
                self.shop.inventory.change(level, {"available": delta}, cause)

    def stock_everywhere(self, variant: Variant) -> None:
        """Stock a new variant at the shop's first place, as Shopify does."""
        place = self.shop.locations.primary()
        if place is not None and not variant.item.levels:
            self.shop.inventory.connect(variant.item, place)

    def files(self, product: Product, given: list[dict[str, Any]] | None) -> dict[int, Media]:
        """Make the product's pictures those of the input; returns them by place in it."""
        found: dict[int, Media] = {}
        for index, entry in enumerate(given or ()):
            media = self.media(product, entry, ["input", "files", str(index)])
            if media is not None:
                found[index] = media
        if given is not None and not self.errors:
            product.media = list(dict.fromkeys(found.values()))
        return found

    def media(self, product: Product, entry: dict[str, Any], path: list[str]) -> Media | None:
        """Return the picture that an input names, new if it has a source only."""
        if entry.get("id"):
            number = number_of(entry["id"], "MediaImage")
            for owner in self.shop.catalog.products:
                for media in owner.media:
                    if media.number == number:
                        media.alt = entry.get("alt", media.alt)
                        return media
            self.refuse(path, "The file does not exist.", "NOT_FOUND")
            return None
        source = entry.get("originalSource")
        if not source:
            self.refuse(path, "A source or an id is needed.", "INVALID_INPUT")
            return None
        for media in product.media:
            if media.url == source and media.alt == entry.get("alt"):
                return media
        return Media(self.shop, source, entry.get("alt"))
