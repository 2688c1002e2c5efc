"""The process runtime against the real Odoo: worlds of their own, restarts, web pages."""

import os
import re
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from peakproof.errors import OdooRefused, WorldFailed
from peakproof.runtime import reads
from peakproof.runtime.odoo import OdooProcess
from peakproof.runtime.process import ProcessRuntime
from peakproof.runtime.template import Template
from peakproof.seed import wait_until

pytestmark = pytest.mark.odoo

OCA_LOCK = Path(__file__).parents[2] / "connectors" / "oca_shopify" / "requirements.txt"


def names(odoo: OdooProcess) -> set[str]:
    with odoo.client() as client:
        return {row["name"] for row in client.search_read("res.partner", fields=["name"])}


def test_clones_do_not_see_each_other(new_odoo: Callable[..., OdooProcess]) -> None:
    first, second = new_odoo(), new_odoo()
    with first.client() as client:
        client.create("res.partner", {"name": "Ada"})
    assert "Ada" in names(first)
    assert "Ada" not in names(second)
    assert "Ada" not in names(new_odoo()), "the template stays as it was"


def test_two_worlds_at_once_start_together_and_answer_apart(
    new_odoo: Callable[..., OdooProcess],
) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: new_odoo(), range(2))
    assert first.url != second.url
    for odoo in (first, second):
        with odoo.client() as client:
            client.create("res.partner", {"name": odoo.database})
    assert first.database in names(first)
    assert second.database not in names(first)


def test_the_template_has_what_a_shop_needs(odoo: OdooProcess) -> None:
    with odoo.client() as client:
        journals = client.search_read("account.journal", fields=["type"])
        parameters = client.search_read("ir.config_parameter", fields=["key", "value"])
        modules = client.search_read(
            "ir.module.module", [["state", "=", "installed"]], fields=["name"]
        )
        demo = client.call("res.partner", "search_count", domain=[["name", "=", "Deco Addict"]])
    assert {row["type"] for row in journals} >= {"sale", "purchase", "bank", "general"}
    assert {row["name"] for row in modules} >= {"sale_stock", "stock_delivery", "account"}
    values = {row["key"]: row["value"] for row in parameters}
    assert values["web.base.url"] == odoo.url
    assert values["ir_attachment.location"] == "db"
    assert demo == 0


def test_the_login_page_and_everything_it_links_to_is_served(odoo: OdooProcess) -> None:
    with httpx.Client(base_url=odoo.url, trust_env=False, timeout=120) as browser:
        page = browser.get("/web/login")
        assert page.status_code == 200
        links = re.findall(r'(?:href|src)="(/web/(?:assets|static)/[^"]+)"', page.text)
        assert any(link.endswith(".css") for link in links)
        assert any(link.endswith(".js") for link in links)
        font = "/web/static/src/libs/fontawesome/fonts/fontawesome-webfont.woff2"
        for link in [*links, "/web/static/lib/jquery/jquery.js", font]:
            answer = browser.get(link)
            assert answer.status_code == 200, link
            assert len(answer.content) > 100, link


@pytest.mark.parametrize("graceful", [True, False])
def test_a_restart_keeps_address_and_data(
    new_odoo: Callable[..., OdooProcess], graceful: bool
) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    odoo = new_odoo(on_event=lambda outcome, value: heard.append((outcome, value)))
    with odoo.client() as client:
        client.create("res.partner", {"name": "Stays"})
        before = odoo.server.pid
        odoo.restart(graceful=graceful)
        assert client.search_read("res.partner", [["name", "=", "Stays"]], ["name"])
    assert odoo.server.pid != before
    end = "stopped" if graceful else "killed"
    assert [outcome for outcome, _ in heard] == ["started", end, "started"]
    assert heard[1][1]["pid"] == before


