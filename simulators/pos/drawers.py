"""Cash drawers: one open shift a location, its events, and the close of the day.

What a cashier takes and gives back in the shop belongs to the shift that is open when it
reaches Square; sales of an offline till therefore fall into the shift of their arrival. Payments
that a client of the API records are not in the drawer, but are in the totals of the day.

Not published, chosen by us: a drawer is opened with OPENING_UNITS (option ``drawer_units``).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from peakproof.simkit import from_minor

from .errors import not_found
from .sales import TENDERS

if TYPE_CHECKING:
    from .business import Business, Place

__all__ = ["Drawers", "Shift"]

Record = dict[str, Any]
OPENING_UNITS = 10_000
_SIGNS = {"CASH_TENDER_PAYMENT": 1, "CASH_TENDER_REFUND": -1}


@dataclass
class Shift:
    """A shift as Square writes it, with its events and the day's payments and refunds."""

    record: Record
    number: int
    events: list[Record] = field(default_factory=list)
    payments: list[Record] = field(default_factory=list)
    refunds: list[Record] = field(default_factory=list)

    def sum(self, kind: str) -> int:
        """Return the units of all events of a type."""
        return sum(
            event["event_money"]["amount"] for event in self.events if event["event_type"] == kind
        )


class Drawers:
    """The shifts of every location, and the days that were closed."""

    def __init__(self, business: "Business") -> None:
        self._business = business
        self.shifts: list[Shift] = []
        self._open: dict[str, Shift] = {}
        self.closes: dict[str, Record] = {}

    def current(self, place: str) -> Shift:
        """Return the open shift of a location; the first one opens when it is asked for."""
        found = self._open.get(place)
        if found is None:
            now = self._business.now()
            units = int(self._business.kit.config.options.get("drawer_units", OPENING_UNITS))
            code = self._business.places[place].code
            found = Shift(
                {
                    "id": self._business.ids.uuid("shift").upper(),
                    "state": "OPEN",
                    "opened_at": now,
                    "description": f"Drawer of {code}",
                    "opened_cash_money": self._business.money(units),
                    "device": {"id": f"DEVICE-{code}", "name": f"Till {code}"},
                    "created_at": now,
                    "updated_at": now,
                    "location_id": place,
                },
                self._business.next_number(),
            )
            self._open[place] = found
            self.shifts.append(found)
        return found

    def find(self, identity: str, place: str) -> Shift:
        """Return a shift of a location; raises Refusal."""
        for shift in self.shifts:
            if shift.record["id"] == identity and shift.record["location_id"] == place:
                return shift
        raise not_found("Cash drawer shift", identity, "shift_id")

    def paid(self, payment: Record) -> None:
        """Take a completed payment into the open shift."""
        shift = self.current(payment["location_id"])
        shift.payments.append(payment)
        if payment["application_details"]["square_product"] == "SQUARE_POS":
            cash = payment["source_type"] == "CASH"
            kind = "CASH_TENDER_PAYMENT" if cash else "OTHER_TENDER_PAYMENT"
            self._event(shift, kind, payment["total_money"])

    def refunded(self, refund: Record) -> None:
        """Take a completed refund into the open shift."""
        shift = self.current(refund["location_id"])
        shift.refunds.append(refund)
        payment = self._business.payments.find(refund["payment_id"]).record
        if payment["application_details"]["square_product"] == "SQUARE_POS":
            cash = refund["destination_type"] == "CASH"
            kind = "CASH_TENDER_REFUND" if cash else "OTHER_TENDER_REFUND"
            self._event(shift, kind, refund["amount_money"])

    def _event(self, shift: Shift, kind: str, amount: Record) -> None:
        now = self._business.now()
        shift.events.append(
            {
                "id": self._business.ids.uuid("drawer event").upper(),
                "event_type": kind,
                "event_money": dict(amount),
                "created_at": now,
            }
        )
        shift.record["updated_at"] = now

    def expected(self, shift: Shift) -> int:
        """Return the units that should lie in the drawer."""
        if "closed_at" in shift.record:
            return int(shift.record["expected_cash_money"]["amount"])
        opened: int = shift.record["opened_cash_money"]["amount"]
        return opened + sum(sign * shift.sum(kind) for kind, sign in _SIGNS.items())

    def shown(self, shift: Shift) -> Record:
        """Return a shift as Square shows it, sums included."""
        money = self._business.money
        return {
            **shift.record,
            "cash_payment_money": money(shift.sum("CASH_TENDER_PAYMENT")),
            "cash_refunds_money": money(shift.sum("CASH_TENDER_REFUND")),
            "cash_paid_in_money": money(shift.sum("PAID_IN")),
            "cash_paid_out_money": money(shift.sum("PAID_OUT")),
            "expected_cash_money": money(self.expected(shift)),
        }

    def close(self, place: "Place", difference: int) -> Record:
        """Count the drawer, close the shift and the day; return the day's totals."""
        shift = self.current(place.id)
        expected = self.expected(shift)
        counted = expected + difference
        now = self._business.now()
        shift.record |= {
            "state": "CLOSED", "ended_at": now, "closed_at": now, "updated_at": now,
            "expected_cash_money": self._business.money(expected),
            "closed_cash_money": self._business.money(counted),
        }  # fmt: skip
        del self._open[place.id]
        totals = self._totals(place, shift)
        key = f"{totals['date']}@{place.code}"
        if key in self.closes:  # a second close on one day
            key += f"#{shift.number}"
        self.closes[key] = totals
        self._business.kit.journal.state("day_close", key, totals)
        return {"key": key, **totals}

    def _totals(self, place: "Place", shift: Shift) -> Record:
        business, currency = self._business, self._business.currency
        orders = {
            payment["order_id"]: business.orders.find(payment["order_id"]).record
            for payment in shift.payments
        }

        def text(units: int) -> str:
            return str(from_minor(units, currency))

        def by_tender(records: list[Record], kind: str, money: str) -> dict[str, str]:
            sums = dict.fromkeys(sorted(set(TENDERS.values())), 0)
            for record in records:
                sums[TENDERS[record[kind]]] += record[money]["amount"]
            return {name: text(units) for name, units in sums.items()}

        tips = [payment["tip_money"] for payment in shift.payments if "tip_money" in payment]
        total = sum(payment["total_money"]["amount"] for payment in shift.payments)
        refunds = sum(refund["amount_money"]["amount"] for refund in shift.refunds)
        opened = shift.record["opened_cash_money"]["amount"]
        expected = shift.record["expected_cash_money"]["amount"]
        counted = shift.record["closed_cash_money"]["amount"]
        return {
            "location_code": place.code,
            "date": business.at().date().isoformat(),
            "currency": currency,
            "shift_id": shift.record["id"],
            "sales_count": len(orders),
            "sale_ids": list(orders),
            "refund_count": len(shift.refunds),
            "total": text(total),
            "tax": text(sum(order["total_tax_money"]["amount"] for order in orders.values())),
            "tip": text(sum(tip["amount"] for tip in tips)),
            "tenders": by_tender(shift.payments, "source_type", "total_money"),
            "refunds": by_tender(shift.refunds, "destination_type", "amount_money"),
            "refund_total": text(refunds),
            "net": text(total - refunds),
            "opening_cash": text(opened),
            "expected_cash": text(expected),
            "counted_cash": text(counted),
            "difference": text(counted - expected),
            "closed": shift.record["closed_at"],
        }
