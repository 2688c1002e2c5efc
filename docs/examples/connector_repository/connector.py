"""A small connector: copies the orders of a Shopify shop into Odoo. Python's own library only.

It asks for what has changed, once a second; Odoo's order is found again by the channel order's
gid, so that nothing is copied twice. It confirms an order only if Odoo comes to the same total;
an order that it cannot copy is a dead letter until it can. Stock, refunds and returns: not here.
"""

import http.server
import json
import os
import ssl
import threading
import time
import urllib.request

VERSION = "2026-10"
ERRORS = (LookupError, OSError, RuntimeError, TypeError, ValueError)  # an order that is odd
CHANGED = """query Changed($since: String!, $after: String) {
  orders(first: 50, after: $after, query: $since, sortKey: UPDATED_AT) {
    nodes { id updatedAt } pageInfo { hasNextPage endCursor } } }"""
MONEY = "{ shopMoney { amount } }"
ORDER = f"""query Order($id: ID!) {{ order(id: $id) {{
  id name cancelledAt email currentTotalPriceSet {MONEY}
  customer {{ firstName lastName }}
  shippingAddress {{ firstName lastName address1 address2 city zip provinceCode countryCodeV2 }}
  lineItems(first: 100) {{ pageInfo {{ hasNextPage }} nodes {{
    sku title currentQuantity originalUnitPriceSet {MONEY}
    discountAllocations {{ allocatedAmountSet {MONEY} }} taxLines {{ priceSet {MONEY} }} }} }}
  shippingLines(first: 5) {{ nodes {{
    title currentDiscountedPriceSet {MONEY} taxLines {{ priceSet {MONEY} }} }} }} }} }}"""


class Remote:
    """Posts JSON and returns the JSON that comes back; raises for anything but success."""

    def __init__(self, url: str, headers: dict, ca_bundle: str | None = None) -> None:
        self.url, self.headers = url, {**headers, "Content-Type": "application/json"}
        self.context = ssl.create_default_context(cafile=ca_bundle)

    def post(self, path: str, body: dict):
        content = json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, content, self.headers)
        context = self.context if self.url.startswith("https") else None
        with urllib.request.urlopen(request, timeout=30, context=context) as answer:
            return json.load(answer)


