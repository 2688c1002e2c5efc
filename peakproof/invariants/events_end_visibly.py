"""Nothing ends in silence: every order, and every event that was acknowledged, ends visibly.

Once the connector answered a webhook with 2xx the channel forgets it, so whatever becomes of
it must show: the order stands in Odoo in the right state (for an edited order with the newest
total), or a dead letter names it, or a failed job in Odoo does. An order whose event was never
acknowledged, or dropped on the way, must show as well: the channel has it. A job that is still
waiting after everything fell quiet has not ended.

Only order events are judged (topics ``orders/...``); forged ones are webhooks_sound's.
Unknown: no order and no acknowledged order event.

Seen in public: duncanmcclean/statamic-cargo issue 190, OCA/queue issue 122, microsoft/BCApps
pull 9211, facts W4, W7, Q2, O16, L7.
"""

import re
from collections import Counter
from decimal import Decimal

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
from peakproof.history import Event, History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "events_end_visibly"
TITLE = "Every order and every acknowledged event ends in Odoo, as dead letter or as failed job."
FLOWS = ("orders",)


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Look for the end of every order and of every acknowledged order event."""
    facts = Facts.of(history, claims, plan)
    if not facts.checkpoint:
        return unknown(NAME, "No final records were read: the run did not come to its end.")
    events = _order_events(facts)
    acknowledged = {
        gid: [event for event in deliveries if event.outcome == "ok"]
        for gid, deliveries in events.items()
    }
    if not facts.orders:
        return unknown(NAME, "The channel took no order, so nothing was tested.")
    failed, waiting = _mentioned(facts)
    findings = Findings(NAME)
    figures: Counter[str] = Counter(
        orders=len(facts.orders),
        acknowledged_events=sum(len(deliveries) for deliveries in acknowledged.values()),
    )
    for gid, order in facts.orders.items():
        wrong = _wrong(facts, gid, order)
        words = {gid.rpartition("/")[2], str(order.get("legacy_id")), str(order.get("name"))}
        if not wrong:
            figures["applied"] += 1
        elif gid in facts.dead_letters:
            figures["dead_lettered"] += 1
        elif words & failed:
            figures["failed_jobs"] += 1
        else:
            stuck = bool(words & waiting)
            figures["stuck" if stuck else "silent"] += 1
            findings.add(
                "still waiting" if stuck else "ended in silence",
                expected="applied in Odoo, a dead letter or a failed job",
                found=wrong
                + ("; a job that names it has not ended" if stuck else "; nothing reports it")
                + _told(acknowledged.get(gid, [])),
                subject=f"{order.get('name')} {gid}",
                events=events.get(gid, []),
                time_seconds=facts.created_seconds.get(gid),
            )
    passed = (
        f"{figures['applied']} orders applied, {figures['dead_lettered']} dead letters, "
        f"{figures['failed_jobs']} failed jobs; none ended in silence."
    )
    return findings.result(passed, len(facts.orders), dict(figures))


def _order_events(facts: Facts) -> dict[str, list[Event]]:
    """Return the genuine deliveries about each order."""
    events: dict[str, list[Event]] = {}
    for event in facts.of_kind("delivery"):
        if event.name.startswith("orders/") and event.value.get("tag") != "forged":
            events.setdefault(str(event.value.get("resource")), []).append(event)
    return events


def _mentioned(facts: Facts) -> tuple[set[str], set[str]]:
    """Return the words in failed jobs, and in jobs that have not ended."""
    failed: set[str] = set()
    waiting: set[str] = set()
    for state, text in facts.failed_jobs:
        (failed if state == "failed" else waiting).update(re.findall(r"#?\w+", text))
    return failed, waiting


def _wrong(facts: Facts, gid: str, order: Record) -> str:
    """Return what is wrong with an order in Odoo, empty if it is applied."""
    records = [facts.odoo_orders.get(number) for number in facts.odoo_ids.get(gid, [])]
    live = [record for record in records if record and record.get("state") in LIVE]
    if order.get("cancelled"):
        return "cancelled in the channel, live in Odoo" if live else ""
    if not live:
        states = ", ".join(str(record.get("state")) for record in records if record)
        return f"no confirmed order in Odoo (state {states})" if states else "not in Odoo"
    if order.get("edited") and not order.get("refunds"):
        total = str((order.get("totals") or {}).get("total") or "0")
        shown = {Decimal(str(record.get("amount_total") or "0")) for record in live}
        if Decimal(total) not in shown:
            return f"edited to {total}, in Odoo {', '.join(map(str, sorted(shown)))}"
    return ""


def _told(acknowledged: list[Event]) -> str:
    if not acknowledged:
        return "; no event about it was ever acknowledged"
    last = acknowledged[-1]
    return f"; {last.name} was acknowledged at {last.time:.3f} s"


def _orders() -> Story:
    story = Story()
    story.checkout(1.0, "1001", {"MUG": 1})
    story.imported(1.5, "1001")
    story.checkout(2.0, "1002", {"MUG": 1})
    return story


def _clean() -> Story:
    story = _orders()
    story.imported(2.5, "1002")
    return story.finish()


def _dead_letter() -> Story:
    story = _orders()
    story.dead_letters["1002"] = "Odoo refused: unknown country"
    return story.finish()


def _job(state: str) -> Story:
    story = _orders()
    name = f"import gid://shopify/Order/1002 ({state})"
    story.jobs["uuid-1"] = {"state": state, "name": name, "retry": 5, "exc_info": "timeout"}
    return story.finish()


def _edit_forgotten() -> Story:
    story = _orders()
    story.imported(2.5, "1002")
    story.edit(4.0, "1002", "MUG", 2)
    return story.finish()


def _unanswered() -> Story:
    story = _orders()
    story.imported(2.5, "1002")
    story.checkout(5.0, "1003", {"MUG": 1}, answered=False, reaches_shop=False)
    return story.finish()


EXAMPLES = [
    Example(name="empty", tell=lambda: Story().finish(), verdict=Verdict.UNKNOWN),
    Example(name="clean", tell=_clean, verdict=Verdict.PASS),
    Example(
        name="acknowledged and gone",
        tell=lambda: _orders().finish(),
        verdict=Verdict.VIOLATED,
        says="was acknowledged at",
    ),
    Example(name="a dead letter", tell=_dead_letter, verdict=Verdict.PASS),
    Example(name="a failed job", tell=lambda: _job("failed"), verdict=Verdict.PASS),
    Example(
        name="a job stuck", tell=lambda: _job("started"), verdict=Verdict.VIOLATED, says="waiting"
    ),
    Example(name="an edit forgotten", tell=_edit_forgotten, verdict=Verdict.VIOLATED),
    Example(name="a checkout without answer", tell=_unanswered, verdict=Verdict.PASS),
]
