"""The client of the payment gateway (Stripe's API): movements of the balance, and payouts.

Only reads, so everything may be asked again. Amounts come in the smallest unit of the
currency that they settled in, and leave here as exact decimals.
"""

import ssl
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec

from .errors import Refused, Unavailable
from .settings import Settings

__all__ = ["Gateway", "Movement", "Payout", "exact"]

API_VERSION = "2026-10-28.endive"
TIMEOUT = httpx.Timeout(20.0, connect=3.0)
PAGE = 100
WITHOUT_CENTS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV")
)
FRANCS = frozenset(("XAF", "XOF", "XPF"))
WITH_MILLS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))


def exact(amount: int, currency: str) -> Decimal:
    """Return an amount of smallest units as a decimal."""
    places = 0 if currency in WITHOUT_CENTS | FRANCS else 3 if currency in WITH_MILLS else 2
    return Decimal(amount).scaleb(-places)


class Movement(msgspec.Struct, kw_only=True, frozen=True):
    """A balance transaction: gross ``amount``, ``fee`` kept, what it is ``source`` of.

    ``day`` is the one on which the balance moved, where the business is: a payment at half past
    eight in the evening of the 31st is of that month, though at Greenwich the next has begun.
    ``paid`` is what the shopper paid or got back, in ``paid_currency``; of a charge there is the
    ``order_name``, of a refund or dispute the ``charge``.
    """

    id: str
    kind: str
    amount: Decimal
    fee: Decimal
    currency: str
    created_seconds: int
    source: str
    text: str
    day: str
    paid: Decimal
    paid_currency: str
    order_name: str = ""
    charge: str = ""


class Payout(msgspec.Struct, kw_only=True, frozen=True):
    """Money sent to the bank. ``trace`` is what the bank's statement shows, once known."""

    id: str
    amount: Decimal
    currency: str
    status: str
    arrival_day: str
    trace: str


class Gateway:
    """A client of one account."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None):
        self.http = httpx.AsyncClient(
            base_url=settings.gateway.url,
            headers={
                "Authorization": f"Bearer {settings.gateway.key}",
                "Stripe-Version": API_VERSION,
            },
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
            verify=ssl.create_default_context(cafile=settings.ca_bundle or None),
        )
        self.zone = ZoneInfo(settings.time_zone)

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def movements(self, since_seconds: int) -> AsyncIterator[list[Movement]]:
        """Yield pages of the balance's movements created since then, newest first."""
        expand = {"expand[]": "data.source"}
        async for rows in self._pages("/v1/balance_transactions", since_seconds, expand):
            yield [_movement(row, self.zone) for row in rows]

    async def payouts(self, since_seconds: int) -> AsyncIterator[list[Payout]]:
        """Yield pages of the payouts created since then, newest first."""
        async for rows in self._pages("/v1/payouts", since_seconds):
            yield [_payout(row) for row in rows]

    async def payout(self, identity: str) -> Payout:
        """Return one payout as it is now."""
        return _payout(await self._get(f"/v1/payouts/{identity}", {}))

    async def _pages(
        self, path: str, since_seconds: int, more: Mapping[str, str] | None = None
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield pages by cursor: what comes in meanwhile is before the first and moves none."""
        query = {"limit": str(PAGE), **(more or {})}
        if since_seconds:
            query["created[gte]"] = str(since_seconds)
        while True:
            page = await self._get(path, query)
            rows = page["data"]
            if rows:
                yield rows
                query["starting_after"] = rows[-1]["id"]
            if not page["has_more"] or not rows:
                return

    async def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        try:
            answer = await self.http.get(path, params=dict(query))
        except httpx.TransportError as error:
            raise Unavailable(f"Gateway gave no answer: {type(error).__name__}") from error
        try:
            body = msgspec.json.decode(answer.content)
        except msgspec.DecodeError:
            body = {}
        if answer.status_code == 200 and isinstance(body, dict) and body:
            return body
        said = body.get("error") if isinstance(body, dict) else None
        text = str(said.get("message", "")) if isinstance(said, dict) else ""
        reason = f"Gateway answered {path} with {answer.status_code}: {text}"[:300]
        if answer.status_code in (200, 409, 429) or answer.status_code >= 500:
            after = answer.headers.get("retry-after", "")
            raise Unavailable(reason, float(after) if after.isdecimal() else 0.0)
        raise Refused(f"gateway_{answer.status_code}", reason)


def _movement(row: Mapping[str, Any], zone: ZoneInfo) -> Movement:
    currency = str(row["currency"]).upper()
    amount = exact(row["amount"], currency)
    source = row.get("source") or {}
    source = source if isinstance(source, dict) else {"id": source}
    is_charge = source.get("object") == "charge"
    paid, paid_currency = amount, currency
    if row["type"] in ("charge", "payment", "refund") and "currency" in source:
        paid_currency = str(source["currency"]).upper()
        told = source["amount_captured"] if is_charge else source["amount"]
        paid = exact(told, paid_currency) * (1 if amount >= 0 else -1)
    name = (source.get("metadata") or {}).get("order_name") or source.get("description")
    return Movement(
        id=str(row["id"]),
        kind=str(row["type"]),
        amount=amount,
        fee=exact(row["fee"], currency),
        currency=currency,
        created_seconds=int(row["created"]),
        source=str(source.get("id") or ""),
        text=str(row.get("description") or row["type"]),
        day=datetime.fromtimestamp(int(row["created"]), zone).date().isoformat(),
        paid=paid,
        paid_currency=paid_currency,
        order_name=str(name or "") if is_charge else "",
        charge="" if is_charge else str(source.get("charge") or ""),
    )


def _payout(row: Mapping[str, Any]) -> Payout:
    currency = str(row["currency"]).upper()
    trace = row.get("trace_id") or {}
    arrival = datetime.fromtimestamp(int(row["arrival_date"]), UTC)
    return Payout(
        id=str(row["id"]),
        amount=exact(row["amount"], currency),
        currency=currency,
        status=str(row["status"]),
        arrival_day=arrival.date().isoformat(),
        trace=str(trace.get("value") or ""),
    )
