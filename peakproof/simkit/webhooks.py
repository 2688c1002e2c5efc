"""Delivers webhooks: attempts, time-outs, the vendor's retry calendar, and the fault rules.

The simulator says what to deliver and where, and writes the headers (with the signature) of
each attempt; the engine does the rest. A delivery keeps its payload and its address from the
moment it was triggered. Order is not guaranteed, as with real vendors: attempts run side by
side.
"""

import asyncio
import hashlib
import ssl
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import msgspec

from peakproof.outcomes import Outcome
from peakproof.seed import Clock
from peakproof.simkit.faults import FaultPoints, FaultRule
from peakproof.simkit.journal import DeliveryRecord, Journal
from peakproof.simkit.outbound import NotSent, Outbound

__all__ = ["Attempted", "Delivery", "HeadersFor", "WebhookEngine", "altered_payload"]

HOLD_SECONDS = 1.0


@dataclass
class Delivery:
    """One webhook on its way to one address. ``extra`` is the simulator's own."""

    webhook_id: str
    topic: str
    uri: str
    payload: bytes
    event_id: str = ""
    subscription: str = ""
    resource: str = ""
    updated_at: str = ""
    triggered_at_seconds: float = 0.0
    extra: dict[str, Any] = field(default_factory=dict)
    attempt: int = 0
    tag: str = ""
    fault: str = ""
    body: bytes | None = None  # what is sent instead of the payload that was signed
    unsigned: bool = False  # it goes out without the headers that prove where it comes from
    admitted: bool = False  # the fault rules have had their say


HeadersFor: TypeAlias = Callable[[Delivery], Mapping[str, str]]
Attempted: TypeAlias = Callable[[Delivery, bool, int], None]


