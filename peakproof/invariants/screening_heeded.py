"""No order is confirmed against fraud screening, and screening is asked once about each.

The partner's journal says what it was asked and what it answered. An order that was refused must
never be live in Odoo after the answer, and no parcel of it may leave; one that is held waits
until a person has decided. An order is asked about before it is confirmed, and not again once
there is an answer that could be read; a changed order needs no new one.

While screening does not answer, an order may go on without it after the patience that the
connector declares (``[screening] patience_seconds``), and must do so then, within the time that
it promises for orders on top. A connector that declares none waits as long as it takes.
Unknown: screening was asked about nothing.

Seen in public: no thread is known; a check that is asked after the goods have left, or whose
silence counts as consent, is the usual way in which fraud screening is bypassed.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from peakproof.evidence import (
    Chain,
    Claims,
    Example,
    Facts,
    Findings,
    Result,
    ServiceLevel,
    unknown,
)
from peakproof.evidence.facts import reference_words
from peakproof.evidence.partnercalls import Call, calls
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "screening_heeded"
TITLE = "No order is confirmed or sent against fraud screening, which is asked once about each."
FLOWS = ("screening",)

GRACE_SECONDS = 1.0  # between the partner's clock and the moment of a commit


class Screened(msgspec.Struct, kw_only=True):
    """What became of one order: what was asked, and when Odoo promised it the goods."""

    gid: str
    name: str
    asked: list[Call]
    created: float
    live: float | None
    decided: list[tuple[float, str]]  # what people decided about it later

    @property
    def answers(self) -> list[Call]:
        """Calls that were answered so that one could read it."""
        return [call for call in self.asked if call.readable]

    def word_at(self, seconds: float) -> str:
        """Return the last word of screening at a moment: accept, refuse, hold or none."""
        words = [(call.time_seconds, call.facts["decision"]) for call in self.answers]
        said = [word for time, word in sorted([*words, *self.decided]) if time <= seconds]
        return said[-1] if said else ""


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Compare what screening said of each order with what was done."""
    facts = Facts.of(history, claims, plan)
    found = [call for call in calls(facts, "fraud") if "order" in call.facts]
    if not found:
        return unknown(NAME, "Fraud screening was asked about nothing.")
    findings = Findings(NAME)
    figures: Counter[str] = Counter(asked=len(found))
    patience = (claims.operations.get("screening") or {}).get("patience_seconds")
    screened = _screened(facts, found)
    for order in screened:
        last = order.word_at(float("inf"))
        figures[last or "unanswered"] += 1
        _asked(findings, order)
        _heeded(facts, findings, order, patience)
        if patience is not None and not last:
            _in_time(findings, order, claims, float(patience))
    passed = (
        f"{len(screened)} orders screened by {len(found)} calls: {figures['refuse']} refused, "
        f"{figures['unanswered']} without an answer."
    )
    return findings.result(passed, len(screened), dict(figures))


def _screened(facts: Facts, found: Sequence[Call]) -> list[Screened]:
    """Return every order of the channel with what screening was asked about it."""
    by_word: defaultdict[str, list[Call]] = defaultdict(list)
    later: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for call in found:
        by_word[str(call.facts["order"])].append(call)
    for call in calls(facts, "fraud"):
        if "order" not in call.facts and call.readable and "screening" in call.facts:
            later[str(call.facts["screening"])].append(
                (call.time_seconds, str(call.facts["decision"]))
            )
    screened = []
    for gid, record in facts.orders.items():
        asked = [call for word in reference_words(record) for call in by_word.get(word, [])]
        live = [sale.live_from() for sale in facts.sales_of(gid)]
        times = [seconds for seconds in live if seconds is not None]
        ids = {str(call.facts.get("screening")) for call in asked}
        screened.append(
            Screened(
                gid=gid,
                name=str(record.get("name", gid)),
                asked=sorted(asked, key=lambda call: call.time_seconds),
                created=facts.created_seconds.get(gid, 0.0),
                live=min(times, default=None),
                decided=[word for identity in ids for word in later.get(identity, [])],
            )
        )
    return screened


def _asked(findings: Findings, order: Screened) -> None:
    if len(order.answers) > 1:
        findings.add(
            "asked again after an answer",
            expected="one answer about each order",
            found=f"{len(order.answers)} answers",
            subject=f"{order.name} {order.gid}",
            events=[call.event for call in order.answers],
        )
    if order.live is not None and not order.asked:
        findings.add(
            "confirmed without asking",
            expected="screening asked about every order",
            found=f"live in Odoo at {order.live:.3f} s, never asked about",
            subject=f"{order.name} {order.gid}",
            time_seconds=order.live,
        )


def _heeded(facts: Facts, findings: Findings, order: Screened, patience: float | None) -> None:
    subject, last = f"{order.name} {order.gid}", order.word_at(float("inf"))
    events = [call.event for call in order.asked]
    if order.live is not None and order.asked:
        word = order.word_at(order.live + GRACE_SECONDS)
        early = patience is None or order.live < order.created + patience - GRACE_SECONDS
        if word in ("refuse", "hold") or (not word and early):
            findings.add(
                {"": "confirmed before the answer"}.get(word, f"confirmed though {word}"),
                expected="live in Odoo only once it is accepted",
                found=f"live at {order.live:.3f} s",
                subject=subject,
                events=events,
                time_seconds=order.live,
            )
    if last != "refuse":
        return
    for number in facts.odoo_ids.get(order.gid, []):
        for picking in facts.pickings_of.get(number, []):
            if picking["type"] == "outgoing" and picking["state"] == "done":
                findings.add(
                    "a refused order was sent",
                    expected="nothing leaves for an order that was refused",
                    found=f"{picking['name']} {picking['tracking']}".strip(),
                    subject=subject,
                    events=events,
                )


