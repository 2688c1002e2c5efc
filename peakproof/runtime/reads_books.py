"""Final reads of Odoo's books: bank lines, invoices and credit notes, payments.

By SQL, like ``reads``; money as decimal strings in the currency named beside it.
"""

from typing import Any

import psycopg
from psycopg.rows import dict_row

from peakproof.runtime.reads import decimal_text

__all__ = ["read_bank_lines", "read_entries", "read_invoices", "read_payments"]

Record = dict[str, Any]

BANK_LINES = """
select l.id, j.code as journal, c.name as currency, c.decimal_places, l.amount, m.date,
       m.state, l.payment_ref,
       coalesce(nullif(to_jsonb(l) ->> 'unique_import_id', ''), d.name) as unique_import_id,
       l.is_reconciled, s.name as statement, l.partner_name, m.ref, array(
           select distinct other.statement_line_id
           from account_move_line item
           join account_partial_reconcile part
               on item.id in (part.debit_move_id, part.credit_move_id)
           join account_move_line other
               on other.id in (part.debit_move_id, part.credit_move_id) and other.id <> item.id
           where item.move_id = l.move_id and other.statement_line_id is not null
       ) as counterparts, array(
           select distinct document.id
           from account_move_line item
           join account_partial_reconcile part
               on item.id in (part.debit_move_id, part.credit_move_id)
           join account_move_line other on other.id in (part.debit_move_id, part.credit_move_id)
           join account_move document
               on document.id = other.move_id
               and document.move_type in ('out_invoice', 'out_refund')
           where item.move_id = l.move_id
       ) as invoices
from account_bank_statement_line l
join account_move m on m.id = l.move_id
join account_journal j on j.id = m.journal_id
join res_company b on b.id = j.company_id
join res_currency c on c.id = coalesce(j.currency_id, b.currency_id)
left join account_bank_statement s on s.id = l.statement_id
left join ir_model_data d on d.model = 'account.bank.statement.line' and d.res_id = l.id
order by l.id
"""
ENTRIES = """
select m.id, m.name, m.state, m.ref, m.date, j.code as journal, c.name as currency,
       c.decimal_places,
       coalesce(sum(case when j.currency_id is null or j.currency_id = l.company_currency_id
                         then l.balance else l.amount_currency end)
                filter (where l.account_id = j.default_account_id), 0) as amount,
       array_remove(array_agg(l.name order by l.id), null) as labels
from account_move m
join account_journal j on j.id = m.journal_id and j.type in ('bank', 'cash')
join account_move_line l on l.move_id = m.id
join res_currency c on c.id = coalesce(j.currency_id, l.company_currency_id)
where m.move_type = 'entry' and m.statement_line_id is null
  and not exists (select from account_payment p where p.move_id = m.id)
group by m.id, j.id, c.id
order by m.id
"""
INVOICES = """
select m.id, m.name, m.move_type, m.state, m.payment_state, c.name as currency,
       c.decimal_places, m.amount_untaxed, m.amount_tax, m.amount_total, m.amount_residual,
       m.invoice_origin, m.ref, m.reversed_entry_id
from account_move m join res_currency c on c.id = m.currency_id
where m.move_type in ('out_invoice', 'out_refund')
order by m.id
"""
PAYMENTS = """
select p.id, p.name, p.state, p.payment_type, p.amount, c.name as currency, c.decimal_places,
       p.memo, p.is_matched, j.code as journal
from account_payment p
join res_currency c on c.id = p.currency_id
join account_journal j on j.id = p.journal_id
order by p.id
"""


def read_bank_lines(dsn: str) -> dict[str, Record]:
    """Return every bank statement line by id: journal, amount, date, how it was recognised.

    ``unique_import_id`` is the identity under which it was imported, or its external id;
    ``counterparts`` are the bank lines that it is reconciled with, ``invoices`` the customer
    invoices and credit notes.
    """
    return _rows(dsn, "account_bank_statement_line", BANK_LINES, ("amount",))


def read_entries(dsn: str) -> dict[str, Record]:
    """Return every entry of a bank's journal that is neither a bank line nor a payment, by id.

    ``amount`` is what it moves on the journal's own account; ``labels`` are its lines' texts.
    """
    return _rows(dsn, "account_move", ENTRIES, ("amount",))


def read_invoices(dsn: str) -> dict[str, Record]:
    """Return every customer invoice and credit note by id."""
    amounts = ("amount_untaxed", "amount_tax", "amount_total", "amount_residual")
    return _rows(dsn, "account_move", INVOICES, amounts)


def read_payments(dsn: str) -> dict[str, Record]:
    """Return every payment by id."""
    return _rows(dsn, "account_payment", PAYMENTS, ("amount",))


def _rows(dsn: str, table: str, statement: str, amounts: tuple[str, ...]) -> dict[str, Record]:
    """Return a query's rows by id; nothing where the database has no such table."""
    records: dict[str, Record] = {}
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        found = connection.execute("select to_regclass(%s) as name", [f"public.{table}"]).fetchone()
        if found is None or found["name"] is None:
            return records
        for row in connection.execute(statement.encode()):
            places = row.pop("decimal_places")
            record = {name: "" if value is None else value for name, value in row.items()}
            record |= {name: decimal_text(row[name], places) for name in amounts}
            if "date" in record:
                record["date"] = str(record["date"])
            records[str(row["id"])] = record
    return records
