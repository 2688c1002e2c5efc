"""Refusals in Square's shape: ``{"errors": [{"category", "code", "detail", "field"}]}``."""

from typing import Any

from peakproof.simkit import Response

__all__ = ["Refusal", "conflict", "invalid", "missing", "not_found", "not_modelled"]

INVALID = "INVALID_REQUEST_ERROR"
NOT_MODELLED = "PEAKPROOF_NOT_MODELLED"


class Refusal(Exception):
    """A request that is refused. ``also`` is told besides the errors (a failed payment)."""

    def __init__(
        self,
        code: str,
        detail: str,
        field: str = "",
        status: int = 400,
        category: str = INVALID,
        also: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.field = code, detail, field
        self.status, self.category, self.also = status, category, also or {}

    def response(self) -> Response:
        """Return the answer that tells it."""
        error = {"category": self.category, "code": self.code, "detail": self.detail}
        if self.field:
            error["field"] = self.field
        return Response.json({"errors": [error], **self.also}, self.status)


def invalid(field: str, detail: str, code: str = "INVALID_VALUE") -> Refusal:
    """Return the refusal of a value."""
    return Refusal(code, detail, field)


def missing(field: str) -> Refusal:
    """Return the refusal of a request that lacks a field."""
    return Refusal("MISSING_REQUIRED_PARAMETER", f"Missing required parameter: {field}", field)


def not_found(kind: str, identity: str, field: str = "") -> Refusal:
    """Return the refusal of an id that nobody has."""
    return Refusal("NOT_FOUND", f"{kind} with id `{identity}` not found.", field, 404)


def conflict(detail: str, field: str = "") -> Refusal:
    """Return the refusal of a change that rests on an old version."""
    return Refusal("VERSION_MISMATCH", detail, field, 409)


def not_modelled(what: str) -> Refusal:
    """Return the refusal of something that Square may have and this has not."""
    text = (
        f"peakproof's point of sale does not model {what}. Square may well have it; "
        "no answer was made up."
    )
    return Refusal(NOT_MODELLED, text, what)
