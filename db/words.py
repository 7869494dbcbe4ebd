"""What people write beside changes: whether it can be kept as it is."""

from collections.abc import Mapping, Sequence

from db.refusals import Refusal


def wrong_words(longest: Mapping[str, int], **said: str | None) -> Sequence[Refusal]:
    """Of each field of the input that was given, by its name there. longest: characters."""
    found = []
    for name, text in said.items():
        if text is None:
            continue
        path = ("input", name)
        if not text.strip():
            found.append(Refusal("BAD_VALUE", f"{name} is blank: say something in it.", field=name, path=path))
        elif len(text) > longest[name]:
            message = f"{name} may have {longest[name]:,} characters; this one has {len(text):,}."
            found.append(Refusal("BAD_VALUE", message, field=name, path=path))
        elif any(_unspeakable(letter) for letter in text):
            message = (
                f"{name} holds a character that texts cannot have (a control character, or half of one): take it out."
            )
            found.append(Refusal("BAD_VALUE", message, field=name, path=path))
    return found


def _unspeakable(letter: str) -> bool:
    return (letter < " " and letter not in "\n\t") or "\x7f" <= letter < "\xa0" or "\ud800" <= letter <= "\udfff"
