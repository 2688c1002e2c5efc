"""Shoppers of a random story: they order online, change their minds, and some are odd."""

import msgspec

from peakproof.assortment import draw_card_number
from peakproof.chance.trade import Lines, Order, Trade
from peakproof.deeds import at_the_fair, cancel, checkout, edit
from peakproof.plan import Customer, Step
from peakproof.seed import Seed

__all__ = ["CODES", "NOVELTY", "Shoppers"]

CODES = {"": 6, "TENOFF": 2, "FIVE": 2, "FREE": 1, "THIRD": 1}  # discount codes and their weights
NOVELTY = "PP-NEW"  # sold by the channel before anybody told Odoo
_ABROAD = "EUR"


class Shoppers:
    """Each method is a deed at a second of the stretch; none if nobody could do it now."""

    def __init__(self, trade: Trade, seed: Seed) -> None:
        self.trade = trade
        self.card_number = draw_card_number(seed)

    def buy(self, at: float) -> list[Step]:
        """Somebody buys online, perhaps with a discount, in a foreign currency, in capitals."""
        return [self._checkout(at, self.trade.basket())]

    def buy_engraved(self, at: float) -> list[Step]:
        """One item on two lines, each for another person."""
        sku = self.trade.sku()
        names = ("Ada", "Grace")
        lines: Lines = [
            {"sku": sku, "quantity": pieces, "properties": {"Engraving": name}}
            for name, pieces in zip(names, self.trade.draws.sample((1, 2, 3), 2), strict=True)
        ]
        return [self._checkout(at, lines)]

    def buy_novelty(self, at: float) -> list[Step]:
        """Somebody buys what Odoo does not know yet, and leaves a card number in the note."""
        self.trade.strange = True
        customer = self.trade.draws.choice(self.trade.shop.customers)
        lines = [{"sku": NOVELTY, "quantity": 1}]  # of which there is always one
        note = f"If need be my other card: {self.card_number}"
        return [checkout(at, customer, lines, self.trade.label("strange"), note=note)]

    def at_the_fair(self, at: float) -> list[Step]:
        """Staff enter what a guest without a name buys, perhaps with work that is no product."""
        draft, label = self.trade.label("draft"), self.trade.label("guest")
        custom = self.trade.chance(0.5)
        engraving = {"title": "Engraving", "price": self.trade.money(300, 1999)}
        lines = self.trade.basket(2)
        if not custom:
            self._remember(label, lines)
        items = [engraving] if custom else []
        return at_the_fair(at, lines, items, draft, label, paid_after_seconds=0.1)

    def change(self, at: float) -> list[Step]:
        """The merchant changes how many pieces there are on the first line of an order."""
        order = self.trade.take(self.trade.whole, lambda one: not one.worn_twice(), earlier=0)
        if order is None:
            return []
        line = order.lines[0]
        pieces = self.trade.draws.choice([n for n in (1, 2, 3, 4) if n != line["quantity"]])
        return [edit(at, order.label, [{"sku": line["sku"], "quantity": pieces}])]

    def cancel(self, at: float) -> list[Step]:
        """An order that was left alone so far is cancelled."""
        order = self.trade.take(self.trade.whole, earlier=0)
        return [cancel(at, order.label)] if order else []

    def _checkout(self, at: float, lines: Lines) -> Step:
        draws, label = self.trade.draws, self.trade.label("order")
        self._remember(label, lines)
        step = checkout(
            at,
            self._somebody(),
            lines,
            label,
            shipping=draws.choice(["Standard", "Express"]),
            discount_code=draws.choices(list(CODES), list(CODES.values()))[0],
        )
        if self.trade.chance(0.1):
            step.arguments["presentment_currency"] = _ABROAD
        return step

    def _somebody(self) -> Customer:
        """Draw a customer, who now and then writes the address in capitals."""
        customer = self.trade.draws.choice(self.trade.shop.customers)
        if self.trade.chance(0.15):
            return msgspec.structs.replace(customer, email=customer.email.upper())
        return customer

    def _remember(self, label: str, lines: Lines) -> None:
        self.trade.whole.append(Order(label=label, lines=lines, stretch=self.trade.stretch))
