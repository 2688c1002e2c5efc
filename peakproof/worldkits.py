"""Starts the programs of a world that are built on simkit: simulators and proxies.

They share the run's clock, seed and certificates, and their ends are events of the history.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from peakproof.errors import WorldFailed
from peakproof.history import Event, HistoryWriter
from peakproof.plan import Plan
from peakproof.runtime.certificates import LOCAL_NAMES, Authority
from peakproof.runtime.site import Site
from peakproof.seed import Clock, Seed
from peakproof.simkit.config import SimulatorConfig
from peakproof.store import RunFolder

__all__ = ["Kits"]

_START_LIMIT_SECONDS = 30.0


class Kits:
    """Starts such programs for one run."""

    def __init__(
        self,
        plan: Plan,
        folder: RunFolder,
        clock: Clock,
        seeds: Seed,
        authority: Authority,
        writer: HistoryWriter,
    ) -> None:
        self._plan, self._folder = plan, folder
        self._clock, self._seeds, self._authority = clock, seeds, authority
        self._writer = writer

    def start(
        self,
        name: str,
        module: str,
        site: Site,
        options: dict[str, Any],
        tls: bool,
    ) -> tuple[SimulatorConfig, int]:
        """Start a program in a world's site; return its configuration and port.

        Raises WorldFailed with its last log lines when it does not come up.
        """
        host = site.host(name)
        certificate = self._authority.issue(*dict.fromkeys((*LOCAL_NAMES, host)))
        config = SimulatorConfig(
            name=name,
            host=host,
            journal_path=str(self._folder.part(name)),
            control_token=self._seeds.token(f"control {name}"),
            seed=self._seeds.number(name),
            clock_origin_monotonic_ns=self._clock.origin_monotonic_ns,
            clock_origin_epoch_seconds=self._clock.origin_epoch_seconds,
            tls_certificate_path=str(certificate.certificate_path) if tls else None,
            tls_key_path=str(certificate.key_path) if tls else None,
            time_scale=self._plan.webhook_time_scale,
            options=options,
        )
        path = self._folder.write_values(f"{name}.json", config)
        process = site.kit(
            name,
            module,
            path,
            {"SSL_CERT_FILE": str(self._authority.bundle_path)},
            self._folder.log(name),
            self.recorder(name),
        )
        process.start()
        line = process.first_line(_START_LIMIT_SECONDS)
        try:
            port = int(msgspec.json.decode(line.encode())["port"])
        except (msgspec.DecodeError, KeyError, ValueError) as error:
            raise WorldFailed(
                name, f"expected its ready line, got {line!r}", process.last_lines(15)
            ) from error
        return config, port

    def recorder(self, component: str) -> Callable[[str, dict[str, Any]], None]:
        """Return a function that writes down what befell a process of the world."""

        def record(outcome: str, value: dict[str, Any]) -> None:
            self._writer.append(
                Event(
                    time=self._clock.now(),
                    source="harness",
                    kind="process",
                    name=component,
                    outcome=outcome,
                    value=value,
                )
            )

        return record
