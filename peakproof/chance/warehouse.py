"""The warehouse of a random story, and whoever works in Odoo: parcels, counts, telephone orders."""

from peakproof.chance.trade import Lines, Order, Trade
from peakproof.deeds import cancel_rest, phone_order, ship, stock_count, store_sale
from peakproof.plan import Step, reference

__all__ = ["MAIN", "Warehouse"]

MAIN = "MAIN"
_TRIES = 8  # how often a packer presses the button until it works


class Warehouse:
    """Each method is a deed at a second of the stretch; none if nobody could do it now."""

    def __init__(self, trade: Trade) -> None:
        self.trade = trade

    def send(self, at: float) -> list[Step]:
        """A packer sends an order of an earlier stretch, all of it or a part."""
        order = self.trade.take(self.trade.whole)
        if order is None:
            return []
        order.packer = self.trade.draws.choice(["packer-1", "packer-2"])
        lines = self._part(order) if self.trade.chance(0.5) else None
        if lines is not None:
            self.trade.parted.append(order)
        elif not order.worn_twice():
            self.trade.sent.append(order)
        return [self._ship(at, order, lines, "ship")]

    def send_rest(self, at: float) -> list[Step]:
        """The rest of an order follows in another parcel, or the warehouse gives it up."""
        order = self.trade.take(self.trade.parted)
        if order is None:
            return []
        if self.trade.chance(0.25):
            return [cancel_rest(at, order.packer, reference(order.label, "order_id"))]
        if not order.worn_twice():
            self.trade.sent.append(order)
        return [self._ship(at, order, None, "rest")]

    def receive(self, at: float) -> list[Step]:
        """Goods arrive, or a piece is found broken."""
        change = self.trade.draws.choices([-1, 2, 5], [1, 2, 2])[0]
        return [stock_count(at, "warehouse", self.trade.sku(), change, MAIN)]

    def sell_by_hand(self, at: float) -> list[Step]:
        """A clerk sells over the counter and books it in Odoo."""
        return [store_sale(at, "counter", self.trade.sku(), 1, MAIN)]

    def telephone(self, at: float) -> list[Step]:
        """Somebody orders by telephone, and it is sent by parcel."""
        label = self.trade.label("call")
        customer = self.trade.draws.choice(self.trade.shop.customers)
        ordered = phone_order(at, customer, self.trade.basket(2), label)
        packed = ship(
            at + 0.2, "packer-3", reference(label, "odoo_order_id"), f"ship-{label}", tries=_TRIES
        )
        ordered.flow = packed.flow = "shipping"
        return [ordered, packed]

    def _part(self, order: Order) -> Lines | None:
        """Draw what leaves first: some pieces of some lines; None if there is but one piece."""
        pieces = [line["quantity"] for line in order.lines]
        if sum(pieces) == 1:
            return None
        parts = [self.trade.draws.randint(0, count) for count in pieces]
        if not any(parts):
            parts[-1] = 1
        if parts == pieces:
            parts[0] -= 1
        return [
            {"sku": line["sku"], "quantity": part}
            for line, part in zip(order.lines, parts, strict=True)
        ]

    @staticmethod
    def _ship(at: float, order: Order, lines: Lines | None, name: str) -> Step:
        whose = reference(order.label, "order_id")
        return ship(at, order.packer, whose, f"{name}-{order.label}", lines, tries=_TRIES)
