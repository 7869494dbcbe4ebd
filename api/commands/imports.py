"""The command `opsc import`: a spreadsheet is checked by the server, shown as what it would change, and submitted as just that."""

import base64
import shlex
import sys
import uuid
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.progress import shown
from api.commands.remote import HERE, NotAnswered, Server, remote
from api.commands.rendered import PLAN, REFUSAL, inset, lines_of_plan, lines_of_refusals
from api.commands.submissions import node_id
from api.commands.terminal import told
from db.vocabulary import ChangeKind
from schema.spreadsheet.columns import SHEETS, Sheet, sheet_named
from schema.spreadsheet.faults import Unreadable
from schema.spreadsheet.guess import CannotGuess, guessed
from schema.spreadsheet.read import LARGEST_FILE

CHECK = f"""
mutation ($input: ImportInput!) {{ importSheet(input: $input) {{ plan {{ {PLAN} }} refusals {{ {REFUSAL} }} }} }}
"""

SUBMIT = f"""
mutation ($input: ImportInput!) {{
  importSheet(input: $input) {{
    submission {{ id state needs }} plan {{ warnings {{ message record row field }} }} refusals {{ {REFUSAL} }}
  }}
}}
"""

imports = typer.Typer()


@imports.command("import")
def import_sheet(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A spreadsheet: CSV or XLSX.", show_default=False)],
    title: Annotated[str, typer.Option(help="What it is, in a line.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why, in public: it stands in the log for good.", show_default=False)],
    sheet: Annotated[
        str | None, typer.Option(metavar="SHEET", help=f"{', '.join(SHEETS)}.", show_default="as the file is named")
    ] = None,
    kind: Annotated[
        ChangeKind | None,  # type: ignore[valid-type] # made at run time
        typer.Option(
            help="Why the records change whose rows do not say.", show_default="LEARNED if new, else CORRECTED"
        ),
    ] = None,
    note: Annotated[str | None, typer.Option(help="For reviewers alone.", show_default=False)] = None,
    rebase: Annotated[
        bool, typer.Option("--rebase", help="Put changes on top of later ones that others made in other fields.")
    ] = False,
    submission: Annotated[
        str | None,
        typer.Option(metavar="ID", help="A submission of yours that this takes the place of.", show_default=False),
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="Submit exactly what a check has shown.", show_default="check alone"),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Another key, to submit the same once more.", show_default=False)
    ] = None,
    server: Server = HERE,
) -> None:
    """Check a spreadsheet, and show what it would change; with --plan, submit just that for review.

    Your token is read from OPSC_TOKEN. Nothing is kept without --plan.
    """
    with told(), shown() as step:
        there = remote(server)
        step(f"Reading {file}", 0, 1)
        content = _read(file)
        found = _sheet(sheet, file, content)
        given: dict[str, Any] = {
            "title": title,
            "reason": reason,
            "internalNote": note,
            "sheet": found.name.upper().replace("-", "_"),
            "kind": kind and str(kind),
            "rebase": rebase,
            "submission": submission and node_id(submission),
        }
        sent = given | {"content": base64.b64encode(content).decode(), "dryRun": plan is None, "planHash": plan}
        # sent again after a connection that broke, the same is the same submission
        again = repr((key, plan, sorted(given.items(), key=str), sha256(content).hexdigest()))
        sent["key"] = str(uuid.uuid5(uuid.NAMESPACE_OID, again)) if plan else str(uuid.uuid4())
        payload = there.asks(CHECK if plan is None else SUBMIT, {"input": sent}, step)["importSheet"]
    if payload["refusals"]:
        _refuse(payload["refusals"])
    if plan is None:
        _show(payload["plan"], ["opsc", "import", str(file), *_options(given, server)])
    else:
        _submitted(payload)


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise NotAnswered(f"{file} has more than {LARGEST_FILE // 1_000_000} MB: divide it into several files.")
    return content


def _sheet(name: str | None, file: Path, content: bytes) -> Sheet:
    if name is not None:
        return sheet_named(name)
    try:
        return guessed(file.stem, content)
    except Unreadable as unreadable:
        raise NotAnswered(f"{file} cannot be read. {unreadable}") from None
    except CannotGuess as why:
        raise NotAnswered(f"{file} {why}: say with --sheet which it is ({', '.join(SHEETS)}).") from None


def _refuse(refusals: Sequence[Any]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines_of_refusals(refusals))
    count = "One thing is" if len(refusals) == 1 else f"{len(refusals):,} things are"
    print(f"opsc: {count} wrong, and nothing was submitted.", file=sys.stderr)
    raise typer.Exit(1)


def _options(given: Mapping[str, Any], server: str) -> list[str]:
    """Those of the command line that led here, told in full."""
    names = {"sheet": "--sheet", "title": "--title", "reason": "--reason", "kind": "--kind", "internalNote": "--note"}
    options = {option: given[name] for name, option in names.items()} | {"--submission": given["submission"]}
    options["--sheet"] = given["sheet"].lower().replace("_", "-")
    options["--server"] = None if server == HERE else server
    told = [word for option, value in options.items() if value is not None for word in (option, str(value))]
    return [*told, "--rebase"] if given["rebase"] else told


def _show(plan: Any, command: Sequence[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines_of_plan(plan))
    if not plan["differences"]:
        print("\nThe record says all of this already: there is nothing to submit.")
        return
    print(f"\nPlan {plan['hash']}\nNothing is submitted yet. To submit exactly this:")
    print(f"  {shlex.join([*command, '--plan', plan['hash']])}")


def _submitted(payload: Any) -> None:
    submission = payload["submission"]
    for warning in payload["plan"]["warnings"]:
        print(inset(warning["message"]))
    if submission["state"] != "WAITING":
        print(
            f"{submission['id']} was submitted before, and is {submission['state']}. To submit the same once more, give --key"
            " with a word of your own."
        )
        return
    needs = "; ".join(need[0].lower() + need[1:].rstrip(".") for need in submission["needs"])
    print(f"{submission['id']} waits for {needs}.")
