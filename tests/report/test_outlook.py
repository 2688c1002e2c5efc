"""Privileges and what will break, on the page, on the terminal and in verdict.json."""

import io
from pathlib import Path

from rich.console import Console

from peakproof.outcomes import Verdict
from peakproof.report.console import print_gate
from peakproof.report.html import render_html
from peakproof.report.outlook import outlook_lines
from peakproof.report.records import (
    BreakRecord,
    ConnectorRecord,
    GateRecord,
    ModelUse,
    OdooUserRecord,
    ScopeRecord,
)
from peakproof.report.verdict import read_verdict, write_verdict

USE = ModelUse(model="sale.order", operations=["read", "create"], methods=["action_confirm"],
               fields_read=["amount_total"], fields_written=["<b>"])  # fmt: skip
USER = OdooUserRecord(login="bot", models_granted=346, models=[USE], groups=["base.group_system"],
                      groups_least=["sales_team.group_sale_salesman"], note="As seen.")  # fmt: skip
SCOPES = ScopeRecord(system="shopify", kind="Shopify access scopes", needs=["read_orders"],
                     granted=["read_orders", "write_orders"], least=["read_orders"],
                     spare=["write_orders"], refused=["read_a|read_b"])  # fmt: skip
KEY = ScopeRecord(system="carrier", kind="API key", granted=[], needs=[], least=[], spare=[],
                  note="EasyPost has no scopes")  # fmt: skip
BREAK = BreakRecord(system="odoo", what="/xmlrpc/2 (object)", breaks_with="Odoo 22",
                    when="fall 2028", uses=12)  # fmt: skip


def gate(**more: object) -> GateRecord:
    record = GateRecord(
        connector=ConnectorRecord(name="bridge"), verdict=Verdict.PASS, runs=[], exit_code=0,
        reproduce="peakproof gate", started="2026-11-24T00:00:00",
    )  # fmt: skip
    for name, value in more.items():
        setattr(record, name, value)
    return record


def test_a_line_each() -> None:
    whole = gate(odoo_users=[USER], scopes=[SCOPES, KEY], breaks=[BREAK])
    assert outlook_lines(whole) == [
        "Privileges: Odoo 1 of 346 models used; Shopify 1 of 2 scopes needed - see report",
        "What will break: 1 thing, first Odoo /xmlrpc/2 (object) (Odoo 22 fall 2028) - see report",
    ]
    said = io.StringIO()
    print_gate(whole, None, Console(file=said, width=60))
    assert all(line in said.getvalue() for line in outlook_lines(whole))


def test_nothing_is_said_of_nothing() -> None:
    assert outlook_lines(gate()) == []
    page = render_html(gate(), [])
    assert "Least privilege" not in page
    assert "What will break" not in page


def test_a_superuser() -> None:
    root = OdooUserRecord(login="__system__", superuser=True, models=[USE])
    assert "Odoo 1 model used as superuser" in outlook_lines(gate(odoo_users=[root]))[0]
    assert "as superuser" in render_html(gate(odoo_users=[root]), [])


def test_the_page() -> None:
    page = render_html(gate(odoo_users=[USER], scopes=[SCOPES, KEY], breaks=[BREAK]), [])
    for text in (
        "1 of the 2 scopes granted would do", "read_a or read_b", "EasyPost has no scopes",
        "sales_team.group_sale_salesman", "action_confirm", "&lt;b&gt;", "/xmlrpc/2 (object)",
        "fall 2028",
    ):  # fmt: skip
        assert text in page


def test_verdict_json_keeps_them(tmp_path: Path) -> None:
    whole = gate(odoo_users=[USER], scopes=[SCOPES], breaks=[BREAK])
    write_verdict(whole, tmp_path / "verdict.json")
    assert read_verdict(tmp_path / "verdict.json") == whole
