"""The machine checks: what each finds and what it leaves alone; nothing is found in the seed's own documents."""

import time
from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg
import pytest

from db.check_context import Context, context
from db.checks import REFUSING, WARNING, Found, checked, needs
from db.documents import FIELDS, id_prefix
from db.likeness import of_document
from db.personal_data import Personal, personal_data
from db.proposed import Proposed
from seed.documents import documents
from seed.files import read
from tests.record_documents import (
    Document,
    assessment,
    measure,
    recommendation,
    reporting_event,
    section,
    source,
    state_party,
)

TODAY = date(2026, 11, 27)
TYPES = {id_prefix(record_type): record_type for record_type in FIELDS}
CITED = [{"source": "S-0001", "locator": "para. 3", "note": None}]


def proposal(record_id: str, document: Document, operation: str = "CREATE", **changed: Any) -> Proposed:
    record_type = TYPES[record_id.partition(":")[0]]
    said = {"place": 0, "kind": "LEARNED", "before": None, "new": operation == "CREATE", **changed}
    return Proposed(operation=operation, record_id=record_id, record_type=record_type, document=document, **said)


SEED = [
    proposal(record_id, document, place=place) for place, (record_id, document) in enumerate(documents(read()).items())
]
KNOWN = frozenset(change.record_id for change in SEED) | {"Section:I", "Recommendation:I-01", "Source:S-1"}


def found(record_id: str, document: Document, **said: Any) -> tuple[list[Found], list[Found]]:
    refusals, warnings = checked([proposal(record_id, document, **said)], Context(KNOWN, TODAY))
    return [one for _, one in refusals], [one for _, one in warnings]


def refused(record_id: str, document: Document, **said: Any) -> list[tuple[str, str | None]]:
    return [(one.code, one.field) for one in found(record_id, document, **said)[0]]


def warned(record_id: str, document: Document, **said: Any) -> list[tuple[str, str | None]]:
    return [(one.code, one.field) for one in found(record_id, document, **said)[1]]


def law(**fields: Any) -> Document:
    return measure("PHL", **{"citations": CITED, **fields})


def test_nothing_of_the_seed_is_refused_and_only_locators_are_missed() -> None:
    alike = [one for it in SEED if (one := of_document(it.record_id, it.record_type, it.document))]
    refusals, warnings = checked(SEED, Context(KNOWN, TODAY, alike))
    assert refusals == []
    assert {(one.code, (one.field or "").rpartition(".")[2]) for _, one in warnings} == {("MISSING_SOURCE", "locator")}


def test_every_check_has_a_name_of_its_own_and_says_what_it_is_for() -> None:
    checks = [*REFUSING, *WARNING]
    assert len({check.name for check in checks}) == len(checks)
    assert all(len(type(check).__doc__ or "") > 100 for check in checks)


def test_a_sound_change_passes() -> None:
    assert found("Measure:PHL-0099", law(adoptedOn="2012", inForceOn="2012-05-14")) == ([], [])


def test_an_unknown_code_is_refused_with_its_field_and_the_nearest() -> None:
    proposed = proposal("Measure:PHL-0099", law(recommendations=["I-01", "I-91"], instrument="NONE"))
    refusals, _ = checked([proposed], Context(KNOWN, TODAY, nearest={"Recommendation:I-91": "Recommendation:I-01"}))
    assert [(one.code, one.field, one.expected, one.found, one.message) for _, one in refusals] == [
        ("NOT_FOUND", "instrument", None, "NONE",
         "“instrument” refers to “NONE”, but no instrument “NONE” stands in the record. Create it in the same submission first."),
        ("NOT_FOUND", "recommendations[1]", "I-01", "I-91",
         "“recommendations[1]” refers to “I-91”, but no recommendation “I-91” stands in the record. Did you mean I-01?"),
    ]  # fmt: skip


def test_a_code_other_than_the_records_own_is_refused() -> None:
    assert refused("StateParty:PHL", state_party("PHX", citations=CITED)) == [("BAD_VALUE", "code")]
    assert refused("Article:3", {"number": 3, "subject": "A", "summary": "B"}) == []
    assert refused("Article:3", {"number": 4, "subject": "A", "summary": "B"}) == [("BAD_VALUE", "number")]


