"""The read endpoints' operations: each of them twice, in the form that Accept names, and in the one that the address ends in."""

from typing import Any
from urllib.parse import urlencode

from api.media_types import JSON
from api.openapi.answers import Answers
from api.openapi.parameters import clock_parameters, parameters_of, path_parameter
from api.openapi.responses import ALLOWANCE, CLOCKS, GOING, KEPT, OF_THE_PAST, UNCHANGED, answer, problems
from api.openapi.values import JsonSchema, media_types_of_forms
from api.v1.endpoints import ENDPOINTS, Endpoint, listing_of
from api.v1.forms import FORMS

EXCEL: JsonSchema = {
    "name": "excel",
    "in": "query",
    "description": "1: with semicolons and a byte order mark, as Excel likes it; only of .csv. 0: as usual.",
    "schema": {"enum": ["0", "1"]},
}


class Endpoints:
    """The operations by path, and the parameters that they share; answers gathers what they show."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.parameters: dict[str, JsonSchema] = {**clock_parameters(), "excel": EXCEL}
        self.paths: dict[str, JsonSchema] = {}
        for endpoint in ENDPOINTS.values():
            self._add(endpoint)

    def _add(self, endpoint: Endpoint) -> None:
        of_path = [self._shared(f"{endpoint.record_type}.id", path_parameter(endpoint))] if endpoint.record_type else []
        name = endpoint.operation_name
        asked = [self._shared(f"{name}.{parameter}", told) for parameter, told in parameters_of(endpoint).items()]
        clocks = [_reference(clock) for clock in clock_parameters()]
        forms = {suffix: form for suffix, form in FORMS.items() if form.fits(listing_of(endpoint).field)}
        responses = self._responses(endpoint)
        described = {"summary": endpoint.about, "tags": [endpoint.path.split("/")[2]]}
        operation_id = _camel(endpoint)
        self.paths[endpoint.path] = {
            "get": {
                "operationId": operation_id,
                **described,
                "description": f"In JSON, or in the form that Accept names. For example: `{example_of(endpoint)}`",
                "parameters": [*of_path, *asked, *clocks],
                "responses": responses | problems(400, 404, 406, 422, 429, 503),
            }
        }
        told = [f"`.json`: {'The record' if endpoint.is_record else 'A page of it'}, as JSON."]
        told += [f"`.{suffix}`: {form.about}" for suffix, form in forms.items()]
        form: JsonSchema = {
            "name": "form",
            "in": "path",
            "required": True,
            "description": "The form that it comes in.",
            "schema": {"enum": ["json", *(["html"] if endpoint.is_record else []), *forms]},
            "example": "csv" if "csv" in forms else "json",
        }
        self.paths[f"{endpoint.path}.{{form}}"] = {
            "get": {
                "operationId": f"{operation_id}As",
                **described,
                "description": "\n".join(["In the form that the address ends in.", "", *(f"- {one}" for one in told)]),
                "parameters": [*of_path, form, *asked, _reference("excel"), *clocks],
                "responses": responses | problems(400, 404, 422, 429, 503),
            }
        }

    def _shared(self, name: str, parameter: JsonSchema) -> JsonSchema:
        kept = self.parameters.setdefault(name, parameter)
        assert kept == parameter, f"two operations named alike describe {name} differently"
        return _reference(name)

    def _responses(self, endpoint: Endpoint) -> dict[str, JsonSchema]:
        only = [endpoint.record_type] if endpoint.is_record and endpoint.record_type else []
        shown: dict[str, Any] = {JSON: self._answers.of(endpoint.operation, only)}
        shown |= media_types_of_forms(listing_of(endpoint).field)
        names = [*CLOCKS, "Link", *OF_THE_PAST, *KEPT, *ALLOWANCE, *GOING]
        found = {
            "200": answer(endpoint.about, shown, *names, "Row-Count", "Total-Count", "Content-Disposition")
        } | UNCHANGED
        if endpoint.is_record:
            found["303"] = answer("Its page, for people, is at its permalink.", {}, "Location")
            gone = self._answers.of(endpoint.operation, ["Tombstone"])
            found["308"] = answer("It was merged into another record, whose address Location has.", {}, "Location")
            found["410"] = answer("It was retracted: the answer says when, by whom and why.", {JSON: gone}, *names)
        return found


def example_of(endpoint: Endpoint) -> str:
    """An address that answers, with the parameters that are given as examples."""
    path = endpoint.path
    if endpoint.record_type:
        path = path.replace("{id}", path_parameter(endpoint)["example"])
    given = {
        name: ",".join(map(str, one["example"])) if isinstance(one["example"], list) else one["example"]
        for name, one in parameters_of(endpoint).items()
        if "example" in one
    }
    return f"{path}?{urlencode(given, safe=',')}" if given else path


def _reference(name: str) -> JsonSchema:
    return {"$ref": f"#/components/parameters/{name}"}


def _camel(endpoint: Endpoint) -> str:
    """listMeasures, readMeasure, listMeasureRevisions."""
    if endpoint.is_record:
        return f"read{endpoint.record_type}"
    if endpoint.record_type:
        return f"list{endpoint.record_type}Revisions"
    return f"list{endpoint.operation_name}"
