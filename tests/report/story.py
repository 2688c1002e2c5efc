"""A made-up flash sale with every kind of event, for developing and testing the reports on.

A shopper is called ``<script>``, an answer is lost, a connector crashes, one order is created
twice and one article is sold once too often. Everything comes from one seed.
"""

from copy import copy

from peakproof.history import Event, History
from peakproof.outcomes import Verdict, exit_code, worst
from peakproof.plan import Customer, Plan, PlannedFault, Shop, Stage
from peakproof.report.records import (
    ConnectorRecord,
    CrashRecord,
    FigureRecord,
    FindingRecord,
    GateRecord,
    LatencyRecord,
    NotApplicable,
    ResultRecord,
    RunRecord,
    TrailStep,
)
from peakproof.seed import Seed

SECRET = "shpat_0123456789abcdef0123456789abcdef"  # must never reach a report
NASTY = '<script>alert("x")</script>'
BEGIN, SALE_SECONDS, END = 12.0, 60.0, 104.0
CONNECTOR = ConnectorRecord(
    name="oca_shopify",
    version="19.0.1.2.0",
    claims=["orders", "inventory", "fulfilment", "returns"],
    source="connectors/oca_shopify",
    summary="Odoo addons of the OCA shopify connector",
)
VERSIONS = {
    "peakproof": "0.1.0",
    "Odoo": "19.0-20261020",
    "PostgreSQL": "18.4",
    "shopify simulator": "2026-10",
}
STATEMENTS = {
    "orders_exactly_once": "Every channel order becomes exactly one order in Odoo.",
    "order_content": "Lines, taxes, discounts and totals agree to the cent.",
    "no_oversell": "No article is promised more often than it is there.",
    "stock_conserved": "Channel and Odoo agree on what is left.",
    "identity": "Customers and articles keep who they are.",
    "webhook_discipline": "Webhooks are checked, acknowledged and taken once.",
    "api_discipline": "Quotas, versions and idempotency keys are kept to.",
    "ends_visibly": "Everything ends, or is visibly parked, in time.",
    "refunds_conserved": "Refunds and returns reach Odoo once and in full.",
    "service_levels": "Each flow is as fast as the connector promises.",
}


