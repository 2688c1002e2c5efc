"""Which permission of a restricted key each operation needs, from Stripe's reference.

A permission to write includes the one to read. Reading needs ``<resource>_read``, anything else
``<resource>_write``; refunds belong to charges, balance transactions to the balance. Expanding a
field needs the permission to read what it holds; for the source of a balance transaction that
is one of its own. A secret key may do everything, a restricted one (option ``scopes``, a key
that begins with rk_) what was granted.
"""

from collections.abc import Iterable, Sequence

from peakproof.simkit import Scopes

from .errors import Refused

__all__ = ["forbidden", "permissions", "to_expand"]

_RESOURCES = {
    "customers": "customer",
    "payment_methods": "payment_method",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "charge",
    "disputes": "dispute",
    "balance": "balance",
    "balance_transactions": "balance",
    "payouts": "payout",
    "webhook_endpoints": "webhook",
    "events": "event",
}
_EXPANDED = {
    "balance_transaction": "balance_read",
    "charge": "charge_read",
    "customer": "customer_read",
    "failure_balance_transaction": "balance_read",
    "latest_charge": "charge_read",
    "payment_intent": "payment_intent_read",
    "payment_method": "payment_method_read",
    "refunds": "charge_read",
    "source": "balance_transaction_source_read",
}
_READ_ONLY = ("balance", "event", "balance_transaction_source")


def permissions(operations: Iterable[str], granted: Sequence[str]) -> Scopes:
    """Return the key's permissions for operations by name; ``granted`` empty is all of them."""
    needs = {}
    for name in operations:
        noun, _, verb = name.partition(".")
        kind = "read" if verb in ("list", "retrieve") else "write"
        needs[name] = [f"{_RESOURCES[noun]}_{kind}"]
    includes = {
        f"{resource}_write": [f"{resource}_read"]
        for resource in {*_RESOURCES.values()} - {*_READ_ONLY}
    }
    includes["balance_transaction_source_read"] = ["balance_read"]
    note = "" if granted else "a secret key may do everything; a restricted key need not"
    return Scopes("permissions of the key", needs, granted, includes, note)


def to_expand(paths: Iterable[str]) -> list[str]:
    """Return the permissions that expanding these paths needs."""
    fields = {name for path in paths for name in path.split(".")}
    return sorted({_EXPANDED[name] for name in fields if name in _EXPANDED})


def forbidden(key: str, missing: Sequence[str]) -> Refused:
    """Return the refusal of a call that the key has no permission for."""
    masked = f"{key[:8]}{'*' * 12}{key[-6:]}"
    return Refused(
        f"The provided key '{masked}' does not have the required permissions for this endpoint. "
        f"Having the 'rak_{missing[0]}' permission would allow this request to continue.",
        "more_permissions_required",
        status=403,
    )
