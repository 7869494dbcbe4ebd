"""What the record is, in the words that its descriptions share."""

NAME = "opsc-tracker"
"""Of the dataset, where a name may have no spaces."""

TITLE = "OPSC Tracker: what States parties reported about the 2019 Guidelines"

DESCRIPTION = (
    "What each State party to the Optional Protocol on the sale of children, child prostitution and child pornography (OPSC) has"
    " reported doing about the 2019 implementation Guidelines of the Committee on the Rights of the Child (CRC/C/156): laws,"
    " policies, institutions and programmes, each with its sources, with the history of every change, and with the reason where"
    " nothing is known. A missing row means “not found”, never “not done”, “not reported” or “not a party”."
)

KEYWORDS = ("children’s rights", "OPSC", "CRC/C/156", "human rights treaty bodies", "United Nations", "legislation")

PUBLISHER = "OPSC Tracker"

LICENCE = "CC-BY-4.0"
"""As SPDX names it."""

LICENCE_TITLE = "Creative Commons Attribution 4.0 International"

LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"

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

MEDIA_TYPES = {
    "zip": "application/zip",
    "parquet.zip": "application/zip",
    "sqlite": "application/vnd.sqlite3",
    "jsonld": "application/ld+json",
    "delta.jsonl": "application/jsonl; charset=utf-8",
}
"""The forms that the whole record is had in, by the suffix of /v1/dataset."""

FORMS = {
    "zip": "CSV in a Frictionless Data Package, with CSVW metadata",
    "parquet.zip": "Parquet, typed",
    "sqlite": "SQLite, with the full history",
}
"""Those that hold all of it, in words."""
