"""Facts drawn from a history once and shared by every invariant.

``Facts.of(history, claims, plan)`` builds the indexes lazily and keeps them with the history,
in time linear in its events. Facts are read only.
"""

import json
import weakref
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from peakproof.evidence.claims import Claims
from peakproof.evidence.faultwindows import FaultWindows
from peakproof.evidence.saleorders import LIVE, SaleOrder, SaleOrders
from peakproof.history import Event, History
from peakproof.plan import Plan

__all__ = ["CLOCK_TOLERANCE_SECONDS", "LIVE", "Facts", "Operation", "Record"]

Record = dict[str, Any]
Derived = TypeVar("Derived")

CLOCK_TOLERANCE_SECONDS = 0.5  # between an actor's clock and the moment of a commit

_KEPT: "weakref.WeakKeyDictionary[History, list[Facts]]" = weakref.WeakKeyDictionary()


class Operation(msgspec.Struct, kw_only=True):
    """What an actor did: the invocation joined with its end.

    ``outcome`` is info where no end was recorded. ``ended_seconds`` is infinite then, for it
    may still be happening.
    """

    key: str
    actor: str
    action: str
    system: str
    arguments: Record
    label: str
    began_seconds: float
    ended_seconds: float
    outcome: str
    value: Record
    events: list[Event]

    @property
    def result(self) -> Record:
        """What the system answered, empty unless the outcome is ok."""
        return self.value.get("result") or {} if self.outcome == "ok" else {}


