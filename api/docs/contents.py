"""The pages of the documentation, in the order in which one reads them."""

from collections.abc import Mapping
from pathlib import Path

TEXTS = Path(__file__).parent / "texts"

PAGES: Mapping[str, str] = {
    "start": "From curl, Python, JavaScript and R.",
    "addresses": "Each list and record that there is, with its parameters.",
    "forms": "JSON, tables, and whatever else a tool likes.",
    "paging": "How a long list is read, and why it does not shift meanwhile.",
    "clocks": "What the record said then, and what was so on a day; how to cite it.",
    "silence": "What it means where nothing stands.",
    "errors": "Each code, and what to do.",
    "following": "What changed since you last looked.",
    "saved-queries": "An address for any query, live or frozen.",
    "datasets": "The whole record in one file.",
    "fair-use": "How much one may ask for.",
    "correcting": "How to say that something is wrong.",
    "verification": "How to check that nothing was rewritten.",
    "stability": "What we promise will stay, and how a thing goes.",
}
"""Name, of the address and of the text → what it is about."""


def text_of(name: str) -> str:
    """Its Markdown."""
    return (TEXTS / f"{name}.md").read_text("utf-8")


def title_of(name: str) -> str:
    """Its heading."""
    return text_of(name).partition("\n")[0].removeprefix("# ")
