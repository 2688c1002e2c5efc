"""What left the house is what the channel shows: each line, each unit, each parcel, once.

For every channel order that Odoo holds, the units that Odoo's deliveries moved are compared
with the units that the channel shows as fulfilled, line by line. Two lines of one item are two
lines: the first line of an item in the order is the first in Odoo. A delivery's tracking number
must be shown by exactly one fulfilment, and no fulfilment may show one that no delivery has. A
fulfilment that was made and taken back (cancelled) told the customer of a parcel that was
none; it is a finding unless a person cancelled it in the channel.

Pieces that came back do not undo a fulfilment. Pieces that were refunded while their parcel left
cannot be shown any more, the rest of that parcel can. Not judged: who fulfilled first.
Unknown: no delivery of a channel order was done, and the channel shows no fulfilment.

Seen in public: frappe/ecommerce_integrations commit 7d663c1, Shopify/shopify-api-ruby issue
313, singer-io/tap-shopify pull 248, facts F1, F2, F4.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from peakproof.evidence import Chain, Claims, Example, Facts, Findings, Record, Result, unknown
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "fulfilled_once"
TITLE = "Every unit that was shipped is fulfilled once in the channel, on its own line."
FLOWS = ("fulfilment",)

Place = tuple[str, int]  # an item, and which of its lines in the order (0 is the first)


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Compare deliveries with fulfilments, order by order."""
    facts = Facts.of(history, claims, plan)
    findings = Findings(NAME)
    figures: Counter[str] = Counter(orders=0, units_shipped=0, units_shown=0, parcels=0)
    for gid, order in facts.orders.items():
        numbers = facts.correlated().get(gid, [])
        pickings = _deliveries(facts, numbers)
        shown = list(order.get("fulfillments") or [])
        if not pickings and not shown:
            continue
        figures["orders"] += 1
        figures["parcels"] += len(pickings)
        subject = f"{order.get('name')} {gid}"
        _units(facts, findings, figures, (order, numbers, pickings), subject)
        _parcels(findings, pickings, shown, subject)
        if not _cancelled_by_people(facts, gid):
            _taken_back(findings, shown, subject)
    if not figures["orders"]:
        return unknown(NAME, "Nothing was shipped, so nothing was tested.", dict(figures))
    passed = (
        f"{figures['units_shipped']} units in {figures['parcels']} deliveries of "
        f"{figures['orders']} orders, shown once each."
    )
    return findings.result(passed, figures["orders"], dict(figures))


def _deliveries(facts: Facts, numbers: Iterable[int]) -> list[Record]:
    """Return the deliveries of sale orders that were done."""
    return [
        picking
        for number in dict.fromkeys(numbers)
        for picking in facts.pickings_of.get(number, [])
        if picking["state"] == "done" and picking["type"] == "outgoing"
    ]


def _places(lines: Iterable[Record]) -> dict[object, Place]:
    """Return which item, and which of its lines, each line of an order is."""
    counts: Counter[str] = Counter()
    places: dict[object, Place] = {}
    for line in lines:
        sku = str(line["sku"])
        places[line["id"]] = (sku, counts[sku])
        counts[sku] += 1
    return places


def _units(
    facts: Facts,
    findings: Findings,
    figures: Counter[str],
    about: tuple[Record, list[int], list[Record]],
    subject: str,
) -> None:
    order, numbers, pickings = about
    shipped: defaultdict[Place, int] = defaultdict(int)
    for number in numbers:
        sale = facts.odoo_orders.get(number) or {}
        places = _places(sorted(sale.get("lines") or [], key=lambda line: int(line["id"])))
        for picking in pickings:
            for line in picking["lines"]:
                if picking["sale_id"] == number:
                    place = places.get(line["sale_line_id"], (line["sku"], 0))
                    shipped[place] += int(line["moved"])
    shown: defaultdict[Place, int] = defaultdict(int)
    lines = order.get("lines") or []
    places = _places(lines)
    wanted = {places[line["id"]]: int(line.get("current_quantity", 0)) for line in lines}
    for parcel in order.get("fulfillments") or []:
        for line in parcel["lines"] if parcel["status"] == "SUCCESS" else []:
            shown[places.get(line["line_id"], (line["sku"], 0))] += int(line["quantity"])
    figures["units_shipped"] += sum(shipped.values())
    figures["units_shown"] += sum(shown.values())
    for place in sorted({*shipped, *shown}):
        # What was refunded before the channel heard of the parcel cannot be shown any more.
        refunded = wanted.get(place, 0) == shown[place] < shipped[place] and any(shown.values())
        figures["units_refunded_on_their_way"] += refunded * (shipped[place] - shown[place])
        if shipped[place] != shown[place] and not refunded:
            sku, nth = place
            findings.add(
                "shipped and not shown" if shipped[place] > shown[place] else "shown, not shipped",
                expected=f"{shipped[place]} of {sku} (line {nth + 1} of the item), as Odoo shipped",
                found=f"{shown[place]} fulfilled in the channel",
                subject=subject,
                time_seconds=facts.created_seconds.get(str(order.get("id"))),
            )


