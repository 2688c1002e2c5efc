"""What the channel shows of an order's parcels, and what it still waits for.

Fulfilment orders are split, moved and held by people and apps at any time: their ids say
nothing for long, so they are read anew before each use, every page of every nested list.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from .errors import Refused
from .shopify import Shopify

__all__ = ["OpenLine", "Parcel", "Parcels", "plan", "surplus"]

PARCELS_MAX = 250  # Shopify tells no more of an order's fulfilments in one list
PARCELS = """
query Parcels($id: ID!) {
  order(id: $id) {
    fulfillments(first: 250) { id status trackingInfo(first: 10) { number } }
  }
}
"""
PARCEL_LINES = """
query ParcelLines($id: ID!, $after: String) {
  fulfillment(id: $id) {
    fulfillmentLineItems(first: 50, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { quantity lineItem { id } }
    }
  }
}
"""
_OPEN_LINES = """
pageInfo { hasNextPage endCursor }
nodes { id remainingQuantity lineItem { id } }
"""
OPEN = f"""
query OpenUnits($id: ID!, $after: String) {{
  order(id: $id) {{
    fulfillmentOrders(first: 10, after: $after) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        id status
        assignedLocation {{ location {{ id }} }}
        supportedActions {{ action }}
        lineItems(first: 15) {{ {_OPEN_LINES} }}
      }}
    }}
  }}
}}
"""
MORE = f"""
query MoreOpenUnits($id: ID!, $after: String) {{
  fulfillmentOrder(id: $id) {{ lineItems(first: 50, after: $after) {{ {_OPEN_LINES} }} }}
}}
"""
CREATE = """
mutation Fulfil($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id }
    userErrors { field message }
  }
}
"""
TRACK = """
mutation Track($id: ID!, $tracking: FulfillmentTrackingInput!) {
  fulfillmentTrackingInfoUpdate(
    fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: true
  ) {
    fulfillment { id }
    userErrors { field message }
  }
}
"""

Units = dict[str, int]  # units by line gid


class Parcel(msgspec.Struct, kw_only=True, frozen=True):
    """A fulfilment that the channel shows."""

    id: str
    status: str
    numbers: tuple[str, ...]


class OpenLine(msgspec.Struct, kw_only=True, frozen=True):
    """Units of an order line that a fulfilment order at one location waits for."""

    id: str
    fulfillment_order: str
    location: str
    line: str
    remaining: int
    held: bool


class Parcels:
    """Reads and makes fulfilments of the channel's orders."""

    def __init__(self, shopify: Shopify) -> None:
        self.shopify = shopify

    async def shown(self, order: str) -> list[Parcel]:
        """Return every fulfilment of an order, the cancelled ones too."""
        found = (await self.shopify.graphql(PARCELS, {"id": order}))["order"]
        if found is None:
            raise Refused("unknown_order", f"the channel does not know {order}")
        if len(found["fulfillments"]) >= PARCELS_MAX:
            raise Refused("too_many_parcels", f"{order} has more parcels than the channel lists")
        return [
            Parcel(
                id=row["id"],
                status=row["status"],
                numbers=tuple(info["number"] for info in row["trackingInfo"] if info["number"]),
            )
            for row in found["fulfillments"]
        ]

    async def units(self, parcel: str) -> Units:
        """Return what is in a fulfilment."""
        units: Units = {}
        path = "fulfillment.fulfillmentLineItems"
        async for row in self.shopify.pages(PARCEL_LINES, path, {"id": parcel}):
            line = row["lineItem"]["id"]
            units[line] = units.get(line, 0) + int(row["quantity"] or 0)
        return units

    async def open(self, order: str) -> list[OpenLine]:
        """Return everything that an order's fulfilment orders wait for."""
        lines: list[OpenLine] = []
        path = "order.fulfillmentOrders"
        async for entry in self.shopify.pages(OPEN, path, {"id": order}):
            rows = list(entry["lineItems"]["nodes"])
            info = entry["lineItems"]["pageInfo"]
            while info["hasNextPage"]:
                variables = {"id": entry["id"], "after": info["endCursor"]}
                found = (await self.shopify.graphql(MORE, variables))["fulfillmentOrder"]
                rows += found["lineItems"]["nodes"]
                info = found["lineItems"]["pageInfo"]
            actions = {row["action"] for row in entry["supportedActions"]}
            if "CREATE_FULFILLMENT" in actions or entry["status"] in ("ON_HOLD", "SCHEDULED"):
                lines += _lines(entry, rows, "CREATE_FULFILLMENT" not in actions)
        return lines

    async def create(
        self, parts: Iterable[tuple[OpenLine, int]], numbers: list[str], company: str
    ) -> str:
        """Make a fulfilment and have the customer told; return its gid. Unsure on silence."""
        orders: dict[str, list[dict[str, Any]]] = {}
        for line, units in parts:
            orders.setdefault(line.fulfillment_order, []).append({"id": line.id, "quantity": units})
        fulfillment: dict[str, Any] = {
            "lineItemsByFulfillmentOrder": [
                {"fulfillmentOrderId": identity, "fulfillmentOrderLineItems": rows}
                for identity, rows in orders.items()
            ],
            "notifyCustomer": True,
        }
        if numbers:
            fulfillment["trackingInfo"] = _tracking(numbers, company)
        variables = {"fulfillment": fulfillment}
        found = await self.shopify.graphql(CREATE, variables, repeatable=False)
        return _made(found["fulfillmentCreate"])

    async def track(self, parcel: str, numbers: list[str], company: str) -> None:
        """Correct the tracking numbers of a fulfilment."""
        variables = {"id": parcel, "tracking": _tracking(numbers, company)}
        found = await self.shopify.graphql(TRACK, variables)
        _made(found["fulfillmentTrackingInfoUpdate"])


