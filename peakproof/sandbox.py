"""A standing sandbox in containers, for a vendor to develop against: what compose.yaml runs.

``docker compose up`` starts one container for each simulator, Odoo and its database, and two that
end: ``peakproof sandbox prepare`` makes the certificate authority, certificates and the
simulators' configurations in one volume (FOLDER); ``peakproof sandbox seed`` puts the shop into
Odoo and every simulator and hands out addresses and credentials in another (HANDOUT):
``world.json`` as seen by containers of the sandbox, ``host.json`` as seen by this machine, and
``ca.pem``. Both may run again: what is there already stays. Partners that only answer are played
by one WireMock, whose folder (PARTNERS) ``prepare`` fills.

The sandbox has no history and nobody judges it; simulators forget when they are restarted, and
are then seeded again alike.
"""

import importlib
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import psycopg
from psycopg import sql

from peakproof import catalog
from peakproof.assortment import draw_shop
from peakproof.contracts import chosen
from peakproof.contracts import parts as contract_parts
from peakproof.errors import BadFile, UnknownName
from peakproof.partners import write_mappings
from peakproof.plan import Location, Shop
from peakproof.runtime.access import LOGIN, grant_access
from peakproof.runtime.certificates import LOCAL_NAMES, Authority
from peakproof.runtime.json2 import Odoo
from peakproof.runtime.odoo_shop import seed_odoo
from peakproof.runtime.template import switch_off
from peakproof.runtime.wiremock import keystore
from peakproof.seed import Clock, Seed, wait_until
from peakproof.simkit.client import SimulatorClient
from peakproof.simkit.config import SimulatorConfig
from peakproof.simkit.simulator import Simulator
from peakproof.store import RunFolder

__all__ = ["DATABASE", "Part", "Sandbox", "prepare", "seed", "shop_of"]

DATABASE = "sandbox"
ODOO_URL = "http://odoo:8069"
PARTNERS = "partners"
SHOP_DOMAIN = "peakproof-demo.myshopify.com"
CONNECTOR_PORT, SFTP_PORT = 8080, 2222
_TLS_PORT = 443
_START_LIMIT_SECONDS = 60.0
_INSTALL_LIMIT_SECONDS = 1800.0
_LOCATIONS = (Location(code="MAIN", name="Main store"), Location(code="EAST", name="East store"))


class Part(msgspec.Struct):
    """One simulator: the names that lead to its container, and the token of its control API."""

    names: list[str]
    control_token: str
    certificate_path: str
    key_path: str
    options: dict[str, Any]

    def __repr__(self) -> str:
        return f"Part(names={self.names!r})"


class Sandbox(msgspec.Struct):
    """What ``prepare`` has drawn, kept in FOLDER/sandbox.json."""

    folder: str
    seed: int
    parts: dict[str, Part]
    partners: dict[str, dict[str, str]]  # what each is told to expect of its clients: keys ...

    @classmethod
    def open(cls, folder: Path) -> "Sandbox":
        """Read it; BadFile when nothing was prepared there."""
        try:
            return msgspec.json.decode((folder / "sandbox.json").read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError) as error:
            raise BadFile(
                f"{folder}: expected what `peakproof sandbox prepare` leaves there: {error}."
            ) from error

    @property
    def bundle_path(self) -> Path:
        """The certificate authority, which clients are told to trust."""
        return Path(self.folder) / "certificates" / "ca.pem"

    def client(self, part: str) -> SimulatorClient:
        """Return the control API of a part, reached by the vendor's own name where it has one."""
        if part not in self.parts:
            raise UnknownName("part", part, self.parts)
        url = f"https://{self.parts[part].names[-1]}"
        return SimulatorClient(url, self.parts[part].control_token, str(self.bundle_path))


def prepare(folder: Path, handout: Path, partners: Path, number: int | None = None) -> Sandbox:
    """Make certificates and configurations; a second time only the clocks are set anew.

    ``number`` is the seed of every identifier and credential, drawn if not given.
    """
    (folder / "journals").mkdir(parents=True, exist_ok=True)
    if (folder / "sandbox.json").is_file():
        sandbox = Sandbox.open(folder)
    else:
        drawn = secrets.randbits(48) if number is None else number
        sandbox = _found(folder, handout, partners, drawn)
        RunFolder(folder).write_values("sandbox.json", sandbox)
    clock, seeds = Clock.start(), Seed(sandbox.seed)
    for name, part in sandbox.parts.items():
        config = SimulatorConfig(
            name=name,
            host="0.0.0.0",  # noqa: S104  in a container of its own
            port=_TLS_PORT,
            journal_path=str(folder / "journals" / f"{name}.jsonl"),
            control_token=part.control_token,
            seed=seeds.number(name),
            clock_origin_monotonic_ns=clock.origin_monotonic_ns,
            clock_origin_epoch_seconds=clock.origin_epoch_seconds,
            tls_certificate_path=part.certificate_path,
            tls_key_path=part.key_path,
            options=part.options,
        )
        RunFolder(folder).write_values(f"{name}.json", config)
    return sandbox


