"""Every order of the channel is exactly one order in Odoo.

A live channel order is one sale order that is confirmed; a cancelled one is none that is
still live. Two sale orders that stood at the same time count as a duplicate even if one was
cancelled later, for stock was promised twice meanwhile; taking one order's place in the same
transaction, or after the first was cancelled, does not. A sale order that no channel order and
no member of staff stands behind was invented.

The channel's own snapshot is the truth about what was ordered, so a checkout that the shopper
saw no answer to is judged by whether the shop has it. An order that is missing when the
connector has fallen quiet and found by its long-period reconciliation is late, not lost:
service_levels counts it.

Unknown: no channel order, or no final records. An order with a SKU that Odoo was never given
may end as a dead letter instead.

Seen in public: OCA/connector-magento issue 165, Shopify/shopify_app issue 1173, odoo/odoo
issue 40567, facts O1, O2, O4, O16.
"""

from collections import Counter
from typing import Any

from peakproof.evidence import (
    LIVE,
    Claims,
    Example,
    Facts,
    Findings,
    Record,
    Result,
    Story,
    unknown,
)
from peakproof.evidence.facts import CLOCK_TOLERANCE_SECONDS
from peakproof.evidence.saleorders import SaleOrder
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "orders_exactly_once"
TITLE = "Every order of the channel is exactly one order in Odoo."
FLOWS = ("orders",)


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Judge every channel order, then every sale order that has none."""
    facts = Facts.of(history, claims, plan)
    if not facts.checkpoint:
        return unknown(NAME, "No final records were read: the run did not come to its end.")
    if not facts.orders:
        return unknown(NAME, "The channel took no order, so nothing was tested.")
    findings = Findings(NAME)
    figures: Counter[str] = Counter(channel_orders=len(facts.orders))
    owners: dict[int, list[str]] = {}
    for gid, order in facts.orders.items():
        for number in facts.correlated().get(gid, []):
            owners.setdefault(number, []).append(gid)
        _judge_order(facts, gid, order, findings, figures)
    _shared(facts, owners, findings)
    _invented(facts, findings, figures)
    _late(facts, figures)
    _unanswered(facts, figures)
    passed = (
        f"{len(facts.orders)} channel orders are each exactly one order in Odoo"
        f" ({figures['cancelled']} of them cancelled, {figures['late']} late)."
    )
    return findings.result(passed, len(facts.orders), dict(figures))


def _state(facts: Facts, number: int) -> str:
    record = facts.odoo_orders.get(number)
    return str(record.get("state")) if record else "deleted"


def _judge_order(
    facts: Facts, gid: str, order: Record, findings: Findings, figures: Counter[str]
) -> None:
    states = {number: _state(facts, number) for number in facts.odoo_ids.get(gid, [])}
    live = [number for number, state in states.items() if state in LIVE]
    standing = [number for number, state in states.items() if state not in ("cancel", "deleted")]
    shown = _named(facts, states) or "no sale order"
    evidence = [event for sale in facts.sales_of(gid) for event in sale.events]
    about: dict[str, Any] = {"subject": f"{order.get('name')} {gid}", "events": evidence}
    if not evidence:
        about["time_seconds"] = facts.created_seconds.get(gid)
    if order.get("cancelled"):
        figures["cancelled"] += 1
        if live:
            findings.add(
                "cancelled order is live in Odoo",
                expected="its sale order cancelled, or none",
                found=shown,
                **about,
            )
    elif live and len(standing) > 1:
        findings.add("duplicate order", expected="one confirmed sale order", found=shown, **about)
        return
    elif not live:
        _judge_missing(facts, gid, order, shown, bool(standing), about, findings, figures)
    _judge_transient(facts, gid, about, findings, figures)


def _judge_missing(
    facts: Facts,
    gid: str,
    order: Record,
    shown: str,
    standing: bool,
    about: dict[str, Any],
    findings: Findings,
    figures: Counter[str],
) -> None:
    reason = facts.dead_letters.get(gid)
    strange = {str(line.get("sku")) for line in order.get("lines", [])} - facts.known_skus
    if reason and strange:
        figures["dead_lettered"] += 1
        return
    if reason:
        shown = f"{shown}; dead letter: {reason}"
    what = "never confirmed" if standing else "missing in Odoo"
    findings.add(what, expected="one confirmed sale order", found=shown, **about)


def _judge_transient(
    facts: Facts,
    gid: str,
    about: dict[str, Any],
    findings: Findings,
    figures: Counter[str],
) -> None:
    sales = facts.sales_of(gid)
    for place, sale in enumerate(sales):
        for other in sales[place + 1 :]:
            overlap = _overlap(sale, other)
            if overlap is None:
                continue
            figures["transient_duplicates"] += 1
            findings.add(
                "transient duplicate",
                expected="at most one sale order standing at any time",
                found=(
                    f"{_named(facts, {sale.id: '', other.id: ''})} both stood from "
                    f"{overlap[0]:.3f} s to {overlap[1]:.3f} s"
                ),
                **about,
            )
            return


def _overlap(one: SaleOrder, other: SaleOrder) -> tuple[float, float] | None:
    for begin, end in one.standing():
        for other_begin, other_end in other.standing():
            first, last = max(begin, other_begin), min(end, other_end)
            if first < last:
                return first, last
    return None


def _named(facts: Facts, states: dict[int, str]) -> str:
    parts = []
    for number, state in states.items():
        name = (facts.odoo_orders.get(number) or {}).get("name") or f"sale.order {number}"
        parts.append(f"{name} ({state})" if state else str(name))
    return ", ".join(parts)


def _shared(facts: Facts, owners: dict[int, list[str]], findings: Findings) -> None:
    for number, gids in owners.items():
        live = [gid for gid in gids if not facts.orders[gid].get("cancelled")]
        if len(live) > 1:
            findings.add(
                "one sale order for several channel orders",
                expected=f"{len(live)} sale orders",
                found=_named(facts, {number: _state(facts, number)}),
                subject=", ".join(live),
                events=(e for sale in facts.sales_of(live[0]) for e in sale.events),
            )


def _invented(facts: Facts, findings: Findings, figures: Counter[str]) -> None:
    """Look for live sale orders behind which nobody stands."""
    explained = {number for ids in facts.odoo_ids.values() for number in ids}
    for operation in facts.operations:
        if operation.system == "odoo" and operation.outcome != "fail":
            made = operation.result.get("odoo_order_id") or operation.result.get("order_id")
            explained.update({int(str(made))} if str(made).isdigit() else set())
    changes = facts.sale_orders.by_id
    for gid in facts.correlated().keys() - facts.orders.keys():
        explained -= set(facts.odoo_ids.get(gid, []))
    for number, record in facts.odoo_orders.items():
        if number in explained or record.get("state") == "cancel":
            continue
        sale = changes.get(number)
        begun = sale.created_seconds if sale and sale.inserted else float("-inf")
        if changes and begun < facts.begun_seconds - CLOCK_TOLERANCE_SECONDS:
            continue  # it stood there before the story began
        figures["invented"] += 1
        findings.add(
            "order that nobody placed",
            expected="no sale order without a channel order",
            found=f"{record.get('name')} ({record.get('state')}), {record.get('amount_total')}",
            subject=str(record.get("client_order_ref") or record.get("name")),
            events=sale.events if sale else (),
        )


def _late(facts: Facts, figures: Counter[str]) -> None:
    """Count orders that only the last reads show."""
    figures["late"] = 0
    if facts.checkpoint != "reconciled" or not facts.final("shopify", "order", "settled"):
        return
    settled = facts.correlated("settled")
    for gid, ids in facts.correlated().items():
        if ids and gid in facts.orders and not settled.get(gid):
            figures["late"] += 1


def _unanswered(facts: Facts, figures: Counter[str]) -> None:
    """Count checkouts without answer; the channel's snapshot says which became orders."""
    figures["unanswered_checkouts"] = sum(
        operation.action == "checkout" and operation.outcome == "info"
        for operation in facts.operations
    )


