"""One table of routes, and what every request of every simulator goes through.

Routing, naming the operation, the fault rules at the point ``request``, the handler, the
journal line. A route that nobody wrote is answered 404 in peakproof's name, never with a
made-up success; a handler that raises is answered 500, recorded as a crash, and the server
goes on. Handlers are plain functions and run one after another, so a simulator's state needs
no locks; one that must wait returns Later.
"""

import re
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import msgspec

from peakproof.outcomes import Outcome
from peakproof.simkit.faults import FaultPoints, FaultRule
from peakproof.simkit.journal import Journal
from peakproof.simkit.messages import (
    Answer,
    Ending,
    Handled,
    Handler,
    Later,
    Request,
    Response,
    resolved,
)

__all__ = ["App", "Route", "VendorAnswers"]

FOUND_MAX = 1_024  # paths whose route is remembered; routes never change
_PLACEHOLDER = re.compile(r"{(\w+)(:path)?}")


class Route(msgspec.Struct, frozen=True):
    """``method`` (or ``*``), a path pattern such as ``/orders/{id}.json``, and its handler.

    ``{name}`` takes what stands between slashes, ``{name:path}`` the rest. ``name`` is the
    operation's name in the history and for fault rules: a text, or a function of the request
    (which may parse the body, keep the result in ``request.context`` and raise Answer); empty
    means "METHOD pattern". ``journalled`` False keeps chatter out of the history.
    """

    method: str
    pattern: str
    handler: Handler
    name: str | Callable[[Request], str] = ""
    journalled: bool = True
    faults: bool = True


class VendorAnswers(Protocol):
    """The vendor's own words for trouble, which fault rules need."""

    def throttled(self, request: Request) -> Response:
        """Return what the vendor answers to a caller over its rate limit."""

    def failure(self, request: Request, status: int, message: str) -> Response:
        """Return an error answer in the vendor's shape."""


