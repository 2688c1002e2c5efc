"""GoCardless Bank Account Data, version 2: what an account id lets one see.

Each account id allows ``pulls_per_day`` (default 4) successful calls in 24 hours of business
time for each of balances, details and transactions; the next one is a 429. Pending transactions
have ids of their own, which change on booking (option ``pending_ids_change``).

Faults: ``stale_list`` leaves the newest booked transaction out of one answer;
``duplicate_transaction`` tells it a second time under another id; ``account_processing``,
``account_suspended`` and ``institution_down`` refuse.

Not modelled: balances of foreign currencies, statuses DISCOVERED and ERROR.
"""

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from peakproof.simkit import Answer, Kit, Request, Response, Route, Scopes, money_text

from .books import Account
from .consents import INSTITUTION_ID, SCOPES, Link
from .gocardless import PREFIX, GoCardless
from .gocardless_wire import day_of, field_problem, known_query, moment, problem, too_many, valid_id
from .transactions import Transaction

__all__ = ["FAULT_POINTS", "Accounts"]

FAULT_POINTS = {
    "stale_list": "leave the newest booked transaction out of one answer",
    "duplicate_transaction": "tell the newest booked transaction again under another id",
    "account_processing": "answer 409: the account is still being processed",
    "account_suspended": "answer 409: the account was suspended",
    "institution_down": "answer 503: the bank cannot be reached",
}
_PULLS_PER_DAY = 4
_DAY_SECONDS = 86_400


class _Window:
    """Successful calls of one account id and scope since ``began`` (business time)."""

    def __init__(self) -> None:
        self.began_seconds = 0
        self.used = 0