def test_a_server_that_dies_is_an_event_and_can_come_back(
    new_odoo: Callable[..., OdooProcess],
) -> None:
    heard: list[str] = []
    odoo = new_odoo(on_event=lambda outcome, value: heard.append(outcome))
    with psycopg.connect(odoo.dsn) as connection:
        connection.execute("select 1")
    os.kill(odoo.server.pid, signal.SIGKILL)
    assert odoo.server.wait(10) == -9
    assert heard == ["started", "crashed"]
    odoo.start()
    odoo.wait_ready()
    assert "Administrator" in names(odoo)


def test_a_server_that_cannot_start_shows_its_last_lines(
    runtime: ProcessRuntime, template: Template, tmp_path: Path
) -> None:
    database = runtime.new_database(template, "cannot_start")
    with pytest.raises(WorldFailed, match="no such option: --nonsense"):
        runtime.start_odoo(database, tmp_path / "odoo.log", options=["--nonsense"])
    runtime.drop(database)


def test_a_server_of_its_own_comes_back_after_a_crash_with_what_was_committed(
    runtime: ProcessRuntime, template: Template, tmp_path: Path
) -> None:
    heard: list[str] = []
    database = runtime.new_database(template, "own", lambda outcome, _: heard.append(outcome))
    storage = runtime.create_database("beside", database)
    odoo = runtime.start_odoo(database, tmp_path / "odoo.log")
    server = runtime.server(database)
    with odoo.client() as client:
        client.create("res.partner", {"name": "Committed"})
        server.kill()
        assert heard == ["started", "killed"]
        for address in (database.dsn, storage):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(address)
        server.start()
        found = wait_until(lambda: _found(client), 30, "Odoo to use the database server again")
    assert found == ["Committed"]
    psycopg.connect(storage).close()
    runtime.drop_storage("beside")
    runtime.drop(database)
    assert not server.folder.exists()


def test_a_server_of_its_own_is_nobody_elses(
    runtime: ProcessRuntime, template: Template, odoo: OdooProcess
) -> None:
    database = runtime.new_database(template, "apart", lambda *_: None)
    runtime.server(database).kill()
    assert "Administrator" in names(odoo)
    runtime.drop(database)


def _found(client: Any) -> list[str]:
    try:
        rows = client.search_read("res.partner", [["name", "=", "Committed"]], ["name"])
    except (OdooRefused, httpx.HTTPError):
        return []
    return [row["name"] for row in rows]


def test_a_connectors_own_database_is_empty_and_reachable(
    runtime: ProcessRuntime, template: Template
) -> None:
    runtime.warm(template)
    with psycopg.connect(runtime.create_database("connector_storage")) as connection:
        connection.execute("create table mine (id int)")
        row = connection.execute(
            "select count(*) from information_schema.tables where table_schema = 'public'"
        ).fetchone()
    assert row == (1,)
    runtime.drop_storage("connector_storage")


def test_jobs_of_a_published_addon_run_inside_odoo(runtime: ProcessRuntime, tmp_path: Path) -> None:
    template = runtime.prepare(["shopify_connector"], OCA_LOCK)
    database = runtime.new_database(template, "queue")
    odoo = runtime.start_odoo(
        database, tmp_path / "odoo.log", {"ODOO_QUEUE_JOB_CHANNELS": "root:2"}, ["queue_job"]
    )
    with httpx.Client(base_url=odoo.url, trust_env=False, timeout=60) as browser:
        login = {"db": database.name, "login": "admin", "password": "admin"}
        browser.post("/web/session/authenticate", json={"params": login}).raise_for_status()
        browser.get("/queue_job/create_test_job").raise_for_status()

    def states() -> list[str]:
        return [job["state"] for job in reads.read_jobs(odoo.dsn).values()]

    wait_until(lambda: states() == ["done"], 60, "the job to be done")
    runtime.drop(database)


def test_one_server_with_a_shared_session_of_clients(odoo: OdooProcess) -> None:
    with odoo.client() as client, ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda n: client.create("res.partner", {"name": f"P{n}"})[0], range(8)))
    assert len(set(ids)) == 8