def flash_sale_events(seed: int = 7, orders: int = 140) -> list[Event]:
    """Return the events of the sale."""
    draw = Seed(seed).stream("story")
    events: list[Event] = []

    def add(time: float, source: str, kind: str, name: str, **rest: object) -> None:
        events.append(Event(time=round(time, 4), source=source, kind=kind, name=name, **rest))  # type: ignore[arg-type]

    for component, moment in (("postgres", 1.0), ("odoo", 6.0), ("shopify", 7.0), ("connector", 9)):
        add(moment, "harness", "process", component, outcome="started", value={"pid": 4000})
    stages = (
        ("doors_open", BEGIN, BEGIN + SALE_SECONDS),
        ("settle", BEGIN + SALE_SECONDS, 98.0),
        ("reads", 98.0, END),
    )
    for name, begin, end in stages:
        add(begin, "harness", "phase", name, outcome="begin")
        add(end, "harness", "phase", name, outcome="end")
    faults = (
        ("f1", "rate_limit_burst", 22.0, 34.0),
        ("f2", "lost_acknowledgement", 38.0, 46.0),
        ("f3", "duplicate_webhooks", 40.0, 66.0),
        ("f4", "kill_connector", 52.0, 58.0),
        ("f5", "clock_skew", 60.0, 70.0),
    )
    for key, name, begin, end in faults:
        add(0.5, "harness", "fault", name, key=key, outcome="planned")
        add(begin, "harness", "fault", name, key=key, outcome="injected")
        if key != "f5":
            for _ in range(3 if key != "f4" else 1):
                at = draw.uniform(begin, end if key != "f4" else begin)
                add(at, "harness", "fault", name, key=key, outcome="fired")
        add(end, "harness", "fault", name, key=key, outcome="healed")
    add(52.0, "harness", "process", "connector", outcome="killed", value={"pid": 4000})
    add(58.0, "harness", "process", "connector", outcome="started", value={"pid": 4001})
    add(
        74.2,
        "harness",
        "process",
        "connector",
        outcome="crashed",
        value={"exit_code": 1, "last_lines": ["Traceback", "psycopg2.errors.UniqueViolation"]},
    )
    add(75.0, "harness", "process", "connector", outcome="started", value={"pid": 4002})
    busy_until = BEGIN
    pending: list[tuple[float, int]] = []
    for number in range(1, orders + 1):
        rush = draw.betavariate(1.1, 2.2)
        placed = BEGIN + rush * SALE_SECONDS
        pending.append((placed, number))
    for placed, number in sorted(pending):
        gid = f"gid://shopify/Order/{5000 + number}"
        shopper = f"shopper-{number % 12}"
        key = f"op-{number}"
        add(placed - 0.08, shopper, "operation", "checkout", key=key, outcome="invoke")
        add(placed, shopper, "operation", "checkout", key=key, outcome="ok")
        value = {"change": "create", "name": f"#{1000 + number}"}
        add(placed, "shopify", "state", "order", key=gid, value=value)
        work = draw.uniform(0.28, 0.5) * (2.2 if 22 <= busy_until <= 34 else 1)
        busy_until = max(busy_until, placed + 0.15) + work
        if 52 <= busy_until <= 58:
            busy_until = 58.5
        inserted = busy_until
        row = {"id": number, "name": f"S{number:05d}", "client_order_ref": f"#{1000 + number}"}
        for _ in range(2 if number == 63 else 1):
            add(
                inserted,
                "odoo",
                "change",
                "sale_order",
                key=str(number),
                outcome="insert",
                value={"row": row, "transaction": 900 + number, "sequence": number},
            )
        lag = 0.05 + draw.expovariate(20)
        broken = 52 <= placed <= 58 or (38 <= placed <= 46 and number % 4 == 0)
        add(
            placed + lag,
            "shopify",
            "delivery",
            "orders/create",
            key=f"w{number}",
            outcome="fail" if broken else "ok",
            value={"attempt": 1, "status": 0 if broken else 200, "duration_seconds": lag},
        )
        if broken:
            add(
                placed + 9,
                "shopify",
                "delivery",
                "orders/create",
                key=f"w{number}",
                outcome="ok",
                value={"attempt": 2, "status": 200},
            )
        for call in range(4):
            throttled = 22 <= inserted <= 34 and draw.uniform(0, 1) < 0.3
            add(
                inserted - 0.1 + call * 0.03,
                "shopify",
                "request",
                "order",
                key=f"r{number}-{call}",
                outcome="fail" if throttled else "ok",
                value={"status": 429 if throttled else 200, "duration_seconds": 0.004},
            )
    _add_queue(events, add)
    return sorted(events, key=lambda event: event.time)


def _add_queue(events: list[Event], add) -> None:  # type: ignore[no-untyped-def]
    """Add a queue sample every half second: orders placed and not yet in Odoo."""
    placed = [e.time for e in events if e.kind == "state" and e.name == "order"]
    inserted = [e.time for e in events if e.kind == "change"]
    for step in range(int((END - BEGIN) * 2)):
        at = BEGIN + step / 2
        waiting = sum(t <= at for t in placed) - sum(t <= at for t in inserted)
        failed = 0 if at < 75 else 2
        add(
            at,
            "connector",
            "sample",
            "queue_depth",
            value={"pending": max(waiting, 0), "failed": failed},
        )


def latencies(seed: int = 7) -> list[LatencyRecord]:
    """Return how long the flows took."""
    draw = Seed(seed).stream("latencies")
    orders = sorted(draw.lognormvariate(1.9, 0.8) for _ in range(140))
    stock = sorted(draw.lognormvariate(0.4, 0.6) for _ in range(320))

    def of(flow: str, samples: list[float], level: float | None, **rest: int) -> LatencyRecord:
        def at(part: float) -> float:
            return samples[min(int(part * len(samples)), len(samples) - 1)]

        return LatencyRecord(
            flow=flow,
            samples_seconds=samples,
            count=len(samples),
            p50_seconds=at(0.5),
            p95_seconds=at(0.95),
            p99_seconds=at(0.99),
            maximum_seconds=samples[-1],
            level_p95_seconds=level,
            **rest,
        )

    return [
        of("orders", orders, 15.0, unfinished=2),
        of("inventory", stock, 10.0),
        of("fulfilment", [3.2, 4.1, 4.4, 5.0], None),
        LatencyRecord(flow="returns", level_p95_seconds=60.0),
    ]


