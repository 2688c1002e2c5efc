"""Turns what the model refuses into Shopify's user errors.

Models the texts of Admin API 2026-10 where they are known; other refusals keep the model's
words, with the code that the payload's error type has for them.

Not modelled: translations of messages.
"""

from collections.abc import Mapping
from typing import Any

from .errors import Refused, user_error

__all__ = ["missing", "refusal"]

TEXTS = {
    "already_cancelled": "Order has already been cancelled",
    "over_refund": "Refund amount cannot be greater than the amount that can be refunded",
    "sold_out": "Not enough inventory available",
    "already_paid": "Order cannot be marked as paid.",
}
CODES = {"unknown_order": "NOT_FOUND", "unknown_line": "NOT_FOUND"}


def refusal(
    error: Refused,
    field: list[str] | None = None,
    *,
    payload: Mapping[str, Any] | None = None,
    errors: str = "userErrors",
    code: str = "INVALID",
) -> dict[str, Any]:
    """Return a payload that carries a refusal as its only user error."""
    text, words = TEXTS.get(error.code), str(error).partition(": ")[2]
    message = f"{text}: {words}" if text else words
    entry = user_error(field, message, CODES.get(error.code, code))
    return {**(payload or {}), errors: [entry]}


def missing(
    kind: str,
    field: list[str] | None = None,
    *,
    payload: Mapping[str, Any] | None = None,
    errors: str = "userErrors",
    code: str = "NOT_FOUND",
) -> dict[str, Any]:
    """Return a payload that says that something does not exist."""
    entry = user_error(field, f"{kind} does not exist", code)
    return {**(payload or {}), errors: [entry]}
