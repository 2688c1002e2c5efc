"""What an order becomes in Odoo: sale order, delivery with its label, invoice, return."""

from typing import Any

from benchmarks.peak.book import LOCATIONS, MAIN, Book, money
from benchmarks.peak.orders import SHIPPING, Line, Order, call, touched

__all__ = ["LABELLED", "changed", "confirmed", "credited", "imported", "moved", "released",
           "returned", "shipped"]  # fmt: skip

CUSTOMERS = 11  # the place outside where goods go, as Odoo numbers it
LABELLED = "carrier"


def imported(book: Book, order: Order, new_partner: bool) -> None:
    """The connector makes the sale order of a channel order."""
    order.sale = book.number("sale order")
    call(book, 0.0, "shopify", "order", {"id": order.gid})
    domain = [["email", "=ilike", order.email], ["parent_id", "=", False]]
    call(book, 0.02, "odoo", "res.partner.search_read", {"domain": domain, "fields": ["email"]})
    if new_partner:
        call(book, 0.04, "odoo", "res.partner.load", {"fields": ["id", "name"], "data": [
            [order.email, f"{order.first} {order.last}", *order.address.values()]]})  # fmt: skip
        row = {
            "ref": None, "zip": order.address["zip"], "city": order.address["city"],
            "name": f"{order.first} {order.last}", "type": "contact", "email": order.email,
            "phone": "+15125550003", "active": True, "street": order.address["address1"],
            "street2": None, "state_id": 52, "parent_id": None, "country_id": 233,
        }  # fmt: skip
        book.change(0.05, "res_partner", order.partner, "insert", book.number("commit"), row)
        book.final("odoo", "partner", str(order.partner), {
            "id": order.partner, "name": row["name"], "email": order.email,
            "phone": "+15125550003", "parent_id": None, "type": "contact", "active": True,
        })  # fmt: skip
    screening = f"fraud-{order.number}"
    said = {"order": order.name, "decision": "accept", "screening": screening}
    call(book, 0.06, "fraud", "transaction", said)
    call(book, 0.08, "odoo", "sale.order.load", {"fields": ["id", "partner_id/.id"] * 8, "data": [
        [order.gid, order.name, order.partner, line.item.sku, line.units, money(line.item.price)]
        for line in order.lines]})  # fmt: skip
    commit = book.number("commit")
    book.change(0.1, "sale_order", order.sale, "insert", commit, _sale_row(order, "draft"))
    for line in order.lines:
        book.change(0.1, "sale_order_line", line.id, "insert", commit, _sale_line_row(order, line))
    call(book, 0.11, "odoo", "sale.order.read", {"ids": [order.sale], "fields": ["state"]})
    book.final("connector", "correlation", order.gid, {"odoo_order_ids": [order.sale]})


def confirmed(book: Book, order: Order) -> None:
    """The sale order is confirmed: the goods are promised."""
    call(book, 0.0, "odoo", "sale.order.action_confirm", {"ids": [order.sale]})
    commit, order.picking = book.number("commit"), book.number("picking")
    book.change(0.02, "sale_order", order.sale, "update", commit, _sale_row(order, "sale"))
    for state in ("insert", "update"):
        book.change(0.02, "stock_picking", order.picking, state, commit,
                    _picking_row(order, "confirmed" if state == "insert" else "assigned")
                    )  # fmt: skip
    for line in order.lines:
        line.item.taken -= line.units
        line.item.reserved += line.units
        for state in ("insert", "update"):
            moved(book, 0.02, order, line, commit, state, "confirmed")
        book.quant(0.02, line.item, MAIN, commit)
        book.change(0.02, "sale_order_line", line.id, "update", commit,
                    _sale_line_row(order, line))  # fmt: skip
    ids = [line.item.product for line in order.lines]
    call(book, 0.05, "shopify", "nodes", {"ids": [
        f"gid://shopify/InventoryItem/{46_000_000_000_000 + one}" for one in ids]})  # fmt: skip
    for place in range(6):
        after = 0.05 + 0.5 * place + 0.0001 * (order.number % 1000)
        call(book, after, "odoo", "product.product.read", {
            "ids": ids, "fields": ["qty_available", "outgoing_qty"],
            "context": {"location": 5, "at": round(book.now + after, 4)}})  # fmt: skip
        call(book, after + 0.1, "odoo", "stock.picking.search_read", {
            "domain": [["state", "=", "done"], ["id", ">", order.picking]],
            "fields": ["name", "sale_id", "carrier_tracking_ref", "write_date"]})  # fmt: skip
    _final_sale(book, order)
    _final_picking(book, order, "assigned")


