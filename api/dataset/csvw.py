"""The CSVW metadata of a snapshot: the same tables, for tools that read CSV on the Web (W3C)."""

from typing import Any

from api import about
from api.dataset.fields import Field
from api.dataset.frictionless import PARTIAL
from api.dataset.snapshot import Snapshot
from api.dataset.tables import Table
from schema.cells import SEPARATOR

TYPES: dict[str, Any] = {
    "Int": "integer",
    "Boolean": {"base": "boolean", "format": "true|false"},
    "Date": "date",
    "DateTime": "dateTime",
    "JSON": "json",
    "PartialDate": {"base": "string", "format": PARTIAL},
}
"""By kind; of any other a string."""


def csv_metadata(found: Snapshot) -> dict[str, Any]:
    """Of the whole package, to stand beside its files."""
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:title": about.TITLE,
        "dc:description": about.DESCRIPTION,
        "dc:license": {"@id": about.LICENCE_URL},
        "dc:publisher": about.NAME,
        "dc:modified": {"@value": found.known, "@type": "xsd:dateTime"},
        "dialect": {"header": True, "encoding": "utf-8", "lineTerminators": ["\r\n"]},
        "tables": [_table(found, table) for table, _ in found.holds],
    }


def _table(found: Snapshot, table: Table) -> dict[str, Any]:
    leads = table.leads(parties_are_whole=found.parties_are_whole)
    filled = {field.name for field in table.fields if field.required}
    keys = [
        {"columnReference": [name], "reference": {"resource": f"{resource}.csv", "columnReference": [field]}}
        for name, (resource, field) in leads.items()
        if name in filled  # a key that may be empty is none to CSVW
    ]
    return {
        "url": f"{table.name}.csv",
        "dc:title": table.name,
        "dc:description": table.about,
        "tableSchema": {
            "columns": [_column(field) for field in table.fields],
            "primaryKey": list(table.key),
            **({"foreignKeys": keys} if keys else {}),
        },
    }


def _column(field: Field) -> dict[str, Any]:
    """Lists are split where that needs no more than their separator: CSVW knows no escapes."""
    return {
        "name": field.name,
        "titles": field.name,
        "dc:description": field.about,
        "datatype": TYPES.get(field.kind, "string") if field.codes or not field.listed else "string",
        **({"separator": SEPARATOR} if field.codes else {}),
        **({"required": True} if field.required else {}),
    }
