"""Our compiled executor gives what graphql-core's own executor gives, for thousands of queries."""

from collections.abc import Iterator
from random import Random
from typing import Any

import graphql
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from peakproof.seed import Seed
from peakproof.simkit import Kit
from simulators.shopify.complete import type_name_of
from simulators.shopify.context import Context
from simulators.shopify.errors import ApiError
from simulators.shopify.execute import Engine
from simulators.shopify.nouns import merged
from simulators.shopify.registry import Resolvers, snake_case
from simulators.shopify.schema import load_schema
from simulators.shopify.simulator import Shopify
from simulators.shopify.versions import VERSIONS
from tests.simulators.shopify.conftest import config, plan

QUERIES = 120


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shopify]:
    kit = Kit(config(tmp_path_factory.mktemp("executor")))
    made = Shopify(kit.config, kit)
    made.seed(plan())
    yield made
    kit.journal.close()


def reference(schema: GraphQLSchema, resolvers: Resolvers, text: str, context: Context) -> Any:
    """Run a query with graphql-core; field resolution is the only thing that is ours."""

    def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        found = resolvers.fields.get((info.parent_type.name, info.field_name))
        if found is not None:
            return found(source, arguments, context)
        if info.parent_type.name == "QueryRoot":
            raise ApiError(f"peakproof has no resolver for {info.field_name}",
                           "PEAKPROOF_NOT_MODELLED")  # fmt: skip
        if isinstance(source, dict):
            return source.get(info.field_name)
        return getattr(source, snake_case(info.field_name))

    return graphql.execute_sync(
        schema,
        graphql.parse(text),
        context_value=context,
        field_resolver=resolve,
        type_resolver=lambda value, _info, _kind: type_name_of(value),
    )


class Writer:
    """Writes random queries that a schema allows."""

    def __init__(self, schema: GraphQLSchema, random: Random, ids: dict[str, str]) -> None:
        self.schema, self.random, self.ids = schema, random, ids

    def query(self) -> str:
        assert self.schema.query_type is not None
        return "query Q " + self.selection(self.schema.query_type, 4)

    def selection(self, kind: Any, depth: int) -> str:
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            parts = ["__typename"]
            for member in self.schema.get_possible_types(kind):
                parts.append(f"... on {member.name} {self.selection(member, depth - 1)}")
            return "{ " + " ".join(parts) + " }"
        assert isinstance(kind, GraphQLObjectType)
        names = [n for n in kind.fields if depth > 0 or is_leaf_type(
            get_named_type(kind.fields[n].type))]  # fmt: skip
        chosen = self.random.sample(names, min(len(names), self.random.randint(1, 5)))
        parts = [part for name in chosen if (part := self.field(kind, name, depth))]
        if self.random.randint(0, 3) == 0 or not parts:
            parts.append("__typename")
        if self.random.randint(0, 4) == 0:
            parts.append(f"... on {kind.name} {{ again: __typename }}")
        return "{ " + " ".join(parts) + " }"

    def field(self, kind: GraphQLObjectType, name: str, depth: int) -> str:
        field = kind.fields[name]
        arguments = []
        for argument, definition in field.args.items():
            value = self.value(argument, definition)
            if value is None and is_required_argument(definition):
                return ""
            if value is not None:
                arguments.append(f"{argument}: {value}")
        text = name + (f"({', '.join(arguments)})" if arguments else "")
        if self.random.randint(0, 5) == 0:
            text = f"alias{self.random.randint(0, 9)}{name}: {text}"
        if self.random.randint(0, 9) == 0:
            text += self.random.choice([" @include(if: true)", " @skip(if: true)"])
        inner = get_named_type(field.type)
        return text if is_leaf_type(inner) else f"{text} {self.selection(inner, depth - 1)}"

    def value(self, name: str, definition: Any) -> str | None:
        if name == "first":
            return str(self.random.choice([1, 2, 10, 0, 251]))
        if name == "reverse":
            return self.random.choice(["true", "false"])
        kind = get_named_type(definition.type)
        if name == "names":
            return '["available", "on_hand"]'
        if kind.name == "ID" and is_required_argument(definition):
            text = f'"{self.random.choice(list(self.ids.values()))}"'
            return f"[{text}]" if "[" in str(definition.type) else text
        if isinstance(kind, GraphQLEnumType) and self.random.randint(0, 2) == 0:
            return self.random.choice(list(kind.values))
        if kind.name == "String" and is_required_argument(definition):
            return '"tee"'
        return None


