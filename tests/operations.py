"""Random operations: skeletons of hypothesis-graphql's and of our own growing, dressed with all that GraphQL's queries have.

That is: aliases of any length, fragments of each kind, fields asked for twice, variables with and without defaults, @skip and
@include, __typename, several root fields and operations, introspection beside data, arguments that the record can answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    ast_from_value,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    print_ast,
)

from tests.oracle.skeletons import Tree
from tests.oracle.values import Draw, Values

DEEPEST = 6
LONG = "what_this_State_party_has_reported_about_its_laws_policies_institutions_and_practices_"
INTROSPECTION = ("__schema { queryType { name } }", '__type(name: "Measure") { name kind fields { name } }')
UNSEARCHED = ("nodes", "edges", "startCursor", "endCursor")
"""What of a page found by search depends on PostgreSQL's ranks."""

UNTOLD = ("explain",)
"""What the plain executor cannot know: it has no plan. test_explain.py asks these operations' costs."""

CLOCKS_GIVEN = {"known": 0.6, "position": 0.4, "valid": 0.5}
"""How often an argument of Query.at is given."""

Cursors = Mapping[tuple[str, tuple[str, ...]], Sequence[str]]
"""(connection field, orders) → cursors of its lists."""


@dataclass
class Operation:
    """A document, the operation of it to run, and values for its variables, several times."""

    text: str
    name: str | None
    variables: list[dict[str, Any]]


