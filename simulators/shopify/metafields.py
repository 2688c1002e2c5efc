"""Metafields and their definitions: namespaced values that apps attach to any object.

Not modelled: validation against definitions, references, translations, permissions by app.
"""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from .errors import user_error
from .ids import gid, type_of

if TYPE_CHECKING:
    from .shop import Shop

__all__ = ["OWNER_TYPES", "Definition", "Metafield", "Metafields"]

OWNER_TYPES = {
    "Product": "PRODUCT", "ProductVariant": "PRODUCTVARIANT", "Customer": "CUSTOMER",
    "Order": "ORDER", "Collection": "COLLECTION", "Location": "LOCATION", "Shop": "SHOP",
    "DraftOrder": "DRAFTORDER", "Company": "COMPANY", "CompanyLocation": "COMPANY_LOCATION",
}  # fmt: skip
_TYPES = (
    "single_line_text_field", "multi_line_text_field", "number_integer", "number_decimal",
    "boolean", "json", "date", "date_time", "url", "id", "money", "weight", "color", "rating",
    "dimension", "volume",
)  # fmt: skip


class Metafield:
    """One value under a namespace and key."""

    graphql_type = "Metafield"

    def __init__(self, number: int, owner: str, namespace: str, key: str, now: datetime) -> None:
        self.number, self.id = number, gid("Metafield", number)
        self.legacy_resource_id = number
        self.owner_id, self.namespace, self.key = owner, namespace, key
        self.type, self.value = "single_line_text_field", ""
        self.created_at = self.updated_at = now

    @property
    def owner_type(self) -> str:
        """Whose metafield it is, as the enum says it."""
        return OWNER_TYPES.get(type_of(self.owner_id), "API_PERMISSION")

    @property
    def compare_digest(self) -> str:
        """A digest of the value."""
        return hashlib.sha256(self.value.encode()).hexdigest()

    @property
    def size_in_bytes(self) -> int:
        """The size of the value."""
        return len(self.value.encode())

    @property
    def json_value(self) -> Any:
        """The value as JSON."""
        if self.type in ("json", "number_integer", "boolean") or self.type.startswith("list."):
            try:
                return msgspec.json.decode(self.value)
            except msgspec.DecodeError:
                return self.value
        return self.value


class Definition:
    """What a metafield of a kind of owner is for."""

    graphql_type = "MetafieldDefinition"

    def __init__(self, number: int, given: dict[str, Any]) -> None:
        self.number, self.id = number, gid("MetafieldDefinition", number)
        self.namespace: str = given.get("namespace") or "$app"
        self.key: str = given["key"]
        self.name: str = given["name"]
        self.description: str | None = given.get("description")
        self.owner_type: str = given["ownerType"]
        self.unique = bool((given.get("capabilities") or {}).get("uniqueValues"))
        self.type = {"name": given["type"], "category": "TEXT"}


class Metafields:
    """Every metafield of the shop, by its owner's global id."""

    def __init__(self, shop: "Shop") -> None:
        self._shop = shop
        self._of: dict[str, dict[tuple[str, str], Metafield]] = {}
        self.definitions: list[Definition] = []

    def of(self, owner: str) -> list[Metafield]:
        """Return the metafields of an owner, oldest first."""
        return list(self._of.get(owner, {}).values())

    def get(self, owner: str, namespace: str | None, key: str) -> Metafield | None:
        """Return one metafield; a key may be ``namespace.key``."""
        if namespace is None and "." in key:
            namespace, _, key = key.partition(".")
        return self._of.get(owner, {}).get((namespace or "$app", key))

    def owner_of(self, kind: str, namespace: str, key: str, value: str) -> str | None:
        """Return the owner of a kind that has this value (a unique id of another system)."""
        for owner, fields in self._of.items():
            found = fields.get((namespace, key))
            if found is not None and found.value == value and type_of(owner) == kind:
                return owner
        return None

    def definition(self, owner_type: str, namespace: str | None, key: str) -> Definition | None:
        """Return the definition of a key."""
        for entry in self.definitions:
            if (entry.owner_type, entry.namespace, entry.key) == (
                owner_type, namespace or "$app", key,
            ):  # fmt: skip
                return entry
        return None

    def define(self, given: dict[str, Any]) -> tuple[Definition | None, list[dict[str, Any]]]:
        """Add a definition; returns it, or user errors."""
        if self.definition(given["ownerType"], given.get("namespace"), given["key"]):
            return None, [
                user_error(["definition", "key"], "Key is in use for Product metafields on the "
                           f"'{given.get('namespace') or '$app'}' namespace.", "TAKEN")
            ]  # fmt: skip
        if given["type"].removeprefix("list.") not in _TYPES and "reference" not in given["type"]:
            return None, [
                user_error(["definition", "type"], "Type name is not valid.", "INVALID_OPTION")
            ]
        found = Definition(self._shop.ids.next("MetafieldDefinition"), given)
        self.definitions.append(found)
        return found, []

    def write(self, owner: str, given: dict[str, Any]) -> Metafield:
        """Set a value: ``key``, ``namespace``, ``value``, ``type`` as inputs have them."""
        namespace, key = given.get("namespace") or "$app", given.get("key") or ""
        now = self._shop.now()
        fields = self._of.setdefault(owner, {})
        found = fields.get((namespace, key))
        if found is None:
            found = Metafield(self._shop.ids.next("Metafield"), owner, namespace, key, now)
            fields[namespace, key] = found
        if given.get("type"):
            found.type = given["type"]
        found.value = given.get("value") or ""
        found.updated_at = now
        return found

    def delete(self, owner: str, namespace: str | None, key: str) -> bool:
        """Remove a value; tells whether there was one."""
        return self._of.get(owner, {}).pop((namespace or "$app", key), None) is not None
