"""What every part of the gateway shares: time, ids, the tables of records, news of changes.

``touch`` writes a record's vendor-neutral form into the history, ``emit`` makes an event for
webhooks. The parts (payments, refunds, disputes, payouts) hold one Core.
"""

from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any, TypeVar

from peakproof.simkit import Kit, Shop, converted, exponent, from_minor, to_minor

from .errors import Refused, no_such
from .neutral import neutral
from .records import Record
from .settings import Settings

__all__ = ["Core"]

R = TypeVar("R", bound=Record)
_LETTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_OF_BYTES = (_LETTERS * 5)[:256]  # turns random bytes into letters and digits
_RATES = Context(prec=8)


class Core:
    """One account at the gateway.

    It settles in ``currencies``: its own (``currency``), and each other one in which the shop has
    a bank account; what is paid in a third currency is converted to its own, as Stripe does it
    (docs.stripe.com/payouts/multicurrency-settlement).
    """

    def __init__(self, kit: Kit, settings: Settings, shop: Shop) -> None:
        self.kit, self.settings = kit, settings
        self.currency = shop.currency
        self.country = shop.country
        self.rates = {code: Decimal(rate) for code, rate in shop.exchange_rates.items()}
        banked = {account.currency: None for account in shop.bank_accounts}
        self.currencies = (self.currency, *(code for code in banked if code in self.rates))
        self._random = kit.seed.stream("gateway|ids")
        self.tables: dict[str, dict[str, Record]] = {}
        self.cause: tuple[str | None, str | None] = (None, None)
        self.on_event: Callable[[str, Record, dict[str, Any] | None], None] | None = None

    def now(self) -> int:
        """Return the business moment."""
        return self.kit.calendar.epoch()

    def word(self, length: int) -> str:
        """Return a word of letters and digits that was not used before."""
        return self._random.randbytes(length).translate(_OF_BYTES).decode()

    def new_id(self, prefix: str) -> str:
        """Return the next id such as ``ch_3Q...``."""
        return f"{prefix}_{self.word(24)}"

    def add(self, record: R) -> R:
        """Keep a new record."""
        self.tables.setdefault(record.kind, {})[record.id] = record
        return record

    def all(self, kind: type[R]) -> list[R]:
        """Return every record of a kind, oldest first."""
        return list(self.tables.get(kind.kind, {}).values())  # type: ignore[arg-type]

    def get(self, kind: type[R], identity: str, param: str = "id", status: int = 404) -> R:
        """Return a record; raises Refused when nothing has that id."""
        found = self.tables.get(kind.kind, {}).get(identity)
        if found is None:
            raise no_such(kind.kind, identity, param, status)
        return found  # type: ignore[return-value]

    def find(self, identity: str) -> Record | None:
        """Return the record of any kind that has an id."""
        for table in self.tables.values():
            if identity in table:
                return table[identity]
        return None

    def touch(self, record: Record) -> None:
        """Write down that a record changed."""
        written = neutral(record)
        if written is not None:
            entity, value = written
            self.kit.journal.state(entity, record.id, value)

    def emit(self, topic: str, record: Record, previous: dict[str, Any] | None = None) -> None:
        """Make an event; ``previous`` are changed fields as they were."""
        if self.on_event is not None:
            self.on_event(topic, record, previous)

    def settlement(self, currency: str) -> str:
        """Return the currency in which a charge in that currency settles."""
        return currency if currency in self.currencies else self.currency

    def price(self, amount: Decimal, currency: str) -> int:
        """Return an amount of the gateway's price list, told in our own currency, in another."""
        if currency != self.currency:
            amount = converted(amount, self.rates[currency], currency)
        return to_minor(amount, currency)

    def settled(self, amount: int, currency: str) -> tuple[int, Decimal | None]:
        """Return an amount in its settlement currency, with the rate if it was converted.

        Raises Refused for a currency that the shop has no rate for.
        """
        if currency in self.currencies:
            return amount, None
        rate = self.rates.get(currency)
        if not rate:
            raise Refused(
                f"Invalid currency: {currency.lower()}. The shop of this run has no exchange "
                f"rate for it, only for {sorted([self.currency, *self.rates])}.",
                param="currency",
            )
        exchange = _RATES.divide(Decimal(1), rate)
        money = converted(from_minor(amount, currency), exchange, self.currency)
        return to_minor(money, self.currency), exchange

    def money(self, amount: int, currency: str) -> str:
        """Return an amount as people read it in messages."""
        text = f"{from_minor(amount, currency):.{exponent(currency)}f}"
        return f"${text}" if currency == "USD" else f"{text} {currency.lower()}"