def duplicate_order() -> FindingRecord:
    """Return the finding of one order that was created twice."""
    return FindingRecord(
        what="duplicate order",
        time=42.1,
        subject="order #1063",
        expected="exactly one order in Odoo for #1063 (gid://shopify/Order/5063)",
        found="2 orders: S00063 and S00064, confirmed 0.9 s apart, both invoiced in full",
        evidence=[
            {"odoo order": "S00063", "state": "sale", "total": "84.50 USD", "created": "41.2 s"},
            {"odoo order": "S00064", "state": "sale", "total": "84.50 USD", "created": "42.1 s"},
        ],
        trail=[
            TrailStep(
                time=40.11,
                system="shopper-3",
                what="checkout of 2 TEE-M",
                outcome="ok",
                detail=f"customer {NASTY}, total 84.50 USD",
            ),
            TrailStep(
                time=40.12, system="shopify", what="order #1063 created, TEE-M 2 fewer at MAIN"
            ),
            TrailStep(
                time=40.19,
                system="shopify",
                what="webhook orders/create, attempt 1",
                outcome="info",
                detail="connector committed, then the answer was lost",
            ),
            TrailStep(time=40.19, system="harness", what="fault lost_acknowledgement fired"),
            TrailStep(time=41.20, system="odoo", what="sale.order S00063 inserted", outcome="ok"),
            TrailStep(
                time=41.90,
                system="shopify",
                what="webhook orders/create, attempt 2",
                outcome="ok",
                detail="same event id, answered 200 in 84 ms",
            ),
            TrailStep(
                time=42.10,
                system="odoo",
                what="sale.order S00064 inserted",
                outcome="ok",
                detail="same client_order_ref #1063",
            ),
            TrailStep(
                time=43.00,
                system="connector",
                what="fulfilmentOrders query",
                outcome="fail",
                detail=f"429 with token {SECRET}",
            ),
            TrailStep(time=None, system="odoo", what="at the end: S00063 and S00064 stand"),
        ],
    )


def oversell() -> FindingRecord:
    """Return the finding of an article sold once too often."""
    return FindingRecord(
        what="promised more than there was",
        time=45.0,
        subject="CAP-RED at MAIN",
        expected="at most 12 promised of 12 that were there",
        found="13 promised: available on the channel was set back from 0 to 1 at 44.6 s",
        evidence=[
            {"time": "44.6 s", "who": "connector", "available": 1, "cause": "pushed on-hand"},
            {"time": "45.0 s", "who": "shopper-9", "available": 0, "cause": "order #1088"},
        ],
        trail=[
            TrailStep(time=39.8, system="shopify", what="available 1 → 0 (order #1071)"),
            TrailStep(
                time=44.6,
                system="connector",
                what="inventorySetQuantities 1",
                outcome="ok",
                detail="ignores 1 unit reserved in Odoo",
            ),
            TrailStep(time=45.0, system="shopper-9", what="checkout of CAP-RED", outcome="ok"),
        ],
    )


def run(scenario: str, special: dict[str, ResultRecord], **rest: object) -> RunRecord:
    """Return a run in which everything passes but ``special``."""
    results = []
    for index, (name, statement) in enumerate(STATEMENTS.items()):
        base = ResultRecord(invariant=name, verdict=Verdict.PASS, tested=20 + 17 * index)
        result = special.get(name, base)
        result.statement = statement
        results.append(result)
    plan = Plan(
        scenario=scenario,
        seed=7,
        options={"orders": 140, "articles": 3},
        shop=Shop(customers=[Customer(email="a@example.com", first_name=NASTY, last_name="Doe")]),
        stages=[Stage(name="doors_open", faults=[PlannedFault(fault="lost_acknowledgement")])],
    )
    record = RunRecord(
        scenario=scenario,
        seed=7,
        plan=plan,
        connector=copy(CONNECTOR),
        verdict=worst([result.verdict for result in results]),
        reproduce=f"peakproof run {scenario} --connector connectors/oca_shopify --seed 7",
        started="2026-11-23T12:00:00Z",
        results=results,
        versions=VERSIONS,
        durations_seconds={
            "prepare": 4.1,
            "world": 7.9,
            "stages": 60.0,
            "settle": 26.0,
            "reads": 6.0,
            "judge": 0.8,
        },
        folder=f"runs/{scenario}/2026-11-23T12-00-00Z",
    )
    for name, value in rest.items():
        setattr(record, name, value)
    return record


