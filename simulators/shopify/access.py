"""Which scopes a token has, and which a field wants (from the published schema).

A write scope includes its read scope. Where Shopify names several scopes, one is enough.

Not modelled: permissions of staff members, protected customer data, approval by Shopify.
"""

from .schema import access_scopes

__all__ = ["ALL_SCOPES", "Granted"]

ALL_SCOPES = (
    "read_products", "write_products", "read_product_listings", "read_inventory",
    "write_inventory", "read_locations", "write_locations", "read_customers", "write_customers",
    "read_companies", "read_orders", "read_all_orders", "write_orders", "read_draft_orders",
    "write_draft_orders", "write_order_edits", "read_order_edits", "read_fulfillments",
    "write_fulfillments", "read_assigned_fulfillment_orders",
    "write_assigned_fulfillment_orders", "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders", "read_third_party_fulfillment_orders",
    "write_third_party_fulfillment_orders", "read_returns", "write_returns",
    "read_shopify_payments_payouts", "read_shopify_payments_accounts",
    "read_shopify_payments_disputes", "read_price_rules", "read_discounts", "read_shipping",
    "read_publications", "write_publications", "read_files", "write_files",
)  # fmt: skip


class Granted:
    """The scopes of one token. ``key`` is equal for equal scopes."""

    def __init__(self, scopes: "list[str] | tuple[str, ...]") -> None:
        self.handles = tuple(dict.fromkeys(scopes))
        self.all = frozenset(self.handles) | {
            "read_" + scope.removeprefix("write_")
            for scope in self.handles
            if scope.startswith("write_")
        }
        self.key = self.all

    def missing(self, key: str) -> list[str] | None:
        """Return the scopes of which ``Type`` or ``Type.field`` wants one, if none is granted."""
        wanted = access_scopes().get(key)
        if wanted is None or not self.all.isdisjoint(wanted):
            return None
        return wanted
