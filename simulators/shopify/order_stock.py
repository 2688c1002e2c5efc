"""Where the stock for an order comes from, and how shortfalls are refused.

Models Admin API 2026-10: active locations that fulfil online orders, in the shop's order of
priority. One location that has everything is preferred; else each line goes to a location
that has all of it; else a line is split. Variants with policy CONTINUE may go below zero.

``stock`` is obey (the variant's policy), ignore (oversell) or bypass (no stock is touched).

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
    places = shop.locations.online()
    if not places:
        raise Refused("no_location", "No active location fulfils online orders.")
    return places


def place(
    shop: Shop, wanted: Sequence[tuple[Variant | None, int]], stock: str = "obey"
) -> list[Placement]:
    """Return for each wanted variant the locations and units that serve it.

    Raises Refused ``sold_out`` when a variant that may not be oversold falls short; nothing
    is committed here.
    """
    if len(wanted) > 1 and len({variant for variant, _ in wanted}) < len(wanted):
        return _place_together(shop, wanted, stock)
    places = _online(shop)
    available = shop.inventory.available
    if len(wanted) > 1 and len(places) > 1 and stock != "bypass":
        for location in places:
            if all(
                variant is None
                or not variant.item.tracked
                or available(variant.item, location) >= units
                for variant, units in wanted
            ):
                return [[(location, units)] for _, units in wanted]
    return [place_one(shop, variant, units, stock, places) for variant, units in wanted]


def _place_together(
    shop: Shop, wanted: Sequence[tuple[Variant | None, int]], stock: str
) -> list[Placement]:
    """Place lines of which several want the same variant: there is its stock only once."""
    totals: dict[Variant | None, int] = {}
    for variant, units in wanted:
        totals[variant] = totals.get(variant, 0) + units
    rests = dict(zip(totals, place(shop, list(totals.items()), stock), strict=True))
    placements: list[Placement] = []
    for variant, units in wanted:
        placement: Placement = []
        while units and rests[variant]:
            location, there = rests[variant].pop(0)
            part = min(units, there)
            placement.append((location, part))
            units -= part
            if there > part:
                rests[variant].insert(0, (location, there - part))
        placements.append(placement)
    return placements


def place_one(
    shop: Shop,
    variant: Variant | None,
    units: int,
    stock: str = "obey",
    places: Sequence[Location] | None = None,
) -> Placement:
    """Return the locations and units that serve one variant; raises Refused ``sold_out``."""
    places = _online(shop) if places is None else places
    if variant is None or not variant.item.tracked:
        return [(places[0], units)]
    levels, counts = variant.item.levels, []
    for location in places:
        level = levels.get(location.number)
        if level is not None:
            count = level.quantities["available"] if level.is_active else 0
            if count >= units or stock == "bypass":
                return [(location, units)]
            counts.append((count, location))
    if not counts:  # stocked nowhere
        if stock == "bypass" or units <= 0:
            return [(places[0], units)]
        counts = [(0, location) for location in places]
    return _spread(variant, units, counts, stock)


def _spread(
    variant: Variant, units: int, counts: list[tuple[int, Location]], stock: str
) -> Placement:
    """Split units over locations of which none has enough, the fullest first."""
    whole = sum(max(0, count) for count, _ in counts)
    if whole < units and stock == "obey" and variant.inventory_policy == "DENY":
        raise Refused(
            "sold_out", f"{variant.sku}: {units} wanted, {whole} available; overselling is off."
        )
    counts.sort(key=lambda entry: -entry[0])
    placement: Placement = []
    missing = units
    for count, location in counts:
        part = min(count, missing)
        if part > 0:
            placement.append((location, part))
            missing -= part
    if missing:
        location, part = placement[0] if placement else (counts[0][1], 0)
        placement[:1] = [(location, part + missing)]
    return placement
