"""From what a client wrote to an order that can be priced: lines, adjustments, uids, merging."""

import copy
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from .errors import Refusal, invalid, missing

if TYPE_CHECKING:
    from .business import Business

__all__ = ["OrderBuilder", "cleared", "merged"]

Record = dict[str, Any]
_LISTS = ("line_items", "taxes", "discounts", "fulfillments")
_CLEAR = re.compile(r"(\w+)(?:\[(\S+)\])?")
LINES_MAX, QUANTITY_MAX = 500, 100_000


class OrderBuilder:
    """Completes orders from the catalogue."""

    def __init__(self, business: "Business") -> None:
        self._business = business

    def built(self, given: Record) -> Record:
        """Return the order with names, prices and uids filled in; raises Refusal."""
        record = copy.deepcopy(given)
        self._business.place(record["location_id"], "order.location_id")
        if "customer_id" in record:
            self._business.customers.find(record["customer_id"], "order.customer_id")
        if len(record.get("line_items", [])) > LINES_MAX:
            detail = f"An order has at most {LINES_MAX} lines."
            raise Refusal("ARRAY_LENGTH_TOO_LONG", detail, "order.line_items")
        for many in _LISTS:
            for at, part in enumerate(record.get(many, [])):
                part.setdefault("uid", self._business.identity(22))
                if sum(other.get("uid") == part["uid"] for other in record[many]) > 1:
                    raise invalid(f"order.{many}[{at}].uid", "The uid is used twice.")
        for at, line in enumerate(record.get("line_items", [])):
            self._line(line, f"order.line_items[{at}]")
        for at, tax in enumerate(record.get("taxes", [])):
            self._tax(tax, f"order.taxes[{at}]")
        for at, discount in enumerate(record.get("discounts", [])):
            self._discount(discount, f"order.discounts[{at}]")
        if record.get("pricing_options", {}).get("auto_apply_discounts"):
            raise invalid("order.pricing_options", "There are no pricing rules to apply.")
        if record.get("pricing_options", {}).get("auto_apply_taxes"):
            self._auto_apply(record)
        self._links(record)
        self._fulfilments(record)
        source = record.setdefault("source", {})
        source.setdefault("name", "Application")
        return record

    def _line(self, line: Record, path: str) -> None:
        text = line["quantity"]
        if not re.fullmatch(r"\d{1,6}", text) or int(text) > QUANTITY_MAX:
            detail = f"`{text}` is not a whole number of units; measures are not modelled."
            raise invalid(f"{path}.quantity", detail)
        if "catalog_object_id" in line:
            identity = line["catalog_object_id"]
            variation = self._business.catalog.variation(identity, f"{path}.catalog_object_id")
            data = variation["item_variation_data"]
            item = self._business.catalog.item_of(variation)
            line.setdefault("name", item["item_data"]["name"])
            line.setdefault("variation_name", data.get("name", ""))
            line.setdefault("catalog_version", variation["version"])
            line.setdefault("item_type", "ITEM")
            if "base_price_money" not in line and "price_money" in data:
                line["base_price_money"] = dict(data["price_money"])
        else:
            line.setdefault("item_type", "CUSTOM_AMOUNT" if "name" not in line else "ITEM")
        if "base_price_money" not in line:
            raise missing(f"{path}.base_price_money")
        self._business.amount(line["base_price_money"], f"{path}.base_price_money")

    def _tax(self, tax: Record, path: str) -> None:
        if "catalog_object_id" in tax:
            found = self._business.catalog.find(
                tax["catalog_object_id"], f"{path}.catalog_object_id"
            )
            if found["type"] != "TAX":
                raise invalid(f"{path}.catalog_object_id", "The object is not a tax.")
            data = found["tax_data"]
            tax.setdefault("name", data["name"])
            tax.setdefault("percentage", data["percentage"])
            tax.setdefault("type", data["inclusion_type"])
            tax.setdefault("catalog_version", found["version"])
        tax.setdefault("type", "ADDITIVE")
        tax.setdefault("scope", "ORDER")
        _percentage(tax, path)

    def _discount(self, discount: Record, path: str) -> None:
        discount.setdefault("scope", "ORDER")
        kind = "FIXED_AMOUNT" if "amount_money" in discount else "FIXED_PERCENTAGE"
        if discount.setdefault("type", kind).endswith("PERCENTAGE"):
            _percentage(discount, path)
        elif "amount_money" not in discount:
            raise missing(f"{path}.amount_money")
        else:
            self._business.amount(discount["amount_money"], f"{path}.amount_money")

    def _auto_apply(self, record: Record) -> None:
        """Apply the catalogue's taxes to the lines of their items."""
        taxes = record.setdefault("taxes", [])
        for line in record.get("line_items", []):
            if "catalog_object_id" not in line:
                continue
            variation = self._business.catalog.objects[line["catalog_object_id"]]
            for found in self._business.catalog.taxes_of(variation):
                tax = next(
                    (entry for entry in taxes if entry.get("catalog_object_id") == found["id"]),
                    None,
                )
                if tax is None:
                    tax = {
                        "uid": self._business.identity(22),
                        "catalog_object_id": found["id"],
                        "scope": "LINE_ITEM",
                        "auto_applied": True,
                    }
                    self._tax(tax, "order.taxes")
                    taxes.append(tax)
                links = line.setdefault("applied_taxes", [])
                if all(link["tax_uid"] != tax["uid"] for link in links):
                    links.append({"tax_uid": tax["uid"], "auto_applied": True})

    def _links(self, record: Record) -> None:
        known = {
            many: {part["uid"] for part in record.get(many, [])} for many in ("taxes", "discounts")
        }
        for at, line in enumerate(record.get("line_items", [])):
            for many, name, links in (
                ("taxes", "tax_uid", "applied_taxes"),
                ("discounts", "discount_uid", "applied_discounts"),
            ):
                for link in line.get(links, []):
                    link.setdefault("uid", f"{line['uid']}-{link[name]}")
                    if link[name] not in known[many]:
                        path = f"order.line_items[{at}].{links}.{name}"
                        raise invalid(path, f"The order has no entry with uid `{link[name]}`.")

    def _fulfilments(self, record: Record) -> None:
        parts = record.get("fulfillments", [])
        if len(parts) > 1:
            detail = "An order can be created with at most one fulfillment."
            raise Refusal("ARRAY_LENGTH_TOO_LONG", detail, "order.fulfillments")
        for part in parts:
            if "type" not in part:
                raise missing("order.fulfillments[0].type")
            part.setdefault("state", "PROPOSED")
            part.setdefault("line_item_application", "ALL")


