"""Finds what must not enter the record: e-mail addresses, telephone numbers, and words that single out one child.

It looks for the forms in which reports and news tell of a child, in English, Spanish and French: a name beside an age, a name
beside "girl, called". It cannot know a child told of in other forms: people review every submission, and redaction exists.
Laws speak of ages, too ("children under 18", "girls aged 13 to 17"): without somebody's name nothing is found.
"""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple


class Personal(StrEnum):
    """What was found, as a message names it."""

    EMAIL = "an e-mail address"
    TELEPHONE = "a telephone number"
    CHILD = "words that single out one child"


class Place(NamedTuple):
    """Where it stands: characters of the text, from start to before end, counted from 0."""

    what: Personal
    start: int
    end: int


def personal_data(text: str) -> Iterator[Place]:
    """Everything of the kind in a text, one place for each, never two for the same words."""
    for what, found in ((Personal.EMAIL, _emails), (Personal.TELEPHONE, _telephones), (Personal.CHILD, _children)):
        end = 0
        for start, stop in sorted(found(text)):
            if start >= end:
                yield Place(what, start, stop)
                end = stop


_EMAIL = re.compile(r"[\w.+%-]{1,63}[\w+%-]@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[^\W\d_]{2,24}\b")
_ADDRESS_PATH = re.compile(r"\bhttps?://[^\s/?#]+(/[^\s?#]*)")
"""In an address's path an @ sets versions and the like apart: ".../act/eng@2022"; elsewhere in it, it is somebody's."""


def _emails(text: str) -> Iterator[tuple[int, int]]:
    if "@" not in text:
        return
    paths = [path.span(1) for path in _ADDRESS_PATH.finditer(text)]
    for email in _EMAIL.finditer(text):
        if not any(start <= email.start() < end for start, end in paths):
            yield email.span()


_TELEPHONE = re.compile(
    r"(?<![\w+])\+\(?[1-9](?:[ ().\-/]{0,2}\d){7,14}(?!\d)"  # +63 2 8123 4567
    r"|(?<![\w/.\-])\(0\d{1,4}\)[ \-]?\d{2,4}(?:[ \-.]\d{2,4}){1,3}(?!\w)"  # (02) 8123-4567
    r"|(?<![\w/.\-])(?<!\d[ ,])0\d{1,4}(?:[ \-.]\d{2,4}){2,4}(?![\w\-/])"  # 0917 123 4567
    # tel. 555 1234: seven digits at the least, for helplines have short ones and are meant to be known
    r"|\b(?i:tel|telephone|phone|mobile|cell|whatsapp|fax|tél|téléphone|teléfono|móvil|celular|portable)\b"
    r"[.:]?\s{0,2}(?i:no\.?|number|numéro|número|n[°º])?[.:]?\s{0,2}"
    r"(?!(?:19|20)\d\d\s?[-–/]\s?(?:19|20)?\d\d)[(]?\d(?:[ ().\-/]{0,2}\d){6,14}(?!\d)"
)
_WEB_ADDRESS = re.compile(r"\bhttps?://\S+")


def _telephones(text: str) -> Iterator[tuple[int, int]]:
    if not _SEVEN_DIGITS.search(text):
        return
    addresses = [address.span() for address in _WEB_ADDRESS.finditer(text)]
    for number in _TELEPHONE.finditer(text):
        day = re.fullmatch(r"0?\d{1,2}[ .\-]\d{1,2}[ .\-](?:19|20)\d\d", number[0])
        if not day and not any(start <= number.start() < end for start, end in addresses):
            yield number.span()


_SEVEN_DIGITS = re.compile(r"\d(?:[ ().\-/]{0,2}\d){6}")

_COUNTS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
AGE = rf"(?<![\w.,/])(?:1[0-7]|[1-9]|(?i:{_COUNTS.replace(' ', '|')}))"
YEARS = (
    r"(?:[\s-]{1,2}(?i:years?|yrs?)(?:[\s-]{1,2}(?i:old|of\s+age))?(?![\s-]*olds)|[\s-]?(?i:y/?o)\b|\s(?i:años?|ans)\b)"
)
"""Of one: "15-year-olds" are many."""

OLD = r"[\s-]{1,2}(?i:years?|yrs?)[\s-]{1,2}(?i:old|of\s+age)\b"

