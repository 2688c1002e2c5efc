"""The connector under test, as its connector.toml describes it.

Somebody else wrote the connector; it reaches us only through this file: what it claims, how it
starts, how it is set up, how to tell that it is quiet, and which Odoo record became of which
channel order. ``ConnectorSpec.load(folder)`` reads and checks it; ``render`` fills in the
world's values. docs/connector_toml.md is generated from the structs below.
"""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import msgspec

from peakproof.errors import BadFile

__all__ = [
    "FLOWS",
    "ConnectorSpec",
    "Identity",
    "Kick",
    "Probe",
    "ServiceLevelClaim",
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
    "screening",
    "messages",
)


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
    """``[start]``: the program that runs beside Odoo. ``command[0]`` "python" is ours.

    ``image`` is a container image that it comes as; it then needs ``--runtime container``, and
    an empty ``command`` is the image's own.
    """

    command: list[str] = []
    image: str = ""


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


class Screening(Strict):
    """``[screening]``: how long an order waits for fraud screening that does not answer.

    After ``patience_seconds`` it goes on without; what was refused or is held never does.
    """

    patience_seconds: float


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

    ``extends`` is the folder of a connector.toml that this one changes: what it does not say
    holds as it stands there. With ``variants`` each module of the folder is a connector of its
    own, named by its path (``connectors/defects/pushes_on_hand.py``).

    ``systems`` says which simulator plays a part for this connector: ``carrier = "dhl_parcel"``.
    Where it is silent, a part is played by the simulator of that name. ``scopes`` are what the
    connector's manual asks a vendor for, part by part (``shopify = ["read_orders"]``); no more is
    granted. Where it is silent, its credential may do everything.

    ``partners`` are mappings of the connector's own for WireMock, a folder for each part: instead
    of those that come with peakproof (``tax``), or of a part that peakproof does not know, which
    is then there in every story. docs/partners.md shows how.
    """

    connector: Identity
    addons: Addons | None = None
    start: Start | None = None
    systems: dict[str, str] = {}
    partners: dict[str, str] = {}
    scopes: dict[str, list[str]] = {}
    environment: dict[str, str] = {}
    setup: Setup | None = None
    ready: Probe | None = None
    settled: Probe | None = None
    correlate: Probe | None = None
    dead_letters: Probe | None = None
    approvals: Approvals | None = None
    screening: Screening | None = None
    replay: Replay | None = None
    metrics: Metrics | None = None
    audit: AuditLog | None = None
    kick: list[Kick] = []
    service_levels: dict[str, ServiceLevelClaim] = {}
    needs: Needs = msgspec.field(default_factory=Needs)
    extends: str = ""
    variants: bool = False
    variant: str = ""  # the chosen one; filled in by load, like the next
    folder: str = ""  # where the file lies

    @classmethod
    def load(cls, path: Path) -> "ConnectorSpec":
        """Read connector.toml from a folder (or the file itself, or a variant's module).

        Raises BadFile with the place, what was expected and the nearest known key.
        """
        variant = path.stem if path.suffix == ".py" else ""
        folder = path.parent if variant else path
        file = folder / "connector.toml" if folder.is_dir() else folder
        try:
            spec = msgspec.convert(_document(file), cls)
        except msgspec.ValidationError as error:
            raise BadFile(f"{file}: {_explain(error)}") from error
        spec.folder = str(file.parent.resolve())
        spec._choose(file, variant)
        spec._check(file)
        return spec

    @staticmethod
    def variants_in(folder: Path) -> list[Path]:
        """Return the variants that a connector's folder holds; none where it is one by itself."""
        if not _document(folder / "connector.toml").get("variants"):
            return []
        return sorted(folder.glob("[!_]*.py"))

    def _choose(self, file: Path, variant: str) -> None:
        """Be one of the variants; raises BadFile where that does not fit."""
        known = sorted(module.stem for module in file.parent.glob("[!_]*.py"))
        if self.variants and variant not in known:
            near = difflib.get_close_matches(variant, known, n=1) or known[:1]
            raise BadFile(
                f"{file}: each module of this folder is a connector of its own; expected one of "
                f"them, found {variant or 'none'!r}. Such as: {', '.join(near)}."
            )
        if variant and not self.variants:
            raise BadFile(f"{file} has no variants: name its folder, not {variant}.py.")
        self.variant = variant
        if variant:
            self.connector.name = f"{self.connector.name}/{variant}"

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


def _document(file: Path) -> dict[str, Any]:
    """Read connector.toml, on top of the one that it extends; raises BadFile."""
    if not file.is_file():
        raise BadFile(
            f"Expected a folder with a connector.toml, found none at {file}. "
            "`peakproof list` names the connectors that come with peakproof; "
            "docs/tutorial.md shows how to write one."
        )
    try:
        document = tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFile(f"{file}: expected TOML: {error}.") from error
    base = document.get("extends")
    if not isinstance(base, str) or not base:
        return document
    whole = _document(file.parent / base / "connector.toml")
    for name, table in document.items():
        known = whole.get(name)
        if isinstance(table, dict) and isinstance(known, dict):
            table = {**known, **table}
        whole[name] = table
    return whole


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
