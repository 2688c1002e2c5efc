"""What the gateway refuses, in the shape in which Stripe says no.

Types and codes are Stripe's (docs.stripe.com/api/errors, /error-codes); messages are close to
what its API says, not a contract. A parameter that Stripe has and this simulator has not is
refused too, in peakproof's name, so that no answer pretends to have heeded it.
"""

from typing import Any

__all__ = ["Refused", "missing", "no_such", "not_modelled"]

_NOUNS = {
    "PaymentMethod": "PaymentMethod",
    "balance_transaction": "balance transaction",
    "webhook_endpoint": "webhook endpoint",
}


class Refused(Exception):
    """A request or an act that was refused; nothing changed unless ``began`` says so.

    ``began`` is whether the work had begun: only then does an idempotency key remember it.
    ``extra`` are further fields of the error object (charge, decline_code, payment_intent ...).
    """

    def __init__(
        self,
        message: str,
        code: str = "",
        param: str = "",
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        began: bool = False,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.param = message, code, param
        self.status, self.kind, self.began = status, kind, began
        self.extra = extra or {}

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the body of the answer."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind}
        if self.code:
            error["code"] = self.code
            page = self.code.replace("_", "-")
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{page}"
        if self.param:
            error["param"] = self.param
        if request_id:
            error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": error | self.extra}


def missing(param: str) -> Refused:
    """Return the refusal of a call without a parameter that it needs."""
    return Refused(f"Missing required param: {param}.", "parameter_missing", param)


def no_such(kind: str, identity: str, param: str = "id", status: int = 404) -> Refused:
    """Return the refusal of an id that nothing has."""
    noun = _NOUNS.get(kind, kind)
    if param == "id" and kind == "payment_intent":
        param = "intent"
    return Refused(f"No such {noun}: '{identity}'", "resource_missing", param, status=status)


def not_modelled(what: str, param: str = "") -> Refused:
    """Return the refusal of something that Stripe can and this simulator cannot."""
    return Refused(
        f"peakproof's gateway simulator does not model {what}. Stripe may well do; no answer "
        "was made up.",
        "peakproof_not_modelled",
        param,
    )
