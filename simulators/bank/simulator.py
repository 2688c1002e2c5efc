"""The bank as peakproof runs it: routes of both APIs, acts, seed, snapshot.

Options: gocardless_secret_id, gocardless_secret_key, ponto_client_id, ponto_client_secret,
statement_folder, sftp (true opens the folder by SFTP), sftp_host (as clients call it), sftp_port,
sftp_user, sftp_password, pulls_per_day (4), pending_ids_change (true), ponto_automatic (true).

What a fault rule's ``match`` is held against: the account's code for stale_list and
duplicate_transaction, the format for partial_file, the subtype for sync_stuck and sync_error,
"transactions" for list_changes_between_pages, else the operation's name.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from peakproof.simkit import (
    Action,
    BankAccount,
    Kit,
    Request,
    Response,
    Route,
    Shop,
    Simulator,
    SimulatorConfig,
)

from . import gocardless_accounts, ponto
from .acts import Acts
from .books import Books
from .consents import INSTITUTION_ID, Consents
from .deliveries import Deliveries
from .gocardless import PREFIX, GoCardless
from .gocardless_wire import problem, too_many
from .ponto_accounts import Listings
from .ponto_wire import refused
from .sftp import StatementServer
from .statements import Statements
from .synchronizations import Synchronizations

__all__ = ["Bank", "create"]

_GOCARDLESS_SUMMARIES = {401: "Invalid token", 500: "UnknownRequestError", 503: "ServiceError"}
_PONTO_CODES = {401: "invalidAccessToken", 404: "resourceNotFound"}


class Bank(Simulator):
    """One bank with one customer."""

    version = "Bank Account Data v2, Ponto, CAMT.053.001.08"
    hosts = ("api.myponto.com", "bankaccountdata.gocardless.com", "ob.gocardless.com")
    fault_points = {
        "expired_token": "answer 401 though the token is good",
        "partial_file": "half of a statement file appears under its final name before the rest",
        **gocardless_accounts.FAULT_POINTS,
        **ponto.FAULT_POINTS,
    }

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.gocardless = GoCardless(kit)
        self.accounts = gocardless_accounts.Accounts(kit, self.gocardless)
        self.ponto = ponto.Ponto(kit)
        self.scopes = [self.accounts.scopes, self.ponto.scopes]
        self.books: Books | None = None
        self.statements: Statements | None = None
        self.deliveries: Deliveries | None = None
        self.acts: Acts | None = None
        self.sftp: StatementServer | None = None

    def routes(self) -> Sequence[Route]:
        """Return both APIs."""
        return [*self.gocardless.routes(), *self.accounts.routes(), *self.ponto.routes()]

    def actions(self) -> Mapping[str, Action]:
        """Return what people can do."""
        acts: list[Callable[[Acts, dict[str, Any]], Mapping[str, Any]]] = [
            Acts.receive,
            Acts.receive_payouts,
            Acts.return_payment,
            Acts.pay_out,
            Acts.batch,
            Acts.issue_statement,
            Acts.issue_due_statements,
            Acts.skip_statement,
            Acts.expire_consent,
            Acts.renew_consent,
            Acts.authorize_requisition,
        ]
        return {act.__name__: self._action(act) for act in acts}

    def _action(self, act: Callable[[Acts, dict[str, Any]], Mapping[str, Any]]) -> Action:
        def run(arguments: dict[str, Any], _actor: str) -> Mapping[str, Any]:
            assert self.acts is not None, "seed the bank first"
            return act(self.acts, arguments)

        return run

    def seed(self, shop: Shop) -> Mapping[str, Any]:
        """Open the accounts and let the customer consent once."""
        plans = shop.bank_accounts or [BankAccount(code="MAIN", iban="", currency=shop.currency)]
        self.books = books = Books(self.kit, plans, shop.name)
        self.statements = statements = Statements(self.kit, books)
        self.deliveries = deliveries = Deliveries(self.kit, statements)
        consents = Consents(self.kit, books)
        requisition, ids = consents.renew()
        synchronizations = Synchronizations(self.kit, books, consents)
        self.gocardless.consents = consents
        self.ponto.listings = Listings(self.kit, books, consents, synchronizations)
        self.acts = Acts(self.kit, books, consents, statements, deliveries)
        main = books.account()
        values = {
            "gocardless_secret_id": self.gocardless.secret_id,
            "gocardless_secret_key": self.gocardless.secret_key,
            "gocardless_institution_id": INSTITUTION_ID,
            "gocardless_requisition_id": requisition.id,
            "gocardless_account_id": ids[main.code],
            "ponto_client_id": self.ponto.client_id,
            "ponto_client_secret": self.ponto.client_secret,
            "ponto_account_id": self.ponto.listings.ids[main.code],
            "iban": main.iban,
            "ibans": ",".join(account.iban for account in books.accounts.values()),
            "currency": main.currency,
            "statement_folder": str(deliveries.folder),
        }
        if self.kit.config.options.get("sftp"):
            self.sftp = self.sftp or StatementServer(self.kit, deliveries.folder)
            values |= self.sftp.values()
        return {
            "values": values,
            "accounts": {
                code: {
                    "iban": account.iban,
                    "currency": account.currency,
                    "gocardless_account_id": ids[code],
                    "ponto_account_id": self.ponto.listings.ids[code],
                }
                for code, account in books.accounts.items()
            },
        }

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        """Return accounts, transactions and statements."""
        if self.books is None or self.statements is None:
            return {}
        return {
            "account": {code: one.record() for code, one in self.books.accounts.items()},
            "transaction": {key: one.record() for key, one in self.books.transactions.items()},
            "statement": {one.key: one.record() for one in self.statements.all},
        }

    def pending(self) -> Mapping[str, int]:
        """Return what is under way; pending bookings wait for a day and do not count."""
        if self.deliveries is None:
            return {"files": 0, "synchronizations": 0}
        return {
            "files": self.deliveries.unfinished,
            "synchronizations": self.ponto.synchronizations.under_way(),
        }

    def day_began(self) -> None:
        """Book what is due, then let Ponto look."""
        if self.books is not None:
            self.books.day_began()
            self.ponto.synchronizations.day_began()

    def throttled(self, request: Request) -> Response:
        """Return the 429 of the API that was called."""
        if request.path.startswith(PREFIX):
            return too_many("100/minute", 60)
        return self.ponto.throttled(request)

    def failure(self, request: Request, status: int, message: str) -> Response:
        """Return an error in the shape of the API that was called."""
        if request.path.startswith(PREFIX):
            return problem(
                status, _GOCARDLESS_SUMMARIES.get(status, "UnknownRequestError"), message
            )
        return refused(request, status, _PONTO_CODES.get(status, "technicalFailure"), message)

    def close(self) -> None:
        """Stop the SFTP server."""
        if self.sftp is not None:
            self.sftp.close()


def create(_config: SimulatorConfig, kit: Kit) -> Simulator:
    """Return the simulator that a configuration describes."""
    return Bank(kit)