CHILD = (
    r"\b(?:[Gg]irl|[Bb]oy|[Cc]hild|[Mm]inor|[Tt]een(?:ager)?|[Ss]chool(?:girl|boy)|[Pp]upil|[Ss]tudent|[Dd]aughter|[Ss]on"
    r"|[Vv]ictim|[Ss]urvivor|[Bb]aby|[Ii]nfant|[Tt]oddler|[Nn]iñ[oa]|[Mm]enor|[Aa]dolescente?|[Cc]hic[oa]|[Hh]ij[oa]"
    r"|[Aa]lumn[oa]|[Vv][íi]ctima|[Bb]eb[ée]|[Ff]ille(?:tte)?|[Gg]arçon|[Ee]nfant|[Mm]ineure?|[ÉéEe]lève|[Vv]ictime|[Ff]ils)\b"
)
CHILDREN = (
    r"\b(?i:girls|boys|children|minors|teen(?:ager)?s|pupils|students|victims|survivors|youth|adolescents|niñ[oa]s|menores"
    r"|filles|garçons|enfants|mineurs|people|persons|users)\b"
)
NAMING = (
    r"\b(?i:named|called|known\s+as|by\s+the\s+name\s+of|(?:whose|her|his)\s+name\s+(?:is|was)|llamad[oa]|de\s+nombre"
    r"|que\s+se\s+llama|se\s+llama|nommée?|appelée?|prénommée?|qui\s+s[’']appelle|s[’']appelle)\s{1,2}"
)
NAME = r"(?P<name>[A-ZÀ-ÖØ-Þ][\w’'-]*+)"
QUOTE = r"[“\"'‘«]?\s?"
AGED = rf"(?:(?i:aged|age|of|de|d[’']|âgée?\s+de)\s{{0,2}})?{AGE}{YEARS}?"
MANY = (
    r"(?!\s*(?:(?i:to|and|or|a|à|et|y|o|ou)|[-–%])\s*(?:\d|over|above|older|under|younger|plus|más|mas|%|$))(?![\d.]\d)"
)
"""After an age: not a range of ages, nor part of a number."""
NEAR = (
    r"(?:(?!\b(?i:law|act|bill|code|programme|program|plan|project|campaign|system|operation|service|app|unit|centre|center"
    r"|report|girls|boys|children|minors|olds|those|persons|people|niñ[oa]s|menores|filles|garçons|enfants|mineurs|ley|loi"
    r"|programa)\b)[^.;!?\n]){0,60}?"
)
"""A few words of the same sentence, none of which is what bears the name that follows."""
BE = r"(?i:who\s+(?:is|was)|is|was|fue|es|era|est|était)"
DID = (
    r"(?i:was|is|had|has|who|from|said|says|told|lived?|lives|went|quien|que|fue|es|tenía|vivía|dijo|est|était|qui|vit|a\s+été"
    r"|rescued|abused|raped|sold|trafficked|exploited|abducted|kidnapped|killed|assaulted|recruited|forced|missing)\b"
)


class _Pattern(NamedTuple):
    """A form in which one child is told of. hints: some of these stand in every text that has it (in lower case)."""

    hints: Sequence[str]
    regex: re.Pattern[str]


