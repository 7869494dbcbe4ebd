"""The schema against the contract that outside tools rely on (tests/contract.graphql), in names and types."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeDefinitionNode,
    parse,
    print_ast,
)

from schema.query import schema, sdl

HERE = Path(__file__).parent
SDL = HERE.parent / "schema" / "schema.graphql"

Definitions = dict[str, TypeDefinitionNode]


def definitions(text: str) -> Definitions:
    nodes = (node for node in parse(text).definitions if isinstance(node, TypeDefinitionNode))
    return {node.name.value: node for node in nodes}


OURS = definitions(sdl())
CONTRACT = definitions((HERE / "contract.graphql").read_text("utf-8"))


def lines(node: TypeDefinitionNode) -> Iterator[str]:
    """What a definition promises, a line each."""
    name = node.name.value
    if isinstance(node, EnumTypeDefinitionNode):
        yield from (f"enum {name}.{value.name.value}" for value in node.values)
    elif isinstance(node, ScalarTypeDefinitionNode):
        yield f"scalar {name}"
    elif isinstance(node, InputObjectTypeDefinitionNode):
        yield from (f"input {name}.{value(field)}" for field in node.fields)
    elif isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        kind = "type" if isinstance(node, ObjectTypeDefinitionNode) else "interface"
        yield from (f"{kind} {name} implements {one.name.value}" for one in node.interfaces)
        for field in node.fields:
            yield f"{kind} {name}.{field.name.value}: {print_ast(field.type)}"
            yield from (f"{kind} {name}.{field.name.value}({value(argument)})" for argument in field.arguments)


def value(node: InputValueDefinitionNode) -> str:
    default = f" = {print_ast(node.default_value)}" if node.default_value else ""
    return f"{node.name.value}: {print_ast(node.type)}{default}"


@pytest.mark.parametrize("name", sorted(CONTRACT))
def test_the_schema_has_what_the_contract_names(name: str) -> None:
    assert set(lines(CONTRACT[name])) - set(lines(OURS[name])) == set()


def test_a_reading_has_exactly_the_fields_that_query_reads_by() -> None:
    """The same in every word. The contract names them first; from `at` on, what Query has beside."""
    query, reading, promised = (_printed(one) for one in (OURS["Query"], OURS["Reading"], CONTRACT["Query"]))
    beside = list(promised)[list(promised).index("at") :]
    assert reading == {name: text for name, text in query.items() if name not in beside}


def _printed(node: TypeDefinitionNode) -> dict[str, str]:
    assert isinstance(node, ObjectTypeDefinitionNode)
    return {field.name.value: print_ast(field) for field in node.fields}


def test_the_committed_schema_is_the_schema() -> None:
    """Where this fails, the API has changed: look at the difference, and write it with `opsc schema > schema/schema.graphql`."""
    assert SDL.read_text("utf-8") == sdl()


def described() -> Iterator[tuple[str, str | None]]:
    """Every type, field, argument, input field and enum value, with its description."""
    for name, type_ in schema.type_map.items():
        if name.startswith("__") or name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        yield name, type_.description
        for field_name, field in getattr(type_, "fields", {}).items():
            yield f"{name}.{field_name}", field.description
            for argument_name, argument in getattr(field, "args", {}).items():
                yield f"{name}.{field_name}({argument_name})", argument.description
        for value_name, enum_value in getattr(type_, "values", {}).items():
            yield f"{name}.{value_name}", enum_value.description


def test_everything_has_a_description_that_is_a_sentence_or_a_name() -> None:
    poor = [
        name for name, text in described() if not text or len(text) < 5 or text[0] == " " or "graphene" in text.lower()
    ]
    assert poor == []


def test_the_contract_is_read_whole() -> None:
    assert len(CONTRACT) > 100
    assert isinstance(CONTRACT["Query"], ObjectTypeDefinitionNode)
    assert all(isinstance(field, FieldDefinitionNode) for field in CONTRACT["Query"].fields)
