"""What people do at the gateway: shoppers pay, the shop refunds, banks dispute and fail.

Amounts are decimal text in the currency of the charge; without ``amount`` it is the whole (or
what is left of it). Each act says in its docstring what it takes and returns. A decline of the
bank is a refusal with Stripe's code (card_declined ...).
"""

from collections.abc import Callable, Sequence
from decimal import InvalidOperation
from typing import Any, TypeAlias

from peakproof.simkit import SimulatorRefused, UsageError, parse_money, to_minor

from .account import Account
from .errors import Refused
from .events import Endpoint
from .neutral import text
from .records import BankAccountRecord, Charge, Dispute, Intent, Payout, Record, Refund
from .refunds import DISPUTE_REASONS, REFUND_REASONS

__all__ = ["ACTS", "Act", "perform"]

Act: TypeAlias = Callable[[Account, dict[str, Any]], dict[str, Any]]


def perform(act: Act, account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """Do an act; raises SimulatorRefused with the gateway's code when it was refused."""
    try:
        return act(account, arguments)
    except Refused as error:
        raise SimulatorRefused(error.code or error.kind, error.message) from error


def _amount(arguments: dict[str, Any], currency: str, name: str = "amount") -> int | None:
    given = arguments.get(name)
    if given is None:
        return None
    try:
        return to_minor(parse_money(str(given), currency), currency)
    except (InvalidOperation, ValueError) as error:
        raise UsageError(f"{name}: expected an amount such as 12.50, found {given!r}.") from error


def _record(account: Account, kind: type[Any], arguments: dict[str, Any], name: str) -> Any:
    identity = str(arguments.get(name, ""))
    found: Record = account.core.get(kind, identity)
    return found


def _charge_of(account: Account, arguments: dict[str, Any]) -> Charge:
    if "charge_id" in arguments:
        found: Charge = _record(account, Charge, arguments, "charge_id")
        return found
    intent: Intent = _record(account, Intent, arguments, "payment_intent_id")
    if intent.latest is None:
        raise Refused(f"Intent {intent.id} was never charged.", "payment_intent_unexpected_state")
    return intent.latest


def _metadata(arguments: dict[str, Any]) -> dict[str, str]:
    metadata = dict(arguments.get("metadata") or {})
    for name in ("order_id", "order_name"):
        if arguments.get(name) is not None:
            metadata[name] = arguments[name]
    return {name: str(value) for name, value in metadata.items()}


def _reason(arguments: dict[str, Any], known: Sequence[str]) -> str | None:
    reason = arguments.get("reason")
    if reason is not None and reason not in known:
        raise UsageError(f"reason: one of {', '.join(known)}, not {reason!r}.")
    return reason


def _intent(account: Account, arguments: dict[str, Any], capture_method: str) -> Intent:
    currency = str(arguments.get("currency") or account.core.currency).upper()
    amount = _amount(arguments, currency)
    if amount is None:
        raise UsageError("amount is needed, a decimal such as 12.50.")
    metadata = _metadata(arguments)
    intent = account.payments.create(
        amount,
        currency,
        capture_method=capture_method,
        method=str(arguments.get("payment_method") or "pm_card_visa"),
        customer=_customer(account, arguments.get("email")),
        automatic_methods={"allow_redirects": "always", "enabled": True},
        metadata=metadata,
        details={"description": metadata.get("order_name"), "receipt_email": None},
    )
    return account.confirm(intent)


def _customer(account: Account, email: Any) -> str | None:
    if not email:
        return None
    for entry in account.customers():
        if entry.details.get("email") == email and not entry.deleted:
            return entry.id
    return account.add_customer({"email": str(email)}).id


def _paid(charge: Charge) -> dict[str, Any]:
    entry = charge.transaction
    result: dict[str, Any] = {
        "charge_id": charge.id,
        "payment_intent_id": charge.intent.id,
        "amount": text(charge.amount_captured or charge.amount, charge.currency),
        "currency": charge.currency,
        "status": charge.status,
    }
    if entry is not None:
        result |= {
            "balance_transaction_id": entry.id,
            "fee": text(entry.fee, entry.currency),
            "net": text(entry.net, entry.currency),
            "settled_amount": text(entry.amount, entry.currency),
            "settled_currency": entry.currency,
        }
    return result


def pay(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """A shopper pays: amount, currency, order_id, order_name, metadata, payment_method, email.

    Result: charge_id, payment_intent_id, balance_transaction_id, amount, currency, fee, net
    (both in settled_currency), settled_amount, status.
    """
    charge = _intent(account, arguments, "automatic").latest
    assert charge is not None, "a confirmed intent has a charge"
    return _paid(charge)


def authorize(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """A shopper's bank promises an amount; takes what ``pay`` takes, result without money."""
    charge = _intent(account, arguments, "manual").latest
    assert charge is not None, "a confirmed intent has a charge"
    return _paid(charge)


def capture(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """The shop takes what was authorised: charge_id or payment_intent_id, amount; as ``pay``."""
    charge = _charge_of(account, arguments)
    account.payments.capture(charge.intent, _amount(arguments, charge.currency))
    return _paid(charge)


def cancel(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """The shop releases an authorisation: charge_id or payment_intent_id."""
    charge = _charge_of(account, arguments)
    account.payments.cancel(charge.intent, "requested_by_customer")
    return _paid(charge)


def _refunded(refund: Refund) -> dict[str, Any]:
    return {
        "refund_id": refund.id,
        "charge_id": refund.charge.id,
        "amount": text(refund.amount, refund.charge.currency),
        "currency": refund.charge.currency,
        "status": refund.status,
        "balance_transaction_id": refund.transaction.id if refund.transaction else None,
    }


def refund(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """The shop gives money back: charge_id, amount, reason, metadata.

    Result: refund_id, charge_id, amount, currency, status, balance_transaction_id.
    """
    charge = _charge_of(account, arguments)
    reason = _reason(arguments, REFUND_REASONS)
    amount = _amount(arguments, charge.currency)
    return _refunded(account.refunds.create(charge, amount, reason, _metadata(arguments)))


def settle_refund(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """A pending refund reaches the shopper: refund_id."""
    found: Refund = _record(account, Refund, arguments, "refund_id")
    account.refunds.succeed(found)
    return _refunded(found)


def fail_refund(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """A refund comes back, pending or succeeded: refund_id."""
    found: Refund = _record(account, Refund, arguments, "refund_id")
    account.refunds.fail(found)
    return _refunded(found)


def _disputed(dispute: Dispute) -> dict[str, Any]:
    currency = dispute.transactions[0].currency
    return {
        "dispute_id": dispute.id,
        "charge_id": dispute.charge.id,
        "amount": text(dispute.amount, dispute.charge.currency),
        "currency": dispute.charge.currency,
        "fee": text(dispute.fee, currency),
        "status": dispute.status,
    }


def dispute(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """A shopper's bank takes money back: charge_id, amount, reason.

    Result: dispute_id, charge_id, amount, currency, fee (in the settlement currency), status.
    """
    charge = _charge_of(account, arguments)
    reason = _reason(arguments, DISPUTE_REASONS) or "general"
    return _disputed(account.disputes.open(charge, _amount(arguments, charge.currency), reason))


def close_dispute(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """The bank decides: dispute_id, won (true or false)."""
    found: Dispute = _record(account, Dispute, arguments, "dispute_id")
    won = arguments.get("won")
    if not isinstance(won, bool):
        raise UsageError(f"close_dispute: won must be true or false, not {won!r}.")
    return _disputed(account.disputes.close(found, won))


def _sent(account: Account, payout: Payout) -> dict[str, Any]:
    return {
        "id": payout.id,
        "account": account.core.get(BankAccountRecord, payout.destination).code,
        "amount": text(payout.amount, payout.currency),
        "currency": payout.currency,
        "arrival_date": payout.arrival.isoformat(),
        "reference": payout.reference,
        "status": payout.status,
    }


def close_day(account: Account, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Run the day's automatic payout now and tell the bank.

    Result: ``{"payouts": [{id, account, amount, currency, arrival_date, reference, status}]}``,
    every payout that no earlier ``close_day`` listed (those that a day made by itself included);
    ``account`` is the code of the business's bank account that it goes to.
    """
    account.payouts.automatic()
    return {"payouts": [_sent(account, payout) for payout in account.payouts.hand_over()]}


def create_payout(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """The shop pays out by hand: amount, currency. Result: one of ``close_day``'s payouts."""
    currency = str(arguments.get("currency") or account.core.currency).upper()
    if currency not in account.core.currencies:
        raise UsageError(f"currency: one of {account.core.currencies}, not {currency!r}.")
    amount = _amount(arguments, currency)
    if amount is None:
        amount, _ = account.ledger.balance(currency)
    if amount <= 0:
        raise Refused("There is nothing to pay out.", "balance_insufficient")
    return _sent(account, account.payouts.manual(amount, currency))


def fail_payout(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """The bank sends a payout back: payout_id (default the latest), code (account_closed)."""
    if "payout_id" in arguments:
        found: Payout = _record(account, Payout, arguments, "payout_id")
    else:
        made = account.core.all(Payout)
        if not made:
            raise Refused("No payout was made yet.", "resource_missing")
        found = made[-1]
    account.payouts.fail(found, str(arguments.get("code") or "account_closed"))
    return _sent(account, found)


def register_webhook(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """The merchant enters an address in the dashboard: url, enabled_events (default all).

    Its secret is the value ``webhook_secret``, so that a connector can know it beforehand.
    """
    types = [str(topic) for topic in arguments.get("enabled_events") or ["*"]]
    secret = account.core.settings.webhook_secret
    made = account.events.add_endpoint(str(arguments.get("url", "")), types, secret=secret)
    return {"webhook_endpoint_id": made.id}


def remove_webhook(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    """Somebody deletes an endpoint: webhook_endpoint_id, or every one."""
    wanted = arguments.get("webhook_endpoint_id")
    found: list[Endpoint] = [e for e in account.events.endpoints() if wanted in (None, e.id)]
    for endpoint in found:
        account.events.remove_endpoint(endpoint)
    return {"removed": len(found)}


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        pay, authorize, capture, cancel, refund, settle_refund, fail_refund, dispute,
        close_dispute, close_day, create_payout, fail_payout, register_webhook, remove_webhook,
    )
}  # fmt: skip
