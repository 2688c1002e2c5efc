"""Nothing is sold online that an up-to-date channel would not have offered any more.

A ledger of true availability is kept per SKU: opening stock, what actors moved in Odoo, what
the channel itself sold and took back. The channel knows its own sales at once; what happens in
Odoo it may learn as late as the sync window that the connector claims for ``inventory``
(``max_seconds``, else ``p95_seconds``, 10 s if nothing is claimed), and while something is
broken, until the recovery time after the heal. An accepted checkout is the connector's
oversell if nothing was left by everything the channel had to know by then. So a level that
was raised above the truth by an absolute, stale or repeated write counts too: the ledger does
not follow such writes.

Units oversold inside the window are unavoidable and reported as a figure. Deeds without an
answer are counted the careful way round: a sale in the store that may not have happened takes
nothing away, a delivery that may have happened brings its units.

Unknown: nothing was contended, that is no checkout or store sale was refused and always
something was left. Not judged: items that may be sold below zero, or are not tracked.

Seen in public: Starktail/woocommerce_fusion issue 170, libracore/WooCommerceConnector issue
41, saleor/saleor issue 543, facts S1, S2, S10, S13, S14.
"""

from collections import Counter

import msgspec

from peakproof.evidence import (
    Claims,
    Example,
    Facts,
    Findings,
    Result,
    ServiceLevel,
    Story,
    unknown,
)
from peakproof.evidence.stock import LevelChange, StockLedger, StoreMove
from peakproof.history import Event, History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "no_oversell"
TITLE = "Nothing is sold online that an up-to-date channel would have refused."
FLOWS = ("inventory",)

_SALES = ("order", "edit")
_RETURNS = ("cancel", "edit", "refund", "merchant", "return")


class Tally(msgspec.Struct):
    """Where an item's units went, by what had to be known at a moment."""

    initial: int
    store: int = 0  # sum of the store's moves that count
    sold: int = 0
    returned: int = 0

    @property
    def left(self) -> int:
        """Units that could still be sold."""
        return self.initial + self.store - self.sold + self.returned

    def __str__(self) -> str:
        return (
            f"{self.left} left = {self.initial} at first {self.store:+d} in the store "
            f"- {self.sold} sold online + {self.returned} taken back"
        )


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Go through every item's sales in order of time."""
    facts = Facts.of(history, claims, plan)
    ledger = StockLedger.of(facts)
    findings = Findings(NAME)
    window = claims.sync_window_seconds("inventory")
    figures: Counter[str] = Counter(oversold_units=0, unavoidable_units=0, sales=0)
    refused = _refused(facts)
    contended = set(refused)
    for variant in plan.shop.variants():
        if not variant.tracked or variant.inventory_policy == "continue":
            continue
        if _judge(facts, ledger, variant.sku, window, findings, figures) <= 0:
            contended.add(variant.sku)
    figures["refused_checkouts"] = sum(refused.values())
    figures["contended_skus"] = len(contended)
    if not findings.count and not figures["sales"]:
        return unknown(NAME, "The channel sold nothing, so nothing was tested.", dict(figures))
    if not findings.count and not contended:
        return unknown(
            NAME, "Nothing was contended: there was always something left.", dict(figures)
        )
    passed = (
        f"{figures['sales']} sales, {len(contended)} contended items, "
        f"{figures['refused_checkouts']} refusals; no unit oversold beyond the sync window of "
        f"{window:g} s ({figures['unavoidable_units']} within it)."
    )
    return findings.result(passed, figures["sales"], dict(figures))


def _refused(facts: Facts) -> Counter[str]:
    """Count refusals for want of stock by SKU, online and in the store."""
    refused: Counter[str] = Counter()
    for operation in facts.operations:
        if operation.outcome != "fail" or operation.value.get("code") != "sold_out":
            continue
        lines = operation.arguments.get("lines") or [operation.arguments]
        named = operation.value.get("sku")
        refused.update({str(named)} if named else {str(line.get("sku")) for line in lines})
    return refused


def _judge(
    facts: Facts,
    ledger: StockLedger,
    sku: str,
    window: float,
    findings: Findings,
    figures: Counter[str],
) -> int:
    """Judge one item; return the fewest units that were ever truly left."""
    due = _Due(facts, ledger, sku, window)
    known = Tally(ledger.initial_online(sku))
    actual = Tally(ledger.initial_online(sku))
    fewest = actual.left
    raised: LevelChange | None = None
    for change in ledger.levels_by_sku.get(sku, []):
        known.store, actual.store = due.known(change.time_seconds), due.actual(change.time_seconds)
        fewest = min(fewest, actual.left)
        if change.cause == "order" and change.units < 0:
            units = -change.units
            figures["sales"] += 1
            short = min(units, max(0, units - known.left))
            if short:
                figures["oversold_units"] += short
                _accuse(facts, change, short, known, raised, due, findings)
            else:
                figures["unavoidable_units"] += min(units, max(0, units - actual.left))
        if change.cause == "api" and change.units > 0:
            raised = change
        for tally in (known, actual):
            if change.cause in _SALES and change.units < 0:
                tally.sold -= change.units
            elif change.cause in _RETURNS and change.units > 0:
                tally.returned += change.units
        fewest = min(fewest, actual.left)
    return fewest