def _in_time(findings: Findings, order: Screened, claims: Claims, patience: float) -> None:
    """Find orders that waited for an answer longer than the policy says."""
    level = claims.service_levels.get("orders")
    if not order.asked or level is None:
        return
    deadline = order.created + patience + level.p95_seconds
    if order.live is None or order.live > deadline:
        findings.add(
            "held up by an outage",
            expected=f"confirmed without an answer by {deadline:.1f} s",
            found="never" if order.live is None else f"at {order.live:.1f} s",
            subject=f"{order.name} {order.gid}",
            events=[call.event for call in order.asked],
        )


def _claims(patience: float | None = 8.0) -> Claims:
    operations = {} if patience is None else {"screening": {"patience_seconds": patience}}
    return Claims(
        name="example", version="1", flows={"orders", "screening"}, operations=operations,
        service_levels={"orders": ServiceLevel(p95_seconds=10, recovery_seconds=20)},
    )  # fmt: skip


def _story(
    *said: tuple[float, str], live: float | None = 5.0, sent: bool = False, decided: float = 0.0
) -> Chain:
    """One order of second 1; ``said`` are answers about it, "" being none."""
    chain = Chain()
    gid = chain.order(1001, ("MUG", 1))
    chain.amend("shopify", "order", gid, created_at_seconds=1.0)
    for number, (time, word) in enumerate(said):
        facts = {"order": gid, **({"decision": word, "screening": "S1"} if word else {})}
        chain.event(time, "fraud", "request", "score", key=f"r{number}",
                    outcome="ok" if word else "fail",
                    value={"status": 200 if word else 503, "arguments": facts})  # fmt: skip
    if decided:
        chain.event(decided, "fraud", "request", "updates", key="d", outcome="ok",
                    value={"status": 200,
                           "arguments": {"screening": "S1", "decision": "accept"}})  # fmt: skip
    row = {"state": "draft", "client_order_ref": "#1001", "origin": gid}
    chain.event(2.0, "odoo", "change", "sale_order", key="1001", outcome="insert",
                value={"row": row, "transaction": 1})  # fmt: skip
    if live is not None:
        chain.event(live, "odoo", "change", "sale_order", key="1001", outcome="update",
                    value={"row": {**row, "state": "sale"}, "transaction": 2})  # fmt: skip
    if sent:
        chain.picked(1, 1001, (0, 1), tracking="T1")
    return chain


EXAMPLES = [
    Example(name="empty", tell=Chain, verdict=Verdict.UNKNOWN, claims=_claims()),
    Example(name="clean", tell=lambda: _story((3.0, "accept"), sent=True), verdict=Verdict.PASS,
            claims=_claims()),
    Example(name="refused", tell=lambda: _story((3.0, "refuse"), live=None), verdict=Verdict.PASS,
            claims=_claims()),
    Example(name="refused and confirmed", tell=lambda: _story((3.0, "refuse")),
            verdict=Verdict.VIOLATED, claims=_claims(), says="confirmed though refuse"),
    Example(name="sent, then refused",
            tell=lambda: _story((2.0, "accept"), (9.0, "refuse"), sent=True),
            verdict=Verdict.VIOLATED, claims=_claims(), says="a refused order was sent"),
    Example(name="held, then accepted",
            tell=lambda: _story((3.0, "hold"), live=9.0, decided=8.0), verdict=Verdict.PASS,
            claims=_claims()),
    Example(name="held and confirmed", tell=lambda: _story((3.0, "hold"), decided=8.0),
            verdict=Verdict.VIOLATED, claims=_claims(), says="confirmed though hold"),
    Example(name="asked afterwards", tell=lambda: _story((9.0, "accept")),
            verdict=Verdict.VIOLATED, claims=_claims(), says="before the answer"),
    Example(name="asked twice", tell=lambda: _story((3.0, "accept"), (4.0, "accept")),
            verdict=Verdict.VIOLATED, claims=_claims(), says="asked again"),
    Example(name="asked again after silence", tell=lambda: _story((2.5, ""), (4.0, "accept")),
            verdict=Verdict.PASS, claims=_claims()),
    Example(name="out, and the patience is over", tell=lambda: _story((3.0, ""), live=10.0),
            verdict=Verdict.PASS, claims=_claims()),
    Example(name="silence taken for consent", tell=lambda: _story((3.0, ""), live=4.0),
            verdict=Verdict.VIOLATED, claims=_claims(), says="before the answer"),
    Example(name="no patience declared", tell=lambda: _story((3.0, ""), live=10.0),
            verdict=Verdict.VIOLATED, claims=_claims(None), says="before the answer"),
    Example(name="held up for ever", tell=lambda: _story((3.0, ""), live=None),
            verdict=Verdict.VIOLATED, claims=_claims(), says="held up"),
]  # fmt: skip
