"""The Odoo client: JSON-2, with the difference between a no and a silence.

Odoo runs every call in one transaction: an error answer means that nothing was committed; no
answer means that it may have been. Reads are repeated after a silence, writes are not.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec

from .errors import Refused, Unavailable, Unsure
from .queue import backoff_seconds
from .settings import Settings

__all__ = ["Odoo"]

READ_ATTEMPTS = 3
READ_TIMEOUT = httpx.Timeout(10.0, connect=2.0)
WRITE_TIMEOUT = httpx.Timeout(20.0, connect=2.0)
DOWN_SECONDS_MAX = 2.0  # how long to wait between looks whether Odoo is back
BUSY_SECONDS_MAX = 1.0
TRANSIENT = (
    "could not serialize",
    "could not obtain lock",
    "deadlock detected",
    "duplicate key value",
    "concurrent update",
    "connection already closed",
    "server closed the connection",
    "terminating connection",
    "the database system is",
    "connection to server",
    "cursor already closed",
)


class Odoo:
    """A client of one Odoo database. Safe to use from many tasks at once."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None):
        self.http = httpx.AsyncClient(
            base_url=settings.odoo_url,
            headers={
                "Authorization": f"bearer {settings.odoo_api_key}",
                "X-Odoo-Database": settings.odoo_database,
            },
            transport=transport,
            trust_env=False,
            limits=httpx.Limits(max_connections=8, keepalive_expiry=4.0),
        )
        self.calls: dict[str, int] = {}
        self.returned = asyncio.Event()  # set when Odoo answers again after a silence
        self._silent = False

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def read(self, model: str, method: str, **arguments: Any) -> Any:
        """Call a method that changes nothing, again if there is no answer."""
        for attempt in range(READ_ATTEMPTS):
            try:
                return await self._call(model, method, arguments, READ_TIMEOUT)
            except Unavailable as error:
                if attempt + 1 == READ_ATTEMPTS:  # nothing can have happened: no Unsure
                    raise Unavailable(str(error), 0.0, DOWN_SECONDS_MAX) from error
                await asyncio.sleep(backoff_seconds(attempt, 0.1, 1.0))
        raise AssertionError("unreachable")

    async def write(self, model: str, method: str, **arguments: Any) -> Any:
        """Call a method that changes something, once.

        Raises Unavailable when it was certainly not done, Unsure when it may have been.
        """
        return await self._call(model, method, arguments, WRITE_TIMEOUT)

    async def load(
        self, model: str, fields: Sequence[str], rows: Sequence[Sequence[str]]
    ) -> list[int]:
        """Create or update records by external id, in one transaction; return their ids.

        External ids are unique in Odoo, so the same load sent twice, even at the same moment,
        makes one record. An empty ``rows`` cell means "no value".
        """
        result = await self.write(model, "load", fields=list(fields), data=[*map(list, rows)])
        if result["ids"]:
            return [int(number) for number in result["ids"]]
        said = "; ".join(str(message.get("message")) for message in result["messages"])
        if any(word in said for word in TRANSIENT):
            raise Unavailable(f"Odoo was busy with the same {model}", 0.1, BUSY_SECONDS_MAX)
        raise Refused("odoo_import", f"{model}: {said[:500]}")

    async def _call(
        self, model: str, method: str, arguments: dict[str, Any], timeout: httpx.Timeout
    ) -> Any:
        call = f"{model}.{method}"
        self.calls[call] = self.calls.get(call, 0) + 1
        try:
            answer = await self.http.post(
                f"/json/2/{model}/{method}", json=arguments, timeout=timeout
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            self._silent = True
            reason = f"Odoo unreachable: {type(error).__name__}"
            raise Unavailable(reason, 0.0, DOWN_SECONDS_MAX) from error
        except httpx.TransportError as error:
            self._silent = True
            reason = f"Odoo gave no answer to {call}: {type(error).__name__}"
            raise Unsure(reason, 0.0, DOWN_SECONDS_MAX) from error
        if answer.status_code == 200:
            if self._silent:
                self._silent = False
                self.returned.set()
            try:
                return msgspec.json.decode(answer.content)
            except msgspec.DecodeError as error:
                raise Unsure(f"Odoo's answer to {call} makes no sense") from error
        raise _error(call, answer)


# What PostgreSQL says when the machine under it lacks something: nothing has been changed.
FULL = tuple(
    f"psycopg2.errors.{name}" for name in ("DiskFull", "OutOfMemory", "TooManyConnections")
)


def _error(call: str, answer: httpx.Response) -> Exception:
    """Return the error that a status stands for."""
    try:
        body = msgspec.json.decode(answer.content)
        name, message = str(body["name"]), str(body["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        # Not Odoo's own words: something in between, which may have passed the call on.
        reason = f"something before Odoo answered {call} with {answer.status_code}"
        return Unsure(reason, 0.0, DOWN_SECONDS_MAX)
    if name in ("psycopg2.OperationalError", "psycopg2.InterfaceError"):
        return Unsure(f"Odoo lost its database during {call}", 0.0, DOWN_SECONDS_MAX)
    if answer.status_code == 401:  # nothing is wrong with the work: a person sees to the key
        return Unavailable("Odoo does not take our key", 1.0, DOWN_SECONDS_MAX)
    if name in FULL:
        return Unavailable(f"Odoo's database lacks something: {name}", 0.5, DOWN_SECONDS_MAX)
    if answer.status_code in (409, 429, 503) or any(word in message for word in TRANSIENT):
        return Unavailable(f"Odoo is busy: {name}", 0.1, BUSY_SECONDS_MAX)
    return Refused(f"odoo_{answer.status_code}", f"{call}: {name.rsplit('.')[-1]}: {message[:500]}")
