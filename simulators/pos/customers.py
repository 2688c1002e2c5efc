"""The seller's customer directory, as far as sales need it."""

from typing import TYPE_CHECKING, Any

from .errors import Refusal, conflict, not_found

if TYPE_CHECKING:
    from .business import Business

__all__ = ["Customers"]

Record = dict[str, Any]
_NAMES = ("given_name", "family_name", "company_name", "email_address", "phone_number")


class Customers:
    """Customers by id. Square does not keep them unique: the same person may be there twice."""

    def __init__(self, business: "Business") -> None:
        self._business = business
        self.records: dict[str, Record] = {}

    def seed(self) -> None:
        """Take in the plan's customers."""
        for person in self._business.shop.customers:
            address = {
                "address_line_1": person.address1,
                "address_line_2": person.address2,
                "locality": person.city,
                "administrative_district_level_1": person.province_code,
                "postal_code": person.zip,
                "country": person.country_code,
            }
            self.create(
                {
                    "given_name": person.first_name,
                    "family_name": person.last_name,
                    "email_address": person.email,
                    **({"phone_number": person.phone} if person.phone else {}),
                    "address": {name: value for name, value in address.items() if value},
                }
            )

    def find(self, identity: str, field: str = "customer_id") -> Record:
        """Return a customer; raises Refusal."""
        found = self.records.get(identity)
        if found is None:
            raise not_found("Customer", identity, field)
        return found

    def by_email(self, email: str) -> Record | None:
        """Return the first customer of an address, letters in any case."""
        wanted = email.casefold()
        return next(
            (
                record
                for record in self.records.values()
                if str(record.get("email_address", "")).casefold() == wanted
            ),
            None,
        )

    def create(self, given: Record) -> Record:
        """Add a customer; raises Refusal when nothing tells who it is."""
        if not any(given.get(name) for name in _NAMES):
            detail = f"At least one of {', '.join(_NAMES)} is required."
            raise Refusal("BAD_REQUEST", detail)
        now = self._business.now()
        record: Record = {
            "id": self._business.identity(26),
            **given,
            "created_at": now,
            "updated_at": now,
            "preferences": {"email_unsubscribed": False},
            "creation_source": "THIRD_PARTY",
            "version": 0,
        }
        self.records[record["id"]] = record
        self._announce("customer.created", record)
        return record

    def update(self, identity: str, given: Record) -> Record:
        """Change a customer; raises Refusal for an old version."""
        record = self.find(identity)
        version = given.pop("version", None)
        if version is not None and version != record["version"]:
            raise conflict(f"The customer is at version {record['version']}.", "version")
        record.update(given, updated_at=self._business.now(), version=record["version"] + 1)
        self._announce("customer.updated", record)
        return record

    def _announce(self, kind: str, record: Record) -> None:
        data = {"type": "customer", "id": record["id"], "object": {"customer": dict(record)}}
        self._business.emit(kind, data, record["updated_at"])
