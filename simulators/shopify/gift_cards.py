"""Gift cards as a means of payment: each has a code, a balance and what was taken from it.

A gift card pays, it takes nothing off: the order's total stays, and a transaction of the gateway
``gift_card`` stands beside the one of the rest. Its receipt tells the card's id and its last
characters; the code itself is never shown again. What is refunded of such a payment goes back
on the card. Not published, chosen by us: a refund without a named payment gives back to the card
first, and a gift card pays at once even where the rest is only authorized.

Not modelled: gift cards as goods that are sold, their API (``giftCard``, ``giftCardCreate`` ...),
several cards for one order, expiry, deactivation.
"""

from __future__ import annotations

import difflib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from .errors import Refused
from .order_money import quantum_of, rounded

if TYPE_CHECKING:
    from .shop import Shop

__all__ = ["GATEWAY", "GiftCard", "GiftCards"]

GATEWAY = "gift_card"


class GiftCard(msgspec.Struct, eq=False, gc=False):
    """A gift card; its amounts are in the shop's currency."""

    number: int
    id: str
    code: str
    initial: Decimal
    balance: Decimal

    @property
    def last_characters(self) -> str:
        """What is still shown of its code."""
        return self.code[-4:].lower()

    def moved(self, kind: str, amount: Decimal) -> None:
        """Take a payment from the balance, or put a refund back on it."""
        self.balance += amount if kind == "REFUND" else -amount


class GiftCards:
    """The gift cards that the shop has given out."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.all: list[GiftCard] = []
        for card in shop.plan.gift_cards:
            number, identity = shop.ids.identity("GiftCard")
            balance = rounded(Decimal(card.balance), quantum_of(shop.currency))
            self.all.append(GiftCard(number, identity, card.code, balance, balance))

    def find(self, code: str) -> GiftCard:
        """Return a card with money on it; raises Refused unknown_gift_card, empty_gift_card."""
        known = {card.code.lower(): card for card in self.all}
        card = known.get(code.lower())
        if card is None:
            near = difflib.get_close_matches(code.lower(), known, n=1)
            hint = f" Did you mean {known[near[0]].code!r}?" if near else ""
            raise Refused("unknown_gift_card", f"There is no gift card {code!r}.{hint}")
        if not card.balance:
            raise Refused("empty_gift_card", f"There is nothing left on gift card {card.code!r}.")
        return card

    def records(self) -> dict[str, Any]:
        """Return the final records, by gid."""
        quantum = quantum_of(self.shop.currency)
        return {
            card.id: {
                "id": card.id,
                "last_characters": card.last_characters,
                "currency": self.shop.currency,
                "initial": str(rounded(card.initial, quantum)),
                "balance": str(rounded(card.balance, quantum)),
            }
            for card in self.all
        }
