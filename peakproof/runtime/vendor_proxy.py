"""A forward proxy for connectors that have their vendors' hosts hard-coded.

``python -m peakproof.runtime.vendor_proxy CONFIG.json`` with options::

    {"hosts": {"api.stripe.com": {
        "simulator": "gateway", "upstream": "https://127.0.0.1:40001",
        "certificate_path": "...", "key_path": "..."}}}

A connector is started with ``HTTPS_PROXY`` (and ``HTTP_PROXY``) set to the proxy's address,
with the run's authority as trust, and with ``NO_PROXY=127.0.0.1,localhost`` for the world's own
addresses. The proxy poses as each of the hosts and passes every request on to the simulator
that stands for it, with the Host that the client sent, also in ``X-Forwarded-Host``. A host is
named with its port where that is not the usual one (``ws.vendor.com:8443``). A host that
nobody stands for is refused and written down: nothing ever goes to the real internet.
``ca_bundle_path`` is whom to trust as a simulator, by default what ``SSL_CERT_FILE`` says.

It is built of a simulator's parts. Rules at ``request`` match ``HOST METHOD /path``, rules at
``connect`` the host. To write nothing down twice, it writes only of calls that a rule touched
or that no simulator has seen. Not passed on: see forward.py and vendor_tunnel.py.
"""

import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from peakproof.errors import BadFile, UnknownName, UsageError
from peakproof.outcomes import Outcome
from peakproof.plan import Shop
from peakproof.runtime.certificates import ServerCertificate, stranger
from peakproof.runtime.forward import (
    Forwarder,
    answer,
    cut,
    lost,
    passed_on,
    short_hash,
    target,
)
from peakproof.runtime.vendor_tunnel import CONNECTED, HOST, ForwardConnection
from peakproof.simkit.app import App, Route
from peakproof.simkit.config import SimulatorConfig
from peakproof.simkit.faults import FaultRule
from peakproof.simkit.messages import Ending, Handled, Request, Response
from peakproof.simkit.outbound import NotSent, Outbound
from peakproof.simkit.serve import serve
from peakproof.simkit.server import Connection, Shared
from peakproof.simkit.simulator import Action, Kit, Simulator

__all__ = ["CONNECT_EFFECTS", "NAME", "VendorHost", "VendorProxy", "create", "vendor_host"]

NAME = "vendor_proxy"
CONNECT_EFFECTS = {
    "refuse": "refuse the connection (how: reset, or status for a 502)",
    "hang": "take the connection and never answer; end it after hang_seconds, if given",
    "tls_failure": "pose as the host with the certificate of an unknown authority",
}
_FORWARDED_HOST = b"x-forwarded-host"


