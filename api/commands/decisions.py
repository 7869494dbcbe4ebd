"""The commands of whoever keeps the record, for one record at a time: retract, restore, merge, redact.

There are no accounts at the terminal: --author and --reviewer say who decided and who looked at it, under the names by which
the public log calls them.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import orjson
import typer

from api.commands.progress import shown
from api.commands.record import NoRecordError, Record, require_newest
from api.commands.terminal import Data, connected, opened, told
from api.signing import signer
from db.decisions import merger, redaction, restoration, retraction, still_saying
from db.log import Change, Published, alone, publish
from db.tables import PROJECTIONS
from db.vocabulary import ChangeKind
from db.withholding import withhold
from seed.load import AUTHOR

LOCK_TIMEOUT = 60
"""Seconds to wait for readers before tables are written anew."""

LONGEST = {"reason": 2_000, "author": 100, "reviewer": 100}
"""Characters."""

COPIES = (
    "What was redacted may still be in PostgreSQL's write-ahead log, in replicas that lag, in backups, and in the copies that"
    " others hold: see to those as well."
)

SUBMISSION = re.compile(r"Submission:P(\d{1,9})")

SAID = ["proposal_round", "review", "comment"]
"""The tables of what is said of a submission."""

decisions = typer.Typer()

Id = Annotated[str, typer.Argument(help="A record's id, as Measure:PHL-0007.", show_default=False)]
Reason = Annotated[str, typer.Option(help="Why: it stands in the public log, for good.", show_default=False)]
Author = Annotated[str, typer.Option(help="Who decided it, by their name in the log.", show_default=False)]
Reviewer = Annotated[str, typer.Option(help="Who looked at it: somebody else.", show_default=False)]
Kind = Annotated[ChangeKind, typer.Option(help="What kind of change it is.")]  # type: ignore[valid-type] # made at run time

CORRECTED = ChangeKind("CORRECTED")

Composed = Callable[[asyncpg.Connection], Awaitable[list[Change]]]


@decisions.command()
def retract(
    record: Id, reason: Reason, author: Author, reviewer: Reviewer, kind: Kind = CORRECTED, data: Data = None
) -> None:
    """Take a record out of what stands; its history stays, and opsc restore brings it back."""
    _decide(f"Retraction of {record}", reason, author, reviewer, data, lambda log: retraction(log, record, kind))


def bring_back(
    record: str,
    reason: str,
    author: str,
    reviewer: str,
    kind: Kind,
    data: Path | None,
) -> None:
    """What `opsc restore` does to a record that was retracted."""
    _decide(f"Restoration of {record}", reason, author, reviewer, data, lambda log: restoration(log, record, kind))


@decisions.command()
def merge(
    record: Id,
    survivor: Annotated[str, typer.Argument(help="The id of the record that stays.", show_default=False)],
    reason: Reason,
    author: Author,
    reviewer: Reviewer,
    kind: Kind = CORRECTED,
    data: Data = None,
) -> None:
    """Merge a record into another of the same thing, to which its id leads from then on. It cannot be undone.

    What cites a source that is merged cites the one that stays.
    """
    _decide(
        f"Merge of {record} into {survivor}",
        reason,
        author,
        reviewer,
        data,
        lambda log: merger(log, record, survivor, kind),
    )


@decisions.command()
def redact(
    record: Id,
    reason: Reason,
    author: Author,
    reviewer: Reviewer,
    words: Annotated[
        Path,
        typer.Option(
            help='A file with the words that stay, as JSON by field: {"summary": "Withheld.", "note": null}.',
            show_default=False,
        ),
    ],
    number: Annotated[
        list[int] | None,
        typer.Option(help="A revision to redact; may be given more than once.", show_default="all that say otherwise"),
    ] = None,
    kind: Kind = CORRECTED,
    data: Data = None,
) -> None:
    """Take words out of the log for good, and leave others in their place. It cannot be undone.

    Past clocks read what is left, too. What is coded (State, status, dates, sources …) stays: that is amended. Readers wait some
    seconds while the tables are written anew without the words.

    Of a submission (Submission:P7) can go internalNote, comments[0] and reviews[0], counted from 0: FILE says null of each. In
    their place then stands that they were withheld, by whom and why. The log says nothing of it.
    """
    with told():
        stays = _words(words)
    if submission := SUBMISSION.fullmatch(record):
        with told():
            if number:
                raise NoRecordError(f"--number names revisions, and {record} has none of its own: leave it out.")
        _withhold(int(submission[1]), reason, author, reviewer, stays, data)
        return
    _decide(
        f"Redaction of {record}",
        reason,
        author,
        reviewer,
        data,
        lambda log: redaction(log, record, kind, stays, number or []),
        afterwards=lambda owner, published: _after_redaction(owner, record, published),
    )


def _decide(
    title: str,
    reason: str,
    author: str,
    reviewer: str,
    data: Path | None,
    composed: Composed,
    afterwards: Callable[[asyncpg.Connection, Published], Awaitable[Sequence[str]]] | None = None,
) -> None:
    """Publishes it as a submission of its own, and prints where it stands in the log."""
    with told(), shown() as step, opened(data, step, new=False) as found:
        if not _is_text(title):
            raise NoRecordError("The id is not written in UTF-8, as ids are: they look like Measure:PHL-0007.")
        _require_two(reason, author, reviewer)
        asyncio.run(require_newest(found.url))
        published = asyncio.run(
            connected(found.url, lambda log: _published(log, found, title, reason, author, reviewer, composed))
        )
        at = (
            f"position {published.first}"
            if published.first == published.last
            else (f"positions {published.first} to {published.last}")
        )
        print(f"Submission {published.submission}: {at}.", flush=True)
        if afterwards:
            for line in asyncio.run(connected(found.owner_url, lambda owner: afterwards(owner, published))):
                print(line)


def _withhold(proposal: int, reason: str, author: str, reviewer: str, words: dict[str, Any], data: Path | None) -> None:
    with told(), shown() as step, opened(data, step, new=False) as found:
        _require_two(reason, author, reviewer)
        if kept := [field for field, text in words.items() if text is not None]:
            raise NoRecordError(
                f"{', '.join(kept)}: what others said is not reworded, but withheld as a whole. Say null of it."
            )
        asyncio.run(require_newest(found.url))
        instead = f"(Withheld by {author}, seen by {reviewer}: {reason})"
        asyncio.run(connected(found.owner_url, lambda owner: withhold(owner, proposal, words, instead)))
        print(f"Withheld of Submission:P{proposal}: {', '.join(words)}.", flush=True)
        for line in asyncio.run(connected(found.owner_url, lambda owner: _written_anew(owner, SAID))):
            print(line)


def _require_two(reason: str, author: str, reviewer: str) -> None:
    """Raises NoRecordError unless two people are named, and why, in words that can stand for good."""
    if author == AUTHOR:
        raise NoRecordError(f"--author {AUTHOR}: that is the account of the files, who decides nothing. Name a person.")
    for option, said in (("reason", reason), ("author", author), ("reviewer", reviewer)):
        if not _is_text(said):
            raise NoRecordError(
                f"--{option} is not written in UTF-8, which the log is: set the terminal to UTF-8, and write it again."
            )
        if not said.strip() or not said.isprintable() or len(said) > LONGEST[option]:
            raise NoRecordError(
                f"--{option} stands in the public log for good: one line, not blank, {LONGEST[option]:,} characters at most."
            )
    if author.strip().casefold() == reviewer.strip().casefold():
        raise NoRecordError(f"--author and --reviewer are both {author}: somebody else is to look at it.")


def _is_text(said: str) -> bool:
    """Whether the command line's bytes were characters: Python passes on others as halves of such."""
    try:
        said.encode()
    except UnicodeEncodeError:
        return False
    return True


