"""Payments: cash, card and what was taken outside Square; capture at once or later.

Not published, chosen by us: a payment that completes an order must bring exactly what is due
(else PAYMENT_AMOUNT_MISMATCH). A payment without an order gets one with a custom amount, as at
Square. A declined card leaves a FAILED payment, told besides the error (402).
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .errors import Refusal, conflict, invalid, missing, not_found, not_modelled
from .orders import CLOSED, Order

if TYPE_CHECKING:
    from .business import Business

__all__ = ["DECLINES", "Payment", "Payments"]

Record = dict[str, Any]
DECLINES = {
    "cnon:card-nonce-declined": "GENERIC_DECLINE",
    "cnon:card-nonce-rejected-cvv": "CVV_FAILURE",
    "cnon:card-nonce-rejected-postalcode": "ADDRESS_VERIFICATION_FAILURE",
    "cnon:card-nonce-rejected-expiration": "INVALID_EXPIRATION",
}
CARD_OK = "cnon:card-nonce-ok"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_DELAY = "P7D"


@dataclass
class Payment:
    """A payment as Square writes it. ``delayed_until`` is when an approved one is given up."""

    record: Record
    number: int
    delayed_until: datetime | None = None
    record_key: str = ""  # the idempotency key that made it

    @property
    def id(self) -> str:
        """The payment's id."""
        return str(self.record["id"])

    @property
    def total(self) -> int:
        """Amount and tip, in minor units."""
        return int(self.record["total_money"]["amount"])


