"""The Dockerfiles and compose.yaml hold to the house rules; no engine is needed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from peakproof.contracts import chosen, parts
from peakproof.runtime.images import IMAGES, SOURCES
from peakproof.sandbox import Sandbox, prepare
from peakproof.version import __version__
from simulators import REGISTRY

COMPOSE = Path(__file__).parents[2] / "compose"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((COMPOSE / "compose.yaml").read_text())[
    "services"
]
DOCKERFILES = sorted(COMPOSE.glob("*/Dockerfile"))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    folder = tmp_path_factory.mktemp("sandbox")
    return prepare(folder / "sandbox", folder / "handout", folder / "partners", 7)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"]
    assert service["user"] not in ("root", "0", "0:0")
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "cap_add", "network_mode", "pid"} & set(service)
    for port in service.get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{PEAKPROOF_\w+_PORT:-\d+\}:\d+", port)
    assert set(service["profiles"]) <= {"core", "partners", "load"}
    assert service["init"] is True  # children are reaped, signals arrive


def test_every_service_that_stays_says_whether_it_is_well() -> None:
    ends_or_has_no_door = {"prepare", "seed", "trade"}
    assert {name for name in SERVICES if "healthcheck" not in SERVICES[name]} == ends_or_has_no_door


def test_no_port_is_taken_twice() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == len({re.findall(r"-(\d+)", port)[0] for port in ports})


def test_nothing_but_odoo_and_its_clients_is_on_the_inner_network() -> None:
    networks = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["networks"]
    assert networks["back"]["internal"] is True
    masquerade = "com.docker.network.bridge.enable_ip_masquerade"
    assert networks["front"]["driver_opts"] == {masquerade: "false"}
    inner = {name for name, service in SERVICES.items() if "back" in service["networks"]}
    assert inner == {"db", "odoo", "seed", "connector"}
    assert SERVICES["db"]["networks"] == ["back"]


@pytest.mark.parametrize("part", REGISTRY)
def test_every_simulator_has_a_service_by_the_vendors_names(part: str, sandbox: Sandbox) -> None:
    name, *hosts = sandbox.parts[part].names
    service = SERVICES[name]
    assert service["networks"]["front"]["aliases"] == hosts
    assert service["command"] == ["python", "-m", f"simulators.{part}", f"/sandbox/{part}.json"]
    assert name in SERVICES["seed"]["depends_on"]


def test_the_partners_answer_to_the_vendors_names() -> None:
    hosts = [host for contract in chosen(parts(), {}, {}) for host in contract.hosts]
    assert SERVICES["partners"]["networks"]["front"]["aliases"] == hosts


def test_every_published_port_is_handed_out() -> None:
    told = dict(
        word.split("=") for word in SERVICES["seed"]["environment"]["PEAKPROOF_PUBLISHED"].split()
    )
    published = {
        name: service["ports"][0].split(":", 1)[1].rpartition(":")[0]
        for name, service in SERVICES.items()
        if service.get("ports") and name != "connector"
    }
    assert told == published


def test_the_images_are_those_of_the_list() -> None:
    used = {service["image"] for service in SERVICES.values()}
    known = {f"${{{image.variable}:-{image.official or image.local}}}" for image in IMAGES.values()}
    assert used <= known
    assert f"peakproof/harness:{__version__}" in "".join(used)


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.parent.name)
def test_every_dockerfile_is_classic_and_builds_on_any_base(dockerfile: Path) -> None:
    text = dockerfile.read_text()
    image = IMAGES[dockerfile.parent.name]
    official = IMAGES[image.base].official
    assert re.search(
        rf"^ARG BASE_IMAGE={re.escape(official)}\nFROM \$\{{BASE_IMAGE\}}$", text, re.M
    )
    assert not re.search(r"RUN --|COPY --(link|chmod)|<<|^# syntax", text, re.M)
    assert "http" not in re.sub(r"http://localhost\S*", "", text)


def test_every_image_that_is_built_has_a_dockerfile() -> None:
    assert {path.parent.name for path in DOCKERFILES} == set(IMAGES) - {"base"}


@pytest.mark.parametrize("name", ["harness", "odoo", "wiremock"])
def test_images_of_servers_do_not_run_as_root(name: str) -> None:
    users = re.findall(r"^USER (\S+)$", (COMPOSE / name / "Dockerfile").read_text(), re.M)
    assert users[-1] not in ("root", "0")


def test_only_the_sources_reach_the_engine() -> None:
    lines = (COMPOSE.parent / ".dockerignore").read_text().splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert let_in == {*SOURCES, "compose/harness/requirements.txt"}


def test_the_harness_image_takes_the_pins_of_the_lock() -> None:
    pin = re.compile(r"^([a-z0-9-]+==\S+)", re.M)
    mine = set(pin.findall((COMPOSE / "harness" / "requirements.txt").read_text()))
    assert mine
    assert mine <= set(pin.findall((COMPOSE.parent / "requirements.txt").read_text()))
