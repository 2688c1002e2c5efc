"""How long things took from cause to effect, flow by flow.

``orders``: the channel took the order, until Odoo committed its sale order as confirmed.
``order_changes``: an edit or cancellation, until Odoo committed it. ``inventory``: Odoo
committed a change of the stock on hand (other than a delivery of what it had promised), until
the channel shows a level that Odoo's free stock had at that moment or later (less what the
channel sold and Odoo does not know yet). ``refunds``: the channel gave money back, or a person
approved it if later, until Odoo committed the posted credit note.

A cause whose effect never came has no end; it is for other invariants to condemn.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec

from peakproof.evidence.creditnotes import refund_times
from peakproof.evidence.facts import Facts
from peakproof.evidence.levelwatch import LevelWatch
from peakproof.evidence.quants import Quants
from peakproof.evidence.saleorders import LIVE, SaleOrder
from peakproof.evidence.stock import StockLedger
from peakproof.history import Event

__all__ = ["LEVEL_OF", "Latencies", "Sample", "percentile"]

# The service level by which a measured flow is judged.
LEVEL_OF = {
    "orders": "orders",
    "order_changes": "orders",
    "inventory": "inventory",
    "refunds": "returns",
}


class Sample(msgspec.Struct, kw_only=True):
    """One cause and its effect; ``ended_seconds`` None: it never came.

    ``late`` marks an order that only the last, long-period reconciliation found.
    """

    flow: str
    subject: str
    begun_seconds: float
    ended_seconds: float | None
    events: list[Event]
    late: bool = False

    @property
    def seconds(self) -> float | None:
        """The latency, None if there was no effect."""
        if self.ended_seconds is None:
            return None
        return max(0.0, self.ended_seconds - self.begun_seconds)


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least ``share`` of them do not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class Latencies:
    """Every latency that a history tells."""

    @classmethod
    def of(cls, facts: Facts) -> "Latencies":
        """Return the latencies of these facts, measured at most once."""
        latencies: Latencies = facts.shared.setdefault("latencies", cls(facts))
        return latencies

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def flow(self, name: str) -> list[Sample]:
        """Return the samples of a flow: orders, order_changes, inventory or refunds."""
        samples: list[Sample] = getattr(self, name)
        return samples

    @cached_property
    def confirmed_seconds(self) -> dict[str, float]:
        """When each channel order was first confirmed in Odoo, by gid."""
        times: dict[str, float] = {}
        for gid in self._facts.orders:
            moments = [sale.live_from() for sale in self._facts.sales_of(gid)]
            known = [moment for moment in moments if moment is not None]
            if known:
                times[gid] = min(known)
        return times

    @cached_property
    def orders(self) -> list[Sample]:
        """From the channel's order to the confirmed sale order."""
        facts = self._facts
        if not facts.sale_orders.by_id:
            return []  # nothing was captured, so nothing can be timed
        at_settled = facts.correlated("settled")
        two_reads = facts.checkpoint == "reconciled" and bool(
            facts.final("shopify", "order", "settled")
        )
        samples = []
        for gid, order in facts.orders.items():
            begun, ended = facts.created_seconds.get(gid), self.confirmed_seconds.get(gid)
            if begun is None or (order.get("cancelled") and ended is None):
                continue
            late = two_reads and ended is not None and not at_settled.get(gid)
            events = [event for sale in facts.sales_of(gid) for event in sale.events[:1]]
            samples.append(
                Sample(
                    flow="orders",
                    subject=f"{order.get('name')} {gid}",
                    begun_seconds=begun,
                    ended_seconds=ended,
                    events=events,
                    late=late,
                )
            )
        return samples

    @cached_property
    def refunds(self) -> list[Sample]:
        """From the channel's refund, or its approval, to the posted credit note."""
        return [
            Sample(
                flow="refunds",
                subject=f"{(self._facts.orders.get(gid) or {}).get('name')} {gid}",
                begun_seconds=begun,
                ended_seconds=ended,
                events=[],
            )
            for gid, begun, ended in refund_times(self._facts)
        ]

    @cached_property
    def order_changes(self) -> list[Sample]:
        """From the last edit and from the cancellation of an order to Odoo's commit of it."""
        last: dict[tuple[str, str], Event] = {}
        for event in self._facts.of_kind("state", "order"):
            change = str(event.value.get("change"))
            if change in ("cancel", "edit"):
                last[event.key, change] = event
        samples = []
        for (gid, change), event in last.items():
            order = self._facts.orders.get(gid)
            sales = self._facts.sales_of(gid)
            if order is None or not sales or (change == "edit" and order.get("cancelled")):
                continue
            if change == "cancel":
                ended, known = _cancelled_seconds(sales, event.time)
            else:
                total = str((order.get("totals") or {}).get("total") or "0")
                ended, known = _shows_seconds(sales, float(total), event.time)
            if not known:
                continue
            samples.append(
                Sample(
                    flow="order_changes",
                    subject=f"{order.get('name')} {gid} {change}",
                    begun_seconds=event.time,
                    ended_seconds=ended,
                    events=[event],
                )
            )
        return samples

    @cached_property
    def inventory(self) -> list[Sample]:
        """From a committed change of Odoo's stock on hand to the channel's level."""
        quants, ledger = Quants.of(self._facts), StockLedger.of(self._facts)
        if not quants.known:
            return []
        unknown_units = self._unknown_units(ledger)
        samples = []
        for place in quants.states:
            sku, location = place
            if place not in ledger.levels or sku not in ledger.initial:
                continue
            opening = ledger.initial[sku].get(location, 0)
            watch = LevelWatch(opening, quants.order_transactions)
            for begun, ended, event in watch.follow(
                quants.during(place), ledger.levels[place], unknown_units.get(place, [])
            ):
                samples.append(
                    Sample(
                        flow="inventory",
                        subject=f"{sku}@{location}",
                        begun_seconds=begun,
                        ended_seconds=ended,
                        events=[event],
                    )
                )
        return sorted(samples, key=lambda sample: sample.begun_seconds)

    def _unknown_units(self, ledger: StockLedger) -> dict[tuple[str, str], list[tuple[float, int]]]:
        """Return when Odoo learns of units that the channel sold: (time, units) by place."""
        learnt: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
        for place, changes in ledger.levels.items():
            for change in changes:
                if change.cause != "order":
                    continue
                confirmed = self.confirmed_seconds.get(change.cause_id)
                learnt[place].append((change.time_seconds, -change.units))
                if confirmed is not None:
                    learnt[place].append((max(confirmed, change.time_seconds), change.units))
        return learnt


def _cancelled_seconds(sales: Iterable[SaleOrder], begun: float) -> tuple[float | None, bool]:
    """Return when the last live sale order was cancelled, and whether one was ever live."""
    live = [sale for sale in sales if sale.live_from() is not None]
    moments = [sale.gone_from() for sale in live]
    if any(moment is None for moment in moments):
        return None, bool(live)
    return max((moment for moment in moments if moment is not None), default=begun), bool(live)


def _shows_seconds(
    sales: Iterable[SaleOrder], total: float, begun: float
) -> tuple[float | None, bool]:
    """Return when a live sale order first showed a total after ``begun``.

    The second value is False if it showed it before: then nothing can be told.
    """
    first: float | None = None
    for sale in sales:
        shown_before = False
        for stretch in sale.stretches:
            shows = stretch.state in LIVE and float(stretch.total) == total
            if stretch.from_seconds < begun:
                shown_before = shows
            elif shows and (first is None or stretch.from_seconds < first):
                first = stretch.from_seconds
        if shown_before:
            return begun, False
    return first, True
