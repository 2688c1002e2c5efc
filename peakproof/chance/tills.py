"""The stores of a random story: sales, tips, discounts, refunds, a till that is offline."""

from typing import Any

from peakproof.chance.trade import Sale, Trade
from peakproof.deeds import at_till
from peakproof.plan import Step, reference

__all__ = ["Tills"]

_SKEWS = (-5400, 300, 7200)  # seconds by which the clock of an offline till goes wrong
_DIFFERENCES = ("0", "0", "-0.35", "1.00")  # what a drawer holds more or less than it should


class Tills:
    """Each method is a deed at a second of the stretch; none if nobody could do it now."""

    def __init__(self, trade: Trade) -> None:
        self.trade = trade
        self.offline: set[str] = set()

    def sell(self, at: float) -> list[Step]:
        """A store sells over the counter; some get a discount, some leave a tip."""
        label, code = self.trade.label("sale"), self._store()
        self.trade.sales.append(Sale(label=label, code=code, stretch=self.trade.stretch))
        lines = self.trade.basket(2)
        card = self.trade.chance(0.5)
        arguments: dict[str, Any] = {"lines": lines, "tender": "card" if card else "cash"}
        if card and self.trade.chance(0.4):
            arguments["tip"] = f"{self.trade.draws.randint(1, 5)}.50"
        if self.trade.chance(0.2):
            arguments["discount"] = {"percentage": "7.5"}
        elif self.trade.chance(0.2):
            lines[0]["discount"] = {"amount": "1.37"}
        return [_till(code, at, "sale", arguments, label)]

    def take_back(self, at: float) -> list[Step]:
        """A store takes a sale of an earlier stretch back, onto the shelf or broken, or in part."""
        earlier = [sale for sale in self.trade.sales if sale.stretch < self.trade.stretch]
        if not earlier:
            return []
        sale = self.trade.draws.choice(earlier)
        self.trade.sales.remove(sale)
        what: dict[str, Any] = {"order_id": reference(sale.label, "order_id"), "reason": "Size"}
        if self.trade.chance(0.25):
            what["amount"] = self.trade.money(50, 200)
        else:
            what["restock"] = self.trade.chance(0.7)
        return [_till(sale.code, at, "refund_sale", what, f"refund-{sale.label}")]

    def lose_connection(self, at: float) -> list[Step]:
        """A store's till is offline until the end of the stretch, and its clock goes wrong."""
        code = self._store()
        if code in self.offline:
            return []
        self.offline.add(code)
        skew = {"clock_skew_seconds": self.trade.draws.choice(_SKEWS)}
        return [_till(code, at, "go_offline", skew)]

    def come_online(self, at: float) -> list[Step]:
        """Whoever was offline no longer is."""
        steps = [_till(code, at, "come_online", {}) for code in sorted(self.offline)]
        self.offline.clear()
        return steps

    def close(self) -> list[Step]:
        """The stores count their drawers, in which there is not always what there should be."""
        return [
            _till(
                place.code,
                0.0,
                "close_day",
                {"difference": self.trade.draws.choice(_DIFFERENCES)},
            )
            for place in self.trade.shop.locations
        ]

    def _store(self) -> str:
        return self.trade.draws.choice(self.trade.shop.locations).code


def _till(code: str, at: float, action: str, arguments: dict[str, Any], label: str = "") -> Step:
    step = at_till(at, f"cashier:{code}", code, action, arguments, label)
    step.flow = "pos"  # left out for who claims no tills: other things happen in the story
    return step
