"""Answers about Shopify Payments, disputes and tender transactions.

Models ``shopifyPaymentsAccount``, ``dispute``, ``disputes`` and ``tenderTransactions`` of Admin
API 2026-10. Payout filters: id, status, issued_at, transaction_type; balance transaction
filters: id, payout_id, payments_transfer_id (the payout's number, as clients of the published API
use it), transaction_type, processed_at, order_name.

Not modelled: bank accounts, dispute evidence, statement descriptors, adjustments.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .connection import connection, search_connection
from .context import Context
from .ids import gid, number_of
from .money import Money
from .order_money import ZERO
from .order_records import Transaction
from .orders import Orders
from .payouts import BalanceEntry, Dispute, Payout, Payouts
from .registry import Arguments, Resolvers

__all__ = ["RESOLVERS"]

RESOLVERS = Resolvers()
PAYOUT_FILTERS: dict[str, Callable[[Payout], Any]] = {
    "id": lambda payout: payout.number,
    "status": lambda payout: payout.status.lower(),
    "issued_at": lambda payout: payout.issued_at,
    "amount": lambda payout: payout.net,
    "transaction_type": lambda payout: payout.transaction_type.lower(),
}
ENTRY_FILTERS: dict[str, Callable[[BalanceEntry], Any]] = {
    "id": lambda entry: entry.number,
    "payout_id": lambda entry: entry.payout.number if entry.payout else None,
    "payments_transfer_id": lambda entry: entry.payout.number if entry.payout else None,
    "payout_status": lambda entry: (entry.payout.status if entry.payout else "PENDING").lower(),
    "transaction_type": lambda entry: entry.type.lower(),
    "processed_at": lambda entry: entry.made_at,
    "order_name": lambda entry: entry.order.name,
}
DISPUTE_FILTERS: dict[str, Callable[[Dispute], Any]] = {
    "id": lambda dispute: dispute.number,
    "status": lambda dispute: dispute.status.lower(),
    "initiated_at": lambda dispute: dispute.initiated_at,
}
PAYOUT_SORTS = {
    "ID": None,
    "ISSUED_AT": lambda payout: payout.issued_at,
    "AMOUNT": lambda payout: payout.net,
    "STATUS": lambda payout: payout.status,
}
ENTRY_SORTS = {
    "ID": None,
    "PROCESSED_AT": lambda entry: entry.made_at,
    "AMOUNT": lambda entry: entry.amount,
    "FEE": lambda entry: entry.fee,
    "NET": lambda entry: entry.net,
    "ORDER_NAME": lambda entry: entry.order.name,
    "TRANSACTION_TYPE": lambda entry: entry.type,
}


def _orders(context: Context) -> Orders:
    orders = context.shop.orders
    assert isinstance(orders, Orders)
    return orders


@RESOLVERS.query("shopifyPaymentsAccount")
def account(_arguments: Arguments, context: Context) -> Payouts:
    """Answer QueryRoot.shopifyPaymentsAccount."""
    found = _orders(context).payouts
    found.catch_up()
    return found


def _currency(context: Context) -> str:
    return context.shop.currency


@RESOLVERS.field("ShopifyPaymentsAccount", "balance")
def balance(found: Payouts, _arguments: Arguments, context: Context) -> list[Money]:
    """Answer ShopifyPaymentsAccount.balance."""
    return [Money(found.balance, _currency(context))]


def _account_values(found: Payouts) -> dict[str, Any]:
    shop = found.shop
    return {
        "activated": True,
        "onboardable": False,
        "country": shop.plan.country,
        "defaultCurrency": shop.currency,
        "payoutStatementDescriptor": shop.plan.name,
        "accountOpenerName": f"{shop.plan.name} Admin",
        "payoutSchedule": {"interval": "DAILY" if found.daily else "MANUAL"},
    }


ACCOUNT = (
    "activated",
    "onboardable",
    "country",
    "defaultCurrency",
    "payoutStatementDescriptor",
    "accountOpenerName",
    "payoutSchedule",
)


def _field(type_name: str, name: str, work: Callable[[Any], Any]) -> None:
    RESOLVERS.field(type_name, name)(lambda found, _arguments, _context: work(found))


def _account_field(name: str) -> None:
    _field("ShopifyPaymentsAccount", name, lambda found: _account_values(found)[name])


for _name in ACCOUNT:
    _account_field(_name)


@RESOLVERS.field("ShopifyPaymentsAccount", "payouts")
def payouts(found: Payouts, arguments: Arguments, context: Context) -> Any:
    """Answer ShopifyPaymentsAccount.payouts."""
    kind = arguments.get("transactionType")
    items = [entry for entry in found.payouts if kind in (None, entry.transaction_type)]
    return search_connection(items, arguments, context, PAYOUT_FILTERS, PAYOUT_SORTS)


@RESOLVERS.field("ShopifyPaymentsAccount", "balanceTransactions")
def balance_transactions(found: Payouts, arguments: Arguments, context: Context) -> Any:
    """Answer ShopifyPaymentsAccount.balanceTransactions (transfers are not among them)."""
    return search_connection(found.entries, arguments, context, ENTRY_FILTERS, ENTRY_SORTS)


@RESOLVERS.field("ShopifyPaymentsAccount", "disputes")
def account_disputes(found: Payouts, arguments: Arguments, context: Context) -> Any:
    """Answer ShopifyPaymentsAccount.disputes."""
    return search_connection(found.disputes, arguments, context, DISPUTE_FILTERS, {"ID": None})


def _sum(payout: Payout, kinds: tuple[str, ...], name: str) -> Decimal:
    return sum((getattr(e, name) for e in payout.entries if e.type in kinds), ZERO)


@RESOLVERS.field("ShopifyPaymentsPayout", "summary")
def summary(payout: Payout, _arguments: Arguments, context: Context) -> dict[str, Money]:
    """Answer ShopifyPaymentsPayout.summary."""
    currency = _currency(context)
    disputes = ("DISPUTE_WITHDRAWAL", "DISPUTE_REVERSAL")
    amounts = {
        "chargesGross": _sum(payout, ("CHARGE",), "amount"),
        "chargesFee": _sum(payout, ("CHARGE",), "fee"),
        "refundsFeeGross": _sum(payout, ("REFUND",), "amount"),
        "refundsFee": _sum(payout, ("REFUND",), "fee"),
        "adjustmentsGross": _sum(payout, disputes, "amount"),
        "adjustmentsFee": _sum(payout, disputes, "fee"),
    }
    zeros = (
        "advanceFees", "advanceGross", "reservedFundsFee", "reservedFundsGross",
        "retriedPayoutsFee", "retriedPayoutsGross", "usdcRebateCreditAmount",
    )  # fmt: skip
    amounts |= dict.fromkeys(zeros, ZERO)
    return {name: Money(amount, currency) for name, amount in amounts.items()}


@RESOLVERS.field("ShopifyPaymentsPayout", "net")
def net(payout: Payout, _arguments: Arguments, context: Context) -> Money:
    """Answer ShopifyPaymentsPayout.net."""
    return Money(payout.net, _currency(context))


@RESOLVERS.field("ShopifyPaymentsPayout", "gross")
def gross(payout: Payout, _arguments: Arguments, context: Context) -> Money:
    """Answer ShopifyPaymentsPayout.gross, deprecated: the same as net."""
    return Money(payout.net, _currency(context))


_field("ShopifyPaymentsPayout", "legacyResourceId", lambda payout: payout.number)
_field("ShopifyPaymentsPayout", "externalTraceId", lambda payout: payout.trace)


def _payout_of(entry: BalanceEntry) -> dict[str, Any]:
    payout = entry.payout
    if payout is None:
        return {"id": None, "status": "PENDING"}
    return {"id": payout.id, "status": payout.status}


def _order_transaction(entry: BalanceEntry) -> int | None:
    return entry.transaction.number if entry.transaction else None


ENTRY: dict[str, Callable[[BalanceEntry], Any]] = {
    "sourceOrderTransactionId": _order_transaction,
    "associatedPayout": _payout_of,
    "associatedOrder": lambda entry: {"id": entry.order.id, "name": entry.order.name},
    "adjustmentsOrders": lambda _entry: [],
    "adjustmentReason": lambda _entry: None,
    "test": lambda entry: entry.order.test,
    "transactionDate": lambda entry: entry.made_at,
}
for _name, _entry_work in ENTRY.items():
    _field("ShopifyPaymentsBalanceTransaction", _name, _entry_work)


def _entry_money(name: str) -> None:
    RESOLVERS.field("ShopifyPaymentsBalanceTransaction", name)(
        lambda entry, _arguments, context: Money(getattr(entry, name), _currency(context))
    )


for _name in ("amount", "fee", "net"):
    _entry_money(_name)


@RESOLVERS.query("dispute")
def dispute_by_id(arguments: Arguments, context: Context) -> Dispute | None:
    """Answer QueryRoot.dispute."""
    number = number_of(arguments["id"], "ShopifyPaymentsDispute")
    found = _orders(context).payouts.disputes
    return next((entry for entry in found if entry.number == number), None)


@RESOLVERS.query("disputes")
def disputes(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.disputes."""
    found = _orders(context).payouts.disputes
    return search_connection(found, arguments, context, DISPUTE_FILTERS, {"ID": None})


