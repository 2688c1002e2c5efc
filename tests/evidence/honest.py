"""A day in a small shop with a connector that does everything right, drawn by hypothesis.

``play(deeds)`` acts deeds in order of time and lets the connector follow each a little later.
Tests plant one defect in it and expect to have it found.
"""

import heapq
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from peakproof.evidence import Story

SKUS = ("MUG", "TEE")
END_SECONDS = 60.0

deed = st.one_of(
    st.tuples(
        st.just("checkout"),
        st.dictionaries(st.sampled_from(SKUS), st.integers(1, 3), min_size=1),
        st.sampled_from(["ok", "ok", "ok", "unanswered", "lost"]),
        st.sampled_from(["0", "0.1", "0.15"]),
    ),
    st.tuples(st.just("cancel"), st.integers(0, 30)),
    st.tuples(st.just("edit"), st.integers(0, 30), st.integers(1, 4)),
    st.tuples(
        st.just("store"),
        st.sampled_from(SKUS),
        st.integers(-3, 2).filter(bool),
        st.sampled_from(["ok", "ok", "info", "info and nothing happened"]),
    ),
)
moment = st.floats(1.0, 40.0).map(lambda seconds: round(seconds, 3))
days = st.lists(st.tuples(moment, deed, st.floats(0.1, 1.5)), min_size=1, max_size=25)


class Day:
    """The day as it goes; ``late_seconds`` is how long the connector takes each time."""

    def __init__(self, story: Story, outage: tuple[float, float] | None = None) -> None:
        self.story = story
        self.outage = outage
        self._queue: list[tuple[float, int, Callable[[float], None]]] = []
        self._count = 0

    def at(self, time: float, act: Callable[[float], None]) -> None:
        """Have something done at a moment."""
        self._count += 1
        heapq.heappush(self._queue, (time, self._count, act))

    def follow(self, time: float, late: float, act: Callable[[float], None]) -> None:
        """Have the connector do something a little later, after the outage if there is one."""
        due = time + late
        if self.outage and self.outage[0] <= due <= self.outage[1]:
            due = self.outage[1] + late
        self.at(due, act)

    def run(self) -> None:
        """Do everything in order of time."""
        while self._queue:
            time, _, act = heapq.heappop(self._queue)
            act(time)

    def push(self, time: float) -> None:
        """Set what the channel shows to what there truly is."""
        for sku in SKUS:
            promised = sum(
                line["current_quantity"]
                for order in self.story.orders.values()
                if not order["cancelled"]
                for line in order["lines"]
                if line["sku"] == sku
            )
            truth = self.story.on_hand[sku] - promised
            if truth != self.story.available[sku]:
                self.story.pushed(time, sku, truth)

    def import_order(self, time: float, number: str) -> None:
        """Bring an order to Odoo, or up to date there."""
        if number in self.story.correlation:
            if self.story.odoo[self.story.correlation[number][0]]["state"] != "cancel":
                self.story.updated_in_odoo(time, number)
        elif not self.story.orders[number]["cancelled"]:
            self.story.imported(time, number)


def play(
    drawn: list[tuple[float, Any, float]],
    *,
    stock: int = 4,
    outage: tuple[float, float] | None = None,
    **shop: Any,
) -> Day:
    """Play a day through, without final reads."""
    day = Day(Story(stock=dict.fromkeys(SKUS, stock), prices={"TEE": "19.99"}, **shop), outage)
    if outage:
        day.story.fault(*outage)
    for number, (time, what, late) in enumerate(drawn, 1001):
        day.at(time, lambda now, n=number, w=what, s=late: _act(day, now, str(n), w, s))
    day.run()
    day.push(END_SECONDS)
    return day


def _act(day: Day, now: float, number: str, what: Any, late: float) -> None:
    story = day.story
    if what[0] == "checkout":
        _, basket, answer, discount = what
        taken = story.checkout(
            now,
            number,
            basket,
            answered=answer == "ok",
            reaches_shop=answer != "lost",
            discount=discount,
        )
        if taken:
            day.follow(now, late, lambda time: day.import_order(time, number))
    elif what[0] == "store":
        _, sku, units, answer = what
        if units > 0 and story.free(sku) < units:
            story.store_sale(now, sku, units, outcome="fail")
        else:
            happens = answer != "info and nothing happened"
            story.store_sale(now, sku, units, outcome=answer.split()[0], happens=happens)
        day.follow(now, late, day.push)
    else:
        _change(day, now, what, late)


def _change(day: Day, now: float, what: Any, late: float) -> None:
    story = day.story
    open_orders = [key for key, order in story.orders.items() if not order["cancelled"]]
    if not open_orders:
        return
    number = open_orders[what[1] % len(open_orders)]
    if what[0] == "cancel":
        story.cancel(now, number)
    else:
        line = story.orders[number]["lines"][0]
        if what[2] - line["current_quantity"] > story.available[line["sku"]]:
            return
        story.edit(now, number, line["sku"], what[2])
    day.follow(now, late, lambda time: day.import_order(time, number))


def live_numbers(story: Story) -> list[str]:
    """Return the numbers of the orders that are live."""
    return [number for number, order in story.orders.items() if not order["cancelled"]]


def cents(text: str, change: int) -> str:
    """Return money changed by that many cents."""
    return str(Decimal(text) + Decimal(change) / 100)
