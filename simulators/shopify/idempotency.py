"""The @idempotent directive: a mutation sent twice with the same key happens once.

Known from 2026-01 on and mandatory from 2026-04 on for the mutations below. A key is kept for
24 hours (vendor time) by app and mutation; the same key with other arguments is refused; one
whose first attempt broke off is refused as failed.

Not modelled: how Shopify words these errors in payloads whose errors carry no code.
"""

from typing import Any

from graphql import StringValueNode, VariableNode

from peakproof.simkit import IdempotencyState

from .compile import RootField
from .context import Context
from .errors import ApiError, user_error

__all__ = ["MANDATORY_SINCE", "MUTATIONS", "guarded"]

MANDATORY_SINCE = "2026-04"
MUTATIONS = frozenset(
    {
        "inventoryActivate", "inventoryAdjustQuantities", "inventoryMoveQuantities",
        "inventorySetOnHandQuantities", "inventorySetQuantities", "inventoryShipmentAddItems",
        "inventoryShipmentCreate", "inventoryShipmentCreateInTransit",
        "inventoryShipmentReceive", "inventoryTransferCreate",
        "inventoryTransferCreateAsReadyToShip", "inventoryTransferDuplicate",
        "inventoryTransferSetItems", "locationActivate", "locationDeactivate", "refundCreate",
    }
)  # fmt: skip
_REFUSALS = {
    IdempotencyState.MISMATCH: (
        "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
        "The same idempotency key cannot be used with different operation parameters.",
    ),
    IdempotencyState.CONCURRENT: (
        "IDEMPOTENCY_CONCURRENT_REQUEST",
        "This request is currently in progress, please try again.",
    ),
    IdempotencyState.PREVIOUS_FAILED: (
        "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED",
        "The previous attempt with this idempotency key failed, use a new key.",
    ),
}


def guarded(root: RootField, arguments: dict[str, Any], context: Context) -> Any:
    """Resolve a mutation, or replay what its idempotency key stands for."""
    assert root.resolve is not None
    key = _key(root, context)
    if root.name not in MUTATIONS:
        if key is not None:
            raise ApiError(
                f"The @idempotent directive is not supported on {root.name}.", "BAD_REQUEST"
            )
        return root.resolve(None, arguments, context)
    if key is None:
        if context.at_least(MANDATORY_SINCE):
            raise ApiError(
                f"The @idempotent directive is required for the {root.name} mutation.",
                "BAD_REQUEST",
            )
        return root.resolve(None, arguments, context)
    if not key.strip():
        raise ApiError("The idempotency key cannot be empty.", "BAD_REQUEST")
    context.idempotency_key = key
    store = context.shop.idempotency
    name = f"{context.client.id}|{root.name}|{key}"
    state, kept = store.begin(name, arguments)
    if state is IdempotencyState.REPLAY:
        return kept
    if state is not IdempotencyState.NEW:
        code, message = _REFUSALS[state]
        return {"userErrors": [user_error(None, message, code)]}
    try:
        payload = root.resolve(None, arguments, context)
    except ApiError:
        store.release(name)
        raise
    except BaseException:
        store.fail(name)
        raise
    store.finish(name, payload)
    return payload


def _key(root: RootField, context: Context) -> str | None:
    for directive in root.node.directives or ():
        if directive.name.value == "idempotent":
            value = (directive.arguments or ())[0].value
            if isinstance(value, StringValueNode):
                return value.value
            if isinstance(value, VariableNode):
                return str(context.variables.get(value.name.value) or "")
    return None