def _found(folder: Path, handout: Path, partners: Path, number: int) -> Sandbox:
    seeds = Seed(number)
    authority = Authority(folder / "certificates")
    options: dict[str, dict[str, Any]] = {
        "shopify": {
            "shop_domain": SHOP_DOMAIN,
            "access_token": "shpat_" + seeds.token("access token"),
            "client_id": seeds.token("client id"),
            "client_secret": "shpss_" + seeds.token("client secret"),
            "previous_client_secret": "",
        },
        "bank": {
            "statement_folder": str(handout / "statements"),
            "sftp": True,
            "sftp_host": "bank",
            "sftp_port": SFTP_PORT,
        },
    }
    parts = {}
    for name in catalog.names("simulators"):
        names = [name.replace("_", "-"), *_vendor_hosts(name)]
        issued = authority.issue(*names, *LOCAL_NAMES)
        parts[name] = Part(
            names,
            seeds.token(f"control {name}"),
            str(issued.certificate_path),
            str(issued.key_path),
            options.get(name, {}),
        )
    contracts = chosen(contract_parts(), {}, {})
    told = {contract.part: contract.draw(seeds) for contract in contracts}
    write_mappings(contracts, told, partners)
    hosts = [host for contract in contracts for host in contract.hosts]
    keystore(authority.issue(PARTNERS, *hosts, *LOCAL_NAMES), partners / "keystore.p12")
    return Sandbox(str(folder), number, parts, told)


def _vendor_hosts(name: str) -> list[str]:
    """Return the vendor's own host names, which unmodified clients may have hard-coded."""
    if name == "shopify":
        return [SHOP_DOMAIN]
    module = importlib.import_module(catalog.load("simulators", name).create.__module__)
    return [
        host
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Simulator)
        for host in kind.hosts
    ]


def shop_of(sandbox: Sandbox) -> Shop:
    """Return the sandbox's shop: two stores, 24 products, 40 customers."""
    return draw_shop(Seed(sandbox.seed), products=24, stock=500, customers=40, locations=_LOCATIONS)


def seed(folder: Path, handout: Path, server: str, modules: list[str]) -> dict[str, Any]:
    """Put the shop into Odoo and every simulator; hand out and return all values.

    ``server`` is the address of the database server, whose Odoo has or is about to have the
    modules. What has been seeded before stays. Raises WaitExpired when Odoo does not get ready.
    """
    sandbox = Sandbox.open(folder)
    shop = shop_of(sandbox)
    bundle = handout / "ca.pem"
    bundle.write_bytes(sandbox.bundle_path.read_bytes())
    bundle.chmod(0o644)
    locations: dict[str, dict[str, Any]] = {place.code: {} for place in shop.locations}
    values: dict[str, Any] = {
        "ca": {"bundle": str(bundle)},
        "run": {"folder": str(handout), "world_file": str(handout / "world.json")},
        "locations": locations,
        "shop": msgspec.to_builtins(shop),
    }
    for name, part in sandbox.parts.items():
        told = _seed_part(sandbox, name, shop)
        values[name] = {
            "url": f"https://{part.names[0]}",
            "host": f"{part.names[0]}:{_TLS_PORT}",
            "vendor_hosts": part.names[1:],
            **part.options,
            **told.get("values", {}),
        }
        for code, identity in told.get("locations", {}).items():
            locations[code][f"{name}_location_gid"] = identity
    values["shopify"]["domain"] = SHOP_DOMAIN
    for name, drawn in sandbox.partners.items():
        values[name] = {"url": f"https://{PARTNERS}", "host": f"{PARTNERS}:{_TLS_PORT}", **drawn}
    told = _seed_odoo(sandbox, shop, server, modules)
    for code, identity in told["locations"].items():
        locations[code]["odoo_location_id"] = identity
    values |= told["values"]
    values["connector"] = {
        "url": f"http://connector:{CONNECTOR_PORT}",
        "host": "0.0.0.0",  # noqa: S104  in a container of its own
        "port": CONNECTOR_PORT,
        "token": Seed(sandbox.seed).token("connector"),
    }
    RunFolder(handout).write_values("world.json", values)
    RunFolder(handout).write_values("host.json", _from_outside(values))
    return values


