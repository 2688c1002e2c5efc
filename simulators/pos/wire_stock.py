"""The wire of stock: shapes of requests, and what each call answers. Old paths work too."""

from typing import Any

from peakproof.simkit import Route

from .api import Api, Call, paged
from .errors import Refusal, missing
from .shapes import READ_ONLY, TIME, moment, stamp

__all__ = ["routes"]

Record = dict[str, Any]
PAGE_DEFAULT, PAGE_MAX, CHANGES_MAX = 100, 1_000, 100
_STATES = (
    "IN_STOCK", "SOLD", "RESERVED_FOR_SALE", "RETURNED_BY_CUSTOMER", "WASTE", "NONE",
    "UNLINKED_RETURN", "SOLD_ONLINE", "ORDERED_FROM_VENDOR", "RECEIVED_FROM_VENDOR",
    "IN_TRANSIT_TO", "IN_TRANSIT", "CUSTOM", "COMPOSED", "DECOMPOSED",
)  # fmt: skip
_GIVEN = {
    "id": READ_ONLY, "reference_id": str, "catalog_object_id!": str, "quantity!": str,
    "occurred_at!": TIME, "catalog_object_type": READ_ONLY, "created_at": READ_ONLY,
    "source": READ_ONLY, "location_id": str,
}  # fmt: skip
_CHANGE = {
    "type!": ("PHYSICAL_COUNT", "ADJUSTMENT"),
    "physical_count": {**_GIVEN, "state!": _STATES, "location_id!": str},
    "adjustment": {
        **_GIVEN, "from_state!": _STATES, "to_state!": _STATES, "from_location_id": str,
        "to_location_id": str,
    },
}  # fmt: skip
_BATCH = {"idempotency_key!": str, "changes!": [_CHANGE], "ignore_unchanged_counts": bool}
_COUNTS = {
    "catalog_object_ids": [str], "location_ids": [str], "updated_after": TIME, "cursor": str,
    "states": [_STATES], "limit": int,
}  # fmt: skip
_CHANGES = {**_COUNTS, "types": [("PHYSICAL_COUNT", "ADJUSTMENT")], "updated_before": TIME}


def routes(api: Api) -> list[Route]:
    """Return the routes of stock."""
    one = "/v2/inventory/{catalog_object_id}"
    table: list[Route] = []
    for path, old in (("changes/batch-create", False), ("batch-change", True)):
        table.append(api.route("POST", f"/v2/inventory/{path}", "inventory.batch_create_changes",
                               _apply, body=_BATCH, deprecated=old))  # fmt: skip
    for path, old in (("changes/batch-retrieve", False), ("batch-retrieve-changes", True)):
        table.append(api.route("POST", f"/v2/inventory/{path}", "inventory.batch_get_changes",
                               _changes, body=_CHANGES, reads=True, deprecated=old))  # fmt: skip
    for path, old in (("counts/batch-retrieve", False), ("batch-retrieve-counts", True)):
        table.append(api.route("POST", f"/v2/inventory/{path}", "inventory.batch_get_counts",
                               _counts, body=_COUNTS, reads=True, deprecated=old))  # fmt: skip
    return [
        *table,
        api.route("GET", "/v2/inventory/adjustments/{id}", "inventory.get_adjustment",
                  lambda call: _change(call, "adjustment", "adjustment")),
        api.route("GET", "/v2/inventory/physical-counts/{id}", "inventory.get_physical_count",
                  lambda call: _change(call, "physical_count", "count")),
        api.route("GET", one, "inventory.get", _count, query=("location_ids", "cursor")),
    ]  # fmt: skip


def _apply(call: Call) -> Record:
    body, stock = call.body, call.business.stock
    if not body["changes"]:
        raise missing("changes")
    if len(body["changes"]) > CHANGES_MAX:
        detail = f"At most {CHANGES_MAX} changes."
        raise Refusal("ARRAY_LENGTH_TOO_LONG", detail, "changes")
    for change in body["changes"]:
        given = change.get("adjustment")
        if given is not None and not (given.get("location_id") or given.get("from_location_id")):
            raise missing("changes.adjustment.location_id")
    done = stock.apply(body["changes"], body.get("ignore_unchanged_counts", True))
    touched = {
        (given["catalog_object_id"], given.get("location_id") or given.get("from_location_id"))
        for change in body["changes"]
        for given in (change.get("adjustment") or change["physical_count"],)
    }
    counts = [
        count
        for count in stock.counts()
        if (count["catalog_object_id"], count["location_id"]) in touched
    ]
    return {"counts": counts, "changes": done}


def _changes(call: Call) -> Record:
    body = call.body
    wanted = set(body.get("states", []))
    low = stamp(moment(body["updated_after"], "updated_after")) if "updated_after" in body else ""
    high = body.get("updated_before")
    top = stamp(moment(high, "updated_before")) if high else "9"

    def fits(change: Record) -> bool:
        kind = change["type"]
        record = change["adjustment" if kind == "ADJUSTMENT" else "physical_count"]
        states = {record.get(name) for name in ("state", "from_state", "to_state")}
        place = record.get("location_id") or record.get("from_location_id")
        return (
            kind in body.get("types", [kind])
            and low < record["created_at"] < top
            and (not wanted or bool(states & wanted))
            and record["catalog_object_id"]
            in (body.get("catalog_object_ids") or [record["catalog_object_id"]])
            and place in (body.get("location_ids") or [place])
        )

    found = sorted(
        ((at, number, change) for number, at, change in call.business.stock.changes
         if fits(change)),
        key=lambda entry: entry[:2],
    )  # fmt: skip
    chosen, more = paged(call, found, lambda entry: (entry[0], entry[1]), limit=_limit(call))
    return {"changes": [change for _, _, change in chosen], **more}


def _limit(call: Call) -> int:
    limit = call.whole("limit", PAGE_DEFAULT)
    if limit > PAGE_MAX:
        raise Refusal("VALUE_TOO_HIGH", f"The limit is at most {PAGE_MAX}.", "limit")
    return limit


def _counted(call: Call, objects: list[str], places: list[str]) -> tuple[list[Record], Record]:
    body = call.body
    states = body.get("states", [])
    low = stamp(moment(body["updated_after"], "updated_after")) if "updated_after" in body else ""
    found = [
        count
        for count in call.business.stock.counts()
        if (not objects or count["catalog_object_id"] in objects)
        and (not places or count["location_id"] in places)
        and (not states or count["state"] in states)
        and count["calculated_at"] > low
    ]

    def key(count: Record) -> tuple[str, str, str]:
        return count["catalog_object_id"], count["location_id"], count["state"]

    return paged(call, sorted(found, key=key), key, limit=_limit(call))


def _counts(call: Call) -> Record:
    for place in call.body.get("location_ids", []):
        call.business.place(place, "location_ids")
    objects, places = call.body.get("catalog_object_ids", []), call.body.get("location_ids", [])
    counts, more = _counted(call, objects, places)
    return {"counts": counts, **more}


def _count(call: Call) -> Record:
    variation = call.business.catalog.variation(call.params["catalog_object_id"])
    places = [place for place in call.query.get("location_ids", "").split(",") if place]
    counts, more = _counted(call, [variation["id"]], places)
    return {"counts": counts, **more}


def _change(call: Call, kind: str, name: str) -> Record:
    return {name: call.business.stock.change(call.params["id"], kind)}
