"""What Ponto lists: accounts, booked and pending transactions, page by page.

Pages run from what the bank booked last to what it booked first, whatever the dates (seen in
public: OCA/bank-statement-import pull 850); ``after=ID`` goes on behind a transaction,
``before=ID`` lists the ones in front of it. Amounts are JSON numbers, written with the
currency's decimals (the vendor does so; a reader that wants cents must not add up floats).

Not modelled: card references, fees, mandates in the attributes.
"""

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import msgspec

from peakproof.simkit import Answer, Kit, Request, Response, money_text

from .addresses import address
from .books import Account, Books
from .consents import Consents
from .ponto_wire import error, moment, paging, refused
from .synchronizations import Synchronization, Synchronizations
from .transactions import Transaction

__all__ = ["Listings"]


class Listings:
    """Answers for the seeded bank."""

    def __init__(
        self, kit: Kit, books: Books, consents: Consents, synchronizations: Synchronizations
    ) -> None:
        self._kit, self._books, self._consents = kit, books, consents
        self.synchronizations = synchronizations
        self.ids = {
            code: _uuid(kit.seed.token(f"bank|ponto|account|{code}")) for code in books.accounts
        }

    def find(self, request: Request, identity: str) -> Account:
        """Return the account of an id; raises Answer 404."""
        for code, known in self.ids.items():
            if known == identity:
                return self._books.accounts[code]
        raise Answer(error(request, 404, "resourceNotFound", resource="account"))

    def accounts(self, request: Request) -> Response:
        """Answer the list of accounts."""
        records = [self._account(request, one) for one in self._books.accounts.values()]
        return self._page(request, records, "/accounts", {})

    def one_account(self, request: Request) -> Response:
        """Answer one account."""
        account = self.find(request, request.params["id"])
        return Response.json({"data": self._account(request, account)})

    def transactions(self, request: Request) -> Response:
        """Answer a page of booked transactions."""
        account = self.find(request, request.params["id"])
        records = [
            self._transaction(request, entry, entry.id, "transaction")
            for entry in account.latest_first()
            if self.synchronizations.seen(account, entry)
        ]
        if records and self._kit.faults.fire("stale_list", account.code):
            records.pop(0)
        if records and self._kit.faults.fire("duplicate_transaction", account.code):
            twin = _uuid(hashlib.sha256(records[0]["id"].encode()).hexdigest())
            records.insert(0, records[0] | {"id": twin})
        path = f"/accounts/{self.ids[account.code]}/transactions"
        return self._page(request, records, path, self._seen(account), self._moved)

    def updated_transactions(self, request: Request, made: Synchronization) -> Response:
        """Answer a page of what a synchronization saw for the first time."""
        records = [
            self._transaction(request, entry, entry.id, "transaction")
            for entry in made.account.latest_first()
            if made.saw_after < entry.book_order <= made.saw_through
        ]
        path = f"/synchronizations/{made.id}/updated-transactions"
        return self._page(request, records, path, self._seen(made.account))

    def one_transaction(self, request: Request) -> Response:
        """Answer one booked transaction."""
        account = self.find(request, request.params["id"])
        for entry in account.booked:
            found = entry.id == request.params["transaction"]
            if found and self.synchronizations.seen(account, entry):
                record = self._transaction(request, entry, entry.id, "transaction")
                return Response.json({"data": record})
        return error(request, 404, "resourceNotFound", resource="transaction")

    def pending_transactions(self, request: Request) -> Response:
        """Answer a page of pending transactions."""
        account = self.find(request, request.params["id"])
        records = [
            self._transaction(request, entry, entry.pending_id, "pendingTransaction")
            for entry in reversed(account.pending)
        ]
        path = f"/accounts/{self.ids[account.code]}/pending-transactions"
        return self._page(request, records, path, self._seen(account))

    def synchronization(self, request: Request, made: Synchronization) -> dict[str, Any]:
        """Return the record of a synchronization."""
        related = address(self._kit, request, f"/synchronizations/{made.id}/updated-transactions")
        return {
            **self._bare(made),
            "relationships": {
                "updatedTransactions": {
                    "links": {"related": related, "meta": {"type": "transaction"}}
                }
            },
        }

    def _bare(self, made: Synchronization) -> dict[str, Any]:
        return {
            "type": "synchronization",
            "id": made.id,
            "attributes": {
                "updatedAt": moment(made.updated_at),
                "subtype": made.subtype,
                "status": made.status,
                "resourceType": "account",
                "resourceId": self.ids[made.account.code],
                "errors": made.errors,
                "createdAt": moment(made.created_at),
            },
        }

    def _seen(self, account: Account) -> dict[str, Any]:
        latest = self.synchronizations.latest.get(account.code)
        return {
            "synchronizedAt": moment(self.synchronizations.succeeded_at(account)),
            "latestSynchronization": self._bare(latest) if latest else None,
        }

    def _account(self, request: Request, account: Account) -> dict[str, Any]:
        identity = self.ids[account.code]
        link = self._consents.newest(account)
        agreement = link.requisition.agreement if link else None
        end = agreement.expires() if agreement else None
        seen_at = moment(self.synchronizations.succeeded_at(account))
        moved = sum(
            (
                entry.amount
                for entry in account.booked
                if self.synchronizations.seen(account, entry)
            ),
            account.opening_balance,
        )
        balance = _number(moved, account.currency)
        related = address(self._kit, request, f"/accounts/{identity}/transactions")
        attributes: dict[str, Any] = {
            "subtype": "checking",
            "referenceType": "IBAN",
            "reference": account.iban,
            "product": "Current account",
            "internalReference": account.code,
            "holderName": account.owner,
            "description": account.code,
            "deprecated": False,
            "currency": account.currency,
            "authorizedAt": moment(agreement.accepted)
            if agreement and agreement.accepted
            else None,
            "authorizationExpirationExpectedAt": moment(end) if end else None,
        }
        for name in ("currentBalance", "availableBalance"):
            attributes |= {name: balance, f"{name}ReferenceDate": seen_at}
        return {
            "type": "account",
            "id": identity,
            "relationships": {
                "transactions": {"links": {"related": related, "meta": {"type": "transaction"}}}
            },
            "meta": self._seen(account),
            "attributes": attributes,
        }

    def _transaction(
        self, request: Request, entry: Transaction, identity: str, kind: str
    ) -> dict[str, Any]:
        account = self.ids[entry.account]
        related = address(self._kit, request, f"/accounts/{account}")
        return {
            "type": kind,
            "id": identity,
            "relationships": {
                "account": {
                    "links": {"related": related},
                    "data": {"type": "account", "id": account},
                }
            },
            "attributes": {
                "valueDate": moment(entry.value_date),
                "remittanceInformationType": "unstructured",
                "remittanceInformation": entry.remittance,
                "proprietaryBankTransactionCode": entry.code.mt940,
                "internalReference": entry.reference,
                "executionDate": moment(entry.booking_date),
                "endToEndId": entry.end_to_end_id or None,
                "digest": hashlib.sha256(identity.encode()).hexdigest(),
                "description": entry.code.text,
                "currency": entry.currency,
                "counterpartReference": entry.counterparty_iban or None,
                "counterpartName": entry.counterparty or None,
                "bankTransactionCode": "-".join(entry.code[:3]),
                "amount": _number(entry.amount, entry.currency),
                "additionalInformation": None,
            },
        }

    def _page(
        self,
        request: Request,
        records: list[dict[str, Any]],
        path: str,
        meta: dict[str, Any],
        moved: "Callable[[list[dict[str, Any]], int], None] | None" = None,
    ) -> Response:
        limit, after, before = paging(request)
        cursor = after or before
        place = 0
        if cursor:
            ids = [record["id"] for record in records]
            if cursor not in ids:
                detail = "The paging cursor is not known."
                return refused(request, 400, "invalidPagingCursor", detail)
            place = ids.index(cursor)
        start, stop = _stretch(place, limit, after, before)
        if after and moved is not None:
            moved(records, start)
        chosen = records[start:stop]
        first, last = (chosen[0]["id"], chosen[-1]["id"]) if chosen else (None, None)
        more_before = bool(chosen) and start > 0
        more_after = bool(chosen) and stop < len(records)
        base = address(self._kit, request, path)
        links = {"first": f"{base}?{urlencode({'limit': limit})}"}
        if more_before:
            links["prev"] = f"{base}?{urlencode({'limit': limit, 'before': first})}"
        if more_after:
            links["next"] = f"{base}?{urlencode({'limit': limit, 'after': last})}"
        borders = {
            "limit": limit,
            "before": first if more_before else None,
            "after": last if more_after else None,
        }
        return Response.json({"meta": {**meta, "paging": borders}, "links": links, "data": chosen})

    def _moved(self, records: list[dict[str, Any]], start: int) -> None:
        """Let the list change between pages: the neighbours of the border change places."""
        if 0 < start < len(records) and self._kit.faults.fire(
            "list_changes_between_pages", "transactions"
        ):
            records[start - 1], records[start] = records[start], records[start - 1]


def _stretch(place: int, limit: int, after: str, before: str) -> tuple[int, int]:
    if after:
        return place + 1, place + 1 + limit
    if before:
        return max(0, place - limit), place
    return 0, limit


def _number(amount: Decimal, currency: str) -> msgspec.Raw:
    return msgspec.Raw(money_text(amount, currency).encode())


def _uuid(word: str) -> str:
    word = word[:12] + "4" + word[13:16] + "8" + word[17:32]
    return "-".join((word[:8], word[8:12], word[12:16], word[16:20], word[20:32]))