def moved(
    book: Book, after: float, order: Order, line: Line, commit: int, outcome: str, state: str,
    *, back: int = 0,
) -> None:  # fmt: skip
    """Odoo commits a move of one line, out of the house or (``back`` units) into it."""
    ends = [LOCATIONS[MAIN], CUSTOMERS]
    source, target = ends[::-1] if back else ends
    units, identity = back or line.units, line.id + (1_000_000_000 if back else 0)
    row = {
        "state": state, "picked": state == "done", "quantity": f"{units}.00",
        "reference": f"WH/OUT/{order.picking:05d}", "picking_id": order.picking,
        "product_id": line.item.product, "location_id": source, "sale_line_id": line.id,
        "product_uom_qty": f"{units}.00", "location_dest_id": target,
        "origin_returned_move_id": line.id if back else None,
    }  # fmt: skip
    book.change(after, "stock_move", identity, outcome, commit, row)
    book.change(after, "stock_move_line", identity, outcome, commit, {
        "state": state, "picked": state == "done", "move_id": identity,
        "quantity": f"{units}.00", "picking_id": order.picking, "product_id": line.item.product,
        "location_id": source, "location_dest_id": target})  # fmt: skip


def changed(book: Book, order: Order) -> None:
    """The connector brings an edit of the first line to Odoo."""
    line, commit = order.lines[0], book.number("commit")
    call(book, 0.0, "shopify", "order", {"id": order.gid})
    call(book, 0.02, "odoo", "sale.order.write", {"ids": [order.sale], "vals": {"line": line.id}})
    line.item.taken -= 1
    line.item.reserved += 1
    book.change(0.04, "sale_order_line", line.id, "update", commit, _sale_line_row(order, line))
    book.change(0.04, "sale_order", order.sale, "update", commit, _sale_row(order, "sale"))
    moved(book, 0.04, order, line, commit, "update", "assigned")
    book.quant(0.04, line.item, MAIN, commit)
    _final_sale(book, order)
    _final_picking(book, order, "assigned")


def released(book: Book, order: Order) -> None:
    """The connector cancels the sale order of a cancelled order."""
    commit = book.number("commit")
    call(book, 0.0, "shopify", "order", {"id": order.gid})
    call(book, 0.02, "odoo", "sale.order.action_cancel", {"ids": [order.sale]})
    book.change(0.04, "sale_order", order.sale, "update", commit, _sale_row(order, "cancel"))
    book.change(0.04, "stock_picking", order.picking, "update", commit,
                _picking_row(order, "cancel"))  # fmt: skip
    for line in order.lines:
        line.item.reserved -= line.units
        moved(book, 0.04, order, line, commit, "update", "cancel")
        book.quant(0.04, line.item, MAIN, commit)
    _final_sale(book, order, "cancel")
    _final_picking(book, order, "cancel")