def flash_sale() -> RunRecord:
    """Return the run with the violations."""
    special = {
        "orders_exactly_once": ResultRecord(
            invariant="orders_exactly_once",
            verdict=Verdict.VIOLATED,
            tested=140,
            flow="orders",
            findings=[duplicate_order()],
            findings_total=1,
        ),
        "no_oversell": ResultRecord(
            invariant="no_oversell",
            verdict=Verdict.VIOLATED,
            tested=36,
            flow="inventory",
            findings=[oversell()],
            findings_total=4,
        ),
        "refunds_conserved": ResultRecord(
            invariant="refunds_conserved", verdict=Verdict.UNKNOWN, reason="no refund took place"
        ),
        "service_levels": ResultRecord(
            invariant="service_levels",
            verdict=Verdict.SLOW,
            tested=2,
            findings_total=1,
            findings=[
                FindingRecord(
                    subject="orders",
                    expected="p95 at most 15 s",
                    found="p95 of 24 s over 140 orders",
                )
            ],
        ),
    }
    figures = [
        FigureRecord(
            name="order_creation_success_rate",
            value=0.9857,
            unit="share",
            detail="138 of 140 orders, exactly once",
        ),
        FigureRecord(
            name="inventory_sync_delay_seconds",
            value=3.87,
            unit="seconds",
            detail="p95 of 320 changes",
        ),
        FigureRecord(
            name="refund_processing_seconds",
            value=None,
            unit="seconds",
            detail="no refund took place",
        ),
        FigureRecord(
            name="shipment_status_freshness_seconds",
            value=5.0,
            unit="seconds",
            detail="p95 of 4 shipments",
        ),
        FigureRecord(
            name="reconciliation_exceptions", value=3, unit="count", detail="2 orders, 1 article"
        ),
        FigureRecord(
            name="orders_per_minute", value=96.4, unit="per minute", label="Orders into Odoo"
        ),
        FigureRecord(
            name="api_calls_per_order", value=4.02, unit="count", label="API calls per order"
        ),
        FigureRecord(name="queue_depth_maximum", value=41, unit="count", label="Deepest queue"),
        FigureRecord(
            name="recovery_seconds",
            value=18.4,
            unit="seconds",
            label="Recovery after kill_connector",
        ),
    ]
    return run(
        "flash_sale",
        special,
        figures=figures,
        latencies=latencies(),
        summary="Doors open at noon: 140 shoppers want three articles while answers get lost.",
        crashes=[
            CrashRecord(time=52.0, component="connector", outcome="killed"),
            CrashRecord(
                time=74.2,
                component="connector",
                outcome="crashed",
                exit_code=1,
                last_lines=[
                    "Traceback (most recent call last):",
                    '  File "binder.py", line 88, in bind',
                    "psycopg2.errors.UniqueViolation: duplicate key value "
                    "violates unique constraint",
                    f"DETAIL: token={SECRET} name={NASTY} \x1b[31mred\x1b[0m\x00",
                ],
            ),
        ],
        logs={"connector": "logs/connector.log", "odoo": "logs/odoo.log"},
        notes=["The fault clock_skew was planned and never fired."],
        not_simulated=[
            "Shopify: Flow, B2B catalogues, Markets pricing, checkout extensibility.",
            "Card networks: a payment is authorised or refused, nothing in between.",
        ],
    )


def gate() -> tuple[GateRecord, list[History | None]]:
    """Return a gate over several scenarios and the histories of its runs."""
    not_claimed = ResultRecord(
        invariant="refunds_conserved",
        verdict=Verdict.NOT_CLAIMED,
        flow="returns",
        reason="connector.toml does not claim the flow returns",
    )
    unknown = ResultRecord(
        invariant="webhook_discipline",
        verdict=Verdict.UNKNOWN,
        reason="the check failed: KeyError: 'event_id'",
    )
    runs = [
        flash_sale(),
        run("order_edits_and_cancellations", {"webhook_discipline": unknown}),
        run("quiet_day", {"refunds_conserved": not_claimed}),
    ]
    verdict = worst([item.verdict for item in runs])
    record = GateRecord(
        connector=copy(CONNECTOR),
        verdict=verdict,
        exit_code=int(exit_code(verdict)),
        runs=runs,
        reproduce="peakproof gate --connector connectors/oca_shopify --seed 7",
        started="2026-11-23T12:00:00Z",
        duration_seconds=316.0,
        harness_share=0.081,
        versions=VERSIONS,
        not_applicable=[NotApplicable(scenario="payout_day", reason="payouts are not claimed")],
    )
    return record, [History(flash_sale_events()), None, None]
