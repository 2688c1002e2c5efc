"""The pytest plugin as another repository meets it; only the last tests need the real Odoo."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from peakproof import pytest_plugin
from peakproof.runtime.cache import cache_folder
from tests.report.story import gate

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent
PLUGIN = ("-p", "peakproof.pytest_plugin")

WORLD = """
import pytest
from peakproof.errors import SimulatorRefused, WorldFailed
from peakproof.plan import Location, Product, Shop, Variant

LAMP = Product(title="Lamp", variants=[
    Variant(sku="LAMP", title="Lamp", price="20.00", stock={"MAIN": 1})])
SHOP = Shop(locations=[Location(code="MAIN", name="Main")], products=[LAMP])


def test_an_order_becomes_one_sale_order(world, odoo, shopify):
    customer, item = world.shop.customers[0], world.shop.variants()[0]
    with world.fault("webhook_drop", topic="orders/*"):
        order = shopify.act("checkout", customer=customer, lines=[{"sku": item.sku, "quantity": 1}])
        world.settle()
    (sale,) = world.sale_orders(order["order_id"])
    assert (sale["state"], sale["amount_total"]) == ("sale", order["total"])
    (row,) = odoo.read("sale.order", [sale["id"]], ["client_order_ref"])
    assert row["client_order_ref"] == order["name"]
    assert shopify.records("order")[order["order_id"]]["name"] == order["name"]
    assert world.judge("orders_exactly_once").verdict == "pass"
    assert sorted(world.world.simulators) == ["bank", "carrier", "gateway", "pos", "shopify"]


@pytest.mark.peakproof(shop=SHOP, simulators=["shopify"], seed=5)
class TestOwnShop:
    def test_refusals_and_faults_that_never_fire(self, world, shopify):
        buyer = {"email": "ada@example.com", "first_name": "Ada", "last_name": "L"}
        with pytest.raises(SimulatorRefused, match="sold_out"):
            shopify.act("checkout", customer=buyer, lines=[{"sku": "LAMP", "quantity": 9}])
        with pytest.raises(WorldFailed, match="never had an effect"):
            with world.fault("api_errors", operation="nobodyAsksForThis"):
                pass
        assert "nothing was broken" == "something was"

    def test_a_part_that_is_not_played(self, bank):
        pass
"""
BROKEN = """
[connector]
name = "broken"
version = "1"
flows = []
[start]
command = ["python", "-c", "print('no key given'); raise SystemExit(3)"]
[ready]
url = "{connector.url}/ready"
[settled]
url = "{connector.url}/settled"
"""
ADDON = """
def test_an_order_reaches_an_addon(world, shopify):
    sku = world.shop.variants()[0].sku
    buyer = world.shop.customers[0]
    order = shopify.act("checkout", customer=buyer, lines=[{"sku": sku, "quantity": 1}])
    world.settle()
    assert len(world.sale_orders(order["order_id"])) == 1
"""


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where Odoo lies ready: pytester gives the runs inside another home."""
    return cache_folder()


