"""The peak itself: who does what when, and what is broken on purpose."""

from collections.abc import Collection, Iterator
from pathlib import Path

from benchmarks.peak.book import HOT_EVERY, ITEMS, MAIN, SHOPS, Book, Item
from benchmarks.peak.money import Gateway
from benchmarks.peak.orders import (
    CITIES,
    NAMES,
    Line,
    Order,
    call,
    checkout,
    edited,
    refunded,
    sold_out,
)
from benchmarks.peak.tills import Tills
from benchmarks.peak.warehouse import (
    changed,
    confirmed,
    credited,
    imported,
    released,
    returned,
    shipped,
)
from peakproof.evidence import Claims, ServiceLevel
from peakproof.invariants import REGISTRY
from peakproof.store import RunFolder, RunMeta

__all__ = ["CLAIMS", "INVARIANTS", "PLANTED", "Peak"]

# What can be broken on purpose, and the invariant that must tell.
PLANTED = {
    "lost order": "orders_exactly_once",
    "oversold item": "no_oversell",
    "doubled label": "labels_once",
    "missing payout line": "payout_lines_once",
    "a cent": "order_content",
}
INVARIANTS = tuple(REGISTRY)
CLAIMS = Claims(
    name="peak",
    version="1",
    flows={"orders", "inventory", "fulfilment", "shipping", "returns", "bank", "payouts"}
    | {"payments", "pos", "screening", "messages"},
    operations={"approvals": {"above": "200"}, "replay": True, "metrics": True, "audit": True},
    service_levels={
        flow: ServiceLevel(p95_seconds=30, recovery_seconds=60)
        for flow in ("orders", "inventory", "returns")
    },
)
ORDERS_A_SECOND = 10.0
ORDER_EVENTS, ITEM_EVENTS = 133, 15  # how many events there are of each, about
APPROVAL_ABOVE = 20000
FAULT_SECONDS, FAULT_EVERY_SECONDS = 20.0, 300.0
LOST, DOUBLED, CENT, UNBOOKED = 41, 43, 45, 47  # the orders that are broken


