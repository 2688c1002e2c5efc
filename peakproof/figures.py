"""The figures that a report shows of a run, worked out from its history.

``figures(history, claims, plan)`` gives the five business figures, throughput, latencies per
flow, calls per order, queue depth over time and the recovery from each fault. A figure that
the run did not exercise is None with the reason in ``detail``, never zero.
"""

from bisect import bisect_left, bisect_right
from typing import Any

import msgspec

from peakproof.evidence.claims import Claims
from peakproof.evidence.facts import LIVE, Facts, Record
from peakproof.evidence.latencies import LEVEL_OF, Latencies, Sample, percentile
from peakproof.history import Event, History
from peakproof.plan import Plan

__all__ = [
    "FIVE",
    "SAMPLES_MAX",
    "Depth",
    "Figure",
    "Figures",
    "Latency",
    "Recovery",
    "figures",
]

# The five business figures, in the order in which they are shown.
FIVE = (
    "order_creation_success_rate",
    "inventory_sync_delay_seconds",
    "refund_processing_seconds",
    "shipment_status_freshness_seconds",
    "reconciliation_exceptions",
)
SAMPLES_MAX = 2000


class Figure(msgspec.Struct, kw_only=True):
    """One figure. ``unit`` is seconds, share (0 to 1), count or per second."""

    name: str
    value: float | None
    unit: str
    detail: str = ""


class Latency(msgspec.Struct, kw_only=True):
    """A flow's latencies, faults included; ``level_p95_seconds`` is what is promised.

    ``unfinished`` causes never had their effect; of ``samples_seconds`` the first are kept.
    """

    flow: str
    samples_seconds: list[float]
    count: int
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None
    maximum_seconds: float | None
    level_p95_seconds: float | None
    unfinished: int


class Recovery(msgspec.Struct, kw_only=True):
    """How long after a fault's heal the changes that it held up had all arrived.

    ``seconds`` is None where one of them never arrived, 0 where none was held up.
    """

    fault: str
    key: str
    healed_seconds: float
    seconds: float | None
    held_up: int


class Depth(msgspec.Struct, kw_only=True):
    """The connector's queue at one moment."""

    time_seconds: float
    pending: int
    failed: int


class Figures(msgspec.Struct, kw_only=True):
    """All figures of a run; ``business`` holds the five of ``FIVE`` in that order."""

    business: list[Figure]
    others: list[Figure]
    latencies: list[Latency]
    recoveries: list[Recovery]
    queue_depth: list[Depth]


def figures(history: History, claims: Claims, plan: Plan) -> Figures:
    """Work out every figure of a run."""
    facts = Facts.of(history, claims, plan)
    latencies = Latencies.of(facts)
    return Figures(
        business=[
            _success(facts),
            _sync_delay(latencies.inventory),
            _refunds(latencies.refunds),
            _freshness(facts),
            _exceptions(facts),
        ],
        others=[_throughput(facts), _calls_per_order(facts), _refused(facts), _peak(facts)],
        latencies=[
            _latency(flow, latencies.flow(flow), claims, level)
            for flow, level in LEVEL_OF.items()
            if level in claims.flows
        ],
        recoveries=_recoveries(facts, latencies),
        queue_depth=_queue_depth(facts),
    )


def _right(facts: Facts, gid: str, order: Record, checkpoint: str) -> bool:
    """Say whether an order was one live sale order, or none if cancelled, at a checkpoint."""
    records = facts.final("odoo", "order", checkpoint)
    ids = facts.correlated(checkpoint).get(gid, [])
    live = [number for number in ids if records.get(str(number), {}).get("state") in LIVE]
    return len(live) == (0 if order.get("cancelled") else 1)


def _success(facts: Facts) -> Figure:
    name = FIVE[0]
    right = [
        _right(facts, gid, order, "settled")
        for gid, order in facts.orders.items()
        if not order.get("cancelled")
    ]
    if not right or not facts.final("shopify", "order", "settled"):
        return Figure(name=name, value=None, unit="share", detail="no order to be created")
    detail = f"{sum(right)} of {len(right)} live orders are one order in Odoo"
    return Figure(name=name, value=sum(right) / len(right), unit="share", detail=detail)


