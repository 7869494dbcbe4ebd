"""What this record is, whose, and under which licence, in the words that all that tells of it shares.

The database has its own of them for how a revision is cited (revision_citation()), since that is for good.
"""

NAME = "OPSC Tracker"
"""Of the record, and of who publishes it."""

SUBJECT = "What States parties reported about the 2019 Guidelines"

TITLE = f"{NAME}: {SUBJECT[0].lower()}{SUBJECT[1:]}"

DESCRIPTION = (
    "What each State party to the Optional Protocol on the sale of children, child prostitution and child pornography (OPSC) has"
    " reported doing about the 2019 implementation Guidelines of the Committee on the Rights of the Child (CRC/C/156): laws,"
    " policies, institutions and programmes, each with its sources, with the history of every change, and with the reason where"
    " nothing is known. A missing row means “not found”, never “not done”, “not reported” or “not a party”."
)

LICENCE = "CC-BY-4.0"
"""As SPDX names it."""

LICENCE_NAME = "CC BY 4.0"
"""For readers."""

LICENCE_TITLE = "Creative Commons Attribution 4.0 International"

LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
