"""The operations of payments: customers, payment methods, intents, charges, refunds, disputes."""

from collections.abc import Callable
from typing import Any

from .account import Account
from .api import Call, Operation
from .errors import Refused, missing
from .lists import LIST, in_time, page_of
from .records import Charge, CustomerRecord, Dispute, Intent, Method, Record, Refund
from .wire import render

__all__ = ["OPERATIONS", "listed", "merge", "retrieve", "show"]

METADATA_KEYS_MAX, METADATA_NAME_MAX, METADATA_VALUE_MAX = 50, 40, 500
_CUSTOMER = {
    "address": "map",
    "description": "text",
    "email": "text",
    "metadata": "map",
    "name": "text",
    "phone": "text",
    "shipping": "map",
}
_CUSTOMER_MORE = (
    "balance business_name cash_balance individual_name invoice_prefix invoice_settings "
    "next_invoice_sequence payment_method preferred_locales source tax tax_exempt tax_id_data "
    "test_clock validate default_source"
)
_INTENT_MORE = (
    "allowed_payment_method_types amount_details application_fee_amount confirmation_token "
    "customer_account error_on_requires_action excluded_payment_method_types hooks mandate "
    "mandate_data on_behalf_of payment_details payment_method_configuration payment_method_data "
    "payment_method_options radar_options setup_future_usage statement_descriptor transfer_data "
    "transfer_group amount_to_confirm final_capture"
)


def show(account: Account, record: Record) -> dict[str, Any]:
    """Return a record as it is written now."""
    return render(record, account.core.now())


def listed(
    account: Account,
    call: Call,
    kind: type[Any],
    path: str,
    matches: Callable[[Any], bool] = lambda _record: True,
) -> dict[str, Any]:
    """Return a page of a kind's records, newest first; ``created`` bounds are heeded."""
    created = call.given.get("created")
    records, more = page_of(
        account.core.all(kind),
        lambda record: in_time(record.created, created) and matches(record),
        call.given,
        kind.kind,
    )
    rows = [show(account, record) for record in records]
    return {"object": "list", "data": rows, "has_more": more, "url": f"/v1/{path}"}


def merge(metadata: dict[str, str], given: dict[str, Any] | None) -> dict[str, str]:
    """Return metadata with changes; an empty value removes its key, {} removes all."""
    if given is None:
        return metadata
    if not given:
        return {}
    for name, value in given.items():
        if not isinstance(value, str):
            raise Refused(f"Invalid string: metadata[{name}]", param=f"metadata[{name}]")
        if len(name) > METADATA_NAME_MAX or len(value) > METADATA_VALUE_MAX:
            raise Refused(
                f"Metadata keys can have up to {METADATA_NAME_MAX} characters and values up to "
                f"{METADATA_VALUE_MAX} characters; metadata[{name}] is longer.",
                param="metadata",
            )
    merged = {name: value for name, value in (metadata | given).items() if value != ""}
    if len(merged) > METADATA_KEYS_MAX:
        raise Refused(f"You can have up to {METADATA_KEYS_MAX} metadata keys.", param="metadata")
    return merged


def _customer_create(account: Account, call: Call) -> dict[str, Any]:
    details = dict(call.given)
    details.pop("expand", None)
    metadata = merge({}, details.pop("metadata", None))
    made = account.add_customer(details, metadata)
    account.core.emit("customer.created", made)
    return show(account, made)


def _customer_update(account: Account, call: Call) -> dict[str, Any]:
    found = account.core.get(CustomerRecord, call.id)
    changes = {name: value for name, value in call.given.items() if name != "expand"}
    found.metadata = merge(found.metadata, changes.pop("metadata", None))
    found.details |= changes
    account.core.emit("customer.updated", found, {})
    return show(account, found)


def _customer_delete(account: Account, call: Call) -> dict[str, Any]:
    found = account.core.get(CustomerRecord, call.id)
    account.core.emit("customer.deleted", found)
    found.deleted = True
    return show(account, found)


def _customer_list(account: Account, call: Call) -> dict[str, Any]:
    email = call.given.get("email")
    return listed(
        account, call, CustomerRecord, "customers",
        lambda entry: not entry.deleted and email in (None, entry.details.get("email")),
    )  # fmt: skip


