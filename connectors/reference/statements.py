"""Bank journals in Odoo and their lines: made once, by the identity of what they stand for.

A line's external id is the identity of the movement. Lines that are there are never loaded
again: Odoo would write them anew and undo how somebody reconciled them. Try it in a test of
``test_reference_money.py``.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from .errors import Refused
from .odoo import Odoo

__all__ = ["Account", "Journal", "Line", "Statements", "Written", "iban_of"]

LINES_MAX = 40  # a load: one transaction of Odoo, within the time that it may take
NAMES_MAX = 400
LINE = "account.bank.statement.line"
MODULE = "channel_money"  # the namespace of our external ids in Odoo


class Line(msgspec.Struct, kw_only=True, frozen=True):
    """A movement of a journal, still to be written. ``amount`` is signed and exact."""

    identity: str
    day: str
    amount: Decimal
    text: str
    partner: str = ""
    reference: str = ""
    paid: Decimal = Decimal(0)  # what the customer paid, where that was in
    paid_currency: str = ""  # another currency than the journal's


class Journal(msgspec.Struct, kw_only=True, frozen=True):
    """A bank journal, and the account on which its lines wait for their counterpart."""

    id: int
    suspense_account_id: int


class Written(msgspec.Struct, kw_only=True):
    """What became of lines, by identity: Odoo's ids, and why Odoo refused the others."""

    ids: dict[str, int]
    refused: dict[str, str] = {}

    def complain(self) -> None:
        """Raise Refused where something was."""
        for identity, reason in self.refused.items():
            more = f" (and {len(self.refused) - 1} more)" if len(self.refused) > 1 else ""
            raise Refused("line", f"{identity}{more}: {reason}")


class Account(msgspec.Struct, kw_only=True, frozen=True):
    """An account that a line is moved to."""

    id: int


def iban_of(text: str) -> str:
    """Return an IBAN as banks compare it."""
    return re.sub(r"\W", "", text).upper()


