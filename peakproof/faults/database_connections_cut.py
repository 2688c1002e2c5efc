"""Odoo's connections to its database are cut in one moment, as a restart of PostgreSQL does.

Transactions under way are rolled back; Odoo has to connect again. The server itself stays up, and
the connections of the harness and of the connector go on.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import psycopg

from peakproof.simkit.targets import World, require

__all__ = ["COLOUR", "LEVEL", "NAME", "fired", "heal", "inject"]

NAME = "database_connections_cut"
LEVEL = "process"
COLOUR = "#0b7285"

# Odoo says who it is (its option db_app_name), whether it comes over a socket or a network.
_CUT = """
select count(*) filter (where pg_terminate_backend(pid, 5000))
from pg_stat_activity
where datname = current_database() and usename = current_user
  and backend_type = 'client backend' and application_name like 'odoo-%'
"""


class CutToken(msgspec.Struct, frozen=True):
    """How many connections were cut."""

    count: int


def inject(world: World, options: Mapping[str, Any]) -> CutToken:  # noqa: ARG001  none yet
    """Cut, and wait until the connections are gone; return the token for heal and fired."""
    with psycopg.connect(require(world.odoo_dsn() or None, "odoo")) as connection:
        row = connection.execute(_CUT).fetchone()
    return CutToken(0 if row is None else int(row[0]))


def heal(world: World, token: CutToken) -> None:
    """Do nothing: whoever was cut off connects again."""


def fired(world: World, token: CutToken) -> int:  # noqa: ARG001  the token knows
    """Return how many connections were cut."""
    return token.count
