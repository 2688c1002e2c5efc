"""The connector under test, as its connector.toml describes it.

Somebody else wrote the connector; it reaches us only through this file: what it claims, how it
starts, how it is set up, how to tell that it is quiet, and which Odoo record became of which
channel order. ``ConnectorSpec.load(folder)`` reads and checks it; ``render`` fills in the
world's values. docs/connector_toml.md is generated from the structs below.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec

from peakproof.errors import BadFile

__all__ = [
    "FLOWS",
    "VALUES",
    "ConnectorSpec",
    "Identity",
    "Kick",
    "Probe",
    "ServiceLevelClaim",
    "render",
]

FLOWS = (
    "orders",
    "inventory",
    "fulfilment",
    "shipping",
    "returns",
    "pos",
    "payments",
    "payouts",
    "channel_payouts",
    "bank",
    "catalog",
    "customers",
)

# What ``{...}`` may stand for in commands, addresses and the environment.
VALUES = {
    "shopify.url": "address of the fake shop, https with the run's throw-away CA",
    "shopify.host": "the same as host:port",
    "shopify.domain": "the shop's myshopify.com name",
    "shopify.shop_domain": "the same",
    "shopify.access_token": "Admin API access token",
    "shopify.client_id": "the app's client id",
    "shopify.client_secret": "the app's client secret; signs webhooks",
    "carrier.url": "address of the parcel carrier that plays the part for this connector",
    "carrier.host": "the same as host:port",
    "carrier.api_key": "its API key (EasyPost's shape)",
    "carrier.webhook_secret": "the secret that signs its webhooks (EasyPost's shape)",
    "carrier.user_id": "user (DHL Parcel's shape)",
    "carrier.key": "key (DHL Parcel's shape)",
    "carrier.account_id": "customer account (DHL Parcel's shape)",
    "gateway.url": "address of the payment gateway",
    "gateway.host": "the same as host:port",
    "gateway.secret_key": "its secret key",
    "gateway.publishable_key": "its publishable key",
    "gateway.webhook_secret": "the secret that signs webhooks of endpoints that a story adds",
    "gateway.api_version": "the version of its API",
    "gateway.currency": "the currency that it settles in",
    "bank.url": "address of the bank",
    "bank.host": "the same as host:port",
    "bank.iban": "the first account's IBAN",
    "bank.currency": "its currency",
    "bank.statement_folder": "folder that statement files are delivered into",
    "bank.gocardless_secret_id": "credentials of its GoCardless door",
    "bank.gocardless_secret_key": "the same",
    "bank.gocardless_institution_id": "the bank's id there",
    "bank.gocardless_requisition_id": "a consent that has been given",
    "bank.gocardless_account_id": "the account's id under that consent",
    "bank.ponto_client_id": "credentials of its Ponto door",
    "bank.ponto_client_secret": "the same",
    "bank.ponto_account_id": "the account's id there",
    "pos.url": "address of the point of sale",
    "pos.host": "the same as host:port",
    "pos.access_token": "its access token",
    "pos.merchant_id": "the merchant's id",
    "pos.api_version": "the version of its API",
    "pos.main_location_id": "the main store's id; each store has location_id_<CODE> besides",
    "odoo.url": "address of Odoo, for a connector beside Odoo through the recording proxy",
    "odoo.direct_url": "address of Odoo without the proxy",
    "odoo.database": "name of the database",
    "odoo.api_key": "API key of the administrator, for JSON-2",
    "odoo.login": "login of the administrator",
    "odoo.tax_id": "id of the shop's sales tax in Odoo",
    "postgres.dsn": "an empty database of the connector's own (connectors beside Odoo)",
    "connector.url": "address at which the connector must listen (connectors beside Odoo)",
    "connector.port": "its port",
    "connector.token": "a secret for the connector's own control addresses",
    "connector.folder": "the folder of connector.toml",
    "proxy.url": "forward proxy to the vendors that this world simulates, by their own host names",
    "ca.bundle": "file with the CA to trust",
    "run.folder": "the run's folder",
    "run.world_file": "JSON file with all of these values, the shop and the locations",
    "harness.token": "a secret of the harness",
}


class Strict(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of every table: an unknown key is an error that offers the nearest one."""


