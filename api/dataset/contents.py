"""The dataset as its descriptions tell it, beside what the record is (api/about.py): its name, its forms, what it comes from."""

from collections.abc import Mapping

from api.media_types import JSON_LINES, ZIP

NAME = "opsc-tracker"
"""Where a name may have no spaces."""

KEYWORDS = ("children’s rights", "OPSC", "CRC/C/156", "human rights treaty bodies", "United Nations", "legislation")

FROM = "2000-05-25"
"""The day on which the Protocol was adopted: what is reported begins about there."""

SOURCES = (
    (
        "Guidelines regarding the implementation of the Optional Protocol (CRC/C/156), paraphrased",
        "https://undocs.org/CRC/C/156",
    ),
    ("The documents that each fact is cited from, in sources.csv; how they were gathered, in PROVENANCE.md", None),
)
"""Title → address, where there is one."""

MEDIA_TYPES: Mapping[str, str] = {
    "zip": ZIP,
    "parquet.zip": ZIP,
    "sqlite": "application/vnd.sqlite3",
    "jsonld": "application/ld+json",
    "delta.jsonl": JSON_LINES,
}
"""The forms that the whole record is had in, by the suffix of /v1/dataset."""

FORMS: Mapping[str, str] = {
    "zip": "CSV in a Frictionless Data Package, with CSVW metadata",
    "parquet.zip": "Parquet, typed",
    "sqlite": "SQLite, with the full history",
}
"""Those that hold all of it, in words."""
