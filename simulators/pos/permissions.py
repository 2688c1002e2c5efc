"""Which OAuth permission each operation needs, from Square's permissions reference.

Reading and writing are separate: ORDERS_WRITE does not include ORDERS_READ. Webhook
subscriptions are the application's own and need no permission of the seller. Not published:
that calculating an order needs none.
"""

from collections.abc import Iterable

from peakproof.simkit import Scopes

from .errors import Refusal

__all__ = ["insufficient", "permissions"]

_READS = {
    "ITEMS_READ": "catalog.list catalog.search catalog.batch_get catalog.object.get",
    "ORDERS_READ": "orders.batch_get orders.search orders.get",
    "PAYMENTS_READ": "payments.list payments.get refunds.list refunds.get",
    "MERCHANT_PROFILE_READ": "locations.list locations.get",
    "CUSTOMERS_READ": "customers.search customers.get",
    "CASH_DRAWER_READ": "cash_drawers.shifts.list cash_drawers.shifts.get "
    "cash_drawers.shifts.list_events",
    "INVENTORY_READ": "inventory.batch_get_changes inventory.batch_get_counts "
    "inventory.get_adjustment inventory.get_physical_count inventory.get",
}
_WRITES = {
    "ITEMS_WRITE": "catalog.batch_upsert catalog.object.upsert catalog.object.delete",
    "ORDERS_WRITE": "orders.create orders.update orders.pay",
    "PAYMENTS_WRITE": "payments.create payments.cancel_by_idempotency_key payments.complete "
    "payments.cancel refunds.refund_payment orders.pay",
    "CUSTOMERS_WRITE": "customers.create customers.update",
    "INVENTORY_WRITE": "inventory.batch_create_changes",
}


def permissions(granted: Iterable[str]) -> Scopes:
    """Return the seller's permissions; ``granted`` empty is all of them."""
    needs: dict[str, list[str]] = {}
    for permission, names in {**_READS, **_WRITES}.items():
        for name in names.split():
            needs.setdefault(name, []).append(permission)
    return Scopes("OAuth permissions", needs, granted)


def insufficient(missing: list[str]) -> Refusal:
    """Return the refusal of a call whose permissions the seller did not give."""
    detail = (
        "The merchant has not given your application sufficient permissions to do that. The "
        f"merchant must authorize your application for the following scopes: {', '.join(missing)}"
    )
    return Refusal("INSUFFICIENT_SCOPES", detail, "", 403, "AUTHENTICATION_ERROR")