_NAMED = ("name", "called", "known", "llama", "nombre", "nomm", "appel")
_AGED = ("year", "yr", "yo", "y/o", "año", " ans")
_PATTERNS = (
    # a girl, 13, named X; the boy called X; un garçon nommé X
    _Pattern(_NAMED, re.compile(rf"{CHILD}(?:\s?[,(]?\s?{AGED}\s?[,)]?)?\s?,?\s?(?:{BE}\s+)?{NAMING}{QUOTE}{NAME}")),
    # a girl, 13, from a village, named X
    _Pattern(_NAMED, re.compile(rf"{CHILD}\s?[,(]?\s?{AGED}{MANY}{NEAR}{NAMING}{QUOTE}{NAME}")),
    # a 13-year-old called X; niña de 13 años llamada X
    _Pattern(_NAMED, re.compile(rf"{AGE}{YEARS}{NEAR}{NAMING}{QUOTE}{NAME}")),
    # called X, 13; named X (13)
    _Pattern(_NAMED, re.compile(rf"{NAMING}{QUOTE}{NAME}(?:\s[A-ZÀ-Þ][\w’'-]*){{0,2}}\s?[,(]\s?{AGED}\s?[,).]")),
    # 13-year-old X; 13-year-old girl X; but not 13-year-old Ruritanian girl
    _Pattern(_AGED, re.compile(rf"{AGE}{OLD},?\s(?:{CHILD}\s)?{NAME}(?!\s(?:\w+\s)?(?:{CHILD}|{CHILDREN}))")),
    # a 13-year-old girl, X, was sold
    _Pattern(_AGED, re.compile(rf"{AGE}{OLD}\s{CHILD}\s?,\s{NAME}(?:\s[A-ZÀ-Þ][\w’'-]*+){{0,2}}\s?(?:[,.;]|$)")),
    # girl, 13, X; boy (13), X
    _Pattern((), re.compile(rf"{CHILD}\s?[,(]\s?{AGED}\s?[,)][,:]?\s{NAME}")),
    # X, aged 13; X (aged 13); X, de 13 años; X, 13 ans
    _Pattern(
        ("age", "âg"),
        re.compile(rf"{NAME}\s?[,(]\s?(?:{BE}\s)?(?i:aged|age|âgée?\s+de)\s{AGE}\b(?:{YEARS})?{MANY}"),
    ),
    _Pattern(_AGED, re.compile(rf"{NAME}\s?[,(]\s?(?:{BE}\s)?(?:(?i:de)\s)?{AGE}{YEARS}{MANY}\s?(?:[,).;]|$)")),
    # X, 13, was sold; X (13) was sold
    _Pattern((), re.compile(rf"{NAME}\s?[,(]\s?{AGE}\s?[,)]\s?{DID}")),
    # the girl X, 13; girl X (13)
    _Pattern((), re.compile(rf"{CHILD}\s{NAME}(?:\s[A-ZÀ-Þ][\w’'-]*){{0,2}}\s?[,(]\s?{AGED}{MANY}\s?[,).]")),
    # X is 13 years old; X was only 13 years old; X tiene 13 años; X a 13 ans
    _Pattern(
        _AGED,
        re.compile(
            rf"{NAME}\s(?i:is|was|turned|tiene|tenía|a|avait)\s(?:(?i:an?|only|just|solo|seulement)\s)?{AGE}"
            r"[\s-](?i:years?[\s-](?:old|of\s+age)|años|ans)\b(?![\s-]*olds)"
        ),
    ),
    # X, a 13-year-old; X, a girl of 13; X, niña de 13 años
    _Pattern(
        (),
        re.compile(
            rf"{NAME}\s?,\s(?:(?i:an?|the|una?|une?)\s)?(?:\w+\s)?"
            rf"(?:{AGE}[\s-](?i:years?[\s-]old)\b(?![\s-]*olds)|{CHILD}\s(?i:of|aged|de|âgée?\s+de)\s{AGE}{MANY})"
        ),
    ),
)

_NOT_NAMES = frozenset(
    re.findall(
        r"\w+",
        """
    a an the this that these those it its he she they we all any anyone both each every most many some no none such where when
    while who whoever and or but if for from in of on at by to under over with without within between since until after before
    as per article articles art arts section sections chapter chapters part parts paragraph paragraphs para paras page pages
    law laws act acts code codes bill bills decree decrees order orders regulation regulations rule rules convention conventions
    protocol protocols optional treaty treaties constitution constitutional criminal penal civil family labour labor national
    international regional federal government state states ministry minister parliament congress senate court courts committee
    commission council agency authority police programme programmes program programs project projects plan plans policy policies
    strategy strategies report reports children child girls boys girl boy minors minor teenagers adolescents pupils students
    persons people person victims victim survivors youth youths users women men woman man juveniles juvenile adults age ages
    consent marriage majority minimum maximum article english french spanish operation project safe internet online helpline
    hotline campaign system systems centre center unit school schools january february march april may june july august
    september october november december ley código artículo niños niñas menores personas adolescentes programa plan en el la los
    las un una loi article enfants filles garçons mineurs personnes le les du des au aux dans sous union nations united
    european african american guidelines
        """,
    )
)
"""Capitalised words that begin sentences or bear institutions, and are nobody's name."""

_PLACED = frozenset(("in", "across", "throughout", "within", "en", "au", "aux", "dans"))
"""Before the name of a place."""
_LAST_WORD = re.compile(r"(\w+)\s$")

_HINTS = (*_NAMED, *_AGED)
_AGE_IN_DIGITS = re.compile(r"(?<![\w.,/-])(?:1[0-7]|[1-9])(?![\w./%])")
"""A quick first look: most texts that have numbers have years and articles."""


def _children(text: str) -> Iterator[tuple[int, int]]:
    lower = text.lower()
    if not _has_one(lower, _HINTS) and not _AGE_IN_DIGITS.search(text):
        return
    for hints, regex in _PATTERNS:
        if hints and not _has_one(lower, hints):
            continue
        for found in regex.finditer(text):
            before = _LAST_WORD.search(text, max(0, found.start("name") - 20), found.start("name"))
            placed = before is not None and before[1].lower() in _PLACED
            if found["name"].lower() not in _NOT_NAMES and not placed:
                yield found.span()


def _has_one(text: str, hints: Sequence[str]) -> bool:
    for hint in hints:  # noqa: SIM110 - any() of a generator takes three times as long
        if hint in text:
            return True
    return False
