"""What goes wrong in a call, in Shopify's shapes.

User errors are data (``userErrors`` of a payload); ApiError becomes an entry of ``errors``
and makes its field null; NotModelled says that peakproof, not Shopify, lacks something;
Refused(code, message) is an act of the control API that definitely did not happen.

Not modelled: Shopify's own wording of rare validation errors (graphql-core's is used).
"""

from typing import TYPE_CHECKING, Any

from peakproof.simkit import SimulatorRefused as Refused

if TYPE_CHECKING:
    from .context import Context

__all__ = ["ApiError", "NotModelled", "Refused", "access_denied", "not_modelled", "user_error"]


class ApiError(Exception):
    """A GraphQL error. ``code`` goes into ``extensions.code``; ``extensions`` adds to it."""

    def __init__(self, message: str, code: str = "", **extensions: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extensions: dict[str, Any] = {"code": code} if code else {}
        self.extensions |= extensions


class NotModelled(ApiError):
    """Shopify has it, peakproof's simulator has not."""

    def __init__(self, what: str, version: str) -> None:
        super().__init__(
            f"peakproof's Shopify simulator does not model {what} ({version}). Shopify has it; "
            "no answer was made up. See docs/shopify_operations.md.",
            "PEAKPROOF_NOT_MODELLED",
            what=what,
        )


def not_modelled(what: str, context: "Context") -> NotModelled:
    """Return the error to raise for something that Shopify has and this simulator has not."""
    return NotModelled(what, context.version)


def access_denied(field: str, scopes: list[str]) -> ApiError:
    """Return the error for a field whose scopes the token lacks."""
    wanted = " or ".join(f"`{scope}`" for scope in scopes)
    return ApiError(
        f"Access denied for {field} field. Required access: {wanted} access scope.",
        "ACCESS_DENIED",
        documentation="https://shopify.dev/api/usage/access-scopes",
        requiredAccess=f"{wanted} access scope.",
    )


def user_error(field: list[str] | None, message: str, code: str | None = None) -> dict[str, Any]:
    """Return an entry of a payload's ``userErrors``; types without a code ignore it."""
    return {"field": field, "message": message, "code": code}
