"""The words of the record as GraphQL's enums, each explained. New words may come: clients must accept ones they do not know."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import graphene

from db import vocabulary
from schema import refusals


def _enum(words: type[StrEnum], about: str, **explained: str) -> Any:
    """graphene's enum of these words; `explained` has a sentence for each."""
    missing = {str(word) for word in words} ^ set(explained)
    assert not missing, f"{words.__name__}: {missing}"

    def describe(value: Any) -> str:
        return about if value is None else explained[str(value)]

    return graphene.Enum.from_enum(words, description=describe)


def _strenum(name: str, words: Mapping[str, str]) -> type[StrEnum]:
    return StrEnum(name, {word: word for word in words})  # type: ignore[return-value]


Language = _enum(
    vocabulary.Language,
    "The six official languages of the United Nations.",
    EN="English",
    FR="French",
    ES="Spanish",
    AR="Arabic",
    ZH="Chinese",
    RU="Russian",
)
RegionalGroup = _enum(
    vocabulary.RegionalGroup,
    "The regional groups of the United Nations General Assembly.",
    AFRICAN="African States.",
    ASIA_PACIFIC="Asia-Pacific States.",
    EASTERN_EUROPEAN="Eastern European States.",
    LATIN_AMERICAN_AND_CARIBBEAN="Latin American and Caribbean States.",
    WESTERN_EUROPEAN_AND_OTHERS="Western European and other States.",
    OBSERVER="States that are observers at the United Nations: in no group.",
)
ConsentKind = _enum(
    vocabulary.ConsentKind,
    "How a State consented to be bound by a treaty.",
    RATIFICATION="It had signed, and then ratified.",
    ACCESSION="It joined without signing first.",
    SUCCESSION="It took over the obligations of a State that it succeeded.",
    ACCEPTANCE="It accepted or approved, which has the effect of ratification.",
)
DateConfidence = _enum(
    vocabulary.DateConfidence,
    "How sure the day of consent is.",
    TWO_SOURCES="The day agrees in two archived sources.",
    ONE_SOURCE="The day stands in one archived source.",
    UNVERIFIED="The day is from general knowledge: no archived source that gives it was found.",
)
Confidence = _enum(
    vocabulary.Confidence,
    "How sure the record is of a measure. It says nothing about how good the measure is.",
    HIGH="A reliable source says so, with its date.",
    MEDIUM="A source says so; a date or a detail is missing or uncertain.",
    LOW="The source is weak, or sources disagree.",
)
Strength = _enum(
    vocabulary.Strength,
    "How strongly the Guidelines ask, as far as is known.",
    SHALL="An obligation under the Protocol itself.",
    SHOULD="Recommended.",
    ENCOURAGED="Encouraged, or offered as an example.",
)
Verification = _enum(
    vocabulary.Verification,
    "What the paraphrase of a recommendation rests on. The full text of the Guidelines could not be read for all of them.",
    TEXT_SEEN="The text of the Guidelines was read for it.",
    TREATY_TEXT="An article of the Protocol that was read: safe as a duty under the Protocol, not as the Guidelines' wording.",
    SECONDARY_SOURCE="A source that describes the Guidelines was read.",
    UNCHECKED="General knowledge, not checked against the text: open to correction.",
)
Theme = _enum(
    vocabulary.Theme,
    "What a recommendation is about. One may have several themes.",
    LEGISLATION="Laws and their scope.",
    DATA="Collecting and publishing data.",
    COORDINATION="Who coordinates, strategies and plans.",
    BUDGET="Money set aside.",
    TRAINING="Training of those who work with children or on cases.",
    PREVENTION="Prevention and awareness.",
    ONLINE="The digital environment.",
    PRIVATE_SECTOR="Duties of companies.",
    CRIMINALISATION="What criminal law must cover.",
    JURISDICTION="Which courts can try an offence.",
    EXTRADITION="Handing over suspects.",
    SEIZURE="Seizing and confiscating goods and proceeds.",
    VICTIMS="Protection and care of child victims.",
    CHILD_FRIENDLY_JUSTICE="Procedures fit for children.",
    REMEDIES="Redress and compensation.",
    INTERNATIONAL_COOPERATION="Cooperation between States.",
    REPORTING="Reports to the Committee, and following them up.",
)
MeasureKind = _enum(
    vocabulary.MeasureKind,
    "What kind of thing a measure is.",
    LEGISLATION="A law, a decree, an amendment.",
    TREATY_ACTION="Signing, ratifying or joining a treaty.",
    POLICY="A strategy, a plan, a guideline.",
    INSTITUTION="A body, an office, a unit.",
    PROGRAMME="A programme, a service, a campaign.",
    BUDGET="Money set aside.",
    TRAINING="Training.",
    DATA="Statistics, a study, a register.",
    CASE_LAW="A decision of a court that changes how law applies.",
    REPORTING="A report to a treaty body, and its follow-up.",
    COOPERATION="An agreement or a joint action with other States or bodies.",
    OTHER="Something else.",
)
MeasureStatus = _enum(
    vocabulary.MeasureStatus,
    "How far a measure had come by the clock's valid day: the last milestone known to be reached by then.",
    ANNOUNCED="Announced, or a treaty signed.",
    DRAFTED="A bill or a draft.",
    ADOPTED="Adopted or ratified; entry into force not known by that day.",
    IN_FORCE="In force, set up, or under way.",
    ENDED="Repealed, closed or finished.",
)
Reporter = _enum(
    vocabulary.Reporter,
    "Who says so.",
    STATE="The State party itself.",
    COMMITTEE="The Committee on the Rights of the Child.",
    COMMITTEE_MEMBER="A single member of the Committee in a dialogue: not the Committee's conclusion.",
    DEPOSITARY="The depositary of a treaty.",
    UN="Another body or office of the United Nations.",
    REGIONAL_BODY="A regional organisation.",
    GOVERNMENT="Another State's government.",
    NGO="A non-governmental organisation.",
    NEWS="The press.",
    TRACKER="This record's own coders.",
)
Verdict = _enum(
    vocabulary.Verdict,
    "What a reader of the situation concluded. It is the assessor's conclusion, not this record's.",
    WELCOMED="Welcomed something that the State has done.",
    CONCERN="Expressed concern.",
    RECOMMENDED="Recommended something to the State.",
    MEETS="Judged that the assessor's criterion is met.",
    DOES_NOT_MEET="Judged that the assessor's criterion is not met; this need not mean that there is no law.",
    NOT_MENTIONED="The State's report was read for this recommendation and does not mention it.",
    NONE_REPORTED="The State's report says that it has no such measure.",
    CONTESTED="Assessors disagree, or the State disputes it.",
)
StatementKind = _enum(
    vocabulary.StatementKind,
    "What a State declared to the depositary about the Protocol.",
    DECLARATION="How it understands or applies a provision.",
    RESERVATION="A provision by which it does not want to be bound.",
    OBJECTION="That it objects to another State's reservation or declaration.",
    WITHDRAWAL="That it withdraws an earlier statement.",
)
ReportingEventKind = _enum(
    vocabulary.ReportingEventKind,
    "A step in the reporting cycle under article 12 of the Protocol.",
    INITIAL_REPORT_DUE="A document says when the initial report was due.",
    INITIAL_REPORT_OVERDUE="A document says that the initial report is overdue.",
    INITIAL_REPORT_SUBMITTED="The initial report was submitted.",
    INITIAL_REPORT_PUBLISHED="The initial report was published.",
    LIST_OF_ISSUES="The Committee put its questions on the report.",
    LIST_OF_ISSUES_PRIOR_TO_REPORTING="The Committee put its questions before the report.",
    REPLIES_TO_LIST_OF_ISSUES="The State replied to the questions.",
    REVIEW="The Committee and the State discussed the report.",
    CONCLUDING_OBSERVATIONS_ADOPTED="The Committee adopted its concluding observations.",
    CONCLUDING_OBSERVATIONS_PUBLISHED="The concluding observations were published.",
    CONCLUDING_OBSERVATIONS_ISSUED="Concluding observations exist; which date the source gives is not known.",
    CRC_PERIODIC_REPORT_SUBMITTED="A periodic report under the Convention, which covers the Protocol too, was submitted.",
    CRC_PERIODIC_REPORT_PUBLISHED="Such a periodic report was published.",
)
SourceKind = _enum(
    vocabulary.SourceKind,
    "What kind of document a source is.",
    GUIDELINES="The Guidelines, CRC/C/156.",
    TREATY_TEXT="The text of a treaty.",
    TREATY_DEPOSITARY="A depositary's list of parties or of statements.",
    STATE_REPORT="A report by a State.",
    LIST_OF_ISSUES="The Committee's questions to a State.",
    REPLIES_TO_LIST_OF_ISSUES="A State's replies to the Committee's questions.",
    SUMMARY_RECORD="The record of a meeting.",
    CONCLUDING_OBSERVATIONS="The Committee's conclusions on a State's report.",
    UN_DOCUMENT="Another document of the United Nations.",
    MEETING_SUMMARY="A press summary of a meeting.",
    STATUTE="The text of a law.",
    NGO_REPORT="A report by a non-governmental organisation.",
    NEWS="An article in the press.",
    DATASET="A dataset.",
    WEB_PAGE="A web page.",
    OTHER="Something else.",
)
CoverageState = _enum(
    vocabulary.CoverageState,
    "What the record has for one State party and one recommendation: the first of these that holds. The last five say why the "
    "record shows no measure; not knowing of a measure is never reported as not having one.",
    MEASURE_IN_FORCE="At least one measure that bears on the recommendation is reported to be in force.",
    MEASURE_REPORTED="A measure is reported as announced, drafted or adopted; none is known to be in force.",
    MEASURE_ENDED="The measures that were reported have ended.",
    NONE_REPORTED="The State's own report says that it has none.",
    NOT_MENTIONED="The State's report was read for this recommendation and does not mention it.",
    REPORT_OVERDUE="A source says that the State's report under article 12 is overdue.",
    REPORT_NOT_DUE="The State's first report was not due yet, by the dates.",
    NOT_YET_CODED="Nobody has coded this cell in this record yet: it says nothing about the State.",
)
RecordType = _enum(
    vocabulary.RecordType,
    "The types of record under change control.",
    STATE_PARTY="A State party.",
    SIGNATORY="A State that had only signed.",
    SECTION="A section of the Guidelines.",
    ARTICLE="An article of the Protocol.",
    INSTRUMENT="A treaty or standard around the Guidelines.",
    RECOMMENDATION="A recommendation of the Guidelines.",
    MEASURE="A measure.",
    ASSESSMENT="An assessment.",
    STATEMENT="A statement about the Protocol.",
    REPORTING_EVENT="A reporting event.",
    SOURCE="A source.",
)
Sheet = _enum(
    vocabulary.Sheet,
    "The spreadsheets that can be imported; opsc template prints each with its columns.",
    MEASURES="Measures.",
    ASSESSMENTS="Assessments.",
    REPORTING_EVENTS="Reporting events.",
    STATEMENTS="Statements.",
    SOURCES="Sources.",
)
Operation = _enum(
    vocabulary.Operation,
    "What a revision did to its record.",
    CREATE="Entered it.",
    AMEND="Changed it.",
    RETRACT="Took it out of the record; its history stays.",
    RESTORE="Brought it back.",
    MERGE="Merged it into another record, to which its id leads from then on.",
    REDACT="Removed what an earlier revision said, because it must not be public; that it was there stays provable.",
)
ChangeKind = _enum(
    vocabulary.ChangeKind,
    "Why a record changed.",
    STATE_ACTED="Something happened in the world.",
    LEARNED="We came to know of it.",
    CORRECTED="We had it wrong.",
    RECODED="Our coding or our catalogue changed; nothing in the world did.",
)
_DIMENSIONS = {
    "STATE_PARTY": "By State party.",
    "REGION": "By region (UN M49).",
    "SUBREGION": "By subregion (UN M49).",
    "GROUP": "By regional group of the United Nations.",
    "RECOMMENDATION": "By recommendation.",
    "SECTION": "By section of the Guidelines.",
    "THEME": "By theme. A recommendation may have several themes and then counts in each: these totals overlap, and themes that a "
    "filter does not name are among them.",
}
CoverageDimension = _enum(_strenum("CoverageDimension", _DIMENSIONS), "What coverage is counted by.", **_DIMENSIONS)
_STYLES = {
    "TEXT": "A sentence for a footnote.",
    "BIBTEX": "An entry for BibTeX.",
    "CSL_JSON": "An item in the Citation Style Language's JSON, which reference managers read.",
}
CitationStyle = _enum(_strenum("CitationStyle", _STYLES), "How a citation is written.", **_STYLES)