class Statements:
    """Journals and lines of one Odoo."""

    def __init__(self, odoo: Odoo) -> None:
        self.odoo = odoo
        self._journals: dict[str, Journal] = {}
        self._accounts: dict[str, Account] = {}
        self._active: dict[str, int] = {}
        self._turn = asyncio.Lock()
        self._allowed = False

    async def known(self, names: Iterable[str], model: str = LINE) -> dict[str, int]:
        """Return the ids of the records that have one of these external ids."""
        wanted = list(dict.fromkeys(names))
        found: dict[str, int] = {}
        for begin in range(0, len(wanted), NAMES_MAX):
            rows = await self.odoo.read(
                "ir.model.data",
                "search_read",
                domain=[
                    ["module", "=", MODULE],
                    ["model", "=", model],
                    ["name", "in", wanted[begin : begin + NAMES_MAX]],
                ],
                fields=["name", "res_id"],
            )
            found |= {row["name"]: row["res_id"] for row in rows}
        return found

    async def write(self, journal: Journal, lines: Sequence[Line]) -> "Written":
        """Have each line in the journal once; tell Odoo's ids, and what Odoo refuses, by identity.

        Look first: what an unanswered call wrote is found, and nothing is written twice.
        """
        if {line.paid_currency for line in lines} - {"", *self._active}:
            active = await self.odoo.read("res.currency", "search_read", domain=[], fields=["name"])
            self._active = {row["name"]: row["id"] for row in active}
        written = Written(ids=await self.known(line.identity for line in lines))
        missing = [line for line in lines if line.identity not in written.ids]
        for begin in range(0, len(missing), LINES_MAX):
            await self._load(journal, missing[begin : begin + LINES_MAX], written)
        return written

    async def _load(self, journal: Journal, batch: Sequence[Line], written: "Written") -> None:
        """Write lines in one call; after a refusal, which undid all of them, one by one."""
        try:
            ids = await self.odoo.load(LINE, _FIELDS, [self._row(journal, one) for one in batch])
        except Refused as refusal:
            if len(batch) == 1:
                written.refused[batch[0].identity] = str(refusal)
                return
            for one in batch:
                await self._load(journal, [one], written)
        else:
            names = [line.identity for line in batch]
            written.ids.update(zip(names, ids, strict=True))

    def _row(self, journal: Journal, line: Line) -> list[str]:
        # In a currency that Odoo does not know there is no invoice either.
        foreign = self._active.get(line.paid_currency)
        return [
            f"{MODULE}.{line.identity}",
            str(journal.id),
            line.day,
            f"{line.amount:f}",
            line.text or "/",
            line.partner,
            line.reference,
            str(foreign or ""),
            f"{line.paid:f}" if foreign else "",
        ]

    async def journal(
        self, name: str, title: str, code: str, currency: str, iban: str = ""
    ) -> Journal:
        """Return the journal of that name, or of that IBAN; make it where there is none."""
        async with self._turn:
            if name not in self._journals:
                await self._be_allowed()
                number = await self._find_journal(name, iban)
                if number is None:
                    number = await self._make_journal(name, title, code, currency, iban)
                self._journals[name] = await self._checked(number, currency)
        return self._journals[name]

    async def _checked(self, number: int, currency: str) -> Journal:
        """Return a journal if lines of that currency may be written into it."""
        fields = ["name", "suspense_account_id", "currency_id"]
        (row,) = await self.odoo.read("account.journal", "read", ids=[number], fields=fields)
        if not row["suspense_account_id"]:
            raise Refused("journal", f"the journal {row['name']} has no suspense account")
        company, wanted = await self._currencies(currency)
        if (row["currency_id"] or [company])[0] != wanted:
            raise Refused("journal", f"the journal {row['name']} is not in {currency}")
        return Journal(id=number, suspense_account_id=row["suspense_account_id"][0])

    async def _find_journal(self, name: str, iban: str) -> int | None:
        known = (await self.known([name], "account.journal")).get(name)
        if known is not None or not iban:
            return known
        found: list[int] = await self.odoo.read(
            "account.journal",
            "search",
            domain=[
                ["type", "=", "bank"],
                ["bank_account_id.sanitized_acc_number", "=", iban_of(iban)],
            ],
            order="id",
            limit=1,
        )
        return found[0] if found else None

    async def _make_journal(
        self, name: str, title: str, code: str, currency: str, iban: str
    ) -> int:
        company, currency_id = await self._currencies(currency)
        fields = ["id", "name", "code", "type"]
        row = [f"{MODULE}.{name}", title, code, "bank"]
        if currency_id != company:
            fields.append("currency_id/.id")
            row.append(str(currency_id))
        if iban:
            fields.append("bank_acc_number")
            row.append(iban)
        return (await self.odoo.load("account.journal", fields, [row]))[0]

    async def _currencies(self, code: str) -> tuple[int, int]:
        """Return the ids of the company's currency and of that one."""
        companies, found = await asyncio.gather(
            self.odoo.read(
                "res.company", "search_read", domain=[], fields=["currency_id"], order="id", limit=1
            ),
            self.odoo.read("res.currency", "search", domain=[["name", "=", code]]),
        )
        if not found:
            raise Refused("currency", f"Odoo has no active currency {code}")
        return companies[0]["currency_id"][0], found[0]

    async def transfer_account(self) -> Account:
        """Return the account of money that has left one journal and not reached the other."""
        if "transfer" not in self._accounts:
            row = (
                await self.odoo.read(
                    "res.company",
                    "search_read",
                    domain=[],
                    fields=["transfer_account_id"],
                    order="id",
                    limit=1,
                )
            )[0]
            if not row["transfer_account_id"]:
                raise Refused("transfer", "the company has no account of liquidity transfers")
            self._accounts["transfer"] = Account(id=row["transfer_account_id"][0])
        return self._accounts["transfer"]

    async def fee_account(self) -> Account:
        """Return the expense account of a gateway's fees; make it where there is none."""
        async with self._turn:
            if "fees" not in self._accounts:
                found = (await self.known(["fees"], "account.account")).get("fees")
                if found is None:
                    row = [f"{MODULE}.fees", "Payment gateway fees", "GWFEES", "expense"]
                    fields = ["id", "name", "code", "account_type"]
                    found = (await self.odoo.load("account.account", fields, [row]))[0]
                self._accounts["fees"] = Account(id=found)
        return self._accounts["fees"]

    async def open_items(self, journal: Journal, line_ids: Sequence[int]) -> dict[int, int]:
        """Return, by statement line, the journal item that still waits on the suspense account."""
        rows: list[dict[str, Any]] = await self.odoo.read(
            "account.move.line",
            "search_read",
            domain=[
                ["statement_line_id", "in", list(line_ids)],
                ["account_id", "=", journal.suspense_account_id],
            ],
            fields=["statement_line_id"],
        )
        return {row["statement_line_id"][0]: row["id"] for row in rows}

    async def assign(self, items: Sequence[int], account: Account, partner_id: int = 0) -> None:
        """Move journal items to an account, and to a partner; again changes nothing."""
        vals = {"account_id": account.id} | ({"partner_id": partner_id} if partner_id else {})
        if items:
            await self.odoo.write("account.move.line", "write", ids=list(items), vals=vals)

    async def _be_allowed(self) -> None:
        """See to it that our user may write bank lines: that is a right of its own in Odoo."""
        if self._allowed:
            return
        if not await self.odoo.read(LINE, "has_access", ids=[], operation="create"):
            groups = await self.odoo.read(
                "ir.model.data",
                "search_read",
                domain=[["module", "=", "account"], ["name", "=", "group_account_user"]],
                fields=["res_id"],
            )
            user = (await self.odoo.read("res.users", "context_get"))["uid"]
            vals = {"group_ids": [[4, groups[0]["res_id"], 0]]}
            await self.odoo.write("res.users", "write", ids=[user], vals=vals)
        self._allowed = True


_FIELDS = (
    "id",
    "journal_id/.id",
    "date",
    "amount",
    "payment_ref",
    "partner_name",
    "ref",
    "foreign_currency_id/.id",
    "amount_currency",
)
