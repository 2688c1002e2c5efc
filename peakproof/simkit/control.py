"""The control API under /_peakproof/: how the harness seeds, acts, reads, and injects faults.

Every call needs ``Authorization: Bearer <control_token>``. It is not part of any vendor's API,
is not journalled and no fault rule touches it.
"""

import hmac
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from peakproof.errors import SimulatorRefused, UnknownName, UsageError
from peakproof.history import Event
from peakproof.plan import Shop
from peakproof.simkit.app import Route
from peakproof.simkit.calendar import DAYS_AT_ONCE_MAX
from peakproof.simkit.messages import Answer, Request, Response
from peakproof.simkit.simulator import Kit, Simulator

__all__ = ["CONTROL_PREFIX", "control_routes"]

CONTROL_PREFIX = "/_peakproof"


def control_routes(
    name: str,
    token: str,
    simulator: Simulator,
    kit: Kit,
) -> list[Route]:
    """Return the routes of a simulator's control API."""
    api = _Control(name, token, simulator, kit)
    table: list[tuple[str, str, Callable[[Request], Response]]] = [
        ("GET", "/health", api.health),
        ("POST", "/seed", api.seed),
        ("POST", "/act", api.act),
        ("GET", "/snapshot", api.snapshot),
        ("GET", "/pending", api.pending),
        ("GET", "/secrets", api.secrets),
        ("GET", "/faults", api.list_faults),
        ("POST", "/faults", api.add_fault),
        ("DELETE", "/faults/{id}", api.remove_fault),
    ]
    return [
        Route(
            method,
            CONTROL_PREFIX + path,
            api.guarded(handler),
            name=f"control {path}",
            journalled=False,
            faults=False,
        )
        for method, path, handler in table
    ]


class _Control:
    def __init__(
        self,
        name: str,
        token: str,
        simulator: Simulator,
        kit: Kit,
    ) -> None:
        self._name = name
        self._expected = f"Bearer {token}".encode()
        self._simulator = simulator
        self._calendar = kit.calendar
        self._actions = {
            **simulator.actions(),
            "pass_days": self._pass_days,
            "wait_until": self._wait_until,
        }
        self._faults = kit.faults
        self._handed_out = kit.handed_out
        self._journal = kit.journal
        self._seeded = False

    def guarded(self, handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """Return the handler behind the token check, with errors told in one shape."""

        def handle(request: Request) -> Response:
            given = request.header("authorization").encode("latin-1")
            if not hmac.compare_digest(given, self._expected):
                return _error(401, "unauthorized", "The control token is missing or wrong.")
            try:
                return handler(request)
            except SimulatorRefused as error:
                message = str(error).removeprefix(f"{error.code}: ")
                return _error(409, error.code, message)
            except UnknownName as error:
                return _error(404, "unknown_name", str(error))
            except UsageError as error:
                return _error(400, "usage", str(error))

        return handle

    def health(self, _request: Request) -> Response:
        """Say that the simulator is up, and whether it was seeded."""
        version = self._simulator.version
        return Response.json(
            {
                "ready": True,
                "name": self._name,
                "seeded": self._seeded,
                "version": version,
                "hosts": list(self._simulator.hosts),
            }
        )

    def seed(self, request: Request) -> Response:
        """Set up the business from a plan's shop."""
        try:
            shop = msgspec.json.decode(request.body, type=Shop)
        except msgspec.DecodeError as error:
            raise UsageError(f"Expected a Plan.shop as JSON: {error}") from error
        self._calendar.begin(
            shop.days_ago, shop.holidays, shop.first_weekday, shop.month_end_day, shop.day_begins
        )
        result = self._simulator.seed(shop)
        self._seeded = True
        for scopes in self._simulator.scopes:
            self._journal.event(
                Event(
                    time=self._journal.clock.now(),
                    source=self._journal.source,
                    kind="grant",
                    name=scopes.kind,
                    value=scopes.told(),
                )
            )
        return Response.json({"result": result or {}})

    def act(self, request: Request) -> Response:
        """Do what a person would do: ``{"action", "arguments", "actor"}``."""
        call = _object(request)
        name = str(call.get("action", ""))
        action = self._actions.get(name)
        if action is None:
            raise UnknownName("action", name, self._actions, f"the {self._name} simulator")
        arguments = call.get("arguments") or {}
        if not isinstance(arguments, dict):
            raise UsageError(f"The arguments of {name} must be an object, not {arguments!r}.")
        result = action(arguments, str(call.get("actor", "")))
        return Response.json({"result": result or {}})

    def _pass_days(self, arguments: dict[str, Any], _actor: str) -> dict[str, str]:
        """Let business days pass, one after the other: ``{"days": 2}``."""
        days = arguments.get("days", 1)
        if not isinstance(days, int) or not 1 <= days <= DAYS_AT_ONCE_MAX:
            raise UsageError(f"pass_days: days must be 1 to {DAYS_AT_ONCE_MAX}, not {days!r}.")
        for _ in range(days):
            self._calendar.next_day()
            self._simulator.day_began()
        return {"today": self._calendar.today().isoformat()}

    def _wait_until(self, arguments: dict[str, Any], _actor: str) -> dict[str, str]:
        """Let the business day go on to a time of day (UTC): ``{"time": "23:30"}``."""
        self._calendar.wait_until(str(arguments.get("time", "")))
        return {"now": self._calendar.now().isoformat()}

    def snapshot(self, _request: Request) -> Response:
        """Return the final records."""
        return Response.json(self._simulator.snapshot())

    def pending(self, _request: Request) -> Response:
        """Return what is still under way."""
        return Response.json(self._simulator.pending())

    def secrets(self, _request: Request) -> Response:
        """Return the tokens that were issued, the expired ones too."""
        return Response.json({"token": self._handed_out})

    def list_faults(self, _request: Request) -> Response:
        """Return every rule, healed ones too, with how often each fired."""
        return Response.json([rule.describe() for rule in self._faults.rules()])

    def add_fault(self, request: Request) -> Response:
        """Put a rule at a point: ``{"point", "options"}``."""
        call = _object(request)
        options = call.get("options") or {}
        if not isinstance(options, dict):
            raise UsageError(f"The options of a fault must be an object, not {options!r}.")
        rule = self._faults.add(str(call.get("point", "")), options)
        return Response.json({"id": rule.id})

    def remove_fault(self, request: Request) -> Response:
        """Take a rule away; doing so again does no harm."""
        rule = self._faults.remove(request.params["id"])
        if rule is None:
            known = [rule.id for rule in self._faults.rules()]
            raise UnknownName("fault rule", request.params["id"], known)
        return Response.json(rule.describe())


def _object(request: Request) -> Mapping[str, Any]:
    value = request.json()
    if not isinstance(value, dict):
        raise Answer(_error(400, "usage", f"Expected a JSON object, found {value!r}."))
    return value


def _error(status: int, code: str, message: str) -> Response:
    return Response.json({"error": {"code": code, "message": message}}, status)