class _Due:
    """Sums up the store's moves that count at a moment; moments must not go back."""

    def __init__(self, facts: Facts, ledger: StockLedger, sku: str, window: float) -> None:
        moves = [
            move for move in ledger.moves_by_sku.get(sku, []) if move.location in ledger.sold_online
        ]
        recovery = facts.claims.recovery_seconds("inventory")

        def deadline(move: StoreMove) -> float:
            return facts.faults.deadline(move.ended_seconds, window, recovery, "inventory")

        rises = [(move.began_seconds, move) for move in moves if move.units > 0]
        falls = [move for move in moves if move.units < 0 and move.certain]
        self._known = _Running(rises + [(deadline(move), move) for move in falls])
        self._actual = _Running(rises + [(move.ended_seconds, move) for move in falls])

    def known(self, at_seconds: float) -> int:
        """Return the sum of the moves that the channel had to know."""
        return self._known.until(at_seconds)

    def actual(self, at_seconds: float) -> int:
        """Return the sum of the moves that had truly happened."""
        return self._actual.until(at_seconds)

    def recent(self) -> list[Event]:
        """Return the answers to the latest known moves."""
        return [move.operation.events[-1] for move in self._known.passed[-3:]]


class _Running:
    def __init__(self, moves: list[tuple[float, StoreMove]]) -> None:
        self._moves = sorted(moves, key=lambda pair: pair[0])
        self._sum = 0
        self.passed: list[StoreMove] = []

    def until(self, at_seconds: float) -> int:
        while len(self.passed) < len(self._moves):
            time, move = self._moves[len(self.passed)]
            if time > at_seconds:
                break
            self._sum += move.units
            self.passed.append(move)
        return self._sum


def _accuse(
    facts: Facts,
    change: LevelChange,
    short: int,
    known: Tally,
    raised: LevelChange | None,
    due: _Due,
    findings: Findings,
) -> None:
    name = (facts.orders.get(change.cause_id) or {}).get("name") or ""
    writer = "no API write had raised the level since it began"
    if raised is not None:
        writer = (
            f"an API write ({raised.cause_id or 'unnamed'}) had raised it by {raised.units} "
            f"to {raised.available} at {raised.time_seconds:.3f} s"
        )
    events = [*due.recent(), *([raised.event] if raised else []), change.event]
    findings.add(
        "oversold",
        expected=f"refused: {known}",
        found=f"{-change.units} sold at {change.time_seconds:.3f} s, {short} too many; {writer}",
        subject=f"{change.sku}, order {name} {change.cause_id}".strip(),
        events=events,
        time_seconds=change.time_seconds,
    )


def _contended() -> Story:
    story = Story(stock={"MUG": 3})
    story.checkout(1.0, "1001", {"MUG": 2})
    story.imported(1.5, "1001")
    story.store_sale(2.0, "MUG")
    story.pushed(2.5, "MUG")
    story.checkout(20.0, "1002", {"MUG": 1})
    return story.finish()


def _not_pushed() -> Story:
    story = Story(stock={"MUG": 3})
    story.checkout(1.0, "1001", {"MUG": 2})
    story.store_sale(2.0, "MUG")
    story.checkout(20.0, "1002", {"MUG": 1})
    return story.finish()


def _within_window() -> Story:
    story = Story(stock={"MUG": 3})
    story.checkout(1.0, "1001", {"MUG": 2})
    story.store_sale(2.0, "MUG")
    story.checkout(4.0, "1002", {"MUG": 1})
    return story.finish()


def _raised() -> Story:
    story = Story(stock={"MUG": 2})
    story.checkout(1.0, "1001", {"MUG": 2})
    story.pushed(1.2, "MUG", 2)  # what Odoo held before it knew of the order
    story.checkout(1.4, "1002", {"MUG": 1})
    return story.finish()


def _info_store_sale() -> Story:
    story = Story(stock={"MUG": 2})
    story.checkout(1.0, "1001", {"MUG": 1})
    story.store_sale(2.0, "MUG", outcome="info", happens=False)
    story.checkout(20.0, "1002", {"MUG": 1})
    story.checkout(21.0, "1003", {"MUG": 1})
    return story.finish()


def _during_fault() -> Story:
    story = Story(stock={"MUG": 1})
    story.fault(1.0, 30.0)
    story.store_sale(2.0, "MUG")
    story.checkout(40.0, "1001", {"MUG": 1})  # ten seconds after the heal: still excused
    return story.finish()


def _long_after_fault() -> Story:
    story = Story(stock={"MUG": 1})
    story.fault(1.0, 30.0)
    story.store_sale(2.0, "MUG")
    story.checkout(60.0, "1001", {"MUG": 1})
    return story.finish()


def _patient() -> Claims:
    return Claims(
        flows={"inventory"},
        service_levels={"inventory": ServiceLevel(p95_seconds=5, max_seconds=30)},
    )


def _plenty() -> Story:
    story = Story(stock={"MUG": 30})
    story.checkout(1.0, "1001", {"MUG": 2})
    return story.finish()


EXAMPLES = [
    Example(name="empty", tell=lambda: Story().finish(), verdict=Verdict.UNKNOWN),
    Example(name="plenty", tell=_plenty, verdict=Verdict.UNKNOWN, says="contended"),
    Example(name="clean", tell=_contended, verdict=Verdict.PASS),
    Example(name="store sale not pushed", tell=_not_pushed, verdict=Verdict.VIOLATED),
    Example(name="within the window", tell=_within_window, verdict=Verdict.PASS),
    Example(
        name="within a longer window", tell=_not_pushed, verdict=Verdict.PASS, claims=_patient()
    ),
    Example(name="raised again", tell=_raised, verdict=Verdict.VIOLATED, says="had raised it by 2"),
    Example(name="a store sale without answer", tell=_info_store_sale, verdict=Verdict.PASS),
    Example(name="recovering from a fault", tell=_during_fault, verdict=Verdict.PASS),
    Example(name="long after a fault", tell=_long_after_fault, verdict=Verdict.VIOLATED),
]
