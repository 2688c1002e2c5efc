"""Answers about webhook subscriptions.

Not modelled: subscriptions by metafield identifiers, EventBridge and Pub/Sub addresses.
"""

from typing import Any

from .connection import filtered, search_connection
from .context import Context
from .errors import not_modelled, user_error
from .ids import number_of
from .registry import Arguments, Resolvers
from .subscriptions import Subscription, bad_address
from .topics import topic_path
from .versions import VERSIONS

__all__ = ["RESOLVERS"]

RESOLVERS = Resolvers()
_FILTERS = {
    "id": lambda entry: entry.number,
    "topic": lambda entry: [entry.enum, topic_path(entry.enum)],
    "uri": lambda entry: entry.uri,
    "callback_url": lambda entry: entry.uri,
    "created_at": lambda entry: entry.created_at,
    "updated_at": lambda entry: entry.updated_at,
    "format": lambda entry: entry.format,
}
_SORTS = {"ID": None, "CREATED_AT": lambda entry: entry.created_at}


def _find(context: Context, identity: str) -> Subscription | None:
    return context.shop.subscriptions.by_number(number_of(identity, "WebhookSubscription"))


@RESOLVERS.query("webhookSubscription")
def webhook_subscription(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.webhookSubscription."""
    return _find(context, arguments["id"])


@RESOLVERS.query("webhookSubscriptions")
def webhook_subscriptions(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.webhookSubscriptions."""
    topics = arguments.get("topics")
    uri = arguments.get("uri") or arguments.get("callbackUrl")
    found = [
        entry
        for entry in context.shop.subscriptions.all
        if (topics is None or entry.enum in topics)
        and (uri is None or entry.uri == uri)
        and arguments.get("format") in (None, entry.format)
    ]
    return search_connection(found, arguments, context, _FILTERS, _SORTS)


@RESOLVERS.query("webhookSubscriptionsCount")
def webhook_count(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer QueryRoot.webhookSubscriptionsCount."""
    found = filtered(context.shop.subscriptions.all, arguments, context, _FILTERS)
    return {"count": len(found), "precision": "EXACT"}


@RESOLVERS.field("WebhookSubscription", "apiVersion")
def api_version(_entry: Subscription, _arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer WebhookSubscription.apiVersion: one for the whole app."""
    name = context.shop.subscriptions.api_version
    return {"handle": name, "displayName": name, "supported": name in VERSIONS}


def _address(given: dict[str, Any]) -> str | None:
    uri = given.get("uri")
    return uri if uri is not None else given.get("callbackUrl")


def _problem(
    context: Context, topic: str, given: dict[str, Any], uri: str | None, but: Any = None
) -> dict[str, Any] | None:
    place = "uri" if "uri" in given else "callbackUrl"
    path = ["webhookSubscription", place]
    if given.get("format") == "XML":
        raise not_modelled("WebhookSubscriptionInput.format XML", context)
    if not uri:
        return user_error(path, "Address can't be blank")
    wrong = bad_address(uri)
    if wrong:
        return user_error(path, wrong)
    subscriptions = context.shop.subscriptions
    if subscriptions.taken(topic, uri, given.get("filter"), but):
        return user_error(path, "Address for this topic has already been taken")
    return None


def _take(entry: Subscription, given: dict[str, Any]) -> None:
    if "filter" in given:
        entry.filter = given["filter"] or None
    if "includeFields" in given:
        entry.include_fields = given["includeFields"] or []
    if "metafieldNamespaces" in given:
        entry.metafield_namespaces = given["metafieldNamespaces"] or []
    if "name" in given:
        entry.name = given["name"]


@RESOLVERS.mutation("webhookSubscriptionCreate")
def create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.webhookSubscriptionCreate."""
    topic, given = arguments["topic"], arguments["webhookSubscription"]
    uri = _address(given)
    problem = _problem(context, topic, given, uri)
    if problem is not None or uri is None:
        return {"webhookSubscription": None, "userErrors": [problem]}
    entry = context.shop.subscriptions.add(topic, uri, context.shop.now())
    _take(entry, given)
    return {"webhookSubscription": entry, "userErrors": []}


@RESOLVERS.mutation("webhookSubscriptionUpdate")
def update(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.webhookSubscriptionUpdate."""
    entry, given = _find(context, arguments["id"]), arguments["webhookSubscription"]
    if entry is None:
        text = "Webhook subscription does not exist"
        return {"webhookSubscription": None, "userErrors": [user_error(["id"], text)]}
    uri = _address(given)
    if uri is not None:
        problem = _problem(context, entry.enum, given, uri, but=entry)
        if problem is not None:
            return {"webhookSubscription": entry, "userErrors": [problem]}
        entry.uri = uri
    _take(entry, given)
    entry.updated_at = context.shop.now()
    return {"webhookSubscription": entry, "userErrors": []}


@RESOLVERS.mutation("webhookSubscriptionDelete")
def delete(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.webhookSubscriptionDelete."""
    entry = _find(context, arguments["id"])
    if entry is None:
        text = "Webhook subscription does not exist"
        return {"deletedWebhookSubscriptionId": None, "userErrors": [user_error(["id"], text)]}
    context.shop.subscriptions.remove(entry)
    return {"deletedWebhookSubscriptionId": entry.id, "userErrors": []}


RESOLVERS.node("WebhookSubscription", lambda shop, number: shop.subscriptions.by_number(number))