@pytest.fixture(autouse=True)
def _surroundings(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEAKPROOF_CACHE", str(cache))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def test_loading_it_costs_nothing() -> None:
    """It is loaded by every pytest run on the machine, also where nobody wants it."""
    script = (
        "import sys, pytest; before = set(sys.modules); import peakproof.pytest_plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {name.partition(".")[0] for name in told} <= {"peakproof"}
    assert told == ["peakproof", "peakproof.pytest_plugin", "peakproof.version"]


def test_options_marker_and_fixtures_are_told(pytester: pytest.Pytester) -> None:
    told = pytester.runpytest_inprocess(*PLUGIN, "--help").stdout.str()
    for name in ("connector", "seed", "runs", "runtime"):
        assert f"--peakproof-{name}" in told
        assert f"peakproof_{name} (string)" in told
    marks = pytester.runpytest_inprocess(*PLUGIN, "--markers")
    marks.stdout.fnmatch_lines(["@pytest.mark.peakproof(shop=None, simulators=None, seed=None)*"])
    fixtures = pytester.runpytest_inprocess(*PLUGIN, "--fixtures").stdout.str()
    for name in ("world", "odoo", "shopify", "pos", "carrier", "gateway", "bank", "play"):
        assert f"\n{name} -- " in fixtures


@pytest.mark.parametrize("fixture", ["world", "shopify", "play", "peakproof_connector"])
def test_without_a_connector_it_says_what_to_do(pytester: pytest.Pytester, fixture: str) -> None:
    pytester.makepyfile(f"def test_it({fixture}): pass")
    done = pytester.runpytest_inprocess(*PLUGIN)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["No connector is given.*--peakproof-connector FOLDER*"])
    done.stdout.no_fnmatch_line("*Traceback*")


def test_mistakes_are_told_with_the_right_words(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.peakproof(shops=1)
        def test_mark(world): pass

        def test_folder(world): pass
        """
    )
    done = pytester.runpytest_inprocess(*PLUGIN, "--peakproof-connector", "nowhere")
    done.assert_outcomes(errors=2)
    done.stdout.fnmatch_lines(["@pytest.mark.peakproof(shop=None, *Found: shops."])
    done.stdout.fnmatch_lines(["Expected a folder with a connector.toml, found none at *nowhere*"])
    runtime = ("--peakproof-connector", "reference", "--peakproof-runtime", "contianer")
    done = pytester.runpytest_inprocess(*PLUGIN, *runtime)
    done.stdout.fnmatch_lines(["There is no runtime called 'contianer'.*Did you mean 'container'*"])
    seed = ("--peakproof-connector", "reference", "--peakproof-seed", "x")
    done = pytester.runpytest_inprocess(*PLUGIN, *seed)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*--peakproof-seed: expected a whole number, found 'x'."])


def test_a_repositorys_own_fixtures_come_first(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def odoo(): return "ours"
        """
    )
    pytester.makepyfile("def test_it(odoo): assert odoo == 'ours'")
    pytester.runpytest_inprocess(*PLUGIN).assert_outcomes(passed=1)


def test_a_verdict_is_explained_by_its_findings(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from peakproof import pytest_plugin
        from tests.report.story import gate

        def test_it(pytestconfig):
            record = gate()[0].runs[0]
            pytestconfig.stash[pytest_plugin._PLAYED].append(record)
            assert record.verdict == "pass"
        """
    )
    done = pytester.runpytest_inprocess(*PLUGIN)
    done.stdout.fnmatch_lines(
        [
            "E * assert verdict violated == pass",
            "E * flash_sale: The fault clock_skew was planned and never fired.",
            "E * flash_sale: orders_exactly_once: duplicate order: order #1063",
            "E * flash_sale: no_oversell: promised more than there was: * (and 3 more)",
            "E * flash_sale: service_levels: orders",
        ]
    )
    done.stdout.no_fnmatch_line("*truncated*")


def test_a_run_is_told_whole() -> None:
    record = gate()[0].runs[0]
    told = "\n".join(pytest_plugin._explained(record))
    for words in (
        "flash_sale, seed 7: violated",
        "  no_oversell: violated. No article is promised more often than it is there.",
        "promised more than there was: CAP-RED at MAIN",
        "expected at most 12 promised of 12 that were there, found 13 promised",
        "report.html",
        "again  peakproof run flash_sale",
    ):
        assert words in told


@pytest.mark.odoo
def test_worlds_of_the_reference_and_of_an_addon(pytester: pytest.Pytester) -> None:
    broken = pytester.mkdir("broken")
    (broken / "connector.toml").write_text(BROKEN)
    pytester.makeini("[pytest]\npeakproof_connector = reference\npeakproof_seed = 4\n")
    override = "import pathlib, pytest\n@pytest.fixture(scope='session')\n"
    override += "def peakproof_connector(): return pathlib.Path({!r})\n"
    pytester.makepyfile(
        test_world=WORLD,
        test_broken=override.format(str(broken)) + "def test_start(world): pass",
        test_addon=override.format(str(ROOT / "connectors" / "oca_shopify")) + ADDON,
    )
    done = pytester.runpytest_subprocess(*PLUGIN)
    done.assert_outcomes(passed=2, failed=1, errors=2)
    told = done.stdout
    told.fnmatch_lines(["peakproof: connector reference, seed 4"])
    told.fnmatch_lines(["connector: ended with 3 before it was ready", "*no key given"])
    told.fnmatch_lines(["The run is kept in *test_start*"])
    told.fnmatch_lines(["This world has no bank; it has shopify.*simulators=[[]'bank']*"])
    told.fnmatch_lines(
        [
            "*nothing was broken*",
            "*- peakproof -*",
            "seed 5",
            "again  pytest *::test_refusals_and_faults_that_never_fire *--peakproof-seed 5",
            "run    */runs/test_refusals_and_faults_that_never_fire/*",
        ]
    )
    kept = pytester.path / "runs" / "test_refusals_and_faults_that_never_fire" / "latest"
    assert {"plan.json", "run.json", "history.jsonl"} <= {path.name for path in kept.iterdir()}
    assert "sold_out" in (kept / "history.jsonl").read_text()


@pytest.mark.odoo
def test_the_example_repository(pytester: pytest.Pytester) -> None:
    shutil.copytree(
        ROOT / "docs" / "examples" / "connector_repository",
        pytester.path,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("runs", ".pytest_cache", "__pycache__"),
    )
    file = pytester.path / "connector.toml"  # how fast it is depends on what else goes on here
    file.write_text(file.read_text().replace("p95_seconds = 60", "p95_seconds = 600"))
    done = pytester.runpytest_subprocess(*PLUGIN)
    done.assert_outcomes(passed=2)
    assert (pytester.path / "runs" / "quiet_day" / "latest" / "report.html").is_file()