def shipped(book: Book, order: Order, labels: int = 1) -> None:
    """A packer sends the goods, and the connector buys the label and tells the channel."""
    key, commit = f"op-{book.number('operation')}", book.number("commit")
    book.event(0.0, "packer-1", "operation", "ship", key, "invoke", {
        "system": "odoo", "arguments": {"order": order.sale, "tries": 8}, "label": ""})  # fmt: skip
    for line in order.lines:
        line.item.reserved -= line.units
        line.item.on_hand[MAIN] -= line.units
        moved(book, 0.1, order, line, commit, "update", "done")
        book.quant(0.1, line.item, MAIN, commit)
        book.change(0.1, "sale_order_line", line.id, "update", commit,
                    _sale_line_row(order, line, line.units))  # fmt: skip
    book.change(0.1, "stock_picking", order.picking, "update", commit,
                _picking_row(order, "done"))  # fmt: skip
    book.change(0.1, "sale_order", order.sale, "update", commit, _sale_row(order, "sale"))
    book.event(0.15, "packer-1", "operation", "ship", key, "ok",
               {"result": {"picking": f"WH/OUT/{order.picking:05d}"}})  # fmt: skip
    call(book, 0.3, "odoo", "stock.picking.search_read", {
        "domain": [["state", "=", "done"], ["id", ">", order.picking]],
        "fields": ["name", "sale_id", "carrier_id", "carrier_tracking_ref", "write_date"]
        })  # fmt: skip
    call(book, 0.32, LABELLED, "authenticate", {})
    tracking = ""
    for _ in range(labels):
        tracking = _labelled(book, order)
    row = _picking_row(order, "done") | {"carrier_tracking_ref": tracking}
    book.change(0.4, "stock_picking", order.picking, "update", book.number("commit"), row)
    call(book, 0.5, "shopify", "fulfillmentCreate", {"fulfillment": {
        "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": order.number}],
        "trackingInfo": {"numbers": [tracking]}}}, operation_type="mutation")  # fmt: skip
    text = f"Your parcel {tracking} of {order.name} is on its way."
    call(book, 0.55, "email", "mail.send", {"to": order.email, "text": text})
    order.fulfilments = [{
        "id": f"gid://shopify/Fulfillment/{order.number}", "name": f"{order.name}.1",
        "status": "SUCCESS", "location_code": MAIN, "events": [],
        "tracking": [{"company": None, "number": tracking, "url": None}],
        "lines": [{"line_id": f"gid://shopify/LineItem/{line.id}", "sku": line.item.sku,
                   "quantity": line.units} for line in order.lines]}]  # fmt: skip
    touched(book, order, "fulfilment", "orders/updated", "fulfillments/create")
    _final_picking(book, order, "done", tracking)
    _invoiced(book, order)


def _labelled(book: Book, order: Order) -> str:
    number = book.number("label", 821803827)
    reference = f"WH/OUT/{order.picking:05d}"
    call(book, 0.35, LABELLED, "shipments.create.buy", {
        "reference": reference, "product": "B2B", "parcels": 1, "to_zip": "78701",
        "number": number}, operation_type="write")  # fmt: skip
    about: dict[str, dict[str, Any]] = {
        "shipment": {"id": f"shipment-{number}", "reference": reference, "carrier": "DHL Parcel",
                     "service": "B2B", "to_name": order.last, "weight_grams": 4260, "parcels": 1,
                     "status": "open", "created_seconds": 4.18},
        "label": {"id": f"label-{number}", "shipment_id": f"shipment-{number}",
                  "reference": reference, "tracking_code": str(number), "carrier": "DHL Parcel",
                  "service": "B2B", "price": "6.40", "currency": "USD", "status": "bought",
                  "bought_seconds": round(book.now, 6)},
        "tracker": {"id": f"tracker-{number}", "tracking_code": str(number),
                    "status": "pre_transit", "scans": []},
    }  # fmt: skip
    for entity, record in about.items():
        book.event(0.36, LABELLED, "state", entity, record["id"], "", record)
        book.final(LABELLED, entity, record["id"], record)
    return str(number)


def _invoiced(book: Book, order: Order) -> None:
    total, tax = order.total()
    order.invoice = document(book, order, "out_invoice", total, tax, total - order.paid)