class Payments:
    """Every payment of the seller, by id."""

    def __init__(self, business: "Business") -> None:
        self._business = business
        self.all: dict[str, Payment] = {}

    def find(self, identity: str, field: str = "payment_id") -> Payment:
        """Return a payment; raises Refusal."""
        found = self.all.get(identity)
        if found is None:
            raise not_found("Payment", identity, field)
        return found

    def create(self, given: Record) -> Payment:
        """Take a payment that a client asks for; raises Refusal, also when it is declined."""
        business = self._business
        kind = _kind(given["source_id"])
        if "amount_money" not in given:
            raise missing("amount_money")
        amount = business.amount(given["amount_money"], "amount_money")
        tip = business.amount(given["tip_money"], "tip_money") if "tip_money" in given else 0
        at_once = given.get("autocomplete", True)
        if kind != "CARD" and not at_once:
            raise invalid("autocomplete", "Only card payments can be captured later.")
        if at_once and ("delay_duration" in given or "delay_action" in given):
            raise invalid("delay_duration", "Only for payments with autocomplete false.")
        if "customer_id" in given:
            business.customers.find(given["customer_id"])
        order = business.orders.find(given["order_id"]) if "order_id" in given else None
        place = business.place(given.get("location_id") or _place_of(order) or "main")
        if order is not None:
            self._check_order(order, place.id, amount, at_once)
        elif amount == 0:
            raise Refusal("VALUE_TOO_LOW", "The amount must be at least 1.", "amount_money.amount")
        details = self._details(kind, given, amount + tip)
        record = self._record(kind, amount, tip, place.id)
        record |= details | _kept(given)
        payment = Payment(record, business.next_number())
        declined = DECLINES.get(given["source_id"])
        if declined:
            self._decline(payment, declined)
        if order is None:
            order = self._order_for(place.id, amount, given)
        record["order_id"] = order.id
        self.all[payment.id] = payment
        if not at_once:
            self._hold(payment, given)
        self._tell(payment, "payment.created")
        if at_once:
            self._capture(payment)
            self._settle([payment], order)
        return payment

    def take(
        self, order: Order, kind: str, tip: int, more: Record, buyer_supplied: int | None = None
    ) -> Payment:
        """Take a cashier's payment of all that is due of an order, and complete it."""
        due = self._business.orders.due(order)
        record = self._record(kind, due, tip, order.record["location_id"])
        total = due + tip
        if kind == "CASH":
            supplied = total if buyer_supplied is None else buyer_supplied
            record["cash_details"] = self._cash(supplied, total)
        elif kind == "CARD":
            record["card_details"] = self._card("CONTACTLESS")
        else:
            record["external_details"] = {"type": "OTHER", "source": "Online store"}
        record |= {"order_id": order.id, **more}
        record["application_details"] = {"square_product": "SQUARE_POS"}
        payment = Payment(record, self._business.next_number())
        self.all[payment.id] = payment
        self._tell(payment, "payment.created")
        self._capture(payment)
        self._settle([payment], order)
        return payment

    def _record(self, kind: str, amount: int, tip: int, place: str) -> Record:
        business = self._business
        now, identity = business.now(), business.identity(32)
        record: Record = {
            "id": identity, "created_at": now, "updated_at": now,
            "amount_money": business.money(amount), "total_money": business.money(amount + tip),
            "approved_money": business.money(amount + tip), "status": "APPROVED",
            "source_type": kind, "location_id": place,
            "receipt_number": identity[:4],
            "application_details": {"square_product": "ECOMMERCE_API"},
            "version_token": business.identity(40),
        }  # fmt: skip
        if tip:
            record["tip_money"] = business.money(tip)
        return record

    def _check_order(self, order: Order, place: str, amount: int, at_once: bool) -> None:
        if order.record["location_id"] != place:
            raise Refusal("BAD_REQUEST", "The order is of another location.", "location_id")
        if order.record["state"] in (*CLOSED, "DRAFT"):
            raise Refusal("BAD_REQUEST", f"The order is {order.record['state']}.", "order_id")
        due = self._business.orders.due(order)
        if amount > due or (at_once and amount != due):
            raise _mismatch(amount, due)

    def _details(self, kind: str, given: Record, total: int) -> Record:
        if kind == "CASH":
            if "cash_details" not in given:
                raise missing("cash_details")
            supplied = given["cash_details"]["buyer_supplied_money"]
            field = "cash_details.buyer_supplied_money"
            units = self._business.amount(supplied, field)
            if units < total:
                raise Refusal("VALUE_TOO_LOW", "The buyer supplied less than the total.", field)
            return {"cash_details": self._cash(units, total)}
        if kind == "EXTERNAL":
            if "external_details" not in given:
                raise missing("external_details")
            return {"external_details": given["external_details"]}
        return {"card_details": self._card("KEYED")}

    def _cash(self, supplied: int, total: int) -> Record:
        return {
            "buyer_supplied_money": self._business.money(supplied),
            "change_back_money": self._business.money(supplied - total),
        }

    def _card(self, entry: str) -> Record:
        return {
            "status": "AUTHORIZED",
            "card": {
                "card_brand": "VISA", "last_4": "1111", "exp_month": 11, "exp_year": 2030,
                "card_type": "CREDIT", "prepaid_type": "NOT_PREPAID",
                "fingerprint": "sq-1-" + self._business.kit.seed.token("pos|card"),
            },
            "entry_method": entry,
            "cvv_status": "CVV_ACCEPTED",
            "avs_status": "AVS_ACCEPTED",
            "card_payment_timeline": {"authorized_at": self._business.now()},
        }  # fmt: skip

    def _decline(self, payment: Payment, code: str) -> None:
        detail = f"Authorization error: '{code}'"
        error = {"category": "PAYMENT_METHOD_ERROR", "code": code, "detail": detail}
        record = payment.record
        record["status"] = "FAILED"
        record["approved_money"] = self._business.money(0)
        record["card_details"] |= {"status": "FAILED", "errors": [error]}
        self.all[payment.id] = payment
        self._tell(payment, "payment.created")
        raise Refusal(code, detail, "", 402, "PAYMENT_METHOD_ERROR", {"payment": record})

    def _order_for(self, place: str, amount: int, given: Record) -> Order:
        line = {"quantity": "1", "base_price_money": self._business.money(amount)}
        fields: Record = {
            name: given[name] for name in ("reference_id", "customer_id") if name in given
        }
        order = self._business.orders.create(
            {"location_id": place, "line_items": [line], **fields}, by_api=False
        )
        self._business.orders.announce(order)
        return order

    def _hold(self, payment: Payment, given: Record) -> None:
        text = given.get("delay_duration", _DELAY)
        found = _DURATION.fullmatch(text)
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (
            0, 0, 0, 0)  # fmt: skip
        wait = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if not timedelta(minutes=1) <= wait <= timedelta(days=7):
            raise invalid("delay_duration", "Expected PT1M to P7D.")
        payment.delayed_until = self._business.at() + wait
        payment.record |= {
            "delay_duration": text,
            "delay_action": given.get("delay_action", "CANCEL"),
            "delayed_until": payment.delayed_until.isoformat(timespec="milliseconds")[:23] + "Z",
            "capabilities": ["EDIT_AMOUNT_UP", "EDIT_AMOUNT_DOWN"],
        }

    def _capture(self, payment: Payment) -> None:
        record = payment.record
        record["status"] = "COMPLETED"
        record.pop("capabilities", None)
        payment.delayed_until = None
        if "card_details" in record:
            record["card_details"]["status"] = "CAPTURED"
            timeline = record["card_details"]["card_payment_timeline"]
            timeline["captured_at"] = self._business.now()
        self.touch(payment)

    def _settle(self, payments: list[Payment], order: Order) -> None:
        """Put completed payments into their order as tenders."""
        tenders = order.record.setdefault("tenders", [])
        tenders += [tender_of(payment.record) for payment in payments]
        self._business.orders.settle(order, for_nothing=True)
        self._business.orders.touch(order)
        for payment in payments:
            self._business.drawers.paid(payment.record)

    def _tell(self, payment: Payment, kind: str) -> None:
        record = payment.record
        data = {"type": "payment", "id": payment.id, "object": {"payment": record}}
        self._business.emit(kind, data, record["updated_at"])

    def touch(self, payment: Payment) -> None:
        """Write down and tell that a payment changed."""
        payment.record["updated_at"] = self._business.now()
        payment.record["version_token"] = self._business.identity(40)
        self._tell(payment, "payment.updated")

    def complete(self, payment: Payment, token: str) -> None:
        """Capture an approved payment; its order is paid by it alone."""
        self._expect_approved(payment)
        if token and token != payment.record["version_token"]:
            raise conflict("The version token is not the payment's.", "version_token")
        order = self._business.orders.find(payment.record["order_id"])
        self.pay([payment], order)

    def pay(self, payments: list[Payment], order: Order) -> None:
        """Capture approved payments that together bring what is due of an order."""
        due = self._business.orders.due(order)
        for payment in payments:
            self._expect_approved(payment)
            if payment.record["order_id"] != order.id:
                raise Refusal("BAD_REQUEST", "The payment is of another order.", "payment_ids")
        brought = sum(payment.record["amount_money"]["amount"] for payment in payments)
        if brought != due:
            raise _mismatch(brought, due)
        for payment in payments:
            self._capture(payment)
        self._settle(payments, order)

    def cancel(self, payment: Payment) -> None:
        """Void an approved payment; its order stays unpaid."""
        self._expect_approved(payment)
        record = payment.record
        record["status"] = "CANCELED"
        record["approved_money"] = self._business.money(0)
        record.pop("capabilities", None)
        payment.delayed_until = None
        record["card_details"]["status"] = "VOIDED"
        timeline = record["card_details"]["card_payment_timeline"]
        timeline["voided_at"] = self._business.now()
        self.touch(payment)

    def _expect_approved(self, payment: Payment) -> None:
        status = payment.record["status"]
        if status != "APPROVED":
            detail = f"Payment {payment.id} is {status}, not APPROVED."
            raise Refusal("BAD_REQUEST", detail, "payment_id")

    def delays_ended(self) -> None:
        """Cancel or complete the approved payments whose time is over."""
        now = self._business.at()
        for payment in list(self.all.values()):
            if payment.delayed_until is not None and payment.delayed_until <= now:
                order = self._business.orders.find(payment.record["order_id"])
                due = self._business.orders.due(order)
                if (
                    payment.record["delay_action"] == "COMPLETE"
                    and due == payment.record["amount_money"]["amount"]
                ):
                    self.pay([payment], order)
                else:
                    self.cancel(payment)


