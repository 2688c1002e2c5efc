"""The connector is a polite client of the channel's API.

- Told to wait (THROTTLED in a 200, or 429), it waits: the time in Retry-After, or what its
  bucket needs to refill for the call. Half of it is tolerated once per call; sending the same
  call sooner than that twice in a row is a hot loop.
- It does not hammer: at most ``RETRIES_MAX`` failures of one and the same call within
  ``RETRY_WINDOW_SECONDS``. Three layers that each try three times make nine; a client that
  doubles its waits from half a second makes six tries meanwhile, one that polls every two
  seconds ten.
- It does not go round in circles: the same write to one and the same order succeeds at most
  ``REPEATS_MAX`` times. A connector that takes its own write for news writes again, for ever.
- Of many calls (``SHARE_CALLS_MIN``) at most half are refused as throttled.
- It is answered in the version it asks for: one that fell forward was retired, and the
  meaning of fields may have changed. Deprecated fields that still work are only a figure.

Calls to Odoo are not judged. Unknown: the connector made no call.

Seen in public: Shopify/shopify-api-js issue 191, OCA/queue pull 622, openlinker-project/
openlinker issue 851, facts L1, L6, Q3, Q5.
"""

import re
from collections import Counter, deque
from typing import Any

import msgspec

from peakproof.evidence import Claims, Example, Facts, Findings, Result, Story, unknown
from peakproof.history import Event, History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "api_manners"
TITLE = "The connector waits when told to, does not hammer, and asks for versions that exist."
FLOWS: tuple[str, ...] = ()

RETRIES_MAX, RETRY_WINDOW_SECONDS = 10, 20.0
REPEATS_MAX = 10
SHARE_MAX, SHARE_CALLS_MIN = 0.5, 100
WAIT_SHARE, IMPATIENT_MAX = 0.5, 1
WAIT_UNTOLD_SECONDS = 1.0  # where a refusal does not say how long
WAIT_LEAST_SECONDS = 0.1
_ORDER = re.compile(r"gid://shopify/Order/\d+")
# Cost points that the channel's bucket regains in a second, by the shop's plan.
RESTORE_RATES = {"standard": 100.0, "advanced": 200.0, "plus": 1000.0, "enterprise": 2000.0}


Written = dict[tuple[str, str], list[Event]]  # writes by what they are called and their order