def order(name: str, about: str, **explained: str) -> Any:
    """An enum of orders."""
    return _enum(_strenum(name, explained), about, **explained)


Role = _enum(
    vocabulary.Role,
    "What an account may do.",
    CONTRIBUTOR="Submit changes, and comment.",
    REVIEWER="Also review what others submit.",
    ADMIN="The same; and accept a submission of their own where nobody else can, with the reason in the log.",
)
Decision = _enum(
    vocabulary.Decision,
    "What a reviewer decides about a submission.",
    ACCEPT="It is right: it is published, once enough others have accepted it.",
    REJECT="It is not to be published.",
    REQUEST_CHANGES="Its author is to change it, and to submit it again.",
)
SubmissionState = _enum(
    vocabulary.SubmissionState,
    "Where a submission stands.",
    CHECKED="Checked by machines alone: a dry run, which is not kept.",
    WAITING="It waits to be reviewed.",
    CHANGES_REQUESTED="A reviewer asked for changes: it waits for its author.",
    PUBLISHED="It is in the log.",
    REJECTED="A reviewer rejected it.",
    WITHDRAWN="Its author took it back.",
)
RefusalCode = _enum(
    vocabulary.RefusalCode,
    "What kind of thing is wrong with what was sent.",
    FORBIDDEN="The account may not do this.",
    NOT_FOUND="Something that it names is not there.",
    CONFLICT="The record says something else than what this was written on.",
    KEY_REUSED="The key was used for something else.",
    PLAN_CHANGED="It would do something else than the plan whose hash was given.",
    OWN_SUBMISSION="Nobody reviews their own.",
    NEEDS_SECOND_REVIEW="The acceptance is kept, and another one is needed.",
    STILL_CITED="Other records refer to what would go.",
    MISSING_SOURCE="It does not say where its grounds stand.",
    BAD_VALUE="A value that cannot be.",
    BAD_DATES="Dates that cannot be, or not together.",
    DUPLICATE="It may be in the record already.",
    PERSONAL_DATA="It may hold details of a person, which never enter this record.",
    ALREADY_DECIDED="It is decided already.",
)
ErrorReportState = _enum(
    vocabulary.ErrorReportState,
    "Where an error report stands.",
    OPEN="Nobody has answered it.",
    ANSWERED="Somebody looked at it, and answered.",
    DISMISSED="Somebody looked at it: there is nothing to answer.",
)
ErrorReportDecision = _enum(
    vocabulary.ErrorReportDecision,
    "What becomes of an error report.",
    ANSWERED="It is answered; perhaps a submission comes of it.",
    DISMISSED="There is nothing to answer: it is no error, or no report.",
)
ErrorCode = _enum(
    refusals.ErrorCode,
    "extensions.code of an error: what kind of thing went wrong.",
    GRAPHQL_PARSE_FAILED="The document is not GraphQL; the message and locations say where it stops being so.",
    GRAPHQL_VALIDATION_FAILED="The document does not fit this schema.",
    BAD_USER_INPUT="A value that cannot be: a variable, an argument, a cursor, an id. The message names it.",
    TOO_LARGE="The document or the request is too long, or asks for too many root fields.",
    TOO_DEEP="Fields are nested too deeply.",
    TOO_COSTLY="The operation would read too much at once: ask for smaller pages.",
    TIMEOUT="The database needed too long: ask for less at once.",
    CLOCK_OUT_OF_RANGE="The record has nothing at that moment or position.",
    UNAUTHENTICATED="The token is missing, unknown, expired or revoked.",
    FORBIDDEN="Your role does not allow it.",
    RATE_LIMITED="Too many requests: wait, as Retry-After says.",
    UNKNOWN_DOCUMENT="No document is kept under that hash.",
    INTERNAL="A fault of ours: it was logged under the id in the message.",
)
