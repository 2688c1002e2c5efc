"""Money to the cent: how a channel's line is said to Odoo so that Odoo says the same amounts.

Odoo works taxes out itself and by default rounds them once per order, the channel once per
line: the two drift apart by cents. Odoo 19 lets a line carry the amounts that were charged
(``extra_tax_data``, the field that its own global discounts use): they are used as long as
price, discount and quantity stay what they were, here and on the invoice. So a line keeps its
true list price and discount, and the amounts are the channel's. The order's totals are read
back and compared before it is confirmed; nothing is added silently.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

__all__ = ["discount_percent", "extra_tax_data", "portion", "untaxed"]

CENT = Decimal("0.01")


def portion(total: Decimal, part: int, whole: int) -> Decimal:
    """Return the share of ``part`` units in an amount for ``whole`` units, to the cent."""
    if part >= whole:
        return total
    if part <= 0:
        return Decimal(0)
    return (total * part / whole).quantize(CENT, ROUND_HALF_UP)


def discount_percent(gross: Decimal, discount: Decimal) -> Decimal:
    """Return the discount in percent with the two digits that Odoo keeps."""
    if not gross:
        return Decimal(0)
    return (discount * 100 / gross).quantize(CENT, ROUND_HALF_UP)


def untaxed(net: Decimal, tax: Decimal, included: bool) -> Decimal:
    """Return the amount without tax of a line that costs ``net``."""
    return net - tax if included else net


def extra_tax_data(
    currency_id: int,
    price: Decimal,
    discount: Decimal,
    quantity: int,
    amount_untaxed: Decimal,
    taxes: dict[int, Decimal],
) -> dict[str, Any]:
    """Return the value of ``sale.order.line.extra_tax_data``.

    ``taxes`` is the tax charged per Odoo tax; at least one is needed for Odoo to take notice,
    so an untaxed line carries a tax of 0 %.
    """
    return {
        "currency_id": currency_id,
        "price_unit": float(price),
        "discount": float(discount),
        "quantity": quantity,
        "manual_total_excluded_currency": float(amount_untaxed),
        "manual_tax_amounts": {
            str(tax_id): {
                "tax_amount_currency": float(amount),
                "base_amount_currency": float(amount_untaxed),
            }
            for tax_id, amount in taxes.items()
        },
    }
