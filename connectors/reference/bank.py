"""The client of GoCardless Bank Account Data: tokens, accounts by IBAN, booked transactions.

Each account id allows few pulls a day, told in headers; accounts and requisitions may be asked
for at will. An account's id changes whenever its holder consents anew, so it is looked up by
IBAN each time, newest consent first.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx
import msgspec

from .errors import Refused, Unavailable
from .settings import Settings
from .statements import iban_of

__all__ = ["Bank", "Booked", "Limited", "Told", "read_booked"]

TIMEOUT = httpx.Timeout(15.0, connect=3.0)
BEFORE_END_SECONDS = 5.0  # a token is not used that close to its end
ENDED = ("EXPIRED", "SUSPENDED", "ERROR")
GONE = {"EX": "EXPIRED", "SU": "SUSPENDED", "RJ": "REJECTED"}  # requisitions without access
RESET = "http_x_ratelimit_account_success_reset"


class Limited(Unavailable):
    """The day's pulls of this account are used up; ``after_seconds`` tells until when."""


class Booked(msgspec.Struct, kw_only=True, frozen=True):
    """A booked transaction. ``amount`` is signed; days are ISO dates."""

    transaction_id: str
    entry_reference: str
    amount: Decimal
    currency: str
    booking_date: str
    remittance: str
    counterparty: str
    end_to_end_id: str

    @property
    def identity(self) -> str:
        """What stays the same when the bank tells the transaction under another id."""
        if not self.entry_reference:
            return f"id|{self.transaction_id}"
        told = (self.entry_reference, self.booking_date, self.amount, self.end_to_end_id)
        return "reference|" + "|".join(map(str, told))


class Told(msgspec.Struct, kw_only=True):
    """What a pull told: transactions, and why others could not be read."""

    booked: list[Booked] = []
    unreadable: list[str] = []


def read_booked(row: Mapping[str, Any]) -> Booked:
    """Return a transaction as the bank told it; raises Refused for one that makes no sense."""
    try:
        amount = Decimal(str(row["transactionAmount"]["amount"]))
        currency = str(row["transactionAmount"]["currency"])
        day = str(row["bookingDate"])
        identity = str(row.get("transactionId") or row["internalTransactionId"])
    except (KeyError, TypeError, InvalidOperation) as error:
        raise Refused("transaction", f"a booked transaction without {error}") from error
    lines = row.get("remittanceInformationUnstructuredArray") or ()
    text = row.get("remittanceInformationUnstructured") or " ".join(map(str, lines))
    other = "debtorName" if amount >= 0 else "creditorName"
    return Booked(
        transaction_id=identity,
        entry_reference=str(row.get("entryReference") or ""),
        amount=amount,
        currency=currency,
        booking_date=day,
        remittance=str(text or row.get("additionalInformation") or ""),
        counterparty=str(row.get(other) or ""),
        end_to_end_id=str(row.get("endToEndId") or ""),
    )


