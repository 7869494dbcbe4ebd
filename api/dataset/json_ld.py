"""The dataset in the words of schema.org and of DCAT-AP 3, in one JSON-LD: search engines read the one, data portals the other."""

from typing import Any

from api.dataset.dcat import dcat
from api.dataset.schema_org import schema_org
from api.dataset.snapshot import Snapshot


def json_ld(found: Snapshot) -> dict[str, Any]:
    """Both describe the one thing that /v1/dataset names."""
    return {"@context": CONTEXT, "@graph": [schema_org(found), *dcat(found)]}


CONTEXT = {
    "schema": "https://schema.org/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefixes alone, and nothing to fetch: whoever reads it needs no other server."""
