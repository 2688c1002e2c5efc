"""Finds any object by its global id, for ``node(id:)`` and wherever an id may be of any kind."""

from typing import Any

from .context import Context
from .errors import ApiError
from .ids import number_of, type_of
from .registry import NodeFinder

__all__ = ["FINDERS", "find_node"]

FINDERS: dict[str, NodeFinder] = {}


def find_node(identity: str, context: Context) -> Any:
    """Return the object of a global id, or None.

    Raises ApiError for a text that is no global id, and says so if the kind is not modelled.
    """
    kind = type_of(identity)
    if not kind:
        raise ApiError(f"Invalid global id '{identity}'")
    finder = FINDERS.get(kind)
    if finder is None:
        text = f"peakproof's Shopify simulator does not model node(id:) for {kind}"
        raise ApiError(f"{text} ({context.version}).", "PEAKPROOF_NOT_MODELLED")
    found = finder(context.shop, number_of(identity, kind))
    if found is not None:
        scopes = context.client.granted.missing(kind)
        if scopes is not None:
            raise ApiError(f"Access denied for node field. Required: {scopes}", "ACCESS_DENIED")
    return found