@pytest.mark.parametrize("version", VERSIONS)
def test_random_queries_agree_with_graphql_core(simulator: Shopify, version: str) -> None:
    schema = load_schema(version)
    resolvers = merged()
    shop = simulator.shop
    assert shop is not None
    variant = shop.catalog.variants[0]
    ids = {
        "product": variant.product.id, "variant": variant.id, "item": variant.item.id,
        "place": shop.locations.all[0].id, "customer": shop.customers.all[0].id,
    }  # fmt: skip
    writer = Writer(schema, Seed(11).stream(f"queries {version}"), ids)
    engine = Engine(resolvers)
    ran = failed = 0
    for _ in range(QUERIES):
        text = writer.query()
        if graphql.validate(schema, graphql.parse(text)):
            continue
        granted = simulator.client.granted
        mine = Context(shop, version, simulator.client)
        result = engine.run(engine.prepare(version, text), {}, mine, granted)
        theirs = reference(schema, resolvers, text, Context(shop, version, simulator.client))
        assert result.data == theirs.data, text
        paths = sorted(map(repr, (entry["path"] for entry in result.errors)))
        assert paths == sorted(repr(error.path) for error in theirs.errors or ()), text
        ran += 1
        failed += bool(result.errors)
    assert ran > QUERIES // 2
    assert 0 < failed < ran, "both right and failing queries must have been compared"


def test_null_climbs_to_the_nearest_nullable_field(simulator: Shopify) -> None:
    shop = simulator.shop
    assert shop is not None
    text = """{ a: productVariants(first: 1) { nodes { sku
      product { variants(first: 0) { nodes { id } } } } } }"""
    engine = Engine(merged())
    context = Context(shop, "2026-10", simulator.client)
    result = engine.run(engine.prepare("2026-10", text), {}, context, simulator.client.granted)
    assert result.data is None
    assert result.errors[0]["path"] == ["a", "nodes", 0, "product", "variants"]


def test_fields_merge_and_variables_steer_inclusion(simulator: Shopify) -> None:
    shop = simulator.shop
    assert shop is not None
    text = """query($yes: Boolean!) { shop { plan { shopifyPlus } } ...more @include(if: $yes) }
      fragment more on QueryRoot { shop { plan { publicDisplayName } name } }"""
    engine = Engine(merged())
    prepared = engine.prepare("2026-10", text)
    for yes in (True, False):
        context = Context(shop, "2026-10", simulator.client)
        data = engine.run(prepared, {"yes": yes}, context, simulator.client.granted).data
        assert data is not None
        assert ("name" in data["shop"]) is yes
        assert ("publicDisplayName" in data["shop"]["plan"]) is yes
        assert data["shop"]["plan"]["shopifyPlus"] is False


def test_every_root_field_has_a_resolver() -> None:
    resolvers = merged()
    for version in VERSIONS:
        schema = load_schema(version)
        assert schema.query_type is not None
        assert schema.mutation_type is not None
        for kind in (schema.query_type, schema.mutation_type):
            missing = [n for n in kind.fields if (kind.name, n) not in resolvers.fields]
            assert not missing, f"{version} {kind.name}: {missing}"


def test_every_resolver_answers_a_field_of_the_schema() -> None:
    fields = {
        (kind.name, name)
        for version in VERSIONS
        for kind in load_schema(version).type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name in kind.fields
    }
    assert set(merged().fields) <= fields, sorted(set(merged().fields) - fields)