class WebhookEngine:
    """Delivers what is enqueued, once the server runs.

    ``headers(delivery)`` returns the headers of an attempt, signature of ``delivery.payload``
    included. ``attempted(delivery, acknowledged, failures)`` is told after each attempt how
    many of the subscription's attempts failed in a row. ``retry_calendar_seconds`` are real
    seconds between attempts. ``forge(payload)`` returns the altered body of a forged delivery.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        clock: Clock,
        faults: FaultPoints,
        headers: HeadersFor,
        retry_calendar_seconds: Sequence[float],
        attempted: Attempted | None = None,
        forge: Callable[[bytes], bytes] | None = None,
        connect_seconds: float = 1.0,
        total_seconds: float = 5.0,
        concurrency: int = 64,
        ca_bundle_path: str | None = None,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._faults = faults
        self._headers = headers
        self._calendar = list(retry_calendar_seconds)
        self._attempted = attempted
        self._forge = forge or altered_payload
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._concurrency = concurrency
        tls = ssl.create_default_context(cafile=ca_bundle_path) if ca_bundle_path else None
        self._outbound = Outbound(tls)
        self._ready: deque[Delivery] = deque()
        self._waiting: dict[int, tuple[Delivery, asyncio.TimerHandle]] = {}
        self._held: dict[int, tuple[Delivery, FaultRule, asyncio.TimerHandle]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failures: dict[str, int] = {}
        self._closed = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to deliver; the Kit calls this."""
        self._loop = loop
        loop.call_soon(self._pump)

    def enqueue(self, delivery: Delivery) -> None:
        """Take a webhook for delivery, as soon as may be."""
        if not delivery.triggered_at_seconds:
            delivery.triggered_at_seconds = self._clock.now()
        self._ready.append(delivery)
        if self._loop is not None:
            self._loop.call_soon(self._pump)

    async def attempt_once(self, delivery: Delivery) -> int:
        """Deliver now, outside the queue: no fault rule, no retry; return the status or 0."""
        delivery.triggered_at_seconds = delivery.triggered_at_seconds or self._clock.now()
        delivery.attempt += 1
        outcome, began, status, error = await self._sent(delivery, self._headers(delivery))
        self._write(delivery, outcome, began, status, error, outcome is not Outcome.OK)
        return status

    def pending(self) -> int:
        """Return how many are queued, under way, held back or waiting for a retry."""
        return len(self._ready) + len(self._waiting) + len(self._held) + len(self._running)

    async def drain(self, limit_seconds: float) -> bool:
        """Wait until nothing is pending; return False if that took too long."""
        deadline = self._clock.now() + limit_seconds
        while self.pending():
            if self._clock.now() >= deadline:
                return False
            await asyncio.sleep(0.01)
        return True

    async def close(self) -> None:
        """Stop: attempts under way are cut off, the rest is forgotten."""
        self._closed = True
        for _, handle in self._waiting.values():
            handle.cancel()
        for _, _, handle in self._held.values():
            handle.cancel()
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._outbound.close()

    def forget(self, subscription: str) -> None:
        """Give up what is queued or waiting for a subscription that was removed."""
        for delivery, handle in list(self._waiting.values()):
            if delivery.subscription == subscription:
                handle.cancel()
                del self._waiting[id(delivery)]
                self._write(delivery, Outcome.FAIL, gave_up=True, error="subscription removed")
        for delivery in [item for item in self._ready if item.subscription == subscription]:
            self._ready.remove(delivery)
            self._write(delivery, Outcome.FAIL, gave_up=True, error="subscription removed")
        self._failures.pop(subscription, None)

    def failures(self, subscription: str) -> int:
        """Return how many attempts of a subscription failed in a row."""
        return self._failures.get(subscription, 0)

    # the way of a delivery: _pump -> _admit (fault rules) -> _attempt -> again or done

    def _pump(self) -> None:
        while self._ready and len(self._running) < self._concurrency and not self._closed:
            delivery = self._ready.popleft()
            if delivery.admitted or self._admit(delivery):
                task = asyncio.get_running_loop().create_task(self._attempt(delivery))
                self._running.add(task)
                task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._journal.process("crashed", {"last_lines": [repr(task.exception())]})
        self._pump()

    def _admit(self, delivery: Delivery) -> bool:
        """Apply the fault rules to a new delivery; False if it does not go out now."""
        delivery.admitted = True
        now = True
        for rule in self._faults.at("webhook"):
            if rule.effect == "acknowledgement_lost" or not rule.takes(delivery.topic):
                continue
            if rule.effect == "drop":
                delivery.tag, delivery.fault = "dropped", rule.fault
                self._write(delivery, Outcome.FAIL, gave_up=True)
                return False
            if rule.effect == "duplicate":
                for number in range(int(rule.options.get("copies", 1))):
                    wait = (number + 1) * (rule.delay_seconds or 0.05)
                    self._wait(_copy(delivery, "duplicate", rule), wait)
            elif rule.effect == "forge":
                forged = _copy(delivery, "forged", rule)
                forged.webhook_id = _other_id(f"{delivery.webhook_id}|{rule.id}")
                forged.event_id = _other_id(f"{delivery.event_id}|{rule.id}")
                forged.unsigned = rule.options.get("signature") == "missing"
                forged.body = self._forge(delivery.payload)
                self._wait(forged, rule.delay_seconds)
            elif now:
                now = False
                delivery.fault = rule.fault
                if rule.effect == "late":
                    delivery.tag = "late"
                    self._wait(delivery, rule.delay_seconds)
                else:
                    self._hold(delivery, rule)
        return now

    def _wait(self, delivery: Delivery, seconds: float) -> None:
        def due() -> None:
            self._waiting.pop(id(delivery), None)
            self._ready.append(delivery)
            self._pump()

        handle = asyncio.get_running_loop().call_later(seconds, due)
        self._waiting[id(delivery)] = (delivery, handle)

    def _hold(self, delivery: Delivery, rule: FaultRule) -> None:
        """Keep a delivery back until a later one overtakes it, or the hold runs out."""

        def expired() -> None:
            del self._held[id(delivery)]
            rule.give_back()
            delivery.fault = ""
            self._ready.append(delivery)
            self._pump()

        seconds = rule.delay_seconds or HOLD_SECONDS
        handle = asyncio.get_running_loop().call_later(seconds, expired)
        self._held[id(delivery)] = (delivery, rule, handle)

    def _overtaken_by(self, later: Delivery) -> None:
        for delivery, rule, handle in list(self._held.values()):
            whole_shop = rule.options.get("scope") == "any" or not delivery.resource
            if delivery.triggered_at_seconds <= later.triggered_at_seconds and (
                whole_shop or delivery.resource == later.resource
            ):
                handle.cancel()
                del self._held[id(delivery)]
                delivery.tag = "reordered"
                self._ready.append(delivery)

    async def _attempt(self, delivery: Delivery) -> None:
        delivery.attempt += 1
        outcome, began, status, error = await self._sent(delivery, self._headers(delivery))
        if outcome is Outcome.OK and delivery.attempt == 1 and not delivery.tag:
            rule = self._faults.fire("webhook", delivery.topic, "acknowledgement_lost")
            if rule is not None:
                outcome, delivery.fault = Outcome.INFO, rule.fault
                error = "acknowledgement lost"
        self._settle(delivery, outcome, began, status, error)

    async def _sent(
        self, delivery: Delivery, headers: Mapping[str, str]
    ) -> tuple[Outcome, float, int, str]:
        """Send one attempt; return its outcome, when it began, status and error."""
        body = delivery.payload if delivery.body is None else delivery.body
        lines = [one for one in headers.items() if not (delivery.unsigned and _proves(one[0]))]
        began = self._clock.now()
        status, error = 0, ""
        try:
            reply = await self._outbound.send(
                "POST", delivery.uri, lines, body,
                self._connect_seconds, self._total_seconds,
            )  # fmt: skip
            status = reply.status
            outcome = Outcome.OK if 200 <= status < 300 else Outcome.FAIL
        except NotSent as problem:
            outcome, error = Outcome.FAIL, str(problem)
        except OSError as problem:  # a time-out is one: it may have been taken
            outcome, error = Outcome.INFO, str(problem) or type(problem).__name__
        return outcome, began, status, error

    def _settle(
        self, delivery: Delivery, outcome: Outcome, began: float, status: int, error: str
    ) -> None:
        acknowledged = outcome is Outcome.OK
        genuine = delivery.tag not in ("forged", "duplicate")
        again = not acknowledged and genuine and delivery.attempt <= len(self._calendar)
        gave_up = not acknowledged and not again
        self._write(delivery, outcome, began, status, error, gave_up)
        if acknowledged and self._held:
            self._overtaken_by(delivery)
        if again and not self._closed:
            self._wait(delivery, self._calendar[delivery.attempt - 1])
        if genuine:
            failures = 0 if acknowledged else self._failures.get(delivery.subscription, 0) + 1
            self._failures[delivery.subscription] = failures
            if self._attempted is not None:
                self._attempted(delivery, acknowledged, failures)

    def _write(
        self,
        delivery: Delivery,
        outcome: Outcome,
        began: float | None = None,
        status: int = 0,
        error: str = "",
        gave_up: bool = False,
    ) -> None:
        now = self._clock.now()
        body = delivery.payload if delivery.body is None else delivery.body
        record = DeliveryRecord(
            event_id=delivery.event_id,
            attempt=delivery.attempt,
            status=status,
            duration_seconds=round(now - began, 6) if began is not None else 0.0,
            uri=delivery.uri,
            resource=delivery.resource,
            updated_at=delivery.updated_at,
            triggered_at_seconds=delivery.triggered_at_seconds,
            tag=delivery.tag,
            fault=delivery.fault,
            gave_up=gave_up,
            payload_sha256=hashlib.sha256(body).hexdigest(),
            error=error,
            subscription=delivery.subscription,
        )
        at_seconds = now if began is None else began
        self._journal.delivery(at_seconds, delivery.topic, delivery.webhook_id, outcome, record)


def altered_payload(payload: bytes) -> bytes:
    """Return the payload as a forger would send it: other ids, so that believing it shows."""
    try:
        value = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return payload + b" "
    if not isinstance(value, dict):
        return payload + b" "
    for name in ("id", "order_id"):
        if isinstance(value.get(name), int):
            gid = str(value.get("admin_graphql_api_id", ""))
            forged = value[name] + 900_000_000
            if gid:
                value["admin_graphql_api_id"] = gid.replace(str(value[name]), str(forged))
            value[name] = forged
    value["name"] = f"#FORGED-{value.get('name', '')}".rstrip("-")
    return msgspec.json.encode(value)


def _proves(header: str) -> bool:
    """Say whether a header is a signature; every vendor's has one of these words in it."""
    return any(word in header.lower() for word in ("hmac", "signature"))


def _copy(delivery: Delivery, tag: str, rule: FaultRule) -> Delivery:
    return replace(delivery, tag=tag, fault=rule.fault, extra=dict(delivery.extra), attempt=0)


def _other_id(identity: str) -> str:
    digest = hashlib.sha256(f"forged|{identity}".encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
