"""Where the stock for an order comes from, and how shortfalls are refused.

Models Admin API 2026-10: active locations that fulfil online orders, in the shop's order of
priority. One location that has everything is preferred; else each line goes to a location
that has all of it; else a line is split. Variants with policy CONTINUE may go below zero.

Not modelled: order routing by distance or by rules.
"""

from collections.abc import Sequence

from .catalog import Variant
from .errors import Refused
from .locations import Location
from .shop import Shop

__all__ = ["Placement", "place", "place_one"]

Placement = list[tuple[Location, int]]


def _online(shop: Shop) -> list[Location]:
    places = [entry for entry in shop.locations.all if entry.active and entry.fulfills_online]
    if not places:
        raise Refused("no_location", "No active location fulfils online orders.")
    return places


def place(shop: Shop, wanted: Sequence[tuple[Variant, int]]) -> list[Placement]:
    """Return for each wanted variant the locations and units that serve it.

    Raises Refused ``sold_out`` when a variant that may not be oversold falls short; nothing
    is committed here.
    """
    places = _online(shop)
    available = shop.inventory.available
    if len(wanted) > 1 and len(places) > 1:
        for location in places:
            if all(
                not variant.item.tracked or available(variant.item, location) >= units
                for variant, units in wanted
            ):
                return [[(location, units)] for _, units in wanted]
    return [place_one(shop, variant, units, places) for variant, units in wanted]


def place_one(
    shop: Shop, variant: Variant, units: int, places: Sequence[Location] | None = None
) -> Placement:
    """Return the locations and units that serve one variant; raises Refused ``sold_out``."""
    places = _online(shop) if places is None else places
    if not variant.item.tracked:
        return [(places[0], units)]
    available = shop.inventory.available
    stocked = [entry for entry in places if entry.number in variant.item.levels]
    stock = []
    for location in stocked or places:
        count = available(variant.item, location)
        if count >= units:
            return [(location, units)]
        stock.append((max(0, count), location))
    whole = sum(count for count, _ in stock)
    if whole < units and variant.inventory_policy == "DENY":
        raise Refused(
            "sold_out", f"{variant.sku}: {units} wanted, {whole} available; overselling is off."
        )
    stock.sort(key=lambda entry: -entry[0])
    placement: Placement = []
    missing = units
    for count, location in stock:
        part = min(count, missing)
        if part:
            placement.append((location, part))
            missing -= part
    if missing:
        location, part = placement[0] if placement else (stock[0][1], 0)
        placement[:1] = [(location, part + missing)]
    return placement