@dataclass
class Writer:
    """Writes operations, the same for the same seed."""

    schema: GraphQLSchema
    values: Values
    random: Random
    cursors: Cursors
    clocks: float = 0.4  # how often an operation holds clocks of its own
    _declared: dict[str, tuple[str, Draw, bool]] = field(default_factory=dict)
    _fragments: list[str] = field(default_factory=list)

    def operation(self, skeleton: Tree | None = None) -> Operation:
        """One operation: of a skeleton, or of our own growing."""
        query = self.schema.query_type
        assert query is not None
        self._declared, self._fragments = {}, []
        tree = skeleton or self._grown(query, 0)
        selection = self._selection(query, self._at_clocks(tree) if self._often(self.clocks) else tree, 0)
        if self._often(0.06):
            selection = "{ " + self.random.choice(INTROSPECTION) + selection[1:]
        name = "Asked" if self._declared or self._often(0.4) else None
        declared = ", ".join(declaration for declaration, _, _ in self._declared.values())
        text = f"query {name or ''}{f'({declared})' if declared else ''} {selection}" if name else selection
        text = "\n".join([text, *self._fragments])
        if name and self._often(0.15):
            text = "query Another { clock { position } }\n" + text
        return Operation(text, name, [self._drawn() for _ in range(3 if self._declared else 1)])

    def _drawn(self) -> dict[str, Any]:
        found = {}
        for name, (_, draw, optional) in self._declared.items():
            if not (optional and self._often(0.2)):
                found[name] = draw()
        return found

    def _often(self, probability: float) -> bool:
        return self.random.random() < probability

    # ── Selections ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _grown(self, type_: Any, depth: int) -> Tree:
        """Some fields of a type, and of what they lead to."""
        on = None
        if not isinstance(type_, GraphQLObjectType):
            on = self.random.choice(self.schema.get_possible_types(type_))
        fields = (on or type_).fields
        leaves = [name for name, one in fields.items() if is_leaf_type(get_named_type(one.type))]
        others = [name for name in fields if name not in leaves]
        chosen = self.random.sample(leaves, min(len(leaves), self.random.choice([1, 2, 3, 5])))
        if depth < DEEPEST - 1 and others:
            most = 3 if depth == 0 else 2 if depth < 3 else 1
            chosen += self.random.sample(others, min(len(others), self.random.randint(0 if leaves else 1, most)))
        self.random.shuffle(chosen)
        inner = [(name, get_named_type(fields[name].type)) for name in chosen]
        return [
            (name, on.name if on and name != "id" else None, [] if is_leaf_type(to) else self._grown(to, depth + 1))
            for name, to in inner
        ]

    def _at_clocks(self, tree: Tree) -> Tree:
        """The same at one to three clocks, or other things; beside the present, or alone."""
        reading: Any = self.schema.type_map["Reading"]
        shared = [one for one in tree if one[0] in reading.fields]
        inside = [
            shared if shared and self._often(0.6) else self._grown(reading, 1)
            for _ in range(self.random.choice([1, 2, 2, 3]))
        ]
        beside = tree if self._often(0.4) else []
        clock: Tree = [("clock", None, [(name, None, []) for name in ("known", "position", "valid")])]
        return [*beside, *(("at", None, below + clock if self._often(0.5) else below) for below in inside)]

    def _selection(self, type_: Any, tree: Tree, depth: int, within: str = "") -> str:
        """The selection set of a tree, dressed."""
        plain = [(name, self._field(type_, name, below, depth, within)) for name, on, below in tree if on is None]
        parts = [(name, text) for name, text in plain if text]
        if self._often(0.15) or not parts:
            parts.insert(self.random.randint(0, len(parts)), ("__typename", "__typename"))
        texts = self._fragmented(type_, parts)
        for on in dict.fromkeys(on for _, on, _ in tree if on):
            of = self.schema.type_map[on]
            own = [(name, self._field(of, name, below, depth, within)) for name, its, below in tree if its == on]
            texts += [self._fragment(of, [text for _, text in own if text] or ["__typename"])]
        return "{ " + " ".join(texts) + " }"

    def _fragmented(self, type_: Any, parts: Sequence[tuple[str, str]]) -> list[str]:
        texts = [text for _, text in parts]
        if len(parts) < 2 or not self._often(0.3):
            return texts
        start = self.random.randrange(len(parts))
        end = self.random.randint(start + 1, len(parts))
        names = {name for name, _ in parts[start:end]}
        interfaces = getattr(type_, "interfaces", ())
        conditions = [type_, *(one for one in interfaces if names <= {*one.fields, "__typename"})]
        fragment = self._fragment(self.random.choice(conditions), texts[start:end])
        again = texts[start:end] if self._often(0.2) else []  # the same fields, merged
        return [*texts[:start], *again, fragment, *texts[end:]]

    def _fragment(self, on: Any, texts: Sequence[str]) -> str:
        body = "{ " + " ".join(texts) + " }"
        if self._often(0.4):
            name = f"F{len(self._fragments)}"
            self._fragments.append(f"fragment {name} on {on.name} {body}")
            return f"...{name}{self._directive()}"
        return f"... on {on.name}{self._directive()} {body}"

    def _directive(self) -> str:
        if not self._often(0.12):
            return ""
        kind = self.random.choice(["skip", "include"])
        boolean = GraphQLNonNull(GraphQLBoolean)
        return f" @{kind}(if: {self._literal('if', boolean, lambda: self._often(0.5 if kind == 'skip' else 0.7))})"

    def _field(self, type_: Any, name: str, below: Tree, depth: int, within: str) -> str:
        """A field with its arguments, under an alias perhaps, perhaps twice."""
        definition = type_.fields[name]
        named = get_named_type(definition.type)
        if name in UNTOLD or (within == "search" and name in UNSEARCHED):
            return ""
        if not is_leaf_type(named) and depth >= DEEPEST:
            return ""
        given = self._arguments(name, definition.args, depth)
        alias = ""
        if given or self._often(0.15):  # so that the same key never has other arguments
            alias = f"{self._alias()}: "
        text = f"{alias}{name}{f'({given})' if given else ''}{self._directive()}"
        if is_leaf_type(named):
            return text
        inside = name if name == "search" or within == "search" else ""
        inside = "search" if inside else ""
        if len(below) > 1 and self._often(0.12):
            cut = self.random.randrange(1, len(below))
            twice = (below[:cut], below[max(0, cut - 1) :])
            return " ".join(f"{text} {self._selection(named, half, depth + (name != 'at'), inside)}" for half in twice)
        return f"{text} {self._selection(named, below, depth + (name != 'at'), inside)}"

    def _alias(self) -> str:
        number = self.random.randrange(1_000_000)
        if self._often(0.2):
            return (LONG * 3)[: self.random.randint(60, 190)] + str(number)
        return f"a{number}"

    # ── Arguments ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _arguments(self, name: str, arguments: Mapping[str, GraphQLArgument], depth: int) -> str:
        placed = self._place(name, "orderBy" in arguments) if "before" in arguments and self._often(0.25) else {}
        given = [
            key
            for key, one in arguments.items()
            if key not in ("first", "last", "before", "after") and not (placed and key == "orderBy")
            if is_non_null_type(one.type) or self._often(CLOCKS_GIVEN.get(key, 0.35) if name == "at" else 0.35)
        ]
        if name == "at" and {"known", "position"} <= set(given) and self._often(0.85):
            given.remove(self.random.choice(["known", "position"]))  # mostly not both: that is refused
        chosen = {key: self._argument(key, arguments[key], name) for key in given}
        for moment, position in (("from", "fromPosition"), ("to", "toPosition")):  # of diff: one of the two
            if moment in chosen:
                chosen.pop(position, None)
        if "before" in arguments:
            chosen |= self._page(depth) | placed
        elif "first" in arguments:  # of changes
            chosen |= {
                key: self._argument(key, arguments[key], name) for key in {"after"} & {*arguments} if self._often(0.6)
            }
            way = "last" if "last" in arguments and self._often(0.3) else "first"
            chosen |= {way: self._literal(way, arguments[way].type, lambda: self.random.randint(1, 10))}
        return ", ".join(f"{key}: {value}" for key, value in chosen.items())

    def _page(self, depth: int) -> dict[str, str]:
        largest = (10, 5, 3)[min(depth, 2)]
        integer = self.schema.type_map["Int"]
        way, other = ("first", "last") if self._often(0.7) else ("last", "first")
        if depth == 0 and self._often(0.08):
            return {}
        chosen = {way: self._literal(way, integer, lambda: self.random.randint(1, largest))}
        return chosen | ({other: "null"} if self._often(0.05) else {})

    def _place(self, name: str, ordered: bool) -> dict[str, str]:
        """A cursor of such a list, and its order."""
        orders = [order for field_name, order in self.cursors if field_name == name and (ordered or not order)]
        if not orders:
            return {}
        order = self.random.choice(orders)
        found = {"orderBy": f"[{', '.join(order)}]"} if order else {}
        ways = ["after", "before"] if self._often(0.2) else [self.random.choice(["after", "before"])]
        text = self.schema.type_map["String"]
        draw = lambda: self.random.choice(self.cursors[name, order])  # noqa: E731
        return found | {way: self._literal(way, text, draw) for way in ways}

    def _argument(self, name: str, definition: GraphQLArgument | GraphQLInputField, of: str) -> str:
        return self._literal(name, definition.type, lambda: self.values.draw(name, definition.type, of))

    def _literal(self, name: str, type_: GraphQLInputType | Any, draw: Draw) -> str:
        """A value written out, or as a variable, or with variables inside."""
        value = draw()
        if self._often(0.3):
            return self._variable(type_, draw)
        nullable: Any = get_nullable_type(type_)  # type: ignore[arg-type]
        if isinstance(nullable, GraphQLInputObjectType) and value:
            fields = ((key, nullable.fields[key].type, nullable.name) for key in value)
            return (
                "{"
                + ", ".join(
                    f"{key}: {self._literal(key, of, self._inner(key, of, within))}" for key, of, within in fields
                )
                + "}"
            )
        if is_list_type(nullable) and value and name not in ("by", "orderBy") and self._often(0.3):
            return "[" + ", ".join(self._literal(name, nullable.of_type, lambda one=one: one) for one in value) + "]"  # type: ignore[misc]
        return print_ast(ast_from_value(value, type_))  # type: ignore[arg-type]

    def _inner(self, key: str, type_: GraphQLInputType, within: str) -> Draw:
        return lambda: self.values.draw(key, type_, within)

    def _variable(self, type_: GraphQLInputType, draw: Draw) -> str:
        name = f"v{len(self._declared)}"
        default = draw() if self._often(0.3) else None
        told = f" = {print_ast(ast_from_value(default, type_))}" if default is not None else ""  # type: ignore[arg-type]
        self._declared[name] = f"${name}: {type_}{told}", draw, bool(told) or not is_non_null_type(type_)
        return f"${name}"
