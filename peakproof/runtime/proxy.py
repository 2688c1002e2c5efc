"""A reverse proxy in front of Odoo: records each call of the connector, and loses answers.

``python -m peakproof.runtime.proxy CONFIG.json`` with option ``upstream_url``. It is built of a
simulator's parts, so fault points, history and control API are the same. It shall be as
invisible as may be: while Odoo is down a call is reset, as Odoo's death would have done. Not
passed on: see forward.py. Passwords and keys are never written down. A header tells the listener
in Odoo (rights_listener.py) whose calls these are.
"""

import re
import xmlrpc.client  # reads calls of the connector under test, on this machine
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any
from xml.parsers.expat import ExpatError

import msgspec

from peakproof.errors import UsageError
from peakproof.outcomes import Outcome
from peakproof.plan import Shop
from peakproof.runtime.forward import Forwarder, answer, lost, passed_on, short_hash, target
from peakproof.runtime.rights_listener import CALLER_HEADER
from peakproof.simkit.app import Route
from peakproof.simkit.config import SimulatorConfig
from peakproof.simkit.messages import Request, Response
from peakproof.simkit.outbound import NotSent, Outbound, Reply
from peakproof.simkit.serve import serve
from peakproof.simkit.simulator import Action, Kit, Simulator

__all__ = ["NAME", "OdooProxy", "create", "redacted"]

NAME = "odoo"
TEXT_LENGTH_MAX = 300
LIST_LENGTH_MAX = 50
SECRET_NAME = re.compile(r"passw|secret|token|api_?key|authoriz|^key$|credential", re.IGNORECASE)
_UNREADABLE = (
    msgspec.DecodeError, ExpatError, xmlrpc.client.Error,
    AttributeError, KeyError, TypeError, ValueError,
)  # fmt: skip
# From Odoo's documentation of its external RPC API (the log of Odoo 19 still says Odoo 20 of all).
REMOVED = {
    "db": ["Odoo 20", "fall 2026; Odoo Online 19.1"],
    "object": ["Odoo 22", "fall 2028; Odoo Online 21.1 (winter 2027)"],
}
_JSON2 = re.compile(r"/json/2/([\w.]+)/(\w+)")
_CALL_KW = re.compile(r"/web/dataset/call_(?:kw|button)(?:/([\w.]+)/(\w+))?")


class OdooProxy(Simulator):
    """Passes every request on to ``upstream_url`` and its answer back."""

    def __init__(self, config: SimulatorConfig, kit: Kit) -> None:
        upstream = str(config.options.get("upstream_url", ""))
        if not upstream.startswith(("http://", "https://")):
            raise UsageError(f"The proxy's option upstream_url must be a URL, not {upstream!r}.")
        self._upstream = upstream.rstrip("/")
        # A kept connection may be closed by Odoo just when it is used again; that would look
        # like an answer lost, which nobody injected. So every call has a connection of its own.
        self._forwarder = Forwarder(Outbound(reuse=False))
        kit.journal.source = NAME

    def routes(self) -> Sequence[Route]:
        """Return the one route that takes everything."""
        return [Route("*", "/{path:path}", self.forward, name=operation)]

    def actions(self) -> Mapping[str, Action]:
        """Return no actions: people act in Odoo itself."""
        return {}

    def seed(self, shop: Shop) -> None:
        """Take no shop: Odoo is seeded directly."""

    def snapshot(self) -> Mapping[str, Mapping[str, Any]]:
        """Return no records: Odoo is read directly."""
        return {}

    def pending(self) -> Mapping[str, int]:
        """Return how many calls are under way."""
        return {"calls": self._forwarder.in_flight}

    def failure(self, request: Request, status: int, message: str) -> Response:  # noqa: ARG002
        """Return an error in the shape of Odoo's JSON-2."""
        name = "werkzeug.exceptions.HTTPException"
        body = {"name": name, "message": message, "arguments": [message], "context": {}}
        return Response.json(body, status)

    def forward(self, request: Request) -> Awaitable[Response]:
        """Pass a request on; the answer, as Odoo gave it, comes later."""
        return self._forward(request)

    async def _forward(self, request: Request) -> Response:
        headers = [*passed_on(request.headers.raw), (CALLER_HEADER, "1")]
        try:
            reply = await self._forwarder.send(request, self._upstream + target(request), headers)
        except NotSent as error:
            return _lost(request, Outcome.FAIL, "odoo_unreachable", error)
        except OSError as error:
            return _lost(request, Outcome.INFO, "odoo_answer_lost", error)
        note_errors(request, reply)
        return answer(request, reply)


