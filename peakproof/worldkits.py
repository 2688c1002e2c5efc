"""Starts the programs of a world that are built on simkit: simulators and proxies.

They share the run's clock, seed and certificates, and their ends are events of the history.
"""

import contextlib
import os
from collections.abc import Callable
from typing import Any

import msgspec

from peakproof import catalog
from peakproof.errors import WorldFailed
from peakproof.history import Event, HistoryWriter
from peakproof.plan import Plan
from peakproof.runtime.certificates import Authority
from peakproof.runtime.process import ProcessRuntime
from peakproof.runtime.zygote import Server
from peakproof.seed import Clock, Seed
from peakproof.simkit.config import SimulatorConfig
from peakproof.store import RunFolder

__all__ = ["Kits", "plain_environment"]

_START_LIMIT_SECONDS = 30.0
_RUNTIME = "peakproof.runtime."  # its programs are modules, simulators are packages


class Kits:
    """Starts such programs for one run."""

    def __init__(
        self,
        plan: Plan,
        runtime: ProcessRuntime,
        folder: RunFolder,
        clock: Clock,
        seeds: Seed,
        authority: Authority,
        writer: HistoryWriter,
    ) -> None:
        self._plan, self._runtime, self._folder = plan, runtime, folder
        self._clock, self._seeds, self._authority = clock, seeds, authority
        self._writer = writer
        self._certificate = authority.issue()

    def start(
        self,
        name: str,
        module: str,
        stack: contextlib.ExitStack,
        options: dict[str, Any],
        tls: bool,
    ) -> tuple[SimulatorConfig, int]:
        """Start a program, stopped with ``stack``; return its configuration and port.

        Raises WorldFailed with its last log lines when it does not come up.
        """
        config = SimulatorConfig(
            name=name,
            journal_path=str(self._folder.part(name)),
            control_token=self._seeds.token(f"control {name}"),
            seed=self._seeds.number(name),
            clock_origin_monotonic_ns=self._clock.origin_monotonic_ns,
            clock_origin_epoch_seconds=self._clock.origin_epoch_seconds,
            tls_certificate_path=str(self._certificate.certificate_path) if tls else None,
            tls_key_path=str(self._certificate.key_path) if tls else None,
            time_scale=self._plan.webhook_time_scale,
            options=options,
        )
        path = self._folder.write_values(f"{name}.json", config)
        process = Server(
            name,
            self._runtime.programs(),
            [str(path)],
            plain_environment()
            | {
                "SSL_CERT_FILE": str(self._authority.bundle_path),
                "PYTHONPATH": str(catalog.root()),
            },
            self._folder.log(name),
            self.recorder(name),
            program=module if module.startswith(_RUNTIME) else f"{module}.__main__",
            out_path=self._folder.log(f"{name}.out"),
        )
        process.start()
        stack.callback(process.stop)
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


def plain_environment() -> dict[str, str]:
    """Return the environment without what belongs to the machine's proxies and Python."""
    left_out = ("proxy", "pythonpath", "pythonhome", "virtual_env")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith(left_out) and not name.startswith("PEAKPROOF_")
    }
