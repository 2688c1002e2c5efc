"""Refunds as the channel keeps them, and an order with what was refunded put back on it.

A refund at the channel takes units and amounts off the order's current content. Odoo keeps the
order as it was sold and books the refund beside it, so ``restored`` adds refunds back, exactly.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from .errors import Refused
from .shopify import Shopify

__all__ = ["SHIPPED", "Refund", "RefundLine", "read_refunds", "split"]

ZERO = Decimal(0)
SHIPPED = ("RETURN", "NO_RESTOCK", "LEGACY_RESTOCK")  # the others were never sent
_MONEY = "{ shopMoney { amount } }"
_PARTS = f"""
refundLineItems(first: 20, after: $after) {{
  pageInfo {{ hasNextPage endCursor }}
  nodes {{ lineItem {{ id }} quantity restockType location {{ id }}
    subtotalSet {_MONEY} totalTaxSet {_MONEY} }}
}}
"""
REFUND = f"""
query Refund($id: ID!, $after: String) {{ refund(id: $id) {{ id note
  return {{ exchangeLineItems(first: 1) {{ nodes {{ id }} }} }}
  orderAdjustments(first: 10) {{ nodes {{ amountSet {_MONEY} taxAmountSet {_MONEY} }} }}
  {_PARTS}
  refundShippingLines(first: 5) {{ nodes {{ shippingLine {{ id }}
    subtotalAmountSet {_MONEY} taxAmountSet {_MONEY} }} }}
  transactions(first: 10) {{ nodes {{ kind status amountSet {_MONEY} }} }}
}} }}
"""
REFUND_LINES = f"query RefundLines($id: ID!, $after: String) {{ refund(id: $id) {{ {_PARTS} }} }}"


class RefundLine(msgspec.Struct, kw_only=True):
    """What is taken off one line: units with their ``amount`` (as the customer sees it), or,
    with ``units`` 0, shipping money. ``restock`` is RETURN, CANCEL or NO_RESTOCK."""

    line_gid: str
    units: int
    amount: Decimal
    tax: Decimal
    restock: str = "NO_RESTOCK"
    location_gid: str = ""


class Refund(msgspec.Struct, kw_only=True):
    """One refund. ``paid`` is the money that really went back; ``pending`` what is under way.

    Of an exchange (``exchanged``) the goods paid for others that went out, and only what was left
    of their value came back as money; ``discrepancy`` is what was given beyond their value.
    """

    gid: str
    note: str
    lines: list[RefundLine]
    paid: Decimal
    pending: Decimal
    exchanged: bool = False
    discrepancy: Decimal = ZERO

    def credited(self, taxes_included: bool) -> Decimal:
        """What is taken off the customer's account: the money, or what an exchange was worth."""
        return self.value(taxes_included) + self.discrepancy if self.exchanged else self.paid

    def value(self, taxes_included: bool) -> Decimal:
        """What the refunded lines come to, taxes and all."""
        amounts = (line.amount + (ZERO if taxes_included else line.tax) for line in self.lines)
        return sum(amounts, ZERO)


def _money(bag: Mapping[str, Any] | None) -> Decimal:
    return Decimal(str(bag["shopMoney"]["amount"])) if bag else ZERO


async def read_refunds(shopify: Shopify, gids: list[str]) -> list[Refund]:
    """Read refunds with all their lines, in that order."""
    return [await _read(shopify, gid) for gid in gids]


async def _read(shopify: Shopify, gid: str) -> Refund:
    found = (await shopify.graphql(REFUND, {"id": gid}))["refund"]
    if found is None:
        raise Refused("unknown_refund", f"the channel does not know {gid}")
    nodes = list(found["refundLineItems"]["nodes"])
    info = found["refundLineItems"]["pageInfo"]
    while info["hasNextPage"]:
        variables = {"id": gid, "after": info["endCursor"]}
        page = (await shopify.graphql(REFUND_LINES, variables))["refund"]["refundLineItems"]
        nodes += page["nodes"]
        info = page["pageInfo"]
    lines = [
        RefundLine(
            line_gid=node["lineItem"]["id"],
            units=node["quantity"],
            amount=_money(node["subtotalSet"]),
            tax=_money(node["totalTaxSet"]),
            restock=node["restockType"],
            location_gid=(node["location"] or {}).get("id") or "",
        )
        for node in nodes
    ]
    lines += [
        RefundLine(
            line_gid=node["shippingLine"]["id"],
            units=0,
            amount=_money(node["subtotalAmountSet"]),
            tax=_money(node["taxAmountSet"]),
        )
        for node in found["refundShippingLines"]["nodes"]
    ]
    given = [node for node in found["transactions"]["nodes"] if node["kind"] == "REFUND"]
    return Refund(
        gid=gid,
        note=found["note"] or "",
        lines=lines,
        paid=_sum(given, "SUCCESS"),
        pending=_sum(given, "PENDING"),
        exchanged=bool(((found.get("return") or {}).get("exchangeLineItems") or {}).get("nodes")),
        discrepancy=_beyond(found),
    )


def _beyond(found: dict[str, Any]) -> Decimal:
    """Return what was given beyond the lines; the channel writes that as a negative adjustment."""
    entries = (found.get("orderAdjustments") or {}).get("nodes") or []
    return -sum((_money(one["amountSet"]) + _money(one["taxAmountSet"]) for one in entries), ZERO)


def _sum(transactions: list[dict[str, Any]], status: str) -> Decimal:
    return sum((_money(one["amountSet"]) for one in transactions if one["status"] == status), ZERO)


def split(total: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """Share an amount by weights, to the cent; the last one takes what rounding leaves."""
    shares: list[Decimal] = []
    whole = sum(weights, ZERO)
    for weight in weights[:-1]:
        share = (total * weight / whole).quantize(Decimal("0.01")) if whole else ZERO
        shares.append(share)
    return [*shares, total - sum(shares, ZERO)] if weights else []