class Peak:
    """A peak of about so many events."""

    def __init__(self, events: int, seed: int = 1, planted: Collection[str] = ()) -> None:
        unknown = set(planted) - set(PLANTED)
        if unknown:
            raise ValueError(f"Expected some of {sorted(PLANTED)}, found {sorted(unknown)}.")
        self._events, self._seed, self._planted = events, seed, set(planted)
        self._book = Book(seed, units=300 + events // 4000)
        self._random = self._book.random
        self._gateway, self._tills = Gateway(self._book), Tills(self._book)
        self._customers: list[tuple[str, str]] = []
        self.orders = 0
        if "missing payout line" in planted:
            self._gateway.unbooked.add(f"txn_ch_{UNBOOKED:024d}")

    def store(self, path: Path) -> RunFolder:
        """Write a stored run into a folder; its scenario is named "peak"."""
        (path / "logs").mkdir(parents=True)
        folder = RunFolder(path)
        folder.write_plan(self._book.plan(self._seed))
        folder.write_meta(
            RunMeta(
                scenario="peak", seed=self._seed, connector=CLAIMS.name,
                connector_version=CLAIMS.version, connector_folder="", reproduce="",
                started_at="2026-11-20T10:00:00+00:00", flows=sorted(CLAIMS.flows),
                operations=CLAIMS.operations,
                service_levels={
                    flow: {"p95_seconds": level.p95_seconds,
                           "recovery_seconds": level.recovery_seconds}
                    for flow, level in CLAIMS.service_levels.items()
                },
            )
        )  # fmt: skip
        with (path / "history.jsonl").open("wb") as file:
            file.writelines(self.lines())
        return folder

    def lines(self) -> Iterator[bytes]:
        """Yield the history, line by line; once only."""
        book = self._book
        self._opening()
        book.at(2.0, self._begins)
        book.at(3.0, self._operators)
        book.at(6.0, self._fault)
        book.at(4.0, self._arrival)
        yield from book.play()
        book.event(0.1, "harness", "phase", "the peak", outcome="end")
        book.event(0.2, "harness", "disclosure", "scanned", outcome="scanned", value={
            "lines": {"log connector.log": self._events}, "canaries": {"token": 3}})  # fmt: skip
        yield from book.play()
        self._stock()
        for checkpoint in ("settled", "reconciled"):
            yield from book.reads(checkpoint)

    @property
    def _enough(self) -> bool:
        return self.orders * ORDER_EVENTS + ITEMS * ITEM_EVENTS >= self._events

    def _opening(self) -> None:
        """Products and stock are put there before the story."""
        book = self._book
        for item in book.items:
            commit = book.number("commit")
            book.change(0.1, "product_product", item.product, "insert", commit, {
                "active": True, "barcode": None, "default_code": item.sku,
                "product_tmpl_id": item.product})  # fmt: skip
            book.final("odoo", "product", str(item.product),
                       {"id": item.product, "sku": item.sku})  # fmt: skip
            for code in (MAIN, *SHOPS):
                book.quant(0.2, item, code, commit, "insert")
            book.level(0.3, item, 0, kind="seed")
        for code, number in ((MAIN, 5), (SHOPS[0], 8), (SHOPS[1], 9)):
            book.final("odoo", "location", str(number), {"id": number, "code": code})

    def _begins(self) -> None:
        self._book.event(0.0, "harness", "phase", "the peak", outcome="begin")

    def _stock(self) -> None:
        """Read the stock of both sides."""
        book = self._book
        for item in [*book.items, book.strange]:
            book.final("shopify", "level", f"{item.sku}@{MAIN}", {
                "sku": item.sku, "location_code": MAIN, "available": item.available,
                "on_hand": item.available, "committed": 0, "tracked": True})  # fmt: skip
            for code, units in item.on_hand.items():
                reserved = item.reserved if code == MAIN else 0
                book.final("odoo", "stock", f"{item.sku}@{code}", {
                    "sku": item.sku, "location_code": code, "on_hand": units,
                    "reserved": reserved, "promised": reserved,
                    "free": units - reserved})  # fmt: skip

    def _fault(self) -> None:
        """The carrier breaks down for a while, again and again."""
        book, key = self._book, f"fault-{self._book.number('fault')}"
        value = {"options": {"simulator": "carrier", "operation": "*.track", "count": 1}}
        for after, outcome in ((0.0, "planned"), (0.1, "injected"), (0.2, "fired")):
            book.event(after, "harness", "fault", "api_errors", key, outcome, value)
        book.event(FAULT_SECONDS, "harness", "fault", "api_errors", key, "healed", value)
        if not self._enough:
            book.at(book.now + FAULT_EVERY_SECONDS, self._fault)

    # What comes in

    def _arrival(self) -> None:
        """One shopper, and what else happens about once a second; then the next one."""
        book, random = self._book, self._random
        if self._enough:
            return
        self._shopper()
        if random.random() < 0.25:
            self._till()
        if random.random() < 0.025:
            self._goods_arrive()
        if random.random() < 0.2:
            book.event(0.0, "connector", "sample", "queue_depth",
                       value={"pending": random.randrange(20), "failed": 0})  # fmt: skip
            call(book, 0.05, "shopify", "orders", {"query": f"updated_at:>={book.now:.3f}"})
        book.at(book.now + random.uniform(0.2, 1.8) / ORDERS_A_SECOND, self._arrival)

    def _shopper(self) -> None:
        book, random = self._book, self._random
        email, customer, new = self._customer()
        basket = [self._item()]
        if random.random() < 0.1:
            place = random.randrange(ITEMS // HOT_EVERY) ** 2 // (ITEMS // HOT_EVERY)
            basket = [book.items[(place + 1) * HOT_EVERY - 1]]
        while random.random() < 0.3 and len(basket) < 4:
            item = self._item()
            basket += [item] if item not in basket else []
        short = next((item for item in basket if item.available < 1), None)
        if short is not None and "oversold item" not in self._planted:
            sold_out(book, email, short)
            return
        self.orders += 1
        number = self.orders
        units = [1 if item.hot else random.choice((1, 1, 2)) for item in basket]
        first, last = NAMES[customer % len(NAMES)], f"Buyer {customer}"
        order = Order(
            number=number,
            time=round(book.now, 6),
            customer=customer if customer < 10_000_000 else 0,
            email=email,
            first=first,
            last=last,
            partner=customer,
            address={"first_name": first, "last_name": last, "address1": f"{customer} Main Street",
                     "address2": None, "city": CITIES[customer % len(CITIES)],
                     "province_code": "TX", "zip": f"{10000 + customer % 80000}",
                     "country_code": "US", "phone": "+15125550003"},
            lines=[Line(book.number("line"), item, count, count)
                   for item, count in zip(basket, units, strict=True)],
        )  # fmt: skip
        checkout(book, order)
        book.at(book.now + 0.1, lambda: self._gateway.charged(order))
        if short is not None:  # the one that is oversold stays where it is, for it cannot be sent
            self._planted.discard("oversold item")
        order.cents_off = int(number == CENT and "a cent" in self._planted)
        if number == LOST and "lost order" in self._planted:
            return
        book.at(book.now + 0.2, lambda: imported(book, order, new))
        book.at(book.now + 0.5, lambda: confirmed(book, order))
        if short is None:
            self._later(order)

    def _customer(self) -> tuple[str, int, bool]:
        """Return e-mail, number and newness of who buys: a guest, somebody new, or known."""
        book, random = self._book, self._random
        draw = random.random()
        if draw < 0.1:
            number = book.number("guest", 10_000_000)
            return f"guest.{number}@example.com", number, True
        known = self._customers
        if draw < 0.5 or not known:
            number = book.number("customer", 100)
            known.append((f"shopper.{number}@example.com", ""))
            return f"shopper.{number}@example.com", number, True
        number = 100 + random.randrange(len(known))
        return f"shopper.{number}@example.com", number, False

    def _item(self) -> Item:
        number = self._random.randrange(ITEMS)
        item = self._book.items[number]
        return self._book.items[number - 1] if item.hot else item

    def _later(self, order: Order) -> None:
        """Draw what becomes of an order: edited, cancelled, or sent and perhaps refunded."""
        book, draw = self._book, self._random.random()
        if draw < 0.03 and not order.lines[0].item.hot:
            book.at(book.now + 10, lambda: edited(book, order))
            book.at(book.now + 10.3, lambda: changed(book, order))
        elif draw < 0.05:
            book.at(book.now + 10, lambda: self._cancel(order))
            return
        if draw < 0.92:
            sent = book.now + self._random.uniform(20, 60)
            book.at(sent, lambda: self._ship(order))
            if draw > 0.82:
                book.at(sent + 20, lambda: self._refund(order))

    def _ship(self, order: Order) -> None:
        doubled = order.number >= DOUBLED and "doubled label" in self._planted
        if doubled:
            self._planted.discard("doubled label")
        shipped(self._book, order, 2 if doubled else 1)
        self._gateway.invoiced(order)

    def _cancel(self, order: Order) -> None:
        book = self._book
        amount, _ = refunded(book, order, [line.now for line in order.lines], "CANCEL")
        book.at(book.now + 0.1, lambda: self._gateway.refunded(order, amount, 0))
        book.at(book.now + 0.3, lambda: released(book, order))

    def _refund(self, order: Order) -> None:
        book = self._book
        units = [1, *(0 for _ in order.lines[1:])]
        amount, tax = refunded(book, order, units, "RETURN")
        if amount > APPROVAL_ABOVE:
            self._approved(order)

        def book_it() -> None:
            note = credited(book, order, amount, tax)
            returned(book, order, units)
            self._gateway.refunded(order, amount, note)

        book.at(book.now + 0.6, book_it)

    def _approved(self, order: Order) -> None:
        book, key = self._book, f"op-{self._book.number('operation')}"
        who, identity = "head of accounts", book.number("approval")
        book.event(0.3, who, "operation", "approve", key, "invoke", {
            "system": "connector", "arguments": {"order": order.gid, "who": who},
            "label": ""})  # fmt: skip
        book.event(0.4, who, "operation", "approve", key, "ok",
                   {"result": {"approvals": [identity], "who": who}})  # fmt: skip
        book.final("connector", "approval", str(identity), {
            "id": identity, "flow": "returns", "record": order.refunds[0]["id"],
            "order": order.gid, "amount": order.refunds[0]["amount"], "currency": "USD",
            "pending": False, "who": who, "asked_at": "2026-11-20 10:00:00+00",
            "approved_at": "2026-11-20 10:00:01+00"})  # fmt: skip

    # The other trades

    def _till(self) -> None:
        random = self._random
        basket = [(self._item(), random.choice((1, 1, 2)))]
        tender = random.choice(("cash", "card"))
        self._tills.sale(random.choice(SHOPS), basket, tender, random.random() < 0.03)

    def _goods_arrive(self) -> None:
        """A pallet comes into the warehouse, and the connector tells the channel."""
        book, item, key = self._book, self._item(), f"op-{self._book.number('operation')}"
        arguments = {"sku": item.sku, "quantity": 20, "location_code": MAIN}
        book.event(0.0, "store-1", "operation", "receive_stock", key, "invoke",
                   {"system": "odoo", "arguments": arguments, "label": ""})  # fmt: skip
        commit = book.number("commit")
        item.on_hand[MAIN] += 20
        book.change(0.05, "stock_move", 3_000_000_000 + commit, "insert", commit, {
            "state": "done", "picked": True, "quantity": "20.00", "reference": None,
            "picking_id": None, "product_id": item.product, "location_id": 11,
            "sale_line_id": None, "product_uom_qty": "20.00", "location_dest_id": 5,
            "origin_returned_move_id": None})  # fmt: skip
        book.quant(0.05, item, MAIN, commit)
        book.event(0.1, "store-1", "operation", "receive_stock", key, "ok",
                   {"result": {"quantity": 20}})  # fmt: skip
        book.at(book.now + 0.8, lambda: self._push(item))

    def _push(self, item: Item) -> None:
        """The connector shows what is free in Odoo, less what Odoo is still to hear of."""
        book = self._book
        target = item.on_hand[MAIN] - item.reserved - item.taken
        quantities = [{"inventoryItemId": item.product, "quantity": target}]
        request = call(book, 0.0, "shopify", "inventorySetQuantities",
                       {"input": {"name": "available", "quantities": quantities}},
                       operation_type="mutation")  # fmt: skip
        cause = {"kind": "api", "id": request, "request": request}
        book.level(0.001, item, target - item.available, **cause)
        if book.number("push") % 20 == 0:  # refused for a moment, and tried again in time
            cost = {"requested": 92, "actual": None, "available": 10}
            for after, outcome, codes in ((1.0, "fail", ["THROTTLED"]), (2.5, "ok", [])):
                call(book, after, "shopify", "order", {"id": request}, outcome, error_codes=codes,
                     cost=cost if codes else None)  # fmt: skip

    def _operators(self) -> None:
        """An order names an item that Odoo lacks: listed, put right and tried again."""
        book = self._book
        self.orders += 1
        order = Order(
            number=self.orders, time=round(book.now, 6), customer=99, partner=99,
            email="shopper.99@example.com", first="Ada", last="Strange",
            address={"first_name": "Ada", "last_name": "Strange", "address1": "99 Main Street",
                     "address2": None, "city": "Austin", "province_code": "TX", "zip": "78701",
                     "country_code": "US", "phone": "+15125550003"},
            lines=[Line(book.number("line"), book.strange, 1, 1)],
        )  # fmt: skip
        checkout(book, order)
        listed = [order.gid]
        self._operated(5.0, "inspect", {"listed": listed, "gauge": 1.0, "audited": {listed[0]: 1}})
        for after in (6.0, 6.5):
            self._operated(after, "replay", {"replayed": listed})
        self._operated(9.0, "inspect", {"listed": [], "gauge": 0.0, "audited": {}})
        book.at(book.now + 7, lambda: imported(book, order, True))
        book.at(book.now + 7.5, lambda: confirmed(book, order))

    def _operated(self, after: float, action: str, result: dict[str, object]) -> None:
        key = f"op-{self._book.number('operation')}"
        self._book.event(after, "operator", "operation", action, key, "invoke",
                         {"system": "connector", "arguments": {}, "label": ""})  # fmt: skip
        self._book.event(after + 0.1, "operator", "operation", action, key, "ok",
                         {"result": result})  # fmt: skip
