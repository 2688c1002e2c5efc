"""One world: the parts of a run that are alive, and how to reach them.

``peakproof.run`` builds it; faults, the player and the reads use it. It knows no scenario and
no vendor.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import psycopg
from psycopg.rows import dict_row

from peakproof.connector import ConnectorSpec, Kick, Probe
from peakproof.errors import (
    OdooRefused,
    SimulatorRefused,
    UnknownName,
    WaitExpired,
    WorldFailed,
)
from peakproof.partners import Partners
from peakproof.placeholders import render
from peakproof.plan import Plan
from peakproof.runtime.access import own_key, revoke_access
from peakproof.runtime.json2 import Odoo
from peakproof.runtime.odoo_acts import OdooActs
from peakproof.runtime.odoo_shop import OdooShop
from peakproof.runtime.site import OdooServer
from peakproof.seed import Seed, wait_until
from peakproof.simkit.calendar import BusinessCalendar
from peakproof.simkit.client import SimulatorClient
from peakproof.simkit.targets import Target

__all__ = ["OdooTarget", "Quiet", "World"]

DAY_SECONDS = 86_400.0
KICK_LIMIT_SECONDS = 120.0
APPROVAL_LIMIT_SECONDS = 45.0


class OdooTarget:
    """Odoo as faults see it: a process that can die, freeze and come back ready."""

    def __init__(self, process: OdooServer) -> None:
        self.process = process

    @property
    def running(self) -> bool:
        """Whether the server is there (paused counts)."""
        return self.process.server.running

    def kill(self) -> None:
        """End it at once."""
        self.process.server.kill()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process.start()
        self.process.wait_ready()

    def pause(self) -> None:
        """Freeze it."""
        self.process.server.pause()

    def resume(self) -> None:
        """Let it go on."""
        self.process.server.resume()


class Quiet(msgspec.Struct, kw_only=True):
    """How much is still under way: all zero, twice, with no change in Odoo, is settled."""

    deliveries: int = 0
    pending: int = 0
    failed: int = 0
    odoo_activity: int = 0
    reachable: bool = True

    def is_quiet(self) -> bool:
        """Return whether nothing is open."""
        return self.reachable and not self.deliveries and not self.pending


class World:
    """The parts of one run.

    ``run_script(script, limit_seconds)`` starts a script of the connector's folder and waits.
    ``values`` are what connector.toml's placeholders stand for; ``odoo_process``, ``connector``
    and ``odoo_proxy`` are None where the world has none, ``database_server`` where it shares one.
    """

    def __init__(
        self,
        plan: Plan,
        spec: ConnectorSpec,
        folder: Path,
        calendar: BusinessCalendar,
        run_script: Callable[[str, float], None],
    ) -> None:
        self.plan = plan
        self.spec = spec
        self.folder = folder
        self.values: dict[str, Any] = {}
        self.simulators: dict[str, SimulatorClient] = {}
        self.odoo: Odoo | None = None
        self.odoo_shop: OdooShop | None = None
        self.odoo_process: OdooTarget | None = None
        self.database_server: Target | None = None
        self.dsn = ""
        self.odoo_proxy: SimulatorClient | None = None
        self.vendor_proxy: SimulatorClient | None = None
        self.containers: Mapping[str, Any] = {}  # by part; none among processes
        self.partners: Partners | None = None
        self.calendar = calendar
        self.run_script = run_script
        self.connector: Any = None
        self.reconfigure: Callable[[], None] | None = None  # starts it again with new values
        self.acts: OdooActs | None = None
        self.correlation: Callable[[], dict[str, list[int]]] = self.read_correlation
        self._http = httpx.Client(timeout=20, trust_env=False)

    @property
    def external(self) -> bool:
        """Return whether the connector runs beside Odoo rather than inside."""
        return self.spec.addons is None

    def simulator(self, name: str) -> SimulatorClient:
        """Return the control client of the simulator that plays a part; or UnknownName."""
        if name not in self.simulators:
            raise UnknownName("simulator", name, self.simulators, "this world")
        return self.simulators[name]

    def behind_proxy(self, part: str) -> bool:
        """Return whether the connector reaches a part by the proxy that poses as the vendors."""
        told = [f"{{{part}.{key}}}" for key in ("url", "host")]
        direct = any(key in text for text in self.spec.environment.values() for key in told)
        return self.vendor_proxy is not None and not direct

    def act(
        self, system: str, action: str, actor: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Do a deed in a system on behalf of an actor."""
        if system == "odoo":
            if self.acts is None:
                raise WorldFailed("odoo", "the world has no shop in Odoo yet")
            return self.acts.act(action, arguments)
        if system in _OWN_ACTS:
            acts = _OWN_ACTS[system]
            if action not in acts:
                raise UnknownName(f"{system} action", action, acts)
            return acts[action](self, **arguments)
        if self.partners is not None and system in self.partners.contracts:
            return self.partners.act(system, action, arguments)
        return self.simulator(system).act(action, arguments, actor)

    def pass_days(self, days: int = 1) -> dict[str, Any]:
        """Let business days pass, in every simulator alike."""
        for _ in range(days):
            self.calendar.next_day()
        for client in self.simulators.values():
            client.act("pass_days", {"days": days})
        return {"today": self.calendar.today().isoformat()}

    def wait_until(self, time: str) -> dict[str, Any]:
        """Let the business day go on to a time of day (UTC), in every simulator alike."""
        self.calendar.wait_until(time)
        for client in self.simulators.values():
            client.act("wait_until", {"time": time})
        return {"now": self.calendar.now().isoformat()}

    def poll(self) -> dict[str, Any]:
        """Trigger every schedule of the connector that runs at least daily, as its clock would.

        One that fails keeps none of the others from its turn; WorldFailed tells of it then.
        """
        chosen = [kick for kick in self.spec.kick if kick.period_seconds <= DAY_SECONDS]
        failures = []
        for kick in chosen:
            try:
                self.kick(kick)
            except (httpx.HTTPError, OdooRefused, WorldFailed) as error:
                failures.append(f"{kick.name}: {error}")
        if failures:
            raise WorldFailed("connector", f"schedules failed: {'; '.join(failures)}")
        return {"kicked": [kick.name for kick in chosen]}

    def odoo_dsn(self) -> str:
        """Return how to reach Odoo's database by SQL."""
        return self.dsn

    # The connector's own word on its state.

    def ask(self, probe: Probe, what: str) -> list[dict[str, Any]]:
        """Ask a probe of connector.toml; return rows (an HTTP object is one row).

        Raises httpx.HTTPError or psycopg.Error when it cannot be asked just now.
        """
        if probe.odoo_sql:
            with psycopg.connect(self.odoo_dsn(), row_factory=dict_row) as connection:
                return list(connection.execute(probe.odoo_sql.encode()))
        response = self._http.get(
            render(probe.url, self.values, f"[{what}] url"),
            headers=self._headers(probe.authorization),
        )
        response.raise_for_status()
        body = response.json()
        return body if isinstance(body, list) else [body]

    def kick(self, kick: Kick) -> None:
        """Trigger a schedule: an address, a script, or one of Odoo's crons."""
        if kick.url:
            self._http.post(
                render(kick.url, self.values, "[[kick]] url"),
                headers=self._headers(kick.authorization),
            ).raise_for_status()
            return
        if kick.script:
            self.run_script(kick.script, KICK_LIMIT_SECONDS)
            return
        if self.odoo is None:
            raise WorldFailed("odoo", "the world has no Odoo to kick")
        module, name = kick.cron.split(".", 1)
        found = self.odoo.call(
            "ir.model.data",
            "search_read",
            domain=[["module", "=", module], ["name", "=", name], ["model", "=", "ir.cron"]],
            fields=["res_id"],
        )
        if not found:
            raise OdooRefused(
                f"ir.cron {kick.cron}", 404, "MissingError", "no such cron in this Odoo"
            )
        self.odoo.call("ir.cron", "method_direct_trigger", ids=[found[0]["res_id"]])

    def read_correlation(self) -> dict[str, list[int]]:
        """Return which sale orders in Odoo became of which channel order."""
        correlated: dict[str, list[int]] = {}
        if self.spec.correlate is None:
            return correlated
        for row in self.ask(self.spec.correlate, "correlate"):
            ids = correlated.setdefault(str(row["channel_order"]), [])
            if row["odoo_order"] is not None:
                ids.append(int(row["odoo_order"]))
        return correlated

    def read_dead_letters(self) -> list[dict[str, Any]]:
        """Return what the connector itself reports as failed."""
        if self.spec.dead_letters is None:
            return []
        return self.ask(self.spec.dead_letters, "dead_letters")

    def read_approvals(self) -> list[dict[str, Any]]:
        """Return what waits for a person's approval, and who approved what before."""
        approvals = self.spec.approvals
        if approvals is None:
            return []
        probe = Probe(url=approvals.url, authorization=approvals.authorization)
        return self.ask(probe, "approvals")

    def approve(self, order: str, who: str) -> dict[str, Any]:
        """Approve what waits about an order (its gid) in somebody's name, once it is asked for.

        Refused: not_offered where the connector has no approvals, nothing_to_approve.
        """
        approvals = self.spec.approvals
        if approvals is None:
            raise SimulatorRefused("not_offered", "the connector asks nobody for approval")

        def asked() -> list[dict[str, Any]]:
            try:
                rows = self.read_approvals()
            except httpx.HTTPError:
                return []  # it is down just now
            return [row for row in rows if row["order"] == order and row["pending"]]

        try:
            rows = wait_until(asked, APPROVAL_LIMIT_SECONDS, f"an approval of {order}", 0.3)
        except WaitExpired as error:
            raise SimulatorRefused("nothing_to_approve", f"no approval of {order}") from error
        url = render(approvals.url, self.values, "[approvals] url")
        headers = self._headers(approvals.authorization)
        for row in rows:
            self._http.post(
                f"{url}/{row['id']}", json={"who": who}, headers=headers
            ).raise_for_status()
        return {"approvals": [row["id"] for row in rows], "who": who}

    def replay(self) -> dict[str, Any]:
        """Try every dead letter again, each twice: that must be the same as once.

        Refused: not_offered where the connector cannot do it.
        """
        offered = self.spec.replay
        if offered is None:
            raise SimulatorRefused("not_offered", "the connector replays no dead letters")
        letters = self.read_dead_letters()
        for letter in letters:
            values = {**self.values, "letter": {"id": letter["id"]}}
            url = render(offered.url, values, "[replay] url")
            for _ in range(2):
                headers = self._headers(offered.authorization)
                self._http.post(url, headers=headers).raise_for_status()
        return {"replayed": [letter["resource"] for letter in letters]}

    def rotate_secret(self, delay_seconds: float = 0.0) -> dict[str, Any]:
        """Give the channel's app a new secret and start the connector again with both.

        For ``delay_seconds`` the channel goes on signing with the old one. Refused: not_offered.
        """
        start_again, values = self._from_outside(), self.values["shopify"]
        told = self.simulator("shopify").act("rotate_secret", {"delay_seconds": delay_seconds})
        values["previous_client_secret"] = values["client_secret"]
        values["client_secret"] = told["client_secret"]
        start_again()
        return {}

    def revoke_odoo_key(self) -> dict[str, Any]:
        """Take the connector's API key of Odoo away, at once. Refused: not_offered."""
        self._from_outside()
        with psycopg.connect(self.odoo_dsn()) as connection:
            return {"keys": revoke_access(connection, self.values["odoo"]["api_key"])}

    def renew_odoo_key(self) -> dict[str, Any]:
        """Give the connector a new API key of Odoo and start it again. Refused: not_offered."""
        start_again, values = self._from_outside(), self.values["odoo"]
        with psycopg.connect(self.odoo_dsn()) as connection:
            key = own_key(connection, Seed(self.plan.seed), values["api_key"])
        values["previous_api_key"], values["api_key"] = values["api_key"], key
        start_again()
        return {}

    def _from_outside(self) -> Callable[[], None]:
        """Return what starts the connector again; refused where it lives inside Odoo."""
        if self.reconfigure is None:
            raise SimulatorRefused("not_offered", "the connector is not configured from outside")
        return self.reconfigure

    def inspect(self) -> dict[str, Any]:
        """Read what an operator sees: dead letters, their gauge, what the audit tells of them."""
        letters = self.read_dead_letters()
        seen: dict[str, Any] = {"listed": [letter["resource"] for letter in letters]}
        metrics = self.spec.metrics
        if metrics is not None and metrics.dead_letters:
            text = self._text(metrics.url, metrics.authorization)
            seen["gauge"] = sum(
                float(line.rpartition(" ")[2])
                for line in text.splitlines()
                if re.match(rf"{re.escape(metrics.dead_letters)}[{{ ]", line)
            )
        audit = self.spec.audit
        if audit is not None:
            seen["audited"] = {}
            for letter in letters:
                record = {"id": quote(str(letter["resource"]), safe="")}
                url = render(audit.url, {**self.values, "record": record}, "[audit] url")
                rows = msgspec.json.decode(self._text(url, audit.authorization))
                seen["audited"][letter["resource"]] = len(rows)
        return seen

    def _text(self, url: str, authorization: str) -> str:
        headers = self._headers(authorization)
        response = self._http.get(render(url, self.values, "url"), headers=headers)
        response.raise_for_status()
        return response.text

    def _headers(self, authorization: str) -> dict[str, str]:
        if not authorization:
            return {}
        return {"Authorization": render(authorization, self.values, "authorization")}

    def close(self) -> None:
        """Close the connections of the world (not its processes: run.py ends those)."""
        for client in [*self.simulators.values(), self.odoo_proxy, self.vendor_proxy]:
            if client is not None:
                client.close()
        self._http.close()


# What the harness itself does as part of a story: time passes, schedules come due.
_OWN_ACTS: dict[str, dict[str, Callable[..., dict[str, Any]]]] = {
    "calendar": {"pass_days": World.pass_days, "wait_until": World.wait_until},
    "connector": {
        "poll": World.poll,
        "approve": World.approve,
        "replay": World.replay,
        "inspect": World.inspect,
        "rotate_secret": World.rotate_secret,
        "revoke_odoo_key": World.revoke_odoo_key,
        "renew_odoo_key": World.renew_odoo_key,
    },
}
