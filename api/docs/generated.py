"""What of the documentation the code itself says, as Markdown: addresses, parameters, forms, headers, silences, errors."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from graphql import GraphQLEnumType

from api.openapi.addresses import Address, addresses
from api.openapi.answers import Answers
from api.openapi.endpoints import example_of
from api.openapi.parameters import clock_parameters, parameters_of
from api.openapi.posted import SAVING
from api.openapi.responses import HEADERS, PROBLEMS
from api.openapi.webhooks import WEBHOOKS
from api.v1.endpoints import ENDPOINTS
from api.v1.forms import FORMS
from schema.query import schema
from schema.refusals import ErrorCode

TO_DO: Mapping[ErrorCode, str] = {
    ErrorCode.GRAPHQL_PARSE_FAILED: "Look at the place that `locations` names: a brace or a quotation mark is often missing.",
    ErrorCode.GRAPHQL_VALIDATION_FAILED: "Compare the names with `/schema.graphql`; the message often names the nearest.",
    ErrorCode.BAD_USER_INPUT: "Change the value that the message names.",
    ErrorCode.TOO_LARGE: "Send shorter documents, or several.",
    ErrorCode.TOO_DEEP: "Ask in two steps: ids first, then what hangs on them.",
    ErrorCode.TOO_COSTLY: "Ask for smaller pages (`first`), or for less of each element.",
    ErrorCode.TIMEOUT: "Try again; if it happens again, filter more, or take the whole list by its address.",
    ErrorCode.CLOCK_OUT_OF_RANGE: "Ask for a moment between the two that the message names.",
    ErrorCode.UNAUTHENTICATED: "Leave the token out, to read; or ask whoever keeps the record for a new one.",
    ErrorCode.FORBIDDEN: "Somebody with another role has to do it.",
    ErrorCode.RATE_LIMITED: "Wait as many seconds as the header `Retry-After` says.",
    ErrorCode.UNKNOWN_DOCUMENT: "Send the document itself, or save it first.",
    ErrorCode.INTERNAL: "Tell us the id in the message.",
}
"""What somebody who gets the error can do."""


def _endpoints() -> str:
    rows = [(f"`{path}`", one.about) for path, one in ENDPOINTS.items()]
    lists = [_parameters(path) for path, one in ENDPOINTS.items() if not one.record_type]
    return "\n\n".join([table(("address", "answers"), rows), "## The parameters of each list", *lists])


def _parameters(path: str) -> str:
    endpoint = ENDPOINTS[path]
    own = [(f"`{name}`", told["description"]) for name, told in parameters_of(endpoint).items()]
    example = example_of(endpoint)
    return f"### {path}\n\nFor example [{example}]({example}).\n\n{table(('parameter', 'says'), own)}"


def _others() -> str:
    listed: list[Address] = addresses(Answers())
    webhooks = [
        (f"{method.upper()} `{path}`", one["summary"])
        for path, item in WEBHOOKS.items()
        for method, one in item.items()
    ]
    return table(
        ("address", "answers"),
        [(f"`{one.path}`", one.about) for one in listed] + [("`/q`", SAVING["summary"]), *webhooks],
    )


def _forms() -> str:
    rows = [("`.json`", "`application/json`", "A page of a list, or a record.")]
    rows += [(f"`.{suffix}`", f"`{form.media_type.partition(';')[0]}`", form.about) for suffix, form in FORMS.items()]
    return table(("form", "media type", "is"), rows)


def _headers() -> str:
    """Rows alone: the text has the head."""
    return "\n".join(f"| `{name}` | {cell(told['description'])} |" for name, told in HEADERS.items())


def _clocks() -> str:
    return table(
        ("parameter", "says"), [(f"`{name}`", told["description"]) for name, told in clock_parameters().items()]
    )


def _silence() -> str:
    return table(("state", "means"), [(f"`{word}`", about) for word, about in _words("CoverageState")])


def _errors() -> str:
    rows = [(f"`{word}`", about, TO_DO[ErrorCode(word)]) for word, about in _words("ErrorCode")]
    return table(("code", "means", "what to do"), rows)


def _problems() -> str:
    return table(("status", "means"), [(str(status), about) for status, (_, about) in PROBLEMS.items()])


def _words(enum: str) -> Iterable[tuple[str, str]]:
    values: Mapping[str, Any] = cast("GraphQLEnumType", schema.type_map[enum]).values
    return ((word, value.description) for word, value in values.items())


GENERATED: Mapping[str, Callable[[], str]] = {
    "endpoints": _endpoints,
    "others": _others,
    "forms": _forms,
    "headers": _headers,
    "clocks": _clocks,
    "silence": _silence,
    "errors": _errors,
    "problems": _problems,
}
"""Name, as a text has it in braces on a line of its own → what stands there."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
