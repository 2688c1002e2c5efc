"""Refunds: of a payment, in part or whole, with or without the goods.

Each makes an order of its own that holds what is returned (``returns``, no line items), as
Square's refunds of sales do, and stands in the ``refunds`` of the order that was paid. Cash and
external refunds complete at once; card refunds are PENDING first.

Not published, chosen by us: a card refund completes after CARD_REFUND_SECONDS of vendor time
(option ``card_refund_seconds``). Refunds without a payment (unlinked) are not modelled.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from peakproof.simkit import from_minor

from .errors import Refusal, not_found
from .orders import Order
from .payments import Payment
from .pricing import shared

if TYPE_CHECKING:
    from .business import Business

__all__ = ["Good", "Refund", "Refunds"]

Record = dict[str, Any]
CARD_REFUND_SECONDS = 30.0
_STATUSES = {"PENDING": "PENDING", "COMPLETED": "APPROVED", "FAILED": "FAILED"}


@dataclass
class Good:
    """Pieces of a sold line that come back; ``before`` is how many came back earlier."""

    line: Record
    quantity: int
    before: int = 0

    def share(self, name: str) -> int:
        """Return the part of one of the line's sums: the parts of all pieces make the whole."""
        units, sold = self.line[name]["amount"], int(self.line["quantity"])

        def part(pieces: int) -> int:
            return shared(units, [pieces, sold - pieces])[0]

        return part(self.before + self.quantity) - part(self.before)


@dataclass
class Refund:
    """A refund as Square writes it. ``goods`` are what came back."""

    record: Record
    number: int
    sale: Order
    goods: list[Good] = field(default_factory=list)
    restocked: bool = False

    @property
    def id(self) -> str:
        """The refund's id."""
        return str(self.record["id"])


