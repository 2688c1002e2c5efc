"""The history of the made-up flash sale of ``story``: every kind of event, drawn from one seed."""

from peakproof.history import Event
from peakproof.seed import Seed

BEGIN, SALE_SECONDS, END = 12.0, 60.0, 104.0


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
