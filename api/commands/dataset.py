"""`opsc export dataset FILE`: the whole record as a file; read here, without a server, or downloaded from one."""

import asyncio
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.datastructures import QueryParams

from api.commands.progress import Step
from api.commands.record import NoRecordError, require_newest
from api.commands.remote import NotAnswered, Remote
from api.commands.terminal import opened
from api.dataset.apart import made
from api.dataset.contents import FORMS, MEDIA_TYPES
from api.moments import asked_in
from api.stands_for import KNOWN, POSITION, VALID
from schema.clock import Moment
from schema.refusals import BadValue, Refused

DATASET = "dataset"

HEADERS = (POSITION, KNOWN, VALID)


def export_dataset(file: Path, clocks: Mapping[str, str], public_url: str, data: Path | None, step: Step) -> str:
    """Writes the file, whole or not at all; answers what was done. clocks: as addresses have them.

    Raises NoRecordError and OSError.
    """
    form, moment = _form(file), _moment(clocks)
    if file.exists():
        raise _there_already(file)
    with opened(data, step, new=False) as found:
        asyncio.run(require_newest(found.url))
        step("Writing the record", 0, 1)
        told = asyncio.run(_written(form, file, moment, found.url, public_url))
    return _done(file, f"{told['position']}", told["known"], told["valid"])


def download_dataset(file: Path, clocks: Mapping[str, str], server: Remote, step: Step) -> str:
    """The same of the record that is served there. Raises NoRecordError, NotAnswered and OSError."""
    form = _form(file)
    _moment(clocks)
    if file.exists():
        raise _there_already(file)
    with tempfile.TemporaryDirectory(prefix=".opsc-", dir=file.parent) as folder:
        new = Path(folder) / file.name
        step("Downloading the record", 0, 1)
        with new.open("xb") as into:
            told = server.downloads(f"/v1/dataset.{form}", list(clocks.items()), MEDIA_TYPES[form], HEADERS, into)
        if form.endswith("zip") and not zipfile.is_zipfile(new):
            raise NotAnswered(f"What {server.address} sent is no whole ZIP, and nothing of it is kept: try again.")
        _put(new, file)
    return _done(file, *told)


async def _written(form: str, file: Path, moment: Moment, database_url: str, public_url: str) -> Mapping[str, Any]:
    try:
        async with made(form, moment, database_url, public_url, file.parent) as (new, told):
            _put(new, file)
            return told
    except Refused as refused:
        raise NoRecordError(refused.errors[0].message) from None


def _put(new: Path, file: Path) -> None:
    try:
        os.link(new, file)
    except FileExistsError:
        raise _there_already(file) from None
    except OSError:  # no such links on this disk
        new.rename(file)


def _done(file: Path, position: str, known: str, valid: str) -> str:
    position = f"{int(position):,}" if position.isdecimal() else position
    return f"Wrote {file}: position {position}, known {known}, valid {valid}."


def _form(file: Path) -> str:
    for form in sorted(FORMS, key=len, reverse=True):
        if file.name.lower().endswith(f".{form}"):
            return form
    raise NoRecordError(f"{file} would be no form of the record: give it a name that ends in .{', .'.join(FORMS)}.")


def _moment(clocks: Mapping[str, str]) -> Moment:
    try:
        return asked_in(QueryParams(clocks))
    except BadValue as bad:
        raise NoRecordError(f"--{bad}") from None


def _there_already(file: Path) -> NoRecordError:
    return NoRecordError(f"{file} is there already: name another file, or remove it.")