class App:
    """Takes requests to their handlers. ``name`` is the simulator's."""

    def __init__(
        self,
        name: str,
        routes: Iterable[Route],
        journal: Journal,
        faults: FaultPoints,
        vendor: VendorAnswers,
    ) -> None:
        self.name = name
        self.journal = journal
        self.faults = faults
        self.vendor = vendor
        self._exact: dict[tuple[str, str], Route] = {}
        self._patterns: list[tuple[re.Pattern[str], Route]] = []
        for route in routes:
            if "{" in route.pattern or route.method == "*":
                self._patterns.append((_compiled(route.pattern), route))
            else:
                self._exact[route.method, route.pattern] = route
        self._found: dict[tuple[str, str], tuple[Route, dict[str, str]]] = {}
        self._missing = Route("*", "", self._not_modelled, faults=False)
        self._request_rules = faults.at("request")

    def handle(self, request: Request) -> Handled:
        """Return the answer to a request, or what to wait for until there is one."""
        route = self._exact.get((request.method, request.path)) or self._find(request)
        request.route = route
        try:
            name = route.name
            request.name = (
                (name or f"{request.method} {route.pattern or request.path}")
                if isinstance(name, str)
                else name(request)
            )
            if self._request_rules and route.faults:
                return self._with_faults(route, request)
            return route.handler(request)
        except Answer as answer:
            return answer.response
        except Exception as error:  # noqa: BLE001  a defect of ours must not end the run
            return self.crashed(request, error)

    def finish(self, request: Request, response: Response, answered: bool) -> None:
        """Write a request down once its answer has left, or could not (``answered`` False)."""
        route: Route = request.route
        if not route.journalled:
            return
        record = request.record
        whole = answered and response.ending == Ending.WHOLE
        record.status = response.status if answered and response.ending in _ANSWERED else 0
        record.duration_seconds = round(self.journal.clock.now() - request.arrived_seconds, 6)
        outcome = request.outcome
        if not outcome:
            outcome = Outcome.OK if 200 <= response.status < 300 else Outcome.FAIL
        if not whole and outcome != Outcome.FAIL:
            outcome = Outcome.INFO
        self.journal.request(request.arrived_seconds, request.name, request.id, outcome, record)

    def crashed(self, request: Request, error: BaseException) -> Response:
        """Return the 500 that stands for a defect of the simulator itself; write it down."""
        lines = traceback.format_exception(error)
        print("".join(lines), file=sys.stderr, flush=True)
        request.outcome = Outcome.INFO  # the handler may have changed state before it raised
        self.journal.process(
            "crashed",
            {"request": request.id, "operation": request.name, "last_lines": lines[-8:]},
        )
        text = (
            f"peakproof's {self.name} simulator failed while handling {request.method} "
            f"{request.path}: {type(error).__name__}: {error}. This is a defect of the "
            "simulator, not of the connector; see its log."
        )
        return Response.json({"peakproof": {"code": "simulator_crashed", "message": text}}, 500)

    def _find(self, request: Request) -> Route:
        method = "GET" if request.method == "HEAD" else request.method
        exact = self._exact.get((method, request.path))
        if exact is not None:
            return exact
        key = (method, request.path)
        known = self._found.get(key)
        if known is not None:
            request.params = dict(known[1])
            return known[0]
        for pattern, route in self._patterns:
            if route.method in ("*", method):
                found = pattern.fullmatch(request.path)
                if found:
                    request.params = found.groupdict()
                    if len(self._found) == FOUND_MAX:
                        self._found.clear()
                    self._found[key] = (route, dict(request.params))
                    return route
        return self._missing

    def _not_modelled(self, request: Request) -> Response:
        text = (
            f"peakproof's {self.name} simulator does not model {request.method} {request.path}. "
            "The vendor may well have it; no answer was made up."
        )
        request.record.error_codes = ["not_modelled"]
        return Response.json({"peakproof": {"code": "not_modelled", "message": text}}, 404)

    def _with_faults(self, route: Route, request: Request) -> Handled:
        delay_seconds = 0.0
        chosen: FaultRule | None = None
        for rule in self._request_rules:
            if rule.effect == "delay":
                if rule.takes(request.name):
                    delay_seconds += rule.delay_seconds
                    request.record.fault = rule.fault
            elif chosen is None and rule.takes(request.name):
                chosen = rule
                request.record.fault = rule.fault

        def proceed() -> Handled:
            return self._under(chosen, route, request)

        return Later(delay_seconds, proceed) if delay_seconds > 0 else proceed()

    def _under(self, rule: FaultRule | None, route: Route, request: Request) -> Handled:
        if rule is None:
            return route.handler(request)
        before = _BEFORE.get(rule.effect)
        if before is not None:
            return before(self, rule, request)
        try:
            handled = route.handler(request)
        except Answer as answer:
            handled = answer.response
        if isinstance(handled, Response):
            return damaged(rule, handled)
        return _damaged_later(rule, handled)

    def _error(self, rule: FaultRule, request: Request) -> Response:
        status = int(rule.options.get("status", 503))
        body = rule.options.get("body")
        headers = dict(rule.options.get("headers") or {})
        if body is None:
            response = self.vendor.failure(request, status, "injected by peakproof")
            response.headers.extend(headers.items())
        elif isinstance(body, str):
            response = Response(status, body, headers)
        else:
            response = Response.json(body, status, headers)
        request.outcome = Outcome.FAIL
        return response

    def _throttle(self, rule: FaultRule, request: Request) -> Response:
        response = self.vendor.throttled(request)
        response.headers.extend(dict(rule.options.get("headers") or {}).items())
        request.outcome = Outcome.FAIL
        return response

    def _refuse(self, _rule: FaultRule, request: Request) -> Response:
        response = Response(503)
        response.ending = Ending.RESET
        request.outcome = Outcome.FAIL
        return response

    def _hang(self, rule: FaultRule, request: Request) -> Response:
        response = Response(503)
        response.ending = Ending.HANG
        response.hang_seconds = float(rule.options.get("hang_seconds", response.hang_seconds))
        request.outcome = Outcome.FAIL
        return response


_ANSWERED = (Ending.WHOLE, Ending.TRUNCATE, Ending.PARTIAL)
_BEFORE: dict[str, Callable[[App, FaultRule, Request], Response]] = {
    "error": App._error,
    "throttle": App._throttle,
    "refuse": App._refuse,
    "hang": App._hang,
}


def damaged(rule: FaultRule, response: Response) -> Response:
    """Return an answer as a rule that acts after processing leaves it."""
    how = str(rule.options.get("how", ""))
    if rule.effect == "lost_acknowledgement":
        response.ending = {"hang": Ending.HANG, "close": Ending.CLOSE}.get(how, Ending.RESET)
    elif rule.effect == "malformed":
        if how == "truncate":
            response.ending = Ending.TRUNCATE
        else:
            half = len(response.body) // 2
            response.body = response.body[:half] + b'\x00"}<'
    elif rule.effect == "slow_answer":
        response.delay_seconds += rule.delay_seconds
    return response


async def _damaged_later(rule: FaultRule, handled: Later | Awaitable[Response]) -> Response:
    return damaged(rule, await resolved(handled))


def _compiled(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    end = 0
    for found in _PLACEHOLDER.finditer(pattern):
        parts.append(re.escape(pattern[end : found.start()]))
        parts.append(f"(?P<{found[1]}>{'.*' if found[2] else '[^/]+'})")
        end = found.end()
    parts.append(re.escape(pattern[end:]))
    return re.compile("".join(parts), re.DOTALL)
