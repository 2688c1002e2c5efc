"""A small client of Odoo's JSON-2 interface.

``Odoo(url, database, api_key).call("sale.order", "action_confirm", ids=[7])``. What Odoo
answered with an error raises OdooRefused: it did not commit. What got no answer raises an
httpx error: it may have happened. Only a connection that was refused before anything was
sent is tried again.

Odoo binds arguments by parameter name, and an addon may rename one (``write(vals)`` to
``write(values)``): the other name is tried once when Odoo misses it.
"""

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import httpx

from peakproof.errors import OdooRefused, WaitExpired
from peakproof.seed import wait_until

__all__ = ["Odoo", "OdooRefused"]  # a connector's scripts may import only this module

SYNONYMS = {"values": "vals", "vals": "values"}
DATABASE_LOST = ("psycopg2.OperationalError", "psycopg2.InterfaceError")
READS = frozenset({"read", "search", "search_count", "search_read", "fields_get", "context_get"})
MISSING_ARGUMENT = re.compile(r"missing a required argument: '(\w+)'")


class Odoo:
    """One user's view of one Odoo database.

    ``patience_seconds`` is how long a refused connection is tried again (a restart); usable
    from several threads; ``close()`` it, or use it as a context manager.
    """

    def __init__(
        self,
        url: str,
        database: str,
        api_key: str,
        timeout_seconds: float = 60.0,
        patience_seconds: float = 10.0,
    ) -> None:
        self.url = url.rstrip("/")
        self.database = database
        self._patience_seconds = patience_seconds
        self._done = threading.local()
        self._client = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"bearer {api_key}", "X-Odoo-Database": database},
            timeout=timeout_seconds,
            trust_env=False,
        )

    def __repr__(self) -> str:
        return f"Odoo(url={self.url!r}, database={self.database!r})"

    def __enter__(self) -> "Odoo":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None = None,
        context: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        """Call a public method and return its result (record sets come as lists of ids).

        Raises OdooRefused (definite) or httpx.HTTPError (the call may have been carried out).
        """
        body: dict[str, Any] = dict(arguments)
        if ids is not None:
            body["ids"] = list(ids)
        if context is not None:
            body["context"] = dict(context)
        try:
            return self._post(model, method, body)
        except OdooRefused as refused:
            missing = MISSING_ARGUMENT.search(str(refused))
            other = SYNONYMS.get(missing[1]) if missing else None
            if refused.status != 422 or missing is None or other not in body:
                raise
            body[missing[1]] = body.pop(other)
            return self._post(model, method, body)

    def search_read(
        self,
        model: str,
        domain: Iterable[Any] = (),
        fields: Iterable[str] = (),
        order: str = "",
        limit: int | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Return the fields (with ``id``) of the records that match the domain."""
        options: dict[str, Any] = {"domain": list(domain), "fields": list(fields)}
        if order:
            options["order"] = order
        if limit is not None:
            options["limit"] = limit
        found: list[dict[str, Any]] = self.call(model, "search_read", context=context, **options)
        return found

    def read(self, model: str, ids: Sequence[int], fields: Iterable[str]) -> list[dict[str, Any]]:
        """Return the fields (with ``id``) of the records."""
        rows: list[dict[str, Any]] = self.call(model, "read", ids=ids, fields=list(fields))
        return rows

    def create(
        self, model: str, *rows: Mapping[str, Any], context: Mapping[str, Any] | None = None
    ) -> list[int]:
        """Create a record a row and return their ids."""
        vals_list = [dict(row) for row in rows]
        created: list[int] = self.call(model, "create", context=context, vals_list=vals_list)
        return created

    def write(
        self,
        model: str,
        ids: Sequence[int],
        values: Mapping[str, Any],
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the values to the records."""
        self.call(model, "write", ids=ids, context=context, vals=dict(values))

    def wait_ready(self, limit_seconds: float, alive: Callable[[], bool] = lambda: True) -> None:
        """Wait until the database answers.

        Raises WaitExpired (also as soon as the server is not ``alive``) or OdooRefused.
        """

        def answers() -> bool:
            if not alive():
                raise WaitExpired(f"Odoo at {self.url} ended before it answered.")
            try:
                self._client.post("/json/2/res.users/context_get", json={}).raise_for_status()
            except httpx.TransportError:
                return False
            except httpx.HTTPStatusError as error:
                if error.response.status_code < 500:
                    raise _refusal(
                        "res.users.context_get", error.response, changes=False
                    ) from error
                return False
            return True

        wait_until(answers, limit_seconds, f"Odoo at {self.url} to answer", 0.02)

    def _post(self, model: str, method: str, body: dict[str, Any]) -> Any:
        answers: list[httpx.Response] = []
        failures: list[httpx.ConnectError] = []

        def sent() -> bool:
            try:
                answers.append(self._client.post(f"/json/2/{model}/{method}", json=body))
            except httpx.ConnectError as error:
                failures.append(error)
                return False
            return True

        try:
            wait_until(sent, self._patience_seconds, f"Odoo at {self.url} to take a connection")
        except WaitExpired as expired:
            raise failures[-1] from expired
        if answers[0].status_code != 200:
            raise _refusal(f"{model}.{method}", answers[0], changes=method not in READS)
        if method not in READS:
            self._done.writes = self.writes + 1
        return answers[0].json()

    @property
    def writes(self) -> int:
        """How many calls of this thread may have changed something and were answered well."""
        return int(getattr(self._done, "writes", 0))


def _refusal(call: str, answer: httpx.Response, *, changes: bool) -> Exception:
    """Return what an error answer means: Odoo's own word, or a stranger's (a proxy's).

    Odoo's word is no answer where it lost its database: that may have been at the commit.
    """
    try:
        error = answer.json()
        refused = OdooRefused(call, answer.status_code, error["name"], error["message"])
        if changes and error["name"] in DATABASE_LOST:
            return httpx.ReadError(f"it may have been carried out: {refused}")
        return refused
    except (ValueError, KeyError, TypeError):
        return httpx.HTTPStatusError(
            f"{call}: status {answer.status_code} that is not Odoo's: {answer.text[:200]!r}; "
            "the call may have been carried out",
            request=answer.request,
            response=answer,
        )