def _delay(name: str, delays: list[float], what: str, nothing: str) -> Figure:
    if not delays:
        return Figure(name=name, value=None, unit="seconds", detail=nothing)
    value = percentile(delays, 0.95)
    return Figure(name=name, value=value, unit="seconds", detail=f"p95 of {len(delays)} {what}")


def _sync_delay(samples: list[Sample]) -> Figure:
    delays = [sample.seconds for sample in samples if sample.seconds is not None]
    return _delay(
        FIVE[1], delays, "stock changes in Odoo", "no stock change in Odoo reached the channel"
    )


def _refunds(samples: list[Sample]) -> Figure:
    """From the channel's refund, or its approval, to the posted credit note in Odoo."""
    delays = [sample.seconds for sample in samples if sample.seconds is not None]
    nothing = f"none of {len(samples)} refunds was booked" if samples else "no refund took place"
    return _delay(FIVE[2], delays, "refunds", nothing)


def _freshness(facts: Facts) -> Figure:
    """From the delivery validated in Odoo to the fulfilment shown in the channel."""
    done: dict[str, float] = {}
    for event in facts.of_kind("change", "stock_picking"):
        row = event.value.get("row") or {}
        if row.get("state") == "done" and row.get("sale_id"):
            done.setdefault(str(row["sale_id"]), event.time)
    shown: dict[str, list[float]] = {}
    for event in facts.of_kind("state", "order"):
        if event.value.get("change") == "fulfilment":
            shown.setdefault(event.key, []).append(event.time)
    delays = []
    for gid, ids in facts.odoo_ids.items():
        shipped = [done[str(number)] for number in ids if str(number) in done]
        seen = [time for time in shown.get(gid, []) if shipped and time >= min(shipped)]
        if seen:
            delays.append(min(seen) - min(shipped))
    nothing = "no order was shipped" if not done else f"none of {len(done)} shipments was shown"
    return _delay(FIVE[3], delays, "shipments", nothing)


def _exceptions(facts: Facts) -> Figure:
    """What a clerk would have to look at when the connector had fallen quiet."""
    name, checkpoint = FIVE[4], "settled"
    orders = facts.final("shopify", "order", checkpoint)
    levels = facts.final("shopify", "level", checkpoint)
    if not orders and not levels:
        return Figure(name=name, value=None, unit="count", detail="no final records were read")
    wrong = sum(not _right(facts, gid, order, checkpoint) for gid, order in orders.items())
    stock = facts.final("odoo", "stock", checkpoint)
    off = 0
    if "inventory" in facts.claims.flows:
        off = sum(
            max(level.get("available") or 0, 0) != max(float(stock[key].get("free") or 0), 0)
            for key, level in levels.items()
            if key in stock and level.get("tracked", True)
        )
    letters = len(facts.final("connector", "dead_letter", checkpoint))
    jobs = sum(
        record.get("state") == "failed"
        for record in facts.final("odoo", "job", checkpoint).values()
    )
    detail = f"{wrong} orders, {off} stock levels, {letters} dead letters, {jobs} failed jobs"
    value = float(wrong + off + letters + jobs)
    return Figure(name=name, value=value, unit="count", detail=detail)


def _throughput(facts: Facts) -> Figure:
    """Orders confirmed in Odoo per second, from the first one taken to the last confirmed."""
    confirmed = Latencies.of(facts).confirmed_seconds
    begun = [facts.created_seconds[gid] for gid in confirmed if gid in facts.created_seconds]
    name, unit = "order_throughput", "per second"
    if not begun:
        return Figure(name=name, value=None, unit=unit, detail="no order was confirmed in Odoo")
    span = max(confirmed.values()) - min(begun)
    value = len(confirmed) / span if span > 0 else None
    return Figure(name=name, value=value, unit=unit, detail=f"{len(confirmed)} in {span:.1f} s")


