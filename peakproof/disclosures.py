"""Looks, at the end of a run, for what must not get about: in logs, chatter, metrics and errors.

What was looked through goes into the history as one event ("scanned"), what was found as one
more for each place ("found", with the kind and a masked form), so that ``secrets_kept`` can
judge a stored run. Looked through are the log of a connector beside Odoo and of its scripts,
the lines of Odoo's log that the connector's own modules wrote, Odoo's chatter, the metrics, and
what the connector answers to callers without, or with a wrong, authorization.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg

from peakproof.canaries import Canary, gather
from peakproof.errors import BadFile
from peakproof.history import Event, HistoryWriter
from peakproof.placeholders import render
from peakproof.runtime.addons import own_modules
from peakproof.runtime.reads_chatter import read_chatter
from peakproof.seed import Clock
from peakproof.world import World

__all__ = ["Disclosures"]

PERSONAL = ("e-mail address", "phone number", "street")
_LOGGED = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ \d+ [A-Z]+ \S+ ([\w.]+):")


class Disclosures:
    """Scans one world and writes down what it saw."""

    def __init__(self, world: World, clock: Clock, writer: HistoryWriter) -> None:
        self._world, self._clock, self._writer = world, clock, writer
        handed_out = [client.secrets() for client in world.simulators.values()]
        self._canaries = gather(world.plan, world.values, handed_out)
        self._lines: dict[str, int] = {}

    def scan(self) -> None:
        """Look everywhere, then say what was looked through."""
        for path in self._logs():
            self._texts(f"log {path.name}", path.read_text(errors="replace").splitlines())
        if self._world.spec.addons is not None:
            self._texts("log odoo.log", self._own_lines())
        self._chatter()
        self._operation()
        value = {"lines": self._lines, "canaries": dict(self._canaries.count)}
        self._note("scanned", "", value)

    def _logs(self) -> list[Path]:
        """Return the logs that are the connector's alone."""
        spec = self._world.spec
        scripts = [kick.script for kick in spec.kick if kick.script]
        scripts += [spec.setup.script] if spec.setup else []
        names = {"connector", *(Path(script).stem for script in scripts)}
        paths = [self._world.folder / "logs" / f"{name}.log" for name in sorted(names)]
        return [path for path in paths if path.is_file()]

    def _own_lines(self) -> Iterator[str]:
        """Yield Odoo's log: the lines of the connector's modules, the others empty."""
        modules, ours = own_modules(self._world.spec), False
        path = self._world.folder / "logs" / "odoo.log"
        for line in path.read_text(errors="replace").splitlines() if path.is_file() else ():
            logged = _LOGGED.match(line)
            if logged:  # else it goes on: a traceback
                ours = logged[1].startswith("odoo.addons.") and logged[1].split(".")[2] in modules
            yield line if ours else ""

    def _chatter(self) -> None:
        """A person's own details may stand on his contact, and in what is written to him."""
        try:
            messages = read_chatter(self._world.odoo_dsn())
        except psycopg.Error:
            return  # what was not read is not among what was scanned
        self._lines["chatter"] = len(messages)
        for message in messages:
            place = f"{message['model']},{message['res_id']} message {message['id']}"
            for canary in self._canaries.seen_in(f"{message['subject']} {message['body']}"):
                at_home = message["model"] == "res.partner" or canary.owner in message["recipients"]
                if canary.kind not in PERSONAL or not at_home:
                    self._found("chatter", place, canary)

    def _operation(self) -> None:
        """Read the metrics, and the replies to callers who may not ask."""
        spec, values = self._world.spec, self._world.values
        if spec.metrics is not None:
            self._ask("metrics", spec.metrics.url, spec.metrics.authorization)
        probes = (spec.settled, spec.correlate, spec.dead_letters, spec.approvals, spec.metrics,
                  spec.replay, spec.audit)  # fmt: skip
        urls = {probe.url for probe in probes if probe is not None and probe.url}
        if "connector" in values:
            urls.add("{connector.url}/not-there")
        for url in sorted(urls):
            for authorization in ("", "Bearer wrong"):
                self._ask("error replies", url, authorization)

    def _ask(self, where: str, url: str, authorization: str) -> None:
        """Read one answer of the connector's own addresses."""
        values = {**self._world.values, "letter": {"id": "0"}, "record": {"id": "none"}}
        try:
            headers = {"Authorization": render(authorization, values, where)}
            answer = httpx.get(
                render(url, values, where), headers=headers, timeout=20, trust_env=False
            )
        except (BadFile, httpx.HTTPError):
            return
        if (answer.status_code < 400) == (where == "metrics"):
            head = [f"{name}: {value}" for name, value in answer.headers.items()]
            self._texts(where, [*head, *answer.text.splitlines()], url.rpartition("}")[2])

    def _texts(self, where: str, lines: Iterable[str], subject: str = "") -> None:
        count = 0
        for number, line in enumerate(lines, 1):
            count += bool(line)
            for canary in self._canaries.seen_in(line):
                self._found(where, f"{subject} line {number}".strip(), canary)
        self._lines[where] = self._lines.get(where, 0) + count

    def _found(self, where: str, key: str, canary: Canary) -> None:
        self._note(where, key, {"canary": canary.kind, "masked": canary.masked}, "found")

    def _note(self, name: str, key: str, value: dict[str, Any], outcome: str = "") -> None:
        self._writer.append(
            Event(time=self._clock.now(), source="harness", kind="disclosure", name=name, key=key,
                  outcome=outcome or name, value=value)
        )  # fmt: skip