def document(book: Book, order: Order, kind: str, total: int, tax: int, residual: int = 0) -> int:
    """Odoo commits an invoice or credit note of an order; return its id."""
    identity = book.number("account move")
    prefix = "INV" if kind == "out_invoice" else "RINV"
    call(book, 0.6, "odoo", "account.move.load", {"fields": ["id", "ref"], "data": [
        [order.gid, order.name, f"S{order.sale:05d}", money(total)]]})  # fmt: skip
    for outcome, state in (("insert", "draft"), ("update", "posted")):
        commit, after = book.number("commit"), 0.7 if outcome == "insert" else 0.8
        book.change(after, "account_move", identity, outcome, commit, {
            "name": f"{prefix}/2026/{identity:05d}", "move_type": kind, "state": state,
            "payment_state": "not_paid", "partner_id": order.partner, "ref": order.name,
            "invoice_origin": f"S{order.sale:05d}", "amount_untaxed": money(total - tax),
            "amount_tax": money(tax), "amount_total": money(total),
            "amount_residual": money(residual), "currency_id": 1, "journal_id": 1,
            "reversed_entry_id": None, "date": "2026-11-20", "statement_line_id": None
            })  # fmt: skip
        for place in range(2):
            entry(book, after, identity * 2 + place, identity, commit, total, outcome)
    call(book, 0.75, "odoo", "account.move.action_post", {"ids": [identity]})
    book.final("odoo", "invoice", str(identity), {
        "id": identity, "name": f"{prefix}/2026/{identity:05d}", "move_type": kind,
        "state": "posted", "payment_state": "paid", "currency": "USD",
        "amount_untaxed": money(total - tax), "amount_tax": money(tax),
        "amount_total": money(total), "amount_residual": money(residual),
        "invoice_origin": f"S{order.sale:05d}", "ref": order.name,
        "reversed_entry_id": ""})  # fmt: skip
    return identity


def entry(
    book: Book, after: float, number: int, move: int, commit: int, cents: int, outcome: str
) -> None:
    """Odoo commits one line of an entry in the books."""
    book.change(after, "account_move_line", number, outcome, commit, {
        "ref": None, "name": f"entry {move}", "debit": money(max(cents, 0)),
        "credit": money(max(-cents, 0)), "balance": money(cents), "move_id": move,
        "quantity": "1.00", "account_id": 51, "partner_id": None, "product_id": None,
        "reconciled": None, "currency_id": 1, "display_type": "product", "parent_state": None,
        "amount_currency": money(cents), "amount_residual": None,
        "full_reconcile_id": None})  # fmt: skip


def credited(book: Book, order: Order, amount: int, tax: int) -> int:
    """The connector books a refund; return the credit note's id."""
    call(book, 0.0, "shopify", "refund", {"id": order.refunds[0]["id"]})
    call(book, 0.01, "odoo", "ir.model.data.search_read", {"domain": [["name", "=", order.gid]]})
    return document(book, order, "out_refund", amount, tax)


def returned(book: Book, order: Order, units: list[int]) -> None:
    """The goods of a refund come back into the warehouse."""
    commit, identity = book.number("commit"), book.number("picking")
    lines = []
    for line, count in zip(order.lines, units, strict=True):
        if not count:
            continue
        line.item.on_hand[MAIN] += count
        for outcome, state in (("insert", "assigned"), ("update", "done")):
            moved(book, 0.9, order, line, commit, outcome, state, back=count)
        book.quant(0.9, line.item, MAIN, commit)
        lines.append({"id": line.id + 1_000_000_000, "sku": line.item.sku,
                      "sale_line_id": line.id, "demand": count, "moved": count,
                      "return_of": line.id})  # fmt: skip
    row = _picking_row(order, "done") | {"return_id": order.picking}
    for outcome in ("insert", "update"):
        book.change(0.9, "stock_picking", identity, outcome, commit, row)
    record = _picking(order, "done", "", lines)
    book.final("odoo", "picking", str(identity), record | {
        "id": identity, "name": f"WH/IN/{identity:05d}", "type": "incoming", "carrier_id": None,
        "return_of": order.picking})  # fmt: skip


