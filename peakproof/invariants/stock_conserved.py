"""No unit appears or vanishes: opening stock, deeds, orders and both sides' books agree.

Per SKU and location, when the connector has fallen quiet ("settled"):

- the channel shows as available what is free in Odoo; where one place has promised more than
  it has, another may show less for it, so that both come to the same altogether;
- Odoo's stock on hand is the opening stock plus what actors moved less what was delivered;
- free in Odoo, over all locations, is that less what was promised by telephone and by live
  channel orders, and the warehouse did not give up sending (only if the connector claims
  ``orders``).

And in between, from what Odoo committed: stock on hand never falls below zero (but for what a
till has sold: that lay there) and never changes without a deed or a delivery behind it.

A deed without an answer may have happened or not: both results are right. Below zero both
sides count as nothing left. Where an order came late, the channel is compared at the last
reads. Unknown: nothing was moved or sold, no records were read, or the channel's own level
changes do not add up to its final level.

Seen in public: frappe/erpnext_shopify issue 104, woocommerce/woocommerce issue 22489,
odoo/odoo issue 62139, facts S1, S2, S8, S13, S14; the OCA connector stays one behind after
two quick changes in Odoo.
"""

from collections import Counter, defaultdict

import msgspec

from peakproof.evidence import (
    Claims,
    Example,
    Facts,
    Findings,
    Result,
    Story,
    unknown,
)
from peakproof.evidence.facts import CLOCK_TOLERANCE_SECONDS
from peakproof.evidence.quants import Quants
from peakproof.evidence.spans import Spans
from peakproof.evidence.stock import StockLedger, StoreMove, carried, known_cause
from peakproof.history import Event, History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "stock_conserved"
TITLE = "No unit of stock appears or vanishes, and both sides' books agree."
FLOWS = ("inventory",)


class Range(msgspec.Struct):
    """What a number may be, seeing that some deeds may or may not have happened."""

    low: float
    high: float

    def add(self, move: StoreMove) -> None:
        """Add a deed."""
        if move.certain or move.units < 0:
            self.low += move.units
        if move.certain or move.units > 0:
            self.high += move.units

    def allows(self, found: float) -> bool:
        """Say whether a number is possible; below zero all counts as nothing."""
        return self.low <= found <= self.high or max(self.low, 0) <= max(found, 0) <= max(
            self.high, 0
        )

    def __str__(self) -> str:
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Compare both sides' books with each other and with the ledger."""
    facts = Facts.of(history, claims, plan)
    ledger = StockLedger.of(facts)
    levels = facts.final("shopify", "level", "settled") or facts.final("shopify", "level")
    stock = facts.final("odoo", "stock")
    if not levels or not stock:
        return unknown(NAME, "No final stock records were read on both sides.")
    if not ledger.moves and not facts.orders:
        return unknown(NAME, "Nothing was sold or moved, so nothing was tested.")
    broken = _does_not_add_up(facts, ledger)
    if broken:
        return unknown(NAME, f"The channel's own level changes do not add up: {broken}")
    findings = Findings(NAME)
    figures: Counter[str] = Counter(compared=0)
    _channel_against_odoo(facts, ledger, findings, figures)
    _on_hand(facts, ledger, findings, figures)
    if "orders" in claims.flows:
        _free(facts, ledger, findings, figures)
    _meanwhile(facts, ledger, findings, figures)
    passed = (
        f"{figures['compared']} levels agree between channel and Odoo, and with "
        f"{len(ledger.moves)} deeds and {len(facts.orders)} orders."
    )
    return findings.result(passed, figures["compared"], dict(figures))


def _does_not_add_up(facts: Facts, ledger: StockLedger) -> str:
    final = facts.final("shopify", "level")
    for (sku, location), changes in ledger.levels.items():
        record = final.get(f"{sku}@{location}")
        if record and changes and record.get("available") != changes[-1].available:
            return (
                f"{sku}@{location} was last at {changes[-1].available}, "
                f"read as {record.get('available')}"
            )
    return ""


def _channel_against_odoo(
    facts: Facts, ledger: StockLedger, findings: Findings, figures: Counter[str]
) -> None:
    late = _skus_of_late_orders(facts)
    for key in facts.final("shopify", "level"):
        sku, _, location = key.rpartition("@")
        checkpoint = facts.checkpoint if sku in late else "settled"
        level = facts.final("shopify", "level", checkpoint).get(key)
        if level is None or not level.get("tracked", True) or sku not in facts.known_skus:
            continue
        figures["compared"] += 1
        figures["compared_after_late_order"] += sku in late
        free = float(facts.final("odoo", "stock", checkpoint).get(key, {}).get("free") or 0)
        shown = float(level.get("available") or 0)
        if max(shown, 0) == max(free, 0) or carried(facts, sku, checkpoint):
            continue
        changes = ledger.levels.get((sku, location), [])
        last_writes = [change.event for change in changes if change.cause == "api"][-2:]
        moves = [move.operation.events[-1] for move in ledger.moves_by_sku.get(sku, [])][-3:]
        findings.add(
            "channel and Odoo disagree",
            expected=f"{free:g} available, as free in Odoo",
            found=f"{shown:g} available ({shown - free:+g} units)"
            + _healed(facts, key, checkpoint)
            + known_cause(facts, sku),
            subject=key,
            events=sorted([*moves, *last_writes], key=lambda event: event.time),
        )


