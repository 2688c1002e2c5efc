"""What a refund comes to and which payments it goes back to, exact in every currency.

Models refundCreate of Admin API 2026-10: amounts are given in the presentment currency; the
shop's amounts follow in proportion, so that refunding everything leaves nothing over.

Not modelled: refunds to store credit, cash rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from .errors import Refused
from .locations import Location
from .order_money import ZERO, quantum_of, rounded
from .order_pricing import shares_of
from .order_records import Line, Order, Transaction
from .order_totals import received, refunded
from .refund_records import Return

__all__ = [
    "RefundPlan",
    "RefundUnits",
    "payment_left",
    "payments_of_plan",
    "refundable",
    "restock_rank",
    "shipping_left",
    "split_shipping",
    "value_of_plan",
]

Payment = tuple[list[Decimal], Transaction]


@dataclass(slots=True)
class RefundUnits:
    """Units of a line to take back; ``restock_type`` RETURN, CANCEL or NO_RESTOCK."""

    line: Line
    quantity: int
    restock_type: str = "NO_RESTOCK"
    location: Location | None = None


@dataclass(slots=True)
class RefundPlan:
    """What is to be refunded. Amounts are in the presentment currency, and rounded to it.

    ``shipping`` is the shipping money to give back, without the taxes that come on top of it;
    ``payments`` are (amount, transaction to refund or None); None stands for what the goods and
    the shipping come to, an empty list for no money at all. ``owed`` is, per currency, what the
    customer owes meanwhile (for an exchange): the goods pay for that first.
    """

    order: Order
    units: list[RefundUnits] = field(default_factory=list)
    shipping: Decimal = ZERO
    payments: Sequence[tuple[Decimal, Transaction | None]] | None = None
    note: str | None = None
    allow_over: bool = False
    reason: str = "OTHER"
    return_: Return | None = None
    owed: Sequence[Decimal] = ()
    change: str = "refund"

    def __post_init__(self) -> None:
        quantum = quantum_of(self.order.presentment_currency)
        self.shipping = rounded(self.shipping, quantum)
        if self.payments is not None:
            self.payments = [(rounded(amount, quantum), parent) for amount, parent in self.payments]


def restock_rank(entry: RefundUnits) -> int:
    """Return the place of a lot among others: NO_RESTOCK takes what the others leave."""
    return ("RETURN", "CANCEL", "NO_RESTOCK").index(entry.restock_type)


def refundable(order: Order, side: int = 0) -> Decimal:
    """Return the money that came in and did not go back yet."""
    return received(order, side) - refunded(order, side)


def shipping_left(order: Order, side: int = 0) -> Decimal:
    """Return the shipping money that was not given back yet, without added taxes."""
    return sum((way.sides[side].current for way in order.shipping_lines), ZERO)


def split_shipping(order: Order, amount: Decimal) -> list[tuple[int, list[Decimal], list[Decimal]]]:
    """Share a presentment amount over the shipping lines.

    Returns (index of the line, amounts per currency, taxes per currency).
    """
    last = len(order.currencies) - 1
    parts = []
    for index, way in enumerate(order.shipping_lines):
        own = way.sides[last].current
        part = min(amount, own)
        if not part:
            continue
        amount -= part
        amounts, taxes = [], []
        for money in way.sides:
            quantum = quantum_of(money.currency)
            shares = (money.current, money.current_tax)
            if part != own:
                shares = (
                    rounded(money.current * part / own, quantum),
                    rounded(money.current_tax * part / own, quantum),
                )
            amounts.append(shares[0])
            taxes.append(shares[1])
        amounts[last] = part
        parts.append((index, amounts, taxes))
    return parts


def value_of_plan(plan: RefundPlan) -> list[Decimal]:
    """Return, per currency, what is to be given back for the planned goods and shipping.

    That is what they come to, taxes included, less what the customer owes.
    """
    worth = _worth_of_plan(plan)
    if not plan.owed:
        return worth
    return [max(ZERO, amount - part) for amount, part in zip(worth, plan.owed, strict=True)]


def _worth_of_plan(plan: RefundPlan) -> list[Decimal]:
    order = plan.order
    lots: dict[int, tuple[Line, list[int]]] = {}
    for entry in sorted(plan.units, key=restock_rank):
        lots.setdefault(entry.line.number, (entry.line, []))[1].append(entry.quantity)
    shipping = split_shipping(order, plan.shipping)
    sums = []
    for side in range(len(order.currencies)):
        amount = ZERO
        for line, quantities in lots.values():
            for share in shares_of(line, quantities, side):
                amount += share.subtotal
                if not order.taxes_included:
                    amount += share.tax
        for _, amounts, taxes in shipping:
            amount += amounts[side]
            if not order.taxes_included:
                amount += taxes[side]
        sums.append(amount)
    return sums


def payments_of_plan(plan: RefundPlan, value: list[Decimal]) -> list[Payment]:
    """Return (amounts per currency, payment that is refunded); refuses to give too much."""
    order = plan.order
    last = len(order.currencies) - 1
    left = refundable(order, last)
    if plan.payments is None:
        amount = min(value[last], left)
        wanted: list[tuple[Decimal, Transaction | None]] = [(amount, None)] if amount else []
    else:
        wanted = [(amount, parent) for amount, parent in plan.payments if amount]
    whole = sum((amount for amount, _ in wanted), ZERO)
    if any(amount < 0 for amount, _ in wanted):
        raise Refused("bad_amount", f"{order.name}: a refund may not be negative.")
    if whole > left and not plan.allow_over:
        raise Refused(
            "over_refund", f"{order.name}: {whole} to refund, {left} {order.currencies[last]} left."
        )
    sources = _sources(order)
    if wanted and not sources:
        raise Refused("not_paid", f"{order.name} has no payment to refund.")
    parts = [part for amount, parent in wanted for part in _spread(amount, parent, sources)]
    if not last:
        return [([amount], source) for source, amount in parts]
    shop_total = value[0] if whole == value[last] else _converted(order, whole, last)
    return _in_both(order, parts, whole, min(shop_total, refundable(order)))


def _converted(order: Order, amount: Decimal, last: int) -> Decimal:
    """Return the shop's side of a presentment amount, in step with what was refunded before."""
    if amount >= refundable(order, last):
        return refundable(order)
    share = received(order) * (refunded(order, last) + amount) / received(order, last)
    return max(ZERO, rounded(share, quantum_of(order.currency)) - refunded(order))