def _kind(source: str) -> str:
    if source in ("CASH", "EXTERNAL"):
        return source
    if source == CARD_OK or source in DECLINES:
        return "CARD"
    if source.startswith(("ccof:", "gftc:", "bauth:", "wnon:")):
        raise not_modelled(f"the payment source {source.partition(':')[0]}")
    raise Refusal("CARD_TOKEN_USED" if source.startswith("cnon:") else "NOT_FOUND",
                  "Card nonce not found or already used.", "source_id",
                  400 if source.startswith("cnon:") else 404)  # fmt: skip


def _place_of(order: Order | None) -> str:
    return str(order.record["location_id"]) if order is not None else ""


def _kept(given: Record) -> Record:
    names = (
        "reference_id", "customer_id", "note", "buyer_email_address", "billing_address",
        "shipping_address", "statement_description_identifier",
    )  # fmt: skip
    kept = {name: given[name] for name in names if name in given}
    if "offline_payment_details" in given:
        kept["offline_payment_details"] = given["offline_payment_details"]
        kept["is_offline_payment"] = True
    return kept


def _mismatch(brought: int, due: int) -> Refusal:
    detail = (
        "The total of the requested payments does not match the total of the order: "
        f"{brought} brought, {due} due."
    )
    return Refusal("PAYMENT_AMOUNT_MISMATCH", detail, "amount_money.amount")


def tender_of(record: Record) -> Record:
    """Return the tender that a payment is in its order."""
    kind = record["source_type"]
    tender = {
        "id": record["id"],
        "location_id": record["location_id"],
        "transaction_id": record["order_id"],
        "created_at": record["created_at"],
        "amount_money": record["total_money"],
        "type": kind if kind in ("CASH", "CARD") else "OTHER",
        "payment_id": record["id"],
    }
    if "tip_money" in record:
        tender["tip_money"] = record["tip_money"]
    if "customer_id" in record:
        tender["customer_id"] = record["customer_id"]
    if kind == "CASH":
        tender["cash_details"] = {
            "buyer_tendered_money": record["cash_details"]["buyer_supplied_money"],
            "change_back_money": record["cash_details"]["change_back_money"],
        }
    elif kind == "CARD":
        details = record["card_details"]
        tender["card_details"] = {
            name: details[name] for name in ("status", "card", "entry_method")
        }
    return tender
