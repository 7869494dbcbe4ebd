"""/sheets/measures.csv and its like: what the record says now, as spreadsheets that can be changed and imported again."""

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg
import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.codings import IDENTITY, wanted, written
from api.fair_use.cost import charge
from api.faults import UNREACHABLE, problem
from api.kept import RECORDED
from api.media_types import CSV, XLSX
from api.mementos import written as recorded_moment
from api.stands_for import told_clock
from db.newest_position import newest_position
from db.standing import standing, strangers
from schema.spreadsheet.columns import NoSheet, Sheet, sheet_named
from schema.spreadsheet.workbook import as_xlsx
from schema.spreadsheet.write import CannotWrite, Standing, as_csv

WRITES = {"csv": as_csv, "xlsx": as_xlsx}
MEDIA_TYPES = {
    "csv": CSV,
    "xlsx": XLSX,
}

CODED = {"csv"}
"""Those that a content coding makes shorter; a workbook is one of ZIP's already."""

CODE = re.compile("[A-Z]{3}", re.ASCII)

one_at_a_time = asyncio.Semaphore(1)
"""Writing ten thousand rows as XLSX takes seconds of a processor, which those who ask for records are to share with one export."""


async def sheet(request: Request) -> Response:
    """The whole sheet, or that of some State parties (?stateParty=PHL, once for each)."""
    name, _, form = request.path_params["file"].rpartition(".")
    if form not in WRITES:
        return problem(404, "Not found", "Sheets are at /sheets/measures.csv, /sheets/measures.xlsx and so on.")
    try:
        found = sheet_named(name)
    except NoSheet as error:
        return problem(404, "Not found", str(error))
    states = request.query_params.getlist("stateParty")
    if wrong := _wrong(found, states, set(request.query_params)):
        return problem(400, "Bad request", wrong)
    try:
        return await _answered(request, found, form, states)
    except CannotWrite as error:
        return problem(422, "Cannot be written", str(error))
    except (*UNREACHABLE, asyncpg.QueryCanceledError):
        detail = "The record cannot be reached at the moment: try again soon."
        return problem(503, "Unavailable", detail, {"Retry-After": "5"})


def _wrong(found: Sheet, states: Sequence[str], given: set[str]) -> str | None:
    if unknown := given - {"stateParty"}:
        return (
            f"There is no parameter {', '.join(sorted(unknown))}: a sheet takes stateParty alone, as ?stateParty=PHL."
        )
    if unlike := [code for code in states if not CODE.fullmatch(code)]:
        return f"stateParty: {unlike[0][:20]!a} is no code: codes are three capitals, like PHL."
    if states and found.fields[0].name != "stateParty":
        return f"{found.name} are of no State party: leave stateParty out."
    return None


async def _answered(request: Request, found: Sheet, form: str, states: Sequence[str]) -> Response:
    async with (
        request.state.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        position = await newest_position(connection)
        headers = {"ETag": f'W/"{position}"', "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if unknown := await strangers(connection, states):
            detail = f"stateParty: no State party has the code {', '.join(unknown)}. Codes are like PHL."
            return problem(400, "Bad request", detail)
        rows = await standing(connection, found.record_type, states or None)
        headers |= await _clock(connection, position)
    charge(request.scope, len(rows))
    async with one_at_a_time:
        content = await asyncio.to_thread(_written, found, form, rows)
    coding = wanted(request.headers.get("accept-encoding", "").encode("latin-1")) if form in CODED else IDENTITY
    if coding != IDENTITY:
        content = await written(content, coding)
        headers["Content-Encoding"] = coding
    headers["Content-Disposition"] = f'attachment; filename="{"-".join([found.name, *states[:5]])}.{form}"'
    return Response(content, headers=headers, media_type=MEDIA_TYPES[form])


async def _clock(connection: asyncpg.Connection, position: int) -> dict[str, str]:
    """What the sheet stands for; of an empty log, nothing."""
    recorded_at = await connection.fetchval(RECORDED, position)
    if recorded_at is None:
        return {}
    return told_clock({"position": position, "known": recorded_moment(recorded_at), "valid": datetime.now(UTC).date()})


def _written(found: Sheet, form: str, rows: Sequence[asyncpg.Record]) -> bytes:
    return WRITES[form](
        found, (Standing(row["record_id"], row["number"], orjson.loads(row["document"])) for row in rows)
    )
