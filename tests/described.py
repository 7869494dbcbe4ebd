"""The description at /openapi.json as a test reads it: which answer of which operation, and whether what came is that."""

from collections.abc import Mapping
from typing import Any

import httpx2
import orjson
from jsonschema_rs import Draft202012Validator, Registry

Description = Mapping[str, Any]

ROOT = "https://description.example/openapi.json"


class Described:
    """document: the description; faults() says how an answer is otherwise than described. strict: nothing beside what is described
    may come, as a reader may not rely on, but we may."""

    def __init__(self, document: Description, *, strict: bool = False) -> None:
        self.document = closed(document) if strict else document
        self.registry = Registry([(ROOT, {"$schema": "https://json-schema.org/draft/2020-12/schema", **self.document})])
        self._validators: dict[str, Draft202012Validator] = {}

    def faults(self, path: str, method: str, answer: httpx2.Response) -> list[str]:
        """path: as it stands in the description."""
        responses = self.document["paths"][path][method]["responses"]
        if str(answer.status_code) not in responses:
            return [f"{answer.status_code} is not described: {answer.text[:300]}"]
        pointer = f"/paths/{_escaped(path)}/{method}/responses/{answer.status_code}"
        response = responses[str(answer.status_code)]
        if "$ref" in response:
            pointer = response["$ref"].removeprefix("#")
            response = self.document["components"]["responses"][pointer.rpartition("/")[2]]
        if not (content := response.get("content")):
            return []
        media_type = answer.headers["content-type"].partition(";")[0]
        if media_type not in content:
            return [f"{media_type} is not described for {answer.status_code}"]
        if not media_type.endswith("json"):
            return []
        return self._misfits(f"{pointer}/content/{_escaped(media_type)}/schema", answer.content)

    def _misfits(self, pointer: str, content: bytes) -> list[str]:
        validator = self._validators.get(pointer)
        if validator is None:
            validator = Draft202012Validator(
                {"$ref": f"{ROOT}#{pointer}"}, registry=self.registry, validate_formats=True
            )
            self._validators[pointer] = validator
        return [
            f"{error.instance_path}: {error.message[:300]}" for error in validator.iter_errors(orjson.loads(content))
        ]


def closed(value: Any) -> Any:
    """The description, with objects that have nothing but their properties."""
    if isinstance(value, list):
        return [closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {key: closed(one) for key, one in value.items()}
    return (
        {**inner, "additionalProperties": False} if inner.get("type") == "object" and "properties" in inner else inner
    )


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
