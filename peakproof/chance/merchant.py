"""The merchant of a random story: refunds, returns, prices, and the operator of the connector."""

from typing import Any

from peakproof.chance.trade import Order, Trade
from peakproof.deeds import add_item, new_price, operate, poll, refund, send_back
from peakproof.plan import Step, Variant

__all__ = ["Merchant"]

_LIMIT = 150.0  # refunds of goods above that may need a person's approval, and are not drawn
_OLD_SECRET_SECONDS = 2.0


class Merchant:
    """Each method is a deed at a second of the stretch; none if nobody could do it now."""

    def __init__(self, trade: Trade, novelty: Variant) -> None:
        self.trade, self.novelty = trade, novelty
        self.rotated = False

    def give_back(self, at: float) -> list[Step]:
        """Pieces of a line, the shipping or some money is refunded after an order was sent.

        Pieces only if the channel shows them as sent: the merchant looks before.
        """
        order = self.trade.take(self.trade.sent)
        if order is None:
            return []
        what = self.trade.draws.choices([self._pieces(order), self._rest()], [3, 1])[0]
        back = refund(at, order.label, what)
        back.actor = order.packer  # who can tell that it has left
        return [back]

    def take_back(self, at: float) -> list[Step]:
        """A piece is sent back by the channel's own process, and taken."""
        order = self.trade.take(self.trade.sent)
        if order is None:
            return []
        return send_back(at, order.label, order.lines[0]["sku"], taken_after_seconds=0.2)

    def new_price(self, at: float) -> list[Step]:
        """The merchant changes a price."""
        return [new_price(at, self.trade.sku(), self.trade.money(500, 9000))]

    def look(self, at: float) -> list[Step]:
        """The hour comes at which the connector looks for what it has missed."""
        return [poll(at)]

    def rotate(self, at: float) -> list[Step]:
        """The operator changes the secret that webhooks are signed with, once a story."""
        if self.rotated:
            return []
        self.rotated = True
        return [operate(at, "rotate_secret", delay_seconds=_OLD_SECRET_SECONDS)]

    def put_right(self) -> list[Step]:
        """What the operator does in the end: enter what Odoo lacks, have all tried again."""
        enter = add_item(0.2, self.novelty.sku, self.novelty.title, self.novelty.price)
        missing = [enter] if self.trade.strange else []
        return [operate(0.0, "inspect"), *missing, operate(0.5, "replay")]

    def _pieces(self, order: Order) -> dict[str, Any]:
        line = self.trade.draws.choice(order.lines)
        most = max(1, min(line["quantity"], int(_LIMIT / self.trade.prices[line["sku"]])))
        some = {"sku": line["sku"], "quantity": self.trade.draws.randint(1, most)}
        return {"lines": [some], "restock": self.trade.chance(0.6), "only_shipped": True}

    def _rest(self) -> dict[str, Any]:
        if self.trade.chance(0.5):
            return {"shipping": True}
        return {"amount": self.trade.money(100, 400)}
