"""README.md of a download: what it is, its clocks, what silence means in it, how to cite it and how to check it."""

from pathlib import Path
from string import Template

from api import about
from api.citing import citation as cited
from api.dataset.fields import words_of
from api.dataset.snapshot import Snapshot

TEMPLATE = Template((Path(__file__).parent / "readme.md").read_text("utf-8"))

FORMS = {
    "csv": "CSV is RFC 4180 in UTF-8. Several things in one cell have “; ” between them, with `\\;` and `\\\\` for what would be"
    " misread; an empty cell: nothing is known. `datapackage.json` (Frictionless Data Package 2) and `csv-metadata.json` (CSVW)"
    " tell each column’s type, meaning and words.",
    "parquet": "Days, moments, numbers and lists are typed; JSON is text, and so are dates of which some are known to the month or"
    " the year alone. Null: nothing is known. What a column means is in its metadata.",
}
"""How to read the tables, by their suffix."""

SIGNED = "`checkpoint` is the newest signed statement of it."

UNSIGNED = "No checkpoint of it is signed yet, so that its keeper vouches for it alone."


def readme(found: Snapshot, suffix: str) -> bytes:
    """suffix: of the tables' files."""
    return TEMPLATE.substitute(
        address=found.public_url,
        position=found.position,
        known=found.known,
        valid=found.valid,
        tables="\n".join(f"| {table.name}.{suffix} | {count:,} | {table.about} |" for table, count in found.holds),
        form=FORMS[suffix],
        silences="\n".join(f"- `{word}`: {meaning}" for word, meaning in words_of("CoverageState")),
        citation=citation(found),
        licence=about.LICENCE_TITLE,
        licence_url=about.LICENCE_URL,
        root=found.root_hash,
        signed=SIGNED if found.signed.newest else UNSIGNED,
    ).encode()


def citation(found: Snapshot) -> str:
    """How to cite the whole."""
    address = f"{found.public_url}/v1/dataset.zip?position={found.position}&valid={found.valid}"
    return f"{cited(about.SUBJECT, vars(found), address)}. {about.LICENCE}."
