"""Names of webhook topics: ``ORDERS_CREATE`` in the schema, ``orders/create`` on the wire."""

__all__ = ["topic_path"]

_LONG = [
    "APP_PURCHASES_ONE_TIME",
    "APP_SUBSCRIPTIONS",
    "AUDIT_EVENTS",
    "BULK_OPERATIONS",
    "COLLECTION_LISTINGS",
    "COLLECTION_PUBLICATIONS",
    "COMPANY_CONTACTS",
    "COMPANY_CONTACT_ROLES",
    "COMPANY_LOCATIONS",
    "CUSTOMERS_EMAIL_MARKETING_CONSENT",
    "CUSTOMERS_MARKETING_CONSENT",
    "CUSTOMERS_WHATS_APP_MARKETING_CONSENT",
    "CUSTOMER_ACCOUNT_SETTINGS",
    "CUSTOMER_GROUPS",
    "CUSTOMER_PAYMENT_METHODS",
    "CUSTOMER_TAGS",
    "DELIVERY_PROMISE_SETTINGS",
    "DRAFT_ORDERS",
    "FINANCE_APP_STAFF_MEMBER",
    "FINANCE_KYC_INFORMATION",
    "FULFILLMENT_EVENTS",
    "FULFILLMENT_HOLDS",
    "FULFILLMENT_ORDERS",
    "INVENTORY_ITEMS",
    "INVENTORY_LEVELS",
    "INVENTORY_SHIPMENTS",
    "INVENTORY_TRANSFERS",
    "MARKETS_BACKUP_REGION",
    "METAFIELD_DEFINITIONS",
    "ORDER_TRANSACTIONS",
    "PAYMENT_SCHEDULES",
    "PAYMENT_TERMS",
    "PRODUCT_FEEDS",
    "PRODUCT_LISTINGS",
    "PRODUCT_PUBLICATIONS",
    "REVERSE_DELIVERIES",
    "REVERSE_FULFILLMENT_ORDERS",
    "SCHEDULED_PRODUCT_LISTINGS",
    "SEGMENTS",
    "SELLING_PLAN_GROUPS",
    "SHIPPING_ADDRESSES",
    "SHOP",
    "SUBSCRIPTION_BILLING_ATTEMPTS",
    "SUBSCRIPTION_BILLING_CYCLES",
    "SUBSCRIPTION_BILLING_CYCLE_EDITS",
    "SUBSCRIPTION_CONTRACTS",
    "TAX_SERVICES",
    "TENDER_TRANSACTIONS",
]  # the topics whose first part is more than one word


def topic_path(enum: str) -> str:
    """Return ``orders/create`` for ``ORDERS_CREATE``."""
    for prefix in _LONG:
        if enum.startswith(prefix + "_"):
            return f"{prefix.lower()}/{enum[len(prefix) + 1 :].lower()}"
    first, _, rest = enum.partition("_")
    return f"{first.lower()}/{rest.lower()}"
