"""A statement as CAMT.053, in the versions 001.02 and 001.08.

    document(statement, "camt053", created_at, "MSG1") -> bytes

Each entry carries the bank's reference (AcctSvcrRef), unique for ever; the payments of a batch
are details of one entry, numbered below its reference. A reversal keeps the roles of the
payment that it takes back, as the ISO usage rules say, and is marked RvslInd.

Not modelled: charges and exchange details, structured creditor references, several pages.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from xml.etree import ElementTree as Tree

from peakproof.simkit import money_text

from .ibans import is_iban
from .statements import Statement
from .transactions import Kind, Payment, Transaction

__all__ = ["BIC", "document"]

BIC = "PEAKDEFFXXX"
_VERSIONS = {"camt053": "camt.053.001.08", "camt053_v2": "camt.053.001.02"}
_TEXT_MAX, _NAME_MAX, _REFERENCE_MAX, _LONG_MAX = 140, 70, 35, 500


class _Writer:
    """Builds elements; ``old`` is version 001.02, whose shape differs here and there."""

    def __init__(self, version: str, currency: str) -> None:
        self.old = version.endswith(".02")
        self.currency = currency

    def put(
        self, parent: Tree.Element, path: str, text: str = "", longest: int = 0
    ) -> Tree.Element:
        """Add nested elements ``A/B/C``; the last holds the text; return the last."""
        for name in path.split("/"):
            parent = Tree.SubElement(parent, name)
        if text:
            parent.text = text[:longest] if longest else text
        return parent

    def amount(self, parent: Tree.Element, amount: Decimal, path: str = "Amt") -> None:
        """Add an amount without its sign."""
        self.put(parent, path, money_text(abs(amount), self.currency)).set("Ccy", self.currency)

    def direction(self, parent: Tree.Element, amount: Decimal) -> None:
        """Add the credit/debit indicator."""
        self.put(parent, "CdtDbtInd", "CRDT" if amount >= 0 else "DBIT")


def document(statement: Statement, form: str, created_at: datetime, message_id: str) -> bytes:
    """Return the file. ``form`` is ``camt053`` (001.08) or ``camt053_v2`` (001.02)."""
    version = _VERSIONS[form]
    writer = _Writer(version, statement.account.currency)
    root = Tree.Element("Document", xmlns=f"urn:iso:std:iso:20022:tech:xsd:{version}")
    message = Tree.SubElement(root, "BkToCstmrStmt")
    header = Tree.SubElement(message, "GrpHdr")
    writer.put(header, "MsgId", message_id, _REFERENCE_MAX)
    writer.put(header, "CreDtTm", _moment(created_at))
    body = Tree.SubElement(message, "Stmt")
    _head(writer, body, statement)
    _balance(writer, body, "OPBD", statement.opening_balance, statement.day)
    _balance(writer, body, "CLBD", statement.closing_balance, statement.day)
    for entry in statement.transactions:
        _entry(writer, body, entry)
    Tree.indent(root)
    text: bytes = Tree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"


def _head(writer: _Writer, body: Tree.Element, statement: Statement) -> None:
    account = statement.account
    number = f"{account.iban[-10:]}-{statement.day:%Y%m%d}-{statement.sequence}"
    writer.put(body, "Id", number, _REFERENCE_MAX)
    writer.put(body, "ElctrncSeqNb", str(statement.sequence))
    writer.put(body, "LglSeqNb", str(statement.sequence))
    writer.put(body, "CreDtTm", _moment(statement.created_at))
    period = writer.put(body, "FrToDt")
    writer.put(period, "FrDtTm", _moment(datetime.combine(statement.day, time(), UTC)))
    writer.put(period, "ToDtTm", _moment(datetime.combine(statement.day, time(23, 59, 59), UTC)))
    owner = writer.put(body, "Acct")
    _account_id(writer, owner, account.iban)
    writer.put(owner, "Ccy", account.currency)
    if account.owner:
        writer.put(owner, "Ownr/Nm", account.owner, _NAME_MAX)
    writer.put(owner, f"Svcr/FinInstnId/{'BIC' if writer.old else 'BICFI'}", BIC)


def _balance(writer: _Writer, body: Tree.Element, code: str, amount: Decimal, day: date) -> None:
    balance = writer.put(body, "Bal")
    writer.put(balance, "Tp/CdOrPrtry/Cd", code)
    writer.amount(balance, amount)
    writer.direction(balance, amount)
    writer.put(balance, "Dt/Dt", day.isoformat())


def _entry(writer: _Writer, body: Tree.Element, entry: Transaction) -> None:
    node = writer.put(body, "Ntry")
    writer.put(node, "NtryRef", entry.reference, _REFERENCE_MAX)
    writer.amount(node, entry.amount)
    writer.direction(node, entry.amount)
    if entry.kind == Kind.RETURN:
        writer.put(node, "RvslInd", "true")
    writer.put(node, "Sts" if writer.old else "Sts/Cd", "BOOK")
    writer.put(node, "BookgDt/Dt", entry.booking_date.isoformat())
    writer.put(node, "ValDt/Dt", entry.value_date.isoformat())
    writer.put(node, "AcctSvcrRef", entry.reference, _REFERENCE_MAX)
    domain = writer.put(node, "BkTxCd/Domn")
    writer.put(domain, "Cd", entry.code.domain)
    family = writer.put(domain, "Fmly")
    writer.put(family, "Cd", entry.code.family)
    writer.put(family, "SubFmlyCd", entry.code.sub_family)
    details = writer.put(node, "NtryDtls")
    if entry.is_batch:
        batch = writer.put(details, "Btch")
        writer.put(batch, "PmtInfId", entry.reference, _REFERENCE_MAX)
        writer.put(batch, "NbOfTxs", str(len(entry.payments)))
        writer.amount(batch, entry.amount, "TtlAmt")
        writer.direction(batch, entry.amount)
    for number, payment in enumerate(entry.payments, 1):
        reference = f"{entry.reference}/{number}" if entry.is_batch else entry.reference
        _payment(writer, details, entry, payment, reference)
    writer.put(node, "AddtlNtryInf", entry.code.text, _LONG_MAX)


def _payment(
    writer: _Writer, details: Tree.Element, entry: Transaction, payment: Payment, reference: str
) -> None:
    node = writer.put(details, "TxDtls")
    references = writer.put(node, "Refs")
    writer.put(references, "AcctSvcrRef", reference, _REFERENCE_MAX)
    if payment.end_to_end_id:
        writer.put(references, "EndToEndId", payment.end_to_end_id, _REFERENCE_MAX)
    if not writer.old:
        writer.amount(node, payment.amount)
        writer.direction(node, payment.amount)
    writer.amount(node, payment.amount, "AmtDtls/TxAmt/Amt")
    if payment.counterparty or payment.counterparty_iban:
        _party(writer, node, entry, payment)
    if payment.remittance:
        information = writer.put(node, "RmtInf")
        for start in range(0, len(payment.remittance), _TEXT_MAX):
            writer.put(information, "Ustrd", payment.remittance[start : start + _TEXT_MAX])
    if entry.kind == Kind.RETURN:
        writer.put(node, "RtrInf/Rsn/Cd", entry.reason)


def _party(writer: _Writer, node: Tree.Element, entry: Transaction, payment: Payment) -> None:
    paid_by_other = (payment.amount > 0) != (entry.kind == Kind.RETURN)
    role = "Dbtr" if paid_by_other else "Cdtr"
    parties = writer.put(node, "RltdPties")
    name = payment.counterparty or "NOTPROVIDED"
    writer.put(parties, f"{role}/Nm" if writer.old else f"{role}/Pty/Nm", name, _NAME_MAX)
    if payment.counterparty_iban:
        _account_id(writer, writer.put(parties, f"{role}Acct"), payment.counterparty_iban)


def _account_id(writer: _Writer, parent: Tree.Element, iban: str) -> None:
    if is_iban(iban):
        writer.put(parent, "Id/IBAN", iban)
    else:
        writer.put(parent, "Id/Othr/Id", iban, 34)


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
