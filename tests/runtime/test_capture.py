"""Change capture on the real Odoo: transient states, no half-done work, order of commit."""

import threading

import psycopg
import pytest

from peakproof.errors import OdooRefused
from peakproof.history import Event
from peakproof.runtime import capture
from peakproof.runtime.odoo import OdooProcess
from peakproof.seed import Clock

pytestmark = pytest.mark.odoo


def changes(odoo: OdooProcess, clock: Clock, table: str) -> list[Event]:
    return [event for event in capture.export(odoo.dsn, clock) if event.name == table]


def test_a_confirmed_and_cancelled_order_shows_every_state(odoo: OdooProcess) -> None:
    clock = Clock.start()
    with odoo.client() as client:
        (partner,) = client.create("res.partner", {"name": "Transient"})
        (order,) = client.create("sale.order", {"partner_id": partner, "client_order_ref": "#1"})
        client.call("sale.order", "action_confirm", ids=[order])
        client.call("sale.order", "action_cancel", ids=[order])
    seen = changes(odoo, clock, "sale_order")
    states = [event.value["row"]["state"] for event in seen]
    assert [state for at, state in enumerate(states) if at == 0 or states[at - 1] != state] == [
        "draft", "sale", "cancel",
    ]  # fmt: skip
    assert seen[0].outcome == "insert"
    assert {event.key for event in seen} == {str(order)}
    assert all(0 < event.time < clock.now() for event in seen)
    assert seen == sorted(seen, key=lambda event: event.time)
    assert seen[0].value["row"]["client_order_ref"] == "#1"


def test_what_is_refused_or_rolled_back_leaves_no_note(odoo: OdooProcess) -> None:
    clock = Clock.start()
    with odoo.client() as client:
        with pytest.raises(OdooRefused):
            client.create("res.partner", {"name": "Half"}, {"name": "Bad", "parent_id": 10**6})
        client.create("res.partner", {"name": "Whole"})
    with psycopg.connect(odoo.dsn) as connection:
        connection.execute(
            "insert into res_partner (name, autopost_bills) values ('Undone', 'ask')"
        )
        with connection.transaction(force_rollback=True):
            connection.execute("update res_partner set name = 'Undone' where id = 1")
        connection.rollback()
    names = {event.value["row"]["name"] for event in changes(odoo, clock, "res_partner")}
    assert names == {"Whole"}


def test_order_and_time_are_those_of_the_commit(odoo: OdooProcess) -> None:
    clock = Clock.start()
    insert = "insert into res_partner (name, autopost_bills) values (%s, 'ask')"
    with psycopg.connect(odoo.dsn) as slow, psycopg.connect(odoo.dsn) as quick:
        slow.execute(insert, ["written first, committed last"])
        quick.execute(insert, ["written last, committed first"])
        quick.commit()
        between = clock.now()
        slow.commit()
    first, last = changes(odoo, clock, "res_partner")
    assert first.value["row"]["name"] == "written last, committed first"
    assert last.value["row"]["name"] == "written first, committed last"
    assert first.value["sequence"] > last.value["sequence"]
    assert first.time < between < last.time
    assert first.value["transaction"] != last.value["transaction"]


def test_deletes_and_unwatched_columns(odoo: OdooProcess) -> None:
    clock = Clock.start()
    with psycopg.connect(odoo.dsn, autocommit=True) as connection:
        row = connection.execute(
            "insert into res_partner (name, autopost_bills) values ('Gone', 'ask') returning id"
        ).fetchone()
        assert row is not None
        before = capture.activity(odoo.dsn)
        connection.execute("update res_partner set color = 3 where id = %s", row)
        assert capture.activity(odoo.dsn) == before, "colour is not watched"
        connection.execute("delete from res_partner where id = %s", row)
        assert capture.activity(odoo.dsn) == before + 1
    assert [(event.outcome, event.key) for event in changes(odoo, clock, "res_partner")] == [
        ("insert", str(row[0])), ("delete", str(row[0])),
    ]  # fmt: skip
    assert not list(capture.export(odoo.dsn, clock, after=before + 1))


def test_decimals_are_strings_without_a_digit_lost(odoo: OdooProcess) -> None:
    clock = Clock.start()
    with odoo.client() as client:
        (partner,) = client.create("res.partner", {"name": "Penny"})
        (product,) = client.create("product.product", {"name": "Tee", "taxes_id": [[6, 0, []]]})
        line = [0, 0, {"product_id": product, "product_uom_qty": 3, "price_unit": 0.1}]
        client.create("sale.order", {"partner_id": partner, "order_line": [line]})
    last = changes(odoo, clock, "sale_order_line")[-1].value["row"]
    assert (last["price_unit"], last["price_subtotal"]) == ("0.1", "0.30")


def test_writers_at_once_lose_no_note(odoo: OdooProcess) -> None:
    clock, writers, rows = Clock.start(), 4, 50

    def write(writer: int) -> None:
        with psycopg.connect(odoo.dsn, autocommit=True) as connection:
            for number in range(rows):
                connection.execute(
                    "insert into res_partner (name, autopost_bills) values (%s, 'ask')",
                    [f"{writer}/{number}"],
                )

    threads = [threading.Thread(target=write, args=[writer]) for writer in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = [event.value["row"]["name"] for event in changes(odoo, clock, "res_partner")]
    assert len(seen) == len(set(seen)) == writers * rows
    for writer in range(writers):
        mine = [name for name in seen if name.startswith(f"{writer}/")]
        assert mine == [f"{writer}/{number}" for number in range(rows)]