class Facts:
    """The indexes of one history under one connector's claims."""

    def __init__(self, history: History, claims: Claims, plan: Plan) -> None:
        self.claims = claims
        self.plan = plan
        self.shared: dict[str, Any] = {}  # what other modules derive once from these facts
        self._correlated: dict[str, dict[str, list[int]]] = {}
        # A copy: holding the History itself would keep the cache's key alive for ever.
        self._history = history.twin()

    @classmethod
    def of(cls, history: History, claims: Claims, plan: Plan) -> "Facts":
        """Return the facts of a history, built at most once for these claims and plan."""
        kept = _KEPT.setdefault(history, [])
        for facts in kept:
            if facts.claims is claims and facts.plan is plan:
                return facts
        facts = cls(history, claims, plan)
        kept.append(facts)
        return facts

    def once(self, what: str, derive: "Callable[[Facts], Derived]") -> Derived:
        """Return what is derived from these facts, worked out at most once."""
        if what not in self.shared:
            self.shared[what] = derive(self)
        derived: Derived = self.shared[what]
        return derived

    def of_kind(
        self,
        kind: str,
        name: str | None = None,
        source: str | None = None,
        without: Collection[str] = (),
    ) -> Sequence[Event]:
        """Return the events of a kind in order of time, of all sources ``without`` some."""
        return self._history.of(kind, name, source, without=without)

    def mentioning(
        self, kind: str, texts: Iterable[str], name: str | None = None
    ) -> Iterable[Event]:
        """Return at least the events of a kind in whose stored line one of some texts stands."""
        return self._history.mentioning(kind, texts, name)

    @cached_property
    def checkpoint(self) -> str:
        """The last checkpoint that was read: reconciled, settled, or empty if none was."""
        outcomes = {outcome for _, _, outcome in self._history.forms("final")}
        return next((name for name in ("reconciled", "settled") if name in outcomes), "")

    def final(
        self, source: str, entity: str, checkpoint: str | None = None
    ) -> Mapping[str, Record]:
        """Return records by key as read at a checkpoint, by default the last one."""
        return self._history.final(source, entity, checkpoint or self.checkpoint)

    @cached_property
    def orders(self) -> Mapping[str, Record]:
        """The channel's orders at the last checkpoint, by gid: the truth about them."""
        return self.final("shopify", "order")

    @cached_property
    def gid_by_name(self) -> dict[str, str]:
        """The gids of the channel's orders by the number that people call them by."""
        return {str(order.get("name")): gid for gid, order in self.orders.items()}

    @cached_property
    def odoo_orders(self) -> Mapping[int, Record]:
        """Odoo's sale orders at the last checkpoint, by id."""
        return _ById(self.final("odoo", "order"))

    @cached_property
    def sale_orders(self) -> SaleOrders:
        """What became of every sale order in Odoo, committed change by committed change."""
        return SaleOrders(self._history.of("change", "sale_order"))

    def correlated(self, checkpoint: str | None = None) -> dict[str, list[int]]:
        """Return the Odoo order ids of each channel order, as the connector tells."""
        place = checkpoint or self.checkpoint
        if place not in self._correlated:
            records = self.final("connector", "correlation", place)
            self._correlated[place] = {
                gid: [int(number) for number in record.get("odoo_order_ids") or []]
                for gid, record in records.items()
            }
        return self._correlated[place]

    @cached_property
    def odoo_ids(self) -> dict[str, list[int]]:
        """The Odoo order ids of each channel order, with those that did not last.

        On top of the connector's own correlation stand the sale orders that carried the same
        reference as a correlated one, whatever became of them.
        """
        correlated = self.correlated()
        references: dict[str, set[str]] = {}
        for gid, ids in correlated.items():
            found = {ref for number in ids for ref in self.sale_orders.references(number)}
            for number in ids:
                client_ref = (self.odoo_orders.get(number) or {}).get("client_order_ref")
                if client_ref:
                    found.add(str(client_ref))
            for reference in found:
                references.setdefault(reference, set()).add(gid)
        ids_of = {gid: list(ids) for gid, ids in correlated.items()}
        known = {number for ids in correlated.values() for number in ids}
        for gid, order in self.orders.items():
            for word in reference_words(order):
                references.setdefault(word, set()).add(gid)
        for number, sale in self.sale_orders.by_id.items():
            owners = {
                gid
                for reference in self.sale_orders.references(number)
                for gid in references.get(reference, ())
            }
            # A reference shared by several channel orders (a tag, a campaign) tells nothing.
            if number not in known and len(owners) == 1:
                ids_of.setdefault(owners.pop(), []).append(sale.id)
        return ids_of

    @cached_property
    def operations(self) -> list[Operation]:
        """What actors did, in order of its beginning."""
        begun: dict[str, Operation] = {}
        for event in self._history.of("operation"):
            if event.outcome == "invoke":
                begun[event.key] = _begin(event)
            elif event.key in begun:
                _end(begun[event.key], event)
        return list(begun.values())

    @cached_property
    def operations_on(self) -> dict[str, list[Operation]]:
        """The operations whose arguments name an order of the channel, by its gid."""
        found: defaultdict[str, list[Operation]] = defaultdict(list)
        for operation in self.operations:
            for gid in {operation.arguments.get(name) for name in ("order_id", "order")}:
                if isinstance(gid, str):
                    found[gid].append(operation)
        return found

    @cached_property
    def pickings_of(self) -> Mapping[int, list[Record]]:
        """Odoo's deliveries and returns at the last checkpoint, by the id of their sale order."""
        pickings = self.final("odoo", "picking")
        keys: defaultdict[int, list[str]] = defaultdict(list)
        for key, picking in pickings.items():
            if picking.get("sale_id"):
                keys[int(picking["sale_id"])].append(key)
        return _Grouped(pickings, keys)

    @cached_property
    def returns_of(self) -> dict[int, list[Record]]:
        """The lines of Odoo's returns at the last checkpoint, by the move that they take back."""
        found: defaultdict[int, list[Record]] = defaultdict(list)
        for picking in self.final("odoo", "picking").values():
            for line in picking["lines"]:
                if line["return_of"] is not None:
                    found[line["return_of"]].append(line)
        return found

    @cached_property
    def approvals_of(self) -> dict[str, list[Record]]:
        """What the connector tells of approvals at the last checkpoint, by the order's gid."""
        found: defaultdict[str, list[Record]] = defaultdict(list)
        for record in self.final("connector", "approval").values():
            found[str(record["order"])].append(record)
        return found

    @cached_property
    def begun_seconds(self) -> float:
        """When the first deed began; what Odoo committed before was setting up the world."""
        return min((one.began_seconds for one in self.operations), default=float("-inf"))

    @cached_property
    def checkouts(self) -> dict[str, Operation]:
        """The checkouts that were answered, by the gid of the order they made."""
        return {
            str(operation.result["order_id"]): operation
            for operation in self.operations
            if operation.action == "checkout" and operation.result.get("order_id")
        }

    @cached_property
    def created_seconds(self) -> dict[str, float]:
        """When the channel took each order, by gid."""
        times: dict[str, float] = {}
        for event in self._history.of("state", "order"):
            if event.value.get("change", "create") == "create":
                times.setdefault(event.key, event.time)
        for gid, operation in self.checkouts.items():
            times.setdefault(gid, operation.ended_seconds)
        for gid in (gid for gid in self.orders if gid not in times):
            moment = self.orders[gid].get("created_at_seconds")
            if isinstance(moment, int | float):
                times[gid] = float(moment)
        return times

    @cached_property
    def faults(self) -> FaultWindows:
        """When something was broken on purpose."""
        return FaultWindows(self._history)

    @cached_property
    def dead_letters(self) -> dict[str, str]:
        """Why something was given up, by the gid it was about, at the last checkpoint."""
        return {
            str(record.get("resource")): str(record.get("reason") or "no reason given")
            for record in self.final("connector", "dead_letter").values()
        }

    @cached_property
    def failed_jobs(self) -> list[tuple[str, str]]:
        """State and text of Odoo's jobs that did not end well, at the last checkpoint."""
        return [
            (str(record.get("state")), json.dumps(record, default=str))
            for record in self.final("odoo", "job").values()
            if record.get("state") not in ("done", "cancelled")
        ]

    @cached_property
    def known_skus(self) -> set[str]:
        """The SKUs that both sides were seeded with."""
        return {variant.sku for variant in self.plan.shop.variants() if variant.in_odoo}

    def sales_of(self, gid: str) -> list[SaleOrder]:
        """Return the sale orders that a channel order ever became, oldest first."""
        sales = [
            self.sale_orders.by_id[number]
            for number in self.odoo_ids.get(gid, [])
            if number in self.sale_orders.by_id
        ]
        return sorted(sales, key=lambda sale: sale.created_seconds)


