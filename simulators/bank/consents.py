"""Who may look: agreements, requisitions and the account ids that come of them.

As at GoCardless, an end user agreement says how long (``access_valid_for_days``, business
days of the calendar) and how far back (``max_historical_days``); a requisition is one visit to
the bank. Each requisition that is authorised gives every account a NEW id; an old id stays
known and answers that its agreement has expired or was replaced. Ponto's access follows the
newest one: it stops synchronising when that expires.

Not modelled: rejection of single accounts by the bank, reconfirmation, end users.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peakproof.simkit import Kit, SimulatorRefused

from .books import Account, Books

__all__ = ["INSTITUTION_ID", "SCOPES", "Agreement", "Consents", "Link", "Requisition"]

INSTITUTION_ID = "PEAK_BANK_PEAKDEFF"
SCOPES = ("balances", "details", "transactions")


@dataclass
class Agreement:
    """What the customer agrees to; ``accepted`` begins the days."""

    id: str
    created: datetime
    max_historical_days: int = 90
    access_valid_for_days: int = 90
    access_scope: tuple[str, ...] = SCOPES
    accepted: datetime | None = None
    ended_at: datetime | None = None  # a clerk or the customer ended it early

    def expires(self) -> datetime | None:
        """Return when access ends, if it has begun."""
        if self.ended_at is not None:
            return self.ended_at
        if self.accepted is None:
            return None
        return self.accepted + timedelta(days=self.access_valid_for_days)


@dataclass
class Requisition:
    """One visit to the bank. ``status`` is GoCardless's short one: CR, GC, RJ, LN."""

    id: str
    created: datetime
    agreement: Agreement
    redirect: str
    reference: str
    status: str = "CR"
    user_language: str | None = None
    ssn: str | None = None
    account_selection: bool = False
    redirect_immediate: bool = False
    account_ids: list[str] = field(default_factory=list)


@dataclass
class Link:
    """An account as one requisition sees it, under an id of its own."""

    id: str
    account: Account
    requisition: Requisition
    created: datetime
    last_accessed: datetime | None = None


class Consents:
    """Every agreement, requisition and link."""

    def __init__(self, kit: Kit, books: Books) -> None:
        self._kit, self._books = kit, books
        self._random = kit.seed.stream("bank|consents")
        self.agreements: dict[str, Agreement] = {}
        self.requisitions: dict[str, Requisition] = {}
        self.links: dict[str, Link] = {}

    def agree(self, **terms: Any) -> Agreement:
        """Make an agreement that is not yet accepted."""
        agreement = Agreement(self._uuid(), self._kit.calendar.now(), **terms)
        self.agreements[agreement.id] = agreement
        return agreement

    def require(self, agreement: Agreement, **wishes: Any) -> Requisition:
        """Make a requisition that waits for the customer."""
        requisition = Requisition(self._uuid(), self._kit.calendar.now(), agreement, **wishes)
        requisition.reference = requisition.reference or requisition.id
        self.requisitions[requisition.id] = requisition
        return requisition

    def authorize(self, requisition: Requisition, codes: Sequence[str] = ()) -> dict[str, str]:
        """Let the customer say yes; return the new account ids by account code.

        Refuses a requisition that was used before.
        """
        if requisition.status not in ("CR", "GC"):
            raise SimulatorRefused(
                "requisition_link_reused", f"Requisition {requisition.id} was used before."
            )
        chosen = [self._books.account(code) for code in codes or self._books.accounts]
        if requisition.agreement.accepted is None:
            requisition.agreement.accepted = self._kit.calendar.now()
        requisition.status = "LN"
        ids = {}
        for account in chosen:
            link = Link(self._uuid(), account, requisition, self._kit.calendar.now())
            self.links[link.id] = link
            requisition.account_ids.append(link.id)
            ids[account.code] = link.id
        return ids

    def reject(self, requisition: Requisition) -> None:
        """Let the customer say no; refuses a requisition that was used before."""
        if requisition.status not in ("CR", "GC"):
            raise SimulatorRefused(
                "requisition_link_reused", f"Requisition {requisition.id} was used before."
            )
        requisition.status = "RJ"

    def renew(self, codes: Sequence[str] = ()) -> tuple[Requisition, dict[str, str]]:
        """Do what a customer does whose access ended: a new agreement, requisition and ids."""
        asked = [
            scope for scope in SCOPES if scope in (self._kit.config.options.get("scopes") or SCOPES)
        ]
        agreement = self.agree(access_scope=tuple(asked))
        requisition = self.require(agreement, redirect="", reference="")
        return requisition, self.authorize(requisition, codes)

    def expired(self, agreement: Agreement) -> bool:
        """Tell whether access under an agreement has ended."""
        end = agreement.expires()
        return end is not None and self._kit.calendar.now() >= end

    def expire(self, account: Account) -> list[str]:
        """End every agreement that lets somebody see an account; return their ids."""
        ended = []
        for link in self.links.values():
            agreement = link.requisition.agreement
            if link.account is account and not self.expired(agreement):
                agreement.ended_at = self._kit.calendar.now()
                ended.append(agreement.id)
        return ended

    def newest(self, account: Account) -> Link | None:
        """Return the newest link of an account."""
        found = None
        for link in self.links.values():
            if link.account is account:
                found = link
        return found

    def open_for(self, account: Account) -> bool:
        """Tell whether somebody may see an account now."""
        link = self.newest(account)
        return link is not None and not self.expired(link.requisition.agreement)

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