class Connector:
    """Brings Odoo up to date with the shop, one order after the other."""

    def __init__(self, settings: dict) -> None:
        token = {"X-Shopify-Access-Token": settings["SHOPIFY_ACCESS_TOKEN"]}
        self.shop = Remote(settings["SHOPIFY_URL"], token, settings["CA_BUNDLE"])
        key = {"Authorization": f"bearer {settings['ODOO_API_KEY']}"}
        key["X-Odoo-Database"] = settings["ODOO_DATABASE"]
        self.books = Remote(settings["ODOO_URL"], key)
        self.tax_id = int(settings["ODOO_TAX_ID"])
        self.turn = threading.Lock()
        self.since = "1970-01-01T00:00:00Z"
        self.done: dict[str, str] = {}  # gid -> the state of it that Odoo has
        self.failed: dict[str, str] = {}  # gid -> why not

    def graphql(self, document: str, **variables) -> dict:
        body = {"query": document, "variables": variables}
        answer = self.shop.post(f"/admin/api/{VERSION}/graphql.json", body)
        if answer.get("errors"):
            raise RuntimeError(f"Shopify: {answer['errors']}")
        return answer["data"]

    def odoo(self, model: str, method: str, **arguments):
        return self.books.post(f"/json/2/{model}/{method}", arguments)

    def look(self) -> None:
        """Copy every order that has changed since the last look."""
        with self.turn:
            after, newest = None, self.since
            while True:
                since = (
                    f"updated_at:>='{self.since}'"  # once more the last second: nothing is missed
                )
                page = self.graphql(CHANGED, since=since, after=after)["orders"]
                for node in page["nodes"]:
                    gid, newest = node["id"], max(newest, node["updatedAt"])
                    if self.done.get(gid) == node["updatedAt"]:
                        continue
                    try:
                        self.copy(self.graphql(ORDER, id=gid)["order"])
                    except ERRORS as error:
                        self.failed[gid] = f"{type(error).__name__}: {error}"
                    else:
                        self.done[gid] = node["updatedAt"]
                        self.failed.pop(gid, None)
                if not page["pageInfo"]["hasNextPage"]:
                    break
                after = page["pageInfo"]["endCursor"]
            if not self.failed:  # what failed is looked at again
                self.since = newest

    def copy(self, order: dict) -> None:
        """Make Odoo's order what the shop's is now."""
        domain = [["client_order_ref", "=", order["id"]]]
        fields = ["state", "order_line", "currency_id"]
        found = self.odoo("sale.order", "search_read", domain=domain, fields=fields)
        if order["cancelledAt"]:
            for sale in found:
                self.odoo("sale.order", "action_cancel", ids=[sale["id"]])
            return
        if not found:
            person, place = self.parties(order)
            values = {"partner_id": person, "partner_shipping_id": place}
            values["client_order_ref"] = order["id"]
            self.odoo("sale.order", "create", vals_list=[values])
            found = self.odoo("sale.order", "search_read", domain=domain, fields=fields)
        sale = found[0]
        rows = self.odoo(
            "sale.order.line", "read", ids=sale["order_line"], fields=["sequence"], load=None
        )
        known = {row["sequence"]: row["id"] for row in rows}
        lines = self.lines(order, sale["currency_id"][0])
        commands = [
            [1, known[sequence], values] if sequence in known else [0, 0, values]
            for sequence, values in lines.items()
            if sequence in known or values["product_uom_qty"]
        ]
        self.odoo("sale.order", "write", ids=[sale["id"]], vals={"order_line": commands})
        fields = ["amount_total"]
        (now,) = self.odoo("sale.order", "read", ids=[sale["id"]], fields=fields)
        total = money(order["currentTotalPriceSet"])
        if round(now["amount_total"], 2) != total:
            raise ValueError(f"{order['name']} is {total}, in Odoo {now['amount_total']}")
        if sale["state"] in ("draft", "sent"):
            self.odoo("sale.order", "action_confirm", ids=[sale["id"]])

    def parties(self, order: dict) -> tuple[int, int]:
        """Return the customer and the address to deliver to, made where they are missing."""
        address, customer = order["shippingAddress"], order["customer"]
        code = address["countryCodeV2"]
        (country,) = self.odoo("res.country", "search", domain=[["code", "=", code]])
        within = [["country_id", "=", country], ["code", "=", address["provinceCode"]]]
        state = self.odoo("res.country.state", "search", domain=within)
        place = {
            "name": f"{address['firstName']} {address['lastName']}",
            "street": address["address1"],
            "street2": address["address2"] or False,
            "city": address["city"],
            "zip": address["zip"],
            "state_id": state[0] if state else False,
            "country_id": country,
        }
        name = f"{customer['firstName']} {customer['lastName']}"
        same = [["email", "=", order["email"]], ["parent_id", "=", False]]
        found = self.odoo("res.partner", "search", domain=same, limit=1)
        if not found:
            values = {**place, "name": name, "email": order["email"]}
            found = self.odoo("res.partner", "create", vals_list=[values])
        person = found[0]
        there = [["id", "child_of", person], *([key, "=", value] for key, value in place.items())]
        found = self.odoo("res.partner", "search", domain=there, limit=1)
        if not found:
            values = {**place, "parent_id": person, "type": "delivery"}
            found = self.odoo("res.partner", "create", vals_list=[values])
        return person, found[0]

    def lines(self, order: dict, currency: int) -> dict[int, dict]:
        """Return Odoo's lines by sequence: a line keeps its place whatever is edited."""
        if order["lineItems"]["pageInfo"]["hasNextPage"]:
            raise ValueError("more than 100 lines")
        lines = {}
        for number, line in enumerate(order["lineItems"]["nodes"], 1):
            price, quantity = money(line["originalUnitPriceSet"]), line["currentQuantity"]
            off = sum(money(part["allocatedAmountSet"]) for part in line["discountAllocations"])
            sku = [["default_code", "=", line["sku"]]]
            (product,) = self.odoo("product.product", "search", domain=sku)
            lines[number] = self.line(line, product, quantity, price, off, currency)
        for number, line in enumerate(order["shippingLines"]["nodes"], 1001):
            sku = [["default_code", "=", "SHIPPING"]]
            found = self.odoo("product.product", "search", domain=sku)
            if not found:
                values = {"name": "Shipping", "default_code": "SHIPPING", "type": "service"}
                found = self.odoo("product.product", "create", vals_list=[values])
            price = money(line["currentDiscountedPriceSet"])
            lines[number] = self.line(line, found[0], 1, price, 0, currency)
        for number, values in lines.items():
            values["sequence"] = number
        return lines

    def line(self, line: dict, product: int, quantity: int, price, off, currency: int) -> dict:
        """Return a line with the shop's own amounts: Odoo would round taxes another way."""
        taxes = [money(tax["priceSet"]) for tax in line["taxLines"]]
        gross = price * quantity
        values = {"price_unit": price, "discount": round(off * 100 / gross, 2) if gross else 0}
        net = round(gross - off, 2)
        exact = {
            **values,
            "currency_id": currency,
            "quantity": quantity,
            "manual_total_excluded_currency": net,
            "manual_tax_amounts": {
                str(self.tax_id): {
                    "tax_amount_currency": round(sum(taxes), 2),
                    "base_amount_currency": net,
                }
            },
        }
        values |= {"product_id": product, "name": line["title"], "product_uom_qty": quantity}
        values["tax_ids"] = [[6, 0, [self.tax_id] if taxes else []]]
        values["extra_tax_data"] = exact if taxes else False
        return values


def money(amounts: dict) -> float:
    return float(amounts["shopMoney"]["amount"])


def serve(connector: Connector, host: str, port: int) -> None:
    """Answer what peakproof (and an operator) asks."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            letters = [
                {"id": gid, "flow": "orders", "resource": gid, "topic": "", "reason": why}
                for gid, why in connector.failed.items()
            ]
            busy = int(connector.turn.locked())
            self.answer(letters if self.path == "/failed" else {"pending": busy, "failed": 0})

        def do_POST(self) -> None:
            connector.look()
            self.answer({})

        def answer(self, value) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def log_message(self, *_) -> None:
            pass

    http.server.ThreadingHTTPServer((host, port), Answers).serve_forever()


def main() -> None:
    connector = Connector(dict(os.environ))
    place = (os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"]))
    threading.Thread(target=serve, args=(connector, *place), daemon=True).start()
    while True:
        try:
            connector.look()
        except OSError as error:  # the shop or Odoo cannot be reached: the next look finds it all
            print(f"no look: {error}", flush=True)
        for gid, why in connector.failed.items():
            print(f"{gid}: {why}", flush=True)
        time.sleep(1)


if __name__ == "__main__":
    main()
