"""The merchant of a random story: refunds, returns, prices, and the operator of the connector."""

from typing import Any

from peakproof.chance.shoppers import NOVELTY
from peakproof.chance.trade import Order, Trade
from peakproof.deeds import poll, refund
from peakproof.plan import Step, reference

__all__ = ["Merchant", "inspect"]

_LIMIT = 150.0  # refunds of goods above that may need a person's approval, and are not drawn
_OLD_SECRET_SECONDS = 2.0


class Merchant:
    """Each method is a deed at a second of the stretch; none if nobody could do it now."""

    def __init__(self, trade: Trade, novelty_price: str) -> None:
        self.trade, self.novelty_price = trade, novelty_price
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
        line = {"sku": order.lines[0]["sku"], "quantity": 1, "reason": "SIZE_TOO_SMALL"}
        asked = {"order_id": reference(order.label, "order_id"), "lines": [line], "approved": True}
        label = f"return-{order.label}"
        arrived = {"return_id": reference(label, "return_id"), "step": "process"}
        return [
            _merchant(at, "returns", "request_return", asked, label),
            _merchant(at + 0.2, "returns", "handle_return", arrived, f"taken-{order.label}"),
        ]

    def new_price(self, at: float) -> list[Step]:
        """The merchant changes a price."""
        told = {"sku": self.trade.sku(), "price": self.trade.money(500, 9000)}
        return [_merchant(at, "prices", "update_product_price", told)]

    def look(self, at: float) -> list[Step]:
        """The hour comes at which the connector looks for what it has missed."""
        return [poll(at)]

    def rotate(self, at: float) -> list[Step]:
        """The operator changes the secret that webhooks are signed with, once a story."""
        if self.rotated:
            return []
        self.rotated = True
        return [_operator(at, "rotate_secret", {"delay_seconds": _OLD_SECRET_SECONDS})]

    def put_right(self) -> list[Step]:
        """What the operator does in the end: enter what Odoo lacks, have all tried again."""
        item = {"sku": NOVELTY, "title": "A novelty", "price": self.novelty_price}
        enter = Step(
            at_seconds=0.2, actor="operator", system="odoo", action="add_item", arguments=item
        )
        missing = [enter] if self.trade.strange else []
        return [inspect(0.0), *missing, _operator(0.5, "replay", {})]

    def _pieces(self, order: Order) -> dict[str, Any]:
        line = self.trade.draws.choice(order.lines)
        most = max(1, min(line["quantity"], int(_LIMIT / self.trade.prices[line["sku"]])))
        some = {"sku": line["sku"], "quantity": self.trade.draws.randint(1, most)}
        return {"lines": [some], "restock": self.trade.chance(0.6), "only_shipped": True}

    def _rest(self) -> dict[str, Any]:
        if self.trade.chance(0.5):
            return {"shipping": True}
        return {"amount": self.trade.money(100, 400)}


def inspect(at: float) -> Step:
    """The operator looks at the connector's metrics and dead letters."""
    return _operator(at, "inspect", {})


def _merchant(at: float, who: str, action: str, arguments: dict[str, Any], label: str = "") -> Step:
    return Step(
        at_seconds=at,
        actor=f"merchant:{who}",
        system="shopify",
        action=action,
        arguments=arguments,
        label=label,
    )


def _operator(at: float, action: str, arguments: dict[str, Any]) -> Step:
    return Step(
        at_seconds=at, actor="operator", system="connector", action=action, arguments=arguments
    )
