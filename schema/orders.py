"""The orders of lists: an enum for clients, and the keys that each value stands for. Ties go by id; unknown dates come last."""

import sqlalchemy as sa

from schema.keyset import Key, column, days, days_back
from schema.paged import Orders
from schema.vocabulary import order


def both(name: str, key: Key) -> Orders:
    """NAME_ASC and NAME_DESC, by one key."""
    return {f"{name}_ASC": [key], f"{name}_DESC": [Key(key.of, key.type, descending=True)]}


def by_date(name: str, earliest: str, latest: str) -> Orders:
    """NAME_ASC: earliest possible day first; NAME_DESC: latest first; unknown dates last in both."""
    ascending = [Key(lambda row, _clock, of=of: days(row.c[of]), sa.Integer) for of in (earliest, latest)]  # type: ignore[misc]
    descending = [Key(lambda row, _clock, of=of: days_back(row.c[of]), sa.Integer) for of in (earliest, latest)]  # type: ignore[misc]
    return {f"{name}_ASC": ascending, f"{name}_DESC": descending}


STATE_PARTY = both("STATE_PARTY", column("state_party_code"))

StatePartyOrder = order(
    "StatePartyOrder",
    "How to order States parties.",
    NAME_ASC="By English name.",
    NAME_DESC="By English name, Z first.",
    CODE_ASC="By ISO code.",
    CODE_DESC="By ISO code, Z first.",
    CONSENT_ON_ASC="By the day of consent, earliest first.",
    CONSENT_ON_DESC="By the day of consent, latest first.",
    MEASURE_COUNT_ASC="By how many measures the record has, fewest first. It measures the record, not the State.",
    MEASURE_COUNT_DESC="By how many measures the record has, most first. It measures the record, not the State.",
)
RecommendationOrder = order(
    "RecommendationOrder",
    "How to order recommendations.",
    CODE_ASC="In the order of the Guidelines.",
    CODE_DESC="In the order of the Guidelines, last first.",
    MEASURE_COUNT_ASC="By how many measures bear on it, fewest first.",
    MEASURE_COUNT_DESC="By how many measures bear on it, most first.",
)
MeasureOrder = order(
    "MeasureOrder",
    "How to order measures.",
    STATE_PARTY_ASC="By the State party's ISO code.",
    STATE_PARTY_DESC="By the State party's ISO code, Z first.",
    DATE_ASC="By the latest milestone, earliest first; measures without a date last.",
    DATE_DESC="By the latest milestone, latest first; measures without a date last.",
    TITLE_ASC="By title.",
    TITLE_DESC="By title, Z first.",
    CHANGED_AT_ASC="By when this record last changed them, longest ago first.",
    CHANGED_AT_DESC="By when this record last changed them, newest first.",
)
AssessmentOrder = order(
    "AssessmentOrder",
    "How to order assessments.",
    ASSESSED_ON_ASC="By the day of the assessment, earliest first; without a date last.",
    ASSESSED_ON_DESC="By the day of the assessment, latest first; without a date last.",
    STATE_PARTY_ASC="By the State party's ISO code.",
    STATE_PARTY_DESC="By the State party's ISO code, Z first.",
)
ReportingEventOrder = order(
    "ReportingEventOrder",
    "How to order reporting events.",
    HAPPENED_ON_ASC="By the day it happened, earliest first; without a date last.",
    HAPPENED_ON_DESC="By the day it happened, latest first; without a date last.",
    STATE_PARTY_ASC="By the State party's ISO code.",
    STATE_PARTY_DESC="By the State party's ISO code, Z first.",
)
