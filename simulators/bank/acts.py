"""What people do at the bank: payers, the customer, and the bank's clerks.

Arguments are typed; an unknown or wrong one is a usage error, a refusal of the bank is
SimulatorRefused. Amounts are decimal texts without a sign in ``receive`` and ``pay_out``; in
``batch`` and in payouts the sign tells the direction.

Not modelled: standing orders, direct debits with mandates.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, TypeVar

import msgspec

from peakproof.simkit import Kit, SimulatorRefused, UsageError, parse_money

from .books import Account, Books
from .consents import Consents
from .deliveries import Deliveries
from .ibans import made_up_iban
from .statements import Statements
from .transactions import Kind, Payment, clean_text

__all__ = ["Acts"]

T = TypeVar("T")
_LONGEST = {
    "counterparty": 140,
    "counterparty_iban": 34,
    "remittance": 560,  # four lines of ISO 20022
    "end_to_end_id": 35,
}
Day: TypeAlias = date
_RETURN_REASON = "AC04"  # closed account


class _Arguments(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    account: str = ""


class _Money(_Arguments):
    amount: str
    currency: str = ""
    counterparty: str = ""
    counterparty_iban: str = ""
    remittance: str = ""
    end_to_end_id: str = ""
    booking_date: date | None = None
    booked_days_ago: int = 0  # instead of booking_date
    value_date: date | None = None


class _Receive(_Money):
    pass


class _PayOut(_Money):
    kind: str = Kind.TRANSFER


class _Payout(msgspec.Struct, kw_only=True):
    """A gateway's payout; what else the gateway tells is of no interest to a bank.

    ``account`` is the code of the account that it goes to, if not the one of the whole act.
    """

    id: str
    account: str = ""
    amount: str
    currency: str = ""
    arrival_date: date | None = None
    reference: str = ""
    status: str = ""


class _ReceivePayouts(_Arguments):
    payouts: list[_Payout]
    counterparty: str = "Payment Gateway"


class _ReturnPayment(_Arguments):
    transaction: str
    reason: str = _RETURN_REASON
    end_to_end_id: str = ""  # of one payment of a batch
    booking_date: date | None = None


class _BatchPayment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    amount: str
    counterparty: str = ""
    counterparty_iban: str = ""
    remittance: str = ""
    end_to_end_id: str = ""


class _Batch(_Arguments):
    payments: list[_BatchPayment]
    currency: str = ""
    booking_date: date | None = None
    value_date: date | None = None


class _IssueStatement(_Arguments):
    date: Day | None = None
    format: str = "camt053"
    duplicate: bool = False
    reissue: bool = False


class _IssueDue(_Arguments):
    format: str = "camt053"


class _SkipStatement(_Arguments):
    date: Day | None = None


class _Authorize(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    requisition: str
    accounts: list[str] = []
    reject: bool = False


class Acts:
    """The acts over one seeded bank."""

    def __init__(
        self,
        kit: Kit,
        books: Books,
        consents: Consents,
        statements: Statements,
        deliveries: Deliveries,
    ) -> None:
        self._kit, self._books, self._consents = kit, books, consents
        self._statements, self._deliveries = statements, deliveries
        self._payouts: set[str] = set()

    def receive(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """Somebody pays: a credit. Returns the transaction's record.

        ``booked_days_ago`` books it on an earlier day that is still open.
        """
        given = _read(arguments, _Receive)
        return self._move(given, 1, Kind.TRANSFER)

    def pay_out(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """The customer pays, or the bank charges (``kind`` "fee"): a debit."""
        given = _read(arguments, _PayOut)
        if given.kind not in (Kind.TRANSFER, Kind.FEE):
            raise UsageError(f"kind: expected {Kind.TRANSFER} or {Kind.FEE}, found {given.kind!r}.")
        return self._move(given, -1, given.kind)

    def receive_payouts(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """A gateway's payouts arrive, each once: credits, or debits when negative.

        Without ``account`` each comes to the account that it names. It books on its arrival date
        (a banking day after the cut-off); failed and canceled ones do not come. Returns
        ``{"transactions": [...]}``, without those known before.
        """
        given = _read(arguments, _ReceivePayouts)
        coming = [
            (payout, self._books.account(given.account or payout.account))
            for payout in given.payouts
            if payout.status not in ("failed", "canceled") and payout.id not in self._payouts
        ]
        amounts = [_amount(payout.amount, payout.currency, account) for payout, account in coming]
        transactions = []
        for (payout, account), amount in zip(coming, amounts, strict=True):
            if not amount or payout.id in self._payouts:
                continue
            self._payouts.add(payout.id)
            payment = self._payment(
                amount, given.counterparty, "", payout.reference or payout.id, payout.id
            )
            day = payout.arrival_date
            entry = self._books.record(account, [payment], booking_date=day, value_date=day)
            transactions.append(entry.record())
        return {"transactions": transactions}

    def return_payment(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """A booked payment comes back: a reversal. Refuses a second return."""
        given = _read(arguments, _ReturnPayment)
        entry = self._books.transaction(given.transaction)
        if not entry.booked:
            raise SimulatorRefused("not_booked", f"{entry.id} is still pending.")
        if entry.kind == Kind.RETURN:
            raise SimulatorRefused("already_returned", f"{entry.id} is a return itself.")
        chosen = [
            index
            for index, payment in enumerate(entry.payments)
            if not given.end_to_end_id or payment.end_to_end_id == given.end_to_end_id
        ]
        if not chosen or entry.returned & set(chosen):
            code = "already_returned" if chosen else "unknown_payment"
            raise SimulatorRefused(code, f"{entry.id} has no such payment left to return.")
        entry.returned |= set(chosen)
        payments = []
        for index in chosen:
            payment = entry.payments[index]
            payments.append(
                Payment(
                    -payment.amount,
                    payment.counterparty,
                    payment.counterparty_iban,
                    payment.remittance,
                    payment.end_to_end_id,
                )
            )
        account = self._books.account(entry.account)
        self._check_open(account, given.booking_date)
        made = self._books.record(
            account,
            payments,
            kind=Kind.RETURN,
            booking_date=given.booking_date,
            reversal_of=entry.id,
            reason=given.reason,
            is_batch=len(payments) > 1,
        )
        return made.record()

    def batch(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """Several payments in one direction, booked as one entry."""
        given = _read(arguments, _Batch)
        account = self._books.account(given.account)
        self._check_open(account, given.booking_date)
        payments = [
            self._payment(
                _amount(one.amount, given.currency, account),
                one.counterparty,
                one.counterparty_iban,
                one.remittance,
                one.end_to_end_id,
            )
            for one in given.payments
        ]
        made = self._books.record(
            account,
            payments,
            booking_date=given.booking_date,
            value_date=given.value_date,
            is_batch=True,
        )
        return made.record()

    def issue_statement(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """Deliver the statement of a day (the latest banking day if none is named)."""
        given = _read(arguments, _IssueStatement)
        statement = self._statements.make(self._books.account(given.account), given.date)
        return self._deliveries.deliver(
            statement, given.format, duplicate=given.duplicate, reissue=given.reissue
        )

    def issue_due_statements(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """Deliver every statement that was neither delivered nor skipped."""
        given = _read(arguments, _IssueDue)
        due = self._statements.due(self._books.account(given.account))
        return {"statements": [self._deliveries.deliver(one, given.format) for one in due]}

    def skip_statement(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """Have the bank forget to deliver a day's statement; its number stays taken."""
        given = _read(arguments, _SkipStatement)
        statement = self._statements.make(self._books.account(given.account), given.date)
        if statement.delivered:
            raise SimulatorRefused("already_delivered", f"{statement.key} was delivered.")
        statement.skipped = True
        self._statements.told(statement)
        return statement.record()

    def expire_consent(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """End the customer's consent for an account at both APIs."""
        account = self._books.account(_read(arguments, _Arguments).account)
        return {"agreements": self._consents.expire(account)}

    def renew_consent(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """Consent anew: a new requisition, in which the account has a new id."""
        account = self._books.account(_read(arguments, _Arguments).account)
        requisition, ids = self._consents.renew([account.code])
        return {
            "requisition_id": requisition.id,
            "account_id": ids[account.code],
            "accounts": ids,
        }

    def authorize_requisition(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """Let the customer say yes (or no, ``reject``) to a requisition of the API."""
        given = _read(arguments, _Authorize)
        requisition = self._consents.requisitions.get(given.requisition)
        if requisition is None:
            raise SimulatorRefused("unknown_requisition", f"No requisition {given.requisition!r}.")
        ids: dict[str, str] = {}
        if given.reject:
            self._consents.reject(requisition)
        else:
            ids = self._consents.authorize(requisition, given.accounts)
        mark = "&" if "?" in requisition.redirect else "?"
        return {
            "status": requisition.status,
            "accounts": ids,
            "redirect": f"{requisition.redirect}{mark}ref={requisition.reference}",
        }

    def _move(self, given: _Money, sign: int, kind: str) -> Mapping[str, Any]:
        account = self._books.account(given.account)
        amount = _amount(given.amount, given.currency, account)
        if amount <= 0:
            raise SimulatorRefused("invalid_amount", f"{given.amount}: expected more than zero.")
        day = given.booking_date
        if day is None and given.booked_days_ago:
            day = self._kit.calendar.today() - timedelta(days=given.booked_days_ago)
        self._check_open(account, day)
        payment = self._payment(
            sign * amount,
            given.counterparty,
            given.counterparty_iban,
            given.remittance,
            given.end_to_end_id,
        )
        made = self._books.record(
            account,
            [payment],
            kind=kind,
            booking_date=day,
            value_date=given.value_date,
        )
        return made.record()

    def _check_open(self, account: Account, day: date | None) -> None:
        if day is not None and day <= account.closed_through:
            first = account.closed_through + timedelta(days=1)
            raise SimulatorRefused("day_closed", f"{day}: {account.code} is open from {first} on.")

    def _payment(
        self, amount: Decimal, counterparty: str, iban: str, remittance: str, end_to_end_id: str
    ) -> Payment:
        """Return a payment as a bank takes it; refuses texts that are too long for one."""
        texts = {
            "counterparty": clean_text(counterparty),
            "counterparty_iban": "".join(clean_text(iban).split()),
            "remittance": clean_text(remittance),
            "end_to_end_id": clean_text(end_to_end_id),
        }
        for name, longest in _LONGEST.items():
            if len(texts[name]) > longest:
                raise SimulatorRefused("text_too_long", f"{name}: at most {longest} characters.")
        if texts["counterparty"] and not texts["counterparty_iban"]:
            name = texts["counterparty"]
            texts["counterparty_iban"] = made_up_iban(self._kit.seed, name)
        return Payment(amount, **texts)


def _read(arguments: dict[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(arguments, kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"Wrong arguments: {error}") from error


def _amount(text: str, currency: str, account: Account) -> Decimal:
    if currency and currency.upper() != account.currency:
        raise SimulatorRefused(
            "currency_mismatch", f"{account.code} is kept in {account.currency}, not {currency}."
        )
    try:
        return parse_money(text, account.currency)
    except (InvalidOperation, ValueError) as error:
        raise SimulatorRefused("invalid_amount", f"{text!r}: {error}") from error
