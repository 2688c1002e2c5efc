"""One order's, or one item's, way through every system, as far as the history tells.

From its gid (or number, ``#1001``): the deed that made it, the channel's states, webhooks,
calls that name it, what Odoo committed of its sale orders, faults meanwhile, final records.
From a SKU (or ``SKU@LOCATION``): deeds in the stores, the channel's levels, Odoo's stock.
"""

import re

from peakproof.evidence.claims import Claims
from peakproof.evidence.facts import Facts, reference_words
from peakproof.evidence.quants import Quants
from peakproof.history import Event, History, as_stored
from peakproof.plan import Plan, Shop

__all__ = ["trail"]

SHORT = 4  # characters; a shorter number inside a text may be anything
_WORDS = re.compile(r"#?\w+")
_CHILDREN = {"sale_order_line": "order_id", "stock_picking": "sale_id"}


def trail(
    history: History, subject: str, claims: Claims | None = None, plan: Plan | None = None
) -> list[Event]:
    """Return the events of one channel order or item in order of time, empty if unknown.

    ``subject`` is the order's gid or name, or any text that begins with or contains one, such
    as a finding's subject. Give ``claims`` and ``plan`` where a judgement was made before: the
    indexes are shared then.
    """
    facts = _facts(history, claims, plan)
    gid = _gid(facts, subject)
    if not gid:
        return _of_item(facts, subject)
    order = facts.orders.get(gid, {})
    words = set(reference_words(order)) | {gid, gid.rpartition("/")[2]}
    made = facts.checkouts.get(gid)
    sales = {str(number) for number in facts.odoo_ids.get(gid, [])}
    found: list[Event] = list(made.events) if made else []
    found += [
        event
        for operation in facts.operations_on.get(gid, [])
        if operation.arguments.get("order_id") == gid
        for event in operation.events
    ]
    about, keys = [gid], [f'"key":"{number}"' for number in sales]
    found += [e for e in facts.mentioning("state", about, "order") if e.key == gid]
    found += [
        event
        for event in facts.mentioning("state", about, "inventory_level")
        if (event.value.get("cause") or {}).get("id") == gid
    ]
    found += [e for e in facts.mentioning("delivery", about) if e.value.get("resource") == gid]
    found += [e for e in facts.mentioning("request", map(as_stored, words)) if _names(e, words)]
    found += [e for e in facts.mentioning("change", keys, "sale_order") if e.key in sales]
    for table, column in _CHILDREN.items():
        found += [
            event
            for event in facts.mentioning("change", [f'"{column}":{n}' for n in sales], table)
            if str((event.value.get("row") or {}).get(column)) in sales
        ]
    found += [e for e in facts.mentioning("final", [*about, *keys]) if _is_about(e, gid, sales)]
    found += _faults(facts, found)
    return sorted(found, key=lambda event: event.time)


def _of_item(facts: Facts, subject: str) -> list[Event]:
    """Return what moved an item's stock: deeds, levels at the channel, rows in Odoo."""
    sku = subject.partition("@")[0]
    products = {key for key, name in Quants.of(facts).skus.items() if name == sku}
    if not sku or not (products or sku in facts.known_skus):
        return []
    found = [
        event
        for operation in facts.operations
        if operation.arguments.get("sku") == sku
        for event in operation.events
    ]
    for kind, name in (("state", "inventory_level"), ("final", "level"), ("final", "stock")):
        events = facts.mentioning(kind, [f'"key":"{as_stored(sku)}'], name)
        found += [e for e in events if e.key.partition("@")[0] == sku]
    found += [
        event
        for event in facts.mentioning(
            "change", [f'"product_id":{n}' for n in products], "stock_quant"
        )
        if str((event.value.get("row") or {}).get("product_id")) in products
        and event.time >= facts.begun_seconds
    ]
    return sorted(found, key=lambda event: event.time)


def _facts(history: History, claims: Claims | None, plan: Plan | None) -> Facts:
    if claims is not None and plan is not None:
        return Facts.of(history, claims, plan)
    # The plan adds nothing to a trail.
    empty = Plan(scenario="", seed=0, options={}, shop=Shop(), stages=[])
    return Facts(history, claims or Claims(), plan or empty)


def _gid(facts: Facts, subject: str) -> str:
    if subject in facts.orders or subject in facts.checkouts:
        return subject
    parts = subject.split()
    names = facts.gid_by_name
    for part in parts:
        word = part.strip(",;:")
        if word in facts.orders or word in facts.checkouts:
            return word
        if word in names:
            return names[word]
    return ""


def _names(event: Event, words: set[str]) -> bool:
    """Say whether a call's arguments name the order: as a value, or at the end of a gid."""
    return _holds(event.value.get("arguments"), words)


def _holds(value: object, words: set[str]) -> bool:
    if isinstance(value, dict):
        return any(_holds(inner, words) for inner in value.values())
    if isinstance(value, list):
        return any(_holds(inner, words) for inner in value)
    if isinstance(value, str):
        if value in words:
            return True
        return any(len(word) > SHORT and word in words for word in _WORDS.findall(value))
    return isinstance(value, int) and str(value) in words


def _is_about(event: Event, gid: str, sales: set[str]) -> bool:
    if event.key == gid:
        return True
    if event.source == "odoo" and event.name == "order":
        return event.key in sales
    return event.source == "connector" and event.value.get("resource") == gid


def _faults(facts: Facts, found: list[Event]) -> list[Event]:
    """Return the faults that were on while the order was on its way."""
    times = [event.time for event in found if event.kind != "final"]
    if not times:
        return []
    begun, ended = min(times), max(times)
    return [
        event
        for event in facts.of_kind("fault")
        if event.outcome != "planned" and begun - 1 <= event.time <= ended + 1
    ]
