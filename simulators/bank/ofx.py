"""A statement as OFX 2.2.

    document(statement, created_at) -> bytes

OFX knows the closing balance only. FITID is the bank's reference, unique for ever; a batch is
one transaction.

Not modelled: OFX requests over the network (OFX Direct Connect), credit card statements.
"""

from datetime import date, datetime
from decimal import Decimal
from xml.etree import ElementTree as Tree

from peakproof.simkit import money_text

from .ibans import split_for_ofx
from .statements import Statement
from .transactions import Kind, Transaction

__all__ = ["document"]

_NAME_MAX, _MEMO_MAX = 32, 255
_HEADER = 'OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"'


def document(statement: Statement, created_at: datetime) -> bytes:
    """Return the file."""
    root = Tree.Element("OFX")
    sign_on = _put(root, "SIGNONMSGSRSV1/SONRS")
    _status(sign_on)
    _put(sign_on, "DTSERVER", created_at.strftime("%Y%m%d%H%M%S"))
    _put(sign_on, "LANGUAGE", "ENG")
    answer = _put(root, "BANKMSGSRSV1/STMTTRNRS")
    _put(answer, "TRNUID", str(statement.sequence))
    _status(answer)
    body = _put(answer, "STMTRS")
    account = statement.account
    _put(body, "CURDEF", account.currency)
    bank_id, account_id = split_for_ofx(account.iban)
    source = _put(body, "BANKACCTFROM")
    _put(source, "BANKID", bank_id)
    _put(source, "ACCTID", account_id)
    _put(source, "ACCTTYPE", "CHECKING")
    entries = _put(body, "BANKTRANLIST")
    _put(entries, "DTSTART", _day(statement.day))
    _put(entries, "DTEND", _day(statement.day))
    for entry in statement.transactions:
        _transaction(entries, entry)
    balance = _put(body, "LEDGERBAL")
    _put(balance, "BALAMT", money_text(statement.closing_balance, account.currency))
    _put(balance, "DTASOF", _day(statement.day))
    header = Tree.tostring(Tree.ProcessingInstruction("OFX", _HEADER), encoding="UTF-8")
    text: bytes = Tree.tostring(root, encoding="UTF-8", xml_declaration=True)
    declaration, rest = text.split(b"\n", 1)
    # ElementTree declares encodings with single quotes, which OFX readers do not take.
    declaration = declaration.replace(b"'", b'"')
    return b"\n".join([declaration, header.split(b"\n")[-1], rest, b""])


def _transaction(entries: Tree.Element, entry: Transaction) -> None:
    node = _put(entries, "STMTTRN")
    _put(node, "TRNTYPE", _type(entry))
    _put(node, "DTPOSTED", _day(entry.booking_date))
    _put(node, "DTAVAIL", _day(entry.value_date))
    _put(node, "TRNAMT", _amount(entry.amount, entry.currency))
    _put(node, "FITID", entry.reference)
    if entry.end_to_end_id:
        _put(node, "REFNUM", entry.end_to_end_id[:_NAME_MAX])
    _put(node, "NAME", (entry.counterparty or entry.code.text)[:_NAME_MAX])
    if entry.remittance:
        _put(node, "MEMO", entry.remittance[:_MEMO_MAX])


def _type(entry: Transaction) -> str:
    if entry.kind == Kind.FEE and not entry.credit:
        return "SRVCHG"
    return "CREDIT" if entry.credit else "DEBIT"


def _status(parent: Tree.Element) -> None:
    status = _put(parent, "STATUS")
    _put(status, "CODE", "0")
    _put(status, "SEVERITY", "INFO")


def _put(parent: Tree.Element, path: str, text: str = "") -> Tree.Element:
    for name in path.split("/"):
        parent = Tree.SubElement(parent, name)
    if text:
        parent.text = text
    return parent


def _amount(amount: Decimal, currency: str) -> str:
    return money_text(amount, currency)


def _day(day: date) -> str:
    return day.strftime("%Y%m%d000000")