class Refunds:
    """Every refund of the seller, by id."""

    def __init__(self, business: "Business") -> None:
        self._business = business
        self.all: dict[str, Refund] = {}

    def find(self, identity: str) -> Refund:
        """Return a refund; raises Refusal."""
        found = self.all.get(identity)
        if found is None:
            raise not_found("Refund", identity, "refund_id")
        return found

    def pending(self) -> int:
        """Return how many are not completed yet."""
        return sum(entry.record["status"] == "PENDING" for entry in self.all.values())

    def refundable(self, payment: Payment) -> int:
        """Return how many units of a payment can still be refunded."""
        refunded: int = payment.record.get("refunded_money", {"amount": 0})["amount"]
        return payment.total - refunded

    def create(
        self,
        payment: Payment,
        amount: int,
        reason: str = "",
        goods: list[Good] | None = None,
        restock: bool = False,
    ) -> Refund:
        """Refund so many units of a payment; raises Refusal when that is too much."""
        business, paid = self._business, payment.record
        if paid["status"] != "COMPLETED":
            raise Refusal(
                "PAYMENT_NOT_REFUNDABLE",
                f"Payment {payment.id} is {paid['status']}.",
                "payment_id",
                category="REFUND_ERROR",
            )
        if amount <= 0:
            raise Refusal("VALUE_TOO_LOW", "The amount must be at least 1.", "amount_money.amount")
        left = self.refundable(payment)
        if amount > left:
            raise Refusal(
                "REFUND_AMOUNT_INVALID",
                f"The requested refund amount exceeds what can be refunded: {amount} of {left}.",
                "amount_money.amount",
                category="REFUND_ERROR",
            )
        sale = business.orders.find(paid["order_id"])
        now = business.now()
        record: Record = {
            "id": f"{payment.id}_{business.identity(43)}", "status": "PENDING",
            "location_id": paid["location_id"], "unlinked": False,
            "destination_type": paid["source_type"], "amount_money": business.money(amount),
            "payment_id": payment.id, "reason": reason, "created_at": now, "updated_at": now,
        }  # fmt: skip
        refund = Refund(record, business.next_number(), sale, goods or [], restock)
        record["order_id"] = self._return_order(refund).id
        self.all[refund.id] = refund
        paid["refunded_money"] = business.money(payment.total - left + amount)
        paid.setdefault("refund_ids", []).append(refund.id)
        self._tell(refund, "refund.created")
        business.payments.touch(payment)
        self._note(refund)
        business.orders.touch(sale)
        if restock:
            self._restock(refund)
        if paid["source_type"] == "CARD":
            seconds = business.kit.config.options.get("card_refund_seconds", CARD_REFUND_SECONDS)
            business.kit.later(
                business.kit.real_seconds(float(seconds)), lambda: self._settle(refund)
            )
        else:
            self._settle(refund)
        return refund

    def _settle(self, refund: Refund) -> None:
        """End a pending refund: well, or badly if a fault says so."""
        failed = self._business.kit.faults.fire("refund_fails", refund.id) is not None
        refund.record["status"] = "FAILED" if failed else "COMPLETED"
        refund.record["updated_at"] = self._business.now()
        if failed:
            payment = self._business.payments.find(refund.record["payment_id"])
            given_back = refund.record["amount_money"]["amount"]
            left = payment.record["refunded_money"]["amount"] - given_back
            payment.record["refunded_money"] = self._business.money(left)
            self._business.payments.touch(payment)
        else:
            self._business.drawers.refunded(refund.record)
        self._note(refund)
        self._tell(refund, "refund.updated")
        self._business.orders.touch(refund.sale)

    def _note(self, refund: Refund) -> None:
        """Write the refund into the order that was paid, and into the history."""
        record = refund.record
        entry = {
            "id": refund.id,
            "location_id": record["location_id"],
            "transaction_id": refund.sale.id,
            "tender_id": record["payment_id"],
            "created_at": record["created_at"],
            "reason": record["reason"] or "Canceled order",
            "amount_money": record["amount_money"],
            "status": _STATUSES[record["status"]],
        }
        entries = refund.sale.record.setdefault("refunds", [])
        entries[:] = [other for other in entries if other["id"] != refund.id]
        if record["status"] != "FAILED":
            entries.append(entry)
        self._business.kit.journal.state("sale_refund", refund.id, self.shown(refund))

    def _tell(self, refund: Refund, kind: str) -> None:
        record = refund.record
        data = {"type": "refund", "id": refund.id, "object": {"refund": record}}
        self._business.emit(kind, data, record["updated_at"])

    def _restock(self, refund: Refund) -> None:
        stock = self._business.stock
        for good in refund.goods:
            variation = good.line.get("catalog_object_id")
            if variation and stock.tracked(variation):
                stock.move(
                    variation,
                    refund.record["location_id"],
                    good.quantity,
                    ("SOLD", "IN_STOCK"),
                    transaction_id=refund.record["order_id"],
                    refund_id=refund.id,
                )

    def _return_order(self, refund: Refund) -> Order:
        business = self._business
        amount = refund.record["amount_money"]["amount"]
        lines = [self._return_line(good) for good in refund.goods]
        tip = amount - sum(line["total_money"]["amount"] for line in lines)
        if not lines or not 0 <= tip <= refund.sale.record["total_tip_money"]["amount"]:
            lines, tip = [self._amount_line(amount)], 0
        tips = [{"uid": business.identity(22), "applied_money": business.money(tip),
                 "source_tender_id": refund.record["payment_id"]}]  # fmt: skip

        def together(name: str) -> Record:
            return business.money(sum(line[name]["amount"] for line in lines))

        amounts = {
            "total_money": business.money(amount),
            "tax_money": together("total_tax_money"),
            "discount_money": together("total_discount_money"),
            "tip_money": business.money(tip),
            "service_charge_money": business.money(0),
        }
        order = business.orders.create(
            {"location_id": refund.record["location_id"], "source": {"name": "Refund"}},
            by_api=False,
        )
        order.is_return = True
        order.record |= {
            "returns": [
                {
                    "uid": business.identity(22),
                    "source_order_id": refund.sale.id,
                    "return_line_items": lines,
                    **({"return_tips": tips} if tip else {}),
                    "return_amounts": amounts,
                }
            ],
            "return_amounts": amounts,
            "state": "COMPLETED",
            "closed_at": business.now(),
        }
        net = {name: business.money(-part["amount"]) for name, part in amounts.items()}
        order.record["net_amounts"] = net
        business.orders.announce(order)
        return order

    def _return_line(self, good: Good) -> Record:
        business, line = self._business, good.line
        parts = {
            name: good.share(name)
            for name in ("total_money", "total_tax_money", "total_discount_money")
        }
        kept = ("name", "catalog_object_id", "catalog_version", "variation_name", "item_type")
        return {
            "uid": business.identity(22),
            "source_line_item_uid": line["uid"],
            "quantity": str(good.quantity),
            **{name: line[name] for name in kept if name in line},
            "base_price_money": line["base_price_money"],
            **{name: business.money(units) for name, units in parts.items()},
        }

    def _amount_line(self, amount: int) -> Record:
        business = self._business
        return {
            "uid": business.identity(22), "quantity": "1", "item_type": "CUSTOM_AMOUNT",
            "base_price_money": business.money(amount), "total_money": business.money(amount),
            "total_tax_money": business.money(0), "total_discount_money": business.money(0),
        }  # fmt: skip

    def left_of(self, sale: Order) -> list[Good]:
        """Return the pieces of a sale that did not come back yet, by line."""
        back: dict[str, int] = {}
        for refund in self.all.values():
            if refund.sale is sale and refund.record["status"] != "FAILED":
                for good in refund.goods:
                    back[good.line["uid"]] = back.get(good.line["uid"], 0) + good.quantity
        lines = sale.record.get("line_items", [])
        goods = [
            Good(line, int(line["quantity"]) - before, before)
            for line in lines
            for before in (back.get(line["uid"], 0),)
        ]
        return [good for good in goods if good.quantity > 0]

    def shown(self, refund: Refund) -> Record:
        """Return the vendor-neutral record of a refund."""
        record, currency = refund.record, self._business.currency
        sku = self._business.catalog.sku
        return {
            "id": refund.id,
            "sale_id": refund.sale.id,
            "reference": refund.sale.record.get("reference_id", ""),
            "location_code": self._business.places[record["location_id"]].code,
            "amount": str(from_minor(record["amount_money"]["amount"], currency)),
            "currency": currency,
            "tender": record["destination_type"].lower(),
            "state": record["status"].lower(),
            "lines": [
                {"sku": sku(good.line.get("catalog_object_id", "")), "quantity": good.quantity}
                for good in refund.goods
            ],
            "restocked": refund.restocked,
            "created": record["created_at"],
            "payment_id": record["payment_id"],
            "return_order_id": record["order_id"],
        }

    def snapshot(self) -> dict[str, Record]:
        """Return every refund's record."""
        return {refund.id: self.shown(refund) for refund in self.all.values()}