def _in_both(
    order: Order, parts: list[tuple[Transaction, Decimal]], whole: Decimal, shop_total: Decimal
) -> list[Payment]:
    """Give each part its share of the shop's total; the last one takes what is left."""
    quantum = quantum_of(order.currency)
    paid: list[Payment] = []
    given = ZERO
    for index, (source, amount) in enumerate(parts):
        if index == len(parts) - 1:
            share = shop_total - given
        else:
            share = rounded(shop_total * amount / whole, quantum)
        given += share
        paid.append(([share, amount], source))
    return paid


def payment_left(payment: Transaction) -> Decimal:
    """Return what was not refunded yet of a payment, in the presentment currency."""
    given = [
        entry.amounts[-1]
        for entry in payment.order.transactions
        if entry.kind == "REFUND" and entry.status == "SUCCESS" and entry.parent is payment
    ]
    return max(ZERO, payment.amounts[-1] - sum(given, ZERO))


def _sources(order: Order) -> list[tuple[Transaction, Decimal]]:
    """Return the payments with what is left of each, in the presentment currency."""
    return [
        (entry, payment_left(entry))
        for entry in order.transactions
        if entry.kind in ("SALE", "CAPTURE") and entry.status == "SUCCESS"
    ]


def _spread(
    amount: Decimal, parent: Transaction | None, sources: list[tuple[Transaction, Decimal]]
) -> list[tuple[Transaction, Decimal]]:
    """Take an amount from the named payment, or from those with something left, in order."""
    if parent is not None:
        return [(parent, amount)]
    parts = []
    for index, (source, left) in enumerate(sources):
        part = min(amount, left)
        if part > 0:
            parts.append((source, part))
            sources[index] = (source, left - part)
            amount -= part
    if amount:
        parts.append((sources[-1][0], amount))
    return parts