class _ById(Mapping[int, Record]):
    """Records of Odoo by their id, a number, instead of their key."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[int]:
        return map(int, self._records)

    def __getitem__(self, number: int) -> Record:
        return self._records[str(number)]


class _Grouped(Mapping[int, list[Record]]):
    """Records by a number that several of them have in common."""

    def __init__(self, records: Mapping[str, Record], keys: Mapping[int, list[str]]) -> None:
        self._records, self._keys = records, keys

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)

    def __getitem__(self, number: int) -> list[Record]:
        if number not in self._keys:  # never made by looking for it
            raise KeyError(number)
        return [self._records[key] for key in self._keys[number]]


def reference_words(order: Record) -> list[str]:
    """Return what an integration may write down to remember a channel order by."""
    words = [order.get("id"), order.get("name"), order.get("legacy_id")]
    return [str(word) for word in words if word]


def _begin(event: Event) -> Operation:
    return Operation(
        key=event.key,
        actor=event.source,
        action=event.name,
        system=str(event.value.get("system", "")),
        arguments=event.value.get("arguments") or {},
        label=str(event.value.get("label", "")),
        began_seconds=event.time,
        ended_seconds=float("inf"),
        outcome="info",
        value={},
        events=[event],
    )


def _end(operation: Operation, event: Event) -> None:
    operation.outcome = event.outcome
    operation.value = event.value
    operation.events.append(event)
    # An answer that was lost says nothing about when, or whether, the deed takes effect.
    operation.ended_seconds = float("inf") if event.outcome == "info" else event.time
