"""How Ponto writes: errors of JSON:API, dates, paging parameters.

Not published, chosen by us: most codes of errors besides ``resourceNotFound``.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from peakproof.simkit import Answer, Request, Response

__all__ = ["body_of", "error", "fields", "moment", "paging", "refused"]

LIMIT_DEFAULT, LIMIT_MAX = 10, 100


def error(request: Request, status: int, code: str, **meta: str) -> Response:
    """Return an error with the vendor's standard text."""
    detail = {"resourceNotFound": "The requested resource was not found."}.get(code, code)
    return refused(request, status, code, detail, **meta)


def refused(request: Request, status: int, code: str, detail: str, **meta: str) -> Response:
    """Return an error."""
    request.record.error_codes = [code]
    body = {"code": code, "detail": detail, "meta": {"requestId": request.id, **meta}}
    return Response.json({"errors": [body]}, status)


def body_of(request: Request) -> Any:
    """Return the decoded body; raises Answer 400 if it is no JSON."""
    try:
        return request.json()
    except Answer as answer:
        detail = "The body is not JSON."
        raise Answer(refused(request, 400, "invalidRequestBody", detail)) from answer


def moment(value: datetime | date) -> str:
    """Return a date (at midnight UTC) or a date and time as the vendor writes it."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"


def fields(
    request: Request,
    given: Mapping[str, Any],
    known: Collection[str],
    needed: Collection[str],
) -> None:
    """Raise Answer 400 for unknown and missing attributes."""
    for name in sorted(set(given) - set(known)):
        text = f"The attribute {name} is not known."
        raise Answer(refused(request, 400, "unknownAttribute", text, attribute=name))
    for name in needed:
        if not given.get(name):
            text = f"The attribute {name} is required."
            raise Answer(refused(request, 400, "missingAttribute", text, attribute=name))


def paging(request: Request) -> tuple[int, str, str]:
    """Return (limit, after, before); raises Answer 400 for what makes no sense.

    Both spellings are taken: ``limit`` and ``page[limit]``.
    """
    given = {name.removeprefix("page[").rstrip("]"): text for name, text in request.query.items()}
    for name in sorted(set(given) - {"limit", "after", "before"}):
        text = f"The query parameter {name} is not known."
        raise Answer(refused(request, 400, "unknownQueryParameter", text, parameter=name))
    text = given.get("limit", str(LIMIT_DEFAULT))
    if not text.isdecimal() or not 1 <= int(text) <= LIMIT_MAX:
        detail = f"limit must be a number from 1 to {LIMIT_MAX}."
        raise Answer(refused(request, 400, "invalidPagingLimit", detail))
    after, before = given.get("after", ""), given.get("before", "")
    if after and before:
        detail = "Give after or before, not both."
        raise Answer(refused(request, 400, "invalidPagingCursor", detail))
    return int(text), after, before