def _empty() -> Story:
    return Story().finish()


def _clean() -> Story:
    story = Story(stock={"MUG": 9})
    for place, number in enumerate(("1001", "1002", "1003")):
        story.checkout(1.0 + place, number, {"MUG": 1})
        story.imported(1.5 + place, number)
    story.cancel(5.0, "1002")
    story.updated_in_odoo(5.5, "1002")
    return story.finish()


def _lost() -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    story.checkout(2.0, "1002", {"MUG": 1})
    story.imported(2.5, "1002")
    return story.finish()


def _duplicate() -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.5, "1001")
    story.imported(1.6, "1001")
    return story.finish()


def _transient() -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.5, "1001")
    second = story.imported(1.6, "1001", correlate=False)
    story.cancelled_in_odoo(3.0, second)
    return story.finish()


def _replaced() -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    first = story.imported(1.5, "1001")
    story.edit(2.0, "1001", "MUG", 2)
    story.cancelled_in_odoo(2.5, first)
    story.imported(2.6, "1001")
    return story.finish()


def _draft() -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.5, "1001", state="draft")
    return story.finish()


def _cancelled_live() -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.5, "1001")
    story.cancel(2.0, "1001")
    return story.finish()


def _invention() -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.5, "1001")
    story.checkout(2.0, "1002", {"MUG": 1})
    story.imported(2.5, "1002")
    del story.orders["1002"]
    story.correlation.pop("1002")
    return story.finish()


def _unanswered_story() -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1}, answered=False)
    story.imported(1.5, "1001")
    story.checkout(2.0, "1002", {"MUG": 1}, answered=False, reaches_shop=False)
    story.checkout(3.0, "1003", {"MUG": 1})
    story.imported(3.5, "1003")
    return story.finish()


def _found_late() -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    story.finish(50.0, "settled")
    story.imported(60.0, "1001")
    return story.finish(100.0, "reconciled")


EXAMPLES = [
    Example(name="empty", tell=_empty, verdict=Verdict.UNKNOWN, says="took no order"),
    Example(name="no final reads", tell=Story, verdict=Verdict.UNKNOWN),
    Example(name="clean", tell=_clean, verdict=Verdict.PASS),
    Example(name="a lost order", tell=_lost, verdict=Verdict.VIOLATED, says="missing in Odoo"),
    Example(name="a duplicate", tell=_duplicate, verdict=Verdict.VIOLATED, says="duplicate order"),
    Example(
        name="a duplicate that was cancelled later",
        tell=_transient,
        verdict=Verdict.VIOLATED,
        says="transient duplicate",
    ),
    Example(name="cancelled and made anew for an edit", tell=_replaced, verdict=Verdict.PASS),
    Example(name="left as draft", tell=_draft, verdict=Verdict.VIOLATED, says="never confirmed"),
    Example(name="cancelled in the channel only", tell=_cancelled_live, verdict=Verdict.VIOLATED),
    Example(name="an invented order", tell=_invention, verdict=Verdict.VIOLATED, says="nobody"),
    Example(name="checkouts without answer", tell=_unanswered_story, verdict=Verdict.PASS),
    Example(name="late, not lost", tell=_found_late, verdict=Verdict.PASS, says="1 late"),
]
