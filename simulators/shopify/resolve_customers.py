"""Answers about customers and their addresses.

Not modelled: merging, accounts and invitations, SMS marketing, store credit, segments.
"""

import re
from typing import Any

from .connection import connection, filtered, search_connection
from .context import Context
from .customers import Address, Customer
from .errors import user_error
from .ids import number_of
from .registry import Arguments, Resolvers

__all__ = ["RESOLVERS", "address_fields"]

RESOLVERS = Resolvers()
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[\d\s().-]{6,20}")
_FILTERS = {
    "id": lambda entry: entry.number,
    "email": lambda entry: entry.email,
    "phone": lambda entry: entry.phone,
    "first_name": lambda entry: entry.first_name,
    "last_name": lambda entry: entry.last_name,
    "tag": lambda entry: entry.tags,
    "state": lambda entry: entry.state,
    "country": lambda entry: entry.default_address and entry.default_address.country,
    "orders_count": lambda entry: entry.number_of_orders,
    "total_spent": lambda entry: entry.spent,
    "created_at": lambda entry: entry.created_at,
    "customer_date": lambda entry: entry.created_at,
    "updated_at": lambda entry: entry.updated_at,
    "default": lambda entry: f"{entry.display_name} {entry.email} {entry.phone}",
}
_SORTS = {
    "ID": None,
    "RELEVANCE": None,
    "CREATED_AT": lambda entry: entry.created_at,
    "UPDATED_AT": lambda entry: entry.updated_at,
    "NAME": lambda entry: f"{entry.last_name}, {entry.first_name}",
    "LOCATION": lambda entry: entry.default_address and entry.default_address.country,
}


def _find(context: Context, identity: str) -> Customer | None:
    return context.shop.customers.by_number.get(number_of(identity, "Customer"))