def plan(rest: Units, lines: list[OpenLine], place: str) -> list[tuple[OpenLine, int]]:
    """Return which open units a parcel takes: of one location, as the channel demands.

    The location that waits for most of it is taken, ``place`` (where the parcel left) before
    others; what is left over is for the next call. None: the channel waits for nothing of it.
    Raises Refused while units that it needs are held there.
    """
    for line, units in rest.items():
        waiting = [entry for entry in lines if entry.line == line]
        if _free(waiting) < units and any(entry.held for entry in waiting):
            raise Refused("held", f"{surplus({line: units}, waiting)} (held there)")
    best: list[tuple[OpenLine, int]] = []
    for location in sorted(
        {entry.location for entry in lines}, key=lambda one: (one != place, one)
    ):
        left, parts = dict(rest), []
        for entry in lines:
            units = min(left.get(entry.line, 0), entry.remaining)
            if entry.location == location and not entry.held and units > 0:
                left[entry.line] -= units
                parts.append((entry, units))
        if sum(units for _, units in parts) > sum(units for _, units in best):
            best = parts
    return best


def surplus(rest: Units, lines: list[OpenLine]) -> str:
    """Return in words what left the house and the channel does not wait for."""
    return "; ".join(
        f"{units} units of {line} left, the channel waits for {free}"
        for line, units in rest.items()
        if (free := _free([entry for entry in lines if entry.line == line])) < units
    )


def _free(lines: list[OpenLine]) -> int:
    return sum(entry.remaining for entry in lines if not entry.held)


def _lines(entry: dict[str, Any], rows: list[dict[str, Any]], held: bool) -> list[OpenLine]:
    location = entry["assignedLocation"]["location"] or {}
    return [
        OpenLine(
            id=row["id"],
            fulfillment_order=entry["id"],
            location=location.get("id", ""),
            line=row["lineItem"]["id"],
            remaining=int(row["remainingQuantity"]),
            held=held,
        )
        for row in rows
        if row["remainingQuantity"] > 0
    ]


def _tracking(numbers: list[str], company: str) -> dict[str, Any]:
    return {"numbers": numbers} | ({"company": company} if company else {})


def _made(payload: dict[str, Any]) -> str:
    """Return the gid of what was made; raises Refused for user errors."""
    if payload["userErrors"]:
        said = "; ".join(error["message"] for error in payload["userErrors"])
        raise Refused("fulfilment", said[:500])
    return str(payload["fulfillment"]["id"])