@pytest.mark.parametrize(
    ("record_id", "document", "fields"),
    [
        ("Measure:PHL-0099", law(reportedOn="2026-11-28"), []),  # somewhere it is tomorrow
        ("Measure:PHL-0099", law(reportedOn="2026-11-29"), ["reportedOn"]),
        ("Measure:PHL-0099", law(reportedOn="2026"), []),
        ("Measure:PHL-0099", law(reportedOn="2027"), ["reportedOn"]),
        ("Measure:PHL-0099", law(adoptedOn="1870"), []),
        ("Measure:PHL-0099", law(adoptedOn="0199"), ["adoptedOn"]),
        ("Measure:PHL-0099", law(adoptedOn="2027-01"), ["adoptedOn"]),
        ("Measure:PHL-0099", law(inForceOn="2027-01", endedOn="2030"), []),
        ("Measure:PHL-0099", law(inForceOn="2077-01"), ["inForceOn"]),
        ("Assessment:PHL-A99", assessment("PHL", assessedOn="2026-12-01", citations=CITED), ["assessedOn"]),
        ("ReportingEvent:PHL-E99", reporting_event("PHL", happenedOn="2027", citations=CITED), ["happenedOn"]),
        ("ReportingEvent:PHL-E99",
         reporting_event("PHL", kind="INITIAL_REPORT_DUE", happenedOn="2027", citations=CITED), []),
        ("StateParty:PHL", state_party("PHL", signedOn="2000-05-24", citations=CITED), ["signedOn"]),
        ("StateParty:PHL", state_party("PHL", consentOn="2026-12-24", inForceOn="2027-01-24", citations=CITED),
         ["consentOn"]),
        # contradictions, where they are certain
        ("Measure:PHL-0099", law(adoptedOn="2012-05", inForceOn="2012"), []),
        ("Measure:PHL-0099", law(adoptedOn="2012-05-14", inForceOn="2012-05-14"), []),
        ("Measure:PHL-0099", law(adoptedOn="2012-06", inForceOn="2012-05-14"), ["adoptedOn"]),
        ("Measure:PHL-0099", law(inForceOn="2012", endedOn="2011"), ["inForceOn"]),
        ("Measure:PHL-0099", law(inForceOn="2012", reportedOn="2011"), []),  # a report may tell of what will be
        ("StateParty:PHL", state_party("PHL", consentOn="2002-05-01", inForceOn="2002-04-01", citations=CITED),
         ["consentOn"]),
        ("StateParty:PHL",
         state_party("PHL", consent="SUCCESSION", consentOn="2002-05-01", inForceOn="2002-04-01", citations=CITED), []),
        # sources
        ("Source:S-9999", source(publishedOn="2026-11", accessedOn="2026-11-27"), []),
        ("Source:S-9999", source(publishedOn="2026-12"), ["publishedOn"]),
        ("Source:S-9999", source(accessedOn="2026-12-24"), ["accessedOn"]),
        ("Source:S-9999", source(publishedOn="2020", accessedOn="2019-12-31"), ["publishedOn"]),
    ],
)  # fmt: skip
def test_impossible_and_contradictory_dates_are_refused(record_id: str, document: Document, fields: list[str]) -> None:
    assert refused(record_id, document) == [("BAD_DATES", field) for field in fields]


@pytest.mark.parametrize(
    ("fields", "refused_fields"),
    [
        ({"url": "https://example.org/a?b#c", "archivedUrl": "HTTP://example.org"}, []),
        ({"url": "example.org"}, ["url"]),
        ({"url": "javascript:alert(1)"}, ["url"]),
        ({"archivedUrl": "https://"}, ["archivedUrl"]),
        ({"archivedUrl": "https://example.org/a b"}, ["archivedUrl"]),
        ({"readAt": "in the library: shelf 3"}, []),
        ({"readAt": "https://example.org and a copy"}, []),
        ({"readAt": "file:///home/somebody"}, ["readAt"]),
    ],
)
def test_a_link_that_is_not_of_the_web_is_refused(fields: Document, refused_fields: list[str]) -> None:
    assert refused("Source:S-9999", source(**fields)) == [("BAD_VALUE", field) for field in refused_fields]