class VendorHost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of option ``hosts``: who stands for a host, and the proof to pose as it."""

    simulator: str
    upstream: str
    certificate_path: str
    key_path: str


def vendor_host(simulator: str, upstream: str, certificate: ServerCertificate) -> dict[str, str]:
    """Return an entry of option ``hosts``: the simulator (by its part in the run), its URL."""
    return {
        "simulator": simulator,
        "upstream": upstream,
        "certificate_path": str(certificate.certificate_path),
        "key_path": str(certificate.key_path),
    }


class VendorProxy(Simulator):
    """Poses as the hosts of option ``hosts``."""

    def __init__(self, config: SimulatorConfig, kit: Kit) -> None:
        self._table = _table(config.options.get("hosts"))
        self.hosts = tuple(self._table)
        self._contexts = {host: _context(host, entry) for host, entry in self._table.items()}
        bundle = config.options.get("ca_bundle_path")
        tls = ssl.create_default_context(cafile=str(bundle)) if bundle else None
        # Simulators never close a kept connection of their own accord, so that using one again
        # cannot look like an answer lost.
        self._forwarder = Forwarder(Outbound(tls))
        kit.faults.declare(
            {"connect": "a connection to a vendor's host, or the next call over a kept one"},
            {"connect": CONNECT_EFFECTS},
        )
        kit.journal.source = NAME
        self._vendors = VendorApp(self, kit)

    # the parts of a simulator

    def routes(self) -> Sequence[Route]:
        """Return the one route of the proxy itself, which explains what it is."""
        return [Route("*", "/{path:path}", _misdirected, journalled=False, faults=False)]

    def actions(self) -> Mapping[str, Action]:
        """Return ``hosts``: the hosts that a simulator stands for, ``{"simulator": "bank"}``."""
        return {"hosts": self._hosts_of}

    def seed(self, shop: Shop) -> None:
        """Take no shop: the simulators are seeded directly."""

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        """Return no records."""
        return {}

    def pending(self) -> Mapping[str, int]:
        """Return how many calls are under way."""
        return {"calls": self._forwarder.in_flight}

    def connection(self, app: App, shared: Shared) -> Connection:
        """Return a connection that tunnels can be opened on."""
        return ForwardConnection(_Front(app, self._vendors), app.journal.clock, shared)

    def close(self) -> None:
        """Close the kept connections to the simulators."""
        self._forwarder.close()

    # the proxy

    def context(self, host: str) -> ssl.SSLContext | None:
        """Return the proof to pose as a host; None if nobody stands for it."""
        return self._contexts.get(host)

    def forward(self, request: Request) -> Handled:
        """Pass a request on to the simulator that stands for its host."""
        entry = self._table.get(request.context[HOST])
        return self.unmapped(request) if entry is None else self._forward(request, entry)

    def unmapped(self, request: Request) -> Response:
        """Return the refusal of a host that nobody stands for."""
        host = request.context[HOST]
        request.outcome = Outcome.FAIL
        request.record.error_codes = ["unmapped_host"]
        return Response.text(
            f"peakproof: no simulator of this run stands for {host}\n"
            f"Nothing was sent to {host}: a run never touches the real internet. "
            f"Hosts that simulators stand for here: {', '.join(self.hosts) or 'none'}. "
            "Next step: add to the run a simulator whose `hosts` names this one; an address of "
            "the world itself belongs into the connector's NO_PROXY (127.0.0.1,localhost).\n",
            502,
        )

    async def _forward(self, request: Request, entry: VendorHost) -> Response:
        host = request.header("host") or request.context[HOST]
        raw = [pair for pair in request.headers.raw if pair[0].lower() != _FORWARDED_HOST]
        headers = [*passed_on(raw), ("X-Forwarded-Host", host)]
        url = entry.upstream.rstrip("/") + target(request)
        try:
            return answer(request, await self._forwarder.send(request, url, headers))
        except NotSent as error:
            text = f"peakproof: the {entry.simulator} simulator did not answer: {error}"
            return lost(request, Outcome.FAIL, "simulator_unreachable", text)
        except OSError as error:
            return cut(request, error)

    def _hosts_of(self, arguments: dict[str, Any], _actor: str) -> dict[str, list[str]]:
        wanted = str(arguments.get("simulator", ""))
        found = [host for host, entry in self._table.items() if entry.simulator == wanted]
        if not found:
            known = {entry.simulator for entry in self._table.values()}
            raise UnknownName("simulator with hosts of its own", wanted, sorted(known))
        return {"hosts": found}


class VendorApp(App):
    """What a request for a vendor goes through: rules at ``connect``, at ``request``, the way."""

    def __init__(self, proxy: VendorProxy, kit: Kit) -> None:
        route = Route("*", "/{path:path}", proxy.forward, name=_operation)
        super().__init__(NAME, [route], kit.journal, kit.faults, proxy)
        self._proxy = proxy
        self._connect_rules = kit.faults.at("connect")
        self._connect_route = Route("CONNECT", "", proxy.unmapped)

    def tunnel(self, request: Request) -> ssl.SSLContext | Response:
        """Return with which certificate to pose as the host, or why there is no tunnel."""
        host = request.context[HOST]
        request.route = self._connect_route
        request.name = f"{host} CONNECT"
        context = self._proxy.context(host)
        if context is None:
            return self._proxy.unmapped(request)
        rule = self._connect_rule(host, CONNECT_EFFECTS)
        if rule is None:
            return context
        if rule.effect != "tls_failure":
            return _no_connection(rule, request)
        request.outcome, request.record.fault = Outcome.FAIL, rule.fault
        self.finish(request, Response(200), True)
        return stranger(host)

    def handle(self, request: Request) -> Handled:
        """Return the answer to a request, or what to wait for until there is one."""
        # A kept connection shares the fate of a new one: a vendor that is gone has none at all.
        host = request.context[HOST]
        if self._connect_rules and not request.context.get(CONNECTED) and host in self._proxy.hosts:
            rule = self._connect_rule(host, ("refuse", "hang"))
            if rule is not None:
                request.route = self._connect_route
                request.name = _operation(request)
                return _no_connection(rule, request)
        return super().handle(request)

    def finish(self, request: Request, response: Response, answered: bool) -> None:
        """Write down what no simulator writes down."""
        if request.record.fault or request.record.error_codes:
            super().finish(request, response, answered)

    def _connect_rule(self, host: str, effects: Iterable[str]) -> FaultRule | None:
        for rule in self._connect_rules:
            if rule.effect in effects and rule.takes(host):
                return rule
        return None


class _Front:
    """Takes requests for the proxy itself to its own app, all others to the vendors'."""

    def __init__(self, own: App, vendors: VendorApp) -> None:
        self._own = own
        self._vendors = vendors
        self.tunnel = vendors.tunnel

    def _app(self, request: Request) -> App:
        return self._vendors if HOST in request.context else self._own

    def handle(self, request: Request) -> Handled:
        return self._app(request).handle(request)

    def finish(self, request: Request, response: Response, answered: bool) -> None:
        self._app(request).finish(request, response, answered)

    def crashed(self, request: Request, error: BaseException) -> Response:
        return self._app(request).crashed(request, error)


