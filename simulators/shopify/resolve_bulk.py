"""Answers about bulk operations and staged uploads."""

from typing import Any

from graphql import GraphQLSyntaxError

from .bulk import BulkOperation, problem_of
from .connection import search_connection
from .context import Context
from .errors import not_modelled, user_error
from .execute import BadDocument
from .ids import number_of
from .registry import Arguments, Resolvers

__all__ = ["RESOLVERS"]

RESOLVERS = Resolvers()
_FILTERS = {
    "status": lambda entry: entry.status,
    "operation_type": lambda entry: entry.type,
    "type": lambda entry: entry.type,
    "created_at": lambda entry: entry.created_at,
    "completed_at": lambda entry: entry.completed_at,
    "id": lambda entry: entry.number,
}
_SORTS = {
    "ID": None,
    "CREATED_AT": lambda entry: entry.created_at,
    "COMPLETED_AT": lambda entry: entry.completed_at,
}


def _find(context: Context, identity: str) -> BulkOperation | None:
    found: BulkOperation | None = context.shop.bulk.by_number.get(
        number_of(identity, "BulkOperation")
    )
    return found


@RESOLVERS.query("bulkOperation")
def bulk_operation(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.bulkOperation."""
    return _find(context, arguments["id"])


@RESOLVERS.query("bulkOperations")
def bulk_operations(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.bulkOperations."""
    return search_connection(context.shop.bulk.all, arguments, context, _FILTERS, _SORTS)


@RESOLVERS.query("currentBulkOperation")
def current(arguments: Arguments, context: Context) -> Any:
    """Answer QueryRoot.currentBulkOperation: the newest of a type."""
    wanted = arguments.get("type") or "QUERY"
    return next((e for e in reversed(context.shop.bulk.all) if e.type == wanted), None)


def _bad(message: str, code: str) -> dict[str, Any]:
    return {"bulkOperation": None, "userErrors": [user_error(["query"], message, code)]}


@RESOLVERS.mutation("bulkOperationRunQuery")
def run_query(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.bulkOperationRunQuery."""
    bulk = context.shop.bulk
    query = arguments["query"]
    try:
        context.scopes = bulk.engine.scopes(bulk.engine.prepare(context.version, query), context)
        problem = problem_of(query)
    except BadDocument as error:
        problem = f"Invalid bulk query: {error.errors[0]['message']}"
    except GraphQLSyntaxError as error:
        problem = f"Invalid bulk query: {error.message}"
    if problem:
        return _bad(problem, "INVALID")
    if bulk.busy("QUERY"):
        text = "A bulk query operation for this app and shop is already in progress"
        return _bad(text, "OPERATION_IN_PROGRESS")
    found = bulk.start("QUERY", query, lambda entry: bulk.run_query(entry, context))
    return {"bulkOperation": found, "userErrors": []}


@RESOLVERS.mutation("bulkOperationRunMutation")
def run_mutation(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.bulkOperationRunMutation."""
    bulk = context.shop.bulk
    upload = bulk.uploads.get(arguments["stagedUploadPath"])
    if upload is None:
        text = "The JSONL file could not be found. Try uploading the file again."
        return {"bulkOperation": None, "userErrors": [user_error(None, text, "NO_SUCH_FILE")]}
    try:
        prepared = bulk.engine.prepare(context.version, arguments["mutation"])
    except BadDocument as error:
        text = f"Failed to parse the mutation - {error.errors[0]['message']}"
        code = "INVALID_MUTATION"
        return {"bulkOperation": None, "userErrors": [user_error(["mutation"], text, code)]}
    context.scopes = bulk.engine.scopes(prepared, context)
    if not prepared.is_mutation:
        text = "The query must be a mutation."
        return {"bulkOperation": None, "userErrors": [
            user_error(["mutation"], text, "INVALID_MUTATION")]}  # fmt: skip
    if bulk.busy("MUTATION"):
        text = "A bulk mutation operation for this app and shop is already in progress"
        return {"bulkOperation": None, "userErrors": [
            user_error(None, text, "OPERATION_IN_PROGRESS")]}  # fmt: skip
    found = bulk.start(
        "MUTATION", arguments["mutation"], lambda entry: bulk.run_mutation(entry, context, upload)
    )
    return {"bulkOperation": found, "userErrors": []}


@RESOLVERS.mutation("bulkOperationCancel")
def cancel(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.bulkOperationCancel."""
    found = _find(context, arguments["id"])
    if found is None:
        return {"bulkOperation": None, "userErrors": [
            user_error(["id"], "Bulk operation does not exist")]}  # fmt: skip
    if not found.is_open:
        text = f"A bulk operation cannot be canceled when it is {found.status.lower()}"
        return {"bulkOperation": found, "userErrors": [user_error(["id"], text)]}
    context.shop.bulk.cancel(found)
    return {"bulkOperation": found, "userErrors": []}


@RESOLVERS.mutation("stagedUploadsCreate")
def staged_uploads(arguments: Arguments, context: Context) -> dict[str, Any]:
    """Answer Mutation.stagedUploadsCreate: targets for bulk mutation variables."""
    shop = context.shop
    targets = []
    for entry in arguments["input"]:
        if entry["resource"] != "BULK_MUTATION_VARIABLES":
            raise not_modelled(f"stagedUploadsCreate(resource: {entry['resource']})", context)
        number = shop.ids.next("StagedUpload")
        key = f"tmp/{shop.number}/bulk/{number}/{entry['filename']}"
        if entry.get("httpMethod") == "POST":
            url, parameters = f"{shop.public_url}/_uploads", [{"name": "key", "value": key}]
        else:
            url, parameters = f"{shop.public_url}/_uploads/{key}", []
        targets.append({"url": url, "resourceUrl": url, "parameters": parameters})
    return {"stagedTargets": targets, "userErrors": []}


RESOLVERS.node("BulkOperation", lambda shop, number: shop.bulk.by_number.get(number))
