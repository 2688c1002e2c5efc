"""What an order costs: discounts, taxes and totals, in whole minor units.

From Square's documents: adjustments are rounded half to even; an adjustment of scope ORDER is
worked out on the sum and distributed over the lines, one of scope LINE_ITEM is worked out line
by line; percentages come before amounts, lines before orders. That an order's tax is rounded
once, on the sum, agrees with what users report. Not published, chosen by us: the odd unit of a
distribution goes to the line with the largest remainder, of equals to the first; a discount
stops at the price; a fixed amount of scope LINE_ITEM is taken off each line that names it.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

__all__ = ["money", "price", "shared"]

Record = dict[str, Any]
_NET_GROSS_COUNTRIES = ("US", "CA", "JP")  # an included tax is deducted from gross sales there
_PHASES = (
    ("LINE_ITEM", "PERCENTAGE"), ("ORDER", "PERCENTAGE"), ("LINE_ITEM", "AMOUNT"),
    ("ORDER", "AMOUNT"),
)  # fmt: skip


def money(amount: int, currency: str) -> Record:
    """Return an amount of minor units as Square writes it."""
    return {"amount": amount, "currency": currency}


def shared(total: int, weights: Sequence[Fraction | int]) -> list[int]:
    """Distribute units in proportion to weights, so that the parts sum to the total."""
    whole = sum(weights)
    if not whole:
        return [total if at == 0 else 0 for at in range(len(weights))]
    exact = [Fraction(total) * weight / whole for weight in weights]
    parts = [value.numerator // value.denominator for value in exact]
    order = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in order[: total - sum(parts)]:
        parts[at] += 1
    return parts


def _fraction(percentage: str) -> Fraction:
    return Fraction(Decimal(percentage)) / 100


class _Pricing:
    def __init__(self, order: Record, currency: str, country: str) -> None:
        self.order, self.currency, self.country = order, currency, country
        self.lines: list[Record] = order.get("line_items", [])
        self.gross = [
            line["base_price_money"]["amount"] * int(line["quantity"]) for line in self.lines
        ]
        self.left = list(self.gross)
        self.taxes_of = [[0, 0] for _ in self.lines]  # included, on top

    def applied(self, part: Record, many: str, name: str) -> list[int]:
        """Return the lines that an adjustment applies to; of scope ORDER it is all of them."""
        if part.get("scope") == "ORDER":
            for line in self.lines:
                links = line.setdefault(many, [])
                if all(link[name] != part["uid"] for link in links):
                    links.append({"uid": f"{line['uid']}-{part['uid']}", name: part["uid"]})
            return list(range(len(self.lines)))
        return [
            at
            for at, line in enumerate(self.lines)
            if any(link[name] == part["uid"] for link in line.get(many, []))
        ]

    def note(self, part: Record, many: str, name: str, amounts: dict[int, int]) -> None:
        """Write down what an adjustment came to, at itself and at its lines."""
        part["applied_money"] = money(sum(amounts.values()), self.currency)
        for at, amount in amounts.items():
            for link in self.lines[at][many]:
                if link[name] == part["uid"]:
                    link["applied_money"] = money(amount, self.currency)

    def discounts(self) -> None:
        """Take every discount off what is left of the lines."""
        for scope, kind in _PHASES:
            for part in self.order.get("discounts", []):
                if part.get("scope") == scope and part["type"].endswith(kind):
                    self._discount(part, kind)

    def _discount(self, part: Record, kind: str) -> None:
        lines = self.applied(part, "applied_discounts", "discount_uid")
        left = [self.left[at] for at in lines]
        if kind == "PERCENTAGE":
            rate = _fraction(part["percentage"])
            if part["scope"] == "ORDER":
                amounts = shared(round(sum(left) * rate), left)
            else:
                amounts = [round(amount * rate) for amount in left]
        else:
            fixed = part["amount_money"]["amount"]
            if part["scope"] == "ORDER":
                amounts = shared(min(fixed, sum(left)), left)
            else:
                amounts = [min(fixed, amount) for amount in left]
        taken = dict(zip(lines, amounts, strict=True))
        for at, amount in taken.items():
            self.left[at] -= amount
        self.note(part, "applied_discounts", "discount_uid", taken)

    def taxes(self) -> None:
        """Work out included taxes first, then those on top of the net price."""
        chosen = [
            (part, self.applied(part, "applied_taxes", "tax_uid"), _fraction(part["percentage"]))
            for part in self.order.get("taxes", [])
        ]
        included = [entry for entry in chosen if entry[0]["type"] == "INCLUSIVE"]
        rates = [
            sum((rate for _, lines, rate in included if at in lines), Fraction(0))
            for at in range(len(self.lines))
        ]
        for part, lines, rate in included:
            self._tax(part, lines, [self.left[at] * rate / (1 + rates[at]) for at in lines], 0)
        for part, lines, rate in chosen:
            if part["type"] != "INCLUSIVE":
                net = [self.left[at] - self.taxes_of[at][0] for at in lines]
                self._tax(part, lines, [amount * rate for amount in net], 1)

    def _tax(self, part: Record, lines: list[int], exact: list[Fraction], kind: int) -> None:
        if part.get("scope") == "ORDER":
            amounts = shared(round(sum(exact, Fraction(0))), exact)
        else:
            amounts = [round(value) for value in exact]
        found = dict(zip(lines, amounts, strict=True))
        for at, amount in found.items():
            self.taxes_of[at][kind] += amount
        self.note(part, "applied_taxes", "tax_uid", found)

    def totals(self, tip: int) -> None:
        """Write the sums into the lines and the order."""
        for at, line in enumerate(self.lines):
            included, on_top = self.taxes_of[at]
            deducted = included if self.country in _NET_GROSS_COUNTRIES else 0
            sums = {
                "variation_total_price_money": self.gross[at],
                "gross_sales_money": self.gross[at] - deducted,
                "total_tax_money": included + on_top,
                "total_discount_money": self.gross[at] - self.left[at],
                "total_money": self.left[at] + on_top,
                "total_service_charge_money": 0,
            }
            line.update({name: money(value, self.currency) for name, value in sums.items()})
        sums = {
            "total_tax_money": sum(sum(pair) for pair in self.taxes_of),
            "total_discount_money": sum(self.gross) - sum(self.left),
            "total_tip_money": tip,
            "total_service_charge_money": 0,
            "total_money": sum(self.left) + sum(pair[1] for pair in self.taxes_of) + tip,
        }
        self.order.update({name: money(value, self.currency) for name, value in sums.items()})


def price(order: Record, currency: str, country: str, tip: int = 0) -> None:
    """Write into an order what it costs; its lines and adjustments must have uids."""
    for line in order.get("line_items", []):
        for many in ("applied_taxes", "applied_discounts"):
            for link in line.get(many, []):
                link["applied_money"] = money(0, currency)
    found = _Pricing(order, currency, country)
    found.discounts()
    found.taxes()
    found.totals(tip)
    for kind in ("total", "tax", "discount", "tip", "service_charge"):
        source = "total_money" if kind == "total" else f"total_{kind}_money"
        order.setdefault("net_amounts", {})[f"{kind}_money"] = dict(order[source])
