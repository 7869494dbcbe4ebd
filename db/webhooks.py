"""Webhooks: where the differences of saved queries are sent, to whom, and what became of each.

Nothing here sends (api/push/deliverer.py does): a process takes a webhook for a while, so that several share the work, and notes
what came of it. At any moment a webhook has one difference on its way at most, so that they come in the log's order.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg

LEASE = timedelta(seconds=60)
"""How long a process has a webhook to itself: longer than one attempt takes. Of a process that ended, others take it up then."""

OVERLAP = timedelta(hours=24)
"""How long the secret before the newest signs, too."""

KEPT = timedelta(days=30)
"""How long what became of a delivery is told."""

WAITS = [timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)]
"""Between attempts, as Standard Webhooks proposes: about three days in all."""

JITTER = 0.2
"""Part of a wait by which it is longer or shorter, so that receivers that were away are not asked by everybody at once."""

Source = Any
"""asyncpg's pool, or a connection of it."""

WHY = {
    "webhook_few_of_an_account": "An account has 20 webhooks at most: delete one (DELETE /webhooks/ID) first.",
    "webhook_query_is_there": "The saved query was withdrawn: its address says why.",
    "webhook_query_is_live": (
        "This saved query is frozen at a position of the log, so that its answer never changes: save it without, and give that one."
    ),
    "webhook_query_id_exists": "There is no such saved query: an id is what its address ends in, /q/ID.",
    "webhook_url_is_an_address": (
        "url is an address of at most 2,000 letters, digits and signs, all of them ASCII, that begins https://."
    ),
}
"""Why a webhook cannot be, by the constraint that refuses it."""


class WebhookRefused(Exception):
    """What cannot be done with a webhook: says why, and what to do."""


@dataclass(frozen=True)
class Span:
    """Between which clocks a difference is."""

    from_position: int
    to_position: int
    from_valid: date
    to_valid: date


@dataclass(frozen=True)
class Taken:
    """A webhook that this process looks after until its lease ends. secrets: what signs, the newest first."""

    id: int
    query_id: str
    url: str
    secrets: Sequence[bytes]
    position: int
    valid: date
    lease: datetime


@dataclass(frozen=True)
class Delivery:
    """A difference on its way. id: the same at each attempt, by which receivers know what they had before."""

    id: str
    span: Span
    made_at: datetime
    attempts: int


async def register(source: Source, account_id: int, query_id: str, url: str, today: date) -> tuple[int, bytes]:
    """Its number and its secret, which is told once. Tells what is published from now on. Raises WebhookRefused."""
    secret = secrets.token_bytes(32)
    try:
        number: int = await source.fetchval(
            """
            insert into webhook (account_id, query_id, url, secret, created_at, "position", valid, next_attempt_at)
            values ($1, $2, $3, $4, now(), (select coalesce(max("position"), 0) from revision), $5, now()) returning id
            """,
            account_id,
            query_id,
            url,
            secret,
            today,
        )
    except (asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError) as error:
        if (why := WHY.get(error.constraint_name or "")) is None:
            raise
        raise WebhookRefused(why) from None
    return number, secret


async def of_account(source: Source, account_id: int, number: int | None = None) -> Sequence[asyncpg.Record]:
    """An account's webhooks, or the one of this number."""
    rows: Sequence[asyncpg.Record] = await source.fetch(
        "select * from webhook where account_id = $1 and ($2::int is null or id = $2) order by id", account_id, number
    )
    return rows


async def with_deliveries(
    source: Source, account_id: int, number: int, newest: int
) -> tuple[asyncpg.Record | None, Sequence[asyncpg.Record]]:
    """An account's webhook, if it is there, and its newest deliveries, the newest first: both as they were at the same moment."""
    async with source.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        row = await connection.fetchrow("select * from webhook where account_id = $1 and id = $2", account_id, number)
        rows: Sequence[asyncpg.Record] = await connection.fetch(
            "select * from webhook_delivery where webhook_id = $1 order by made_at desc, id limit $2",
            row and row["id"],
            newest,
        )
    return row, rows


async def delete(source: Source, number: int) -> None:
    """With all that was to be sent to it."""
    await source.execute("delete from webhook where id = $1", number)


async def rotate(source: Source, number: int) -> tuple[bytes, datetime]:
    """A new secret, and until when the one before it signs beside it."""
    secret = secrets.token_bytes(32)
    until: datetime = await source.fetchval(
        """
        update webhook set secret_before = secret, secret_before_until = now() + $3, secret = $2 where id = $1
        returning secret_before_until
        """,
        number,
        secret,
        OVERLAP,
    )
    return secret, until


async def replay(source: Source, number: int, position: int | None, valid: date | None) -> None:
    """Tells it again what differs since a position, in place of what was on its way; or without one, goes on where it stopped."""
    async with source.acquire() as connection, connection.transaction():
        await connection.fetchval("select true from webhook where id = $1 for update", number)
        if position is not None:
            await connection.execute("delete from webhook_delivery where webhook_id = $1 and state = 'PENDING'", number)
        await connection.execute(
            """
            update webhook set "position" = coalesce($2, "position"), valid = coalesce($3, valid), next_attempt_at = now(),
              leased_until = null, disabled_at = null, disabled_because = null
            where id = $1
            """,
            number,
            position,
            valid,
        )
        await connection.execute(
            "update webhook_delivery set state = 'PENDING', attempts = 0, attempted_at = null where id = ("
            " select id from webhook_delivery where webhook_id = $1 and $2 and not exists ("
            "   select from webhook_delivery where webhook_id = $1 and state = 'PENDING')"
            " order by made_at desc limit 1) and state = 'GIVEN_UP'",
            number,
            position is None,
        )


