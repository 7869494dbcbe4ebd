"""The Frictionless Data Package (v2) of a snapshot: each table with its schema, for tools that read such."""

from collections.abc import Mapping
from typing import Any

from api import about
from api.dataset import contents
from api.dataset.fields import Field
from api.dataset.files import Written
from api.dataset.snapshot import Snapshot
from api.dataset.tables import Table

PROFILES = "https://datapackage.org/profiles/2.0"

TYPES: Mapping[str, dict[str, Any]] = {
    "Int": {"type": "integer"},
    "Boolean": {"type": "boolean", "trueValues": ["true"], "falseValues": ["false"]},
    "Date": {"type": "date"},
    "DateTime": {"type": "datetime"},
}
"""By kind; of any other a string."""

PARTIAL = r"\d{4}(-\d\d(-\d\d)?)?"


def datapackage(found: Snapshot, files: Mapping[str, Written]) -> dict[str, Any]:
    """files: those that are written, by name."""
    return {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": contents.NAME,
        "id": f"{found.public_url}/v1/dataset.zip?position={found.position}&valid={found.valid}",
        "title": about.TITLE,
        "description": about.DESCRIPTION,
        "homepage": found.public_url,
        "version": f"1.{found.position}.0",
        "created": found.known,
        "keywords": list(contents.KEYWORDS),
        "licenses": [{"name": about.LICENCE, "title": about.LICENCE_TITLE, "path": about.LICENCE_URL}],
        "contributors": [{"title": about.NAME, "path": found.public_url, "roles": ["publisher"]}],
        "sources": [{"title": title, **({"path": path} if path else {})} for title, path in contents.SOURCES],
        "record": {
            "position": found.position,
            "known": found.known,
            "valid": found.valid,
            "rootHash": found.root_hash,
            "checkpoint": found.signed.newest,
        },
        "resources": [_resource(found, table, count, files[f"{table.name}.csv"]) for table, count in found.holds],
    }


def _resource(found: Snapshot, table: Table, count: int, file: Written) -> dict[str, Any]:
    leads = table.leads(parties_are_whole=found.parties_are_whole)
    keys = [
        {
            "fields": [name],
            "reference": {"resource": "" if resource == table.name else resource, "fields": [field]},
        }
        for name, (resource, field) in leads.items()
    ]
    return {
        "name": table.name,
        "type": "table",
        "path": file.name,
        "title": table.name,
        "description": table.about,
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}",
        "rows": count,
        "schema": {
            "$schema": f"{PROFILES}/tableschema.json",
            "fields": [_field(field) for field in table.fields],
            "missingValues": [""],
            "primaryKey": list(table.key),
            **({"foreignKeys": keys} if keys else {}),
        },
    }


def _field(field: Field) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if field.required else {}
    if field.kind == "PartialDate":
        constraints["pattern"] = PARTIAL
    if field.words and not field.listed:
        constraints["enum"] = [word for word, _ in field.words]
    typed = {"type": "string"} if field.listed else TYPES.get(field.kind, {"type": "string"})
    if field.kind == "JSON":
        typed = {"type": "array" if field.name == "redacts" else "object"}
    return {
        "name": field.name,
        **typed,
        "description": field.about + _meanings(field),
        **({"constraints": constraints} if constraints else {}),
    }


def _meanings(field: Field) -> str:
    told = "; ".join(f"{word}: {meaning}" for word, meaning in field.words if meaning)
    return f" {told}" if told else ""
