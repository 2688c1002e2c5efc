"""The third door: files that published readers and ISO's schemas accept, all telling the same."""

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import pytest

from peakproof.plan import BankAccount
from peakproof.simkit import SimulatorRefused
from tests.simulators.bank.conftest import IBAN, plan
from tests.simulators.bank.readers import Read, read_camt, read_mt940, read_ofx

FORMATS = {"camt053": read_camt, "camt053_v2": read_camt, "ofx": read_ofx, "mt940": read_mt940}
NASTY = "Überweisung: <Rechnung> & Söhne 'n' \"Co\" \u2013 \u2116 5 ]]> :86:x " * 9


def delivered(bank: Any, form: str, **arguments: Any) -> tuple[Read, dict[str, Any]]:
    result = bank.act("issue_statement", format=form, **arguments)
    content = Path(result["path"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == result["sha256"]
    return FORMATS[form](content), result


def busy_day(bank: Any) -> list[dict[str, Any]]:
    """Return the records of a day on which everything happens."""
    credit = bank.act("receive", amount="120.00", counterparty="Ada Lovelace",
                      remittance="Order 1001", end_to_end_id="E2E-1001")  # fmt: skip
    debit = bank.act("pay_out", amount="2000.05", counterparty="Supplier GmbH",
                     remittance="Invoice 9", end_to_end_id="OUT-9")  # fmt: skip
    return [
        credit,
        debit,
        bank.act("pay_out", amount="4.90", kind="fee"),
        bank.act("batch", payments=[
            {"amount": "10.00", "counterparty": "B1", "end_to_end_id": "X1", "remittance": "R1"},
            {"amount": "0.07", "counterparty": "B2", "end_to_end_id": "X2"},
        ]),
        bank.act("return_payment", transaction=credit["id"]),
        bank.act("return_payment", transaction=debit["id"], reason="AC01"),
        bank.act("receive", amount="0.01", counterparty=NASTY[:70], remittance=NASTY,
                 end_to_end_id="//strange//" + "9" * 24),
        bank.act("receive", amount="33.33",
                 value_date=(bank.today() + timedelta(days=2)).isoformat()),
    ]  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_a_busy_day(bank: Any, form: str) -> None:
    records = busy_day(bank)
    read, result = delivered(bank, form)
    assert read.account == IBAN
    assert read.currency == "EUR"
    assert read.bookings() == [
        (
            Decimal(one["amount"]),
            date.fromisoformat(one["booking_date"]),
            date.fromisoformat(one["value_date"]),
            one["reference"],
        )
        for one in records
    ]
    assert read.opening in (None, Decimal("1000.00"))
    total = sum((line.amount for line in read.lines), Decimal("1000.00"))
    assert read.closing == total == Decimal(result["closing_balance"])
    assert str(total) == bank.client.snapshot()["account"]["MAIN"]["balance"]
    assert result["transaction_ids"] == [one["id"] for one in records]
    assert len({line.reference for line in read.lines}) == len(records), "unique references"


@pytest.mark.parametrize("form", ["camt053", "camt053_v2"])
def test_camt_tells_payments_of_a_batch_names_and_reversals(bank: Any, form: str) -> None:
    busy_day(bank)
    read, result = delivered(bank, form)
    assert read.sequence == result["sequence"] == 1
    credit, debit, fee, batch, back, again, nasty, _ = read.lines
    assert credit.details == [(Decimal("120.00"), "E2E-1001", "Ada Lovelace")]
    assert debit.name == "Supplier GmbH"
    assert fee.details == [(Decimal("-4.90"), "", "")]
    assert [one[:2] for one in batch.details] == [(Decimal("10.00"), "X1"), (Decimal("0.07"), "X2")]
    assert sum(one[0] for one in batch.details) == batch.amount
    assert [line.reversal for line in read.lines] == [False] * 4 + [True] * 2 + [False] * 2
    assert (back.name, again.name) == ("Ada Lovelace", "Supplier GmbH")
    assert nasty.text == NASTY.strip()
    assert nasty.name == NASTY[:70].strip()
    assert credit.text == "Order 1001"


@pytest.mark.parametrize("form", ["camt053", "camt053_v2"])
def test_camt_has_what_the_odoo_importer_looks_for(bank: Any, form: str) -> None:
    """OCA's account_statement_import_camt reads these places; the sign decides the role."""
    busy_day(bank)
    path = Path(bank.act("issue_statement", format=form)["path"])
    root = Tree.fromstring(path.read_bytes())
    space = root.tag.partition("}")[0] + "}"
    message = root[0]
    assert [node.tag.removeprefix(space) for node in message] == ["GrpHdr", "Stmt"]
    names = {"": space[1:-1]}
    body = message[1]
    for place in ("Id", "Acct/Id/IBAN", "Acct/Ccy"):
        assert body.findtext(place, "", names)
    roles = []
    for entry in body.findall("Ntry", names):
        assert date.fromisoformat(entry.findtext("BookgDt/Dt", "", names))
        total = Decimal(entry.findtext("Amt", "", names))
        amounts = [
            Decimal(one.findtext("Amt", "", names) or one.findtext("AmtDtls/TxAmt/Amt", "", names))
            for one in entry.findall("NtryDtls/TxDtls", names)
        ]
        assert sum(amounts) == total, "one line of Odoo for each payment"
        role = "Dbtr" if entry.findtext("CdtDbtInd", "", names) == "CRDT" else "Cdtr"
        roles.append(entry.find(f"NtryDtls/TxDtls/RltdPties/{role}", names) is not None)
    references = [node.text for node in body.iter(f"{space}AcctSvcrRef")]
    inner = [node.text for node in body.findall("Ntry/NtryDtls/TxDtls/Refs/AcctSvcrRef", names)]
    assert len(inner) == len(set(inner)) == len(references) - len(roles)
    assert roles == [True, True, False, True, False, False, True, False]


def test_ofx_and_mt940_tell_names_and_texts(bank: Any) -> None:
    busy_day(bank)
    ofx, _ = delivered(bank, "ofx")
    assert (ofx.lines[0].name, ofx.lines[0].text) == ("Ada Lovelace", "Order 1001")
    swift, _ = delivered(bank, "mt940")
    assert swift.sequence == 1
    assert swift.lines[0].text.replace("\n", "") == (
        f"/EREF/E2E-1001/NAME/Ada Lovelace/IBAN/{iban(bank)}/REMI/Order 1001"
    )
    assert [line.reversal for line in swift.lines] == [False] * 4 + [True] * 2 + [False] * 2
    text = Path(bank.act("issue_statement", format="mt940", duplicate=True)["path"]).read_text()
    assert all(len(line) <= 69 for line in text.splitlines())


def iban(bank: Any) -> str:
    return str(bank.booked()[-1]["debtorAccount"]["iban"])


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_day_and_a_currency_without_decimals(bank: Any, form: str) -> None:
    read, _ = delivered(bank, form, account="YEN")
    assert (read.closing, read.lines, read.currency) == (Decimal(50_000), [], "JPY")
    bank.next_banking_day()
    bank.act("receive", account="YEN", amount="1234")
    read, _ = delivered(bank, form, account="YEN")
    assert [line.amount for line in read.lines] == [Decimal(1234)]


@pytest.mark.parametrize("form", FORMATS)
def test_accounts_without_a_proper_iban(open_bank: Callable[..., Any], form: str) -> None:
    accounts = [BankAccount(code="A", iban="US-12345 678", currency="USD", opening_balance="-5.00")]
    bank = open_bank(plan(bank_accounts=accounts))
    bank.to_banking_day()
    bank.act("receive", amount="1.00")
    read, _ = delivered(bank, form)
    assert read.account == "US-12345678"
    assert (read.opening or Decimal("-5.00"), read.closing) == (Decimal("-5.00"), Decimal("-4.00"))


def test_statements_are_numbered_by_day_and_continue_each_other(bank: Any) -> None:
    for amount in ("1.00", "2.00", "3.00"):
        bank.act("receive", amount=amount)
        bank.next_banking_day()
    issued = bank.act("issue_due_statements", format="camt053")["statements"]
    assert [one["sequence"] for one in issued] == [1, 2, 3]
    balances = [(one["opening_balance"], one["closing_balance"]) for one in issued]
    assert balances == [("1000.00", "1001.00"), ("1001.00", "1003.00"), ("1003.00", "1006.00")]
    assert bank.act("issue_due_statements")["statements"] == []
    record = bank.client.snapshot()["statement"]["MAIN/2"]
    assert (record["delivered"], record["closing_balance"]) == (1, "1003.00")


def test_a_days_statement_closes_the_day(bank: Any) -> None:
    today = bank.today()
    bank.act("receive", amount="1.00")
    bank.act("issue_statement")
    late = bank.act("receive", amount="2.00")
    assert late["status"] == "pending"
    assert date.fromisoformat(late["booking_date"]) > today
    with pytest.raises(SimulatorRefused, match="day_closed"):
        bank.act("receive", amount="2.00", booking_date=today.isoformat())


def test_a_skipped_statement_leaves_a_gap(bank: Any) -> None:
    days = []
    for amount in ("1.00", "2.00", "3.00"):
        days.append(bank.act("receive", amount=amount)["booking_date"])
        bank.next_banking_day()
    assert bank.act("skip_statement", date=days[1])["sequence"] == 2
    issued = bank.act("issue_due_statements")["statements"]
    assert [one["sequence"] for one in issued] == [1, 3]
    assert bank.client.snapshot()["statement"]["MAIN/2"]["delivered"] == 0
    with pytest.raises(SimulatorRefused, match="already_delivered"):
        bank.act("skip_statement", date=days[0])
    late = bank.act("issue_statement", date=days[1])
    assert late["sequence"] == 2, "it may still come, out of order"


def test_duplicates_are_asked_for(bank: Any) -> None:
    bank.act("receive", amount="1.00")
    with pytest.raises(SimulatorRefused, match="never_delivered"):
        bank.act("issue_statement", duplicate=True)
    first = bank.act("issue_statement")
    with pytest.raises(SimulatorRefused, match="already_delivered"):
        bank.act("issue_statement")
    twin = bank.act("issue_statement", duplicate=True)
    assert twin["sha256"] == first["sha256"]
    assert twin["path"] != first["path"]
    other = bank.act("issue_statement", reissue=True)
    assert other["sha256"] != first["sha256"]
    assert read_camt(Path(other["path"]).read_bytes()).bookings() == (
        read_camt(Path(first["path"]).read_bytes()).bookings()
    )
    assert bank.client.snapshot()["statement"]["MAIN/1"]["delivered"] == 3


def test_days_without_statement(bank: Any) -> None:
    today = bank.today()
    saturday = today + timedelta(days=5 - today.weekday())
    bank.act("pass_days", days=7)
    for day, code in ((today - timedelta(days=9), "no_statement"),
                      (today + timedelta(days=300), "no_statement"),
                      (saturday, "no_banking_day")):  # fmt: skip
        with pytest.raises(SimulatorRefused, match=code):
            bank.act("issue_statement", date=day.isoformat())
    with pytest.raises(SimulatorRefused, match="unknown_format"):
        bank.act("issue_statement", format="pdf")
    bank.act("issue_due_statements")
    with pytest.raises(SimulatorRefused, match="no_statement"):
        bank.act("issue_statement", date=today.isoformat())
