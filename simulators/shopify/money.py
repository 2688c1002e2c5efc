"""Money as Shopify passes it around: an amount with its currency, and pairs of them.

A Bag holds the same money in the shop's currency and in the one the buyer sees.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from .shop import Shop

__all__ = ["Bag", "Money", "bag", "digits", "rest_amount", "rest_bag", "round_money"]

_DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0,
    "PYG": 0, "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip
_UNITS = {0: Decimal(1), 2: Decimal("0.01"), 3: Decimal("0.001")}


class Money(msgspec.Struct, frozen=True, gc=False):
    """An amount of money; resolves ``MoneyV2``."""

    amount: Decimal
    currency_code: str


class Bag(msgspec.Struct, frozen=True, gc=False):
    """Money in the shop's and the buyer's currency; resolves ``MoneyBag``."""

    shop_money: Money
    presentment_money: Money


def digits(currency: str) -> int:
    """Return how many digits a currency has after the point."""
    return _DIGITS.get(currency, 2)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the smallest unit of a currency."""
    return amount.quantize(_UNITS[digits(currency)], ROUND_HALF_UP)


def bag(
    amount: Decimal,
    shop: "Shop",
    presentment: str | None = None,
    rate: Decimal | None = None,
) -> Bag:
    """Return an amount in the shop's currency with what the buyer sees.

    ``rate`` is presentment units per shop unit.
    """
    money = Money(amount, shop.currency)
    if presentment is None or presentment == shop.currency or rate is None:
        return Bag(money, money)
    return Bag(money, Money(round_money(amount * rate, presentment), presentment))


def rest_amount(amount: Decimal, currency: str) -> str:
    """Write an amount as REST payloads do: ``"40.00"``."""
    return str(round_money(amount, currency))


def rest_bag(value: Bag) -> dict[str, Any]:
    """Write a bag as REST payloads do."""
    shop, buyer = value.shop_money, value.presentment_money
    return {
        "shop_money": {
            "amount": rest_amount(shop.amount, shop.currency_code),
            "currency_code": shop.currency_code,
        },
        "presentment_money": {
            "amount": rest_amount(buyer.amount, buyer.currency_code),
            "currency_code": buyer.currency_code,
        },
    }
