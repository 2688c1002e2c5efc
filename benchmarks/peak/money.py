"""The gateway's balance, its payouts at the bank, and the lines of both in Odoo."""

from typing import Any

from benchmarks.peak.book import Book, money
from benchmarks.peak.orders import Order, call
from benchmarks.peak.warehouse import entry

__all__ = ["Gateway"]

DAY = "2026-11-20"
PAYOUT_CHARGES = 50  # movements that are paid out together
LISTED = 20  # movements that the connector asks for at once


class Gateway:
    """What shoppers paid, and where it went."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._waiting: list[tuple[str, int]] = []  # movements not paid out, with their net
        self.unbooked: set[str] = set()  # movements of which Odoo is to get no line

    def charged(self, order: Order) -> None:
        """An order is paid: the balance moves, and the connector writes it down."""
        book, order.charge = self._book, f"ch_{order.number:024d}"
        charge = {
            "id": order.charge, "order_reference": order.name, "amount": money(order.paid),
            "currency": "USD", "amount_refunded": "0.00", "captured": True,
            "status": "succeeded", "disputed": False, "created": f"{DAY}T15:00:00Z",
        }  # fmt: skip
        book.event(0.0, "gateway", "state", "charge", order.charge, "", charge)
        book.final("gateway", "charge", order.charge, charge)
        fee = order.paid * 29 // 1000 + 30
        order.line = self._moved("charge", order.charge, order.paid, fee)

    def refunded(self, order: Order, amount: int, note: int) -> None:
        """Money goes back to a shopper; ``note`` is the credit note for it, 0 for none."""
        book, identity = self._book, f"re_{order.number:024d}"
        refund = {"id": identity, "charge_id": order.charge, "amount": money(amount),
                  "currency": "USD", "status": "succeeded", "created": f"{DAY}T15:00:00Z"
                  }  # fmt: skip
        book.event(0.0, "gateway", "state", "refund", identity, "", refund)
        book.final("gateway", "refund", identity, refund)
        line = self._moved("refund", identity, -amount, 0)
        if note:
            self._final_line(line, f"txn_{identity}", -amount, "GWUSD", invoices=(note,))

    def invoiced(self, order: Order) -> None:
        """The line of a charge is reconciled with the invoice of its order."""
        identity, invoices = f"txn_{order.charge}", (order.invoice,)
        self._final_line(order.line, identity, order.paid, "GWUSD", invoices=invoices)

    def _moved(self, kind: str, source: str, amount: int, fee: int) -> int:
        """The balance moves by what a source says; return the id of Odoo's line of it."""
        book, identity = self._book, f"txn_{source}"
        record: dict[str, Any] = {
            "id": identity, "type": kind, "amount": money(amount), "fee": money(fee),
            "net": money(amount - fee), "currency": "USD", "source": source, "payout_id": None,
            "available_on": f"{DAY}T15:00:00Z", "created": f"{DAY}T15:00:00Z",
        }  # fmt: skip
        book.event(0.001, "gateway", "state", "balance_transaction", identity, "", record)
        book.final("gateway", "balance_transaction", identity, record)
        number = self._line(f"{identity}", amount)
        if fee:
            self._line(f"{identity}_fee", -fee, reconciled=True)
        if kind != "payout":
            self._waiting.append((identity, amount - fee))
            if len(self._waiting) >= PAYOUT_CHARGES:
                book.at(book.now + 1.0, self._pay_out)
        if number % LISTED == 0:
            call(book, 0.1, "gateway", "balance_transactions.list", {"starting_after": identity})
            call(book, 0.2, "odoo", "account.bank.statement.line.load", {
                "fields": ["id", "amount"], "data": [["x" * 60, "12.00"]] * LISTED})  # fmt: skip
        return number

    def _line(self, identity: str, cents: int, journal: str = "GWUSD",
              **settled: Any) -> int:  # fmt: skip
        """Odoo commits a bank line with its entry; return its id."""
        book, number = self._book, self._book.number("bank line")
        move = book.number("account move")
        for after, outcome in ((0.4, "insert"), (0.5, "update")):
            commit = book.number("commit")
            book.change(after, "account_bank_statement_line", number, outcome, commit, {
                "amount": money(cents), "move_id": move, "journal_id": 8, "partner_id": None,
                "payment_ref": identity, "statement_id": None, "is_reconciled": None,
                "amount_residual": None, "transaction_type": None})  # fmt: skip
            book.change(after, "account_move", move, outcome, commit, {
                "ref": identity, "date": DAY, "name": None, "move_type": "entry",
                "state": "draft" if outcome == "insert" else "posted", "amount_tax": None,
                "journal_id": 8, "partner_id": None, "currency_id": 1, "amount_total": None,
                "payment_state": None, "amount_untaxed": None, "invoice_origin": None,
                "amount_residual": None, "reversed_entry_id": None,
                "statement_line_id": number})  # fmt: skip
            for place in range(2):
                entry(book, after, 1_000_000_000 + number * 2 + place, move, commit, cents, outcome)
        self._final_line(number, identity, cents, journal, **settled)
        return number

    def _final_line(
        self, number: int, identity: str, cents: int, journal: str, *, reconciled: bool = False,
        counterparts: tuple[int, ...] = (), invoices: tuple[int, ...] = (),
    ) -> None:  # fmt: skip
        if identity in self.unbooked:
            return
        self._book.final("odoo", "bank_line", identity, {
            "id": number, "journal": journal, "currency": "USD", "amount": money(cents),
            "date": DAY, "state": "posted", "payment_ref": identity,
            "unique_import_id": identity, "statement": "", "partner_name": "", "ref": identity,
            "is_reconciled": reconciled or bool(counterparts) or bool(invoices),
            "counterparts": counterparts, "invoices": invoices})  # fmt: skip

    def _pay_out(self) -> None:
        """The gateway pays out what waits, the bank books it, both stand in Odoo."""
        book, waiting = self._book, self._waiting[:PAYOUT_CHARGES]
        del self._waiting[: len(waiting)]
        amount = sum(net for _, net in waiting)
        if len(waiting) < PAYOUT_CHARGES or amount <= 0:
            self._waiting[:0] = waiting
            return
        number = book.number("payout")
        payout, transaction = f"po_{number:024d}", f"bank-{number:08d}-4f1c-9709-8876c9422a4b"
        record = {
            "id": payout, "amount": money(amount), "currency": "USD", "status": "paid",
            "arrival_date": DAY, "reference": f"ST-{number:012d}", "automatic": True,
            "transaction_ids": [identity for identity, _ in waiting],
            "created": f"{DAY}T15:00:00Z",
        }  # fmt: skip
        book.event(0.0, "gateway", "state", "payout", payout, "", record)
        book.final("gateway", "payout", payout, record)
        out = self._moved("payout", payout, -amount, 0)
        booked = {
            "id": transaction, "account": "MAIN", "amount": money(amount), "currency": "USD",
            "status": "booked", "booking_date": DAY, "value_date": DAY,
            "counterparty": "Payment Gateway", "remittance": f"ST-{number:012d}",
            "end_to_end_id": payout, "reference": f"PK{number:014d}", "kind": "transfer",
            "reversal_of": "", "batch_of": [],
        }  # fmt: skip
        book.event(0.1, "bank", "state", "transaction", transaction, "", booked)
        book.final("bank", "transaction", transaction, booked)
        call(book, 0.2, "bank", "accounts.transactions", {"account": "MAIN", "page": number})
        came = self._line(transaction, amount, "BNK1")
        self._final_line(out, f"txn_{payout}", -amount, "GWUSD", counterparts=(came,))
        self._final_line(came, transaction, amount, "BNK1", counterparts=(out,))