class Accounts:
    """The wire of accounts."""

    def __init__(self, kit: Kit, door: GoCardless) -> None:
        self._kit, self._door = kit, door
        self._windows: dict[tuple[str, str], _Window] = {}
        asked = [name for name in kit.config.options.get("scopes") or () if name in SCOPES]
        needs = {f"accounts.{scope}": [scope] for scope in SCOPES}
        self.scopes = Scopes("scopes of the end user's agreement", needs, asked)
        self.pulls_per_day = int(kit.config.options.get("pulls_per_day", _PULLS_PER_DAY))

    def routes(self) -> list[Route]:
        """Return the routes."""
        makers: dict[str, Callable[[Link, Request], dict[str, Any]]] = {
            "balances": self._balances,
            "details": self._details,
            "transactions": self._transactions,
        }
        guarded = self._door.guarded
        base = PREFIX + "/accounts/{id}"
        routes = [
            Route("GET", base + end, guarded(self._metadata), "accounts.get") for end in _ENDS
        ]
        for scope, make in makers.items():
            handler = guarded(self._limited(scope, make))
            routes += [
                Route("GET", f"{base}/{scope}{end}", handler, f"accounts.{scope}") for end in _ENDS
            ]
        return routes

    def _limited(
        self, scope: str, make: Callable[[Link, Request], dict[str, Any]]
    ) -> Callable[[Request], Response]:
        def handle(request: Request) -> Response:
            link = self._link(request)
            self.scopes.missing(request)
            if scope not in link.requisition.agreement.access_scope:
                return problem(
                    403,
                    "AccountAccessForbidden",
                    "Access to account is forbidden. The user might not have the necessary "
                    "permissions.",
                )
            self._troubles(request.name, link)
            window = self._windows.setdefault((link.id, scope), _Window())
            now_seconds = self._kit.calendar.epoch()
            if now_seconds >= window.began_seconds + _DAY_SECONDS:
                window.began_seconds, window.used = now_seconds, 0
            reset_seconds = window.began_seconds + _DAY_SECONDS - now_seconds
            if window.used >= self.pulls_per_day:
                response = too_many(f"{self.pulls_per_day}/day", reset_seconds)
            else:
                response = Response.json(make(link, request))
                window.used += 1
                link.last_accessed = self._kit.calendar.now()
            remaining = self.pulls_per_day - window.used
            response.headers += [
                ("HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_LIMIT", str(self.pulls_per_day)),
                ("HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_REMAINING", str(remaining)),
                ("HTTP_X_RATELIMIT_ACCOUNT_SUCCESS_RESET", str(reset_seconds)),
            ]
            return response

        return handle

    def _link(self, request: Request) -> Link:
        identity = request.params["id"]
        if not valid_id(identity):
            raise Answer(problem(400, "Invalid Account ID", f"{identity} is not a valid UUID."))
        link = self._door.known().links.get(identity)
        if link is None:
            detail = f"Account ID {identity} not found"
            raise Answer(
                problem(404, detail, "Please check whether you specified a valid Account ID")
            )
        return link

    def _troubles(self, name: str, link: Link) -> None:
        agreement = link.requisition.agreement
        if self._door.known().expired(agreement):
            end = str(agreement.expires())
            raise Answer(
                problem(
                    401,
                    f"End User Agreement (EUA) {agreement.id} has expired",
                    f"EUA was valid for {agreement.access_valid_for_days} days and it expired at "
                    f"{end}. The end user must connect the account once more with new EUA and "
                    "Requisition",
                )
            )
        faults = self._kit.faults
        if faults.fire("account_processing", name):
            detail = (
                "Account data is currently being processed. Poll "
                f"/accounts/{link.id}/ and retry when status is READY."
            )
            raise Answer(problem(409, "AccountProcessing", detail))
        if faults.fire("account_suspended", name):
            detail = (
                "This account or its Requisition was suspended due to numerous errors that "
                "occurred while accessing it."
            )
            raise Answer(problem(409, "Account Suspended", detail))
        if faults.fire("institution_down", name):
            raise Answer(problem(503, "ServiceError", "Institution service unavailable."))

    def _metadata(self, request: Request) -> Response:
        known_query(request, ())
        link = self._link(request)
        expired = self._door.known().expired(link.requisition.agreement)
        return Response.json(
            {
                "id": link.id,
                "created": moment(link.created),
                "last_accessed": moment(link.last_accessed),
                "iban": link.account.iban,
                "status": "EXPIRED" if expired else "READY",
                "institution_id": INSTITUTION_ID,
                "owner_name": link.account.owner,
                "name": link.account.code,
            }
        )

    def _details(self, link: Link, request: Request) -> dict[str, Any]:
        known_query(request, ())
        account = link.account
        return {
            "account": {
                "resourceId": account.code,
                "iban": account.iban,
                "currency": account.currency,
                "ownerName": account.owner,
                "name": account.code,
                "product": "Current account",
                "cashAccountType": "CACC",
            }
        }

    def _balances(self, link: Link, request: Request) -> dict[str, Any]:
        known_query(request, ())
        account, today = link.account, self._kit.calendar.today()
        yesterday = today - timedelta(days=1)
        pending = sum((entry.amount for entry in account.pending), Decimal(0))
        kinds = [
            ("closingBooked", account.balance_on(yesterday), yesterday),
            ("interimBooked", account.balance, today),
            ("expected", account.balance + pending, today),
        ]
        return {"balances": [_balance(account, *kind) for kind in kinds]}

    def _transactions(self, link: Link, request: Request) -> dict[str, Any]:
        query = known_query(request, ("date_from", "date_to"))
        first, last = day_of(query, "date_from"), day_of(query, "date_to")
        if first is not None and last is not None and first > last:
            detail = "date_from can't be later than date_to"
            raise Answer(field_problem("date_from", "Incorrect date range", detail))
        agreement = link.requisition.agreement
        if agreement.accepted is not None:
            oldest = agreement.accepted.date() - timedelta(days=agreement.max_historical_days)
            first = max(first or oldest, oldest)
        booked = [
            _transaction(entry, entry.id)
            for entry in link.account.newest_first()
            if (first is None or entry.booking_date >= first)
            and (last is None or entry.booking_date <= last)
        ]
        self._mistakes(booked, link.account)
        pending = [_transaction(entry, entry.pending_id) for entry in link.account.pending]
        return {
            "transactions": {"booked": booked, "pending": pending},
            "last_updated": moment(self._kit.calendar.now()),
        }

    def _mistakes(self, booked: list[dict[str, Any]], account: Account) -> None:
        if booked and self._kit.faults.fire("stale_list", account.code):
            booked.pop(0)
        if booked and self._kit.faults.fire("duplicate_transaction", account.code):
            twin = hashlib.sha256(booked[0]["transactionId"].encode()).hexdigest()[:32]
            booked.insert(0, booked[0] | {"transactionId": twin, "internalTransactionId": twin})


_ENDS = ("/", "")
assert set(SCOPES) == {"balances", "details", "transactions"}


def _balance(account: Account, kind: str, amount: Decimal, day: date) -> dict[str, Any]:
    text = money_text(amount, account.currency)
    return {
        "balanceAmount": {"amount": text, "currency": account.currency},
        "balanceType": kind,
        "referenceDate": day.isoformat(),
    }


def _transaction(entry: Transaction, identity: str) -> dict[str, Any]:
    record: dict[str, Any] = {
        "transactionId": identity,
        "entryReference": entry.reference,
        "valueDate": entry.value_date.isoformat(),
        "transactionAmount": {
            "amount": money_text(entry.amount, entry.currency),
            "currency": entry.currency,
        },
        "remittanceInformationUnstructured": entry.remittance,
        "bankTransactionCode": "-".join(entry.code[:3]),
        "additionalInformation": entry.code.text,
        "internalTransactionId": hashlib.sha256(identity.encode()).hexdigest()[:32],
    }
    if entry.booked:
        record["bookingDate"] = entry.booking_date.isoformat()
    if entry.end_to_end_id:
        record["endToEndId"] = entry.end_to_end_id
    role = "debtor" if entry.credit else "creditor"
    if entry.counterparty:
        record[f"{role}Name"] = entry.counterparty
    if entry.counterparty_iban:
        record[f"{role}Account"] = {"iban": entry.counterparty_iban}
    if entry.is_batch:
        record |= {"batchIndicator": True, "batchNumberOfTransactions": str(len(entry.payments))}
    return record
