"""Models, methods and fields as the calls name them, in each of Odoo's dialects."""

from typing import Any

from peakproof.history import Event, History
from peakproof.odoo_calls import model_uses
from peakproof.report.records import ModelUse

LINES = {"sale.order.order_line": "sale.order.line"}


def used(name: str, arguments: Any) -> dict[str, ModelUse]:
    value = {"arguments": arguments}
    request = Event(time=1.0, source="odoo", kind="request", name=name, value=value)
    return model_uses(History([request]), LINES)


def test_reading_by_name() -> None:
    arguments = {"domain": ["|", ["state", "=", "sale"], ["partner_id.email", "!=", False]],
                 "fields": ["name", "amount_total"]}  # fmt: skip
    (use,) = used("sale.order.search_read", arguments).values()
    assert (use.model, use.methods) == ("sale.order", ["search_read"])
    assert use.fields_read == ["amount_total", "name", "partner_id", "state"]
    assert use.fields_written == []


def test_the_old_services_give_arguments_by_place() -> None:
    found = used("res.partner.search_read", [[[["email", "=", "a"]], ["name"]], {"limit": 1}])
    assert found["res.partner"].fields_read == ["email", "name"]
    found = used("res.partner.write", [[[7], {"phone": "1", "city": "Troy"}]])
    assert found["res.partner"].fields_written == ["city", "phone"]
    found = used("res.partner.read", {"args": [[7], ["vat"]], "kwargs": {}})
    assert found["res.partner"].fields_read == ["vat"]
    found = used("res.partner.create", {"args": [{"name": "Ada"}], "kwargs": {}})
    assert found["res.partner"].fields_written == ["name"]


def test_lines_written_inside_of_a_record_are_the_lines_models() -> None:
    lines = [[0, 0, {"product_id": 1, "discount": 10}], [1, 5, {"price_unit": 3}], [2, 6]]
    found = used("sale.order.write", {"ids": [1], "vals": {"order_line": lines}})
    assert found["sale.order"].fields_written == ["order_line"]
    assert found["sale.order.line"].fields_written == ["discount", "price_unit", "product_id"]


def test_columns_of_an_import() -> None:
    columns = ["id", "partner_id/.id", "order_line/id", "order_line/product_id/.id"]
    found = used("sale.order.load", {"fields": columns, "data": [[]]})
    assert found["sale.order"].fields_written == ["order_line", "partner_id"]
    assert found["sale.order"].fields_read == []
    assert found["sale.order.line"].fields_written == ["product_id"]


def test_what_is_no_call_of_a_model() -> None:
    assert used("common.authenticate", None) == {}
    assert used("GET /web/login", None) == {}