def _parcels(findings: Findings, pickings: list[Record], shown: list[Record], subject: str) -> None:
    told = Counter(
        entry["number"]
        for parcel in shown
        if parcel["status"] == "SUCCESS"
        for entry in parcel["tracking"]
        if entry["number"]
    )
    sent = {picking["tracking"]: picking for picking in pickings if picking["tracking"]}
    for tracking, picking in sent.items():
        if told[tracking] != 1:
            findings.add(
                "tracking number not told" if not told[tracking] else "tracking number told twice",
                expected=f"{tracking} of {picking['name']} in one fulfilment",
                found=f"{told[tracking]} fulfilments with it",
                subject=subject,
            )
    for tracking in sorted(told.keys() - sent.keys()):
        findings.add(
            "tracking number of no parcel",
            expected=f"one of {sorted(sent) or 'no parcel'}",
            found=tracking,
            subject=subject,
        )


def _cancelled_by_people(facts: Facts, gid: str) -> bool:
    return any(
        operation.action in ("cancel_fulfilment", "cancel_order")
        and operation.arguments.get("order_id") == gid
        for operation in facts.operations_on.get(gid, [])
    )


def _taken_back(findings: Findings, shown: list[Record], subject: str) -> None:
    for parcel in shown:
        if parcel["status"] != "SUCCESS":
            findings.add(
                "fulfilment made and taken back",
                expected="a fulfilment for each parcel and no other",
                found=f"{parcel['id']} is {parcel['status']}",
                subject=subject,
            )


def _two_lines(*shown: tuple[int, int]) -> Chain:
    """An order with one item on two lines, of which two and one units were sent."""
    chain = Chain()
    gid = chain.order(1001, ("MUG", 2), ("MUG", 3))
    chain.picked(1, 1001, (0, 2), (1, 1), tracking="TRK1")
    chain.shown(gid, *shown, tracking="TRK1")
    return chain


def _tracked(*numbers: str, sent: str = "TRK1") -> Chain:
    chain = Chain()
    gid = chain.order(1001, ("MUG", 2))
    chain.picked(1, 1001, (0, 2), tracking=sent)
    for number in numbers:
        chain.shown(gid, (0, 2 // len(numbers)), tracking=number)
    return chain


def _refunded(shown: int) -> Chain:
    """Two lines of two leave as one parcel; a piece of the first was refunded meanwhile."""
    chain = Chain()
    gid = chain.order(1001, ("MUG", 2), ("TEE", 2))
    chain.picked(1, 1001, (0, 2), (1, 2), tracking="TRK1")
    chain.refunded(gid, "10.00", (0, 1, "NO_RESTOCK"))
    chain.shown(gid, (0, shown), (1, 2), tracking="TRK1")
    return chain


def _taken() -> Chain:
    chain = _tracked("TRK1")
    chain.shown("gid://shopify/Order/1001", (0, 2), status="CANCELLED")
    return chain


EXAMPLES = [
    Example(name="empty", tell=Chain, verdict=Verdict.UNKNOWN),
    Example(name="clean", tell=lambda: _two_lines((0, 2), (1, 1)), verdict=Verdict.PASS),
    Example(
        name="by item, not by line",
        tell=lambda: _two_lines((1, 3)),
        verdict=Verdict.VIOLATED,
        says="line 1 of the item",
    ),
    Example(name="refunded on its way", tell=lambda: _refunded(1), verdict=Verdict.PASS),
    Example(
        name="refunded on its way, the rest not told",
        tell=lambda: _refunded(0),
        verdict=Verdict.VIOLATED,
        says="shipped and not shown",
    ),
    Example(
        name="not told",
        tell=lambda: _two_lines((0, 2)),
        verdict=Verdict.VIOLATED,
        says="shipped and not shown",
    ),
    Example(
        name="told twice", tell=lambda: _tracked("TRK1", "TRK1"), verdict=Verdict.VIOLATED,
        says="told twice",
    ),
    Example(
        name="a parcel's number is lost", tell=lambda: _tracked(""), verdict=Verdict.VIOLATED,
        says="not told",
    ),
    Example(
        name="a number of nothing", tell=lambda: _tracked("TRK9", sent=""),
        verdict=Verdict.VIOLATED, says="of no parcel",
    ),
    Example(
        name="made and taken back", tell=_taken, verdict=Verdict.VIOLATED, says="taken back"
    ),
]  # fmt: skip
