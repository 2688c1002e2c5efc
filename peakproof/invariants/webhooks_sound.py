"""Webhooks are believed when genuine and only then, applied once, and never backwards.

A genuine delivery that is refused as if it were forged (401, 403) is a finding, also where the
channel signs with an old secret for a while after a new one was issued. Three parts more, each
judged only if it was tested:

- forged: a delivery whose signature is wrong is refused with 4xx and has no effect. A time-out
  is no answer, so it is judged by its effect alone; a 5xx is counted as a figure.
- repeated: an event delivered again (a duplicate, or a retry after a lost acknowledgement)
  makes no second sale order, not even for a moment.
- disorder: an order whose events came late or in the wrong order ends in the channel's newest
  state, and never falls back to an older one after it had the newer.

Unknown: nothing was forged, repeated or out of order. A connector that only polls does not
claim it. Orders that never reached Odoo are orders_exactly_once's.

Seen in public: frappe/ecommerce_integrations commit 7f22c45, Shopify/shopify-app-js issue
603, paypal/mirakl-hyperwallet-connector issue 35, facts W1, W2, W5, O2, O4.
"""

from collections import Counter
from decimal import Decimal

import msgspec

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
from peakproof.evidence.saleorders import SaleOrder
from peakproof.history import Event, History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "webhooks_sound"
TITLE = "Webhooks are believed when genuine and only then, applied once, never backwards."
FLOWS = ("orders",)

# simkit writes forged ids this far above the genuine one, so that believing it shows.
FORGED_ID_STEP = 900_000_000
NOT_BELIEVED = (401, 403)


