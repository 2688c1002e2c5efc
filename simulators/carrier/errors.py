"""Refusals in EasyPost's words: ``{"error": {"code", "message", "errors"}}`` with a status.

Codes are from EasyPost's published list; where its documents do not say which code belongs to
a case, the choice is ours and the docstring says so.
"""

from typing import Any

from peakproof.simkit import Response

__all__ = [
    "Refusal",
    "field_error",
    "invalid_shipment",
    "missing",
    "not_found",
    "not_modelled",
    "rate_limited",
    "unauthorized",
]


class Refusal(Exception):
    """The API refuses a request. ``errors`` are the field errors."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        errors: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors or []

    def response(self) -> Response:
        """Return the answer on the wire."""
        body = {"code": self.code, "message": self.message, "errors": self.errors}
        return Response.json({"error": body}, self.status)


def field_error(field: str, message: str) -> dict[str, Any]:
    """Return one entry of ``errors``."""
    return {"field": field, "message": message}


def missing(field: str) -> Refusal:
    """Return the refusal of a request that lacks a required parameter."""
    return Refusal(
        422,
        "PARAMETER.REQUIRED",
        "Missing required parameter.",
        [field_error(field, "cannot be blank")],
    )


def not_found() -> Refusal:
    """Return the refusal of an id that nothing has."""
    return Refusal(404, "NOT_FOUND", "The requested resource could not be found.")


def unauthorized() -> Refusal:
    """Return the refusal of a missing or wrong key (its message is not published)."""
    return Refusal(401, "UNAUTHORIZED", "The API key is missing or not valid.")


def rate_limited() -> Refusal:
    """Return the refusal of a caller over the limit (its message is not published)."""
    return Refusal(429, "RATE_LIMITED", "Too Many Requests")


def invalid_shipment(errors: list[dict[str, Any]]) -> Refusal:
    """Return the refusal of a shipment with wrong parameters."""
    return Refusal(
        422,
        "SHIPMENT.INVALID_PARAMS",
        "Unable to create shipment, one or more parameters were invalid.",
        errors,
    )


def not_modelled(field: str, why: str = "would change the result") -> Refusal:
    """Return the refusal of a parameter that EasyPost has and this simulator has not."""
    text = f"{field} {why}; peakproof's carrier simulator does not model it."
    return Refusal(422, "PARAMETER.FORBIDDEN", text, [field_error(field, text)])