CHILDREN = """\
a girl, 13, named Xx
A girl (13) named Xx was found
a 13-year-old boy called Xx
a 13-year-old boy from a northern village called Xx
The boy called Xx
13-year-old Xx was sold
13-year-old girl Xx was sold
a 13 year old girl, Xx, was sold
Xx, 13, was sold
Xx (13) was sold by a neighbour
Xx, aged 13, told the court
The victim, Xx Yy, aged 13, told
the rape of Xx, aged 13
Xx, a 13-year-old girl
Xx, a girl of 13,
Xx is 13 years old
the girl Xx, 13, told
girl Xx (13)
a thirteen-year-old girl named Xx
girl, 13, Xx Yy
a victim known as Xx
the child, whose name is Xx
a student named “Xx”
a boy (aged 9) by the name of Xx
named Xx (13)
Ms. Xx, age 15
una niña de 13 años llamada Xx
la niña Xx, de 13 años
Xx, de 13 años, fue vendida
Xx tiene 13 años
Xx, niña de 13 años
une fille de 13 ans nommée Xx
une fillette prénommée Xx
Xx, 13 ans, a été vendue
Xx, âgée de 13 ans
Xx a 13 ans""".splitlines()

LAWS = """\
children under 18
girls aged 13 to 17
Students Aged 13 To 17
In Ruritania, aged 13 to 17
The age of consent in Ruritania is 13 years
The age of marriage in Ruritania was 13 years old
A child helpline called Open Line
a programme for 15-year-olds called Safe Web
Under the Law, a 13-year-old may testify
In Ruritania, a 13-year-old may consent
Articles 3, 4, 5 and 10
sale of a child of 14 under a law named Criminal Code
The Convention, 13 articles of which
Law No. 13, 14 and 15
Five-Year National Plan of Action
17-year-old Ruritanian girls
a 17-year-old Ruritanian girl
Children, aged 13 and over
Article 13, was amended
a minor is anyone below 16 years
a national child protection system named Xx
Girls (13) and boys (14) may marry
May 13, was the day
the Committee (12) was told
the minor’s name is kept secret
child victims, 14 of whom were girls
niñas de 13 a 17 años
la edad mínima es de 18 años
les enfants âgés de 13 à 17 ans""".splitlines()

NUMBERS = """\
+63 2 8123 4567
+41.22.555.12.34
(02) 8123-4567
0917 123 4567
tel: 555 1234
Phone no. 5551234
teléfono 91 555 12 34""".splitlines()

NO_NUMBERS = """\
helpline 116 111
telephone helpline 1098
mobile phone 2016-2020
05-04-2012
2012-05-14
A/RES/54/263
CRC/C/OPSC/PHL/CO/1
10,000 children
EUR 1 000 000 000
ISBN 978-92-1-100000-0
https://example.org/0917-123-4567
in 2010 2011 2012""".splitlines()

EMAILS = """\
write to someone@example.org
Some.One+x@mail.example.org
https://example.org/contact?to=someone@example.org
https://someone@example.org/""".splitlines()

NO_EMAILS = """\
https://example.org/act/eng@2022.html
@somebody on the web
50 @ 3.20
1@presse1.example.org""".splitlines()


@pytest.mark.parametrize(
    ("what", "examples"), [(Personal.CHILD, CHILDREN), (Personal.TELEPHONE, NUMBERS), (Personal.EMAIL, EMAILS)]
)
def test_personal_data_is_found(what: Personal, examples: Sequence[str]) -> None:
    assert [text for text in examples if what not in {place.what for place in personal_data(text)}] == []


@pytest.mark.parametrize("examples", [LAWS, NO_NUMBERS, NO_EMAILS])
def test_laws_symbols_and_figures_are_not_personal_data(examples: Sequence[str]) -> None:
    assert [(text, place) for text in examples for place in personal_data(text)] == []