class Call(msgspec.Struct):
    """What is known of one and the same call, sent again and again."""

    throttled: Event | None = None  # the refusal that it has to wait after
    impatient: list[Event] = []
    failures: deque[Event] = msgspec.field(default_factory=deque)
    hammered: bool = False
    hot: bool = False


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Go through the calls in order of time."""
    facts = Facts.of(history, claims, plan)
    findings = Findings(NAME)
    # Only calls that went wrong are remembered, by source and name first: most never do.
    calls: dict[tuple[str, str], dict[bytes, Call]] = {}
    throttled: list[Event] = []
    written: Written = {}
    fell: dict[tuple[str, str], list[Event]] = {}
    deprecated: Counter[str] = Counter()
    requests = failures = 0
    for event in facts.of_kind("request", without=("odoo", "vendor_proxy")):
        requests += 1
        refused = _is_throttled(event)
        failures += event.outcome != "ok"
        throttled += [event] if refused else []
        kind = (event.source, event.name)
        failed = refused or event.outcome != "ok"
        if failed or kind in calls:
            known, identity = calls.setdefault(kind, {}), _identity(event)
            call = known.setdefault(identity, Call()) if failed else known.get(identity)
            if call is not None:
                _patience(event, call, facts, findings)
                _hammering(event, call, findings)
        _note_write(event, written)
        _note_version(event, fell)
        deprecated.update(map(str, event.value.get("deprecated") or ()))
    if not requests:
        return unknown(NAME, "The connector made no call to the channel.")
    _circles(written, findings)
    share = len(throttled) / requests
    if requests >= SHARE_CALLS_MIN and share > SHARE_MAX:
        findings.add(
            "mostly throttled",
            expected=f"at most {SHARE_MAX:.0%} of the calls refused as throttled",
            found=f"{len(throttled)} of {requests} ({share:.0%})",
            subject="all calls",
            events=throttled,
        )
    _versions(fell, findings)
    figures: dict[str, Any] = {
        "calls": requests,
        "throttled": len(throttled),
        "failed": failures,
        "deprecated": dict(deprecated.most_common(20)),
    }
    passed = (
        f"{requests} calls, {len(throttled)} of them throttled, {failures} failed; "
        f"{len(deprecated)} deprecated fields in use."
    )
    return findings.result(passed, requests, figures)


def _is_throttled(event: Event) -> bool:
    codes = event.value.get("error_codes") or []
    return event.value.get("status") == 429 or "THROTTLED" in codes


def _identity(event: Event) -> bytes:
    value = event.value
    parts = [event.source, event.name, value.get("client"), value.get("document")]
    return msgspec.json.encode([*parts, value.get("arguments")], order="deterministic")


def _told_seconds(event: Event, facts: Facts) -> float:
    """Return how long a refused caller was told to wait."""
    told = event.value.get("retry_after_seconds")
    fault = facts.faults.active(str(event.value.get("fault")), event.time)
    if told is None and fault is not None and event.value.get("status") == 429:
        told = fault.options.get("retry_after_seconds")
    if isinstance(told, int | float):
        return float(told)
    cost = event.value.get("cost") or {}
    requested, available = cost.get("requested"), cost.get("available")
    if isinstance(requested, int | float) and isinstance(available, int | float):
        rate = RESTORE_RATES.get(facts.plan.shop.plan, RESTORE_RATES["standard"])
        return max((requested - available) / rate, WAIT_LEAST_SECONDS)
    return WAIT_UNTOLD_SECONDS


def _patience(event: Event, call: Call, facts: Facts, findings: Findings) -> None:
    before = call.throttled
    call.throttled = event if _is_throttled(event) else None
    if before is None:
        return
    told = _told_seconds(before, facts)
    waited = event.time - before.time - float(before.value.get("duration_seconds") or 0)
    if waited < 0:
        return  # sent before the refusal was known
    if waited >= told * WAIT_SHARE:
        call.impatient.clear()
        return
    call.impatient.append(event)
    if len(call.impatient) > IMPATIENT_MAX and not call.hot:
        call.hot = True
        findings.add(
            "did not wait when told to",
            expected=f"{told:.2f} s between a throttled call and the next try",
            found=f"tried again after {waited:.3f} s, {len(call.impatient)} times in a row",
            subject=event.name,
            events=[before, *call.impatient],
        )


def _hammering(event: Event, call: Call, findings: Findings) -> None:
    if event.outcome == "ok" and not _is_throttled(event):
        call.failures.clear()
        call.hammered = False
        return
    call.failures.append(event)
    while event.time - call.failures[0].time > RETRY_WINDOW_SECONDS:
        call.failures.popleft()
    if len(call.failures) > RETRIES_MAX and not call.hammered:
        call.hammered = True
        findings.add(
            "hammered a failing call",
            expected=f"at most {RETRIES_MAX} failures of one call in {RETRY_WINDOW_SECONDS:g} s",
            found=f"{len(call.failures)} in {event.time - call.failures[0].time:.1f} s",
            subject=event.name,
            events=call.failures,
        )


def _note_write(event: Event, written: Written) -> None:
    if event.value.get("operation_type") != "mutation" or event.outcome != "ok":
        return
    said = msgspec.json.encode(event.value.get("arguments"))
    for gid in set(_ORDER.findall(said.decode())):
        written.setdefault((event.name, gid), []).append(event)


def _circles(written: Written, findings: Findings) -> None:
    """Find writes of one kind that were done to one order again and again."""
    for (name, gid), events in written.items():
        if len(events) > REPEATS_MAX:
            findings.add(
                "wrote in circles",
                expected=f"at most {REPEATS_MAX} writes of a kind to one order",
                found=f"{name} succeeded {len(events)} times",
                subject=gid,
                events=events,
            )


def _note_version(event: Event, fell: dict[tuple[str, str], list[Event]]) -> None:
    asked, got = event.value.get("requested_version"), event.value.get("api_version")
    if asked and got and asked not in (got, "unstable"):
        fell.setdefault((str(asked), str(got)), []).append(event)


def _versions(fell: dict[tuple[str, str], list[Event]], findings: Findings) -> None:
    for (asked, got), events in fell.items():
        findings.add(
            "retired API version",
            expected=f"answers in the version asked for, {asked}",
            found=f"{len(events)} calls were answered in {got}",
            subject=asked,
            events=events,
        )


def _polite() -> Story:
    story = Story()
    cost = {"requested": 100, "actual": None, "available": 0}
    for place in range(5):
        story.request(1.0 + place, "orders", {"after": place})
    refused: dict[str, Any] = {"error_codes": ["THROTTLED"], "cost": cost, "outcome": "fail"}
    story.request(10.0, "order", {"id": 1}, **refused)
    story.request(11.1, "order", {"id": 1}, **refused)
    story.request(12.3, "order", {"id": 1})
    return story.finish()


def _hot_loop() -> Story:
    story = Story()
    for place in range(4):
        story.request(
            1.0 + place * 0.03, "order", {"id": 1}, status=429, outcome="fail",
            retry_after_seconds=2.0, cost=None,
        )  # fmt: skip
    return story.finish()


def _hammer() -> Story:
    story = Story()
    for place in range(15):
        story.request(1.0 + place, "order", {"id": 1}, status=503, outcome="fail")
    return story.finish()


def _lost_answers() -> Story:
    story = Story()
    for place in range(4):
        story.request(1.0 + 2**place, "inventorySetQuantities", {"n": 1}, outcome="info")
    story.request(30.0, "inventorySetQuantities", {"n": 1})
    return story.finish()


def _circling(times: int) -> Story:
    story = Story()
    for place in range(times):
        given = {"input": {"id": "gid://shopify/Order/7", "note": f"at {place}"}}
        story.request(1.0 + place, "orderUpdate", given, operation_type="mutation")
    return story.finish()


def _retired() -> Story:
    story = Story()
    story.request(1.0, "orders", requested_version="2025-01", api_version="2026-01")
    return story.finish()


def _deprecated() -> Story:
    story = Story()
    story.request(1.0, "orders", deprecated=["Order.totalPrice"])
    return story.finish()


EXAMPLES = [
    Example(name="empty", tell=lambda: Story().finish(), verdict=Verdict.UNKNOWN),
    Example(name="clean, throttled and patient", tell=_polite, verdict=Verdict.PASS),
    Example(name="hot loop", tell=_hot_loop, verdict=Verdict.VIOLATED, says="did not wait"),
    Example(name="hammering", tell=_hammer, verdict=Verdict.VIOLATED, says="hammered"),
    Example(name="answers lost now and then", tell=_lost_answers, verdict=Verdict.PASS),
    Example(
        name="its own echo",
        tell=lambda: _circling(20),
        verdict=Verdict.VIOLATED,
        says="20 times",
    ),
    Example(name="a few notes on an order", tell=lambda: _circling(4), verdict=Verdict.PASS),
    Example(name="a retired version", tell=_retired, verdict=Verdict.VIOLATED, says="2025-01"),
    Example(name="deprecated but supported", tell=_deprecated, verdict=Verdict.PASS),
]
