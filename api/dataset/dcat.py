"""The dataset as DCAT-AP 3 tells it, for data portals: its classes, and the Union's vocabularies where it asks for them."""

from typing import Any

from api import about
from api.dataset import contents
from api.dataset.snapshot import Snapshot

VOCABULARY = "http://publications.europa.eu/resource/authority"

MEDIA = "https://www.iana.org/assignments/media-types"

FILE_TYPES = {"zip": "CSV", "parquet.zip": "PARQUET", "sqlite": "SQLITE"}
"""What they hold, as the Union's list of file types names it."""


def dcat(found: Snapshot) -> list[dict[str, Any]]:
    """A catalogue of this one dataset, with a distribution for each form."""
    here = f"{found.public_url}/v1/dataset"
    return [_catalogue(found, here), _dataset(found, here), *_distributions(found, here), *_named(found)]


def _catalogue(found: Snapshot, here: str) -> dict[str, Any]:
    return {
        "@id": f"{here}#catalogue",
        "@type": "dcat:Catalog",
        "dct:title": _english(about.NAME),
        "dct:description": _english("What is to be had from here."),
        "dct:publisher": {"@id": f"{found.public_url}/#publisher"},
        "dcat:dataset": {"@id": here},
    }


def _dataset(found: Snapshot, here: str) -> dict[str, Any]:
    return {
        "@id": here,
        "@type": "dcat:Dataset",
        "dct:title": _english(about.TITLE),
        "dct:description": _english(about.DESCRIPTION),
        "dct:identifier": here,
        "dcat:version": str(found.position),
        "dct:publisher": {"@id": f"{found.public_url}/#publisher"},
        "dcat:contactPoint": {
            "@type": ["vcard:Kind", "vcard:Organization"],
            "vcard:fn": about.NAME,
            "vcard:hasURL": {"@id": found.public_url},
        },
        "dct:accessRights": {"@id": f"{VOCABULARY}/access-right/PUBLIC"},
        "dct:modified": _moment(found.known),
        "dct:language": {"@id": f"{VOCABULARY}/language/ENG"},
        "dct:accrualPeriodicity": {"@id": f"{VOCABULARY}/frequency/IRREG"},
        "dct:spatial": {"@id": f"{VOCABULARY}/continent/WORLD"},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _day(contents.FROM),
            "dcat:endDate": _day(found.valid),
        },
        "dcat:theme": {"@id": f"{VOCABULARY}/data-theme/JUST"},
        "dcat:keyword": [_english(word) for word in contents.KEYWORDS],
        "dct:provenance": {
            "@type": "dct:ProvenanceStatement",
            "dct:description": _english("PROVENANCE.md and sources.csv in the download say where each fact stands."),
        },
        "dcat:landingPage": {"@id": found.public_url},
        "dcat:distribution": [{"@id": f"{here}.{form}#distribution"} for form in contents.FORMS],
    }


def _distributions(found: Snapshot, here: str) -> list[dict[str, Any]]:
    return [
        {
            "@id": f"{here}.{form}#distribution",
            "@type": "dcat:Distribution",
            "dct:title": _english(words),
            "dcat:accessURL": {"@id": f"{here}.{form}"},
            "dcat:downloadURL": {"@id": f"{here}.{form}"},
            "dct:license": {"@id": about.LICENCE_URL},
            "dct:format": {"@id": f"{VOCABULARY}/file-type/{FILE_TYPES[form]}"},
            "dcat:mediaType": {"@id": f"{MEDIA}/{contents.MEDIA_TYPES[form]}"},
            "dct:modified": _moment(found.known),
        }
        for form, words in contents.FORMS.items()
    ]


def _named(found: Snapshot) -> list[dict[str, Any]]:
    """What the others name, with its class: a validator has no other server to ask."""
    return [
        {"@id": f"{found.public_url}/#publisher", "@type": "foaf:Agent", "foaf:name": _english(about.NAME)},
        {"@id": found.public_url, "@type": "foaf:Document"},
        {"@id": about.LICENCE_URL, "@type": "dct:LicenseDocument"},
        {"@id": f"{VOCABULARY}/access-right/PUBLIC", "@type": "dct:RightsStatement"},
        {"@id": f"{VOCABULARY}/language/ENG", "@type": "dct:LinguisticSystem"},
        {"@id": f"{VOCABULARY}/frequency/IRREG", "@type": "dct:Frequency"},
        {"@id": f"{VOCABULARY}/continent/WORLD", "@type": "dct:Location"},
        {
            "@id": f"{VOCABULARY}/data-theme/JUST",
            "@type": "skos:Concept",
            "skos:prefLabel": _english("Justice, legal system and public safety"),
        },
        *(
            {"@id": f"{VOCABULARY}/file-type/{type_}", "@type": "dct:MediaTypeOrExtent"}
            for type_ in FILE_TYPES.values()
        ),
        *({"@id": f"{MEDIA}/{contents.MEDIA_TYPES[form]}", "@type": "dct:MediaType"} for form in contents.FORMS),
    ]


def _english(text: str) -> dict[str, str]:
    return {"@value": text, "@language": "en"}


def _moment(text: str) -> dict[str, str]:
    return {"@value": text, "@type": "xsd:dateTime"}


def _day(text: str) -> dict[str, str]:
    return {"@value": text, "@type": "xsd:date"}
