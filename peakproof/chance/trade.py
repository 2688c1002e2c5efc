"""What has happened so far in a random story of trade, and what can still happen to it."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from peakproof.plan import Shop, Step

__all__ = ["Deed", "Lines", "Order", "Sale", "Trade"]

Lines = list[dict[str, Any]]
Deed = Callable[[float], list[Step]]  # what happens at that second; nothing if it makes no sense


class Order(msgspec.Struct, kw_only=True):
    """An online order as the story knows it; ``stretch`` is when something last happened to it."""

    label: str
    lines: Lines
    stretch: int
    packer: str = ""

    def worn_twice(self) -> bool:
        """Whether one item stands on two lines, so that naming the item is not enough."""
        return len({line["sku"] for line in self.lines}) < len(self.lines)


class Sale(msgspec.Struct, kw_only=True):
    """A sale over the counter of the store with that code."""

    label: str
    code: str
    stretch: int


class Trade:
    """The orders and sales of a story, by what can still happen to them."""

    def __init__(self, draws: Random, shop: Shop) -> None:
        self.draws, self.shop = draws, shop
        self.known = [variant.sku for variant in shop.variants() if variant.in_odoo]
        self.prices = {variant.sku: float(variant.price) for variant in shop.variants()}
        self.stretch = 1
        self.whole: list[Order] = []  # nobody has changed, sent or given back anything
        self.parted: list[Order] = []  # a part has been sent
        self.sent: list[Order] = []  # something has been sent, nothing given back
        self.sales: list[Sale] = []
        self.strange = False  # an item has been sold that Odoo does not have
        self._count = 0

    def label(self, kind: str) -> str:
        """Return a name that is new in this story."""
        self._count += 1
        return f"{kind}-{self._count}"

    def take(
        self, among: list[Order], fits: Callable[[Order], bool] = lambda _: True, earlier: int = 1
    ) -> Order | None:
        """Draw one of the orders, which then no longer is among them; None if none fits.

        It was last touched ``earlier`` stretches ago at least, so that it can have been heard of.
        """
        found = [one for one in among if one.stretch <= self.stretch - earlier and fits(one)]
        if not found:
            return None
        order = self.draws.choice(found)
        among.remove(order)
        order.stretch = self.stretch
        return order

    def basket(self, lines_max: int = 3) -> Lines:
        """Draw one to ``lines_max`` items that Odoo knows, one to three of each."""
        chosen = self.draws.sample(self.known, self.draws.randint(1, lines_max))
        return [
            {"sku": sku, "quantity": self.draws.choices((1, 2, 3), (5, 3, 1))[0]} for sku in chosen
        ]

    def sku(self) -> str:
        """Draw an item that Odoo knows."""
        return self.draws.choice(self.known)

    def chance(self, share: float) -> bool:
        """Throw a coin that falls to True that often."""
        return self.draws.random() < share

    def money(self, low: int, high: int) -> str:
        """Draw an amount between so many cents."""
        return f"{self.draws.randint(low, high) / 100:.2f}"