def _sale_row(order: Order, state: str) -> dict[str, Any]:
    total, tax = order.total()
    if state == "cancel":
        total, tax = order.paid, 0
    return {
        "name": f"S{order.sale:05d}", "state": state, "partner_id": order.partner,
        "partner_shipping_id": order.partner, "client_order_ref": order.name,
        "origin": order.gid, "amount_untaxed": money(total - tax), "amount_tax": money(tax),
        "amount_total": money(total), "invoice_status": "no", "currency_id": 1,
        "warehouse_id": 1, "delivery_status": None, "locked": False,
    }  # fmt: skip


def _sale_line_row(order: Order, line: Line, delivered: int = 0) -> dict[str, Any]:
    cost, tax = line.money(line.units)
    return {
        "name": line.item.sku, "discount": "0.00", "order_id": order.sale,
        "price_tax": money(tax), "price_unit": money(line.item.price),
        "product_id": line.item.product, "price_total": money(cost + tax),
        "qty_invoiced": "0.00", "qty_delivered": f"{delivered}.00",
        "price_subtotal": money(cost), "product_uom_qty": f"{line.units}.00",
    }  # fmt: skip


def _picking_row(order: Order, state: str) -> dict[str, Any]:
    return {
        "name": f"WH/OUT/{order.picking:05d}", "state": state, "origin": f"S{order.sale:05d}",
        "sale_id": order.sale, "picking_type_id": 2, "backorder_id": None, "return_id": None,
        "carrier_id": 1, "carrier_tracking_ref": None, "location_id": 5, "location_dest_id": 11,
        "date_done": None,
    }  # fmt: skip


def _picking(order: Order, state: str, tracking: str, lines: list[Any]) -> dict[str, Any]:
    return {
        "id": order.picking, "name": f"WH/OUT/{order.picking:05d}", "state": state,
        "sale_id": order.sale, "type": "outgoing", "backorder_of": None, "return_of": None,
        "origin": f"S{order.sale:05d}", "tracking": tracking, "carrier_id": 1, "lines": lines,
    }  # fmt: skip


def _final_picking(book: Book, order: Order, state: str, tracking: str = "") -> None:
    lines = [
        {"id": line.id, "sku": line.item.sku, "sale_line_id": line.id, "demand": line.units,
         "moved": line.units if state == "done" else 0, "return_of": None}
        for line in order.lines
    ]  # fmt: skip
    book.final("odoo", "picking", str(order.picking), _picking(order, state, tracking, lines))


def _final_sale(book: Book, order: Order, state: str = "sale") -> None:
    total, tax = order.total()
    if state == "cancel":
        total, tax = order.paid, 0
    lines = []
    for line in order.lines:
        cost, line_tax = line.money(line.units)
        lines.append({
            "id": line.id, "sku": line.item.sku, "name": line.item.sku, "quantity": line.units,
            "unit_price": money(line.item.price), "discount_percent": "0",
            "subtotal": money(cost), "tax": money(line_tax), "total": money(cost + line_tax),
            "is_delivery": False})  # fmt: skip
    charge = money(SHIPPING)
    lines.append({
        "id": 2_000_000_000 + order.sale, "sku": "SHIPPING", "name": "Standard", "quantity": 1,
        "unit_price": charge, "discount_percent": "0", "subtotal": charge, "tax": "0.00",
        "total": charge, "is_delivery": False})  # fmt: skip
    person = {"id": order.partner, "name": f"{order.first} {order.last}", "email": order.email,
              "phone": "+15125550003"}  # fmt: skip
    place = {
        **person, "parent_id": None, "type": "contact", "active": True,
        "street": order.address["address1"], "street2": "", "city": order.address["city"],
        "zip": order.address["zip"], "state_code": "TX", "country_code": "US",
    }  # fmt: skip
    book.final("odoo", "order", str(order.sale), {
        "id": order.sale, "name": f"S{order.sale:05d}", "state": state,
        "client_order_ref": order.name, "origin": order.gid, "currency": "USD",
        "amount_untaxed": money(total - tax), "amount_tax": money(tax),
        "amount_total": money(total + order.cents_off), "lines": lines, "partner": person,
        "invoice_address": place, "shipping": place,
        "write_date": "2026-11-20T10:00:00.000000Z"})  # fmt: skip
