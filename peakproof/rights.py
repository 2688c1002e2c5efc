"""What the connector may do in Odoo, and how it is heard which rights its work needed.

``settings`` are for the listener inside Odoo (runtime/rights_listener.py), which writes events of
kind ``access`` while the story is told; ``note_grants`` reads at its end who they were and what
they might have done, as events of kind ``grant``. peakproof.privileges makes a report of both.
"""

from pathlib import Path
from typing import Any

import msgspec
import psycopg

from peakproof.connector import ConnectorSpec
from peakproof.history import Event, HistoryWriter, read_events
from peakproof.runtime.addons import own_modules
from peakproof.runtime.reads_rights import read_rights
from peakproof.runtime.rights_listener import VARIABLE
from peakproof.seed import Clock

__all__ = ["RIGHTS_PART", "listener_environment", "note_grants"]

RIGHTS_PART = "odoo_rights"  # the part of a run's folder that the listener writes


def listener_environment(spec: ConnectorSpec, clock: Clock, file: Path) -> dict[str, str]:
    """Return the environment that has Odoo's listener write to a file."""
    settings = {
        "file": str(file),
        "origin_monotonic_ns": clock.origin_monotonic_ns,
        "modules": sorted(own_modules(spec)),
    }
    return {VARIABLE: msgspec.json.encode(settings).decode()}


def note_grants(dsn: str, file: Path, clock: Clock, writer: HistoryWriter) -> None:
    """Write down the rights of those who were heard; nothing where nobody listened."""
    heard = list(read_events(file)) if file.is_file() else []
    users = sorted({int(event.value["user"]) for event in heard})
    models = sorted({event.name for event in heard if event.outcome != "group"})
    if not heard:
        return
    try:
        known = read_rights(dsn, users, models)
    except psycopg.Error:
        return  # the report says that the grants are not known

    def note(name: str, value: dict[str, Any], key: str = "") -> None:
        event = Event(
            time=clock.now(), source="odoo", kind="grant", name=name, key=key, value=value
        )
        writer.append(event)

    for user, value in known.pop("users").items():
        note("user", value, user)
    note("rights", known)