def _automatic(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the intent's automatic payment methods; they are on unless told otherwise."""
    given = {"enabled": "true"} | (given or {})
    redirects = given.pop("allow_redirects", "always")
    enabled = given.pop("enabled")
    if given or redirects not in ("always", "never") or enabled not in ("true", "false"):
        raise Refused(
            "Invalid automatic_payment_methods: enabled is true or false, allow_redirects is "
            "always or never.",
            "parameter_unknown",
            "automatic_payment_methods",
        )
    return {"allow_redirects": redirects, "enabled": True} if enabled == "true" else None


def _intent_create(account: Account, call: Call) -> dict[str, Any]:
    given = call.given
    types = given.get("payment_method_types")
    automatic = given.get("automatic_payment_methods")
    if types is not None and types != ["card"]:
        raise Refused(
            f"The payment method types {types} are not activated; this account takes card only.",
            "payment_intent_invalid_parameter",
            "payment_method_types",
        )
    if types is not None and automatic and automatic.get("enabled") == "true":
        raise Refused(
            "You may only specify one of these parameters: automatic_payment_methods, "
            "payment_method_types.",
            param="payment_method_types",
        )
    if given.get("off_session") and not given.get("confirm"):
        raise Refused("off_session can only be used with confirm=true.", param="off_session")
    intent = account.payments.create(
        given["amount"],
        given["currency"].upper(),
        capture_method=given.get("capture_method") or "automatic_async",
        method=given.get("payment_method"),
        customer=given.get("customer"),
        automatic_methods=_automatic(automatic) if types is None else None,
        metadata=merge({}, given.get("metadata")),
        details={
            name: given.get(name)
            for name in ("description", "receipt_email", "shipping", "statement_descriptor_suffix")
        },
    )
    if given.get("confirm"):
        account.confirm(intent)
    return show(account, intent)


def _intent_update(account: Account, call: Call) -> dict[str, Any]:
    intent = account.core.get(Intent, call.id)
    changes = dict(call.given)
    metadata = merge(intent.metadata, changes.pop("metadata", None))
    if changes.get("currency"):
        changes["currency"] = changes["currency"].upper()
    account.payments.update(intent, changes)
    intent.metadata = metadata
    return show(account, intent)


def _intent_confirm(account: Account, call: Call) -> dict[str, Any]:
    intent = account.core.get(Intent, call.id)
    given = call.given
    done = account.confirm(intent, given.get("payment_method"), given.get("capture_method"))
    return show(account, done)


def _intent_capture(account: Account, call: Call) -> dict[str, Any]:
    intent = account.core.get(Intent, call.id)
    metadata = merge(intent.metadata, call.given.get("metadata"))
    account.payments.capture(intent, call.given.get("amount_to_capture"))
    intent.metadata = metadata
    return show(account, intent)


def _intent_cancel(account: Account, call: Call) -> dict[str, Any]:
    intent = account.core.get(Intent, call.id)
    return show(account, account.payments.cancel(intent, call.given.get("cancellation_reason")))


def _intent_list(account: Account, call: Call) -> dict[str, Any]:
    customer = call.given.get("customer")
    return listed(
        account, call, Intent, "payment_intents",
        lambda intent: customer in (None, intent.customer),
    )  # fmt: skip


def _charge_update(account: Account, call: Call) -> dict[str, Any]:
    charge = account.core.get(Charge, call.id)
    charge.metadata = merge(charge.metadata, call.given.get("metadata"))
    if "description" in call.given:
        charge.intent.details["description"] = call.given["description"]
    account.core.touch(charge)
    account.core.emit("charge.updated", charge, {})
    return show(account, charge)


def _charge_list(account: Account, call: Call) -> dict[str, Any]:
    customer, intent = call.given.get("customer"), call.given.get("payment_intent")
    return listed(
        account, call, Charge, "charges",
        lambda charge: customer in (None, charge.intent.customer)
        and intent in (None, charge.intent.id),
    )  # fmt: skip


def _refund_create(account: Account, call: Call) -> dict[str, Any]:
    given = call.given
    if given.get("charge"):
        charge = account.core.get(Charge, given["charge"], "charge", 400)
        if given.get("payment_intent") not in (None, charge.intent.id):
            raise Refused(
                "The charge and the payment intent do not belong together.", param="payment_intent"
            )
    elif given.get("payment_intent"):
        intent = account.core.get(Intent, given["payment_intent"], "payment_intent", 400)
        if intent.latest is None or intent.status != "succeeded":
            raise Refused(
                f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.",
                "payment_intent_unexpected_state",
                "payment_intent",
            )
        charge = intent.latest
    else:
        raise missing("charge")
    metadata = merge({}, given.get("metadata"))
    return show(
        account,
        account.refunds.create(charge, given.get("amount"), given.get("reason"), metadata),
    )


def _refund_update(account: Account, call: Call) -> dict[str, Any]:
    found = account.core.get(Refund, call.id)
    found.metadata = merge(found.metadata, call.given.get("metadata"))
    return show(account, found)


def _refund_list(account: Account, call: Call) -> dict[str, Any]:
    charge, intent = call.given.get("charge"), call.given.get("payment_intent")
    return listed(
        account, call, Refund, "refunds",
        lambda entry: charge in (None, entry.charge.id)
        and intent in (None, entry.charge.intent.id),
    )  # fmt: skip


def _dispute_update(account: Account, call: Call) -> dict[str, Any]:
    found = account.core.get(Dispute, call.id)
    if call.given.get("evidence") is not None or call.given.get("submit"):
        account.disputes.check_open(found)
    found.metadata = merge(found.metadata, call.given.get("metadata"))
    found.evidence |= call.given.get("evidence") or {}
    if call.given.get("submit", bool(call.given.get("evidence"))):
        account.disputes.submit(found)
    return show(account, found)


def _dispute_close(account: Account, call: Call) -> dict[str, Any]:
    return show(account, account.disputes.close(account.core.get(Dispute, call.id), won=False))


def _dispute_list(account: Account, call: Call) -> dict[str, Any]:
    charge, intent = call.given.get("charge"), call.given.get("payment_intent")
    return listed(
        account, call, Dispute, "disputes",
        lambda entry: charge in (None, entry.charge.id)
        and intent in (None, entry.charge.intent.id),
    )  # fmt: skip


def retrieve(kind: type[Any]) -> Callable[[Account, Call], dict[str, Any]]:
    """Return the operation that reads one record of a kind."""

    def run(account: Account, call: Call) -> dict[str, Any]:
        return show(account, account.core.get(kind, call.id))

    return run


_TIMED = LIST | {"created": "time"}
_OF_CHARGE = _TIMED | {"charge": "text", "payment_intent": "text"}
_CONFIRM = {"off_session": "bool", "payment_method": "text", "receipt_email": "text",
            "return_url": "text", "shipping": "map", "use_stripe_sdk": "bool"}  # fmt: skip
_CAPTURES = {"capture_method": "automatic|automatic_async|manual"}
_PI = "/v1/payment_intents"
_DISPUTED = {"evidence": "map", "metadata": "map", "submit": "bool"}

OPERATIONS: list[Operation] = [
    Operation("customers.create", "POST", "/v1/customers", _customer_create, _CUSTOMER,
              _CUSTOMER_MORE),
    Operation("customers.list", "GET", "/v1/customers", _customer_list,
              _TIMED | {"email": "text"}, "test_clock"),
    Operation("customers.retrieve", "GET", "/v1/customers/{id}", retrieve(CustomerRecord)),
    Operation("customers.update", "POST", "/v1/customers/{id}", _customer_update, _CUSTOMER,
              _CUSTOMER_MORE),
    Operation("customers.delete", "DELETE", "/v1/customers/{id}", _customer_delete),
    Operation("payment_methods.retrieve", "GET", "/v1/payment_methods/{id}", retrieve(Method)),
    Operation(
        "payment_intents.create", "POST", _PI, _intent_create,
        {"amount": "int!", "currency": "text!", "automatic_payment_methods": "map",
         "confirm": "bool", "confirmation_method": "automatic", "customer": "text",
         "description": "text", "metadata": "map", "payment_method_types": "texts",
         "statement_descriptor_suffix": "text", **_CAPTURES, **_CONFIRM},
        _INTENT_MORE),
    Operation("payment_intents.list", "GET", _PI, _intent_list, _TIMED | {"customer": "text"},
              "customer_account"),
    Operation("payment_intents.retrieve", "GET", _PI + "/{id}", retrieve(Intent),
              {"client_secret": "text"}),
    Operation(
        "payment_intents.update", "POST", _PI + "/{id}", _intent_update,
        {"amount": "int", "currency": "text", "customer": "text", "description": "text",
         "metadata": "map", "payment_method": "text", "receipt_email": "text", "shipping": "map",
         "statement_descriptor_suffix": "text"},
        _INTENT_MORE + " capture_method payment_method_types"),
    Operation("payment_intents.confirm", "POST", _PI + "/{id}/confirm", _intent_confirm,
              {**_CAPTURES, **_CONFIRM}, _INTENT_MORE),
    Operation("payment_intents.capture", "POST", _PI + "/{id}/capture", _intent_capture,
              {"amount_to_capture": "int", "metadata": "map"},
              _INTENT_MORE + " statement_descriptor_suffix"),
    Operation(
        "payment_intents.cancel", "POST", _PI + "/{id}/cancel", _intent_cancel,
        {"cancellation_reason": "abandoned|duplicate|fraudulent|requested_by_customer"}),
    Operation("charges.list", "GET", "/v1/charges", _charge_list,
              _TIMED | {"customer": "text", "payment_intent": "text"}, "transfer_group"),
    Operation("charges.retrieve", "GET", "/v1/charges/{id}", retrieve(Charge)),
    Operation("charges.update", "POST", "/v1/charges/{id}", _charge_update,
              {"description": "text", "metadata": "map"},
              "customer fraud_details receipt_email shipping transfer_group"),
    Operation(
        "refunds.create", "POST", "/v1/refunds", _refund_create,
        {"amount": "int", "charge": "text", "metadata": "map", "payment_intent": "text",
         "reason": "duplicate|fraudulent|requested_by_customer"},
        "currency customer instructions_email origin refund_application_fee reverse_transfer"),
    Operation("refunds.list", "GET", "/v1/refunds", _refund_list, _OF_CHARGE),
    Operation("refunds.retrieve", "GET", "/v1/refunds/{id}", retrieve(Refund)),
    Operation("refunds.update", "POST", "/v1/refunds/{id}", _refund_update, {"metadata": "map"}),
    Operation("disputes.list", "GET", "/v1/disputes", _dispute_list, _OF_CHARGE),
    Operation("disputes.retrieve", "GET", "/v1/disputes/{id}", retrieve(Dispute)),
    Operation("disputes.update", "POST", "/v1/disputes/{id}", _dispute_update, _DISPUTED,
              "intended_submission_method"),
    Operation("disputes.close", "POST", "/v1/disputes/{id}/close", _dispute_close),
]  # fmt: skip
