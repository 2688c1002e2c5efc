"""Answers about the shop, the app, metafields, tags, nodes and jobs.

Not modelled: domains other than the shop's own, staff, tax details, billing of apps.
"""

from typing import Any

from graphql import GraphQLObjectType

from .connection import connection
from .context import Context
from .customers import Address
from .errors import ApiError, not_modelled, user_error
from .ids import gid, type_of
from .metafields import Metafield
from .nodes import find_node
from .registry import Arguments, Resolvers
from .schema import load_schema
from .shop import Shop
from .versions import NEWEST, VERSIONS

__all__ = ["RESOLVERS"]

RESOLVERS = Resolvers()
_PLAN_NAMES = {"standard": "Basic", "advanced": "Advanced", "plus": "Shopify Plus"}
_OWNERS = [
    name
    for name, kind in load_schema(NEWEST).type_map.items()
    if isinstance(kind, GraphQLObjectType) and "metafield" in kind.fields
]


def _offset(shop: Shop) -> str:
    return shop.now().astimezone(shop.zone).strftime("%z")


@RESOLVERS.query("shop")
def shop_record(_arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer QueryRoot.shop."""
    shop = context.shop
    plan = shop.plan
    offset = _offset(shop)
    minutes = (int(offset[1:3]) * 60 + int(offset[3:5])) * (-1 if offset[0] == "-" else 1)
    return {
        "__typename": "Shop", "id": shop.id, "name": plan.name, "description": None,
        "email": f"owner@{shop.domain}", "contactEmail": f"owner@{shop.domain}",
        "currencyCode": plan.currency,
        "enabledPresentmentCurrencies": [plan.currency, *plan.exchange_rates],
        "myshopifyDomain": shop.domain, "url": f"https://{shop.domain}",
        "primaryDomain": {"id": gid("Domain", shop.number), "host": shop.domain,
                          "sslEnabled": True, "url": f"https://{shop.domain}"},
        "ianaTimezone": plan.timezone, "timezoneOffset": offset,
        "timezoneOffsetMinutes": minutes,
        "timezoneAbbreviation": shop.now().astimezone(shop.zone).tzname() or "UTC",
        "taxesIncluded": plan.taxes_included,
        "taxShipping": bool(getattr(shop.orders, "tax_shipping", False)),
        "shopAddress": _address(shop), "weightUnit": "KILOGRAMS", "unitSystem": "METRIC_SYSTEM",
        "setupRequired": False, "shopOwnerName": f"{plan.name} Admin",
        "createdAt": shop.created_at, "updatedAt": shop.updated_at,
        "checkoutApiSupported": True, "orderNumberFormatPrefix": "#",
        "orderNumberFormatSuffix": "", "shipsToCountries": [plan.country],
        "plan": {"displayName": _PLAN_NAMES.get(plan.plan, plan.plan),
                 "publicDisplayName": _PLAN_NAMES.get(plan.plan, plan.plan),
                 "partnerDevelopment": False, "shopifyPlus": plan.plan == "plus"},
    }  # fmt: skip


def _address(shop: Shop) -> dict[str, Any]:
    return {
        "id": gid("ShopAddress", shop.number), "countryCode": shop.plan.country,
        "countryCodeV2": shop.plan.country, "country": shop.plan.country,
        "company": shop.plan.name, "formatted": [shop.plan.name, shop.plan.country],
        "formattedArea": shop.plan.country, "coordinatesValidated": False,
    }  # fmt: skip


def _app(context: Context) -> dict[str, Any]:
    client = context.client
    scopes = [{"handle": name, "description": name} for name in client.granted.handles]
    return {
        "__typename": "App", "id": gid("App", 1), "title": client.title, "handle": "app",
        "apiKey": client.id, "embedded": False, "availableAccessScopes": scopes,
        "webhookApiVersion": context.shop.subscriptions.api_version,
        "requestedAccessScopes": scopes,
    }  # fmt: skip


@RESOLVERS.query("app")
def app(arguments: Arguments, context: Context) -> dict[str, Any] | None:
    """Answer QueryRoot.app: the calling app."""
    return None if arguments.get("id") not in (None, gid("App", 1)) else _app(context)


@RESOLVERS.query("currentAppInstallation")
def installation(_arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer QueryRoot.currentAppInstallation."""
    return {
        "__typename": "AppInstallation",
        "id": gid("AppInstallation", 1),
        "app": _app(context),
        "accessScopes": _app(context)["requestedAccessScopes"],
    }


@RESOLVERS.mutation("appUninstall")
def app_uninstall(_arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.appUninstall."""
    app_record = _app(context)
    context.client.uninstall()
    return {"app": app_record, "userErrors": []}


@RESOLVERS.query("publicApiVersions")
def api_versions(_arguments: Arguments, _context: Context) -> list[dict[str, Any]]:
    """Answer QueryRoot.publicApiVersions."""
    return [{"handle": name, "displayName": name, "supported": True} for name in VERSIONS]


@RESOLVERS.query("node")
def node(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.node."""
    return find_node(arguments["id"], context)


@RESOLVERS.query("nodes")
def nodes(arguments: Arguments, context: Context) -> list[Any]:
    """Answer QueryRoot.nodes."""
    return [find_node(identity, context) for identity in arguments["ids"]]


@RESOLVERS.query("job")
def job(arguments: Arguments, _context: Context) -> dict[str, Any] | None:
    """Answer QueryRoot.job: jobs of this simulator end before they are asked for."""
    identity = arguments["id"]
    if type_of(identity) != "Job":
        raise ApiError(f"Invalid global id '{identity}'")
    return {"__typename": "Job", "id": identity, "done": True}


@RESOLVERS.field("Job", "query")
def job_query(_job: Any, _arguments: Arguments, _context: Context) -> dict[str, Any]:
    """Answer Job.query with the root of queries."""
    return {}


def _metafield(owner: Any, arguments: Arguments, context: Context) -> Metafield | None:
    identity = owner["id"] if isinstance(owner, dict) else owner.id
    return context.shop.metafields.get(identity, arguments.get("namespace"), arguments["key"])


def _metafields(owner: Any, arguments: Arguments, context: Context) -> Any:
    identity = owner["id"] if isinstance(owner, dict) else owner.id
    found = context.shop.metafields.of(identity)
    namespace, keys = arguments.get("namespace"), arguments.get("keys")
    if namespace is not None:
        found = [entry for entry in found if entry.namespace == namespace]
    if keys is not None:
        found = [e for e in found if e.key in keys or f"{e.namespace}.{e.key}" in keys]
    return connection(found, arguments, context)


for _owner in _OWNERS:
    RESOLVERS.field(_owner, "metafield")(_metafield)
    RESOLVERS.field(_owner, "metafields")(_metafields)


@RESOLVERS.field("Metafield", "owner")
def metafield_owner(found: Metafield, _arguments: Arguments, context: Context) -> Any:
    """Answer Metafield.owner."""
    return find_node(found.owner_id, context)


@RESOLVERS.query("metafieldDefinition")
def definition(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.metafieldDefinition."""
    wanted = arguments.get("identifier")
    if wanted is None:
        number = arguments.get("id", "").rpartition("/")[2]
        found = context.shop.metafields.definitions
        return next((entry for entry in found if str(entry.number) == number), None)
    return context.shop.metafields.definition(
        wanted["ownerType"], wanted.get("namespace"), wanted["key"]
    )


@RESOLVERS.query("metafieldDefinitions")
def definitions(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.metafieldDefinitions."""
    found = [
        entry
        for entry in context.shop.metafields.definitions
        if entry.owner_type == arguments["ownerType"]
        and arguments.get("namespace") in (None, entry.namespace)
        and arguments.get("key") in (None, entry.key)
    ]
    return connection(found, arguments, context)


@RESOLVERS.mutation("metafieldDefinitionCreate")
def definition_create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.metafieldDefinitionCreate."""
    found, errors = context.shop.metafields.define(arguments["definition"])
    return {"createdDefinition": found, "userErrors": errors}


@RESOLVERS.mutation("metafieldsSet")
def metafields_set(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.metafieldsSet: all or nothing, at most 25."""
    store = context.shop.metafields
    given = arguments["metafields"]
    if len(given) > 25:
        text = "Exceeded the maximum metafields input limit of 25."
        return {"metafields": None, "userErrors": [
            user_error(["metafields"], text, "LESS_THAN_OR_EQUAL_TO")]}  # fmt: skip
    errors = []
    for place, entry in enumerate(given):
        path = ["metafields", str(place)]
        if find_node(entry["ownerId"], context) is None:
            errors.append(user_error([*path, "ownerId"], "Owner does not exist.", "INVALID"))
        known = store.get(entry["ownerId"], entry.get("namespace"), entry["key"])
        digest = entry.get("compareDigest")
        if digest is not None and (known is None or known.compare_digest != digest):
            text = "The resource has been updated since it was loaded. Try again."
            errors.append(user_error(path, text, "STALE_OBJECT"))
        if known is None and not entry.get("type"):
            errors.append(user_error([*path, "type"], "Type can't be blank", "BLANK"))
    if errors:
        return {"metafields": None, "userErrors": errors}
    return {"metafields": [store.write(e["ownerId"], e) for e in given], "userErrors": []}


@RESOLVERS.mutation("metafieldsDelete")
def metafields_delete(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.metafieldsDelete."""
    deleted = [
        dict(entry)
        if context.shop.metafields.delete(entry["ownerId"], entry["namespace"], entry["key"])
        else None
        for entry in arguments["metafields"]
    ]
    return {"deletedMetafields": deleted, "userErrors": []}


def _change_tags(arguments: Arguments, context: Context, add: bool) -> dict[str, Any]:
    found = find_node(arguments["id"], context)
    if found is None:
        return {"node": None, "userErrors": [user_error(["id"], "Resource does not exist")]}
    if not hasattr(found, "tags"):
        raise not_modelled(f"tags of {type_of(arguments['id'])}", context)
    given = [tag.strip() for entry in arguments["tags"] for tag in entry.split(",") if tag.strip()]
    low = {tag.lower() for tag in given}
    kept = [tag for tag in found.tags if tag.lower() not in low]
    found.tags = sorted(kept + given if add else kept, key=str.lower)
    found.updated_at = context.shop.now()
    _announce(found, context.shop)
    return {"node": found, "userErrors": []}


def _announce(found: Any, shop: Shop) -> None:
    kind = type(found).__name__
    if kind == "Product":
        shop.catalog.announce(found, "update")
    elif kind == "Customer":
        shop.customers.announce(found, "update")
    elif kind == "Order" and hasattr(shop.orders, "announce"):
        shop.orders.announce(found, "update")


@RESOLVERS.mutation("tagsAdd")
def tags_add(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.tagsAdd."""
    return _change_tags(arguments, context, add=True)


@RESOLVERS.mutation("tagsRemove")
def tags_remove(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.tagsRemove."""
    return _change_tags(arguments, context, add=False)


@RESOLVERS.field("MailingAddress", "formatted")
def formatted(address: Address, arguments: Arguments, _context: Context) -> list[str]:
    """Answer MailingAddress.formatted."""
    lines = [address.name if arguments.get("withName") else None,
             address.company if arguments.get("withCompany") else None,
             address.address1, address.address2,
             " ".join(p for p in (address.city, address.province_code, address.zip) if p) or None,
             address.country]  # fmt: skip
    return [line for line in lines if line]


RESOLVERS.node("Shop", lambda shop, number: {"__typename": "Shop", "id": shop.id}
               if number == shop.number else None)  # fmt: skip
RESOLVERS.node("MetafieldDefinition", lambda shop, number: next(
    (entry for entry in shop.metafields.definitions if entry.number == number), None))  # fmt: skip