def _peak(facts: Facts) -> Figure:
    """The most orders that the channel took within one second."""
    times = sorted(facts.created_seconds.values())
    best = first = 0
    for last, time in enumerate(times):
        while time - times[first] >= 1.0:
            first += 1
        best = max(best, last - first + 1)
    detail = "" if times else "no order was taken"
    value = float(best) if times else None
    return Figure(name="order_peak", value=value, unit="per second", detail=detail)


def _calls_per_order(facts: Facts) -> Figure:
    calls = len(facts.of_kind("request", without=("odoo", "vendor_proxy")))
    name, unit = "api_calls_per_order", "count"
    if not facts.orders or not calls:
        return Figure(name=name, value=None, unit=unit, detail="no order, or no call")
    detail = f"{calls} calls, {len(facts.orders)} orders"
    return Figure(name=name, value=calls / len(facts.orders), unit=unit, detail=detail)


def _refused(facts: Facts) -> Figure:
    checkouts = [one for one in facts.operations if one.action == "checkout"]
    refused = sum(one.outcome == "fail" for one in checkouts)
    unanswered = sum(one.outcome == "info" for one in checkouts)
    detail = f"of {len(checkouts)} checkouts; {unanswered} without answer"
    value = float(refused) if checkouts else None
    return Figure(name="checkouts_refused", value=value, unit="count", detail=detail)


def _latency(flow: str, samples: list[Sample], claims: Claims, level_name: str) -> Latency:
    seconds = [sample.seconds for sample in samples if sample.seconds is not None]
    level = claims.service_levels.get(level_name)
    return Latency(
        flow=flow,
        samples_seconds=[round(one, 4) for one in seconds[:SAMPLES_MAX]],
        count=len(seconds),
        p50_seconds=percentile(seconds, 0.50),
        p95_seconds=percentile(seconds, 0.95),
        p99_seconds=percentile(seconds, 0.99),
        maximum_seconds=max(seconds, default=None),
        level_p95_seconds=level.p95_seconds if level else None,
        unfinished=len(samples) - len(seconds),
    )


def _recoveries(facts: Facts, latencies: Latencies) -> list[Recovery]:
    found = []
    begun = {
        flow: sorted(latencies.flow(flow), key=lambda sample: sample.begun_seconds)
        for flow in LEVEL_OF
    }
    for window in facts.faults.windows:
        healed = window.end_seconds
        if healed == float("inf"):
            continue
        held_up = [
            sample
            for flow, level in LEVEL_OF.items()
            if window.hinders(level)
            for sample in _between(begun[flow], window.begin_seconds, healed)
            if (sample.ended_seconds is None or sample.ended_seconds > healed)
        ]
        ends = [sample.ended_seconds for sample in held_up]
        known = [end for end in ends if end is not None]
        seconds = max((end - healed for end in known), default=0.0)
        found.append(
            Recovery(
                fault=window.name,
                key=window.key,
                healed_seconds=healed,
                seconds=None if len(known) < len(ends) else seconds,
                held_up=len(held_up),
            )
        )
    return found


def _between(samples: list[Sample], first: float, last: float) -> list[Sample]:
    """Return the samples, in order of their beginning, that began in a stretch of time."""
    begin = bisect_left(samples, first, key=lambda sample: sample.begun_seconds)
    end = bisect_right(samples, last, key=lambda sample: sample.begun_seconds)
    return samples[begin:end]


def _queue_depth(facts: Facts) -> list[Depth]:
    return [_depth(event) for event in facts.of_kind("sample", "queue_depth")]


def _depth(event: Event) -> Depth:
    value: dict[str, Any] = event.value
    return Depth(
        time_seconds=event.time,
        pending=int(value.get("pending") or 0),
        failed=int(value.get("failed") or 0),
    )
