"""Our part of the Admin API's schema, assembled for one version, and checks against it.

``schema/*.graphql`` hold all versions at once; ``@only(versions: ...)`` says where something
exists. What a document asks for and we have not is told apart from what Shopify has not.

Not modelled: Shopify's own limits on aliases, depth and document size.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    StringValueNode,
    Visitor,
    build_ast_schema,
    parse,
    validate,
    visit,
)
from graphql.language import REMOVE

from .errors import NotModelled
from .published import Published, load_index
from .scalars import install

__all__ = ["access_scopes", "check", "load_schema", "translate"]

FOLDER = Path(__file__).parent / "schema"
_HEAD = """
directive @idempotent(key: String!) on FIELD
directive @only(versions: String!) on OBJECT | INTERFACE | UNION | ENUM | ENUM_VALUE
  | INPUT_OBJECT | INPUT_FIELD_DEFINITION | FIELD_DEFINITION | ARGUMENT_DEFINITION | SCALAR
schema { query: QueryRoot mutation: Mutation }
"""


class _Pick(Visitor):
    """Removes what does not exist in a version, and the marks."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self.version = version

    def enter(self, node: Node, *_rest: Any) -> Any:
        for directive in getattr(node, "directives", None) or ():
            if directive.name.value == "only":
                value = directive.arguments[0].value
                assert isinstance(value, StringValueNode)
                if self.version not in value.value.split():
                    return REMOVE
        return None


@cache
def _everything() -> DocumentNode:
    parts = [path.read_text() for path in sorted(FOLDER.glob("*.graphql"))]
    return parse(_HEAD + "\n".join(parts), no_location=True)


@cache
def load_schema(version: str) -> GraphQLSchema:
    """Return the schema of a stable version."""
    picked = visit(_everything(), _Pick(version))
    schema = build_ast_schema(picked, assume_valid=True, assume_valid_sdl=True)
    install(schema)
    return schema


@cache
def access_scopes() -> dict[str, list[str]]:
    """Return by type or ``Type.field`` the scopes of which one must be granted.

    Where a name is published without its verb, a mutation writes and anything else reads.
    """
    found: dict[str, list[str]] = json.loads((FOLDER / "access.json").read_text())
    return {
        key: [
            name
            if name.startswith(("read_", "write_"))
            else f"{'write' if key.startswith('Mutation.') else 'read'}_{name}"
            for name in names
        ]
        for key, names in found.items()
    }


def check(document: DocumentNode, version: str) -> list[dict[str, Any]]:
    """Validate a document; return its errors as Shopify writes them, or an empty list."""
    errors = validate(load_schema(version), document, max_errors=20)
    return [translate(error, version) for error in errors]


def translate(error: GraphQLError, version: str) -> dict[str, Any]:
    """Write an error of validation or of variables; say so if it is we who lack something."""
    index = load_index(version)
    message, extensions = error.message, dict(error.extensions or {})
    for pattern, handle in _TRANSLATIONS:
        found = pattern.search(message)
        if found:
            missing, text, more = handle(index, *found.groups())
            if missing:
                lacking = NotModelled(missing, version)
                message, extensions = lacking.message, lacking.extensions
            else:
                message, extensions = text or message, more
            break
    entry: dict[str, Any] = {"message": message}
    if error.locations:
        entry["locations"] = [
            {"line": place.line, "column": place.column} for place in error.locations
        ]
    if error.path:
        entry["path"] = list(error.path)
    if extensions:
        entry["extensions"] = extensions
    return entry


_Told = tuple[str, str, dict[str, Any]]
_Teller = Callable[..., _Told]


def _no_field(index: Published, field: str, type_name: str) -> _Told:
    if index.has(type_name, field):
        return f"{type_name}.{field}", "", {}
    more = {"code": "undefinedField", "typeName": type_name, "fieldName": field}
    return "", f"Field '{field}' doesn't exist on type '{type_name}'", more


def _no_argument(index: Published, argument: str, type_name: str, field: str) -> _Told:
    if index.has(type_name, field, argument):
        return f"{type_name}.{field}({argument}:)", "", {}
    more = {
        "code": "argumentNotAccepted",
        "name": field,
        "typeName": "Field",
        "argumentName": argument,
    }
    return "", f"Field '{field}' doesn't accept argument '{argument}'", more


def _no_input_field(index: Published, field: str, type_name: str) -> _Told:
    if index.has(type_name, field):
        return f"{type_name}.{field}", "", {}
    more = {
        "code": "argumentNotAccepted",
        "name": type_name,
        "typeName": "InputObject",
        "argumentName": field,
    }
    return "", f"InputObject '{type_name}' doesn't accept argument '{field}'", more


def _no_type(index: Published, type_name: str) -> _Told:
    if index.has(type_name):
        return type_name, "", {}
    more = {"code": "undefinedType", "typeName": type_name}
    return "", f"{type_name} isn't a defined input type", more


def _no_value(index: Published, value: str, type_name: str) -> _Told:
    if index.has(type_name, value):
        return f"{type_name}.{value}", "", {}
    return "", "", {"code": "argumentLiteralsIncompatible"}


_TRANSLATIONS: list[tuple[re.Pattern[str], _Teller]] = [
    (re.compile(r"^Cannot query field '(\w+)' on type '(\w+)'"), _no_field),
    (re.compile(r"^Unknown argument '(\w+)' on field '(\w+)\.(\w+)'"), _no_argument),
    (re.compile(r"Field '(\w+)' is not defined by type '(\w+)'"), _no_input_field),
    (re.compile(r"^Unknown type '(\w+)'"), _no_type),
    (re.compile(r"Value '(\w+)' does not exist in '(\w+)' enum"), _no_value),
]
