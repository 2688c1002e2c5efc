"""Bulk operations: a query over everything, run aside, its result a file of JSON lines.

Objects come one a line, those of nested connections after their parent with ``__parentId``; the
file is served by this simulator. Up to five queries and five mutations of an app run at once (from
2026-01), each takes RUN_SECONDS of vendor time.

Not modelled: grouping of lines (``groupObjects`` changes nothing), results that expire, partial
data after a failure, uploads over 100 MB.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from graphql import FieldNode, FragmentDefinitionNode, OperationType, parse

from .context import Context
from .errors import ApiError
from .execute import BadDocument, Engine
from .ids import gid

if TYPE_CHECKING:
    from .shop import Shop

__all__ = ["CONCURRENT_MAX", "BulkOperation", "BulkOperations"]

CONCURRENT_MAX = 5
CONNECTIONS_MAX = 5
DEPTH_MAX = 2
RUN_SECONDS = 1.0
_encode = msgspec.json.Encoder(enc_hook=str).encode
_OPEN = ("CREATED", "RUNNING", "CANCELING")


class BulkOperation:
    """One operation; resolves ``BulkOperation``."""

    graphql_type = "BulkOperation"
    partial_data_url: str | None = None

    def __init__(self, number: int, kind: str, query: str, now: datetime) -> None:
        self.number, self.id = number, gid("BulkOperation", number)
        self.type, self.query, self.created_at = kind, query, now
        self.status = "CREATED"
        self.error_code: str | None = None
        self.completed_at: datetime | None = None
        self.object_count = self.root_object_count = 0
        self.file_size: int | None = None
        self.url: str | None = None
        self.lines = b""

    @property
    def is_open(self) -> bool:
        """Whether it is still under way."""
        return self.status in _OPEN


class BulkOperations:
    """The bulk operations of the app in a shop, and its staged uploads."""

    def __init__(self, shop: "Shop", engine: Engine) -> None:
        self.shop, self.engine = shop, engine
        self.all: list[BulkOperation] = []
        self.by_number: dict[int, BulkOperation] = {}
        self.uploads: dict[str, bytes] = {}

    def busy(self, kind: str) -> bool:
        """Tell whether as many of a kind are under way as may be."""
        return sum(entry.is_open for entry in self.all if entry.type == kind) >= CONCURRENT_MAX

    def start(self, kind: str, query: str, run: Callable[[BulkOperation], None]) -> BulkOperation:
        """Add an operation that will do its work in a moment."""
        shop = self.shop
        found = BulkOperation(shop.ids.next("BulkOperation"), kind, query, shop.now())
        self.all.append(found)
        self.by_number[found.number] = found

        def work() -> None:
            if found.status == "CANCELING":
                self._finish(found, "CANCELED")
                return
            found.status = "RUNNING"
            try:
                run(found)
            except (ApiError, BadDocument) as error:
                denied = isinstance(error, ApiError) and error.extensions.get("code")
                found.error_code = (
                    "ACCESS_DENIED" if denied == "ACCESS_DENIED" else "INTERNAL_SERVER_ERROR"
                )
                self._finish(found, "FAILED")
            else:
                self._finish(found, "COMPLETED")

        shop.later(shop.kit.real_seconds(RUN_SECONDS), work)
        return found

    def _finish(self, found: BulkOperation, status: str) -> None:
        shop = self.shop
        found.status, found.completed_at = status, shop.now()
        if status == "COMPLETED" and found.lines:
            found.file_size = len(found.lines)
            found.url = f"{shop.public_url}/_bulk/{found.number}.jsonl"
        shop.emit("bulk_operations/finish", found.id, lambda: self._payload(found))

    def _payload(self, found: BulkOperation) -> dict[str, Any]:
        return {
            "admin_graphql_api_id": found.id,
            "completed_at": self.shop.iso(found.completed_at),
            "created_at": self.shop.iso(found.created_at),
            "error_code": (found.error_code or "").lower() or None,
            "status": found.status.lower(),
            "type": found.type.lower(),
        }

    def cancel(self, found: BulkOperation) -> None:
        """Ask an operation to stop."""
        found.status = "CANCELING"

    def run_query(self, found: BulkOperation, context: Context) -> None:
        """Run a bulk query to the end and lay down its lines."""
        prepared = self.engine.prepare(context.version, found.query)
        aside = Context(self.shop, context.version, context.client, context.request_id, bulk=True)
        result = self.engine.run(prepared, {}, aside, context.client.granted)
        if aside.errors:
            raise ApiError(result.errors[0]["message"], str(
                result.errors[0].get("extensions", {}).get("code", "")))  # fmt: skip
        writer = _Lines(prepared.operation.selection_set, prepared.fragments)
        for value, node in _pairs(prepared.operation.selection_set, prepared.fragments,
                                  result.data or {}):  # fmt: skip
            found.root_object_count += writer.connection(value, node, None)
        found.object_count = writer.count
        found.lines = b"".join(writer.lines)

    def run_mutation(self, found: BulkOperation, context: Context, upload: bytes) -> None:
        """Run a mutation once for each line of variables; a line of result for each."""
        prepared = self.engine.prepare(context.version, found.query)
        lines = []
        for number, line in enumerate(entry for entry in upload.splitlines() if entry.strip()):
            aside = Context(self.shop, context.version, context.client, context.request_id)
            try:
                given = msgspec.json.decode(line)
                variables = prepared.variables(given)
                result = self.engine.run(prepared, variables, aside, context.client.granted)
                answer: dict[str, Any] = {"data": result.data}
                if result.errors:
                    answer["errors"] = result.errors
            except BadDocument as error:
                answer = {"errors": error.errors}
            except msgspec.DecodeError as error:
                answer = {"errors": [{"message": f"Line {number + 1} is not JSON: {error}"}]}
            answer["__lineNumber"] = number
            lines.append(_encode(answer) + b"\n")
        found.object_count = found.root_object_count = len(lines)
        found.lines = b"".join(lines)


def problem_of(query: str) -> str:
    """Return why a query cannot be run in bulk, or an empty text."""
    document = parse(query)
    fragments = {
        entry.name.value: entry.selection_set
        for entry in document.definitions
        if isinstance(entry, FragmentDefinitionNode)
    }
    operation = next(
        entry for entry in document.definitions if entry.kind == "operation_definition"
    )
    if getattr(operation, "operation", None) is not OperationType.QUERY:
        return "Bulk queries must be queries."
    sizes = [0, 0]

    def look(selections: Any, depth: int) -> None:
        for node in selections:
            inner = getattr(node, "selection_set", None)
            if node.kind == "fragment_spread":
                look(fragments[node.name.value].selections, depth)
            elif inner is not None:
                deeper = depth + (isinstance(node, FieldNode) and _is_connection(inner, fragments))
                if deeper > depth:
                    sizes[0] += 1
                    sizes[1] = max(sizes[1], deeper)
                look(inner.selections, deeper)

    look(operation.selection_set.selections, 0)  # type: ignore[attr-defined]
    if sizes[0] == 0:
        return "Bulk queries must contain at least one connection."
    if sizes[0] > CONNECTIONS_MAX:
        return f"Bulk queries cannot contain more than {CONNECTIONS_MAX} connections."
    if sizes[1] > DEPTH_MAX + 1:
        return f"Bulk queries cannot nest connections more than {DEPTH_MAX} deep."
    return ""


def _is_connection(selections: Any, fragments: Any) -> bool:
    for node in selections.selections:
        if node.kind == "fragment_spread":
            inner = fragments[node.name.value]
            if _is_connection(getattr(inner, "selection_set", inner), fragments):
                return True
        elif isinstance(node, FieldNode) and node.name.value in ("edges", "nodes"):
            return True
    return False


def _pairs(selections: Any, fragments: Any, data: dict[str, Any]) -> Any:
    """Yield each connection in an answer with its field, found through plain objects too."""
    for node in _fields(selections, fragments):
        key = node.alias.value if node.alias else node.name.value
        value = data.get(key)
        if node.selection_set is None or value is None:
            continue
        if _is_connection(node.selection_set, fragments):
            yield data.pop(key), node
        elif isinstance(value, dict):
            yield from _pairs(node.selection_set, fragments, value)


def _fields(selections: Any, fragments: Any) -> Any:
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node
        elif node.kind == "fragment_spread":
            yield from _fields(fragments[node.name.value].selection_set, fragments)
        else:
            yield from _fields(node.selection_set, fragments)


class _Lines:
    """Lays the objects of connections down as lines, children after their parent."""

    def __init__(self, selections: Any, fragments: Any) -> None:
        self.selections, self.fragments = selections, fragments
        self.lines: list[bytes] = []
        self.count = 0

    def connection(self, value: dict[str, Any], node: FieldNode, parent: str | None) -> int:
        """Lay down every object of a connection; returns how many there were."""
        found = 0
        for field in _fields(node.selection_set, self.fragments):
            key = field.alias.value if field.alias else field.name.value
            if field.name.value == "nodes":
                for entry in value.get(key) or ():
                    found += 1
                    self.object(entry, field.selection_set, parent)
            elif field.name.value == "edges":
                inner = [n for n in _fields(field.selection_set, self.fragments)
                         if n.name.value == "node"]  # fmt: skip
                for edge in value.get(key) or ():
                    for child in inner:
                        found += 1
                        name = child.alias.value if child.alias else "node"
                        self.object(edge[name], child.selection_set, parent)
        return found

    def object(self, value: dict[str, Any], selections: Any, parent: str | None) -> None:
        """Lay down an object and then what its own connections hold."""
        children = list(_pairs(selections, self.fragments, value))
        if parent is not None:
            value["__parentId"] = parent
        self.lines.append(_encode(value) + b"\n")
        self.count += 1
        for inner, node in children:
            self.connection(inner, node, value.get("id"))