@RESOLVERS.field("ShopifyPaymentsDispute", "amount")
def dispute_amount(dispute: Dispute, _arguments: Arguments, context: Context) -> Money:
    """Answer ShopifyPaymentsDispute.amount."""
    return Money(dispute.amount, _currency(context))


_field("ShopifyPaymentsDispute", "legacyResourceId", lambda dispute: dispute.number)
_field(
    "ShopifyPaymentsDispute",
    "reasonDetails",
    lambda dispute: {"reason": dispute.reason, "networkReasonCode": dispute.network_reason_code},
)
_field(
    "Order",
    "disputes",
    lambda order: [
        {
            "__typename": "OrderDisputeSummary",
            "id": gid("OrderDisputeSummary", dispute.number),
            "initiatedAs": dispute.type,
            "status": dispute.status,
        }
        for dispute in order.disputes
    ],
)


class Tender:
    """Money that was handed over or back: a sale, capture or refund."""

    graphql_type = "TenderTransaction"

    def __init__(self, entry: Transaction) -> None:
        sign = -1 if entry.kind == "REFUND" else 1
        self.number, self.order = entry.number, entry.order
        self.id = gid("TenderTransaction", entry.number)
        self.amount = Money(sign * entry.amounts[0], entry.order.currency)
        self.payment_method = "credit_card" if entry.gateway == "shopify_payments" else "other"
        self.processed_at = entry.processed_at
        self.remote_reference = entry.authorization
        self.test = entry.order.test


@RESOLVERS.query("tenderTransactions")
def tender_transactions(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.tenderTransactions."""
    found = [
        Tender(entry)
        for entry in _orders(context).transactions.values()
        if entry.kind in ("SALE", "CAPTURE", "REFUND")
        and entry.status == "SUCCESS"
        and entry.gift_card is None  # no money moves when a gift card pays
    ]
    filters: dict[str, Callable[[Tender], Any]] = {
        "id": lambda entry: entry.number,
        "processed_at": lambda entry: entry.processed_at,
        "test": lambda entry: entry.test,
    }
    return (
        connection(found, arguments, context)
        if not arguments.get("query")
        else (search_connection(found, arguments, context, filters, {"ID": None}))
    )


RESOLVERS.node(
    "ShopifyPaymentsPayout",
    lambda shop, number: next((e for e in shop.orders.payouts.payouts if e.number == number), None),
)
RESOLVERS.node(
    "ShopifyPaymentsDispute",
    lambda shop, number: next(
        (e for e in shop.orders.payouts.disputes if e.number == number), None
    ),
)
