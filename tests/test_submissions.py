"""Submissions over HTTP: proposed, checked, discussed, accepted by others, published whole, or refused with all the reasons."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from db.embedded import Embedded
from tests.maintainers import Maintainers, amended, maintainers, new_measure


@pytest.fixture
async def people(seeded_database: Embedded) -> AsyncIterator[Maintainers]:
    async with maintainers(seeded_database) as made:
        yield made


def codes(payload: Any) -> list[str]:
    return [refusal["code"] for refusal in payload["refusals"]]


async def test_a_first_submission_is_published_by_the_second_of_two_acceptances(people: Maintainers) -> None:
    submitted = await people.ana.submits(new_measure())
    assert submitted["refusals"] == []
    print(submitted)
    name = submitted["submission"]["id"]
    once = await people.ben.reviews(name)
    print(once)
    assert codes(once) == ["NEEDS_SECOND_REVIEW"]
    twice = await people.cara.reviews(name)
    print(twice)
    assert twice["submission"]["state"] == "PUBLISHED"
