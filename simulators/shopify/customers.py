"""The people who buy, with their addresses.

Not modelled: accounts and their states, merging, marketing by SMS, payment methods, segments.
"""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import payloads
from .countries import country_name, province_name
from .ids import gid
from .money import Money

if TYPE_CHECKING:
    from .shop import Shop

__all__ = ["ADDRESS_FIELDS", "Address", "Customer", "Customers"]

ADDRESS_FIELDS = (
    "first_name", "last_name", "company", "address1", "address2", "city", "province",
    "province_code", "zip", "country", "country_code", "phone",
)  # fmt: skip


class Address:
    """A postal address; resolves ``MailingAddress``."""

    graphql_type = "MailingAddress"
    coordinates_validated = False
    latitude = longitude = time_zone = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    province_code: str | None = None
    zip: str | None = None
    country: str | None = None
    country_code: str | None = None
    phone: str | None = None

    def __init__(self, shop: "Shop", given: dict[str, Any]) -> None:
        self.number = shop.ids.next("MailingAddress")
        self.take(given)

    def take(self, given: dict[str, Any]) -> None:
        """Take what is given, by names in snake case; empty texts are nothing."""
        for name in ADDRESS_FIELDS:
            if name in given:
                setattr(self, name, given[name] or None)
        if self.country_code:
            self.country = country_name(self.country_code)
            if self.province_code:
                self.province = province_name(self.country_code, self.province_code)

    @property
    def id(self) -> str:
        """The global id, marked with the model as Shopify does."""
        return f"{gid('MailingAddress', self.number)}?model_name=CustomerAddress"

    @property
    def country_code_v2(self) -> str | None:
        """The country's code."""
        return self.country_code

    @property
    def name(self) -> str | None:
        """First and last name."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or None

    @property
    def formatted_area(self) -> str | None:
        """City, province and country in one line."""
        parts = [self.city, self.province_code, self.country]
        return ", ".join(part for part in parts if part) or None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields in snake case."""
        return {name: getattr(self, name) for name in ADDRESS_FIELDS}


class Customer:
    """A person; resolves ``Customer``."""

    graphql_type = "Customer"
    state = "DISABLED"
    verified_email = True
    multipass_identifier: str | None = None
    data_sale_opt_out = False

    def __init__(self, shop: "Shop") -> None:
        self.shop = shop
        self.number = self.legacy_resource_id = shop.ids.next("Customer")
        self.id = gid("Customer", self.number)
        self.email: str | None = None
        self.first_name: str | None = None
        self.last_name: str | None = None
        self.phone: str | None = None
        self.note: str | None = None
        self.locale = "en"
        self.tags: list[str] = []
        self.tax_exempt = False
        self.tax_exemptions: list[str] = []
        self.addresses: list[Address] = []
        self.default_address: Address | None = None
        self.marketing_state = "NOT_SUBSCRIBED"
        self.marketing_level: str | None = "SINGLE_OPT_IN"
        self.marketing_at: datetime | None = None
        self.number_of_orders = 0
        self.spent = Decimal(0)
        self.created_at = self.updated_at = shop.now()

    @property
    def display_name(self) -> str:
        """The name, or the email, or the phone number."""
        name = " ".join(part for part in (self.first_name, self.last_name) if part)
        return name or self.email or self.phone or ""

    @property
    def amount_spent(self) -> Money:
        """What the orders came to."""
        return Money(self.spent, self.shop.currency)

    @property
    def can_delete(self) -> bool:
        """Whether nothing depends on this record."""
        return self.number_of_orders == 0

    @property
    def lifetime_duration(self) -> str:
        """How long this has been a customer, in words."""
        days = (self.shop.now() - self.created_at).days
        return f"{days} days" if days else "less than a minute"


class Customers:
    """Every customer of the shop, in order of their numbers."""

    def __init__(self, shop: "Shop") -> None:
        self._shop = shop
        self.all: list[Customer] = []
        self.by_number: dict[int, Customer] = {}
        self._emails: dict[str, Customer] = {}

    def by_email(self, email: str) -> Customer | None:
        """Return the customer with that email, in any case of letters."""
        wanted = email.lower()
        found = self._emails.get(wanted)
        return found if found is not None and (found.email or "").lower() == wanted else None

    def by_phone(self, phone: str) -> Customer | None:
        """Return the customer with that phone number."""
        return next((entry for entry in self.all if entry.phone == phone), None)

    def add(self) -> Customer:
        """Add an empty record."""
        customer = Customer(self._shop)
        self.all.append(customer)
        self.by_number[customer.number] = customer
        return customer

    def set_email(self, customer: Customer, email: str | None) -> None:
        """Give a customer an email address."""
        customer.email = email or None
        if email:
            self._emails[email.lower()] = customer

    def remove(self, customer: Customer) -> None:
        """Delete a customer."""
        self.all.remove(customer)
        del self.by_number[customer.number]
        self._emails = {
            email: found for email, found in self._emails.items() if found is not customer
        }
        self._shop.emit(
            "customers/delete",
            customer.id,
            lambda: {"id": customer.number, "admin_graphql_api_id": customer.id},
        )

    def address_from(self, given: dict[str, Any]) -> Address:
        """Return an address of a dict in snake case (extra names are let be)."""
        return Address(self._shop, given)

    def add_address(self, customer: Customer, given: dict[str, Any]) -> Address:
        """Add an address; the first one is the default."""
        address = Address(self._shop, given)
        customer.addresses.append(address)
        if customer.default_address is None:
            customer.default_address = address
        return address

    def find_or_create(self, given: dict[str, Any], announce: bool = True) -> Customer:
        """Return the customer with that email, made of plan.Customer's fields if need be."""
        email = given.get("email") or ""
        found = self.by_email(email) if email else None
        if found is not None:
            return found
        customer = self.add()
        self.set_email(customer, email)
        customer.first_name = given.get("first_name") or None
        customer.last_name = given.get("last_name") or None
        customer.phone = given.get("phone") or None
        if given.get("address1") or given.get("city") or given.get("zip"):
            self.add_address(customer, given)
        if announce:
            self.announce(customer, "create")
        return customer

    def touch_order(self, customer: Customer, total: Decimal, orders: int = 1) -> None:
        """Count an order, or what a refund takes back (``orders`` 0 and a negative total)."""
        customer.number_of_orders += orders
        customer.spent += total
        customer.updated_at = self._shop.now()
        self.announce(customer, "update")

    def announce(self, customer: Customer, what: str) -> None:
        """Tell subscribers that a customer was created or updated."""
        shop, topic = self._shop, f"customers/{what}"
        if shop.subscriptions.wanted(topic):
            shop.emit(
                topic,
                customer.id,
                lambda: payloads.customer(shop, customer),
                customer.updated_at,
            )
