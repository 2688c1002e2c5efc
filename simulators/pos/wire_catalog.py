"""The wire of the catalogue: shapes of requests, and what each call answers."""

from typing import Any

from peakproof.simkit import Route

from .api import Api, Call, paged
from .catalog import DATA_NAMES
from .errors import Refusal, invalid, missing, not_modelled
from .shapes import ANY, MONEY, READ_ONLY, TIME, moment, stamp

__all__ = ["routes"]

Record = dict[str, Any]
LIST_PAGE, SEARCH_MAX, BATCH_MAX = 100, 1_000, 1_000
_COMMON = {
    "type!": tuple(DATA_NAMES), "id!": str, "version": int, "updated_at": READ_ONLY,
    "is_deleted": READ_ONLY, "present_at_all_locations": bool,
    "present_at_location_ids": [str], "absent_at_location_ids": [str],
}  # fmt: skip
_VARIATION_DATA = {
    "item_id": str, "name": str, "sku": str, "upc": str, "ordinal": int,
    "pricing_type": ("FIXED_PRICING", "VARIABLE_PRICING"), "price_money": MONEY,
    "track_inventory": bool, "sellable": bool, "stockable": bool, "user_data": str,
    "inventory_alert_type": ("NONE", "LOW_QUANTITY"), "inventory_alert_threshold": int,
}  # fmt: skip
_VARIATION = {**_COMMON, "item_variation_data": _VARIATION_DATA}
_OBJECT = {
    **_VARIATION,
    "item_data": {
        "name": str, "description": str, "description_html": str, "abbreviation": str,
        "is_taxable": bool, "tax_ids": [str], "product_type": ("REGULAR",),
        "description_plaintext": READ_ONLY, "is_archived": bool, "variations": [_VARIATION],
    },
    "tax_data": {
        "name": str, "percentage": str, "enabled": bool, "applies_to_custom_amounts": bool,
        "calculation_phase": ("TAX_SUBTOTAL_PHASE",),
        "inclusion_type": ("ADDITIVE", "INCLUSIVE"),
    },
}  # fmt: skip
_QUERY = {
    "exact_query": {"attribute_name!": str, "attribute_value!": str},
    "prefix_query": {"attribute_name!": str, "attribute_prefix!": str},
    "set_query": {"attribute_name!": str, "attribute_values!": [str]},
    "text_query": {"keywords!": [str]},
    "items_for_tax_query": {"tax_ids!": [str]},
    "sorted_attribute_query": ANY,
}


def routes(api: Api) -> list[Route]:
    """Return the routes of the catalogue."""
    return [
        api.route("GET", "/v2/catalog/list", "catalog.list", _list,
                  query=("cursor", "types", "catalog_version")),
        api.route("POST", "/v2/catalog/search", "catalog.search", _search, reads=True,
                  body={"cursor": str, "object_types": [str], "include_deleted_objects": bool,
                        "include_related_objects": bool, "begin_time": TIME, "query": _QUERY,
                        "limit": int}),
        api.route("POST", "/v2/catalog/batch-retrieve", "catalog.batch_get", _batch_get,
                  reads=True,
                  body={"object_ids!": [str], "include_related_objects": bool,
                        "include_deleted_objects": bool}),
        api.route("POST", "/v2/catalog/batch-upsert", "catalog.batch_upsert", _batch_upsert,
                  body={"idempotency_key!": str, "batches!": [{"objects!": [_OBJECT]}]}),
        api.route("POST", "/v2/catalog/object", "catalog.object.upsert", _upsert,
                  body={"idempotency_key!": str, "object!": _OBJECT}),
        api.route("GET", "/v2/catalog/object/{object_id}", "catalog.object.get", _get,
                  query=("include_related_objects",)),
        api.route("DELETE", "/v2/catalog/object/{object_id}", "catalog.object.delete", _delete),
    ]  # fmt: skip


def _types(names: list[str], field: str) -> list[str]:
    for name in names:
        if name not in DATA_NAMES:
            raise not_modelled(f"{field} {name}")
    return names or list(DATA_NAMES)


def _key(record: Record) -> tuple[str]:
    return (record["id"],)


