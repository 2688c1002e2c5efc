"""The shops: sales and refunds at the till, days that are closed, and what Odoo makes of them."""

from typing import Any

import msgspec

from benchmarks.peak.book import SHOPS, Book, Item, money, tax_on
from benchmarks.peak.orders import call

__all__ = ["Tills"]

DAY_SALES = 10  # after so many sales a shop's day is closed


class Day(msgspec.Struct):
    """A shop's day so far: its sales, and cash and card by sales and refunds, in cents."""

    number: int
    sales: list[str] = []
    sold: dict[str, int] = msgspec.field(default_factory=lambda: {"cash": 0, "card": 0})
    back: dict[str, int] = msgspec.field(default_factory=lambda: {"cash": 0, "card": 0})


class Tills:
    """The tills of all shops."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._days = {code: self._open() for code in SHOPS}

    def _open(self) -> Day:
        return Day(self._book.number("session"))

    def sale(
        self, code: str, basket: list[tuple[Item, int]], tender: str, comes_back: bool
    ) -> None:
        """A cashier sells; some baskets come back as a whole."""
        book, number = self._book, self._book.number("sale")
        identity, reference = f"SQ{number:025d}", f"{code}-{number:06d}"
        key, day = f"op-{book.number('operation')}", self._days[code]
        lines, total = [], 0
        for item, units in basket:
            cost = item.price * units
            total += cost + tax_on(cost)
            lines.append({"sku": item.sku, "name": item.sku, "quantity": units,
                          "total": money(cost + tax_on(cost)), "tax": money(tax_on(cost)),
                          "discount": "0.00"})  # fmt: skip
        source = f"cashier:{code}"
        given = [{"sku": item.sku, "quantity": units} for item, units in basket]
        book.event(0.0, source, "operation", "sale", key, "invoke", {
            "system": "pos", "label": "", "arguments": {
                "location_code": code, "lines": given, "tender": tender}})  # fmt: skip
        record = {
            "id": identity, "reference": reference, "location_code": code,
            "state": "completed", "lines": lines, "total": money(total), "tax": "0.00",
            "discount": "0.00", "tip": "0.00", "refunded": "0.00", "currency": "USD",
            "tender": tender, "payment_ids": [f"PAY{number:025d}"], "customer_id": "",
            "created": "2026-11-20T15:00:00.000Z", "arrived": "2026-11-20T15:00:00.000Z",
            "arrived_seconds": round(book.now, 6), "offline": False, "duplicate_of": "",
            "channel_order": "",
        }  # fmt: skip
        book.event(0.001, "pos", "state", "sale", identity, "", record)
        book.final("pos", "sale", identity, record)
        book.event(0.002, source, "operation", "sale", key, "ok", {"result": {
            "order_id": identity, "payment_id": f"PAY{number:025d}", "reference": reference,
            "total": money(total), "currency": "USD", "offline": False}})  # fmt: skip
        day.sales.append(identity)
        day.sold[tender] += total
        call(book, 0.1, "pos", "orders.get", {"order_id": identity})
        call(book, 0.12, "pos", "payments.get", {"payment_id": f"PAY{number:025d}"})
        booked = self._booked(code, reference, identity, total, basket, tender)
        if comes_back:
            book.at(book.now + 10, lambda: self._refund(identity, booked, code, basket, tender))
        if len(day.sales) == DAY_SALES:
            book.at(book.now + 2, lambda: self._close(code, day))
            self._days[code] = self._open()

    def _booked(
        self, code: str, reference: str, sold: str, total: int, basket: list[tuple[Item, int]],
        tender: str, refund_of: int = 0,
    ) -> int:  # fmt: skip
        """Odoo commits the order of a sale, or of a refund; return its id."""
        book, number = self._book, self._book.number("pos order")
        session, commit = self._days[code].number, book.number("commit")
        sign, picking = -1 if refund_of else 1, book.number("picking")
        call(book, 0.15, "odoo", "pos.order.sync_from_ui", {"orders": [{
            "uuid": f"uuid-{number}", "pos_reference": reference, "amount": money(total),
            "lines": [{"sku": item.sku, "quantity": units * sign} for item, units in basket]}]
            })  # fmt: skip
        for outcome, state in (("insert", "draft"), ("update", "paid")):
            book.change(0.2, "pos_order", number, outcome, commit, {
                "name": f"{code} - {number:06d}", "uuid": f"uuid-{number}", "state": state,
                "partner_id": None, "session_id": session, "amount_paid": money(total),
                "account_move": None, "amount_total": money(total),
                "pos_reference": reference})  # fmt: skip
            book.change(0.2, "stock_picking", picking, outcome, commit, {
                "name": f"{code}/POS/{picking}", "state": "done", "origin": reference,
                "sale_id": None, "picking_type_id": 9, "backorder_id": None, "return_id": None,
                "carrier_id": None, "carrier_tracking_ref": None, "location_id": 8,
                "location_dest_id": 11, "date_done": None})  # fmt: skip
        for item, units in basket:
            item.on_hand[code] -= units * sign
            move = 2_000_000_000 + book.number("till move")
            for outcome in ("insert", "update"):
                book.change(0.2, "stock_move", move, outcome, commit, {
                    "state": "done", "picked": True, "quantity": f"{units}.00",
                    "reference": reference, "picking_id": picking, "product_id": item.product,
                    "location_id": 8, "sale_line_id": None, "product_uom_qty": f"{units}.00",
                    "location_dest_id": 11, "origin_returned_move_id": None})  # fmt: skip
            book.quant(0.2, item, code, commit)
        book.final("odoo", "pos_order", str(number), {
            "id": number, "name": f"{code} - {number:06d}", "pos_reference": reference,
            "uuid": f"uuid-{number}", "state": "done", "currency": "USD",
            "note": f"Square {sold}", "internal_note": "", "session_id": session,
            "amount_total": money(total), "amount_tax": "0.00", "amount_paid": money(total),
            "refunded_order_ids": [refund_of] if refund_of else [],
            "lines": [{"id": number * 10 + place, "sku": item.sku, "quantity": units * sign}
                      for place, (item, units) in enumerate(basket)],
            "payments": [{"id": number, "amount": money(total), "method": tender,
                          "is_cash": tender == "cash", "transaction_id": "", "uuid": ""}],
        })  # fmt: skip
        return number

    def _refund(
        self, sale: str, booked: int, code: str, basket: list[tuple[Item, int]], tender: str
    ) -> None:
        """A sale is taken back as a whole, and its goods go back on the shelf."""
        book, identity = self._book, f"SR{self._book.number('till refund'):025d}"
        key, day, source = f"op-{book.number('operation')}", self._days[code], f"cashier:{code}"
        costs = [item.price * units for item, units in basket]
        total = sum(cost + tax_on(cost) for cost in costs)
        book.event(0.0, source, "operation", "refund_sale", key, "invoke", {
            "system": "pos", "label": "",
            "arguments": {"order_id": sale, "restock": True}})  # fmt: skip
        record: dict[str, Any] = {
            "id": identity, "sale_id": sale, "reference": sale, "amount": money(total),
            "location_code": code, "tender": tender, "currency": "USD", "state": "completed",
            "restocked": True, "created": "2026-11-20T15:00:00.000Z",
            "lines": [{"sku": item.sku, "quantity": units} for item, units in basket],
            "return_order_id": f"RO{identity}",
        }  # fmt: skip
        book.event(0.001, "pos", "state", "sale_refund", identity, "", record)
        book.final("pos", "sale_refund", identity, record)
        book.event(0.002, source, "operation", "refund_sale", key, "ok",
                   {"result": {"refund_id": identity, "amount": money(total)}})  # fmt: skip
        call(book, 0.1, "pos", "refunds.get", {"refund_id": identity})
        day.back[tender] += total
        self._booked(code, f"REFUND-{identity}", sale, -total, basket, tender, refund_of=booked)

    def _close(self, code: str, day: Day) -> None:
        """A shop's day is closed at the till and in Odoo."""
        book, key = self._book, f"op-{self._book.number('operation')}"
        total, back = sum(day.sold.values()), sum(day.back.values())
        counted = money(10000 + day.sold["cash"] - day.back["cash"])
        source, name = f"cashier:{code}", f"day-{day.number}@{code}"
        book.event(0.0, source, "operation", "close_day", key, "invoke", {
            "system": "pos", "arguments": {"location_code": code}, "label": ""})  # fmt: skip
        record = {
            "location_code": code, "date": f"day-{day.number}", "currency": "USD",
            "sales_count": len(day.sales), "sale_ids": day.sales, "total": money(total),
            "tax": "0.00", "tip": "0.00", "net": money(total - back),
            "tenders": {tender: money(cents) for tender, cents in day.sold.items()},
            "refunds": {tender: money(cents) for tender, cents in day.back.items()},
            "refund_total": money(back), "opening_cash": "100.00", "counted_cash": counted,
            "difference": "0.00", "closed": "2026-11-20T20:00:00.000Z",
        }  # fmt: skip
        book.event(0.001, "pos", "state", "day_close", name, "", record)
        book.final("pos", "day_close", name, record)
        book.event(0.002, source, "operation", "close_day", key, "ok", {"result": record})
        call(book, 0.1, "odoo", "pos.session.post_closing_cash_details", {"ids": [day.number]})
        book.final("odoo", "pos_session", str(day.number), {
            "id": day.number, "name": f"{code}/{day.number:05d}", "state": "closed",
            "config": code, "opening_cash": "100.00", "counted_cash": counted})  # fmt: skip
