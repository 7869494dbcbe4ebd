"""The dataset as schema.org tells it, for search engines."""

from typing import Any

from api import about
from api.dataset import contents
from api.dataset.readme import citation
from api.dataset.snapshot import Snapshot


def schema_org(found: Snapshot) -> dict[str, Any]:
    """A schema:Dataset with a download for each form."""
    here = f"{found.public_url}/v1/dataset"
    return {
        "@id": here,
        "@type": "schema:Dataset",
        "schema:name": about.TITLE,
        "schema:description": about.DESCRIPTION,
        "schema:url": {"@id": found.public_url},
        "schema:identifier": f"{here}.zip?position={found.position}",
        "schema:version": str(found.position),
        "schema:license": {"@id": about.LICENCE_URL},
        "schema:isAccessibleForFree": True,
        "schema:creator": _publisher(found),
        "schema:publisher": _publisher(found),
        "schema:keywords": list(contents.KEYWORDS),
        "schema:inLanguage": "en",
        "schema:dateModified": found.known,
        "schema:temporalCoverage": f"{contents.FROM}/{found.valid}",
        "schema:spatialCoverage": {"@type": "schema:Place", "schema:name": "World"},
        "schema:isBasedOn": [{"@id": path} for _, path in contents.SOURCES if path],
        "schema:creditText": citation(found),
        "schema:variableMeasured": [
            {"@type": "schema:PropertyValue", "schema:name": table.name, "schema:description": table.about}
            for table, _ in found.holds
        ],
        "schema:distribution": [
            {
                "@type": "schema:DataDownload",
                "schema:name": words,
                "schema:contentUrl": {"@id": f"{here}.{form}"},
                "schema:encodingFormat": contents.MEDIA_TYPES[form],
            }
            for form, words in contents.FORMS.items()
        ],
    }


def _publisher(found: Snapshot) -> dict[str, Any]:
    return {"@type": "schema:Organization", "schema:name": about.NAME, "schema:url": {"@id": found.public_url}}
