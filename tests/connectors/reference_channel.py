"""A small Shopify in memory for the reference connector's tests: answers its documents.

It is a stand-in for unit tests, not a simulator: no schema, no cost, only what the connector
asks for. ``faults`` maps an operation to a list of things to do instead: "lose" (commit, then
lose the answer), "throttle", "429", "500", "401".
"""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import httpx

from connectors.reference.money import portion

__all__ = ["FakeShopify", "bag", "cents"]

ZERO = Decimal(0)
LOCATION = "gid://shopify/Location/1"


def cents(amount: Decimal) -> Decimal:
    """Round half up to the cent, as the channel does."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def bag(amount: Decimal) -> dict[str, Any]:
    """Return an amount as the channel writes it."""
    return {"shopMoney": {"amount": str(amount)}}


class FakeShopify:
    """Orders, levels and subscriptions, and the log of what was asked."""

    def __init__(self, first_number: int = 5000) -> None:
        self.first_number = first_number
        self.orders: dict[str, dict[str, Any]] = {}
        self.levels: dict[str, dict[str, int]] = {}  # sku -> available, committed
        self.subscriptions: dict[str, dict[str, str]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.faults: dict[str, list[str]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.keys: dict[str, dict[str, Any]] = {}
        self.tokens: list[str] = []
        self.transport = httpx.MockTransport(self.answer)
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.before_set: list[Any] = []  # things to do just before a quantity is written

    def tick(self) -> str:
        """Move the channel's clock on by a second and return the time as text."""
        self.now = max(self.now + timedelta(seconds=1), datetime.now(UTC).replace(microsecond=0))
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def item(self, sku: str) -> str:
        """Return the gid of a SKU's inventory item."""
        return f"gid://shopify/InventoryItem/{sorted(self.levels).index(sku) + 100}"

    def checkout(
        self,
        lines: list[tuple[str, int, str]],
        *,
        email: str = "ada@example.com",
        rate: str = "0.0825",
        discount: str = "0",
        shipping: str = "5.90",
        included: bool = False,
    ) -> str:
        """Sell ``(sku, quantity, price)`` lines; return the order's gid."""
        number = self.first_number + len(self.orders)
        gross = [Decimal(price) * quantity for _, quantity, price in lines]
        left = Decimal(discount)
        nodes, tax_sum, total = [], Decimal(0), Decimal(0)
        for index, ((sku, quantity, price), whole) in enumerate(zip(lines, gross, strict=True)):
            last = index == len(lines) - 1
            part = left if last else cents(Decimal(discount) * whole / sum(gross))
            left -= part
            tax = _tax(whole - part, Decimal(rate), included)
            tax_sum += tax
            total += whole - part
            self.levels[sku]["available"] -= quantity
            self.levels[sku]["committed"] += quantity
            nodes.append(_line(number * 10 + index, sku, quantity, price, part, rate, tax))
        total += Decimal(shipping)
        order = {
            "id": f"gid://shopify/Order/{number}",
            "name": f"#{number}",
            "updatedAt": self.tick(),
            "cancelledAt": None,
            "currencyCode": "USD",
            "taxesIncluded": included,
            "email": email,
            "note": None,
            "refunds": [],
            "customer": {
                "id": "gid://shopify/Customer/1",
                "firstName": "Ada",
                "lastName": email.split("@")[0].title(),
                "defaultEmailAddress": {"emailAddress": email},
                "defaultPhoneNumber": None,
            },
            "shippingAddress": _address("1 Main St"),
            "billingAddress": _address("1 Main St"),
            "shippingLines": {
                "nodes": [
                    {
                        "id": f"gid://shopify/ShippingLine/{number}",
                        "title": "Standard",
                        "currentDiscountedPriceSet": bag(Decimal(shipping)),
                        "discountedPriceSet": bag(Decimal(shipping)),
                        "taxLines": [],
                    }
                ]
            },
            "lines": nodes,
            "currentTotalTaxSet": bag(tax_sum),
            "currentSubtotalPriceSet": bag(total - Decimal(shipping)),
            "currentTotalPriceSet": bag(total if included else total + tax_sum),
        }
        self.orders[order["id"]] = order
        return str(order["id"])

    def cancel(self, gid: str) -> None:
        """Cancel an order and put its units back."""
        order = self.orders[gid]
        order["cancelledAt"] = order["updatedAt"] = self.tick()
        for line in order["lines"]:
            self.levels[line["sku"]]["available"] += line["currentQuantity"]
            self.levels[line["sku"]]["committed"] -= line["currentQuantity"]
            line["currentQuantity"] = line["unfulfilledQuantity"] = 0

    def amend(self, gid: str, less: Decimal, less_tax: Decimal, included: bool) -> None:
        """Lower an order's current totals by what an edit took off."""
        order = self.orders[gid]
        order["updatedAt"] = self.tick()
        total = less if included else less + less_tax
        for name, amount in (
            ("currentSubtotalPriceSet", less),
            ("currentTotalTaxSet", less_tax),
            ("currentTotalPriceSet", total),
        ):
            order[name] = bag(Decimal(order[name]["shopMoney"]["amount"]) - amount)

    def refund(
        self,
        gid: str,
        *lines: tuple[int, int, str],
        shipping: bool = False,
        amount: str | None = None,
        status: str = "SUCCESS",
        exchanged: bool = False,
    ) -> str:
        """Refund ``(place of the line, units, restock type)``, shipping, or just an amount.

        With ``exchanged`` it belongs to a return with exchange lines; ``add`` makes those.
        """
        order = self.orders[gid]
        identity = f"gid://shopify/Refund/{int(gid.rsplit('/', 1)[1]) * 10 + len(order['refunds'])}"
        parts = [self._take_out(gid, *line) for line in lines]
        paid = sum((Decimal(part["subtotalSet"]["shopMoney"]["amount"]) for part in parts), ZERO)
        paid += sum((Decimal(part["totalTaxSet"]["shopMoney"]["amount"]) for part in parts), ZERO)
        ways = []
        if shipping:
            way = order["shippingLines"]["nodes"][0]
            price = Decimal(way["currentDiscountedPriceSet"]["shopMoney"]["amount"])
            way["currentDiscountedPriceSet"] = bag(ZERO)
            ways = [{"shippingLine": {"id": way["id"]}, "subtotalAmountSet": bag(price),
                     "taxAmountSet": bag(ZERO)}]  # fmt: skip
            paid += price
            total = Decimal(order["currentTotalPriceSet"]["shopMoney"]["amount"])
            order["currentTotalPriceSet"] = bag(total - price)
        given = paid if amount is None else Decimal(amount)
        self.refunds[identity] = {
            "id": identity,
            "note": None,
            "return": {"exchangeLineItems": {"nodes": [{"id": "exchange"}] if exchanged else []}},
            "orderAdjustments": {"nodes": []},
            "refundLineItems": {"nodes": parts, "pageInfo": _LAST},
            "refundShippingLines": {"nodes": ways},
            "transactions": {
                "nodes": [{"kind": "REFUND", "status": status, "amountSet": bag(given)}]
            },
        }
        order["refunds"].append({"id": identity})
        order["updatedAt"] = self.tick()
        return identity

    def add(self, gid: str, sku: str, quantity: int, price: str) -> None:
        """Add an untaxed line by an edit."""
        order = self.orders[gid]
        number = int(gid.rsplit("/", 1)[1]) * 10 + len(order["lines"])
        order["lines"].append(_line(number, sku, quantity, price, ZERO, "0", ZERO))
        self.levels[sku]["available"] -= quantity
        self.levels[sku]["committed"] += quantity
        self.amend(gid, -Decimal(price) * quantity, ZERO, False)

    def _take_out(self, gid: str, place: int, units: int, restock: str) -> dict[str, Any]:
        line = self.orders[gid]["lines"][place]
        before, after = line["currentQuantity"], line["currentQuantity"] - units
        line["currentQuantity"] = after
        price = Decimal(line["originalUnitPriceSet"]["shopMoney"]["amount"])

        def share(amount: dict[str, Any]) -> Decimal:
            whole = Decimal(amount["shopMoney"]["amount"])
            return portion(whole, before, line["quantity"]) - portion(
                whole, after, line["quantity"]
            )

        off = sum((share(one["allocatedAmountSet"]) for one in line["discountAllocations"]), ZERO)
        tax = sum((share(one["priceSet"]) for one in line["taxLines"]), ZERO)
        self.amend(gid, price * units - off, tax, False)
        if restock == "CANCEL":
            line["unfulfilledQuantity"] -= units
        return {
            "lineItem": {"id": line["id"]},
            "quantity": units,
            "restockType": restock,
            "location": {"id": LOCATION} if restock != "NO_RESTOCK" else None,
            "subtotalSet": bag(price * units - off),
            "totalTaxSet": bag(tax),
        }

    def _refund(self, variables: dict[str, Any]) -> dict[str, Any]:
        return {"refund": self.refunds.get(variables["id"])}

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if request.url.path.endswith("/access_token"):
            self.tokens.append(f"token-{len(self.tokens) + 1}")
            return httpx.Response(200, json={"access_token": self.tokens[-1], "expires_in": 3600})
        body = json.loads(request.content)
        found = re.search(r"(?:query|mutation) (\w+)", body["query"])
        assert found, body["query"]
        name = found[1]
        self.asked.append((name, body["variables"]))
        fault = self.faults.get(name, []).pop(0) if self.faults.get(name) else ""
        if fault == "429":
            return httpx.Response(429, headers={"Retry-After": "0.2"}, json={"errors": "slow"})
        if fault == "500":
            return httpx.Response(502, text="bad gateway")
        if fault == "401":
            return httpx.Response(401, json={"errors": "[API] Invalid API key or access token"})
        if fault == "throttle":
            return httpx.Response(200, json=_throttled())
        data = getattr(self, f"_{name.lower()}")(body["variables"])
        if fault == "lose":
            raise httpx.ReadError("reset by peer", request=request)
        return httpx.Response(200, json={"data": data, "extensions": _cost(10, 10, 1990)})

    def _order(self, variables: dict[str, Any]) -> dict[str, Any]:
        order = self.orders.get(variables["id"])
        if order is None:
            return {"order": None}
        begin = int(variables.get("after") or 0)
        nodes = order["lines"][begin : begin + 15]
        more = begin + 15 < len(order["lines"])
        page = {"hasNextPage": more, "endCursor": str(begin + 15) if more else None}
        return {"order": {**order, "lineItems": {"nodes": nodes, "pageInfo": page}}}

    _orderlines = _order

    def _changedorders(self, variables: dict[str, Any]) -> dict[str, Any]:
        found = re.search(r">='([^']+)'", variables["query"])
        assert found
        nodes = [
            {"id": gid, "updatedAt": order["updatedAt"]}
            for gid, order in self.orders.items()
            if order["updatedAt"] >= found[1]
        ]
        return {"orders": {"nodes": nodes, "pageInfo": _LAST}}

    def _variants(self, _: dict[str, Any]) -> dict[str, Any]:
        nodes = [
            {"id": f"v{sku}", "sku": sku, "inventoryItem": {"id": self.item(sku), "tracked": True}}
            for sku in self.levels
        ]
        return {"productVariants": {"nodes": nodes, "pageInfo": _LAST}}

    def _levels(self, variables: dict[str, Any]) -> dict[str, Any]:
        skus = {self.item(sku): sku for sku in self.levels}
        nodes = []
        for gid in variables["ids"]:
            level = self.levels[skus[gid]]
            quantities = [{"name": name, "quantity": level[name]} for name in level]
            nodes.append({"id": gid, "inventoryLevel": {"quantities": quantities}})
        return {"nodes": nodes}

    def _setavailable(self, variables: dict[str, Any]) -> dict[str, Any]:
        if variables["key"] in self.keys:
            return self.keys[variables["key"]]
        if self.before_set:
            self.before_set.pop(0)()
        skus = {self.item(sku): sku for sku in self.levels}
        rows = variables["input"]["quantities"]
        errors = [
            {
                "code": "CHANGE_FROM_QUANTITY_STALE",
                "field": ["input", "quantities", str(index), "changeFromQuantity"],
                "message": "stale",
            }
            for index, row in enumerate(rows)
            if self.levels[skus[row["inventoryItemId"]]]["available"] != row["changeFromQuantity"]
        ]
        if not errors:
            for row in rows:
                self.levels[skus[row["inventoryItemId"]]]["available"] = row["quantity"]
        payload = {"inventoryAdjustmentGroup": None, "userErrors": errors}
        answer = {"inventorySetQuantities": payload}
        self.keys[variables["key"]] = answer
        return answer

    def _subscriptions(self, _: dict[str, Any]) -> dict[str, Any]:
        nodes = list(self.subscriptions.values())
        return {"webhookSubscriptions": {"nodes": nodes, "pageInfo": _LAST}}

    def _subscribe(self, variables: dict[str, Any]) -> dict[str, Any]:
        gid = f"gid://shopify/WebhookSubscription/{len(self.asked)}"
        uri = variables["subscription"]["uri"]
        self.subscriptions[gid] = {"id": gid, "topic": variables["topic"], "uri": uri}
        return {"webhookSubscriptionCreate": {"webhookSubscription": {"id": gid}, "userErrors": []}}

    def _unsubscribe(self, variables: dict[str, Any]) -> dict[str, Any]:
        del self.subscriptions[variables["id"]]
        gone = {"deletedWebhookSubscriptionId": variables["id"], "userErrors": []}
        return {"webhookSubscriptionDelete": gone}