def _operation(request: Request) -> str:
    """Return a call's name, and note what tells calls apart without revealing their content."""
    authorization = request.header("authorization") or request.header("cookie")
    record = request.record
    record.client = short_hash(authorization) if authorization else ""
    record.idempotency_key = request.header("idempotency-key")
    record.operation_type = "query" if request.method in ("GET", "HEAD") else "mutation"
    if request.body or request.query_string:
        content = request.query_string.encode() + b"\n" + request.body
        record.arguments = {"content_hash": short_hash(content)}
    return f"{request.context[HOST]} {request.method} {request.path}"


def _no_connection(rule: FaultRule, request: Request) -> Response:
    response = Response.text("peakproof: connection refused by a fault of the plan\n", 502)
    if rule.effect == "hang":
        response.ending = Ending.HANG
        response.hang_seconds = float(rule.options.get("hang_seconds", response.hang_seconds))
    elif rule.options.get("how") != "status":
        response.ending = Ending.RESET
    request.outcome, request.record.fault = Outcome.FAIL, rule.fault
    return response


def _misdirected(request: Request) -> Response:
    return Response.text(
        f"This is a forward proxy, it has no {request.path} of its own. Set HTTPS_PROXY and "
        "HTTP_PROXY to this address and call the vendor's.\n",
        400,
    )


def _table(hosts: Any) -> dict[str, VendorHost]:
    try:
        entries = msgspec.convert(hosts, dict[str, VendorHost])
    except msgspec.ValidationError as error:
        raise UsageError(
            f"The proxy's option hosts must say who stands for each host: {error}"
        ) from error
    for host, entry in entries.items():
        if not entry.upstream.startswith(("http://", "https://")):
            raise UsageError(f"The upstream of {host} must be a URL, not {entry.upstream!r}.")
    return {host.lower(): entry for host, entry in entries.items()}


def _context(host: str, entry: VendorHost) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(entry.certificate_path, entry.key_path)
    except OSError as error:  # ssl.SSLError is one
        raise BadFile(f"{entry.certificate_path}: no certificate for {host}: {error}") from error
    return context


def create(config: SimulatorConfig, kit: Kit) -> Simulator:
    """Return the proxy that the configuration describes."""
    return VendorProxy(config, kit)


if __name__ == "__main__":
    serve(create)
