"""A made-up flash sale with every kind of event, for developing and testing the reports on.

A shopper is called ``<script>``, an answer is lost, a connector crashes, one order is created
twice and one article is sold once too often. Everything comes from one seed.
"""

from copy import copy

from peakproof.history import History
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
from tests.report.story_events import flash_sale_events

SECRET = "shpat_0123456789abcdef0123456789abcdef"  # must never reach a report
NASTY = '<script>alert("x")</script>'
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