def _healed(facts: Facts, key: str, checkpoint: str) -> str:
    if facts.checkpoint == checkpoint:
        return ""
    level = facts.final("shopify", "level").get(key) or {}
    stock = facts.final("odoo", "stock").get(key) or {}
    healed = level.get("available") == stock.get("free")
    return "; agreed after the last reconciliation" if healed else "; reconciliation did not help"


def _skus_of_late_orders(facts: Facts) -> set[str]:
    """Return the items of orders that reached Odoo only between settled and the last reads."""
    if facts.checkpoint == "settled":
        return set()
    settled = facts.correlated("settled")
    return {
        str(line.get("sku"))
        for gid, ids in facts.correlated().items()
        if ids and not settled.get(gid)
        for line in (facts.orders.get(gid) or {}).get("lines") or []
    }


def _on_hand(facts: Facts, ledger: StockLedger, findings: Findings, figures: Counter[str]) -> None:
    quants = Quants.of(facts)
    shipped = any(order.get("fulfillments") for order in facts.orders.values())
    if shipped and not quants.known:
        figures["on_hand_not_judged"] += 1
        return
    ranges: dict[str, Range] = {}
    for sku, places in ledger.initial.items():
        for location in {*places, *(move.location for move in ledger.moves_by_sku.get(sku, []))}:
            left = places.get(location, 0) - quants.delivered.get((sku, location), 0)
            ranges[f"{sku}@{location}"] = Range(left, left)
    for move in ledger.moves:
        if move.sku in ledger.initial:
            ranges[f"{move.sku}@{move.location}"].add(move)
    records = facts.final("odoo", "stock")
    for key, range_ in ranges.items():
        if key not in records and not range_.low and not range_.high:
            continue
        found = float(records.get(key, {}).get("on_hand") or 0)
        figures["on_hand_compared"] += 1
        if not range_.low <= found <= range_.high:
            sku = key.rpartition("@")[0]
            findings.add(
                "stock on hand in Odoo",
                expected=f"{range_} by opening stock, deeds and deliveries",
                found=f"{found:g}",
                subject=key,
                events=(move.operation.events[-1] for move in ledger.moves_by_sku.get(sku, [])),
            )


def _free(facts: Facts, ledger: StockLedger, findings: Findings, figures: Counter[str]) -> None:
    promised: Counter[str] = Counter()
    left_out: set[str] = set()
    for gid, order in facts.orders.items():
        refunded = order.get("refunds") and not order.get("cancelled")
        given_up = gid in facts.dead_letters and not facts.odoo_ids.get(gid)
        for line in order.get("lines") or []:
            sku = str(line.get("sku"))
            if refunded or given_up:
                left_out.add(sku)  # where its goods are is not told here
            elif not order.get("cancelled"):
                promised[sku] += int(line.get("current_quantity") or 0)
    promised.subtract(ledger.given_up)
    found: dict[str, float] = defaultdict(float)
    for key, record in facts.final("odoo", "stock").items():
        found[key.rpartition("@")[0]] += float(record.get("free") or 0)
    for sku, places in ledger.initial.items():
        if sku in left_out:
            figures["free_not_judged"] += 1
            continue
        start = sum(places.values()) - promised[sku]
        range_ = Range(start, start)
        for move in ledger.moves_by_sku.get(sku, []):
            range_.add(move)
        for move in ledger.telephone_by_sku.get(sku, []):
            range_.add(move)
        figures["free_compared"] += 1
        if not range_.allows(found[sku]):
            findings.add(
                "free stock in Odoo",
                expected=f"{range_} by opening stock, deeds and {promised[sku]} promised",
                found=f"{found[sku]:g}",
                subject=sku,
                events=(move.operation.events[-1] for move in ledger.moves_by_sku.get(sku, [])),
            )