class Delivery(msgspec.Struct, kw_only=True):
    """A genuine delivery about an order: which event it tells, and how new that is."""

    event: Event
    identity: str
    tag: str
    updated: str


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Judge each of the three parts that the history tested."""
    if not claims.receives_webhooks:
        summary = "The connector polls and receives no webhooks."
        return Result(name=NAME, verdict=Verdict.NOT_CLAIMED, summary=summary)
    facts = Facts.of(history, claims, plan)
    findings = Findings(NAME)
    figures: Counter[str] = Counter(forged=0, repeated=0, disorder=0)
    by_resource: dict[str, list[Delivery]] = {}
    forged: list[Event] = []
    refused: list[Event] = []
    for event in facts.of_kind("delivery"):
        if event.value.get("tag") == "forged":
            forged.append(event)
            continue
        if event.value.get("status") in NOT_BELIEVED:
            refused.append(event)
        if event.name.startswith("orders/"):
            by_resource.setdefault(str(event.value.get("resource")), []).append(_delivery(event))
    _refused(refused, findings, figures)
    _forged(facts, forged, findings, figures)
    for gid, deliveries in by_resource.items():
        if gid not in facts.orders:
            continue
        repeats = _repeats(deliveries)
        if repeats:
            figures["repeated"] += len(repeats)
            _repeated(facts, gid, repeats, findings)
        if _disorderly(deliveries):
            figures["disorder"] += 1
            _disorder(facts, gid, [one.event for one in deliveries], findings)
    tested = [part for part in ("forged", "repeated", "disorder") if figures[part]]
    count = sum(figures[part] for part in tested) + len(refused)
    if not tested and not refused:
        return unknown(NAME, "No webhook was forged, repeated or out of order.", dict(figures))
    parts = ", ".join(f"{figures[part]} {part}" for part in tested)
    untested = [part for part in ("forged", "repeated", "disorder") if not figures[part]]
    left = f"; not tested: {', '.join(untested)}" if untested else ""
    return findings.result(f"Sound through {parts}{left}.", count, dict(figures))


def _refused(refused: list[Event], findings: Findings, figures: Counter[str]) -> None:
    """Find genuine deliveries that were taken for forged ones, one finding a resource."""
    figures["genuine_refused"] = len(refused)
    about: dict[str, list[Event]] = {}
    for event in refused:
        about.setdefault(str(event.value.get("resource")), []).append(event)
    for resource, events in about.items():
        findings.add(
            "genuine webhook refused",
            expected="believed: it bears the channel's own signature",
            found=f"answered with {events[0].value['status']}, {len(events)} times",
            subject=f"{events[0].name} {events[0].key} about {resource}",
            events=events,
        )


def _forged(facts: Facts, forged: list[Event], findings: Findings, figures: Counter[str]) -> None:
    figures["forged"] = len(forged)
    traces: dict[str, Event] = {}
    for event in forged:
        tail = str(event.value.get("resource", "")).rpartition("/")[2]
        if tail.isdigit():
            traces[str(int(tail) + FORGED_ID_STEP)] = event
            if str(event.value.get("resource")) not in facts.orders:
                traces[str(event.value["resource"])] = event
        status = event.value.get("status") or 0
        if event.outcome == "ok":
            figures["forged_accepted"] += 1
            findings.add(
                "forged webhook accepted",
                expected="refused with 4xx, such as 401",
                found=f"acknowledged with {status}",
                subject=f"{event.name} {event.key}",
                events=[event],
            )
        elif status >= 500:
            figures["forged_answered_5xx"] += 1
    if not forged:
        return
    for number in facts.sale_orders.by_id:
        words = facts.sale_orders.references(number)
        marked = any("#FORGED" in word for word in words)
        trace = next((traces[key] for word in words for key in _keys(word) if key in traces), None)
        if marked or trace is not None:
            sale = facts.sale_orders.by_id[number]
            findings.add(
                "forged webhook took effect",
                expected="no sale order from a forged event",
                found=f"sale.order {number} with reference {', '.join(sorted(words))}",
                subject=str(trace.key if trace else number),
                events=[*([trace] if trace else []), *sale.events],
            )


def _keys(word: str) -> tuple[str, str]:
    return word, word.rpartition("/")[2]


def _delivery(event: Event) -> Delivery:
    value = event.value
    return Delivery(
        event=event,
        # One happening may be told under several topics: that is no repetition.
        identity=f"{event.name} {value.get('event_id') or event.key}",
        tag=str(value.get("tag") or ""),
        updated=str(value.get("updated_at") or ""),
    )


def _repeats(deliveries: list[Delivery]) -> list[Event]:
    """Return the deliveries of events that may have been taken before."""
    repeats = []
    seen: set[str] = set()
    for delivery in deliveries:
        if delivery.tag == "duplicate" or delivery.identity in seen:
            repeats.append(delivery.event)
        if delivery.event.outcome in ("ok", "info"):
            seen.add(delivery.identity)
    return [event for event in repeats if event.outcome != "fail"]


def _repeated(facts: Facts, gid: str, repeats: list[Event], findings: Findings) -> None:
    sales = [sale for sale in facts.sales_of(gid) if sale.standing()]
    records = [facts.odoo_orders.get(number) for number in facts.odoo_ids.get(gid, [])]
    live = [record for record in records if record and record.get("state") in LIVE]
    together = any(_together(sale, other) for sale in sales for other in sales if sale is not other)
    if len(live) > 1 or together:
        names = ", ".join(str(number) for number in facts.odoo_ids.get(gid, []))
        findings.add(
            "repeated event applied twice",
            expected="one sale order however often the event comes",
            found=f"sale orders {names}",
            subject=f"{gid} after {repeats[-1].name} {repeats[-1].key}",
            events=[*repeats, *(event for sale in sales for event in sale.events)],
        )


def _together(sale: SaleOrder, other: SaleOrder) -> bool:
    return any(
        max(begin, other_begin) < min(end, other_end)
        for begin, end in sale.standing()
        for other_begin, other_end in other.standing()
    )


def _disorderly(deliveries: list[Delivery]) -> bool:
    """Say whether events came late, or an older one arrived after a newer one."""
    newest = ""
    for delivery in deliveries:
        if delivery.event.outcome == "fail":
            continue
        updated = delivery.updated
        if delivery.tag in ("late", "reordered") or (updated and updated < newest):
            return True
        newest = max(newest, updated)
    return False


def _disorder(facts: Facts, gid: str, deliveries: list[Event], findings: Findings) -> None:
    order = facts.orders[gid]
    records = [facts.odoo_orders.get(number) for number in facts.odoo_ids.get(gid, [])]
    known = [record for record in records if record]
    if not known:
        return
    live = [record for record in known if record.get("state") in LIVE]
    about = f"{order.get('name')} {gid}"
    if order.get("cancelled"):
        if live:
            findings.add(
                "not the newest state",
                expected="cancelled, as in the channel",
                found=f"{live[0].get('name')} is {live[0].get('state')}",
                subject=about,
                events=deliveries,
            )
    elif order.get("edited") and live and not order.get("refunds"):
        total, shown = _total(order), Decimal(str(live[0].get("amount_total") or "0"))
        if shown != total:
            findings.add(
                "not the newest content",
                expected=f"{total}, as in the channel",
                found=f"{live[0].get('name')} at {shown}",
                subject=about,
                events=deliveries,
            )
    for sale in facts.sales_of(gid):
        relapse = _relapse(sale, order)
        if relapse is not None:
            event, found = relapse
            findings.add(
                "fell back to an older state",
                expected="the newest state, once reached, stays",
                found=found,
                subject=about,
                events=[*deliveries, event],
                time_seconds=event.time,
            )


def _total(order: Record) -> Decimal:
    return Decimal(str((order.get("totals") or {}).get("total") or "0"))


def _relapse(sale: SaleOrder, order: Record) -> tuple[Event, str] | None:
    """Return the commit that went back to an older state after the newest had been there."""
    newest, reached, older = _total(order), False, set()
    cancelled = False
    for stretch in sale.stretches:
        total = Decimal(stretch.total)
        if cancelled and stretch.state in LIVE and order.get("cancelled"):
            return stretch.event, f"sale.order {sale.id} live again after it was cancelled"
        cancelled = cancelled or stretch.state == "cancel"
        if stretch.state not in LIVE or order.get("cancelled"):
            continue
        if reached and total in older:
            return stretch.event, f"sale.order {sale.id} back at {total} after {newest}"
        if total == newest:
            reached = True
        elif not reached and total:
            older.add(total)
    return None


def _two(tag: str = "") -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.5, "1001")
    story.checkout(2.0, "1002", {"MUG": 1})
    story.imported(2.5, "1002")
    story.edit(4.0, "1001", "MUG", 2, tag=tag)
    return story


def _weather() -> Story:
    story = _two()
    story.updated_in_odoo(4.5, "1001")
    story.delivery(5.0, "1002", "orders/create", tag="duplicate", attempt=2)
    story.delivery(6.0, "1001", "orders/create", tag="reordered", attempt=3)
    story.delivery(7.0, "1002", "orders/create", tag="forged", outcome="fail", status=401)
    return story.finish()


def _believed() -> Story:
    story = _two()
    story.updated_in_odoo(4.5, "1001")
    story.delivery(7.0, "1002", "orders/create", tag="forged", status=200)
    return story.finish()


def _forged_without_answer() -> Story:
    story = _two()
    story.updated_in_odoo(4.5, "1001")
    story.delivery(7.0, "1002", "orders/create", tag="forged", outcome="info", status=0)
    return story.finish()


def _applied_twice() -> Story:
    story = _two()
    story.updated_in_odoo(4.5, "1001")
    story.delivery(5.0, "1002", "orders/create", tag="duplicate", attempt=2)
    story.imported(5.2, "1002")
    return story.finish()


def _overwritten() -> Story:
    story = _two("late")
    return story.finish()


def _relapsed() -> Story:
    story = _two("late")
    story.updated_in_odoo(4.5, "1001")
    edited = dict(story.odoo[1])
    story.odoo[1]["amount_total"] = "15.90"
    story.committed(5.0, 1)
    story.odoo[1] = edited
    story.committed(6.0, 1)
    return story.finish()


def _not_believed() -> Story:
    story = _two()
    story.updated_in_odoo(4.5, "1001")
    story.delivery(5.0, "1002", "orders/updated", outcome="fail", status=401)
    story.delivery(5.5, "1002", "orders/updated", attempt=2)
    return story.finish()


EXAMPLES = [
    Example(name="empty", tell=lambda: Story().finish(), verdict=Verdict.UNKNOWN),
    Example(name="fair weather", tell=lambda: _two().finish(), verdict=Verdict.UNKNOWN),
    Example(name="clean", tell=_weather, verdict=Verdict.PASS),
    Example(name="forged and believed", tell=_believed, verdict=Verdict.VIOLATED, says="forged"),
    Example(name="not believed", tell=_not_believed, verdict=Verdict.VIOLATED, says="refused"),
    Example(name="forged without answer", tell=_forged_without_answer, verdict=Verdict.PASS),
    Example(name="applied twice", tell=_applied_twice, verdict=Verdict.VIOLATED, says="twice"),
    Example(name="newest lost", tell=_overwritten, verdict=Verdict.VIOLATED, says="newest"),
    Example(name="fell back for a moment", tell=_relapsed, verdict=Verdict.VIOLATED, says="back"),
]
