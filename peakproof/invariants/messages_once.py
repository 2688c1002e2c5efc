"""The customer is told of each parcel once: no number is left out, none is told twice.

The gateways' journals (SMS and e-mail) say which messages they took, also those whose answer got
lost on the way back. For every delivery that left Odoo with a tracking number, for an order of
the channel, exactly one message names that number, and it goes to whom the order names.

A message whose sending failed in a way that nobody can tell (a connection that broke) need not be
repeated if the connector shows it as a dead letter: then a person decides.
Unknown: no parcel with a number left, or none could be told.

Seen in public: no thread is known; gateways for messages have no idempotency keys, and clients
that repeat after a lost answer send everything twice (Twilio's documents warn of it).
"""

import re
from collections import Counter, defaultdict

from peakproof.evidence import Chain, Claims, Example, Facts, Findings, Record, Result, unknown
from peakproof.evidence.partnercalls import Call, calls
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "messages_once"
TITLE = "The customer is told of each parcel once."
FLOWS = ("messages",)
GATEWAYS = ("messages", "email")


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Look for the message of every parcel."""
    facts = Facts.of(history, claims, plan)
    found = calls(facts, *GATEWAYS)
    parcels = _parcels(facts)
    figures: Counter[str] = Counter(parcels=len(parcels), calls=len(found))
    if not parcels:
        return unknown(NAME, "No parcel with a tracking number left.", dict(figures))
    findings = Findings(NAME)
    naming: defaultdict[str, list[Call]] = defaultdict(list)
    for call in found:
        for word in set(re.findall(r"[\w-]+", str(call.facts.get("text", "")))):
            naming[word].append(call)
    for number, (gid, picking) in parcels.items():
        order, about = facts.orders[gid], naming.get(number, [])
        taken = [call for call in about if call.outcome == "ok"]
        figures["told"] += len(taken)
        subject = f"{picking['name']} {number}"
        if len(taken) > 1:
            findings.add(
                "told twice",
                expected=f"one message about {number}",
                found=f"{len(taken)} messages",
                subject=subject,
                events=[call.event for call in about],
            )
        elif not taken and not _left_to_a_person(facts, about, order, picking):
            findings.add(
                "nobody was told",
                expected=f"a message about {number}",
                found=f"{len(about)} attempts, none that the gateway took",
                subject=subject,
                events=[call.event for call in about],
            )
        _to_whom(findings, taken, order, subject)
    passed = f"{len(parcels)} parcels, {figures['told']} messages, {len(found)} calls."
    return findings.result(passed, len(parcels), dict(figures))


def _parcels(facts: Facts) -> dict[str, tuple[str, Record]]:
    """Return order and delivery of what left for the channel's orders, by tracking number."""
    parcels: dict[str, tuple[str, Record]] = {}
    for gid in facts.orders:
        for number in facts.odoo_ids.get(gid, []):
            for picking in facts.pickings_of.get(number, []):
                if picking["type"] == "outgoing" and picking["state"] == "done":
                    for word in str(picking["tracking"] or "").split(","):
                        if word.strip():
                            parcels[word.strip()] = (gid, picking)
    return parcels


def _left_to_a_person(facts: Facts, about: list[Call], order: Record, picking: Record) -> bool:
    """Tell whether nobody can know if it was sent, and a dead letter says so."""
    if not any(call.outcome == "info" for call in about):
        return False
    words = [str(order["id"]), str(order["name"]), str(picking["name"])]
    return any(
        word in f"{letter.get('resource')} {letter.get('topic')} {letter.get('reason')}"
        for letter in facts.final("connector", "dead_letter").values()
        for word in words
    )


def _to_whom(findings: Findings, taken: list[Call], order: Record, subject: str) -> None:
    known = {str(order.get(name) or "").lower() for name in ("email", "phone")} - {""}
    for call in taken:
        to = str(call.facts.get("to", "")).removeprefix("whatsapp:").lower()
        if known and to not in known:
            findings.add(
                "told somebody else",
                expected="the e-mail address or telephone number of the order",
                found="another one",
                subject=subject,
                events=[call.event],
            )


def _claims() -> Claims:
    return Claims(name="example", version="1", flows={"orders", "messages"})


def _story(*sent: tuple[str, str], letter: bool = False, to: str = "ada@example.com") -> Chain:
    """One parcel with the number T1; ``sent`` are attempts: (outcome, text)."""
    chain = Chain()
    gid = chain.order(1001, ("MUG", 1))
    chain.amend("shopify", "order", gid, email="Ada@example.com", phone=None)
    chain.picked(1, 1001, (0, 1), tracking="T1")
    for number, (outcome, text) in enumerate(sent):
        chain.event(10.0 + number, "email", "request", "mail.send", key=f"m{number}",
                    outcome=outcome, value={"arguments": {"to": to, "text": text}})  # fmt: skip
    if letter:
        chain.final("connector", "dead_letter", "1", {
            "id": 1, "flow": "messages", "resource": "notice:OUT/1:T1", "topic": "OUT/1",
            "reason": "unsure",
        })  # fmt: skip
    return chain


EXAMPLES = [
    Example(name="empty", tell=Chain, verdict=Verdict.UNKNOWN, claims=_claims()),
    Example(name="clean", tell=lambda: _story(("ok", "Number T1")), verdict=Verdict.PASS,
            claims=_claims()),
    Example(name="refused, then taken",
            tell=lambda: _story(("fail", "Number T1"), ("ok", "Number T1")),
            verdict=Verdict.PASS, claims=_claims()),
    Example(name="told twice", tell=lambda: _story(("ok", "Number T1"), ("ok", "Number T1")),
            verdict=Verdict.VIOLATED, claims=_claims(), says="told twice"),
    Example(name="about another parcel", tell=lambda: _story(("ok", "Number T2")),
            verdict=Verdict.VIOLATED, claims=_claims(), says="nobody was told"),
    Example(name="nobody told", tell=_story, verdict=Verdict.VIOLATED, claims=_claims(),
            says="nobody was told"),
    Example(name="unsure, and left to a person",
            tell=lambda: _story(("info", "Number T1"), letter=True), verdict=Verdict.PASS,
            claims=_claims()),
    Example(name="unsure, and forgotten", tell=lambda: _story(("info", "Number T1")),
            verdict=Verdict.VIOLATED, claims=_claims(), says="nobody was told"),
    Example(name="to somebody else",
            tell=lambda: _story(("ok", "Number T1"), to="bob@example.com"),
            verdict=Verdict.VIOLATED, claims=_claims(), says="somebody else"),
]  # fmt: skip
