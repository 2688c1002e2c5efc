"""The sandbox of compose.yaml, brought up for real: an order of the channel arrives in Odoo."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peakproof.runtime import images
from peakproof.runtime.json2 import Odoo
from peakproof.seed import wait_until

FILE = Path(__file__).parents[2] / "compose" / "compose.yaml"
ARRIVAL_SECONDS = 600.0  # on a busy machine Odoo takes its time for the first one


class Sandbox:
    """One project of compose; ports are free ones."""

    def __init__(self) -> None:
        self.name = f"peakprooftest{os.getpid()}"
        chosen = {image.variable: images.ensure(name) for name, image in images.IMAGES.items()}
        # Under a name of its own: another session may build the harness anew meanwhile.
        self.harness = f"peakproof/harness:{self.name}"
        subprocess.check_call(["docker", "tag", chosen["PEAKPROOF_HARNESS_IMAGE"], self.harness])
        chosen["PEAKPROOF_HARNESS_IMAGE"] = self.harness
        names = re.findall(r"PEAKPROOF_\w+_PORT", FILE.read_text())
        ports = dict.fromkeys(names, "0")
        self.environment = {**os.environ, **chosen, **ports, "COMPOSE_PROFILES": "core,partners"}

    def compose(self, *words: str) -> str:
        """Run compose and return what it printed; fails with what it said."""
        program = ["docker", "compose"] if _has_compose_2() else ["docker-compose"]
        done = subprocess.run(
            [*program, "-p", self.name, "-f", str(FILE), *words],
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def inside(self, service: str, *words: str) -> Any:
        """Run a command in a service's container; return the JSON that it printed."""
        return json.loads(self.compose("exec", "-T", service, *words))

    def left(self) -> list[str]:
        """Return what the engine still has of this project."""
        label = f"label=com.docker.compose.project={self.name}"
        lists = (["ps", "--all"], ["volume", "ls"], ["network", "ls"])
        found = [
            subprocess.check_output(["docker", *words, "--quiet", "--filter", label], text=True)
            for words in lists
        ]
        return "".join(found).split()


@pytest.fixture(scope="module")
def sandbox(daemon: None) -> Iterator[Sandbox]:
    made = Sandbox()
    try:
        made.compose("up", "-d")
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout", "5")
        subprocess.check_call(["docker", "rmi", made.harness], stdout=subprocess.DEVNULL)


@pytest.mark.timeout(3000)  # images may have to be built first, and Odoo installs its modules
def test_an_order_of_the_channel_arrives_in_odoo(sandbox: Sandbox) -> None:
    values = sandbox.inside("shopify", "peakproof", "sandbox", "values")
    order = sandbox.inside("shopify", "peakproof", "sandbox", "order")
    address = sandbox.compose("port", "odoo", "8069").strip()
    assert address.startswith("127.0.0.1:")
    with Odoo(f"http://{address}", values["odoo"]["database"], values["odoo"]["api_key"]) as odoo:
        (found,) = wait_until(
            lambda: odoo.search_read(
                "sale.order", [["client_order_ref", "=", order["name"]]], ["state", "amount_total"]
            ),
            ARRIVAL_SECONDS,
            f"{order['name']} in Odoo",
            1.0,
        )
        assert found["amount_total"] > 0


def test_the_partners_answer_under_the_vendors_names(sandbox: Sandbox) -> None:
    code = (
        "import httpx, ssl; context = ssl.create_default_context(cafile='/handout/ca.pem');"
        "print(httpx.get('https://rest.avatax.com/api/v2/utilities/ping',"
        " verify=context, timeout=60).status_code)"
    )
    assert sandbox.inside("shopify", "python", "-c", code) == 200


@pytest.mark.parametrize("service", ["shopify", "odoo", "db"])
def test_nothing_in_it_reaches_the_outside(sandbox: Sandbox, service: str) -> None:
    """The machine's own resolver is reached from the usual network, and not from ours."""
    lines = Path("/etc/resolv.conf").read_text().split("\n")
    place = next(line.split()[1] for line in lines if line.startswith("nameserver"))
    dial = f"timeout 5 bash -c ': < /dev/tcp/{place}/53' && echo true || echo false"
    usual = ["docker", "run", "--rm", sandbox.harness, "sh", "-c", dial]
    assert json.loads(subprocess.check_output(usual, text=True)) is True
    assert sandbox.inside(service, "sh", "-c", dial) is False


def test_it_starts_again_as_it_was(sandbox: Sandbox) -> None:
    before = sandbox.inside("shopify", "peakproof", "sandbox", "values")
    sandbox.compose("restart", "--timeout", "5", "carrier")
    sandbox.compose("up", "-d")
    after = sandbox.inside("shopify", "peakproof", "sandbox", "values")
    assert after == before


def test_nothing_is_left_of_it(sandbox: Sandbox) -> None:
    assert sandbox.left()
    sandbox.compose("down", "--volumes", "--timeout", "5")
    assert sandbox.left() == []


def test_compose_accepts_the_file_with_every_profile(sandbox: Sandbox) -> None:
    assert "prepare" in sandbox.compose("config", "--services").split()


def _has_compose_2() -> bool:
    return subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