def test_personal_data_is_refused_with_its_place_and_never_repeated() -> None:
    """In every text, citations' too."""
    document = law(summary="A unit was set up: someone@example.org.", note="It helped a girl, 13, named Xx, in court.")
    document["citations"] = [{**CITED[0], "note": "Call +63 2 8123 4567."}]
    refusals, _ = found("Measure:PHL-0099", document)
    assert [(one.code, one.field, one.found, one.message) for one in refusals] == [
        ("PERSONAL_DATA", "summary", {"what": "EMAIL", "from": 20, "to": 38},
         "“summary” holds an e-mail address at characters 20 to 38: take it out."),
        ("PERSONAL_DATA", "note", {"what": "CHILD", "from": 13, "to": 30},
         "“note” holds words that single out one child at characters 13 to 30:"
         " take out the name and whatever else tells who it is."),
        ("PERSONAL_DATA", "citations[0].note", {"what": "TELEPHONE", "from": 6, "to": 20},
         "“citations[0].note” holds a telephone number at characters 6 to 20: take it out."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "again", ["13 year ", "A", "1 ", "a.", "a@a.", "girl, 13, named ", "Xx, 13 ", "called Xx ", "0917 "]
)
def test_no_text_takes_long_to_look_through(again: str) -> None:
    begun = time.perf_counter()
    list(personal_data((again * 10_000)[:10_000]))
    assert time.perf_counter() - begun < 1


def like(document: Document, *others: Document) -> list[str]:
    ids = [f"Measure:PHL-{number:04}" for number in range(1, len(others) + 1)]
    alike = [of_document(record_id, "MEASURE", other) for record_id, other in zip(ids, others, strict=True)]
    proposed = proposal("Measure:PHL-0099", document)
    _, warnings = checked([proposed], Context(KNOWN, TODAY, [one for one in alike if one]))
    return [record_id for _, one in warnings if one.code == "DUPLICATE" for record_id in one.found]


def test_a_likely_duplicate_is_of_the_same_state_and_date_with_nearly_the_same_title() -> None:
    ours = law(title="Anti-Trafficking in Persons Act (Law No. 9208)", adoptedOn="2003-05-26")
    same = {**ours, "title": "Anti-trafficking in Persons Act (Law No. 9208)."}
    assert like(ours, same) == ["Measure:PHL-0001"]
    assert like(ours, {**same, "inForceOn": "2003-06-26"}) == ["Measure:PHL-0001"]
    assert like(ours, {**same, "stateParty": "THA"}) == []
    assert like(ours, {**same, "adoptedOn": "2004"}) == []
    assert like(ours, {**same, "title": "Anti-Trafficking in Persons Act (Law No. 9775)"}) == []
    assert like(ours, {**same, "title": "Persons trafficked: a shelter law (Law No. 9208)"}) == []
    assert like(ours, {**same, "adoptedOn": None}) == []
    assert like({**ours, "adoptedOn": None}, {**same, "adoptedOn": None}) == ["Measure:PHL-0001"]


def test_a_likely_duplicate_is_found_among_very_many() -> None:
    others = [law(title=f"{letter * 9} Act of {other * 7}") for letter in "abcdefghij" for other in "klmnopqrst"]
    assert like(law(title="ccccccccc Act of nnnnnnn"), *others) == ["Measure:PHL-0024"]


def test_a_source_at_the_same_address_is_a_likely_duplicate() -> None:
    there = of_document("Source:S-0001", "SOURCE", source(url="https://example.org/a"))
    assert there
    proposed = proposal("Source:S-9999", source(title="Another title", url="https://example.org/a"))
    _, warnings = checked([proposed], Context(KNOWN, TODAY, [there]))
    assert [one.message for _, one in warnings] == [
        "This may be in the record already, as Source:S-0001: amend that one if it is the same."
    ]


def test_a_status_said_before_its_date_is_warned_of() -> None:
    assert warned("Measure:PHL-0099", law(status="IN_FORCE", inForceOn="2027")) == [("BAD_DATES", "inForceOn")]
    assert warned("Measure:PHL-0099", law(status="ADOPTED", inForceOn="2027")) == []


def test_a_missing_locator_is_warned_of_where_the_citation_is_new() -> None:
    bare = {"source": "S-0001", "locator": None, "note": None}
    assert warned("Measure:PHL-0099", law(citations=[*CITED, bare])) == [("MISSING_SOURCE", "citations[1].locator")]
    amended = {"operation": "AMEND", "before": law(citations=[bare]), "new": False}
    assert warned("Measure:PHL-0099", law(citations=[bare], note="It stands."), **amended) == []


def test_what_is_found_comes_with_its_changes_place() -> None:
    sound, bad = law(), law(note="someone@example.org", citations=[{"source": "S-0001"}])
    changes = [proposal(f"Measure:PHL-009{place}", one, place=place) for place, one in enumerate((sound, bad, sound))]
    assert [[place for place, _ in found] for found in checked(changes, Context(KNOWN, TODAY))] == [[1], [1]]


@pytest.mark.parametrize("operation", ["RETRACT", "MERGE", "REDACT"])
def test_what_says_nothing_new_is_not_read(operation: str) -> None:
    assert found("Measure:PHL-0099", law(note="someone@example.org"), operation=operation) == ([], [])


def test_a_second_reviewer_is_needed_for_what_reaches_far() -> None:
    change = proposal("Measure:PHL-0099", law())
    assert needs([change], first_by_author=False) == []
    assert needs([change] * 50, first_by_author=False) == []
    assert needs([change] * 51, first_by_author=True) == [
        "It makes 51 changes, more than 50 at once.",
        "It is the first submission of this account.",
    ]
    taken = [proposal("Measure:PHL-0099", law(), "RETRACT"), proposal("Measure:PHL-0098", law(), "MERGE")]
    assert needs(taken, first_by_author=False) == [
        "It retracts a record: what others have cited would no longer stand.",
        "It merges two records: one of them would cease to stand for good.",
    ]
    for catalogue in (proposal("Recommendation:I-01", recommendation("I-01")), proposal("Section:I", section("I"))):
        assert needs([catalogue], first_by_author=False) == [
            "It changes the catalogue of recommendations, by which all States are read."
        ]


class Asked:
    """Counts the statements that a connection is asked."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, record: Any) -> None:
        self.statements.append(record.query)


async def test_what_the_checks_need_is_looked_up_in_three_statements(record_url: str) -> None:
    connection = await asyncpg.connect(record_url)
    (there,) = [change for change in SEED if change.record_id == "Measure:PHL-0004"]
    asked = Asked()
    changes = [
        proposal("Source:S-9999", source()),
        proposal("Measure:PHL-0099", there.document),
        proposal("Measure:PHL-0098", {**there.document, "recommendations": ["IVC-05", "IV-C05", "XX-99"]}),
        proposal("Measure:PHL-0097", law(citations=[{"source": "S-9999"}, {"source": "S-9998"}, {"source": "S-0002"}])),
        proposal("Source:S-0002", source(), "RETRACT"),
    ]
    with connection.query_logger(asked):
        looked_up = await context(connection, changes)
    await connection.close()
    assert len(asked.statements) == 3
    assert {"StateParty:PHL", "Source:S-9999", "Recommendation:IVC-05"} <= looked_up.known
    assert not {"Source:S-9998", "Source:S-0002", "Recommendation:IV-C05"} & looked_up.known
    assert looked_up.nearest["Recommendation:IV-C05"] == "Recommendation:IVC-05"
    refusals, warnings = checked(changes, looked_up)
    assert {one.found for _, one in refusals if one.code == "NOT_FOUND"} >= {"IV-C05", "XX-99", "S-9998", "S-0002"}
    assert [one.found for _, one in warnings if one.code == "DUPLICATE"] == [
        ["Measure:PHL-0004", "Measure:PHL-0098"],
        ["Measure:PHL-0004", "Measure:PHL-0099"],
    ]


async def test_every_document_of_the_seed_passes_as_an_amendment_of_the_record(record_url: str) -> None:
    connection = await asyncpg.connect(record_url)
    changes = [
        proposal(change.record_id, change.document, "AMEND", place=change.place, before=change.document)
        for change in SEED
    ]
    looked_up = await context(connection, changes)
    await connection.close()
    assert checked(changes, Context(looked_up.known, TODAY, looked_up.alike, looked_up.nearest)) == ([], [])


async def test_ten_thousand_changes_are_checked_quickly(record_url: str) -> None:
    """In less than a second where nothing else runs; three, where other tests do. Each is here three times over, the worst case."""
    connection = await asyncpg.connect(record_url)
    told = [
        change for change in SEED if change.record_type in ("MEASURE", "ASSESSMENT", "REPORTING_EVENT", "STATEMENT")
    ]
    changes = [
        proposal(f"{change.record_id}{again}", change.document, place=change.place)
        for again in "abc"
        for change in told
    ]
    begun = time.perf_counter()
    refusals, _ = checked(changes, await context(connection, changes))
    assert time.perf_counter() - begun < 3
    assert refusals == []
    await connection.close()