class Identity(Strict):
    """``[connector]``: who it is and which flows it claims. Unclaimed flows are not judged."""

    name: str
    version: str
    flows: list[str]
    summary: str = ""
    homepage: str = ""


class Addons(Strict):
    """``[addons]``: Odoo modules that run inside Odoo.

    ``requirements`` is a hash-locked pip requirements file of ``odoo-addon-*`` packages and of
    what they import beside Odoo's own packages, ``folder`` a folder of modules instead;
    ``modules`` are installed with their dependencies; ``load`` are server-wide modules.
    """

    modules: list[str]
    requirements: str = ""
    folder: str = ""
    load: list[str] = []


class Start(Strict):
    """``[start]``: the program that runs beside Odoo. ``command[0]`` "python" is ours."""

    command: list[str]


class Setup(Strict):
    """``[setup]``: a script that configures the connector over RPC in a fresh world.

    It finds the world's values in the JSON file named by PEAKPROOF_WORLD.
    """

    script: str
    limit_seconds: float = 180.0


class Probe(Strict):
    """A question to the connector: an HTTP address or SQL on Odoo's database.

    ``[ready]`` answers 2xx when it takes work. ``[settled]`` gives ``pending`` and ``failed``.
    ``[correlate]`` gives rows ``channel_order`` (its gid) and ``odoo_order`` (sale_order.id).
    ``[dead_letters]`` gives rows ``id, flow, resource, topic, reason``.
    """

    url: str = ""
    odoo_sql: str = ""
    authorization: str = ""
    limit_seconds: float = 60.0


class Approvals(Strict):
    """``[approvals]``: refunds ``above`` this amount wait until a person has approved them.

    ``url`` gives rows ``id, order`` (its gid), ``amount, pending, who, approved_at``;
    ``POST {url}/{id}`` with ``{"who": name}`` approves.
    """

    url: str
    above: str
    authorization: str = ""


class Replay(Strict):
    """``[replay]``: POST to ``url`` tries a dead letter again; ``{letter.id}`` names it."""

    url: str
    authorization: str = ""


class Metrics(Strict):
    """``[metrics]``: an address in Prometheus' text format.

    ``dead_letters`` is the name of the gauge that counts what nobody has dealt with.
    """

    url: str
    authorization: str = ""
    dead_letters: str = ""


class AuditLog(Strict):
    """``[audit]``: ``url`` gives rows of what was decided about a record, ``{record.id}``."""

    url: str
    authorization: str = ""


class Kick(Strict):
    """``[[kick]]``: a schedule that the harness triggers instead of waiting for it.

    ``period_seconds`` is how often it runs in production: kicks of up to an hour belong to the
    normal course ("settled"), longer ones are made only before the last reads ("reconciled").
    It is an address (``url``), one of Odoo's crons (``cron``), or a ``script`` of the connector's
    folder, started as the set-up script is.
    """

    name: str
    period_seconds: float
    url: str = ""
    cron: str = ""
    script: str = ""
    authorization: str = ""


class ServiceLevelClaim(Strict):
    """``[service_levels.<flow>]``: what the connector promises for a flow."""

    p95_seconds: float
    recovery_seconds: float = 60.0


class Needs(Strict):
    """``[needs]``: Odoo modules that must be installed for a connector outside of Odoo."""

    modules: list[str] = []