def _list(call: Call) -> Record:
    if "catalog_version" in call.query:
        raise not_modelled("catalog_version")
    names = [name.strip().upper() for name in call.query.get("types", "").split(",") if name]
    kinds = _types(names, "types")
    found = [
        record
        for record in call.business.catalog.objects.values()
        if record["type"] in kinds and not record["is_deleted"]
    ]
    if not names:  # variations come with their items
        found = [record for record in found if record["type"] != "ITEM_VARIATION"]
    chosen, more = paged(call, sorted(found, key=_key), _key, limit=LIST_PAGE)
    return {"objects": [call.business.catalog.shown(record) for record in chosen], **more}


def _search(call: Call) -> Record:
    body, catalog = call.body, call.business.catalog
    kinds = _types(body.get("object_types", []), "object_types")
    limit = call.whole("limit", SEARCH_MAX)
    if limit > SEARCH_MAX:
        raise Refusal("VALUE_TOO_HIGH", f"The limit is at most {SEARCH_MAX}.", "limit")
    since = stamp(moment(body["begin_time"], "begin_time")) if "begin_time" in body else ""
    query = body.get("query", {})
    if len(query) > 1 or "sorted_attribute_query" in query:
        raise not_modelled(f"query of {sorted(query)}")
    found = [
        record
        for record in catalog.objects.values()
        if record["type"] in kinds
        and record["updated_at"] > since
        and (body.get("include_deleted_objects") or not record["is_deleted"])
        and _fits(record, query)
    ]
    chosen, more = paged(call, sorted(found, key=_key), _key, limit=limit)
    latest = max((record["updated_at"] for record in catalog.objects.values()), default=since)
    answer = {"objects": [catalog.shown(record) for record in chosen], **more}
    if body.get("include_related_objects"):
        answer["related_objects"] = catalog.related(chosen)
    return {**answer, "latest_time": latest}


def _fits(record: Record, query: Record) -> bool:
    data = record[DATA_NAMES[record["type"]]]
    for kind, wish in query.items():
        if kind == "items_for_tax_query":
            return any(identity in data.get("tax_ids", []) for identity in wish["tax_ids"])
        if kind == "text_query":
            text = " ".join(str(data.get(name, "")) for name in ("name", "sku", "upc")).casefold()
            return all(word.casefold() in text for word in wish["keywords"])
        name = wish["attribute_name"]
        if name not in ("name", "sku", "upc", "item_id"):
            raise invalid("query", f"`{name}` cannot be searched.")
        value = str(data.get(name, "")).casefold()
        if kind == "exact_query":
            return value == str(wish["attribute_value"]).casefold()
        if kind == "prefix_query":
            return name in data and value.startswith(wish["attribute_prefix"].casefold())
        return value in [each.casefold() for each in wish["attribute_values"]]
    return True


def _batch_get(call: Call) -> Record:
    body, catalog = call.body, call.business.catalog
    if len(body["object_ids"]) > BATCH_MAX:
        detail = f"At most {BATCH_MAX} ids."
        raise Refusal("ARRAY_LENGTH_TOO_LONG", detail, "object_ids")
    found = [
        catalog.objects[identity]
        for identity in body["object_ids"]
        if identity in catalog.objects
        and (body.get("include_deleted_objects") or not catalog.objects[identity]["is_deleted"])
    ]
    answer: Record = {"objects": [catalog.shown(record) for record in found]}
    if body.get("include_related_objects"):
        answer["related_objects"] = catalog.related(found)
    return answer


def _get(call: Call) -> Record:
    catalog = call.business.catalog
    found = catalog.find(call.params["object_id"])
    answer: Record = {"object": catalog.shown(found)}
    if call.query.get("include_related_objects") == "true":
        answer["related_objects"] = catalog.related([found])
    return answer


def _upsert(call: Call) -> Record:
    shown, mappings = call.business.catalog.upsert([call.body["object"]])
    return {"catalog_object": shown[0], "id_mappings": mappings}


def _batch_upsert(call: Call) -> Record:
    objects = [record for batch in call.body["batches"] for record in batch["objects"]]
    if not objects:
        raise missing("batches")
    shown, mappings = call.business.catalog.upsert(objects)
    return {"objects": shown, "updated_at": call.business.now(), "id_mappings": mappings}


def _delete(call: Call) -> Record:
    identities = call.business.catalog.delete(call.params["object_id"])
    return {"deleted_object_ids": identities, "deleted_at": call.business.now()}
