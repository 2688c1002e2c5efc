"""One person is one customer in Odoo and one item is one product, and nobody is mixed up.

The orders that one customer of the channel placed belong to one partner in Odoo (addresses below
it count as it), and a partner has the orders of one customer only. A guest's order may not be
booked on a customer's partner. No item of the shop is created in Odoo a second time.

Partners are told apart by the record on top: a company above a contact, the contact above its
addresses. Archived partners count, orders that were cancelled do not.
Unknown: no order of a customer is in Odoo.

Seen in public: OCA/connector-prestashop issue 30, frappe/ecommerce_integrations commit 882207f,
OCA/connector-magento issue 165, facts C1, C2, O1, O13, S17.
"""

from collections import Counter, defaultdict

from peakproof.evidence import LIVE, Chain, Claims, Example, Facts, Findings, Result, unknown
from peakproof.history import History
from peakproof.outcomes import Verdict
from peakproof.plan import Plan, Product, Shop, Variant

__all__ = ["EXAMPLES", "FLOWS", "NAME", "TITLE", "check"]

NAME = "identity_kept"
TITLE = "One customer is one partner and one item one product in Odoo, and nobody is mixed up."
FLOWS = ("orders",)

DEPTH_MAX = 10  # of parents above a partner; more is a loop


def check(history: History, claims: Claims, plan: Plan) -> Result:
    """Compare who placed each order with whom Odoo has it for."""
    facts = Facts.of(history, claims, plan)
    findings = Findings(NAME)
    partners_of: defaultdict[str, set[int]] = defaultdict(set)
    customers_of: defaultdict[int, set[str]] = defaultdict(set)
    guests: dict[str, int] = {}
    for gid, order in facts.orders.items():
        root = _root(facts, gid)
        if root is None or order.get("cancelled"):
            continue
        customer = (order.get("customer") or {}).get("id")
        if customer:
            partners_of[str(customer)].add(root)
            customers_of[root].add(str(customer))
        else:
            guests[gid] = root
    figures: Counter[str] = Counter(customers=len(partners_of), guests=len(guests))
    if not partners_of:
        return unknown(NAME, "No order of a customer is in Odoo.", dict(figures))
    for customer, partners in partners_of.items():
        if len(partners) > 1:
            findings.add(
                "customer doubled",
                expected="one partner for all orders of a customer",
                found=f"partners {sorted(partners)}",
                subject=customer,
            )
    for partner, customers in customers_of.items():
        if len(customers) > 1:
            findings.add(
                "customers mixed up",
                expected="a partner of each customer's own",
                found=", ".join(sorted(customers)),
                subject=f"partner {partner}",
            )
    for gid, partner in guests.items():
        if customers_of.get(partner):
            findings.add(
                "guest on a customer's partner",
                expected="a partner that is no customer's",
                found=f"partner {partner} of {', '.join(sorted(customers_of[partner]))}",
                subject=gid,
            )
    _products(facts, findings, figures)
    passed = f"{len(partners_of)} customers, each one partner; no product doubled."
    return findings.result(passed, len(partners_of) + len(guests), dict(figures))


def _root(facts: Facts, gid: str) -> int | None:
    """Return the topmost partner of the live sale order that a channel order became."""
    partners = facts.final("odoo", "partner")
    for number in facts.correlated().get(gid, []):
        sale = facts.odoo_orders.get(number) or {}
        if sale.get("state") not in LIVE or not sale.get("partner"):
            continue
        identity = int(sale["partner"]["id"])
        for _ in range(DEPTH_MAX):
            parent = (partners.get(str(identity)) or {}).get("parent_id")
            if not parent:
                break
            identity = int(parent)
        return identity
    return None


def _products(facts: Facts, findings: Findings, figures: Counter[str]) -> None:
    """Find items of the shop that were created in Odoo beside the one that was there."""
    known = facts.known_skus
    for event in facts.of_kind("change", "product_product"):
        sku = str((event.value.get("row") or {}).get("default_code") or "")
        if event.outcome == "insert" and sku in known and event.time >= facts.begun_seconds:
            figures["products_doubled"] += 1
            findings.add(
                "product doubled",
                expected=f"the one product with SKU {sku} that Odoo had",
                found=f"another, product {event.key}",
                subject=sku,
                events=[event],
            )


class _Shop(Chain):
    """Orders of customers, and the partners that they have in Odoo."""

    def plan(self) -> Plan:
        """Return a plan whose shop sells mugs."""
        mug = Product(title="Mug", variants=[Variant(sku="MUG", title="Mug", price="5.00")])
        return Plan(scenario="chain", seed=1, options={}, shop=Shop(products=[mug]), stages=[])

    def bought(self, number: int, customer: str, partner: int, parent: int | None = None) -> None:
        """Write down an order with its customer ("" for a guest) and its partner in Odoo."""
        gid = self.order(number, ("MUG", 1))
        row = {"id": f"gid://shopify/Customer/{customer}"} if customer else None
        self.change_final("shopify", "order", gid, customer=row)
        self.change_final("odoo", "order", str(number), partner={"id": partner, "name": "Ada"})
        self.final("odoo", "partner", str(partner), {"id": partner, "parent_id": parent})


def _orders(*bought: tuple[str, int]) -> _Shop:
    shop = _Shop()
    for number, (customer, partner) in enumerate(bought, 1001):
        shop.bought(number, customer, partner)
    return shop


def _with_address() -> _Shop:
    shop = _orders(("ada", 7))
    shop.bought(1002, "ada", 8, parent=7)
    return shop


def _second_product() -> _Shop:
    shop = _orders(("ada", 7))
    shop.event(1.0, "harness", "phase", "the day", outcome="begin")
    shop.event(5.0, "odoo", "change", "product_product", key="99", outcome="insert",
               value={"row": {"default_code": "MUG"}})  # fmt: skip
    return shop


EXAMPLES = [
    Example(name="empty", tell=Chain, verdict=Verdict.UNKNOWN),
    Example(
        name="clean",
        tell=lambda: _orders(("ada", 7), ("ada", 7), ("bob", 8), ("", 9)),
        verdict=Verdict.PASS,
    ),
    Example(name="an address below", tell=_with_address, verdict=Verdict.PASS),
    Example(
        name="a partner an order",
        tell=lambda: _orders(("ada", 7), ("ada", 8)),
        verdict=Verdict.VIOLATED,
        says="doubled",
    ),
    Example(
        name="mixed up",
        tell=lambda: _orders(("ada", 7), ("bob", 7)),
        verdict=Verdict.VIOLATED,
        says="mixed up",
    ),
    Example(
        name="a guest on a customer",
        tell=lambda: _orders(("ada", 7), ("", 7)),
        verdict=Verdict.VIOLATED,
        says="guest",
    ),
    Example(
        name="a second product",
        tell=_second_product,
        verdict=Verdict.VIOLATED,
        says="product doubled",
    ),
]