class Bank:
    """A client with one set of credentials."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None):
        self.vendor = settings.bank
        self.http = httpx.AsyncClient(
            base_url=f"{settings.bank.url}/api/v2",
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
            verify=ssl.create_default_context(cafile=settings.ca_bundle or None),
        )
        self._access = self._refresh = ""
        self._access_ends = self._refresh_ends = 0.0  # monotonic seconds
        self._turn = asyncio.Lock()
        self._ibans: dict[str, str] = {}  # account id -> IBAN; it never changes

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def account_id(self, iban: str) -> str:
        """Return the account's id under the newest consent that is good.

        Raises Refused when nobody has consented, or every consent has ended.
        """
        ended = ""
        for requisition in await self._requisitions():
            status = str(requisition.get("status"))
            if status != "LN":
                ended = ended or GONE.get(status, "")
                continue
            for identity in requisition.get("accounts") or ():
                if self._ibans.get(identity, iban_of(iban)) != iban_of(iban):
                    continue
                account = await self._get(f"/accounts/{identity}/")
                self._ibans[identity] = iban_of(str(account.get("iban")))
                if self._ibans[identity] != iban_of(iban):
                    continue
                if account.get("status") not in ENDED:
                    return str(identity)
                ended = ended or str(account.get("status"))
        told = f"the newest is {ended}" if ended else "there is none"
        raise Refused(
            "consent",
            f"no good consent for the account {iban}: {told}. Its holder must connect the bank "
            "again; the connector goes on by itself then",
        )

    async def _requisitions(self) -> list[dict[str, Any]]:
        """Return every requisition, newest first."""
        rows: list[dict[str, Any]] = []
        while True:
            query = {"limit": "100", "offset": str(len(rows))}
            page = await self._get("/requisitions/", query)
            rows += page["results"]
            if not page.get("next") or not page["results"]:
                return sorted(rows, key=lambda row: str(row.get("created")), reverse=True)

    async def booked(self, account_id: str, since: str = "") -> "Told":
        """Return the transactions booked since a day (all of them without one), oldest first.

        This is a pull: raises Limited when the day's are used up. Pending ones are left out.
        """
        query = {"date_from": since} if since else {}
        body = await self._get(f"/accounts/{account_id}/transactions/", query)
        told = Told()
        for row in body["transactions"]["booked"]:
            try:
                told.booked.append(read_booked(row))
            except Refused as refusal:
                told.unreadable.append(str(refusal))
        told.booked.sort(key=lambda entry: entry.booking_date)
        return told

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Ask; with a new token when the bank does not know ours."""
        for last in (False, True):
            token = await self._bearer()
            headers = {"Authorization": f"Bearer {token}"}
            answer = await self._send("GET", path, params=dict(query or {}), headers=headers)
            if answer.status_code != 401:
                break
            summary = str(_said(answer).get("summary", ""))
            if "(EUA)" in summary or "expired" in summary.lower():
                raise Refused("consent", f"the bank says: {summary}. Its holder must renew it")
            if last:
                raise Unavailable("the bank refuses a fresh token", 2.0)
            if token == self._access:
                self._access = ""
        return _body(path, answer)

    async def _bearer(self) -> str:
        """Return a token that is good, refreshed or new."""
        async with self._turn:
            now = time.monotonic()
            if self._access and now < self._access_ends:
                return self._access
            if self._refresh and now < self._refresh_ends:
                sent = {"refresh": self._refresh}
                answer = await self._send("POST", "/token/refresh/", json=sent)
                if answer.status_code == 401:
                    self._refresh = ""
                else:
                    self._take(_body("/token/refresh/", answer), now)
            if not self._refresh:
                sent = {"secret_id": self.vendor.key, "secret_key": self.vendor.secret}
                answer = await self._send("POST", "/token/new/", json=sent)
                if answer.status_code == 401:
                    raise Refused("credentials", "the bank's interface does not know our secret")
                self._take(_body("/token/new/", answer), now)
            return self._access

    def _take(self, told: Mapping[str, Any], now: float) -> None:
        self._access = str(told["access"])
        self._access_ends = now + _used_seconds(told["access_expires"])
        if "refresh" in told:
            self._refresh = str(told["refresh"])
            self._refresh_ends = now + _used_seconds(told["refresh_expires"])

    async def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            return await self.http.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise Unavailable(f"Bank gave no answer: {type(error).__name__}") from error


def _used_seconds(told: Any) -> float:
    """Return how long a token is used: it must not end on its way."""
    life = float(told)
    return life - min(BEFORE_END_SECONDS, life / 4)


def _said(answer: httpx.Response) -> dict[str, Any]:
    """Return the body, if it is an object."""
    try:
        body = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _body(path: str, answer: httpx.Response) -> dict[str, Any]:
    """Return the body of a good answer; raises what another one stands for."""
    said = _said(answer)
    if answer.status_code in (200, 201) and said:
        return said
    reason = f"Bank answered {path} with {answer.status_code}: {said.get('summary', '')}"[:300]
    if answer.status_code == 429:
        seconds = answer.headers.get(RESET, "")
        if seconds.isdecimal():
            raise Limited(reason, float(seconds))
        raise Unavailable(reason, float(answer.headers.get("retry-after") or 1.0), 60.0)
    if answer.status_code == 409 and "suspended" in str(said.get("summary", "")).lower():
        raise Refused("suspended", f"{reason}. Its holder must connect the bank again")
    if answer.status_code >= 500 or answer.status_code in (200, 201, 408, 409):
        raise Unavailable(reason)
    raise Refused(f"bank_{answer.status_code}", reason)