_LAST = {"hasNextPage": False, "endCursor": None}


def _tax(amount: Decimal, rate: Decimal, included: bool) -> Decimal:
    return cents(amount * rate / (1 + rate)) if included else cents(amount * rate)


def _line(
    number: int, sku: str, quantity: int, price: str, discount: Decimal, rate: str, tax: Decimal
) -> dict[str, Any]:
    taxes = [{"title": "State tax", "rate": float(rate), "priceSet": bag(tax)}]
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "sku": sku,
        "title": f"Product {sku}",
        "quantity": quantity,
        "currentQuantity": quantity,
        "unfulfilledQuantity": quantity,
        "isGiftCard": False,
        "requiresShipping": True,
        "originalUnitPriceSet": bag(Decimal(price)),
        "discountAllocations": [{"allocatedAmountSet": bag(discount)}] if discount else [],
        "taxLines": taxes if Decimal(rate) else [],
    }


def _address(street: str) -> dict[str, Any]:
    return {
        "firstName": "Ada",
        "lastName": "Lovelace",
        "company": None,
        "address1": street,
        "address2": None,
        "city": "Austin",
        "provinceCode": "TX",
        "zip": "73301",
        "countryCodeV2": "US",
        "phone": None,
    }


def _cost(requested: float, actual: float | None, available: float) -> dict[str, Any]:
    status = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": 100}
    return {
        "cost": {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": status,
        }
    }


def _throttled() -> dict[str, Any]:
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
    return {"errors": [error], "extensions": _cost(20, None, 0)}