async def take(source: Source, today: date) -> Taken | None:
    """A webhook that has something to tell, or may have; None where there is none. On a server that only reads there never is."""
    async with source.acquire() as connection, connection.transaction():
        if await connection.fetchval("select current_setting('transaction_read_only') = 'on'"):
            return None  # where nothing is written, PostgreSQL refuses to lock a row, too
        row = await connection.fetchrow(
            """
            select w.*, now() as taken_at from webhook w join account a on a.id = w.account_id and a.disabled_at is null
            where w.disabled_at is null and w.next_attempt_at <= now() and coalesce(w.leased_until, '-infinity') <= now()
              and (w."position" < (select max("position") from revision) or w.valid < $1
                   or exists (select from webhook_delivery d where d.webhook_id = w.id and d.state = 'PENDING'))
            order by w.next_attempt_at, w.id limit 1 for update of w skip locked
            """,
            today,
        )
        if row is None:
            return None
        lease = row["taken_at"] + LEASE
        await connection.execute("update webhook set leased_until = $2 where id = $1", row["id"], lease)
    before_signs = row["secret_before_until"] is not None and row["secret_before_until"] > row["taken_at"]
    signing = [row["secret"], row["secret_before"]] if before_signs else [row["secret"]]
    return Taken(row["id"], row["query_id"], row["url"], signing, row["position"], row["valid"], lease)


async def on_its_way(source: Source, taken: Taken) -> Delivery | None:
    """What is being sent to it, if anything."""
    row = await source.fetchrow("select * from webhook_delivery where webhook_id = $1 and state = 'PENDING'", taken.id)
    if row is None:
        return None
    span = Span(row["from_position"], row["to_position"], row["from_valid"], row["to_valid"])
    return Delivery(row["id"], span, row["made_at"], row["attempts"])


async def nothing_to_tell(source: Source, taken: Taken, span: Span) -> None:
    """The query's answer is the same at the end of the span: goes on from there."""
    await source.execute(
        'update webhook set "position" = $3, valid = $4, leased_until = null where id = $1 and leased_until = $2',
        taken.id,
        taken.lease,
        span.to_position,
        span.to_valid,
    )


async def send(source: Source, taken: Taken, span: Span) -> Delivery | None:
    """Notes a difference as on its way; None where the webhook was taken by somebody else since."""
    delivery = f"msg_{secrets.token_hex(12)}"
    async with source.acquire() as connection, connection.transaction():
        if not await _still(connection, taken):
            return None
        made_at = await connection.fetchval(
            """
            insert into webhook_delivery (id, webhook_id, from_position, to_position, from_valid, to_valid, made_at, state,
                                          attempts)
            values ($1, $2, $3, $4, $5, $6, now(), 'PENDING', 0) returning made_at
            """,
            delivery,
            taken.id,
            span.from_position,
            span.to_position,
            span.from_valid,
            span.to_valid,
        )
        await connection.execute(
            'update webhook set "position" = $2, valid = $3 where id = $1', taken.id, span.to_position, span.to_valid
        )
        await connection.execute(
            "delete from webhook_delivery where webhook_id = $1 and state <> 'PENDING' and made_at < now() - $2::interval",
            taken.id,
            KEPT,
        )
    return Delivery(delivery, span, made_at, 0)


async def delivered(source: Source, taken: Taken, delivery: Delivery, outcome: str) -> None:
    await _noted(source, taken, delivery, "DELIVERED", outcome)


async def failed(source: Source, taken: Taken, delivery: Delivery, outcome: str, *, because: str | None = None) -> None:
    """It is tried again later, or, after all its attempts or `because` of what was answered, given up: then nothing more is sent,
    until its owner says so."""
    if because is None and delivery.attempts < len(WAITS):
        wait = WAITS[delivery.attempts] * (1 + JITTER * (2 * secrets.SystemRandom().random() - 1))
        await _noted(source, taken, delivery, "PENDING", outcome, wait)
        return
    because = because or f"{delivery.attempts + 1} attempts to deliver {delivery.id} failed, the last: {outcome}."
    await _noted(source, taken, delivery, "GIVEN_UP", outcome, because=because)


async def disable(source: Source, number: int, because: str) -> None:
    """Nothing is sent any more, and its owner sees why."""
    await source.execute(
        "update webhook set disabled_at = now(), disabled_because = $2, leased_until = null where id = $1 and disabled_at is null",
        number,
        because,
    )


async def _noted(
    source: Source,
    taken: Taken,
    delivery: Delivery,
    state: str,
    outcome: str,
    wait: timedelta = timedelta(0),
    because: str | None = None,
) -> None:
    """because: why nothing more is sent."""
    async with source.acquire() as connection, connection.transaction():
        if not await _still(connection, taken):
            return
        await connection.execute(
            "update webhook_delivery set state = $2, attempts = attempts + 1, attempted_at = clock_timestamp(), outcome = $3"
            " where id = $1",
            delivery.id,
            state,
            outcome,
        )
        await connection.execute(
            """
            update webhook set next_attempt_at = clock_timestamp() + $2::interval, leased_until = null, disabled_because = $3,
              disabled_at = case when $3::text is not null then now() end
            where id = $1
            """,
            taken.id,
            wait,
            because,
        )


async def _still(connection: asyncpg.Connection, taken: Taken) -> bool:
    """Whether it is this process's still."""
    leased = await connection.fetchval("select leased_until from webhook where id = $1 for update", taken.id)
    return bool(leased == taken.lease)