def operation(request: Request) -> str:
    """Return what a request does, such as ``sale.order.create``, and note its arguments."""
    record = request.record
    authorization = request.header("authorization") or request.header("cookie")
    record.client = short_hash(authorization) if authorization else ""
    found = _JSON2.fullmatch(request.path)
    try:
        if found:
            record.api_version = "json/2"
            record.arguments = redacted(msgspec.json.decode(request.body or b"{}"))
            return f"{found[1]}.{found[2]}"
        if request.path == "/jsonrpc" or _CALL_KW.fullmatch(request.path):
            return _json_rpc(request)
        if request.path.startswith("/xmlrpc"):
            arguments, method = xmlrpc.client.loads(request.body, use_builtin_types=True)
            record.api_version = "xmlrpc"
            endpoint, _, service = request.path.rpartition("/")
            _goes_away(request, endpoint, service)
            return _classic(request, service, str(method), arguments)
    except _UNREADABLE:
        record.error_codes = ["unreadable"]
    return f"{request.method} {request.path}"


def _json_rpc(request: Request) -> str:
    record = request.record
    record.api_version = "jsonrpc"
    params = msgspec.json.decode(request.body).get("params") or {}
    if "service" in params:
        _goes_away(request, "/jsonrpc", str(params["service"]))
        return _classic(
            request, str(params["service"]), str(params["method"]), params.get("args") or []
        )
    record.arguments = redacted({key: params.get(key) for key in ("args", "kwargs")})
    return f"{params['model']}.{params['method']}"


def _goes_away(request: Request, endpoint: str, service: str) -> None:
    """Note that a call is one of the old services, and which Odoo has them no more."""
    what = f"{endpoint} ({service})"
    request.record.deprecated = [what]
    request.record.breaks = {what: REMOVED.get(service, REMOVED["object"])}


def _classic(request: Request, service: str, method: str, arguments: Sequence[Any]) -> str:
    """Name a call of the old RPC services, whose password is the third argument."""
    if service == "object" and method in ("execute", "execute_kw") and len(arguments) >= 5:
        request.record.client = short_hash(f"{arguments[1]}|{arguments[2]}")
        request.record.arguments = redacted(list(arguments[5:]))
        return f"{arguments[3]}.{arguments[4]}"
    return f"{service}.{method}"


def note_errors(request: Request, reply: Reply) -> None:
    """Note an error that Odoo reports inside of a 200, as its old RPC services do."""
    version = request.record.api_version
    if version == "jsonrpc" and b'"error"' in reply.body:
        try:
            error = msgspec.json.decode(reply.body).get("error")
        except (msgspec.DecodeError, AttributeError):
            return
        if error:
            request.outcome = Outcome.FAIL
            data = error.get("data") or {}
            request.record.error_codes = [str(data.get("name") or error.get("message", ""))]
    elif version == "xmlrpc" and b"<fault>" in reply.body[:400]:
        request.outcome = Outcome.FAIL
        request.record.error_codes = ["fault"]
    elif version == "json/2" and reply.status >= 400:
        try:
            name = msgspec.json.decode(reply.body).get("name", "")
        except (msgspec.DecodeError, AttributeError):
            return
        request.record.error_codes = [str(name)]


def redacted(value: Any, name: str = "") -> Any:
    """Return a value fit to be written down: secrets removed, long parts cut."""
    if name and SECRET_NAME.search(name):
        return "[removed]"
    if isinstance(value, dict):
        return {str(key): redacted(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [redacted(item) for item in value[:LIST_LENGTH_MAX]]
        more = len(value) - LIST_LENGTH_MAX
        return [*items, f"[{more} more]"] if more > 0 else items
    if isinstance(value, bytes):
        return f"[{len(value)} bytes]"
    if isinstance(value, str) and len(value) > TEXT_LENGTH_MAX:
        return f"{value[:TEXT_LENGTH_MAX]}[{len(value) - TEXT_LENGTH_MAX} more]"
    return value


def _lost(request: Request, outcome: Outcome, code: str, error: OSError) -> Response:
    return lost(request, outcome, code, f"Odoo did not answer: {error}")


def create(config: SimulatorConfig, kit: Kit) -> Simulator:
    """Return the proxy that the configuration describes."""
    return OdooProxy(config, kit)


if __name__ == "__main__":
    serve(create)