def _meanwhile(
    facts: Facts, ledger: StockLedger, findings: Findings, figures: Counter[str]
) -> None:
    """Look at every committed change of the stock on hand."""
    quants = Quants.of(facts)
    if not quants.known:
        figures["commits_not_judged"] += 1
        return
    can_tell = bool(facts.of_kind("change", "stock_move"))
    for sku, location in quants.states:
        if sku not in ledger.initial:
            continue
        deeds = Spans(
            (
                move.began_seconds - CLOCK_TOLERANCE_SECONDS,
                move.ended_seconds + CLOCK_TOLERANCE_SECONDS,
            )
            for move in ledger.moves_by_sku.get(sku, [])
        )
        before = float(ledger.initial[sku].get(location, 0))
        for state in quants.during((sku, location)):
            changed, before = state.on_hand != before, state.on_hand
            if not changed:
                continue
            figures["on_hand_commits"] += 1
            by_deed = deeds.touch(state.time_seconds, state.time_seconds)
            by_order = state.transaction in quants.order_transactions
            shown: list[Event] = [state.event]
            subject = f"{sku}@{location}"
            by_till = state.transaction in quants.till_transactions
            if state.on_hand < 0 and not by_deed and not by_till:
                findings.add(
                    "stock on hand below zero",
                    expected="0 or more at any commit",
                    found=f"{state.on_hand:g}",
                    subject=subject,
                    events=shown,
                )
            elif can_tell and not by_deed and not by_order:
                findings.add(
                    "stock on hand changed without a cause",
                    expected="a deed of the store or a delivery behind it",
                    found=f"{state.on_hand:g} committed, nobody moved anything",
                    subject=subject,
                    events=shown,
                )


def _day() -> Story:
    story = Story(stock={"MUG": 8, "TEE": 4})
    story.checkout(1.0, "1001", {"MUG": 2})
    story.imported(1.5, "1001")
    story.store_sale(3.0, "MUG", 1)
    story.pushed(3.5, "MUG")
    story.checkout(5.0, "1002", {"TEE": 1})
    story.imported(5.5, "1002")
    story.cancel(7.0, "1002")
    story.updated_in_odoo(7.5, "1002")
    return story


def _one_behind() -> Story:
    story = _day()
    story.store_sale(10.0, "TEE", -3)
    story.pushed(10.3, "TEE")
    story.store_sale(10.4, "TEE", 1)
    return story.finish()


def _without_answer() -> Story:
    story = _day()
    story.store_sale(10.0, "TEE", 1, outcome="info", happens=False)
    story.store_sale(12.0, "MUG", 1, outcome="info")
    story.pushed(12.5, "MUG")
    return story.finish()


def _vanished() -> Story:
    story = _day()
    story.on_hand["TEE"] -= 1
    story.pushed(20.0, "TEE")
    return story.finish()


def _not_released() -> Story:
    story = _day()
    story.checkout(9.0, "1003", {"MUG": 1})
    story.imported(9.5, "1003")
    story.cancel(10.0, "1003")
    story.pushed(11.0, "MUG")
    return story.finish()


def _never_arrived() -> Story:
    story = _day()
    story.checkout(9.0, "1003", {"MUG": 1})
    return story.finish()


def _not_cancelled() -> Story:
    story = _day()
    story.checkout(9.0, "1003", {"MUG": 1})
    story.imported(9.5, "1003")
    story.cancel(10.0, "1003")
    return story.finish()


def _adjusted_by_connector() -> Story:
    story = _day()
    story.on_hand["TEE"] += 5
    story.moved(20.0, "TEE")
    story.on_hand["TEE"] -= 5
    story.moved(21.0, "TEE")
    return story.finish()


def _by_telephone() -> Story:
    story = _day()
    ordered = story.add(8.0, "clerk", "operation", "enter_order", key="op-tel", outcome="invoke")
    ordered.value = {"system": "odoo", "arguments": {"lines": [{"sku": "TEE", "quantity": 1}]}}
    story.add(8.2, "clerk", "operation", "enter_order", key="op-tel", outcome="ok")
    story.reserved["TEE"] += 1
    story.pushed(8.5, "TEE")
    return story.finish()


EXAMPLES = [
    Example(name="sold by telephone", tell=_by_telephone, verdict=Verdict.PASS),
    Example(name="empty", tell=lambda: Story().finish(), verdict=Verdict.UNKNOWN),
    Example(name="no final reads", tell=_day, verdict=Verdict.UNKNOWN),
    Example(name="clean", tell=lambda: _day().finish(), verdict=Verdict.PASS),
    Example(name="one behind", tell=_one_behind, verdict=Verdict.VIOLATED, says="TEE@MAIN"),
    Example(name="deeds without answer", tell=_without_answer, verdict=Verdict.PASS),
    Example(name="a unit vanished", tell=_vanished, verdict=Verdict.VIOLATED, says="on hand"),
    Example(name="cancelled, still reserved", tell=_not_released, verdict=Verdict.VIOLATED),
    Example(
        name="an order that never arrived",
        tell=_never_arrived,
        verdict=Verdict.VIOLATED,
        says="missing in Odoo: #1003",
    ),
    Example(
        name="cancelled, still live",
        tell=_not_cancelled,
        verdict=Verdict.VIOLATED,
        says="cancelled, but live in Odoo: #1003",
    ),
    Example(
        name="Odoo's stock changed back and forth by nobody",
        tell=_adjusted_by_connector,
        verdict=Verdict.VIOLATED,
        says="without a cause",
    ),
]