async def _published(
    connection: asyncpg.Connection,
    found: Record,
    title: str,
    reason: str,
    author: str,
    reviewer: str,
    composed: Composed,
) -> Published:
    key = await signer(connection, found.data)
    async with connection.transaction(isolation="read_committed"):
        await alone(connection)
        changes = await composed(connection)
        return await publish(
            connection, title=title, reason=reason, author=author, reviewer=reviewer, changes=changes, signer=key
        )


def _words(file: Path) -> dict[str, Any]:
    try:
        words = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise NoRecordError(f"{file} is no JSON: {error}.") from None
    if not isinstance(words, dict) or not words:
        raise NoRecordError(f'{file} holds no words by field, as {{"summary": "Withheld."}} does.')
    return words


async def _after_redaction(connection: asyncpg.Connection, record_id: str, published: Published) -> Sequence[str]:
    numbers = [str(number) for number in await still_saying(connection, record_id, published)]
    told = [f"Not redacted of {record_id}: what revision {', '.join(numbers)} says."] if numbers else []
    return [*told, *await _written_anew(connection, await _tables(connection, record_id))]


async def _written_anew(connection: asyncpg.Connection, names: Sequence[str]) -> Sequence[str]:
    """Writes the tables that held the words anew, as far as this role may, and says what is left to do.

    A plain VACUUM would free the space, and leave in it what it held; an index would keep its keys. FULL writes new files.
    """
    tables = ", ".join(names)
    try:
        may = await connection.fetchval(
            "select bool_and(pg_has_role(relowner, 'USAGE')) from pg_class where oid = any ($1::text[]::regclass[])",
            names,
        )
        if may:
            await connection.execute(f"set lock_timeout = '{LOCK_TIMEOUT}s'; set statement_timeout = 0")
            await connection.execute(f"vacuum (full, analyze) {tables}")
            # the planner's samples of columns: the words of rows that were
            await connection.execute("vacuum (full) pg_catalog.pg_statistic")
            return [COPIES]
        why = "this role does not own the tables"
    except asyncpg.PostgresError as error:
        why = str(error)
    return [
        f"The record says it no more, but its data files may still hold the words ({why}): as the owner, run"
        f" VACUUM (FULL, ANALYZE) {tables}; and VACUUM (FULL) pg_catalog.pg_statistic;",
        COPIES,
    ]


async def _tables(connection: asyncpg.Connection, record_id: str) -> list[str]:
    record_type = await connection.fetchval("select record_type_of($1)", record_id)
    return ["revision", PROJECTIONS[record_type].name, "known_word", "proposed_change"]
