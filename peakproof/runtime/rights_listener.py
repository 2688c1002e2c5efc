"""Listens inside Odoo to which rights the connector's work needs; it changes nothing.

Loaded by launcher.py into a world's Odoo, before its models are built; imports nothing of
peakproof. Odoo asks ``check_access`` before it reads, writes, creates or deletes, and
``_has_group`` where it matters who somebody is; what is asked on behalf of the connector is
written down once as a history event of kind ``access``, with the user and whether it was asked
of the superuser, whom Odoo refuses nothing. The connector's are the calls that came through the
proxy (which marks them), and, of a connector inside Odoo, what its own modules do. A method of
its modules that only passes on to the one it overrides does nothing of its own.
"""

import functools
import importlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

__all__ = ["CALLER_HEADER", "VARIABLE", "listen"]

CALLER_HEADER = "X-Peakproof-Connector"
VARIABLE = "PEAKPROOF_RIGHTS"  # JSON: file, origin_monotonic_ns, modules
FRAMES_PASSED_ON_MAX = 3  # a decorator may stand between a method and the one it overrides


class _Notes:
    """What was heard, each thing once. ``of_connector`` says whose work is being done."""

    def __init__(self, settings: dict[str, Any], of_connector: Callable[[FrameType], bool]) -> None:
        self._path = str(settings["file"])
        self._origin_ns = int(settings["origin_monotonic_ns"])
        self._of_connector = of_connector
        self._known: set[tuple[str, str, int, bool]] = set()

    def hear(self, name: str, operation: str, env: Any) -> None:
        """Write down that a right was asked of a user, if it is the connector's work."""
        thing = (name, operation, env.uid or 0, bool(env.su))
        if thing in self._known or not self._of_connector(sys._getframe(2)):
            return
        self._known.add(thing)
        event = {
            "time": round((time.monotonic_ns() - self._origin_ns) / 1e9, 6),
            "source": "odoo",
            "kind": "access",
            "name": name,
            "outcome": operation,
            "value": {"user": thing[2], "superuser": thing[3]},
        }
        line = json.dumps(event).encode() + b"\n"
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)


def marked_by_proxy() -> Callable[[FrameType], bool]:
    """Return what tells whether the proxy marked the HTTP request that is being worked on.

    It looks where requests come in: for its old services Odoo hides them from what they call.
    """
    application: Any = importlib.import_module("odoo.http").Application
    answer, thread = application.__call__, threading.local()
    key = "HTTP_" + CALLER_HEADER.upper().replace("-", "_")

    @functools.wraps(answer)
    def call(self: Any, environ: dict[str, Any], start_response: Any) -> Any:
        thread.marked = key in environ
        return answer(self, environ, start_response)

    application.__call__ = call
    return lambda _frame: getattr(thread, "marked", False)


def inside(modules: set[str]) -> Callable[[FrameType], bool]:
    """Return what tells whether one of these modules is at work in a stack of frames."""

    def at_work(frame: FrameType | None) -> bool:
        inner: list[str] = []
        while frame is not None:
            place = str(frame.f_globals.get("__name__", "")).split(".")
            method = frame.f_code.co_name
            own = place[:2] == ["odoo", "addons"] and place[2:3] and place[2] in modules
            if own and method not in inner[-FRAMES_PASSED_ON_MAX:]:
                return True
            inner.append(method)
            frame = frame.f_back
        return False

    return at_work


def listen(environment: dict[str, str]) -> None:
    """Begin, if the environment asks for it."""
    text = environment.get(VARIABLE, "")
    if not text:
        return
    settings = json.loads(text)
    modules = set(settings["modules"])
    notes = _Notes(settings, inside(modules) if modules else marked_by_proxy())
    base: Any = importlib.import_module("odoo.models").BaseModel
    users: Any = importlib.import_module("odoo.addons.base.models.res_users").ResUsers
    check, has_group = base.check_access, users._has_group

    @functools.wraps(check)
    def check_access(self: Any, operation: str) -> None:
        if modules or not self.env.su:  # Odoo's own work as superuser is not an API's affair
            notes.hear(self._name, operation, self.env)
        check(self, operation)

    @functools.wraps(has_group)
    def _has_group(self: Any, group_ext_id: str) -> Any:
        answer = has_group(self, group_ext_id)
        if answer and self.id == self.env.uid:  # Odoo asks it of its user as superuser
            notes.hear(group_ext_id, "group", self.env)
        return answer

    base.check_access, users._has_group = check_access, _has_group
    Path(settings["file"]).touch(mode=0o600)