@RESOLVERS.query("customer")
def customer(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.customer."""
    return _find(context, arguments["id"])


@RESOLVERS.query("customers")
def customers(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.customers."""
    return search_connection(context.shop.customers.all, arguments, context, _FILTERS, _SORTS)


@RESOLVERS.query("customersCount")
def customers_count(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer QueryRoot.customersCount."""
    found = filtered(context.shop.customers.all, arguments, context, _FILTERS)
    return {"count": len(found), "precision": "EXACT"}


@RESOLVERS.query("customerByIdentifier")
def customer_by(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.customerByIdentifier."""
    wanted, store = arguments["identifier"], context.shop.customers
    if wanted.get("id"):
        return _find(context, wanted["id"])
    if wanted.get("emailAddress"):
        return store.by_email(wanted["emailAddress"])
    return store.by_phone(wanted.get("phoneNumber") or "")


@RESOLVERS.field("Customer", "addresses")
def addresses(entry: Customer, arguments: Arguments, _context: Context) -> Any:
    """Answer Customer.addresses."""
    return entry.addresses[: arguments.get("first") or 250]


@RESOLVERS.field("Customer", "addressesV2")
def addresses_v2(entry: Customer, arguments: Arguments, context: Context) -> Any:
    """Answer Customer.addressesV2."""
    return connection(entry.addresses, arguments, context)


@RESOLVERS.field("Customer", "emailMarketingConsent")
def consent(entry: Customer, _arguments: Arguments, _context: Context) -> Any:
    """Answer Customer.emailMarketingConsent."""
    if not entry.email:
        return None
    return {"marketingState": entry.marketing_state, "marketingOptInLevel": entry.marketing_level,
            "consentUpdatedAt": entry.marketing_at}  # fmt: skip


@RESOLVERS.field("Customer", "smsMarketingConsent")
def sms_consent(_entry: Customer, _arguments: Arguments, _context: Context) -> Any:
    """Answer Customer.smsMarketingConsent: nobody consented."""
    return None


@RESOLVERS.field("Customer", "defaultEmailAddress")
def default_email(entry: Customer, _arguments: Arguments, _context: Context) -> Any:
    """Answer Customer.defaultEmailAddress."""
    if not entry.email:
        return None
    return {"emailAddress": entry.email, "marketingState": entry.marketing_state,
            "marketingOptInLevel": entry.marketing_level,
            "marketingUpdatedAt": entry.marketing_at, "validFormat": True}  # fmt: skip


@RESOLVERS.field("Customer", "defaultPhoneNumber")
def default_phone(entry: Customer, _arguments: Arguments, _context: Context) -> Any:
    """Answer Customer.defaultPhoneNumber."""
    if not entry.phone:
        return None
    return {"phoneNumber": entry.phone, "marketingState": "NOT_SUBSCRIBED",
            "marketingOptInLevel": None, "marketingUpdatedAt": None}  # fmt: skip


@RESOLVERS.field("Customer", "validEmailAddress")
def valid_email(entry: Customer, _arguments: Arguments, _context: Context) -> bool:
    """Answer Customer.validEmailAddress."""
    return bool(entry.email and _EMAIL.fullmatch(entry.email))


@RESOLVERS.field("Customer", "companyContactProfiles")
def company_contacts(_entry: Customer, _arguments: Arguments, _context: Context) -> list[Any]:
    """Answer Customer.companyContactProfiles: the shop has no companies."""
    return []


def address_fields(given: dict[str, Any]) -> dict[str, Any]:
    """Return a MailingAddressInput in snake case."""
    names = {"firstName": "first_name", "lastName": "last_name", "provinceCode": "province_code",
             "countryCode": "country_code"}  # fmt: skip
    return {names.get(name, name): value for name, value in given.items() if name != "id"}


def _problems(given: dict[str, Any], context: Context, entry: Customer | None) -> list[Any]:
    errors = []
    store = context.shop.customers
    email, phone = given.get("email"), given.get("phone")
    if email:
        owner = store.by_email(email)
        if not _EMAIL.fullmatch(email):
            errors.append(user_error(["email"], "Email is invalid"))
        elif owner is not None and owner is not entry:
            errors.append(user_error(["email"], "Email has already been taken"))
    if phone:
        owner = store.by_phone(phone)
        if not _PHONE.fullmatch(phone):
            errors.append(user_error(["phone"], "Phone is invalid"))
        elif owner is not None and owner is not entry:
            errors.append(user_error(["phone"], "Phone has already been taken"))
    return errors


def _take(entry: Customer, given: dict[str, Any], context: Context) -> None:
    shop = context.shop
    for name, attribute in (("firstName", "first_name"), ("lastName", "last_name"),
                            ("phone", "phone"), ("note", "note")):  # fmt: skip
        if name in given:
            setattr(entry, attribute, given[name] or None)
    if "email" in given:
        shop.customers.set_email(entry, given["email"])
    if given.get("locale"):
        entry.locale = given["locale"]
    if "tags" in given:
        entry.tags = sorted(given["tags"] or [], key=str.lower)
    if "taxExempt" in given:
        entry.tax_exempt = bool(given["taxExempt"])
    if given.get("emailMarketingConsent"):
        _take_consent(entry, given["emailMarketingConsent"], context)
    if given.get("addresses") is not None:
        entry.addresses, entry.default_address = [], None
        for address in given["addresses"]:
            shop.customers.add_address(entry, address_fields(address))
    for metafield in given.get("metafields") or ():
        shop.metafields.write(entry.id, metafield)
    entry.updated_at = shop.now()


def _take_consent(entry: Customer, given: dict[str, Any], context: Context) -> None:
    entry.marketing_state = given["marketingState"]
    entry.marketing_level = given.get("marketingOptInLevel") or entry.marketing_level
    entry.marketing_at = given.get("consentUpdatedAt") or context.shop.now()


@RESOLVERS.mutation("customerCreate")
def customer_create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.customerCreate."""
    given, store = arguments["input"], context.shop.customers
    errors = _problems(given, context, None)
    if not any(given.get(name) for name in ("email", "phone", "firstName", "lastName")):
        text = "A name, phone number, or email address must be present"
        errors.append(user_error(None, text))
    if errors:
        return {"customer": None, "userErrors": errors}
    entry = store.add()
    _take(entry, given, context)
    store.announce(entry, "create")
    return {"customer": entry, "userErrors": []}


@RESOLVERS.mutation("customerUpdate")
def customer_update(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.customerUpdate."""
    given, store = arguments["input"], context.shop.customers
    entry = _find(context, given.get("id") or "") if given.get("id") else None
    if entry is None:
        text = "Customer does not exist"
        return {"customer": None, "userErrors": [user_error(["id"], text)]}
    errors = _problems(given, context, entry)
    if errors:
        return {"customer": None, "userErrors": errors}
    _take(entry, given, context)
    store.announce(entry, "update")
    return {"customer": entry, "userErrors": []}


@RESOLVERS.mutation("customerDelete")
def customer_delete(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.customerDelete."""
    entry = _find(context, arguments["input"]["id"])
    shop = {"__typename": "Shop", "id": context.shop.id, "name": context.shop.plan.name}
    answer: dict[str, Any] = {"shop": shop, "deletedCustomerId": None, "userErrors": []}
    if entry is None:
        answer["userErrors"] = [user_error(["id"], "Customer can't be found")]
    elif not entry.can_delete:
        text = "Customer can't be deleted because they have associated orders"
        answer["userErrors"] = [user_error(["id"], text)]
    else:
        context.shop.customers.remove(entry)
        answer["deletedCustomerId"] = entry.id
    return answer


def _address_of(entry: Customer | None, identity: str) -> Address | None:
    number = number_of(identity, "MailingAddress")
    return next((a for a in entry.addresses if a.number == number), None) if entry else None


def _no_address(name: str) -> dict[str, Any]:
    return {"address": None, "customer": None, "deletedAddressId": None,
            "userErrors": [user_error([name], "Resource does not exist")]}  # fmt: skip


@RESOLVERS.mutation("customerAddressCreate")
def address_create(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.customerAddressCreate."""
    entry, store = _find(context, arguments["customerId"]), context.shop.customers
    if entry is None:
        return _no_address("customerId")
    address = store.add_address(entry, address_fields(arguments["address"]))
    if arguments.get("setAsDefault"):
        entry.default_address = address
    entry.updated_at = context.shop.now()
    store.announce(entry, "update")
    return {"address": address, "userErrors": []}


@RESOLVERS.mutation("customerAddressUpdate")
def address_update(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.customerAddressUpdate."""
    entry, store = _find(context, arguments["customerId"]), context.shop.customers
    address = _address_of(entry, arguments["addressId"])
    if entry is None or address is None:
        return _no_address("addressId")
    address.take(address_fields(arguments["address"]))
    if arguments.get("setAsDefault"):
        entry.default_address = address
    entry.updated_at = context.shop.now()
    store.announce(entry, "update")
    return {"address": address, "userErrors": []}


@RESOLVERS.mutation("customerAddressDelete")
def address_delete(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.customerAddressDelete."""
    entry, store = _find(context, arguments["customerId"]), context.shop.customers
    address = _address_of(entry, arguments["addressId"])
    if entry is None or address is None:
        return _no_address("addressId")
    entry.addresses.remove(address)
    if entry.default_address is address:
        entry.default_address = entry.addresses[0] if entry.addresses else None
    entry.updated_at = context.shop.now()
    store.announce(entry, "update")
    return {"deletedAddressId": address.id, "userErrors": []}


@RESOLVERS.mutation("customerUpdateDefaultAddress")
def default_address(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.customerUpdateDefaultAddress."""
    entry, store = _find(context, arguments["customerId"]), context.shop.customers
    address = _address_of(entry, arguments["addressId"])
    if entry is None or address is None:
        return _no_address("addressId")
    entry.default_address, entry.updated_at = address, context.shop.now()
    store.announce(entry, "update")
    return {"customer": entry, "userErrors": []}


RESOLVERS.node("Customer", lambda shop, number: shop.customers.by_number.get(number))
