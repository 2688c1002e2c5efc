"""How GoCardless Bank Account Data writes: errors, dates, lists, and what it takes in.

Errors are ``{"summary", "detail", "status_code"}``; an error of one field stands under that
field's name. Not published, chosen by us: the wording for a missing or unknown field.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from peakproof.simkit import Answer, Request, Response

__all__ = [
    "day_of",
    "field_problem",
    "fields",
    "known_query",
    "listed",
    "moment",
    "problem",
    "too_many",
    "valid_id",
]

_PAGE_MAX = 100
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def problem(status: int, summary: str, detail: str = "") -> Response:
    """Return an error in the vendor's shape."""
    body = {"summary": summary, "detail": detail or summary, "status_code": status}
    return Response.json(body, status)


def field_problem(name: str, summary: str, detail: str) -> Response:
    """Return the 400 for one field."""
    body = {name: {"summary": summary, "detail": detail}, "status_code": 400}
    return Response.json(body, 400)


def too_many(limit: str, seconds: int) -> Response:
    """Return the 429 for a limit such as ``4/day``, to be tried again after so many seconds."""
    detail = f"The rate limit for this resource is {limit}. Please try again in {seconds} seconds"
    return problem(429, "Rate limit exceeded", detail)


def moment(value: datetime | None) -> str | None:
    """Return a date and time as the vendor writes it."""
    return value.isoformat().replace("+00:00", "Z") if value is not None else None


def valid_id(text: str) -> bool:
    """Tell whether a text has the shape of an id."""
    return _UUID.fullmatch(text) is not None


def fields(request: Request, known: Collection[str], needed: Collection[str]) -> Mapping[str, Any]:
    """Return the body's fields; raises Answer 400 for unknown and missing ones."""
    try:
        body = request.json()
    except Answer as answer:
        raise Answer(problem(400, "JSON parse error", "The body is not JSON.")) from answer
    if not isinstance(body, dict):
        raise Answer(problem(400, "Invalid data", "Expected a JSON object"))
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise Answer(problem(400, f"Unknown fields {', '.join(unknown)} in the payload"))
    request.record.arguments = {name: value for name, value in body.items() if name not in _SECRETS}
    for name in needed:
        if body.get(name) in (None, ""):
            detail = "This field is required."
            raise Answer(field_problem(name, detail, detail))
    return body


def known_query(request: Request, known: Collection[str]) -> dict[str, str]:
    """Return the query's parameters; raises Answer 400 for unknown ones."""
    unknown = sorted(set(request.query) - set(known))
    if unknown:
        raise Answer(problem(400, f"Unknown fields {', '.join(unknown)} in the query"))
    if request.query:
        request.record.arguments = dict(request.query)
    return request.query


def day_of(query: Mapping[str, str], name: str) -> date | None:
    """Return a date of the query; raises Answer 400 if it is none."""
    text = query.get(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Answer(
            field_problem(name, "Invalid date format", f"{text!r} is not a date: YYYY-MM-DD")
        ) from None


def listed(request: Request, records: list[dict[str, Any]], base: str) -> Response:
    """Return a page of records by ``limit`` and ``offset``, newest first, at ``base``."""
    query = known_query(request, ("limit", "offset"))
    limit, offset = (_number(query, name, default) for name, default in _PAGE_DEFAULTS)
    limit = min(limit, _PAGE_MAX)
    newest_first = records[::-1]

    def link(start: int) -> str | None:
        inside = 0 <= start < len(records) and limit > 0
        return f"{base}?limit={limit}&offset={start}" if inside else None

    return Response.json(
        {
            "count": len(records),
            "next": link(offset + limit),
            "previous": link(max(0, offset - limit)) if offset else None,
            "results": newest_first[offset : offset + limit],
        }
    )


_SECRETS = ("secret_id", "secret_key", "refresh", "ssn")
_PAGE_DEFAULTS = (("limit", 100), ("offset", 0))


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise Answer(field_problem(name, f"Invalid {name}", "A valid integer is required."))
    return int(text)