def _seed_part(sandbox: Sandbox, name: str, shop: Shop) -> dict[str, Any]:
    """Seed one simulator unless it is already; return what it told of itself then."""
    folder = RunFolder(Path(sandbox.folder))
    client = sandbox.client(name)
    try:
        wait_until(lambda: _answers(client), _START_LIMIT_SECONDS, f"the simulator {name}", 0.5)
        if not client.health()["seeded"]:
            folder.write_values(f"told_{name}.json", client.seed(shop))
    finally:
        client.close()
    told: dict[str, Any] = msgspec.json.decode((folder.path / f"told_{name}.json").read_bytes())
    return told


def _answers(client: SimulatorClient) -> bool:
    try:
        return bool(client.health()["ready"])
    except httpx.TransportError:
        return False


def _seed_odoo(sandbox: Sandbox, shop: Shop, server: str, modules: list[str]) -> dict[str, Any]:
    """Seed Odoo unless it is already; return what is known of it since."""
    folder = RunFolder(Path(sandbox.folder))
    seeds = Seed(sandbox.seed)
    api_key = seeds.token("api key of Odoo", 40)
    address = f"{server.rstrip('/')}/{DATABASE}"
    wait_until(
        lambda: _installed(address, modules),
        _INSTALL_LIMIT_SECONDS,
        f"Odoo to have installed {', '.join(modules)}",
        1.0,
    )
    if not _has_access(address, api_key):
        storage = _create_storage(server, seeds.token("password of the connector's database"))
        with psycopg.connect(address) as connection:
            grant_access(connection, api_key)
            switch_off(connection)
        with Odoo(ODOO_URL, DATABASE, api_key) as odoo:
            odoo.wait_ready(_START_LIMIT_SECONDS)
            seeded = seed_odoo(odoo, shop)
        told = {
            "locations": seeded.location_ids,
            "values": {
                "odoo": {
                    "url": ODOO_URL,
                    "direct_url": ODOO_URL,
                    "database": DATABASE,
                    "api_key": api_key,
                    "login": LOGIN,
                    "password": LOGIN,
                    "tax_id": seeded.tax_id,
                },
                "postgres": {"dsn": storage},
            },
        }
        folder.write_values("told_odoo.json", told)
    known: dict[str, Any] = msgspec.json.decode((folder.path / "told_odoo.json").read_bytes())
    return known


def _installed(address: str, modules: list[str]) -> bool:
    """Tell whether Odoo has installed the modules and everything that they depend on."""
    try:
        with psycopg.connect(address, connect_timeout=5) as connection:
            states: dict[str, str] = dict(
                connection.execute("select name, state from ir_module_module").fetchall()
            )
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
        return False  # not even begun
    busy = {"to install", "to upgrade"} & set(states.values())
    return not busy and all(states.get(name) == "installed" for name in modules)


def _has_access(address: str, api_key: str) -> bool:
    with psycopg.connect(address) as connection:
        query = "select 1 from res_users_apikeys where name = 'peakproof' and index = %s"
        return connection.execute(query, [api_key[:8]]).fetchone() is not None


def _create_storage(server: str, password: str) -> str:
    """Make an empty database of the connector's own, with a role that sees nothing else."""
    with psycopg.connect(f"{server.rstrip('/')}/postgres", autocommit=True) as connection:
        for statement in (
            "drop database if exists connector",
            "drop role if exists connector",
            sql.SQL("create role connector login password {}").format(password),
            "create database connector owner connector",
            sql.SQL("revoke connect on database {} from public").format(sql.Identifier(DATABASE)),
        ):
            connection.execute(statement)
        host, port = connection.info.host, connection.info.port
    return f"postgresql://connector:{password}@{host}:{port}/connector"


def _from_outside(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values as they are for programs on the machine that runs the containers.

    PEAKPROOF_PUBLISHED says at which port a container is published: ``shopify=18441 ...``.
    """
    words = os.environ.get("PEAKPROOF_PUBLISHED", "").split()
    outside = {name: dict(part) for name, part in values.items() if isinstance(part, dict)}
    for name, _, port in (word.partition("=") for word in words):
        place = f"127.0.0.1:{port}"
        for part in outside.values():
            url = urlsplit(str(part.get("url", "")))
            if url.hostname == name:
                part |= {"url": f"{url.scheme}://{place}", "host": place}
    outside["odoo"]["direct_url"] = outside["odoo"]["url"]
    outside["ca"]["bundle"] = "ca.pem"
    return outside
