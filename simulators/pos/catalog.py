"""The catalogue: items, their variations, and taxes, each with a version.

A write must carry the version that it read (``version``), or VERSION_MISMATCH; a new object has
an id that begins with ``#`` and gets a real one. Deleting an item deletes its variations.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from peakproof.simkit import Product, Variant, parse_money, to_minor

from .errors import Refusal, conflict, invalid, missing, not_found

if TYPE_CHECKING:
    from .business import Business

__all__ = ["DATA_NAMES", "Catalog"]

Record = dict[str, Any]
DATA_NAMES = {"ITEM": "item_data", "ITEM_VARIATION": "item_variation_data", "TAX": "tax_data"}


class Catalog:
    """Catalogue objects by id; variations are objects of their own and shown in their item."""

    def __init__(self, business: "Business") -> None:
        self._business = business
        self.objects: dict[str, Record] = {}
        self.skus: dict[str, str] = {}  # SKU -> id of the variation
        self._version = 0

    def seed(self) -> None:
        """Put the plan's products and tax into the catalogue.

        Taxes belong to items: a product of which only some variants are taxed becomes two.
        """
        shop = self._business.shop
        taxes = []
        if shop.tax is not None:
            percentage = _percentage(shop.tax.rate)
            tax = {
                "name": shop.tax.title,
                "calculation_phase": "TAX_SUBTOTAL_PHASE",
                "inclusion_type": "INCLUSIVE" if shop.taxes_included else "ADDITIVE",
                "percentage": percentage,
                "applies_to_custom_amounts": True,
                "enabled": True,
            }
            taxes = [self._add("TAX", tax)["id"]]
        for product in shop.products:
            for taxable in (True, False):
                variants = [entry for entry in product.variants if entry.taxable is taxable]
                if variants:
                    self._seed_item(product, variants, taxes if taxable else [])

    def _seed_item(self, product: Product, variants: list[Variant], taxes: list[str]) -> None:
        item = self._add(
            "ITEM",
            {
                "name": product.title,
                "product_type": "REGULAR",
                "is_taxable": bool(taxes),
                "tax_ids": taxes,
            },
        )
        currency = self._business.currency
        for ordinal, variant in enumerate(variants):
            units = to_minor(parse_money(variant.price, currency), currency)
            data = {
                "item_id": item["id"],
                "name": variant.title or product.title,
                "sku": variant.sku,
                "ordinal": ordinal,
                "pricing_type": "FIXED_PRICING",
                "price_money": self._business.money(units),
                "track_inventory": variant.tracked,
                "sellable": True,
                "stockable": True,
            }
            if variant.barcode:
                data["upc"] = variant.barcode
            found = self._add("ITEM_VARIATION", data)
            self.skus[variant.sku] = found["id"]

    def _add(self, kind: str, data: Record) -> Record:
        record: Record = {
            "type": kind,
            "id": self._business.identity(24),
            "updated_at": self._business.now(),
            "version": self._next_version(),
            "is_deleted": False,
            "present_at_all_locations": True,
            DATA_NAMES[kind]: data,
        }
        self.objects[record["id"]] = record
        return record

    def _next_version(self) -> int:
        now = int(self._business.at().timestamp() * 1000)
        self._version = max(self._version + 1, now)
        return self._version

    def find(self, identity: str, field: str = "object_id") -> Record:
        """Return an object that is not deleted; raises Refusal."""
        found = self.objects.get(identity)
        if found is None or found["is_deleted"]:
            raise not_found("Catalog object", identity, field)
        return found

    def variation(self, identity: str, field: str = "catalog_object_id") -> Record:
        """Return a variation; raises Refusal."""
        found = self.find(identity, field)
        if found["type"] != "ITEM_VARIATION":
            raise invalid(field, f"`{identity}` is not an item variation.")
        return found

    def item_of(self, variation: Record) -> Record:
        """Return the item that a variation belongs to."""
        return self.objects[variation["item_variation_data"]["item_id"]]

    def taxes_of(self, variation: Record) -> list[Record]:
        """Return the enabled taxes of a variation's item."""
        identities = self.item_of(variation)["item_data"].get("tax_ids", [])
        taxes = [self.objects[identity] for identity in identities]
        return [tax for tax in taxes if not tax["is_deleted"] and tax["tax_data"].get("enabled")]

    def sku(self, identity: str) -> str:
        """Return a variation's SKU, or its id if it has none."""
        found = self.objects.get(identity)
        data = found.get("item_variation_data", {}) if found else {}
        return str(data.get("sku") or identity)

    def shown(self, record: Record) -> Record:
        """Return an object as Square shows it: an item with its variations."""
        if record["type"] != "ITEM":
            return record
        variations = [
            entry
            for entry in self.objects.values()
            if entry["type"] == "ITEM_VARIATION"
            and entry["item_variation_data"]["item_id"] == record["id"]
            and entry["is_deleted"] == record["is_deleted"]
        ]
        return {**record, "item_data": {**record["item_data"], "variations": variations}}

    def related(self, records: Iterable[Record]) -> list[Record]:
        """Return the taxes of items, and the items (with taxes) of variations."""
        found: dict[str, Record] = {}
        for record in records:
            item = self.item_of(record) if record["type"] == "ITEM_VARIATION" else record
            if item is not record:
                found[item["id"]] = self.shown(item)
            for identity in item.get("item_data", {}).get("tax_ids", []):
                found[identity] = self.objects[identity]
        return list(found.values())

    def upsert(self, given: list[Record]) -> tuple[list[Record], list[Record]]:
        """Create or change objects, all or none; return them and the mapping of new ids."""
        flat = [part for record in given for part in _flat(record)]
        names: dict[str, str] = {}
        for record in flat:
            if record["id"].startswith("#"):
                names[record["id"]] = self._business.identity(24)
            else:
                known = self.find(record["id"], "object.id")
                if record.get("version") != known["version"]:
                    raise conflict(
                        f"Object version does not match latest database version: `{record['id']}` "
                        f"is at {known['version']}, not {record.get('version')}.",
                        "object.version",
                    )
                if record["type"] != known["type"]:
                    raise invalid("object.type", "An object's type cannot change.")
        for record in flat:
            self._check(record, names)
        written = [self._write(record, names) for record in flat]
        roots = {names.get(record["id"], record["id"]) for record in given}
        self._announce()
        shown = [self.shown(record) for record in written if record["id"] in roots]
        mappings = [{"client_object_id": key, "object_id": value} for key, value in names.items()]
        return shown, mappings

    def _check(self, record: Record, names: dict[str, str]) -> None:
        data = record.get(DATA_NAMES[record["type"]])
        if data is None:
            raise missing(f"object.{DATA_NAMES[record['type']]}")
        if record["type"] != "ITEM_VARIATION":
            if record["id"].startswith("#") and not data.get("name"):
                raise missing(f"object.{DATA_NAMES[record['type']]}.name")
        else:
            item = data.get("item_id", "")
            if item not in names:
                self.find(item, "object.item_variation_data.item_id")
            if "price_money" in data:
                self._business.amount(data["price_money"], "object.item_variation_data.price_money")
        for identity in data.get("tax_ids", []):
            if identity not in names:
                self.find(identity, "object.item_data.tax_ids")

    def _write(self, given: Record, names: dict[str, str]) -> Record:
        kind = str(given["type"])
        data: Record = dict(given[DATA_NAMES[kind]])
        data.pop("variations", None)
        if "item_id" in data:
            data["item_id"] = names.get(data["item_id"], data["item_id"])
        if "tax_ids" in data:
            data["tax_ids"] = [names.get(identity, identity) for identity in data["tax_ids"]]
        identity = str(names.get(given["id"], given["id"]))
        known = self.objects.get(identity, {"is_deleted": False, "present_at_all_locations": True})
        record = {
            **known, **{name: value for name, value in given.items() if name != "id"},
            "id": identity, "type": kind, DATA_NAMES[kind]: data,
            "updated_at": self._business.now(), "version": self._next_version(),
        }  # fmt: skip
        self.objects[identity] = record
        if kind == "ITEM_VARIATION" and data.get("sku"):
            self.skus[data["sku"]] = identity
        return record

    def delete(self, identity: str) -> list[str]:
        """Delete an object, an item with its variations; return the ids."""
        record = self.find(identity)
        gone = [record]
        if record["type"] == "ITEM":
            gone += self.shown(record)["item_data"]["variations"]
        for entry in gone:
            entry["is_deleted"] = True
            entry["updated_at"], entry["version"] = self._business.now(), self._next_version()
        self._announce()
        return [entry["id"] for entry in gone]

    def _announce(self) -> None:
        now = self._business.now()
        data = {"type": "catalog_version", "object": {"catalog_version": {"updated_at": now}}}
        self._business.emit("catalog.version.updated", data, now)


def _percentage(rate: str) -> str:
    """Return a plan's rate (``0.0825``) as Square's percentage (``8.25``)."""
    value = (Decimal(rate) * 100).normalize()
    return f"{value:f}"


def _flat(record: Record) -> list[Record]:
    if record["type"] not in DATA_NAMES:
        raise Refusal("BAD_REQUEST", f"Unknown object type {record['type']}.", "object.type")
    children = (record.get("item_data") or {}).get("variations", [])
    result = [record]
    for child in children:
        data = child.get("item_variation_data") or {}
        result.append({**child, "item_variation_data": {"item_id": record["id"], **data}})
    return result