class ConnectorSpec(Strict):
    """A whole connector.toml.

    ``systems`` says which simulator plays a part for this connector: ``carrier = "dhl_parcel"``.
    Where it is silent, a part is played by the simulator of that name.
    """

    connector: Identity
    addons: Addons | None = None
    start: Start | None = None
    systems: dict[str, str] = {}
    environment: dict[str, str] = {}
    setup: Setup | None = None
    ready: Probe | None = None
    settled: Probe | None = None
    correlate: Probe | None = None
    dead_letters: Probe | None = None
    approvals: Approvals | None = None
    replay: Replay | None = None
    metrics: Metrics | None = None
    audit: AuditLog | None = None
    kick: list[Kick] = []
    service_levels: dict[str, ServiceLevelClaim] = {}
    needs: Needs = msgspec.field(default_factory=Needs)
    folder: str = ""  # where the file lies; filled in by load

    @classmethod
    def load(cls, path: Path) -> "ConnectorSpec":
        """Read connector.toml from a folder (or the file itself).

        Raises BadFile with the place, what was expected and the nearest known key.
        """
        file = path / "connector.toml" if path.is_dir() else path
        if not file.is_file():
            raise BadFile(
                f"Expected a folder with a connector.toml, found none at {path}. "
                "`peakproof list` names the connectors that come with peakproof; "
                "docs/tutorial.md shows how to write one."
            )
        try:
            document = tomllib.loads(file.read_text())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadFile(f"{file}: expected TOML: {error}.") from error
        try:
            spec = msgspec.convert(document, cls)
        except msgspec.ValidationError as error:
            raise BadFile(f"{file}: {_explain(error)}") from error
        spec.folder = str(file.parent.resolve())
        spec._check(file)
        return spec

    def _check(self, file: Path) -> None:
        if (self.addons is None) == (self.start is None):
            raise BadFile(
                f"{file}: expected exactly one of [addons] (modules inside Odoo) and [start] "
                f"(a program), found {'both' if self.addons else 'neither'}."
            )
        named = [(flow, "connector.flows") for flow in self.connector.flows]
        named += [(flow, "service_levels") for flow in self.service_levels]
        for flow, place in named:
            if flow not in FLOWS:
                near = difflib.get_close_matches(flow, FLOWS, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise BadFile(
                    f"{file}: {place}: no flow is called {flow!r}.{hint} Known: {', '.join(FLOWS)}."
                )
        needed = ("settled", "correlate") if "orders" in self.connector.flows else ("settled",)
        for table in needed:
            if getattr(self, table) is None:
                raise BadFile(
                    f"{file}: expected [{table}] with a url or odoo_sql: without it the harness "
                    "cannot tell when the connector is quiet or which Odoo order is whose."
                )

    def played_by(self, part: str) -> str:
        """Return the name of the simulator that plays a part (``carrier``) for this connector."""
        return self.systems.get(part, part)

    def path(self, relative: str) -> Path:
        """Return a file of the connector's folder; BadFile when it is not there."""
        path = Path(self.folder) / relative
        if not path.exists():
            raise BadFile(f"{self.folder}/connector.toml names {relative!r}, which is not there.")
        return path


def _explain(error: msgspec.ValidationError) -> str:
    """Turn msgspec's message into ours, offering the nearest key."""
    text = str(error)
    unknown = re.search(r"unknown field `(\w+)`(?: - at `\$\.?([\w\[\].]*)`)?", text)
    if not unknown:
        return text.replace("`$.", "`")
    key, place = unknown[1], unknown[2] or ""
    struct: Any = ConnectorSpec
    for part in re.findall(r"\w+", place):
        field = {f.name: f.type for f in msgspec.structs.fields(struct)}.get(part)
        for candidate in (field, *get_args(field)):
            if isinstance(candidate, type) and issubclass(candidate, msgspec.Struct):
                struct = candidate
    known = [field.name for field in msgspec.structs.fields(struct)]
    near = difflib.get_close_matches(key, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    table = f"[{place}]" if place else "the top level"
    return f"unknown key {key!r} in {table}.{hint} Known: {', '.join(known)}."


def render(template: str, values: Mapping[str, Any], where: str) -> str:
    """Fill ``{shopify.url}``-like placeholders from nested values.

    Raises BadFile for a placeholder that no value stands for.
    """

    def replace(match: re.Match[str]) -> str:
        value: Any = values
        for part in match[1].split("."):
            if not isinstance(value, Mapping) or part not in value:
                known = sorted(_flat(values))
                near = difflib.get_close_matches(match[1], known, n=1)
                hint = f" Did you mean {{{near[0]}}}?" if near else ""
                raise BadFile(
                    f"{where}: nothing in this world is called {{{match[1]}}}.{hint} "
                    f"Known: {', '.join(known)}."
                )
            value = value[part]
        return str(value)

    return re.sub(r"\{([a-z_]+(?:\.[a-z_]+)+)\}", replace, template)


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    names = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            names += _flat(value, f"{prefix}{key}.")
        else:
            names.append(f"{prefix}{key}")
    return names
