"""REST answers about orders, for official clients and old connectors that still read them.

Models ``orders.json``, ``orders/{id}.json``, ``orders/count.json``, transactions, refunds and
fulfilments of an order, in the REST shapes of 2026-07. Filters: status, financial_status,
fulfillment_status, created_at_min|max, updated_at_min|max, since_id, ids, name.

Not modelled: writing, ``fields``.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .errors import Refused
from .order_records import Order
from .order_totals import financial_status
from .orders import Orders
from .payload_fulfilment import fulfillment_payload
from .payload_order import order_payload, rest_fulfillment_status
from .payload_refund import refund_payload, transaction_payload
from .shop import Shop

__all__ = ["REST"]

Query = dict[str, str]
Path = dict[str, str]


def _orders(shop: Shop) -> Orders:
    orders = shop.orders
    assert isinstance(orders, Orders)
    return orders


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _state(order: Order) -> str:
    if order.cancelled_at is not None:
        return "cancelled"
    return "closed" if order.closed_at is not None else "open"


def _fulfilled(order: Order, wanted: str) -> bool:
    status = rest_fulfillment_status(order)
    words = {"shipped": "fulfilled", "fulfilled": "fulfilled", "partial": "partial"}
    if wanted in ("any", ""):
        return True
    return status is None if wanted in ("unfulfilled", "unshipped") else status == words.get(wanted)


def _wanted(order: Order, query: Query) -> bool:
    status = query.get("status", "open")
    if status != "any" and _state(order) != status:
        return False
    wanted = query.get("financial_status", "any")
    if wanted != "any" and financial_status(order).lower() != wanted:
        return False
    if not _fulfilled(order, query.get("fulfillment_status", "any")):
        return False
    for name, value in (("created_at", order.created_at), ("updated_at", order.updated_at)):
        least, most = query.get(f"{name}_min"), query.get(f"{name}_max")
        if (least and value < _moment(least)) or (most and value > _moment(most)):
            return False
    if "since_id" in query and order.number <= int(query["since_id"]):
        return False
    if "ids" in query and str(order.number) not in query["ids"].split(","):
        return False
    return query.get("name", order.name) in (order.name, order.name.lstrip("#"))


def _found(shop: Shop, query: Query) -> list[Order]:
    return [order for order in _orders(shop).all if _wanted(order, query)]


def _list(shop: Shop, _path: Path, query: Query) -> Any:
    return _Lazy(shop, _found(shop, query))


class _Lazy(list[dict[str, Any]]):
    """Orders whose payloads are built only for the page that is sent."""

    def __init__(self, shop: Shop, orders: list[Order]) -> None:
        super().__init__()
        self._shop, self._found = shop, orders

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, place: Any) -> Any:
        chosen = self._found[place]
        if isinstance(chosen, list):
            return [order_payload(self._shop, order) for order in chosen]
        return order_payload(self._shop, chosen)

    def __iter__(self) -> Any:
        return (order_payload(self._shop, order) for order in self._found)


def _order(shop: Shop, path: Path) -> Order | None:
    try:
        return _orders(shop).find(path["id"].removesuffix(".json"))
    except Refused:
        return None


def _one(shop: Shop, path: Path, _query: Query) -> Any:
    order = _order(shop, path)
    return None if order is None else {"order": order_payload(shop, order)}


def _count(shop: Shop, _path: Path, query: Query) -> Any:
    return {"count": len(_found(shop, query))}


def _part(name: str, items: Callable[[Shop, Order], list[Any]]) -> Callable[..., Any]:
    def answer(shop: Shop, path: Path, _query: Query) -> Any:
        order = _order(shop, path)
        return None if order is None else {name: items(shop, order)}

    return answer


REST: dict[str, Callable[[Shop, Path, Query], Any]] = {
    "GET orders.json": _list,
    "GET orders/count.json": _count,
    "GET orders/{id}": _one,
    "GET orders/{id}/transactions.json": _part(
        "transactions",
        lambda shop, order: [transaction_payload(shop, entry) for entry in order.transactions],
    ),
    "GET orders/{id}/refunds.json": _part(
        "refunds", lambda shop, order: [refund_payload(shop, entry) for entry in order.refunds]
    ),
    "GET orders/{id}/fulfillments.json": _part(
        "fulfillments",
        lambda shop, order: [fulfillment_payload(shop, entry) for entry in order.fulfillments],
    ),
}
