"""A channel's line as the cells that Odoo's import takes, on an order, invoice or credit note."""

from decimal import Decimal

import msgspec

from .books import Books
from .channel_order import ChannelLine
from .money import discount_percent, extra_tax_data, untaxed

__all__ = ["cents", "line_cells", "product_of"]


async def product_of(books: Books, line: ChannelLine) -> int:
    """Return the product that a line is about, or the service that stands for it."""
    if line.shipping:
        return await books.service("SHIPPING", "Shipping")
    if line.sku:
        return await books.product(line.sku)
    return await books.service("CUSTOM", "Item without SKU")


async def line_cells(
    books: Books, line: ChannelLine, currency_id: int, included: bool
) -> list[str]:
    """Return a line's product, name, quantity, price, discount, taxes and exact amounts."""
    product = await product_of(books, line)
    taxes: dict[int, Decimal] = {}
    for tax in line.taxes:
        tax_id = await books.tax(tax, included)
        taxes[tax_id] = taxes.get(tax_id, Decimal(0)) + tax.amount
    if not taxes and line.discount:
        taxes = {await books.no_tax(): Decimal(0)}
    percent = discount_percent(line.unit_price * line.quantity, line.discount)
    amount = untaxed(line.net, line.tax, included)
    exact = (
        extra_tax_data(currency_id, line.unit_price, percent, line.quantity, amount, taxes)
        if taxes
        else {}
    )
    return [
        str(product),
        line.title,
        str(line.quantity),
        str(line.unit_price),
        str(percent),
        ",".join(map(str, taxes)),
        msgspec.json.encode(exact).decode(),
    ]


def cents(amount: float) -> Decimal:
    """Return a float of Odoo's as the decimal it stands for."""
    return Decimal(str(round(amount, 2)))
