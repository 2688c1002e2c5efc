"""The life of every sale order in Odoo, from the changes that Odoo committed.

States inside a transaction are no states: of one transaction only what it left behind counts.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import msgspec

from peakproof.history import Event

__all__ = ["LIVE", "SaleOrder", "SaleOrders", "Stretch"]

LIVE = ("sale", "done")  # states in which Odoo promises the goods
GONE = "deleted"


class Stretch(msgspec.Struct, kw_only=True):
    """What a sale order was from one commit to the next: ``state`` and ``total``."""

    from_seconds: float
    transaction: int | None
    state: str
    total: str
    event: Event


class SaleOrder(msgspec.Struct, kw_only=True):
    """One sale order's committed states in order of commit."""

    id: int
    stretches: list[Stretch]
    inserted: bool  # during the run; else only a later change of it was seen

    @property
    def created_seconds(self) -> float:
        """When it was first committed, or first seen."""
        return self.stretches[0].from_seconds

    @property
    def events(self) -> list[Event]:
        """The committed changes behind it."""
        return [stretch.event for stretch in self.stretches]

    def live_from(self) -> float | None:
        """Return when it was first confirmed, None if it never was."""
        for stretch in self.stretches:
            if stretch.state in LIVE:
                return stretch.from_seconds
        return None

    def gone_from(self) -> float | None:
        """Return since when it is cancelled or deleted, None if it is not."""
        last = None
        for stretch in self.stretches:
            if stretch.state in ("cancel", GONE):
                last = stretch.from_seconds if last is None else last
            else:
                last = None
        return last

    def standing(self) -> list[tuple[float, float]]:
        """Return the stretches of time in which it was neither cancelled nor deleted."""
        spans: list[tuple[float, float]] = []
        begun: float | None = None
        for stretch in self.stretches:
            gone = stretch.state in ("cancel", GONE)
            if not gone and begun is None:
                begun = stretch.from_seconds
            elif gone and begun is not None:
                spans.append((begun, stretch.from_seconds))
                begun = None
        if begun is not None:
            spans.append((begun, float("inf")))
        return spans


class SaleOrders:
    """Every sale order that changed during the run."""

    def __init__(self, changes: Sequence[Event]) -> None:
        self._changes = changes
        self._references: dict[int, set[str]] = {}

    @cached_property
    def by_id(self) -> dict[int, SaleOrder]:
        """The sale orders by id."""
        orders: dict[int, SaleOrder] = {}
        for event in self._changes:
            number = int(event.key)
            order = orders.setdefault(
                number, SaleOrder(id=number, stretches=[], inserted=event.outcome == "insert")
            )
            _extend(order, event)
            row = event.value.get("row") or {}
            words = {str(row[name]) for name in ("client_order_ref", "origin") if row.get(name)}
            self._references.setdefault(number, set()).update(words)
        return orders

    def references(self, number: int) -> set[str]:
        """Return the references that a sale order ever carried."""
        return self._references.get(number, set()) if self.by_id else set()


def _extend(order: SaleOrder, event: Event) -> None:
    row: dict[str, Any] = event.value.get("row") or {}
    last = order.stretches[-1] if order.stretches else None
    state = str(row.get("state") or (last.state if last else "draft"))
    total = str(row.get("amount_total", last.total if last else "0"))
    transaction = event.value.get("transaction")
    stretch = Stretch(
        from_seconds=event.time,
        transaction=transaction,
        state=GONE if event.outcome == "delete" else state,
        total=total,
        event=event,
    )
    if last is not None and transaction is not None and last.transaction == transaction:
        order.stretches[-1] = stretch
    else:
        order.stretches.append(stretch)