def _percentage(part: Record, path: str) -> None:
    if "percentage" not in part:
        raise missing(f"{path}.percentage")
    try:
        value = Decimal(part["percentage"])
        fits = value.is_finite() and 0 <= value <= 100
    except InvalidOperation:
        fits = False
    if not fits:
        raise invalid(f"{path}.percentage", f"`{part['percentage']}` is not 0 to 100.")


def cleared(record: Record, paths: list[str]) -> Record:
    """Return an order without the fields named: ``note``, ``line_items``, ``discounts[uid]``."""
    result = copy.deepcopy(record)
    for path in paths:
        found = _CLEAR.fullmatch(path)
        if found is None or found[1] in ("id", "location_id", "version", "state"):
            raise invalid("fields_to_clear", f"`{path}` cannot be cleared.")
        if found[2] is None:
            result.pop(found[1], None)
        else:
            left = [part for part in result.get(found[1], []) if part.get("uid") != found[2]]
            result[found[1]] = left
    for many, name in (("taxes", "tax_uid"), ("discounts", "discount_uid")):
        known = {part["uid"] for part in result.get(many, [])}
        for line in result.get("line_items", []):
            links = line.get(f"applied_{many}", [])
            links[:] = [link for link in links if link[name] in known]
    return result


def merged(record: Record, given: Record) -> Record:
    """Return an order with a sparse update: parts of lists are told by their uid."""
    result = copy.deepcopy(record)
    for name, value in given.items():
        if name in ("version", "state"):
            continue
        if name not in _LISTS:
            result[name] = value
            continue
        parts = result.setdefault(name, [])
        for part in value:
            known = next((entry for entry in parts if entry["uid"] == part.get("uid")), None)
            if known is None:
                parts.append(copy.deepcopy(part))
            else:
                known.update(copy.deepcopy(part))
    return result
